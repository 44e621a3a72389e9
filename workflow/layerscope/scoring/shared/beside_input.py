"""The input of scores that read more than the representation they are of: what stands beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from layerscope.scoring.shared.score_input import ScoreInput


@dataclass(frozen=True)
class LinearMap:
    """The linear map by which a network ends: weights (outputs, inputs) and bias (outputs,) float32, logits = W x + b."""

    weights: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Fitted:
    """The same layer of the same network at the same snapshot, for the observations of another sample.

    points: (m, d) float32. labels: (m,) int64, None of a regression.
    """

    points: np.ndarray
    labels: np.ndarray | None


@dataclass
class BesideInput(ScoreInput):
    """One representation in its own space, with what a metric reads beside it; only that is set.

    last: the linear map by which the network ends; None where there is none, for the reason `no_last`. fitted: name of a sample →
    the same layer for its observations. earlier: `layer` → the nearest neighbours (n, k) int32 in the layer before, `input` →
    those in what the network receives, each as `neighbors`; what is not looked at is missing.
    """

    last: LinearMap | None = None
    no_last: str = ""
    fitted: Mapping[str, Fitted] = field(default_factory=dict)
    earlier: Mapping[str, np.ndarray] = field(default_factory=dict)
