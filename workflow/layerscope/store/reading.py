"""What is said of a file that cannot be read."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from layerscope.errors import StudyError
from layerscope.files.refusals import refused


@contextlib.contextmanager
def reading(source: str | Path, *damage: type[Exception]) -> Iterator[None]:
    """Raises StudyError, naming the file, where the block finds that it is missing, or raises what damage makes it raise.

    An OSError with a number comes from the system (no permission, no locks, a failing disk) and says nothing of the content.
    Neither does a lack of memory, which is passed on.
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
        raise StudyError(f"{source} is damaged ({error}); delete it and run snakemake again") from None
