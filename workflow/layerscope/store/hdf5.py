"""HDF5 files: written atomically with their params and provenance, and checked before they are read."""

import contextlib
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.errors import StudyError
from layerscope.files.provenance import canonical_json
from layerscope.files.seals import MADE_AGAIN, intact
from layerscope.files.whole import replacing
from layerscope.store.layout import SCHEMA
from layerscope.store.reading import reading
from layerscope.store.safe_hdf5 import leads_outside, unfailing

if TYPE_CHECKING:
    import h5py
    import numpy as np


@contextlib.contextmanager
def create_hdf5(target: str | Path, schema: str, params: dict, provenance: dict) -> Iterator["h5py.File"]:
    """A new HDF5 file, which appears as `target`, complete, if the block succeeds. schema: a key of SCHEMA."""
    import h5py

    with replacing(target, sealed=True) as temporary, unfailing(temporary) as stream, h5py.File(stream, "w") as file:
        file.attrs["schema"] = SCHEMA[schema]
        file.attrs["params"] = canonical_json(params)
        file.attrs["provenance"] = canonical_json(provenance)
        yield file


@contextlib.contextmanager
def open_hdf5(source: str | Path, kind: str | None = None) -> Iterator["h5py.File"]:
    """Open an HDF5 file for reading, without HDF5's locks: finished files are replaced, never changed. kind: a key of SCHEMA.

    Raises StudyError, naming the file, if it is missing or damaged, lacks what the block reads, takes content from another
    file, or has the schema of another version of layerscope.
    """
    import h5py

    with (
        reading(source, OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError),
        h5py.File(intact(source), "r", locking=False) as file,
    ):
        about = os.stat(source)
        elsewhere = _leads_outside(str(source), about.st_ino, about.st_mtime_ns, about.st_size)
        if elsewhere is not None:
            raise StudyError(f"{source}: {elsewhere} leads to another file, which no file of ours does; {MADE_AGAIN}")
        schema = file.attrs.get("schema")
        if kind is not None and schema is not None and schema != SCHEMA[kind]:
            raise StudyError(
                f"{source} is of another version of layerscope (schema {schema}, this one reads {SCHEMA[kind]}); {MADE_AGAIN}"
            )
        yield file


@cache
def _leads_outside(source: str, *_: int) -> str | None:
    """safe_hdf5.leads_outside of a file, cached for each state of the file: inode, time and size."""
    import h5py

    with h5py.File(source, "r", locking=False) as file:
        return leads_outside(file)


def file_params(source: str | Path) -> dict:
    """The params of the job that made an HDF5 file."""
    with open_hdf5(source) as file:
        return mapping(file.attrs["params"])


def file_provenance(source: str | Path) -> dict:
    """Package versions, threads, device and status of the job that made an HDF5 file."""
    with open_hdf5(source) as file:
        return mapping(file.attrs["provenance"])


def mapping(text: str) -> dict:
    """Parse a JSON text from a file's metadata. Raises ValueError if it is no mapping."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"{text:.40} is no mapping")
    return found


def examine_hdf5(source: str | Path) -> tuple[dict, dict, list[str]]:
    """Read every array of an HDF5 file. Returns params, provenance and top-level names; StudyError if the file is damaged."""
    import h5py

    with open_hdf5(source) as file:

        def read(_: str, found: "h5py.Dataset | h5py.Group") -> None:
            if isinstance(found, h5py.Dataset):
                for start in range(0, len(found), max(1, len(found) // 8)) if found.ndim else ():
                    found[start : start + max(1, len(found) // 8)]

        file.visititems(read)
        return mapping(file.attrs["params"]), mapping(file.attrs["provenance"]), list(file)


def write_array(
    group: "h5py.Group", name: str, shape: tuple[int, ...], dtype: str, array: "np.ndarray | None" = None
) -> "h5py.Dataset":
    """A compressed dataset in chunks of whole rows, about 256 KiB each, so that reading some rows reads little else."""
    import numpy as np

    row_bytes = max(1, int(np.prod(shape[1:], dtype=np.int64)) * np.dtype(dtype).itemsize)
    rows = min(max(1, (256 * 1024) // row_bytes), max(1, shape[0]))
    chunks = (rows, *shape[1:]) if 0 not in shape else None
    compression = {"compression": "lzf", "shuffle": True} if chunks else {}
    return group.create_dataset(name, shape=shape, dtype=dtype, data=array, chunks=chunks, **compression)
