"""Which observations of a sample the explorer draws: all, or a part of each class where there are more than a browser moves."""

import numpy as np

# A browser without a GPU still pans and lights up this many points in eight panels without a visible delay.
LARGEST = 5000


def drawn_positions(labels: np.ndarray | None, n: int) -> np.ndarray:
    """The positions (drawn,) int64, ascending, of the observations that are drawn of a sample of n.

    labels: (n,) int, None where there are no classes. Of more than LARGEST a random part of each class is drawn, in the
    proportions of the classes and at least one of each; it depends on the labels alone, so all networks show the same ones.
    """
    if n <= LARGEST:
        return np.arange(n)
    groups = np.zeros(n, int) if labels is None else np.unique(labels, return_inverse=True)[1]
    generator = np.random.default_rng(0)
    chosen = [
        generator.permutation(np.flatnonzero(groups == group))[:share] for group, share in enumerate(_shares(np.bincount(groups)))
    ]
    return np.sort(np.concatenate(chosen))


def _shares(sizes: np.ndarray) -> np.ndarray:
    """How many of each class are drawn: its share of LARGEST, the remainder to those that lost most by rounding down."""
    exact = sizes * LARGEST / sizes.sum()
    shares = np.maximum(1, exact.astype(int))
    for group in np.argsort(shares - exact, kind="stable")[: max(0, LARGEST - shares.sum())]:
        shares[group] += 1
    return shares
