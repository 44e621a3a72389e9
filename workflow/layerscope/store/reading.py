"""Turn errors in reading a file into messages for the user."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from layerscope.errors import StudyError
from layerscope.files.refusals import refused
from layerscope.files.seals import MADE_AGAIN


@contextlib.contextmanager
def reading(source: str | Path, *damage: type[Exception], advice: str = MADE_AGAIN) -> Iterator[None]:
    """Raises StudyError, naming the file, if the block finds it missing, or raises OSError or an exception of `damage`.

    advice: the end of the message on damage.
    An OSError with an error number comes from the operating system (no permission, no locks, a failing disk) and says nothing
    about the content: it becomes a MachineError. A MemoryError is passed on.
    """
    try:
        yield
    except FileNotFoundError:
        raise StudyError(f"{source} is missing; run snakemake to make it") from None
    except Exception as error:
        if isinstance(error, MemoryError) or not isinstance(error, (OSError, *damage)):
            raise
        if isinstance(error, OSError) and error.errno:
            if error.filename not in (None, str(source)):
                raise
            raise refused(source, error) from None
        raise StudyError(f"{source} is damaged ({error}); {advice}") from None
