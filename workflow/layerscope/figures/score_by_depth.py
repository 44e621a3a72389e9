"""One score against depth: a thin line per run, the mean with its interval, the chance level."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerscope.errors import StudyError
from layerscope.figures.shared import score_axes, sheet
from layerscope.figures.shared.names import IN_THE_LAYER, draws_counted, measure, network_title, runs_of_lines, words
from layerscope.figures.shared.style import STATE_LINES, STATE_MARKERS, colours
from layerscope.statistics.estimates import estimate
from layerscope.statistics.keys import FEWEST_UNITS, FILTER_MEAN, LIVING_MEAN, NETWORK
from layerscope.statistics.order import by_number
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.statistics.summaries import by_state, summarise
from layerscope.store.reads import Reads

FIGURE = {
    "description": "One score against depth. One line a run, the mean with its interval, the chance level.",
    "reads": ("runs",),
    "needs": ("metrics", "control_networks"),
    "scores_of": "layers",
    "parts_by": {"filters": {False: ("whole",), True: ("whole", "means")}},
    "names_options": {"colours": ("activation",)},
    "required": ("score",),
    "by_default": {
        "hit_by_depth": {"score": "neighborhood_hit"},
        "separation_by_depth": {"score": "d_same"},
        "kl_by_depth": {"score": "kl"},
        "probe_by_depth": {"score": "linear_probe"},
        "saturation_by_depth": {"score": "saturation"},
    },
    "options": {
        "score": {"$ref": "#/$defs/score_name"},
        "filters": {
            "description": "Layers of which filters are scored by their mean over filters, with and without degenerate ones.",
            "type": "boolean",
            "default": False,
        },
        "colours": {
            "description": "What colours tell apart: the activation function, or an option that varies (`vary`) beside it.",
            "type": "string",
            "default": "activation",
        },
        "controls": {
            "description": "Controls to draw in grey (`controls` of a grid), at their last snapshots.",
            "type": "array",
            "uniqueItems": True,
            "items": {"$ref": "#/$defs/control"},
            "default": [],
        },
    },
}
# Control → its grey and its dashes.
CONTROL_LOOKS: dict[str, dict] = {
    "untrained": {"color": "0.25", "linestyle": (0, (5, 1.5))},
    "shuffled_labels": {"color": "0.4", "linestyle": (0, (3, 1, 1, 1))},
    "noise": {"color": "0.55", "linestyle": (0, (8, 3))},
    "random_projection": {"color": "0.65", "linestyle": (0, (6, 2, 1, 2, 1, 2))},
}

# The least width of a panel, and the height of one.
LEAST_INCHES, HEIGHT = 1.35, 1.15


def draw(reads: Reads, options: dict) -> tuple[Figure, pd.DataFrame]:
    """Spaces down, architectures on datasets across, in further bands where they do not fit.

    Colours are activation functions, or values of an option, which then stand in the table's column activation; line styles are
    states. Thick lines are means over three runs or more with 95 % intervals; fewer runs are drawn alone. Flagged runs are
    hollow, controls grey. With `filters`, a layer whose filters are scored is shown by the mean over them, degenerate ones
    included; hollow markers are the mean without these. Other layers are scored as a whole.
    """
    runs = select(stored_runs(reads.runs[0], [options["score"]]), options.get("on", {}))
    runs = _means_over_filters(runs) if options["filters"] else runs[runs["filter"] == ""]
    runs = runs[runs["depth"].notna()]
    if runs.empty:
        raise StudyError(f"no rows of {options['score']} have a depth in what `on` chooses; widen it")
    score = measure(options, options["score"])
    beside = {
        name: of for name, of in options.get("control_networks", {}).items() if of["control"] in options.get("controls", [])
    }
    runs, controls = _apart(runs, beside)
    runs, places = _coloured(runs, options)
    controls, _ = _coloured(controls, options)
    runs = by_state(runs)
    summary = summarise(runs)
    spaces = list(runs[["space", "sample"]].drop_duplicates().itertuples(index=False, name=None))
    # The layers themselves come first, then embeddings.
    spaces.sort(key=lambda one: (one[0] not in IN_THE_LAYER, by_number(one[0]), one[1]))
    several_samples = runs["sample"].nunique() > 1
    pairs = runs[["dataset", "architecture"]].drop_duplicates().itertuples(index=False, name=None)
    networks = sorted(pairs, key=lambda pair: [by_number(name) for name in pair])
    most = runs.groupby("architecture")["layer"].nunique().max()
    bands, across, width = sheet.shape(len(networks), score_axes.width_for(most, LEAST_INCHES))
    figure, panels = sheet.panels(bands * len(spaces), across, width, HEIGHT)
    activations = sorted(runs["activation"].unique(), key=lambda name: (places.get(name, 0), name))
    palette = dict(zip(activations, colours(len(activations)), strict=True))
    values = pd.concat([runs, controls])
    ends = {space: score_axes.limits(_shown(values, summary, space, score), score) for space in spaces}
    if score.low is not None and score.high is not None:
        # Of a score with bounds all panels have one scale, so that spaces can be compared.
        ends = dict.fromkeys(spaces, (min(low for low, _ in ends.values()), max(high for _, high in ends.values())))
    lined = False
    for place, (dataset, architecture) in enumerate(networks):
        for row, (space, sample) in enumerate(spaces):
            panel = panels[place // across * len(spaces) + row, place % across]
            key = {"space": space, "sample": sample, "dataset": dataset, "architecture": architecture}
            own, means = (frame[(frame[list(key)] == pd.Series(key)).all(axis=1)] for frame in (runs, summary))
            living = means["filter"] == LIVING_MEAN
            layers = own[["depth", "layer"]].drop_duplicates().sort_values("depth")
            if len(layers):
                score_axes.name_layers(panel, layers["depth"], layers["layer"], sheet.inside(width, across))
            panel.set_ylim(ends[space, sample])
            of_panel = controls.assign(architecture=controls["of"])
            _draw_controls(panel, of_panel[(of_panel[list(key)] == pd.Series(key)).all(axis=1)])
            _draw_panel(panel, own[own["filter"] != LIVING_MEAN], means[~living], palette)
            _draw_living(panel, means[living], palette)
            chance = means.groupby("depth")["chance"].mean()
            lined |= score_axes.draw_chance(panel, chance.index, chance)
            if row == 0:
                of_network = runs[(runs["dataset"] == dataset) & (runs["architecture"] == architecture)]
                panel.set_title(_heading(dataset, architecture, of_network, sheet.inside(width, across)))
            if row < len(spaces) - 1:
                panel.tick_params(labelbottom=False)
            if place % across:
                panel.tick_params(labelleft=False)
            else:
                told = [part for part in (score.where(space), words(sample) if several_samples else "") if part]
                # Labels below each other must not meet.
                beyond = 0.3 if bands * len(spaces) == 1 else 0.0
                panel.set_ylabel("\n".join([sheet.wrapped(score.axis, HEIGHT + beyond, 7), *told]))
    sheet.leave_out(panels[-len(spaces) :, len(networks) - (bands - 1) * across :].flat)
    _add_keys(figure, runs, palette, lined)
    drawn = [control for control in CONTROL_LOOKS if (controls["control"] == control).any()]
    looks = [Line2D([], [], linewidth=1, label=f"control: {words(name)}", **CONTROL_LOOKS[name]) for name in drawn]
    sheet.add_key(figure, looks)
    averaged = ", layers of filters by the mean over them" if options["filters"] else ""
    meaned = "means over runs with 95 % intervals, thin lines are runs" if _any_mean(runs) else "every line is a run"
    sheet.set_title(figure, options["title"] or f"{score.title} by depth{averaged}: {meaned}{draws_counted(runs['draws'])}")
    sheet.fit(figure, [panel for panel in panels.flat if panel.axison], HEIGHT)
    return figure, summary if controls.empty else pd.concat([summary, summarise(controls)], ignore_index=True)


def _coloured(runs: pd.DataFrame, options: dict) -> tuple[pd.DataFrame, dict[str, int]]:
    """Rows with the value of the option that colours tell apart in the place of the activation, and the places of these in order.

    What differs in this option alone has one name then.
    """
    word = options.get("colours", "activation")
    told = options.get("named_options", {}).get(word)
    if told is None:
        return runs, {}
    values = runs[told["column"]].map(told["values"])
    runs, values = runs[values.notna()], values[values.notna()]
    labels = [f"{word} {value:g}" if isinstance(value, float) else f"{word} {value}" for value in values]
    if runs["activation"].nunique() > 1:
        labels = [f"{name}, {label}" for name, label in zip(runs["activation"], labels, strict=True)]
    listed = told.get("listed") or sorted(set(values))
    alike = {column: runs[column].replace(names) for column, names in options["alike"].items()}
    if "of" in runs:
        alike["of"] = runs["of"].replace(options["alike"].get("architecture", {}))
    return runs.assign(activation=labels, **alike), {
        label: listed.index(value) for label, value in zip(labels, values, strict=True)
    }


def _apart(runs: pd.DataFrame, told: dict[str, dict]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of networks, and those of controls: input and last snapshots; of controls alone, these are the networks.

    told: architecture of a control → which `control` it is, and `of` which architecture; both become columns.
    """
    are_controls = runs["architecture"].isin(told) & ~runs["architecture"].isin(told).all()
    of_controls, is_input = runs[are_controls], runs.loc[are_controls, "state"] == "input"
    controls = pd.concat([of_controls[is_input], select(of_controls[~is_input], {"epoch": "last"})])
    columns = {key: controls["architecture"].map({name: about[key] for name, about in told.items()}) for key in ("control", "of")}
    return runs[~are_controls], controls.assign(**columns)


