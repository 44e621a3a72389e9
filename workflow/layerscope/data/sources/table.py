"""A person's own table, CSV or Parquet: a row an observation, a column a feature, others the class or the targets."""

import hashlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from layerscope.data.dataset import Dataset, default_held_out, hold_out
from layerscope.data.labels import numbered
from layerscope.data.layouts import EXACT, laid_out
from layerscope.data.own_files import find_own
from layerscope.data.targets import REGRESSION, SAY_SO, numbers
from layerscope.errors import Mistakes, StudyError, one_of
from layerscope.files.refusals import refusals_named

if TYPE_CHECKING:
    import pandas as pd

SOURCE = {
    "description": (
        "A table of one's own, CSV or Parquet: a row an observation, a column a feature, one column the class, or others the "
        "targets of a regression."
    ),
    "own_files": "path",
    "finds_sizes": True,
    "also_called": ("csv", "parquet"),
    "required": ("path",),
    "options": {
        "path": {
            "description": "A .csv, .tsv or .parquet file, or a folder with such files train, test and perhaps validation.",
            "type": "string",
            "minLength": 1,
        },
        "label": {
            "description": (
                "The column of the class, or of the target of a regression (a list for several); by default label, class, target "
                "or y."
            ),
            "type": ["string", "array"],
            "minLength": 1,
            "minItems": 1,
            "uniqueItems": True,
            "items": {"type": "string", "minLength": 1},
        },
        "task": {"$ref": "#/$defs/task"},
        "normalise_targets": {"$ref": "#/$defs/normalise_targets"},
        "split": {
            "description": "A column that says of each row whether it is of train, validation or test.",
            "type": "string",
            "minLength": 1,
        },
        "ignore": {
            "description": "Columns that are no features: names, row numbers, dates.",
            "type": "array",
            "items": {"type": "string"},
            "uniqueItems": True,
        },
        "test": {
            "$ref": "#/$defs/held_out",
            "description": "Rows held out, where the table has no test split; a fifth by default.",
        },
        "n": {"$ref": "#/$defs/declared_n"},
        "classes": {"$ref": "#/$defs/classes"},
    },
}

SUFFIXES = (".csv", ".tsv", ".parquet")
LABELS = ("label", "class", "target", "y", "labels", "classes")
SPLITS = {"train": ("train", "training"), "validation": ("validation", "val", "valid"), "test": ("test", "testing")}


def load(name: str, options: dict, downloads: Path) -> Dataset:
    """The table at options['path'], relative to the project or to the download folder: features (n, columns) float32.

    Labels are whole numbers or text, of a regression numbers in one or several columns. Raises StudyError for columns that hold
    no numbers, for missing values, and for columns that differ between splits.
    """
    where = f"dataset '{name}'"
    notes: list[str] = []
    files = _files(options["path"], where, downloads)
    digest = hashlib.sha256()
    for file in files.values():
        with refusals_named(file):
            digest.update(file.read_bytes())
    frames = _by_split(files, options, where, notes)
    columns = _label_columns(frames, options, where)
    for split, frame in frames.items():
        _check_labels(frame, columns, "target" if options.get("task") == REGRESSION else "class", f"{where}: {split}")
    if options.get("task") == REGRESSION:
        labels, classes, targets = numbers(_targets(frames, columns, where), where), list[str](), columns
    else:
        of_splits = {split: _values(frame[columns[0]]) for split, frame in frames.items()}
        labels, classes = numbered(of_splits, None, where, notes, options.get("task"))
        targets = []
    given = _features(frames, columns, options, where, notes)
    features, white = laid_out(given, None, None, where, notes)
    splits = {split: (features[split], labels[split]) for split in frames}
    if "test" not in splits:
        n = len(labels["train"])
        held = options.get("test") or default_held_out(n, len(classes) or 1)
        splits["train"], splits["test"] = hold_out(*splits["train"], held, name)
        notes.append(f"{held:,} of {n:,} rows are held out as the test split")
    return Dataset(splits, classes, white, f"table {Path(options['path']).name}", digest.hexdigest(), notes, targets)


