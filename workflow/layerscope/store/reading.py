"""What is said of a file that cannot be read."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from layerscope.errors import StudyError


@contextlib.contextmanager
def reading(source: str | Path, *damage: type[Exception]) -> Iterator[None]:
    """Raises StudyError, naming the file, where the block finds that it is missing, or raises what damage makes it raise."""
    try:
        yield
    except FileNotFoundError:
        raise StudyError(f"{source} is missing; run snakemake to make it") from None
    except IsADirectoryError as error:
        raise StudyError(f"{source} cannot be read ({error.strerror}); delete it and run snakemake again") from None
    except damage as error:
        raise StudyError(f"{source} is damaged ({error}); delete it and run snakemake again") from None
