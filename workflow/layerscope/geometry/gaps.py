"""Whether points fall into two clusters: the widest gap that separates them into two large groups.

Rauber et al. (2017) found that a network separates what it need not: dark digits on a light background from light digits on
a dark one. Such a class appears as two clusters in the plane.
"""

from dataclasses import dataclass

import numpy as np

# Mutual reachability uses the distance to this neighbour: outliers and bridges of single points then count for little.
CORE = 5


@dataclass(frozen=True)
class Split:
    """gap: the width of the gap over the median spacing of the points. second: (n,) bool, the smaller of the two groups."""

    gap: float
    second: np.ndarray


def split_in_two(points: np.ndarray, smallest: float) -> Split:
    """The widest gap in points (n, d) that leaves a share of at least `smallest` (0 to .5) of them on either side.

    Distances are mutual reachability distances (Campello et al. 2013): no less than the distance of either point to its
    fifth neighbour. The gap is the longest edge of their minimum spanning tree whose removal leaves two such groups, divided
    by the median edge: somewhat above 1 for a single cluster of any shape. NaN, with an empty second group, if there is no
    such edge, the median edge is 0, or there are five points or fewer.
    """
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
    from scipy.spatial.distance import pdist, squareform

    n = len(points)
    none = Split(float("nan"), np.zeros(n, dtype=bool))
    if n <= CORE:
        return none
    distances = squareform(pdist(points.astype(np.float64)))
    core = np.partition(distances, CORE, axis=1)[:, CORE]
    reach = np.maximum(distances, np.maximum(core[:, None], core[None, :]))
    # SciPy reads a 0 as a missing edge. Adding a constant to all edges does not change the tree.
    shift = float(reach.max()) or 1.0
    tree = minimum_spanning_tree(reach + shift).tocsr()
    order, parents = breadth_first_order(tree, 0, directed=False)
    edges = np.asarray(reach[order[1:], parents[order[1:]]])
    sizes = np.ones(n, dtype=np.int64)
    for point in order[:0:-1]:
        sizes[parents[point]] += sizes[point]
    smaller = np.minimum(sizes[order[1:]], n - sizes[order[1:]])
    balanced = smaller >= smallest * n
    spacing = float(np.median(edges))
    if not balanced.any() or spacing == 0:
        return none
    longest = int(np.flatnonzero(balanced)[edges[balanced].argmax()])
    below = np.zeros(n, dtype=bool)
    below[order[1 + longest]] = True
    for point in order[1:]:
        below[point] |= below[parents[point]]
    return Split(float(edges[longest] / spacing), below if below.sum() * 2 <= n else ~below)
