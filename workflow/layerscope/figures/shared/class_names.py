"""Where the names of classes stand among the points of an embedding: on their own points, in each of two clusters, apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from layerscope.figures.shared.names import plain, short
from layerscope.figures.shared.placing import AROUND, box_at, is_free, size_of, write
from layerscope.geometry.gaps import split_in_two
from layerscope.geometry.neighbors import nearest_neighbors

# A class whose hit is below this many times chance lies among the others.
MIXED = 2.0
# The neighbours of the neighborhood hit, as Rauber et al. (2017) count them.
NEIGHBORS = 6
# A class falls into two clusters from this gap on, each with this share of it or more (see the score split_classes).
GAP, SMALLEST_HALF = 2.0, 0.2
# Of a class so many points are looked at, of all classes so many; those left out lie among them.
MOST_OWN, MOST = 200, 4000
# The share of a panel's side within which points count as near, and the largest share of points of others under a name.
NEAR, FOREIGN = 0.05, 0.25
# The share of the greatest density of a cluster at which its name may still stand: an outlier says nothing of it.
DENSE = 0.5
# Steps, in the height of a name, in which a place beside the densest point is looked for.
STEPS = (-0.6, 0.0, 0.8)
# The share of a cluster that lies near its densest point, from which on its name may stand beside it instead of on it.
GATHERED = 0.5
# Names of a class are so many times the longer of their width and twice their height apart, from middle to middle.
APART = 1.25
# The share of the points of a cluster that its name may hide.
HIDDEN = 0.4


def hits(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) for each point (n, 2) the share of its six nearest others that have its label; NaN where there are no others."""
    k = min(NEIGHBORS, len(points) - 1)
    if k < 1:
        return np.full(len(points), np.nan)
    neighbors, _ = nearest_neighbors(points, k)
    return (labels[neighbors] == labels[:, None]).mean(axis=1)


