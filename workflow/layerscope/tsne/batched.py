"""Many t-SNE descents at once on a torch device, with repulsion over all pairs of points: layerscope.tsne.descent for batches."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from scipy import sparse

from layerscope.tsne.descent import Descent
from layerscope.tsne.schedule import Schedule, Stopping, adapted_gains

# Pairs of points that are held at once: a few temporaries of so many float32.
PAIRS_AT_ONCE = 2**26


class Attraction(Protocol):
    """P of a batch of descents."""

    device: torch.device

    def forces(self, points: torch.Tensor) -> torch.Tensor:
        """(batch, d, n) float64: sums over others of p w (y_i - y_j), w = 1 / (1 + |y_i - y_j|^2), of points of that shape."""

    def divergences(self, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Of each descent the sum of p log(p / w), and the sum of p: (batch,) float64."""


class OfAllPairs:
    """P over all pairs of points, (n, n) float32 each."""

    def __init__(self, joints: Sequence[np.ndarray], device: str | torch.device):
        self._joint = torch.as_tensor(np.stack(joints), device=device)
        self.device = self._joint.device

    def forces(self, points: torch.Tensor) -> torch.Tensor:
        """As in Attraction. Pairs are float32."""
        single = points.float()
        found = torch.empty_like(points)
        for rows in _blocks(points):
            differences = _differences(single, rows)
            pull = self._joint[:, rows] / (1 + _squared(differences))
            for axis, difference in enumerate(differences):
                found[:, axis, rows] = (pull * difference).sum(dim=2).double()
        return found

    def divergences(self, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """As in Attraction. Pairs are float64."""
        own = torch.zeros(len(points), dtype=torch.float64, device=points.device)
        for rows in _blocks(points):
            joint = self._joint[:, rows].double()
            logarithms = torch.log(joint.clamp(min=1e-300) * (1 + _squared(_differences(points, rows))))
            own += torch.where(joint > 0, joint * logarithms, 0.0).sum(dim=(1, 2))
        return own, self._joint.sum(dim=(1, 2), dtype=torch.float64)


class OfNeighbors:
    """P of one descent over the graph of nearest neighbours, (n, n) sparse. Its pairs are float64."""

    def __init__(self, joint: sparse.csr_array, device: str | torch.device):
        self._joint = torch.as_tensor(joint.data, dtype=torch.float64, device=device)
        self._others = torch.as_tensor(joint.indices.astype(np.int64), device=device)
        counts = torch.as_tensor(np.diff(joint.indptr).astype(np.int64), device=device)
        self._own = torch.repeat_interleave(torch.arange(joint.shape[0], device=device), counts)
        self._counts = counts
        self.device = self._joint.device

    def forces(self, points: torch.Tensor) -> torch.Tensor:
        """As in Attraction."""
        differences = self._differences(points)
        pull = self._joint / (1 + differences.square().sum(dim=0))
        # Sums over segments, unlike scattered ones, are added in one order on any device.
        sums = [torch.segment_reduce(pull * difference, "sum", lengths=self._counts) for difference in differences]
        return torch.stack(sums)[None]

    def divergences(self, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """As in Attraction."""
        squared = self._differences(points).square().sum(dim=0)
        return (self._joint * torch.log(self._joint * (1 + squared))).sum()[None], self._joint.sum()[None]

    def _differences(self, points):
        return points[0][:, self._own] - points[0][:, self._others]


def descend_together(attraction: Attraction, starts: Sequence[np.ndarray], schedule: Schedule) -> list[Descent]:
    """Run a descent from each start (n, d), by the algorithm of layerscope.tsne.descent.descend, on the device of P.

    As there, pairs of the repulsion are float32 and points float64; sums are in another order, so results agree in distribution
    but not bitwise. The points of a descent that has stopped stay fixed while others continue.
    """
    # (batch, d, n): each coordinate is contiguous over the points.
    points = torch.as_tensor(np.stack(starts), dtype=torch.float64, device=attraction.device).transpose(1, 2).contiguous()
    velocity, gains = torch.zeros_like(points), torch.ones_like(points)
    running = torch.ones(len(points), dtype=torch.bool, device=points.device)
    stopping = [Stopping(schedule) for _ in starts]
    iterations = [0] * len(points)
    traces: list[list[tuple[int, float]]] = [[] for _ in starts]
    for done, exaggeration, momentum, anew in schedule.steps():
        if anew:
            velocity.zero_()
            gains.fill_(1)
        repulsion, normaliser = _repulsion(points)
        gradient = 4 * (exaggeration * attraction.forces(points) - repulsion / normaliser[:, None, None])
        gains = adapted_gains(torch, gains, gradient * velocity < 0)
        velocity = momentum * velocity - schedule.learning_rate * gains * gradient
        moved = points + velocity
        moved -= moved.mean(dim=2, keepdim=True)
        points = torch.where(running[:, None, None], moved, points)
        if schedule.traced(done):
            found = divergences(attraction, points).tolist()
            norms = gradient.square().sum(dim=(1, 2)).sqrt().tolist()
            for index in running.nonzero()[:, 0].tolist():
                iterations[index] = done
                traces[index].append((done, found[index]))
                running[index] = not stopping[index].after(done, found[index], norms[index])
            if not running.any():
                break
    final = divergences(attraction, points).tolist()
    ended = points.transpose(1, 2).cpu().numpy()
    return [
        Descent(np.ascontiguousarray(own), divergence, int(count), np.array(trace).reshape(-1, 2))
        for own, divergence, count, trace in zip(ended, final, iterations, traces, strict=True)
    ]


def divergences(attraction: Attraction, points: torch.Tensor) -> torch.Tensor:
    """(batch,) float64: the divergence KL(P || Q) in nat, Q over all pairs of the points (batch, d, n)."""
    normaliser = torch.full((len(points),), -float(points.shape[2]), dtype=torch.float64, device=points.device)
    for rows in _blocks(points):
        normaliser += (1 / (1 + _squared(_differences(points, rows)))).sum(dim=(1, 2))
    own, mass = attraction.divergences(points)
    return own + torch.log(normaliser) * mass


def _repulsion(points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The sums over others of w^2 (y_i - y_j), (batch, d, n), and of w over all pairs, (batch,), float64; pairs are float32."""
    single = points.float()
    found = torch.empty_like(points)
    normaliser = torch.full((len(points),), -float(points.shape[2]), dtype=torch.float64, device=points.device)
    for rows in _blocks(points):
        differences = _differences(single, rows)
        affinities = 1 / (1 + _squared(differences))
        normaliser += affinities.sum(dim=2).double().sum(dim=1)
        push = affinities.square_()
        for axis, difference in enumerate(differences):
            found[:, axis, rows] = (push * difference).sum(dim=2).double()
    return found, normaliser


def _blocks(points: torch.Tensor) -> Iterator[slice]:
    """Rows of the pairs of all descents that are held at once."""
    batch, _, n = points.shape
    rows = max(1, PAIRS_AT_ONCE // (batch * n))
    for start in range(0, n, rows):
        yield slice(start, min(n, start + rows))


def _differences(points: torch.Tensor, rows: slice) -> list[torch.Tensor]:
    return [axis[:, rows, None] - axis[:, None, :] for axis in points.unbind(dim=1)]


def _squared(differences: list[torch.Tensor]) -> torch.Tensor:
    return sum((difference.square() for difference in differences[1:]), differences[0].square())
