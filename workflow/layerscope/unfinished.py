"""Work that goes on where it was interrupted.

Nothing here knows what the files of a study are called or hold.
"""

import fcntl
import hashlib
import json
import shutil
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from layerscope.errors import StudyError
from layerscope.files import file_digest, replacing, write_text
from layerscope.provenance import canonical_json

LOCK, IDENTITY, ATTRIBUTES = "lock", "identity.json", "attributes"


class Resumable:
    """Finished parts of a long job, kept in the folder `.NAME.partial` until the job's file is written whole.

    A part is a named set of arrays and attributes, or a file of its own. Parts kept by a job of other params, other code or
    other content of its input files are thrown away. The final file is written anew, in the order of the job, so that an
    interrupted job ends in the same bytes.
    """

    def __init__(self, target: str | Path, params: dict, inputs: Iterable[str | Path] = ()):
        target = Path(target)
        self.folder = target.with_name(f".{target.name}.partial")
        self._identity = canonical_json([params, loaded_code_digest(), [file_digest(source) for source in inputs]])

    def __enter__(self) -> "Resumable":
        if self.folder.is_symlink() or self.folder.is_file():
            self.folder.unlink()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = open(self.folder / LOCK, "a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StudyError(f"{self.folder} is in the hands of another job; wait until it ends, or stop it") from None
        except OSError:
            # Some network file systems have no locks. Snakemake keeps two studies out of one folder by itself.
            pass
        if _text(self.folder / IDENTITY) != self._identity:
            for entry in self.folder.iterdir():
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                elif entry.name != LOCK:
                    entry.unlink()
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

    def keep(self, name: str, arrays: dict, attributes: dict) -> None:
        """Remember a finished part."""
        import numpy as np

        named = {f"array_{key}": array for key, array in arrays.items()}
        with replacing(self._part(name)) as temporary, open(temporary, "wb") as file:
            np.savez(file, **named, **{ATTRIBUTES: np.array(json.dumps(attributes))})

    def _part(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

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


def _text(source: Path) -> str | None:
    try:
        return source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
