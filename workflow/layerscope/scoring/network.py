"""Scores of a network as such: how it classifies, and how many directions its layers use."""

import numpy as np

from layerscope.saturation.dimension import intrinsic_dimension
from layerscope.scoring.shared.subject import Score

METRICS = {
    "accuracy": {
        "unit": "share of observations",
        "higher_is_better": True,
        "spaces": ("run",),
        "reads": {"run": ("history", "activations")},
        "options": {"epochs": "snapshots"},
        "bounds": {"epochs": ("snapshots", "all")},
        "whole_only": True,
        "source": "share of observations whose largest logit is that of their class, in evaluation mode",
        "chance": "the largest class share",
    },
    "loss": {
        "unit": "nats",
        "higher_is_better": False,
        "spaces": ("run",),
        "reads": {"run": ("history", "activations")},
        "options": {"epochs": "snapshots"},
        "bounds": {"epochs": ("snapshots", "all")},
        "whole_only": True,
        "source": "mean cross-entropy of the softmax of the logits; mean squared error where the input is reconstructed",
        "chance": "the logarithm of the number of classes",
    },
    "intrinsic_dimension": {
        "unit": "directions",
        "higher_is_better": None,
        "spaces": ("run",),
        "reads": {"run": ("spectra",)},
        "options": {"threshold": 0.99, "phase": "evaluation"},
        "bounds": {"threshold": (0.01, 1), "phase": ("evaluation", "train")},
        "whole_only": True,
        "source": "Shenk et al.: the smallest number of leading eigenvalues of the covariance that reach the threshold",
        "chance": "none",
    },
    "saturation": {
        "unit": "share of the width",
        "higher_is_better": None,
        "spaces": ("run",),
        "reads": {"run": ("spectra",)},
        "options": {"threshold": 0.99, "phase": "evaluation"},
        "bounds": {"threshold": (0.01, 1), "phase": ("evaluation", "train")},
        "whole_only": True,
        "source": "Shenk et al.: intrinsic dimension over the width of the layer",
        "chance": "none",
    },
}


CLASSIFICATION = ("accuracy", "loss")


def classification(metric: str, accuracy: float, loss: float, labels: np.ndarray) -> Score:
    """accuracy or loss of a network on observations with the given labels (n,), with its chance level."""
    counts = np.bincount(labels)
    if metric == "accuracy":
        return Score(accuracy, float(counts.max() / counts.sum()))
    return Score(loss, float(np.log((counts > 0).sum())))


def dimension(metric: str, options: dict, eigenvalues: np.ndarray) -> Score:
    """intrinsic_dimension or saturation of a layer from its spectrum (d,); a layer without variance has 0, with a reason."""
    directions = intrinsic_dimension(eigenvalues, options["threshold"])
    value = directions if metric == "intrinsic_dimension" else directions / len(eigenvalues)
    return Score(float(value), reason="" if eigenvalues.sum() > 0 else "no variance")
