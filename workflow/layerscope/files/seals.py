"""Seals: the SHA-256 of a file, stored in a hidden file beside it, by which damage is detected."""

import contextlib
import hashlib
import os
from functools import cache
from pathlib import Path

from layerscope.errors import StudyError
from layerscope.files.refusals import refusals_named, refused

SEAL = ".sha256"

# What to do about a damaged file of the study at hand.
MADE_AGAIN = "delete it and run snakemake again"

# The suffixes of sealed files. Jobs write no other files with these suffixes.
SEALED = (".csv", ".h5", ".parquet", ".safetensors")


def seal_of(target: str | Path) -> Path:
    """The file beside a sealed file that holds its SHA-256."""
    return Path(target).with_name(f".{Path(target).name}{SEAL}")


def intact(source: str | Path, advice: str = MADE_AGAIN) -> str | Path:
    """Check a file against its seal and return `source`. A file that is missing or has no seal is not checked.

    Raises StudyError, which ends in the advice, if a sealed file is damaged. A process reads a file again only if its inode, time
    or size has changed.
    """
    try:
        expected = seal_of(source).read_bytes().strip()
        about = os.stat(source)
    except FileNotFoundError:
        return source
    if _digest_once(str(source), about.st_ino, about.st_mtime_ns, about.st_size).encode() != expected:
        raise StudyError(f"{source} is damaged: it is not what was written; {advice}")
    return source


def damaged_since(folder: str | Path) -> list[str]:
    """One line for each sealed file below a folder that is damaged or that the system refuses.

    Only files with a later time than their seal are read. The seals of those that prove intact are touched, so that the next
    call does not read them again.
    """
    lines = []

    def note(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            lines.append(str(refused(error.filename or folder, error)))

    for where, _, names in os.walk(folder, onerror=note):
        for name in names:
            if not (name.startswith(".") and name.endswith(SEAL)):
                continue
            seal, target = Path(where, name), Path(where, name[1 : -len(SEAL)])
            try:
                if target.stat().st_mtime_ns <= seal.stat().st_mtime_ns:
                    continue
                intact(target)
            except FileNotFoundError:
                continue
            except OSError as error:
                lines.append(str(refused(target, error)))
            except StudyError as error:
                lines.append(str(error))
            else:
                # A seal that belongs to another user cannot be touched; the file is then read again the next time.
                with contextlib.suppress(OSError):
                    os.utime(seal)
    return sorted(lines)


def unsealed(folder: str | Path) -> list[str]:
    """The files below a folder, except hidden ones, that should have a seal but lack it: copied without it, or made by hand."""
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


def sealed_digest(source: str | Path) -> str:
    """SHA-256 of the content of a file. A process reads the file once for this function and `intact` together.

    Raises StudyError if a sealed file is damaged, or the system refuses it.
    """
    with refusals_named(source):
        about = os.stat(intact(source))
        return _digest_once(str(source), about.st_ino, about.st_mtime_ns, about.st_size)


def file_digest(source: str | Path) -> str:
    """SHA-256 of the content of a file."""
    with open(source, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
