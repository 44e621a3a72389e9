"""Whether points fall into two clusters: the widest gap that parts them into two large groups.

The paper's finding is that a network tells apart what it need not: dark digits on light ground from light ones on dark. A
class is then seen as two clusters in the plane.
"""

from dataclasses import dataclass

import numpy as np

# Neighbours that make a place dense: bridges of single points between clusters, and points far from all, count for little.
CORE = 5


@dataclass(frozen=True)
class Split:
    """gap: the width of the gap over the median spacing of the points. second: (n,) bool, the smaller of the two groups."""

    gap: float
    second: np.ndarray


def split_in_two(points: np.ndarray, smallest: float) -> Split:
    """The widest gap in points (n, d) that leaves a share of at least `smallest` (0 to .5) of them on either side.

    Distances are those of mutual reachability (Campello et al. 2013): no less than the distance of either point to its
    fifth neighbour. The gap is the longest edge of their minimum spanning tree that parts the points so, over the
    median edge: somewhat above 1 for one cluster of any shape. NaN, and no second group, where no edge does, or the
    median edge is 0.
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
    # The graph has no edge where its matrix is 0; a constant on all edges changes no tree.
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