def found_sizes(name: str, options: dict, downloads: Path) -> dict:
    """shape, classes (of a regression targets, their names) and the sizes of the splits; the whole table is read."""
    dataset = load(name, options, downloads)
    where = f"dataset '{name}'"
    if "test" in options and "test" in _by_split(_files(options["path"], where, downloads), options, where, []):
        raise StudyError(f"datasets.{name}.test changes nothing: the table has a test split of its own; remove the key")
    sizes = {split: len(labels) for split, (_, labels) in dataset.splits.items()}
    shape = list(dataset.splits["train"][0].shape[1:])
    classes = dataset.classes
    outputs = {"targets": dataset.targets} if dataset.targets else {"classes": len(classes), "class_names": classes}
    return {"shape": shape, **outputs, **sizes, "white_by_type": False}


def _files(path: str, where: str, downloads: Path) -> dict[str, Path]:
    """Split → its file; `train` alone for a single file."""
    found = find_own(path, downloads)
    if found is None:
        raise StudyError(f"{where}: no table {path} here or below {downloads}; LAYERSCOPE_DATA names another folder")
    if found.is_file():
        if found.suffix.lower() not in SUFFIXES:
            raise StudyError(f"{where}: {found} is no table that can be read; {', '.join(SUFFIXES)} can")
        return {"train": found}
    files: dict[str, Path] = {}
    for split, spellings in SPLITS.items():
        fitting = sorted(file for file in found.iterdir() if file.suffix.lower() in SUFFIXES and file.stem.lower() in spellings)
        if len(fitting) > 1:
            raise StudyError(f"{where}: {fitting[0].name} and {fitting[1].name} may both be the {split} split; keep one")
        files.update((split, file) for file in fitting)
    if "train" not in files:
        raise StudyError(f"{where}: {found} holds no table called train ({', '.join(SUFFIXES)})")
    return files


def _by_split(files: dict[str, Path], options: dict, where: str, notes: list[str]) -> dict[str, "pd.DataFrame"]:
    frames = {split: _read(file, where, notes) for split, file in files.items()}
    column = options.get("split")
    if column is None:
        return frames
    whole = frames["train"]
    if len(frames) > 1 or column not in whole:
        told = "its files are the splits" if len(frames) > 1 else one_of(column, list(whole.columns))
        raise StudyError(f"{where}: split names the column '{column}'; {told}")
    words = whole.pop(column).astype(str).str.lower()
    parts = {split: whole[words.isin(spellings)] for split, spellings in SPLITS.items()}
    known = [word for spellings in SPLITS.values() for word in spellings]
    unknown = sorted(set(words) - set(known))
    if unknown or parts["train"].empty:
        wrong = f"holds '{unknown[0]}'" if unknown else "has no row of train"
        raise StudyError(f"{where}: the column '{column}' {wrong}; train, validation and test are wanted")
    return {split: part for split, part in parts.items() if len(part)}


def _read(file: Path, where: str, notes: list[str]) -> "pd.DataFrame":
    import pandas as pd

    try:
        with refusals_named(file), warnings.catch_warnings():
            # Rows longer than the header, of which pandas would drop the end.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            if file.suffix.lower() == ".parquet":
                frame = pd.read_parquet(file)
                if any(name is not None for name in frame.index.names):
                    frame = frame.reset_index()
            else:
                frame = _read_text(file, "\t" if file.suffix.lower() == ".tsv" else ",")
                if len(frame.columns) == 1 and ";" in str(frame.columns[0]):
                    frame = _read_text(file, ";")
                    notes.append(f"the columns of {file.name} are separated by semicolons")
    except (ValueError, pd.errors.ParserWarning) as error:
        # What pandas and pyarrow find wrong with a file they say as a ValueError.
        raise StudyError(f"{where}: {file} is no table that can be read ({error})") from None
    if frame.empty:
        raise StudyError(f"{where}: {file} has no rows")
    return frame.rename(columns=lambda column: str(column).strip())


def _read_text(file: Path, separator: str) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_csv(file, sep=separator, index_col=False, skipinitialspace=True)


def _check_labels(frame: "pd.DataFrame", columns: list[str], what: str, where: str) -> None:
    for column in columns:
        if column not in frame:
            raise StudyError(f"{where} has no column '{column}', that of the {'classes' if what == 'class' else what}")
        missing = np.flatnonzero(frame[column].isna())
        if len(missing):
            raise StudyError(
                f"{where} has {len(missing)} rows without a {what} in the column '{column}', the first is row {missing[0] + 1}; "
                "nothing, NA, None and nan count as missing"
            )


