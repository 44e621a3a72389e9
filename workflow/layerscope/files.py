"""Files that are either whole or not there, and work that goes on where it was interrupted.

Nothing here knows what the files of a study are called or hold.
"""

import contextlib
import csv
import hashlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.errors import StudyError
from layerscope.provenance import canonical_json

if TYPE_CHECKING:
    import h5py
    from h5py import h5l, h5o


@contextlib.contextmanager
def replacing(target: str | Path) -> Iterator[Path]:
    """A temporary path beside `target`, which takes its place only if the block ends well: no partial file is ever seen."""
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.writing")
    # A link of this name would be written through, wherever it leads.
    temporary.unlink(missing_ok=True)
    try:
        yield temporary
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(target: str | Path, text: str) -> None:
    """Write a text file atomically, UTF-8, newlines as given."""
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_rows(target: str | Path, columns: Iterable[str], rows: Iterable[dict]) -> None:
    """Write a CSV table atomically: floats as the shortest text that reads back equal, NaN as `nan`, None as empty."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(target, buffer.getvalue())


def read_rows(source: str | Path) -> list[dict[str, str]]:
    """Read a CSV table as a list of text rows. Raises StudyError where it is no such table."""
    try:
        with open(source, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (csv.Error, UnicodeDecodeError) as error:
        raise StudyError(f"{source} is damaged ({error}); delete it and run snakemake again") from None


def leads_outside(file: "h5py.File") -> str | None:
    """The name of a link or dataset of an open HDF5 file that takes its content from another file; None if there is none."""
    from h5py import h5d, h5l, h5o

    def leads(name: bytes, link: "h5l.LinkInfo") -> bytes | None:
        return None if link.type in (h5l.TYPE_HARD, h5l.TYPE_SOFT) else name

    def takes(name: bytes, found: "h5o.ObjInfo") -> bytes | None:
        if found.type != h5o.TYPE_DATASET:
            return None
        stored = h5d.open(file.id, name).get_create_plist()
        return name if stored.get_external_count() or stored.get_layout() == h5d.VIRTUAL else None

    name = file.id.links.visit(leads, info=True) or h5o.visit(file.id, takes, info=True)
    return None if name is None else name.decode(errors="replace")


class Resumable:
    """Finished parts of a long job, kept in `.NAME.partial` until the job's file is written whole.

    A part is a named set of arrays and attributes. Parts kept by a job of other params, other code or other content of its
    input files are thrown away, and so are those that lie in another file. The final file is written anew, in the order of
    the job, so that an interrupted job ends in the same bytes.
    """

    def __init__(self, target: str | Path, params: dict, inputs: Iterable[str | Path] = ()):
        target = Path(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._path = target.with_name(f".{target.name}.partial")
        self._identity = canonical_json([params, loaded_code_digest(), [file_digest(source) for source in inputs]])

    def __enter__(self) -> "Resumable":
        import h5py

        try:
            if self._path.is_symlink():
                self._path.unlink()
            self._file = h5py.File(self._path, "a")
            mine = self._file.attrs.get("identity", self._identity) == self._identity and leads_outside(self._file) is None
        except BlockingIOError:
            raise StudyError(f"{self._path} is in the hands of another job; wait until it ends, or stop it") from None
        except (OSError, KeyError, RuntimeError):
            mine = False
        if not mine:
            with contextlib.suppress(AttributeError):
                self._file.close()
            # Not emptied in place: a job that still holds the old file would read what is no longer there.
            self._path.unlink(missing_ok=True)
            self._file = h5py.File(self._path, "w")
        self._file.attrs["identity"] = self._identity
        return self

    def __exit__(self, *_) -> None:
        self._file.close()

    def get(self, name: str) -> tuple[dict, dict] | None:
        """(arrays, attributes) of a finished part, None where it is not finished."""
        if name not in self._file or "finished" not in self._file[name].attrs:
            return None
        group = self._file[name]
        return {key: group[key][:] for key in group}, json.loads(group.attrs["finished"])

    def keep(self, name: str, arrays: dict, attributes: dict) -> None:
        """Remember a finished part."""
        if name in self._file:
            del self._file[name]
        group = self._file.create_group(name)
        for key, array in arrays.items():
            group.create_dataset(key, data=array)
        group.attrs["finished"] = json.dumps(attributes)
        self._file.flush()

    def discard(self) -> None:
        """Forget all parts: the job's file is written."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class Parts:
    """Finished parts of a long job that are too large for memory: a file each, in the folder `.NAME.partial`.

    Parts kept by a job of other params, other code or other content of its input files are thrown away.
    """

    def __init__(self, target: str | Path, params: dict, inputs: Iterable[str | Path]):
        target = Path(target)
        self.folder = target.with_name(f".{target.name}.partial")
        identity = canonical_json([params, loaded_code_digest(), [file_digest(source) for source in inputs]])
        described = self.folder / "identity.json"
        if not described.is_file() or described.read_text(encoding="utf-8") != identity:
            self.discard()
            write_text(described, identity)

    def file(self, name: str) -> Path:
        """Where a part lies; it is there once it is finished, if it is written by what replaces files whole."""
        return self.folder / name

    def discard(self) -> None:
        """Forget all parts: the job's file is written."""
        shutil.rmtree(self.folder, ignore_errors=True)


def loaded_code_digest() -> str:
    """A digest of the sources of every layerscope module that this process has imported."""
    digest = hashlib.sha256()
    for name in sorted(sys.modules):
        source = getattr(sys.modules[name], "__file__", None)
        if name.split(".")[0] == "layerscope" and source:
            digest.update(name.encode() + Path(source).read_bytes())
    return digest.hexdigest()


def file_digest(source: str | Path) -> str:
    """SHA-256 of the content of a file."""
    with open(source, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
