"""Many exact t-SNE descents at once on a torch device: layerscope.tsne.exact for batches of arrays of equal size."""

from collections.abc import Sequence

import numpy as np
import torch

from layerscope.tsne.descent import Descent
from layerscope.tsne.schedule import Schedule, Stopping, adapted_gains


def descend_together(
    joints: Sequence[np.ndarray], starts: Sequence[np.ndarray], schedule: Schedule, device: str
) -> list[Descent]:
    """Run one descent for each P (n, n) float32 from its start (n, d), by the algorithm of layerscope.tsne.descent.descend.

    device: a torch device, for instance cuda. Its memory must hold a few (batch, n, n) float32 temporaries. As in `descend`,
    pairs are float32 and points float64; sums are in another order, so results agree in distribution but not bitwise. The
    points of a descent that has stopped stay fixed while others continue.
    """
    joint = torch.as_tensor(np.stack(joints), device=device)
    # (batch, d, n): each coordinate is contiguous over the points.
    points = torch.as_tensor(np.stack(starts), dtype=torch.float64, device=device).transpose(1, 2).contiguous()
    velocity, gains = torch.zeros_like(points), torch.ones_like(points)
    running = torch.ones(len(joint), dtype=torch.bool, device=device)
    stopping = [Stopping(schedule) for _ in joints]
    iterations = [0] * len(joint)
    traces: list[list[tuple[int, float]]] = [[] for _ in joints]
    for done, exaggeration, momentum, anew in schedule.steps():
        if anew:
            velocity.zero_()
            gains.fill_(1)
        gradient = _gradient(joint, points, exaggeration)
        gains = adapted_gains(torch, gains, gradient * velocity < 0)
        velocity = momentum * velocity - schedule.learning_rate * gains * gradient
        moved = points + velocity
        moved -= moved.mean(dim=2, keepdim=True)
        points = torch.where(running[:, None, None], moved, points)
        if schedule.traced(done):
            found = divergences(joint, points).tolist()
            norms = gradient.square().sum(dim=(1, 2)).sqrt().tolist()
            for index in running.nonzero()[:, 0].tolist():
                iterations[index] = done
                traces[index].append((done, found[index]))
                running[index] = not stopping[index].after(done, found[index], norms[index])
            if not running.any():
                break
    final = divergences(joint, points).tolist()
    ended = points.transpose(1, 2).cpu().numpy()
    return [
        Descent(np.ascontiguousarray(own), divergence, int(count), np.array(trace).reshape(-1, 2))
        for own, divergence, count, trace in zip(ended, final, iterations, traces, strict=True)
    ]


def divergences(joint: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """(batch,) float64: the divergence KL(P || Q) in nat, of P, joint (batch, n, n), and Q of the points (batch, d, n)."""
    along = ((axis[:, :, None] - axis[:, None, :]).square() for axis in points.unbind(dim=1))
    squared = sum(along, torch.zeros(()))
    mass = joint.sum(dim=(1, 2), dtype=torch.float64)
    own = torch.where(joint > 0, joint * torch.log(joint.double().clamp(min=1e-300) * (1 + squared)), 0.0).sum(dim=(1, 2))
    normaliser = (1 / (1 + squared)).sum(dim=(1, 2)) - joint.shape[1]
    return own + torch.log(normaliser) * mass


def _gradient(joint: torch.Tensor, points: torch.Tensor, exaggeration: float) -> torch.Tensor:
    single = points.float()
    differences = [axis[:, :, None] - axis[:, None, :] for axis in single.unbind(dim=1)]
    affinities = 1 / (1 + sum((difference.square() for difference in differences), torch.zeros(())))
    normaliser = affinities.sum(dim=2).double().sum(dim=1) - joint.shape[1]
    pull, push = joint * affinities, affinities.square()
    attraction = torch.stack([(pull * difference).sum(dim=2) for difference in differences], dim=1).double()
    repulsion = torch.stack([(push * difference).sum(dim=2) for difference in differences], dim=1).double()
    return 4 * (exaggeration * attraction - repulsion / normaliser[:, None, None])
