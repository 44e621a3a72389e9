"""Which cheap scores of layers foretell which costly ones: a matrix of rank correlations."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from layerscope.figures.shared import sheet
from layerscope.figures.shared.names import IN_THE_LAYER, in_space, measure, words
from layerscope.figures.shared.style import BOTH_WAYS, COLUMN, PAGE, SMALLEST
from layerscope.statistics.foretelling import UNDECIDED, foretold
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "How cheap scores of a layer go with costly ones, as in the table foretelling: the rank correlation of each pair over "
        "networks at the same layer, coloured where its p, corrected for all pairs, is below 0.05."
    ),
    "reads": ("runs",),
    "needs": ("metrics", "network_accuracies", "repeats"),
    "of_studies": True,
    "ranks_layers": {"cheap": ("raw", "run"), "costly": ("raw", "run", "embedding")},
    "scores_of": "layers",
    "states": ("trained",),
    "parts": ("whole",),
    "required": ("cheap", "costly"),
    "options": {
        "cheap": {
            "description": "Scores of the layers themselves that may foretell others: a column each.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/score_name"},
        },
        "costly": {
            "description": "Scores that are to be foretold, of layers or embeddings: a row for each and each space.",
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/score_name"},
        },
    },
}

# Inches of a cell, in which a correlation of two digits is written.
CELL_WIDTH, CELL_HEIGHT = 0.34, 0.2
# What the names of rows take of the width, and those of columns of the height, in inches.
BESIDE, BELOW = 2.1, 1.5
# From which correlation on a cell is dark.
DARK = 0.6


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """A column for each cheap score, and a row for each costly one in each space; the table has the numbers of every pair."""
    scores = options["cheap"], options["costly"]
    found, absent = foretold(reads.runs, *scores, options["network_accuracies"], options.get("on", {}), options["repeats"])
    columns = [name for name in options["cheap"] if name in {*found["cheap"]}]
    rows = list(dict.fromkeys(found[["costly", "space"]].itertuples(index=False, name=None)))
    width = COLUMN if BESIDE + CELL_WIDTH * len(columns) <= COLUMN else PAGE
    figure, axes = sheet.panels(1, 1, width, CELL_HEIGHT * len(rows) + BELOW)
    axis, scale = axes[0, 0], Normalize(-1, 1)
    decided = np.full((len(rows), len(columns)), np.nan)
    for cell in found.itertuples():
        place = rows.index((cell.costly, cell.space)), columns.index(cell.cheap)
        colour = "0.4"
        if cell.verdict != UNDECIDED:
            decided[place] = cell.partial
            colour = "white" if abs(cell.partial) > DARK else "black"
        axis.text(*place[::-1], _signed(cell.partial), fontsize=SMALLEST, ha="center", va="center", color=colour)
    axis.imshow(np.ma.masked_invalid(decided), cmap=BOTH_WAYS, norm=scale, interpolation="nearest", aspect="auto")
    names = [named(options, name) for name in columns]
    axis.set_xticks(range(len(columns)), names, fontsize=SMALLEST, rotation=45, ha="right", rotation_mode="anchor")
    labels = [f"{named(options, score)}{_place(space)}" for score, space in rows]
    axis.set_yticks(range(len(rows)), labels, fontsize=SMALLEST)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    sheet.set_title(figure, options["title"] or _about(found, absent))
    sheet.fit(figure, axis, CELL_HEIGHT * len(rows))
    return figure, found


def _signed(correlation: float) -> str:
    """A correlation in two digits with its sign; what is 0 in two digits has none, what is unknown is a dash."""
    if not np.isfinite(correlation):
        return "\u2013"
    text = f"{correlation:+.2f}".replace("-", "\u2212")
    return "0.00" if text.endswith("0.00") else text


def named(options: Mapping, score: str) -> str:
    """A score as text: by the label of its metric where it has its name, else by its own."""
    return measure(options, score).label if score in options["metrics"] else words(score)


def _place(space: str) -> str:
    return "" if space in IN_THE_LAYER else f" ({in_space(space)})"


def _about(found: pd.DataFrame, absent: list[str]) -> str:
    units = sorted({int(count) for count in found["units"]})
    counted = f"{units[0]} to {units[-1]}" if len(units) > 1 else f"{units[0]}"
    missing = f"; {len(absent)} more score{'s are' if len(absent) > 1 else ' is'} in no study" if absent else ""
    return (
        "Costly scores (rows) by cheap ones (columns): rank correlation of networks at the same hidden layer, without what "
        f"accuracy explains, mean over {counted} kinds of networks; coloured where p, corrected for all cells, is below "
        f"0.05{missing}"
    )
