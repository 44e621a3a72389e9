"""Shared by figures of scores: axes within a score's bounds, runs and their means, chance, names of layers."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from layerscope.figures.shared.names import Measure, short, words
from layerscope.figures.shared.sheet import inches_of
from layerscope.figures.shared.style import PAGE, SMALLEST
from layerscope.statistics.keys import FEWEST_UNITS, RUN

# Values that lie within this share of a score's range are drawn on a part of it, of no less than LEAST.
WIDE, LEAST = 0.45, 0.2
# Chance is written at the edge where to reach it the axis would have to grow by more than this share.
STRETCH = 0.35
CHANCE: dict = {"color": "0.35", "linewidth": 0.8, "linestyle": (0, (1, 1))}
# More markers than this on a line hide it.
MOST_MARKERS = 12
# The least distance of two names of layers that stand upright, and of two that lean, in inches.
UPRIGHT, LEANING = 0.1, 0.17
LONGEST_LAYER = 16


def limits(values: Iterable[float], score: Measure, whole: bool = False) -> tuple[float, float]:
    """The ends of an axis for the values of a score: its bounds, or round numbers between them where the values lie close.

    whole: the bounds in any case, for figures that are compared with others of the score.
    """
    found = np.asarray([value for value in values if np.isfinite(value)], dtype=float)
    low, high = (score.low, score.high)
    if low is not None and high is not None and (whole or not len(found) or np.ptp(found) > WIDE * (high - low)):
        return low, high
    if not len(found):
        return (low, low + 1) if low is not None else (high - 1, high) if high is not None else (0.0, 1.0)
    lowest, highest = found.min(), found.max()
    if low is not None and (whole or (high is None and lowest - low < 0.5 * (highest - low))):
        lowest = low
    least = LEAST * (high - low) if low is not None and high is not None else 0.1 * max(abs(lowest), abs(highest)) or 1.0
    spare = max(0.05 * (highest - lowest), (least - (highest - lowest)) / 2)
    ticks = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(lowest - spare, highest + spare)
    ends = float(ticks[0]), float(ticks[-1])
    return max(ends[0], low) if low is not None else ends[0], min(ends[1], high) if high is not None else ends[1]


def with_chance(values: Iterable[float], chance: Iterable[float]) -> list[float]:
    """The values that an axis must hold: chance too, unless it lies so far off that it would squeeze the others."""
    found, level = ([value for value in numbers if np.isfinite(value)] for numbers in (values, chance))
    if not found or not level:
        return found
    low, high = min(found), max(found)
    span = high - low or 1.0
    near = low - min(level) <= STRETCH * span and max(level) - high <= STRETCH * span
    return found + level if near else found


def with_intervals(values: Iterable[float], low: Iterable[float], high: Iterable[float]) -> list[float]:
    """The values that an axis must hold: the ends of intervals too, but none so far off that it would squeeze the others."""
    found = [value for value in values if np.isfinite(value)]
    if not found:
        return found
    spare = STRETCH * (max(found) - min(found) or 1.0)
    lows, highs = ([end for end in ends if np.isfinite(end)] for ends in (low, high))
    return [*found, *(max(end, min(found) - spare) for end in lows), *(min(end, max(found) + spare) for end in highs)]


def draw_chance(panel, places: Sequence[float], chance: Sequence[float]) -> bool:
    """Draw the chance level as a dotted line, or write it at the edge beyond which it lies. Returns whether it is a line."""
    level = np.asarray(chance, dtype=float)
    if not len(level) or not np.isfinite(level).all():
        return False
    low, high = panel.get_ylim()
    if (level >= low).all() and (level <= high).all():
        panel.plot(places, level, label="chance", **CHANCE)
        return True
    below = level.mean() < low
    drawn = [line.get_xydata() for line in panel.lines if len(line.get_xdata()) > 1] or [np.zeros((0, 2))]
    points = np.concatenate(drawn)
    middle = np.mean(panel.get_xlim())
    sides = [points[points[:, 0] <= middle, 1], points[points[:, 0] > middle, 1]]
    room = [(np.nanmin(side) - low if below else high - np.nanmax(side)) if len(side) else high - low for side in sides]
    on_left = room[0] >= room[1]
    text = panel.text(
        0.02 if on_left else 0.98,
        0.02 if below else 0.98,
        f"{'↓' if below else '↑'} chance {level.mean():.2g}",
        transform=panel.transAxes,
        ha="left" if on_left else "right",
        va="bottom" if below else "top",
        fontsize=SMALLEST,
        color=CHANCE["color"],
    )
    text.set_path_effects([withStroke(linewidth=1.5, foreground="white")])
    return False


def draw_run(panel, x, y, flagged, color, linestyle="-", marker="o", alone: bool = False) -> None:
    """Draw one run as a thin line, with hollow markers where it is flagged.

    x, y, flagged: a number, a score and a bool at each point. alone: whether no mean is drawn, so that runs have markers.
    """
    x, y, flagged = np.asarray(x, dtype=float), np.asarray(y, dtype=float), np.asarray(flagged, dtype=bool)
    width, alpha = (0.9, 0.9) if alone else (0.5, 0.6)
    panel.plot(x, y, color=color, linestyle=linestyle, linewidth=width, alpha=alpha, clip_on=False, zorder=2)
    every = -(-len(x) // MOST_MARKERS)
    shown = np.arange(len(x)) % every == 0
    for which, face, above in ((~flagged & shown & alone, color, 3), (flagged & shown, "white", 5)):
        if which.any():
            panel.plot(
                x[which],
                y[which],
                linestyle="none",
                marker=marker,
                markersize=2.6,
                markerfacecolor=face,
                markeredgecolor=color,
                markeredgewidth=0.6,
                clip_on=False,
                zorder=above,
            )


def draw_mean(panel, x, mean, low, high, color, linestyle="-", marker: str | None = None) -> None:
    """Draw the mean over runs as a thick line, with its interval where there is one, within the panel."""
    x, mean, low, high = (np.asarray(values, dtype=float) for values in (x, mean, low, high))
    every = -(-max(len(x), 1) // MOST_MARKERS)
    panel.plot(
        x,
        mean,
        color=color,
        linestyle=linestyle,
        linewidth=1.2,
        marker=marker,
        markersize=3,
        markevery=every,
        clip_on=False,
        zorder=4,
    )
    if np.isfinite(low).any():
        panel.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0, zorder=1)


def has_mean(runs: pd.DataFrame) -> bool:
    """Whether there are enough runs for a mean with an interval; of fewer, the runs themselves are drawn."""
    return runs["seed"].nunique() >= FEWEST_UNITS


def flagged_entry() -> Line2D:
    """What a flagged run looks like, for a key."""
    return Line2D(
        [],
        [],
        color="0.4",
        linestyle="none",
        marker="o",
        markersize=3,
        markerfacecolor="white",
        label="flagged run",
    )


def chance_entry() -> Line2D:
    """What chance looks like, for a key."""
    return Line2D([], [], label="chance", **CHANCE)


def flagged_runs(runs: pd.DataFrame) -> int:
    """How many runs are flagged throughout: in all rows but those of the input."""
    own = runs[runs["state"] != "input"] if "state" in runs else runs
    return int((own["degenerate"] != "").groupby(own["seed"]).all().sum())


def flagged_networks(runs: pd.DataFrame) -> set[tuple]:
    """The RUN of networks that are flagged at their last snapshot in all their rows."""
    last = runs[runs["epoch"] == runs.groupby(RUN)["epoch"].transform("max")]
    throughout = (last["degenerate"] != "").groupby([last[key] for key in RUN]).all()
    return set(throughout[throughout].index)


def width_for(layers: int, usual: float) -> float:
    """The least inches of a panel with so many layers: `usual`, or what their upright names take, up to a third."""
    return max(usual, min(PAGE / 3, UPRIGHT * layers + 0.5))


def name_layers(panel, depths: Sequence[float], layers: Sequence[str], inches: float, span: float | None = None) -> None:
    """Name the layers below a panel of about so many inches, as many as have room; the last one always.

    span: how many layers the width of the panel stands for; None for those that are named, with a margin.
    """
    names = [short(words(layer), LONGEST_LAYER) for layer in layers]
    places = np.asarray(depths, dtype=float)
    gaps = np.diff(places).min() if len(places) > 1 else 1.0
    margin = 0.05 * (places[-1] - places[0]) or 0.5
    span = span or places[-1] - places[0] + 2 * margin
    spacing = gaps / span * inches
    across = max(inches_of(name, SMALLEST) for name in names) + 0.06
    turned: dict
    if spacing >= across:
        turned = {"rotation": 0}
        least = across
    elif spacing >= LEANING:
        turned = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
        least = LEANING
    else:
        turned = {"rotation": 90}
        least = UPRIGHT
    kept: list[int] = []
    for number in range(len(places) - 1, -1, -1):
        if not kept or (places[kept[-1]] - places[number]) / span * inches >= least:
            kept.append(number)
    kept.reverse()
    panel.set_xticks(places[kept], [names[number] for number in kept], **turned)
    panel.set_xticks(places, minor=True)
    panel.set_xlim(places[0] - margin, places[-1] + margin)


def logarithmic(panel, which: str = "y") -> None:
    """Give a panel a logarithmic axis with plain numbers, such as 0.2: several whatever the range, and none too many."""
    getattr(panel, f"set_{which}scale")("log")
    axis = getattr(panel, f"{which}axis")
    low, high = sorted(axis.get_view_interval())
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    ratio = high / max(low, 1e-300)
    if ratio < 8:
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    else:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if ratio < 300 else (1,), numticks=7))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
