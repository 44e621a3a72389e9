"""Tables: the scores of a study, the tables computed from them, and the history of a training."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from layerscope.errors import StudyError
from layerscope.files.seals import MADE_AGAIN, intact
from layerscope.files.whole import replacing
from layerscope.store.layout import COMPARISON_COLUMNS, HISTORY_COLUMNS, SCORE_TABLE_COLUMNS
from layerscope.store.reading import reading

# Runs may be those of another study, and a person names their file.
RUNS_AGAIN = "name the runs.parquet of a study, or delete this one and run its study again"


class ParquetTable:
    """Writes a Parquet file piece by piece, such as all scores of a study. Between calls it holds less than a row group."""

    ROWS = 128 * 1024

    def __init__(self, target: str | Path):
        self._target = target
        self._waiting: Any = None
        self._writer: Any = None

    def add(self, rows) -> None:
        """Append rows: a pandas DataFrame, with the same columns in every call."""
        from pyarrow import Table, concat_tables

        table = Table.from_pandas(rows, preserve_index=False)
        self._waiting = table if self._waiting is None else concat_tables([self._waiting, table])
        while self._waiting.num_rows >= self.ROWS:
            self._write(self._waiting.slice(0, self.ROWS))
            self._waiting = self._waiting.slice(self.ROWS)

    def _write(self, table) -> None:
        from pyarrow.parquet import ParquetWriter

        if self._writer is None:
            self._writer = ParquetWriter(self._target, table.schema, compression="zstd")
        # Combined into one chunk, so that the bytes do not depend on the pieces in which the rows were added.
        self._writer.write_table(table.combine_chunks(), row_group_size=self.ROWS)

    def close(self) -> None:
        """Write the remaining rows and complete the file."""
        if self._waiting is not None and (self._waiting.num_rows or self._writer is None):
            self._write(self._waiting)
        if self._writer is not None:
            self._writer.close()


def read_score_table(source: str | Path, metrics: Iterable[str] | None = None):
    """The scores of a study as a pandas DataFrame with SCORE_TABLE_COLUMNS. metrics: the scores wanted, by name, or all."""
    return _read_parquet(source, SCORE_TABLE_COLUMNS, metrics)


def read_runs(source: str | Path, metrics: Iterable[str] | None = None):
    """The runs of a study (statistics.runs) as a pandas DataFrame. metrics: the scores wanted, by name, or all."""
    return _read_parquet(source, None, metrics, RUNS_AGAIN)


def read_comparison(source: str | Path):
    """One file of a comparison as a pandas DataFrame with COMPARISON_COLUMNS; `independent` is a bool."""
    import pandas

    numbers = ("seed", "epoch", "depth", "other_seed", "other_epoch", "other_depth", "n_points")
    types = dict.fromkeys(COMPARISON_COLUMNS, "str") | dict.fromkeys(numbers, "int64")
    types |= {"value": "float64", "chance": "float64", "independent": "bool"}
    with reading(source, ValueError, KeyError):
        missing = {"value": ["nan"], "chance": ["nan"]}
        return pandas.read_csv(intact(source), dtype=types, keep_default_na=False, na_values=missing)[list(COMPARISON_COLUMNS)]


def read_comparisons(source: str | Path):
    """All comparisons of a study as a pandas DataFrame with COMPARISON_COLUMNS."""
    return _read_parquet(source, COMPARISON_COLUMNS, None)


def _read_parquet(source: str | Path, columns: tuple[str, ...] | None, metrics: Iterable[str] | None, advice: str = MADE_AGAIN):
    from pyarrow import array, concat_tables
    from pyarrow.compute import field, scalar
    from pyarrow.parquet import ParquetFile

    with (
        reading(source, OSError, ValueError, TypeError, KeyError, NotImplementedError, advice=advice),
        ParquetFile(intact(source, advice)) as file,
    ):
        names = list(file.schema_arrow.names if columns is None else columns)
        lacking = [name for name in names if name not in file.schema_arrow.names]
        # A table that has next to nothing of it is none of ours: it counts as damaged below.
        if 0 < len(lacking) < len(names) / 2:
            raise StudyError(f"{source} lacks {', '.join(lacking)}: another version of layerscope wrote it; run snakemake again")
        none = file.schema_arrow.empty_table().select(names)
        wanted = scalar(True)
        if metrics is not None:
            wanted = field("metric").isin(array(list(metrics), none.schema.field("metric").type))
        # Filter one row group at a time: rows that are not wanted are freed before the next group is read.
        groups = [file.read_row_group(group, names).filter(wanted) for group in range(file.num_row_groups)]
        return concat_tables([none, *groups]).to_pandas()


def read_frame(source: str | Path):
    """A CSV table (summary, tests) as a pandas DataFrame; empty text stays empty text, all other columns are numbers."""
    import pandas

    text = ("dataset", "architecture", "activation", "sample", "state", "layer", "filter", "space", "metric")
    with reading(source, ValueError):
        frame = pandas.read_csv(intact(source), dtype=dict.fromkeys(text, "str"), keep_default_na=False, na_values=["nan"])
        for column in frame.columns.difference(text):
            frame[column] = pandas.to_numeric(frame[column])
        return frame


def read_history(source: str | Path):
    """The losses and accuracies of a training, a pandas DataFrame with HISTORY_COLUMNS; a missing accuracy is NaN."""
    import pandas

    with reading(source, ValueError, KeyError):
        return pandas.read_csv(intact(source))[list(HISTORY_COLUMNS)]


def write_frame(target: str | Path, frame) -> None:
    """Write a pandas DataFrame as CSV, atomically and sealed; missing numbers as `nan`."""
    with replacing(target, sealed=True) as temporary:
        append_frame(temporary, frame)


def append_frame(target: str | Path, frame) -> None:
    """Append the rows of a pandas DataFrame to a CSV table; if the file does not exist, create it with a header."""
    frame.to_csv(target, mode="a", header=not Path(target).exists(), index=False, na_rep="nan", lineterminator="\n")