def _draw_controls(panel, controls: pd.DataFrame) -> None:
    for (control, _), own in controls.groupby(["control", "activation"]):
        look = CONTROL_LOOKS[control]
        if not score_axes.has_mean(own):
            for _, run in own.groupby("seed"):
                run = run.sort_values("depth")
                panel.plot(run["depth"], run["value"], linewidth=0.8, zorder=1.5, **look)
            continue
        means = own.groupby("depth")["value"].agg(estimate)
        low, high = ([getattr(found, end) for found in means] for end in ("low", "high"))
        bounds = own["lowest"].max(), own["highest"].min()
        panel.plot(means.index, [found.mean for found in means], linewidth=1, zorder=1.5, **look)
        panel.fill_between(
            means.index, np.clip(low, *bounds), np.clip(high, *bounds), color=look["color"], alpha=0.12, linewidth=0
        )


def _shown(runs: pd.DataFrame, summary: pd.DataFrame, space: tuple, score) -> list[float]:
    """The values that the axis of one space must hold: runs and intervals, and chance where it is near."""
    own, means = (frame[(frame["space"] == space[0]) & (frame["sample"] == space[1])] for frame in (runs, summary))
    told = means[means["n_runs"] >= FEWEST_UNITS]
    held = score_axes.with_intervals(own["value"], told["interval_low"], told["interval_high"])
    return score_axes.with_chance(held, means["chance"])


