"""How many networks, draws and embeddings an interval of a given width takes, from the components of variance."""

from collections.abc import Iterator

import numpy as np

from layerscope.statistics.components import Components
from layerscope.statistics.estimates import CONFIDENCE
from layerscope.statistics.keys import FEWEST_UNITS

# More networks, draws and embeddings than these are not looked at.
MOST_NETWORKS, MOST_DRAWS, MOST_EMBEDDINGS = 1000, 50, 20


def half_width(found: Components, networks: int, draws: int, embeddings: int) -> float:
    """Half the 95 % interval of the mean over so many networks, draws and embeddings of each: t √variance.

    The degrees of freedom are those of Satterthwaite (1946) for that many. Components that are not known count as 0: with one
    draw, what samples add is in no interval. Infinite for one network, or one draw where samples are known to differ.
    """
    from scipy.stats import t

    cells = networks * draws
    within = np.nan_to_num(found.both) / cells + np.nan_to_num(found.embedding) / (cells * embeddings)
    parts = [
        (np.nan_to_num(found.network) / networks, networks - 1),
        (np.nan_to_num(found.draw) / draws, draws - 1),
        (within, (networks - 1) * max(1, draws - 1)),
    ]
    vary = [(variance, degrees) for variance, degrees in parts if variance > 0]
    if networks < 2 or any(not degrees for _, degrees in vary):
        return float("inf")
    variance = sum(part for part, _ in vary)
    if not variance:
        return 0.0
    degrees = variance**2 / sum(part**2 / freedom for part, freedom in vary)
    return float(t.ppf((1 + CONFIDENCE) / 2, degrees) * variance**0.5)


def needed(found: Components, within: float) -> tuple[int, int, int] | None:
    """The fewest networks, with these the fewest draws, with these the fewest embeddings, that make an interval of ± `within`.

    Networks cost most, since they are trained; draws and embeddings only look at them again. None where 1,000 networks, 50 draws
    and 20 embeddings are too few, and for components of one network. Draws and embeddings of which the study has one are kept at
    one: what more of them would gain is not known.
    """
    if not np.isfinite(found.network):
        return None
    draws = MOST_DRAWS if np.isfinite(found.draw) else 1
    embeddings = MOST_EMBEDDINGS if np.isfinite(found.embedding) else 1

    def first(counts: Iterator[tuple[int, int, int]]) -> tuple[int, int, int] | None:
        return next((count for count in counts if half_width(found, *count) <= within), None)

    if (most := first((networks, draws, embeddings) for networks in range(FEWEST_UNITS, MOST_NETWORKS + 1))) is None:
        return None
    networks = most[0]
    if (fewer := first((networks, count, embeddings) for count in range(1, draws + 1))) is None:
        return most
    return first((networks, fewer[1], count) for count in range(1, embeddings + 1)) or fewer
