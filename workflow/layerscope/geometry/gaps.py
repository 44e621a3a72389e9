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
    """The minimum spanning tree of n points. order: (n,) points, each followed by all that are below it.

    sizes: (n,) how many these are and itself, in this order. edges: (n - 1,) how long those from order[1:] to their parents are.
    """

    order: np.ndarray
    sizes: np.ndarray
    edges: np.ndarray


def split_in_two(points: np.ndarray, smallest: float) -> Split:
    """The widest gap in points (n, d) that leaves a share of at least `smallest` (0 to .5) of them on either side.

    Distances are mutual reachability distances (Campello et al. 2013): no less than the distance of either point to its
    fifth neighbour. A gap is an edge of their minimum spanning tree whose removal leaves two such groups, divided by the
    median edge within that group whose median edge is the longer one. The largest of these ratios is about 1 for a single
    cluster of any shape, and for a dense cluster beside points that lie scattered about. NaN, with an empty second group,
    if there is no such edge, all medians are 0, or there are five points or fewer.
    """
    n = len(points)
    none = Split(float("nan"), np.zeros(n, dtype=bool))
    if n <= CORE:
        return none
    tree = _spanning_tree(points)
    smaller = np.minimum(tree.sizes[1:], n - tree.sizes[1:])
    # Of any two groups one has a median of no less than the lower median of all edges but the longest.
    least = float(np.sort(tree.edges)[(n - 3) // 2])
    widest, gap = 0, float("nan")
    for edge in np.argsort(-tree.edges, kind="stable"):
        if least > 0 and tree.edges[edge] / least <= gap:
            break
        if smaller[edge] < smallest * n:
            continue
        below = slice(edge + 1, edge + tree.sizes[edge + 1])
        groups = (tree.edges[below], np.delete(tree.edges, np.r_[edge, below]))
        spacing = max(np.median(group) for group in groups if len(group))
        if spacing > 0 and not tree.edges[edge] / spacing <= gap:
            widest, gap = int(edge) + 1, float(tree.edges[edge] / spacing)
    if np.isnan(gap):
        return none
    second = np.zeros(n, dtype=bool)
    second[tree.order[widest : widest + tree.sizes[widest]]] = True
    return Split(gap, second if second.sum() * 2 <= n else ~second)


def _spanning_tree(points: np.ndarray) -> Tree:
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
    from scipy.spatial.distance import pdist, squareform

    distances = squareform(pdist(points.astype(np.float64)))
    core = np.partition(distances, CORE, axis=1)[:, CORE]
    reach = np.maximum(distances, np.maximum(core[:, None], core[None, :]))
    # SciPy reads a 0 as a missing edge. Adding a constant to all edges does not change the tree.
    shift = float(reach.max()) or 1.0
    tree = minimum_spanning_tree(reach + shift).tocsr()
    _, parents = breadth_first_order(tree, 0, directed=False)
    order = _each_before_those_below(parents)
    sizes = np.ones(len(points), dtype=np.int64)
    place = np.argsort(order)
    for position in range(len(order) - 1, 0, -1):
        sizes[place[parents[order[position]]]] += sizes[position]
    return Tree(order, sizes, np.asarray(reach[order[1:], parents[order[1:]]]))


def _each_before_those_below(parents: np.ndarray) -> np.ndarray:
    """The points of a tree with root 0, each followed by all that are below it."""
    children: list[list[int]] = [[] for _ in parents]
    for point in range(1, len(parents)):
        children[parents[point]].append(point)
    order, waiting = [], [0]
    while waiting:
        order.append(waiting.pop())
        waiting += children[order[-1]]
    return np.array(order)
