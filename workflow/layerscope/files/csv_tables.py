"""Write CSV tables atomically and sealed (see seals), and read them as text."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from layerscope.errors import StudyError
from layerscope.files.refusals import refused
from layerscope.files.seals import MADE_AGAIN, intact
from layerscope.files.whole import replacing


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


def read_rows(source: str | Path) -> list[dict[str, str]]:
    """Read a CSV table as a list of text rows. Raises StudyError if it is damaged, is no CSV table, or cannot be read."""
    try:
        with open(intact(source), encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise refused(source, error) from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise StudyError(f"{source} is damaged ({error}); {MADE_AGAIN}") from None
