"""A score by an option that varies, the means over runs; with a second score beside it, and the two against each other."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from layerscope import selection
from layerscope.errors import StudyError
from layerscope.figures.shared import score_axes, sheet
from layerscope.figures.shared.names import Measure, measure, runs_counted, sentence, words
from layerscope.figures.shared.placing import note_points
from layerscope.figures.shared.style import MARKERS, PAGE, colours
from layerscope.statistics.estimates import estimate, interval_within
from layerscope.statistics.keys import RUN
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.store.reads import Reads

FIGURE = {
    "description": (
        "A score by an option that varies, or that entries give several values. One line for what is alike in all else, the mean "
        "over runs. With `against` a second score beside it, and the two against each other."
    ),
    "also_called": ("score_by_lambda",),
    "one_sample": True,
    "without_input": True,
    "parts": ("whole",),
    "names_options": {
        "x": (),
        "colours": ("dataset", "architecture", "activation", "embedding", "layer"),
        "panels": ("dataset", "architecture", "activation", "embedding", "layer"),
    },
    "reads": ("runs",),
    "needs": ("metrics",),
    "required": ("x", "score"),
    "options": {
        "x": {
            "description": "The option, for instance perplexity. Its values are spaced by their order.",
            "type": "string",
        },
        "score": {"$ref": "#/$defs/score_names"},
        "against": {"$ref": "#/$defs/score_name", "description": "The name of a second score."},
        "colours": {
            "description": "A key or an option that colours tell apart; by default each line has its own.",
            "type": "string",
        },
        "panels": {"description": "A key or an option with a panel for each of its values.", "type": "string"},
    },
}

LEAST_INCHES, HEIGHT = 1.7, 1.5
# The most values that are named below an axis.
NAMED = 8
# The keys of a line, beside the options and keys that are named.
ALIKE = ["dataset", "architecture", "activation", "space", "metric"]
COLUMNS = {"embedding": "space"}


@dataclass(frozen=True)
class Drawn:
    """What is drawn. rows: a row a run and value of x. line: the columns that tell lines apart."""

    rows: pd.DataFrame
    x: str
    line: list[str]
    places: dict
    score: Measure
    against: Measure | None


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """A point is the mean over runs, with its 95 % interval from three runs on; thin lines are runs, hollow where flagged.

    A run's value is the mean over the layers that `on` chooses (whole layers, without the input), at the last snapshot, or over
    all snapshots that `on` names by epoch or state; it has none where one of these has none.

    options: `named_options` has the values of the options, `alike` what names are called without them. The table has one row per
    run and value of x.
    """
    drawn = _drawn(reads.runs[0], options)
    rows, panels_by = drawn.rows, COLUMNS.get(options.get("panels", ""), options.get("panels"))
    shown = _values(rows[panels_by]) if panels_by else [None]
    across = 3 if drawn.against else None
    down, across, width = (len(shown), across, PAGE) if across else sheet.shape(len(shown), LEAST_INCHES)
    figure, panels = sheet.panels(down, across, width, HEIGHT)
    # Lines have the same look in all panels.
    told = [key for key in drawn.line if key != panels_by]
    lines = [key for key, _ in rows.groupby(told, sort=True)] if told else [()]
    looks = _looks(rows, lines, told, COLUMNS.get(options.get("colours", ""), options.get("colours")))
    notes, handles, lined = [], {}, False
    for place, value in enumerate(shown):
        own = rows if value is None else rows[rows[panels_by] == value]
        row = list(panels[place]) if drawn.against else [panels[place // across, place % across]]
        for panel, (column, score) in zip(row, _measures(drawn), strict=False):
            _lay_out(panel, drawn, column, score, rows)
        for line, of_line in own.groupby(told, sort=True) if told else [((), own)]:
            handles[line], means = _draw_line(row, of_line, drawn, *looks[line])
            notes.append((row[-1], means))
        if drawn.against is None:
            chance = own.groupby(drawn.x)["chance"].mean()
            lined |= score_axes.draw_chance(row[0], chance.index.map(drawn.places), chance)
            if place % across:
                row[0].tick_params(labelleft=False)
                row[0].set_ylabel("")
        if value is not None:
            row[0].set_title(sheet.wrapped(f"{words(options['panels'])} {_text(value)}", sheet.inside(width, across), 7))
        if drawn.against:
            row[2].margins(0.12)
            row[2].set_xlabel(sheet.wrapped(drawn.against.axis, PAGE / 3 - 0.4, 7))
            row[2].set_ylabel(sheet.wrapped(drawn.score.axis, HEIGHT + 0.3, 7))
    drawn_panels = panels.flat if drawn.against else panels.flat[: len(shown)]
    sheet.leave_out(() if drawn.against else panels.flat[len(shown) :])
    _add_key(figure, rows, told, handles, lined)
    sheet.set_title(figure, options["title"] or _about(drawn))
    sheet.fit(figure, drawn_panels, HEIGHT)
    if drawn.against:
        for panel in dict.fromkeys(panel for panel, _ in notes):
            _note_values(panel, [means for of_panel, means in notes if of_panel is panel])
    return figure, rows.drop(columns=[] if rows["chance"].notna().any() else ["chance"])


def _drawn(runs_file: str, options: dict) -> Drawn:
    """One row per run, line and value of x. Raises StudyError where nothing that `on` chooses has the option and the scores."""
    scores, against, on = selection.named(options, "score"), options.get("against"), options.get("on", {})
    runs = select(stored_runs(runs_file, [*scores, *([against] if against else [])], with_input=False), on)
    runs = runs[(runs["state"] != "input") & (runs["filter"] == "")]
    if not {"epoch", "state"} & on.keys():
        runs = select(runs, {"epoch": selection.LAST})
    x = options["x"]
    known = options["named_options"]
    named = {word: known[word] for word in dict.fromkeys((x, *_words(options))) if word in known}
    for word, told in named.items():
        values = runs[told["column"]].map(told["values"])
        # Text stands in the order of the study: wherever rows are grouped or sorted, as numbers are by size.
        ordered = pd.Categorical(values, told["listed"], ordered=True) if "listed" in told else values
        runs = runs.assign(**{word: ordered})
    runs = runs[runs[[*named]].notna().all(axis=1)]
    missing = [name for name in (*scores, against) if name and name not in set(runs["metric"])]
    if missing:
        raise StudyError(f"nothing that `on` chooses has both {' and '.join(named)} and the score {missing[0]}; widen it")
    if runs["sample"].nunique() > 1:
        raise StudyError(f"the scores are of several samples ({', '.join(sorted(set(runs['sample'])))}); name one under `on`")
    runs = runs.assign(**{column: runs[column].replace(names) for column, names in options.get("alike", {}).items()})
    keys = [COLUMNS.get(word, word) for word in (*named, *_words(options)) if word != x]
    line = list(dict.fromkeys([*ALIKE, *keys]))
    by = [*line, "seed", "sample", x]
    first, second = (runs["metric"] != against, runs["metric"] == against)
    found = _means(runs[first], by).rename(columns={"value": "score"})
    if against:
        without = [key for key in by if key != "metric"]
        found = found.merge(_means(runs[second], without)[[*without, "value"]].rename(columns={"value": "against"}), on=without)
    values = _values(found[x])
    common = options.get("alike", {}).get("metric", {}).get(scores[0])
    if len(scores) > 1 and not common:
        common = options["metrics"][scores[0]].get("entry", "")
    first_measure = replace(measure(options, scores[0]), label=words(common)) if common else measure(options, scores[0])
    measures = (first_measure, measure(options, against) if against else None)
    return Drawn(
        found.sort_values(by, ignore_index=True), x, line, {value: place for place, value in enumerate(values)}, *measures
    )


def _words(options: dict) -> list[str]:
    return [options[option] for option in ("colours", "panels") if options.get(option)]


def _means(runs: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    grouped = runs.groupby(by)
    means = grouped["value"].agg(lambda values: values.mean(skipna=False)).to_frame()
    means["chance"] = grouped["chance"].mean()
    means["degenerate"] = grouped["degenerate"].agg(lambda reasons: next((reason for reason in reasons if reason), ""))
    return means.reset_index()


def _measures(drawn: Drawn) -> list[tuple[str, Measure]]:
    return [("score", drawn.score), *([("against", drawn.against)] if drawn.against else [])]


def _lay_out(panel, drawn: Drawn, column: str, score: Measure, rows: pd.DataFrame) -> None:
    values = list(drawn.places)
    levels = rows["chance"] if column == "score" and drawn.against is None else []
    groups = [own[column] for _, own in rows.groupby([*drawn.line, drawn.x]) if score_axes.has_mean(own)]
    lows, highs = (
        zip(*(interval_within(estimate(own), score.low, score.high) for own in groups), strict=True) if groups else ((), ())
    )
    held = score_axes.with_intervals(rows[column], lows, highs)
    panel.set_ylim(score_axes.limits(score_axes.with_chance(held, levels), score))
    named = [place for place in range(len(values)) if (len(values) - 1 - place) % -(-len(values) // NAMED) == 0]
    panel.set_xticks(named, [_text(values[place]) for place in named])
    panel.set_xlim(-0.3, len(values) - 0.7)
    panel.set_xlabel(words(drawn.x))
    panel.set_ylabel(sheet.wrapped(score.axis, HEIGHT + 0.3, 7))


def _values(column: pd.Series) -> list:
    """The values of a column in order: text of an option in that of the study, names by their letters."""
    return column.drop_duplicates().sort_values().tolist()


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else words(value)


def _looks(rows: pd.DataFrame, lines: list, told: list[str], coloured: str | None) -> dict:
    """Line → its colour and marker. Lines of one colour have markers of their own."""
    if coloured not in told:
        return {line: (colour, MARKERS[0]) for line, colour in zip(lines, colours(len(lines)), strict=True)}
    values = _values(rows[coloured])
    palette = dict(zip(values, colours(len(values)), strict=True))
    looks: dict = {}
    for line in lines:
        colour = palette[line[told.index(coloured)]]
        before = sum(other == colour for other, _ in looks.values())
        looks[line] = (colour, MARKERS[before % len(MARKERS)])
    return looks


def _draw_line(row: list, own: pd.DataFrame, drawn: Drawn, colour, marker: str) -> tuple:
    """Draw one line in all panels of a row: its handle for the key, and its means by the value of x."""
    several = own["seed"].nunique() > 1
    means = own.groupby(drawn.x)[[column for column, _ in _measures(drawn)]].mean()
    for panel, (column, score) in zip(row, _measures(drawn), strict=False):
        for _, run in own.groupby("seed") if several else ():
            score_axes.draw_run(panel, run[drawn.x].map(drawn.places), run[column], run["degenerate"] != "", colour)
        meaned = score_axes.has_mean(own)
        found = (
            {value: interval_within(estimate(runs[column]), score.low, score.high) for value, runs in own.groupby(drawn.x)}
            if meaned
            else {}
        )
        low, high = zip(*(found.get(value, (np.nan, np.nan)) for value in means.index), strict=True)
        score_axes.draw_mean(panel, means.index.map(drawn.places), means[column], low, high, colour, marker=marker)
    if drawn.against:
        row[2].plot(means["against"], means["score"], color=colour, marker=marker, markersize=3, linewidth=1.2)
    return row[0].lines[-1], means


def _add_key(figure: Figure, rows: pd.DataFrame, told: list[str], handles: dict, lined: bool) -> None:
    """Name lines by what tells them apart; one line by its network."""
    apart = [key for key in told if rows[key].nunique() > 1] or ["dataset", "architecture", "activation"]
    labels = []
    for line in handles:
        keys = dict(zip(told, line, strict=True))
        own = rows[(rows[told] == pd.Series(keys)).all(axis=1)] if told else rows
        named = [
            f"{words(key)} {_text(keys[key])}" if key not in (*ALIKE, "layer") else _text(keys[key])
            for key in apart
            if key in keys
        ]
        flagged = int((own["degenerate"] != "").groupby([own[key] for key in RUN]).all().sum())
        runs = len(own[RUN].drop_duplicates())
        labels.append(", ".join([*named, runs_counted(runs, flagged)]))
    sheet.add_key(figure, list(handles.values()), labels)
    flagged = (rows["degenerate"] != "").any()
    sheet.add_key(figure, [*([score_axes.flagged_entry()] if flagged else []), *([score_axes.chance_entry()] if lined else [])])


def _about(drawn: Drawn) -> str:
    if drawn.against:
        names = f"{drawn.score.title} and {drawn.against.label}"
        return f"{names} by {words(drawn.x)}, means over runs, and against each other (numbers are values of {words(drawn.x)})"
    several = drawn.rows["seed"].nunique() > 1
    bands = " with 95 % intervals" if score_axes.has_mean(drawn.rows) else ""
    lines = ", thin lines are runs" if several else ""
    return sentence(
        f"{drawn.score.label} by {words(drawn.x)}: {'means over runs' if several else 'every line is a run'}{bands}{lines}"
    )


def _note_values(panel, courses: list[pd.DataFrame]) -> None:
    """Write the value of x beside each mean of two scores."""
    points = np.concatenate([means[["against", "score"]].to_numpy() for means in courses])
    texts = [_text(value) for means in courses for value in means.index]
    finite = np.isfinite(points).all(axis=1)
    note_points(panel, points[finite], [text for text, known in zip(texts, finite, strict=True) if known])
