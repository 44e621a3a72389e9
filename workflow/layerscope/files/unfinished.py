"""Long jobs that resume where they were interrupted.

This module knows neither the names nor the content of a study's files.
"""

import errno
import json
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from layerscope.errors import StudyError
from layerscope.files.provenance import canonical_json
from layerscope.files.refusals import refusals_named, refused
from layerscope.files.seals import file_digest, sealed_digest
from layerscope.files.sources import name_of_source, sources
from layerscope.files.whole import PARTIAL, replacing, write_text

LOCK, IDENTITY, ATTRIBUTES = "lock", "identity.json", "attributes"
# The error numbers that network file systems without locks return.
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


def identity(params: dict, modules: Iterable[str], inputs: Iterable[str | Path] = ()) -> str:
    """Identify unfinished work: by the params of its job, the code behind it, and the content of its input files.

    modules: the stage and the kinds that it uses, for instance an engine; their imports from the package count too.
    """
    # Work that was begun on one machine may go on on another.
    code = {name_of_source(source): file_digest(source) for source in sources(modules)}
    return canonical_json([params, code, [sealed_digest(source) for source in inputs]])


def unfinished_folder(target: Path) -> Path:
    """The folder for the finished parts of a file that takes long."""
    return target.with_name(f".{target.name}{PARTIAL}")


def hold(folder: Path) -> FileLock:
    """Lock a folder, which is created if needed, for this process until the returned lock is released.

    Raises StudyError if another process holds it; that process may have outlived the Snakemake that started it.
    """
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    # Use a lock of the operating system: one that merely consists in the existence of a file would outlive a killed job.
    lock = FileLock(folder / LOCK, blocking=False, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise StudyError(f"{folder} is in use by another job; wait until it ends, or stop it") from None
    except OSError as error:
        # Continue without a lock: Snakemake's own lock keeps a second Snakemake out of the folder.
        if error.errno not in NO_LOCKS:
            raise refused(folder / LOCK, error, "used") from None
    return lock


def clear(folder: Path) -> None:
    """Empty a locked folder, except for its lock."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != LOCK:
            entry.unlink()


class Resumable:
    """Finished parts of a long job, kept in the folder `.NAME.partial` until the job's output file is complete.

    A part is a named set of arrays and attributes, or a file of its own. Parts with another identity (see `identity`) are
    deleted. The output file is written from all parts, in the order of the job, so an interrupted job yields the same bytes.
    """

    def __init__(self, target: str | Path, identity: str):
        target = Path(target)
        self.folder = unfinished_folder(target)
        self._identity = identity

    def __enter__(self) -> "Resumable":
        self._lock = hold(self.folder)
        if _text(self.folder / IDENTITY) != self._identity:
            clear(self.folder)
            write_text(self.folder / IDENTITY, self._identity)
        return self

    def __exit__(self, *_) -> None:
        self._lock.release()

    def file(self, name: str) -> Path:
        """The path of a part that is too large for memory. Write it atomically: the part is finished if the file exists."""
        return self.folder / name

    def get(self, name: str) -> tuple[dict, dict] | None:
        """(arrays, attributes) of a finished part, None if it is unfinished or damaged.

        Raises StudyError if the operating system refuses to read it, since it may be intact.
        """
        import numpy as np

        try:
            with refusals_named(self._part(name)), np.load(self._part(name), allow_pickle=False) as stored:
                arrays = {key.removeprefix("array_"): stored[key] for key in stored if key != ATTRIBUTES}
                return arrays, json.loads(str(stored[ATTRIBUTES]))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def finished(self, name: str) -> tuple[dict, dict]:
        """(arrays, attributes) of a part that was kept. Raises StudyError if it can no longer be read."""
        part = self.get(name)
        if part is None:
            raise StudyError(f"{self._part(name)} is an unreadable intermediate file; run snakemake again to compute it anew")
        return part

    def keep(self, name: str, arrays: dict, attributes: dict) -> None:
        """Store a finished part."""
        import numpy as np

        named = {f"array_{key}": array for key, array in arrays.items()}
        with replacing(self._part(name)) as temporary, open(temporary, "wb") as file:
            everything: dict[str, Any] = {**named, ATTRIBUTES: np.array(json.dumps(attributes))}
            np.savez(file, **everything)

    def _part(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

    def discard(self) -> None:
        """Delete all parts, once the job's output file is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _text(source: Path) -> str | None:
    try:
        with refusals_named(source):
            return source.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
