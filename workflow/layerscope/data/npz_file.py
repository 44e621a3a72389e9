"""Arrays in npz files that people bring: opened safely, and looked at without reading them."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from layerscope.errors import StudyError
from layerscope.files.refusals import refusals_named

# What a file that is no npz file, or a damaged one, makes NumPy and zipfile raise.
UNREADABLE = (
    *(KeyError, ValueError, TypeError, AttributeError, EOFError, RuntimeError, MemoryError),
    *(zipfile.BadZipFile, zlib.error),
)


@contextmanager
def opened_npz(file: Path, where: str, wanted: str) -> Iterator:
    """The arrays of an npz file by name, without pickles. where: the start of messages. wanted: what the file must do, in them.

    Raises StudyError where the file is none, or where the block reads what is damaged or not there.
    """
    with refusals_named(file):
        is_archive = zipfile.is_zipfile(file)
    if not is_archive:
        raise StudyError(f"{where}: {file} is no npz file; np.savez writes one")
    try:
        with refusals_named(file), np.load(file, allow_pickle=False) as content:
            yield content
    except UNREADABLE as error:
        objects = "; text is saved by np.array(labels, dtype=str)" if "Object arrays" in str(error) else ""
        raise StudyError(f"{where}: {file} must {wanted} ({error}{objects})") from None


def array_head(archive: zipfile.ZipFile, key: str) -> tuple[tuple[int, ...], np.dtype]:
    """The shape and the type of an array, without reading the array."""
    # Programs other than NumPy leave the suffix out.
    member_name = f"{key}.npy" if f"{key}.npy" in archive.namelist() else key
    with archive.open(member_name) as member:
        version = np.lib.format.read_magic(member)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(member)
    if not shape:
        raise ValueError(f"{key} is a single value")
    return shape, dtype.newbyteorder("=")
