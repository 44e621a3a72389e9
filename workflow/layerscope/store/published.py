"""The tables of published numbers that come with the project."""

import csv
from pathlib import Path

from layerscope.errors import StudyError
from layerscope.files.workflow import workflow_folder

PUBLISHED = workflow_folder() / "published"
PUBLISHED_COLUMNS = ("figure", "dataset", "embedding", "layer", "filter", "state", "metric", "value")
PUBLISHED_VALUE_COLUMNS = (
    "figure",
    "dataset",
    "architecture",
    "sample",
    "embedding",
    "layer",
    "state",
    "metric",
    "value",
)

# The columns that each kind of comparison reads.
PUBLISHED_TABLES = {"comparisons": PUBLISHED_COLUMNS, "values": PUBLISHED_VALUE_COLUMNS}


def published_names() -> list[str]:
    """The tables of published numbers that a study can be compared with."""
    return sorted(file.stem for file in PUBLISHED.glob("*.csv"))


def published_columns(name: str) -> tuple[str, ...]:
    """The columns of a table of published numbers."""
    with open(PUBLISHED / f"{name}.csv", encoding="utf-8") as file:
        return tuple(file.readline().strip().split(","))


def published_rows(name: str) -> list[dict[str, str]]:
    """The rows of a table of published numbers, as text by column; pandas is not needed for these."""
    with open(PUBLISHED / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def published_file(name: str) -> str:
    """The path of a published table: PUBLISHED_COLUMNS (layer is a depth) or PUBLISHED_VALUE_COLUMNS (layer is a name)."""
    file = PUBLISHED / f"{name}.csv"
    return str(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)


def read_published(source: str | Path):
    """Published numbers by layer and filter, a pandas DataFrame with PUBLISHED_COLUMNS; filter is "" for whole layers."""
    return _read_published(source, PUBLISHED_COLUMNS)


def read_published_values(source: str | Path):
    """Published numbers of single networks, a pandas DataFrame with PUBLISHED_VALUE_COLUMNS; "" if a column does not apply."""
    return _read_published(source, PUBLISHED_VALUE_COLUMNS)


def _read_published(source: str | Path, columns: tuple[str, ...]):
    import pandas

    table = pandas.read_csv(source, dtype={"filter": "str"}, keep_default_na=False)
    if tuple(table.columns) != columns:
        raise StudyError(f"{source} has the columns {', '.join(table.columns)}; {', '.join(columns)} are wanted")
    return table
