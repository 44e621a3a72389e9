"""Write HDF5 safely on full disks, and detect HDF5 files that take content from other files."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import h5py
    from h5py import h5l, h5o


class UnfailingFile(io.FileIO):
    """A file for writing and reading whose writes never raise. `failure` is the OSError of the first failed write, or None.

    It is for HDF5, which retries a failed write again and again and finally crashes the interpreter.
    """

    def __init__(self, target: str | Path):
        super().__init__(target, "w+")
        self.failure: OSError | None = None

    def write(self, data) -> int:
        """Write all of data, or nothing after a failure. Returns its length in bytes, as if it were written."""
        rest = memoryview(data).cast("B")
        length = len(rest)
        while self.failure is None and len(rest):
            try:
                rest = rest[super().write(rest) :]
            except OSError as error:
                self.failure = error
        return length

    def truncate(self, size: int | None = None) -> int:
        """Shorten or lengthen the file, or do nothing after a failure."""
        if self.failure is None:
            try:
                return super().truncate(size)
            except OSError as error:
                self.failure = error
        return self.tell() if size is None else size


@contextlib.contextmanager
def unfailing(target: str | Path) -> Iterator[UnfailingFile]:
    """An UnfailingFile. Its failure, if any, is raised at the end of the block, even if the block raises something else."""
    with UnfailingFile(target) as file:
        try:
            yield file
        finally:
            if file.failure is not None:
                raise file.failure


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
