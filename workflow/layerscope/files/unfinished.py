"""Work that goes on where it was interrupted.

Nothing here knows what the files of a study are called or hold.
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
from layerscope.files.sources import sources
from layerscope.files.whole import replacing, write_text

LOCK, IDENTITY, ATTRIBUTES = "lock", "identity.json", "attributes"
# What network file systems answer that have no locks.
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


def identity(params: dict, modules: Iterable[str], inputs: Iterable[str | Path] = ()) -> str:
    """What unfinished work belongs to: what its job is told, the code behind it, the content of its input files.

    modules: the stage and what it was told to use, for instance an engine; all that they import in the package is read too.
    """
    code = {source: file_digest(source) for source in sources(modules)}
    return canonical_json([params, code, [sealed_digest(source) for source in inputs]])


def hold(folder: Path) -> FileLock:
    """Keep a folder, made where there is none, to this process until the lock that is given back is released.

    Raises StudyError where another process holds it: it may have outlived the Snakemake that started it.
    """
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    # A lock that is a file that exists, instead of one of the system, would outlive a job that is killed.
    lock = FileLock(folder / LOCK, blocking=False, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise StudyError(f"{folder} is in the hands of another job; wait until it ends, or stop it") from None
    except OSError as error:
        # Without locks the work goes on: Snakemake keeps two studies out of one folder by itself.
        if error.errno not in NO_LOCKS:
            raise refused(folder / LOCK, error, "used") from None
    return lock


def clear(folder: Path) -> None:
    """Empty a folder that is held."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != LOCK:
            entry.unlink()


class Resumable:
    """Finished parts of a long job, kept in the folder `.NAME.partial` until the job's file is written whole.

    A part is a named set of arrays and attributes, or a file of its own. Parts of another identity (see `identity`) are thrown
    away. The final file is written anew, in the order of the job, so that an interrupted job ends in the same bytes.
    """

    def __init__(self, target: str | Path, identity: str):
        target = Path(target)
        self.folder = target.with_name(f".{target.name}.partial")
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
        """Where a part too large for memory is written, by what replaces files whole: it is there once it is finished."""
        return self.folder / name

    def get(self, name: str) -> tuple[dict, dict] | None:
        """(arrays, attributes) of a finished part, None where it is not finished or damaged.

        Raises StudyError where the machine refuses it: it may well be whole.
        """
        import numpy as np

        try:
            with refusals_named(self._part(name)), np.load(self._part(name), allow_pickle=False) as stored:
                arrays = {key.removeprefix("array_"): stored[key] for key in stored if key != ATTRIBUTES}
                return arrays, json.loads(str(stored[ATTRIBUTES]))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def finished(self, name: str) -> tuple[dict, dict]:
        """(arrays, attributes) of a part that was kept. Raises StudyError where it cannot be read any more."""
        part = self.get(name)
        if part is None:
            raise StudyError(f"{self._part(name)} was kept and cannot be read; run snakemake again, which makes that part anew")
        return part

    def keep(self, name: str, arrays: dict, attributes: dict) -> None:
        """Remember a finished part."""
        import numpy as np

        named = {f"array_{key}": array for key, array in arrays.items()}
        with replacing(self._part(name)) as temporary, open(temporary, "wb") as file:
            everything: dict[str, Any] = {**named, ATTRIBUTES: np.array(json.dumps(attributes))}
            np.savez(file, **everything)

    def _part(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

    def discard(self) -> None:
        """Forget all parts: the job's file is written."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _text(source: Path) -> str | None:
    try:
        with refusals_named(source):
            return source.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
