"""Files that are either whole or not there. Nothing here knows what the files of a study are called or hold."""

import contextlib
import csv
import errno
import glob
import hashlib
import io
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.errors import MachineError, StudyError

if TYPE_CHECKING:
    import h5py
    from h5py import h5l, h5o


SEAL = ".sha256"
# The names of files that are sealed end so, and those of no others that jobs write.
SEALED = (".csv", ".h5", ".parquet", ".safetensors")
# A file in the making is called .NAME.TOKEN.writing, the token as many characters.
WRITING, TOKEN = ".writing", 8
# What a person can do about a fault of the machine. None of them says anything of the content of a file.
NO_LOCKS = "the file system has no locks or is busy; wait, or work on another file system"
NO_ROOM = "free the disk, or have your quota raised"
FORBIDDEN = "give yourself access to it and to its folder (chmod, or ask whoever owns them)"
FAILING = "the disk or the network file system fails; look at the system's log and try once more"
REMEDIES = {
    errno.EACCES: FORBIDDEN,
    errno.EPERM: FORBIDDEN,
    errno.EROFS: "mount its file system for writing",
    errno.EIO: FAILING,
    errno.ESTALE: FAILING,
    errno.ETIMEDOUT: FAILING,
    errno.ENOLCK: NO_LOCKS,
    errno.EAGAIN: NO_LOCKS,
    errno.EDEADLK: NO_LOCKS,
    errno.EOPNOTSUPP: NO_LOCKS,
    errno.ENOSYS: NO_LOCKS,
    errno.ENOSPC: NO_ROOM,
    errno.EDQUOT: NO_ROOM,
    errno.EFBIG: "raise the largest size that files may have (ulimit -f)",
    errno.EMFILE: "let more files be open at once (ulimit -n)",
    errno.ENFILE: "close other programs",
    errno.ENOMEM: "close other programs, or take a larger machine",
    errno.EISDIR: "a folder stands where a file is wanted; move it away",
    errno.ENOTDIR: "a file stands where a folder is wanted; move it away",
    errno.ELOOP: "links lead to each other in a circle; put the file itself there",
}