def _hits_of_coincident(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """As hits; where more than six others lie at the place of a point, as of a dead filter, the share is that of all of them.

    Which six of these are the nearest is the order of the file, and tells nothing of a class.
    """
    found = hits(points, labels)
    _, place, there = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    _, pair, alike = np.unique(np.column_stack([place.ravel(), labels]), axis=0, return_inverse=True, return_counts=True)
    others, of_class = there[place.ravel()] - 1, alike[pair.ravel()] - 1
    crowded = others > NEIGHBORS
    found[crowded] = of_class[crowded] / others[crowded]
    return found


def is_mixed(hit: float, count: int, total: int) -> bool:
    """Whether a class of `count` points among `total` is spread among the others: its hit is below twice chance.

    With few classes, where twice chance can be out of reach, the bound is a quarter of the way from chance to 1. The hit of a
    class of fewer than seven points is taken over what it can be at most.
    """
    reachable = min(1.0, (count - 1) / min(NEIGHBORS, max(total - 1, 1)))
    if reachable == 0 or not np.isfinite(hit):
        return False
    chance = (count - 1) / (total - 1)
    return hit / reachable < min(MIXED * chance, chance + (1 - chance) / 4)


def told_below(points: np.ndarray, labels: np.ndarray, wrong: np.ndarray | None = None) -> str:
    """What stands below an embedding: its neighborhood hit, and the network's accuracy. wrong: (n,) bool, None if unknown."""
    if not np.isfinite(points).all():
        return ""
    hit = hits(points, labels)
    told = [f"neighborhood hit {hit.mean():.2f}"] if np.isfinite(hit).all() and len(hit) else []
    return ", ".join(told + ([] if wrong is None else [f"accuracy {1 - wrong.mean():.2f}"]))


@dataclass(frozen=True)
class Named:
    """A text among points. label: of its class. members: the points at which it may stand. must: even without room."""

    text: str
    label: int
    members: np.ndarray
    must: bool = False


def name_classes(axis, points: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> None:
    """Write the names of classes among points (n, 2) of a panel whose place in the figure is settled (sheet.fit).

    A name stands at the densest place of its class, at both where the class falls into two clusters; on no other class, on no
    other name, inside the panel. A class without a name ("") has none, nor has one that is mixed with others, or without room.
    """
    write_among(axis, points, labels, wanted(points, labels, names))


def wanted(points: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> list[Named]:
    """The names that classes have among points (n, 2), with the points of their clusters; those of mixed classes are left out."""
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    near = np.full(len(points), np.nan)
    near[known] = _hits_of_coincident(points[known], labels[known])
    found = []
    for label, name in enumerate(names):
        own = known[labels[known] == label]
        if len(own) and name and not is_mixed(float(near[own].mean()), len(own), len(known)):
            found += [Named(short(plain(name)), label, half) for half in _halves(points, own)]
    return found


def write_among(axis, points: np.ndarray, labels: np.ndarray, texts: Sequence[Named]) -> None:
    """Write texts among points (n, 2), each at the densest place of its members where it covers neither text nor other class."""
    known = np.isfinite(points).all(axis=1)
    pixels = np.full(points.shape, np.nan)
    pixels[known] = axis.transData.transform(np.asarray(points, dtype=float)[known])
    room = axis.get_window_extent()
    radius = NEAR * max(room.width, room.height)
    some = np.flatnonzero(known)[:: -(-max(int(known.sum()), 1) // MOST)]
    used: list[Bbox] = []
    of_class: dict[int, list[_Written]] = {}
    # Small clusters first: they have the fewest places.
    for one in sorted(texts, key=lambda one: (not one.must, len(one.members), one.label)):
        text = write(axis, one.text, weight="bold", color="0.05")
        size = size_of(text)
        place = _place(size, pixels[one.members], pixels[some], labels[some] == one.label, used, room, radius, one.must)
        # Two names close to each other tell no more than one: that of the larger cluster, or one that must stand.
        written = of_class.setdefault(one.label, [])
        apart = APART * max(size[0], 2 * size[1])
        close = [other for other in written if place is not None and np.linalg.norm(place - other.place) < apart]
        if place is None or (not one.must and any(other.must for other in close)):
            text.remove()
            continue
        for other in [] if one.must else close:
            other.text.remove()
            used.remove(other.box)
            written.remove(other)
        used.append(box_at(place, size))
        written.append(_Written(text, place, used[-1], one.must))
        text.set_position(axis.transData.inverted().transform(place))


@dataclass(frozen=True, eq=False)
class _Written:
    text: Text
    place: np.ndarray
    box: Bbox
    must: bool


def _halves(points: np.ndarray, own: np.ndarray) -> list[np.ndarray]:
    """The points of a class, or those of each of its two clusters."""
    looked_at = own[:: -(-len(own) // MOST_OWN)]
    split = split_in_two(points[looked_at], SMALLEST_HALF)
    return [looked_at[~split.second], looked_at[split.second]] if split.gap >= GAP else [looked_at]


def _place(size, candidates: np.ndarray, all_points: np.ndarray, is_own: np.ndarray, used: list, room, radius, must: bool):
    """The place in pixels for a name of some size: at the densest of the candidates, or beside it; None without room."""
    own, others = all_points[is_own], all_points[~is_own]
    density = _within(candidates, own, (radius, radius))
    order = np.argsort(-density, kind="stable")
    half = np.asarray(size) / 2
    under_own = _within(candidates, own, half)
    under_others = _within(candidates, others, half)
    pure = under_others <= FOREIGN * (under_own + under_others)
    dense = density >= DENSE * density[order[0]]
    within = [number for number in order[(pure & dense)[order]] if is_free(box_at(candidates[number], size), used, room)]
    shows_points = [number for number in within if under_own[number] <= HIDDEN * len(candidates)]
    if shows_points:
        return candidates[shows_points[0]]
    # A name that would hide its cluster, or lie on another: beside the cluster's densest point, where nothing is. Beside a class
    # that lies scattered among others it would name nothing.
    start = candidates[order[0]]
    gathered = within or must or _within(start[None], candidates, (radius, radius))[0] >= GATHERED * len(candidates)
    for step in STEPS if gathered else ():
        for way in AROUND:
            place = start + np.asarray(way) * (half + (1 + step) * size[1])
            free = is_free(box_at(place, size), used, room) and not _within(place[None], all_points, half)[0]
            if free and _away(place, others, half) > _away(place, own, half):
                return place
    if within:
        return candidates[within[0]]
    return _anywhere(start, size, used, room) if must else None


def _anywhere(start: np.ndarray, size, used: list, room) -> np.ndarray:
    """The free place that is nearest to a point, whatever lies under it; the point itself if there is none in the panel."""
    across, up = (np.arange(side_start, side_end, size[1]) for side_start, side_end in ((room.x0, room.x1), (room.y0, room.y1)))
    places = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    places = places[np.argsort(np.square(places - start).sum(axis=1), kind="stable")]
    return next((place for place in places if is_free(box_at(place, size), used, room)), start)


def _away(place: np.ndarray, points: np.ndarray, half: np.ndarray) -> float:
    """How far the nearest of some points is from the box around a place; 0 within, infinite where there are none."""
    outside = np.maximum(np.abs(points - place) - half, 0)
    return float(np.sqrt(np.square(outside).sum(axis=1)).min(initial=np.inf))


def _within(places: np.ndarray, points: np.ndarray, half: np.ndarray | Sequence[float]) -> np.ndarray:
    """(m,) how many points lie in the box of a half width and height around each place (m, 2)."""
    if not len(points):
        return np.zeros(len(places), dtype=int)
    away = np.abs(places[:, None, :] - points[None, :, :])
    return (away <= np.asarray(half)).all(axis=2).sum(axis=1)
