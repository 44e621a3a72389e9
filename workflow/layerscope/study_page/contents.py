"""What the first page of a study shows: verdicts, figures, tables, and how the networks ended."""

import math
import re
from collections import Counter
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader

from layerscope import store
from layerscope.figures.shared.names import words
from layerscope.files.csv_tables import read_rows
from layerscope.store.pictures import read_title
from layerscope.tables.shared.constants import KEYS, without_constants

# Longer tables are cut on the page, which says so; the files have all of them.
MOST_ROWS = 100
# So many letters of a cell stay in one line, in which an interval of four decimals fits.
ONE_LINE = 24
FINE = ("ok", "given")
# What a selector of embeddings names that is none: the layers themselves, and scores of networks.
SPACES = {"raw": "none (the layers themselves)", "run": ""}
# Columns of tables whose values are scores.
OF_SCORES = ("metric", "score")
NETWORK_COLUMNS = ("dataset", "architecture", "activation", "seed", "status", "reason", "unlike")


def page(told: dict, folder: Path, claims: list[str], tables: list[str], networks: list[str]) -> str:
    """The page as HTML. All text is escaped.

    told: study, whether there is an explorer, for each figure and table its name, title, description, `on`, and of a figure its
    formats; labels, statistics: what scores and statistics are called, by name. folder: of the study, in which its pictures
    are. claims, tables, networks: the CSV files, lists of one or none where a study has none.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    judged = [claim for file in claims for claim in read_rows(file)]
    labels = told["labels"]
    ended = [network for file in networks for network in read_rows(file)]
    return environment.get_template("index.html").render(
        study=told["study"],
        explorer=told["explorer"],
        claims=[_claim(claim, labels, told["statistics"]) for claim in judged],
        verdicts=_counted(claim["verdict"] for claim in judged),
        figures=[_figure(figure, folder) for figure in told["figures"]],
        tables=[_table(table, file, labels) for table, file in zip(told["tables"], tables, strict=True)],
        networks=ended,
        flagged=[network for network in ended if network["status"] not in FINE or network["unlike"]],
        states=_counted(network["status"] for network in ended),
        network_columns=NETWORK_COLUMNS,
    )


def _counted(words) -> str:
    """`3 supported, 1 undecided`, the most frequent first."""
    return ", ".join(f"{count} {word}" for word, count in Counter(words).most_common())


def _claim(claim: dict, labels: dict[str, str], statistics: dict[str, str]) -> dict:
    measured = labels.get(claim["score"], claim["score"])
    compared = statistics.get(claim["statistic"], claim["statistic"])
    return {**claim, "measured": measured, "compared": compared, "numbers": _numbers(claim), "corrected": _p(claim["p_holm"])}


def _numbers(claim: dict) -> str:
    estimate, low, high = (float(claim[key] or "nan") for key in ("estimate", "interval_low", "interval_high"))
    interval = f" [{low:.3g}, {high:.3g}]" if math.isfinite(low) and math.isfinite(high) else ""
    return f"{estimate:.3g}{interval}" if math.isfinite(estimate) else "–"


def _p(text: str) -> str:
    """A p in two digits, or in as many as tell it from 0.05, by which claims are decided."""
    value = float(text or "nan")
    if not math.isfinite(value):
        return "–"
    digits = next((digits for digits in range(2, 7) if round(value, digits) != 0.05), 6)
    return "< 0.001" if value < 0.001 else f"{value:.{max(digits, 3 if value < 0.01 else 2)}f}"


def _about(entry: dict) -> dict:
    chosen = [(key, _values(key, value if isinstance(value, list) else [value])) for key, value in entry["on"].items()]
    return {**entry, "chosen": "; ".join(f"{key} {values}" for key, values in chosen if values)}


def _values(key: str, values: list) -> str:
    """The values of a key of a selector in words; "" where there is nothing to tell."""
    told = [SPACES.get(value, words(value)) if key == "embedding" else words(value) for value in values]
    return ", ".join(filter(None, told))


def _figure(figure: dict, folder: Path) -> dict:
    files = {form: store.in_study("figure", figure=figure["name"], format=form) for form in figure["formats"]}
    picture = files.get("png") or files["gif"]
    title = read_title(folder / picture) or figure["title"] or figure["name"]
    # What follows the first sentence of a kind tells of its options, for those who write a study.
    description = re.sub(r" \(docs/[^)]*\)", "", figure["description"].split(". ")[0].removesuffix(".")) + "."
    return {**_about(figure), "description": description, "files": files, "picture": picture, "title": title}


def _table(table: dict, file: str, labels: dict[str, str]) -> dict:
    shown, constant = without_constants(pd.read_csv(file, dtype=str, keep_default_na=False))
    constant = {"embedding" if key == "space" else key: value for key, value in constant.items()}
    files = {form: store.in_study("table", table=table["name"], format=form) for form in store.TABLE_FORMATS}
    few = shown.head(MOST_ROWS).to_numpy().tolist()
    rows = [[_cell(value, name, labels) for name, value in zip(shown.columns, row, strict=True)] for row in few]
    return {
        **_about({**table, "on": {**table["on"], **constant}}),
        "columns": [{"name": name, "label": _head(name, labels)} for name in shown.columns],
        "rows": rows,
        "left": len(shown) - len(rows),
        "files": files,
    }


def _cell(value: str, column: str, labels: dict[str, str]) -> dict:
    label = labels.get(value, value) if column in OF_SCORES else words(value) if column in KEYS else value
    # A pair of numbers may be broken between them.
    return {"name": value, "label": label, "in_one_line": len(label) <= ONE_LINE and " / " not in label}


def _head(column: str, labels: dict[str, str]) -> str:
    """The head of a column in words. A column of a score is named by it, and by what is told of it: `loss`, `loss sd`."""
    score, *rest = column.split(" ", 1)
    return " ".join([labels.get(score, score.replace("_", " ")), *rest])