@contextlib.contextmanager
def replacing(target: str | Path, sealed: bool = False) -> Iterator[Path]:
    """A temporary path beside `target`, which takes its place only if the block ends well: no partial file is ever seen.

    Of two jobs that write the same target at once, the one that began earlier ends in a StudyError.

    sealed: whether the digest of the file is kept beside it (see `intact`).
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in target.parent.glob(f".{glob.escape(target.name)}.{'?' * TOKEN}{WRITING}"):
        abandoned.unlink(missing_ok=True)
    # Of no other process: the job of a killed Snakemake may live on beside the one that was started in its place.
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(TOKEN // 2)}{WRITING}")
    try:
        yield temporary
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        if sealed:
            write_text(seal_of(target), f"{file_digest(temporary)}\n")
        os.replace(temporary, target)
    except FileNotFoundError as error:
        if error.filename != str(temporary):
            raise
        remedy = "when no other job runs, run snakemake again"
        raise StudyError(f"{target} is being written by a job that was started later, or its folder is gone; {remedy}") from None
    except OSError as error:
        if error.filename not in (None, str(temporary)):
            raise
        raise refused(target, error, "written") from None
    finally:
        temporary.unlink(missing_ok=True)


class UnfailingFile(io.FileIO):
    """A file for writing and reading that takes every write. `failure` is the first that the system refused, None if none was.

    For HDF5, which tries again and again to write what it cannot, and crashes the interpreter in the end.
    """

    def __init__(self, target: str | Path):
        super().__init__(target, "w+")
        self.failure: OSError | None = None

    def write(self, data) -> int:
        rest = memoryview(data).cast("B")
        length = len(rest)
        while self.failure is None and len(rest):
            try:
                rest = rest[super().write(rest) :]
            except OSError as error:
                self.failure = error
        return length

    def truncate(self, size: int | None = None) -> int:
        if self.failure is None:
            try:
                return super().truncate(size)
            except OSError as error:
                self.failure = error
        return self.tell() if size is None else size


@contextlib.contextmanager
def unfailing(target: str | Path) -> Iterator[UnfailingFile]:
    """An UnfailingFile; OSError at the end of the block, whatever else came of it, where something could not be written."""
    with UnfailingFile(target) as file:
        try:
            yield file
        finally:
            if file.failure is not None:
                raise file.failure


def seal_of(target: str | Path) -> Path:
    """The file beside a sealed file that holds its SHA-256."""
    return Path(target).with_name(f".{Path(target).name}{SEAL}")


def refused(source: str | Path, error: OSError, what: str = "read") -> MachineError:
    """What to say where the machine refuses a file that may well be whole: its own reason, and what to do about it.

    what: what was wanted of the file, `read`, `written` or `used`.
    """
    code = error.errno or 0
    reason = os.strerror(code) if code else str(error).splitlines()[0]
    remedy = REMEDIES.get(code, "mend what the reason names")
    return MachineError(f"{source} cannot be {what} ({reason}): {remedy}, and run snakemake again")


def intact(source: str | Path) -> str | Path:
    """`source`, if its content is what was written. A file without a seal, or that is not there, is taken as it is.

    Raises StudyError where a sealed file is damaged. Each state of a file (inode, time and size) is looked at once.
    """
    try:
        expected = seal_of(source).read_bytes().strip()
        about = os.stat(source)
    except FileNotFoundError:
        return source
    if _digest_once(str(source), about.st_ino, about.st_mtime_ns, about.st_size).encode() != expected:
        raise StudyError(f"{source} is damaged: it is not what was written; delete it and run snakemake again")
    return source


def damaged_since(folder: str | Path) -> list[str]:
    """What is wrong with sealed files below a folder, a line each.

    Read are those that were changed after they were sealed, or only touched; these are not read again.
    """
    lines = []
    for where, _, names in os.walk(folder):
        for name in names:
            if not (name.startswith(".") and name.endswith(SEAL)):
                continue
            seal, target = Path(where, name), Path(where, name[1 : -len(SEAL)])
            try:
                if target.stat().st_mtime_ns <= seal.stat().st_mtime_ns:
                    continue
                intact(target)
                os.utime(seal)
            except FileNotFoundError:
                continue
            except OSError as error:
                lines.append(str(refused(target, error)))
            except StudyError as error:
                lines.append(str(error))
    return sorted(lines)


def unsealed(folder: str | Path) -> list[str]:
    """The files below a folder, hidden ones left out, that jobs seal and that have no seal: copied without it, or by hand."""
    found = []
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        there = set(names)
        for name in names:
            if name.endswith(SEALED) and not name.startswith(".") and f".{name}{SEAL}" not in there:
                found.append(str(Path(where, name)))
    return sorted(found)


@cache
def _digest_once(source: str, *_: int) -> str:
    return file_digest(source)


def write_text(target: str | Path, text: str) -> None:
    """Write a text file atomically, UTF-8, newlines as given."""
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_csv(target: str | Path, text: str) -> None:
    """Write a CSV table atomically and sealed."""
    with replacing(target, sealed=True) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_rows(target: str | Path, columns: Iterable[str], rows: Iterable[dict]) -> None:
    """Write a CSV table atomically and sealed: floats as the shortest text that reads back equal, NaN as `nan`, None as empty."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_csv(target, buffer.getvalue())


def write_tensors(target: str | Path, tensors: dict, metadata: dict[str, str], sealed: bool = False) -> None:
    """Write torch tensors by name as safetensors, atomically."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    with replacing(target, sealed) as temporary:
        try:
            save_file(tensors, temporary, metadata=metadata)
        except SafetensorError as error:
            # It names the system's error in its text alone.
            number = re.search(r"os error (\d+)", str(error))
            raise (OSError(int(number[1]), str(error)) if number else OSError(str(error))) from None


def read_rows(source: str | Path) -> list[dict[str, str]]:
    """Read a CSV table as a list of text rows. Raises StudyError where it is damaged, no such table, or cannot be read."""
    try:
        with open(intact(source), encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise refused(source, error) from None
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


def sealed_digest(source: str | Path) -> str:
    """SHA-256 of the content of a file as it was written: from its seal, where it has one."""
    try:
        return seal_of(source).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return file_digest(source)


def file_digest(source: str | Path) -> str:
    """SHA-256 of the content of a file."""
    with open(source, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
