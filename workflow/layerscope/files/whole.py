"""Files that are either whole or not there. Nothing here knows what the files of a study are called or hold."""

import contextlib
import glob
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from layerscope.errors import StudyError
from layerscope.files.refusals import refused
from layerscope.files.seals import file_digest, seal_of

# A file in the making is called .NAME.TOKEN.writing, the token as many characters.
WRITING, TOKEN = ".writing", 8


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


def write_text(target: str | Path, text: str) -> None:
    """Write a text file atomically, UTF-8, newlines as given."""
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


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