def _heading(dataset: str, architecture: str, runs: pd.DataFrame, inches: float) -> str:
    of_networks = runs[runs["state"] != "input"]
    counts = of_networks.groupby("activation")["seed"].nunique()
    flagged = sum(
        score_axes.flagged_runs(own) for _, own in of_networks[of_networks["state"] != "untrained"].groupby("activation")
    )
    return sheet.wrapped(network_title(dataset, architecture), inches, 7) + f"\n{runs_of_lines(counts, flagged)}"


def _any_mean(runs: pd.DataFrame) -> bool:
    groups = runs[runs["state"] != "input"].groupby(["dataset", "architecture", "activation"])
    return any(score_axes.has_mean(own) for _, own in groups)


def _add_keys(figure: Figure, runs: pd.DataFrame, palette: dict, lined: bool) -> None:
    if len(palette) > 1:
        handles = [Line2D([], [], color=colour, linewidth=1.2) for colour in palette.values()]
        sheet.add_key(figure, handles, [words(name) for name in palette])
    colour = next(iter(palette.values())) if len(palette) == 1 else "0.4"
    states = [state for state in STATE_LINES if (runs["state"] == state).any()]
    entries = [
        Line2D(
            [],
            [],
            color=colour,
            linewidth=1,
            linestyle=STATE_LINES[state],
            marker=STATE_MARKERS[state],
            markersize=3,
            label=state,
        )
        for state in states
    ]
    if (runs["filter"] == LIVING_MEAN).any():
        label = "without degenerate filters"
        entries += [Line2D([], [], linestyle="none", marker="D", markersize=5, markerfacecolor="none", color=colour, label=label)]
    if (runs.loc[runs["state"] != "input", "degenerate"] != "").any():
        entries.append(score_axes.flagged_entry())
    entries += [score_axes.chance_entry()] if lined else []
    sheet.add_key(figure, entries)


def _means_over_filters(runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of means over filters for layers whose filters are scored, and of whole layers for the others."""
    by_layer = [*NETWORK, "sample", "space", "layer"]
    of_filters = runs[runs["filter"].isin([FILTER_MEAN, LIVING_MEAN])]
    averaged = pd.MultiIndex.from_frame(runs[by_layer]).isin(pd.MultiIndex.from_frame(of_filters[by_layer]))
    return pd.concat([runs[(runs["filter"] == "") & ~averaged], of_filters], ignore_index=True)


def _draw_living(panel, means: pd.DataFrame, palette: dict) -> None:
    for (activation, state), own in means.groupby(["activation", "state"]):
        panel.plot(
            own["depth"],
            own["mean"],
            linestyle="none",
            marker="D",
            markersize=5,
            markerfacecolor="none",
            markeredgecolor=palette[activation],
            label=f"{words(activation)}, {state}, without degenerate filters",
        )


def _draw_panel(panel, runs: pd.DataFrame, summary: pd.DataFrame, palette: dict) -> None:
    for (activation, state), lines in runs[runs["state"] != "input"].groupby(["activation", "state"]):
        style = {"color": palette[activation], "linestyle": STATE_LINES[state], "marker": STATE_MARKERS[state]}
        start = runs[(runs["state"] == "input") & (runs["activation"] == activation)]
        mean = score_axes.has_mean(lines)
        for seed, line in lines.groupby("seed"):
            whole = pd.concat([start[start["seed"] == seed], line]).sort_values("depth")
            flagged = (whole["degenerate"] != "") & (whole["state"] != "input")
            score_axes.draw_run(panel, whole["depth"], whole["value"], flagged, alone=not mean, **style)
        if mean:
            means = summary[(summary["activation"] == activation) & summary["state"].isin([state, "input"])].sort_values("depth")
            low, high = (means[bound].where(means["n_runs"] >= FEWEST_UNITS) for bound in ("interval_low", "interval_high"))
            score_axes.draw_mean(panel, means["depth"], means["mean"], low, high, **style)
