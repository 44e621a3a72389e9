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
    """gap: the width of the gap over the spacing of the points beside it. second: (n,) bool, the smaller of the two groups."""

    gap: float
    second: np.ndarray


@dataclass(frozen=True)
class Tree:
    """The minimum spanning tree of n points. order: (n,) points, each after its parent. parents: (n,) that of every point.

    edges: (n - 1,) the lengths of the edges from order[1:] to their parents.
    """

    order: np.ndarray
    parents: np.ndarray
    edges: np.ndarray


def split_in_two(points: np.ndarray, smallest: float) -> Split:
    """The widest gap in points (n, d) that leaves a share of at least `smallest` (0 to .5) of them on either side.

    Distances are mutual reachability distances (Campello et al. 2013): no less than the distance of either point to its
    fifth neighbour. The gap is the longest edge of their minimum spanning tree whose removal leaves two such groups, divided
    by the median edge within that group whose median edge is the longer one: about 1 for a single cluster of any shape,
    and for a dense cluster beside points that lie scattered about. NaN, with an empty second group, if there is no
    such edge, both medians are 0, or there are five points or fewer.
    """
    n = len(points)
    none = Split(float("nan"), np.zeros(n, dtype=bool))
    if n <= CORE:
        return none
    tree = _spanning_tree(points)
    order, parents, edges = tree.order, tree.parents, tree.edges
    sizes = np.ones(n, dtype=np.int64)
    for point in order[:0:-1]:
        sizes[parents[point]] += sizes[point]
    smaller = np.minimum(sizes[order[1:]], n - sizes[order[1:]])
    balanced = smaller >= smallest * n
    if not balanced.any():
        return none
    longest = int(np.flatnonzero(balanced)[edges[balanced].argmax()])
    below = np.zeros(n, dtype=bool)
    below[order[1 + longest]] = True
    for point in order[1:]:
        below[point] |= below[parents[point]]
    inside = np.delete(edges, longest)
    is_below = np.delete(below[order[1:]], longest)
    spacing = max(np.median(group) for group in (inside[is_below], inside[~is_below]) if len(group))
    if spacing == 0:
        return none
    return Split(float(edges[longest] / spacing), below if below.sum() * 2 <= n else ~below)


def _spanning_tree(points: np.ndarray) -> Tree:
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
    from scipy.spatial.distance import pdist, squareform

    distances = squareform(pdist(points.astype(np.float64)))
    core = np.partition(distances, CORE, axis=1)[:, CORE]
    reach = np.maximum(distances, np.maximum(core[:, None], core[None, :]))
    # SciPy reads a 0 as a missing edge. Adding a constant to all edges does not change the tree.
    shift = float(reach.max()) or 1.0
    tree = minimum_spanning_tree(reach + shift).tocsr()
    order, parents = breadth_first_order(tree, 0, directed=False)
    return Tree(order, parents, np.asarray(reach[order[1:], parents[order[1:]]]))
