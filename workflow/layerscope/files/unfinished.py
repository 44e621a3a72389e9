"""Work that goes on where it was interrupted.

Nothing here knows what the files of a study are called or hold.
"""

import fcntl
import json
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from layerscope.errors import StudyError
from layerscope.files.provenance import canonical_json
from layerscope.files.seals import file_digest, sealed_digest
from layerscope.files.sources import sources
from layerscope.files.whole import replacing, write_text

LOCK, IDENTITY, ATTRIBUTES = "lock", "identity.json", "attributes"


def identity(params: dict, modules: Iterable[str], inputs: Iterable[str | Path] = ()) -> str:
    """What unfinished work belongs to: what its job is told, the code behind it, the content of its input files.

    modules: the stage and what it was told to use, for instance an engine; all that they import in the package is read too.
    """
    code = {source: file_digest(source) for source in sources(modules)}
    return canonical_json([params, code, [sealed_digest(source) for source in inputs]])


def hold(folder: Path) -> IO[str]:
    """Keep a folder, made where there is none, to this process until the file that is given back is closed.

    Raises StudyError where another process holds it: it may have outlived the Snakemake that started it.
    """
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    lock = open(folder / LOCK, "a")  # noqa: SIM115 (whoever holds the folder closes it)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StudyError(f"{folder} is in the hands of another job; wait until it ends, or stop it") from None
    except OSError:
        # Some network file systems have no locks. Snakemake keeps two studies out of one folder by itself.
        pass
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
        self._lock.close()

    def file(self, name: str) -> Path:
        """Where a part too large for memory is written, by what replaces files whole: it is there once it is finished."""
        return self.folder / name

    def get(self, name: str) -> tuple[dict, dict] | None:
        """(arrays, attributes) of a finished part, None where it is not finished."""
        import numpy as np

        try:
            with np.load(self._part(name), allow_pickle=False) as stored:
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
        return source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