def _label_columns(frames: dict[str, "pd.DataFrame"], options: dict, where: str) -> list[str]:
    """The column of the class, or those of the targets."""
    columns = list(frames["train"].columns)
    if "label" in options:
        named = options["label"] if isinstance(options["label"], list) else [options["label"]]
        for name in named:
            if name not in columns:
                raise StudyError(f"{where}: no column is called '{name}'; {one_of(name, columns)}")
        if len(named) > 1 and options.get("task") != REGRESSION:
            raise StudyError(f"{where}: label lists {len(named)} columns, and one holds the class; {SAY_SO}")
        return named
    found = [column for column in columns if column.lower() in LABELS]
    if len(found) != 1:
        why = f"{' and '.join(found)} may both be" if found else f"none of the columns {', '.join(columns[:8])} is clearly"
        what = "target" if options.get("task") == REGRESSION else "classes"
        raise StudyError(f"{where}: {why} that of the {what}; name it: `label: {found[0] if found else columns[-1]}`")
    return found


def _targets(frames: dict[str, "pd.DataFrame"], columns: list[str], where: str) -> dict[str, np.ndarray]:
    """Split → (n, targets) numbers, of columns that hold nothing else."""
    mistakes = Mistakes()
    for split, frame in frames.items():
        for column in columns:
            if frame[column].dtype.kind not in "biuf":
                mistakes.messages.append(f"{where}: the column '{column}' of {split} {_mistake(frame[column])}")
    mistakes.refuse()
    return {split: frame[columns].to_numpy(dtype=np.float64) for split, frame in frames.items()}


def _values(column: "pd.Series") -> np.ndarray:
    """Labels as an array: text stays text."""
    if column.dtype == bool or column.dtype.kind in "iuf":
        return column.to_numpy()
    return np.array(column.astype(str), dtype=str)


def _features(
    frames: dict[str, "pd.DataFrame"], labels: list[str], options: dict, where: str, notes: list[str]
) -> dict[str, np.ndarray]:
    """Split → (n, columns) numbers, the columns as in `train`. labels: the columns that are no features."""
    ignored = options.get("ignore", [])
    columns = [column for column in frames["train"].columns if column not in labels and column not in ignored]
    mistakes = Mistakes()
    for column in ignored:
        if column not in frames["train"]:
            mistakes.messages.append(
                f"{where}: ignore names the column '{column}'; {one_of(column, list(frames['train'].columns))}"
            )
    if not columns:
        mistakes.messages.append(f"{where}: no column is left for the features")
    for split, frame in frames.items():
        others = [column for column in frame.columns if column not in labels and column not in ignored]
        if sorted(others) != sorted(columns):
            unlike = sorted({*others} ^ {*columns})
            mistakes.messages.append(f"{where}: {split} and train differ in the columns {', '.join(unlike[:5])}")
            continue
        for column in columns:
            message = _mistake(frame[column])
            if message:
                mistakes.messages.append(f"{where}: the column '{column}' of {split} {message}")
        if others != columns:
            notes.append(f"the columns of {split} stand in another order than those of train, and are read by their names")
    mistakes.refuse()
    if ignored:
        notes.append(f"the columns {', '.join(ignored)} are no features (ignore)")
    whole = [column for column in columns if all(frame[column].dtype.kind in "iu" for frame in frames.values())]
    large = [column for column in whole if max(int(frame[column].abs().max()) for frame in frames.values()) > EXACT]
    if large:
        notes.append(f"whole numbers above {EXACT:,} in {', '.join(large)} are rounded to seven digits (float32)")
    return {split: frame[columns].to_numpy(dtype=np.float64) for split, frame in frames.items()}


def _mistake(column: "pd.Series") -> str:
    if str(column.name).startswith("Unnamed:"):
        return "has no name: row numbers are written like that; say `ignore`, or give it a name"
    if column.isna().any():
        first = int(np.flatnonzero(column.isna())[0]) + 1
        return f"has {int(column.isna().sum())} missing values, the first in row {first}; fill them, or leave these rows out"
    if column.dtype.kind not in "biuf":
        import pandas as pd

        wrong = column[pd.to_numeric(column, errors="coerce").isna()]
        shown = str((wrong if len(wrong) else column).iloc[0])[:30]
        return f"holds {shown!r}, which is no number; encode it as numbers, or say `ignore`"
    return ""
