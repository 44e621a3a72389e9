"""Which filters of a layer are dead: they answer to next to none of the observations, or hardly."""

from collections import Counter

import numpy as np

# A filter that answers to less than this share of the observations is dead.
LEAST_ANSWERED = 0.01
# So is one whose maps vary less than this share of what those of the layer's median living filter do.
LEAST_VARIANCE = 1e-3


def dead_filters(activations: np.ndarray) -> list[str]:
    """Why each filter of a layer is dead, by its maps alone: one reason a filter, "" for those that live.

    activations: (n, filters, ...), the outputs of a layer for n observations. A filter answers to an observation whose map is
    another than the most frequent one (all zeros after a ReLU). The variance of a filter is that over observations, summed over
    its map. Maps that are not finite make no filter dead: the network has diverged, and is flagged for that.
    """
    n, count = activations.shape[:2]
    reasons, variances = [], np.full(count, np.nan)
    for number in range(count):
        # Adding 0 turns -0 into 0: their bytes differ.
        maps = activations[:, number].reshape(n, -1) + 0.0
        if not np.isfinite(maps).all():
            reasons.append("")
            continue
        answered = n - max(Counter(each.tobytes() for each in maps).values())
        if answered == 0:
            reasons.append("answers to no observation")
        elif answered < LEAST_ANSWERED * n:
            reasons.append(f"answers to {answered:,} of {n:,} observations")
        else:
            reasons.append("")
            variances[number] = maps.var(axis=0, dtype=np.float64).sum()
    if not np.isfinite(variances).any():
        return reasons
    usual = np.nanmedian(variances)
    weak = variances < LEAST_VARIANCE * usual
    return [f"varies {variances[k] / usual:.1g} times as much as usual" if weak[k] else reasons[k] for k in range(count)]
