"""How well a network classifies: its accuracy and loss, on splits and on samples."""

import numpy as np

from layerscope.scoring.shared.score_input import NetworkInput, Score

METRICS = {
    "accuracy": {
        "reads": {"run": ("history", "predictions")},
        "by_default": {"accuracy": {}},
        "unit": "share of observations",
        "higher_is_better": True,
        "whole_only": True,
        "reference": "share of observations whose largest logit is that of their class, in evaluation mode",
        "chance": "the largest class share",
        "needs": ("classes",),
        "options": {
            "epochs": {
                "description": "The epochs that are scored: snapshots, or all that the training evaluated.",
                "enum": ["snapshots", "all"],
                "default": "snapshots",
            },
        },
    },
    "loss": {
        "reads": {"run": ("history", "predictions")},
        "by_default": {"loss": {}},
        "unit": "nats",
        "higher_is_better": False,
        "whole_only": True,
        "reference": "mean cross-entropy of the softmax of the logits; mean squared error where the input is reconstructed",
        "chance": "the logarithm of the number of classes",
        "needs": ("losses",),
        "options": {
            "epochs": {
                "description": "The epochs that are scored: snapshots, or all that the training evaluated.",
                "enum": ["snapshots", "all"],
                "default": "snapshots",
            },
        },
    },
}


def score(scored: NetworkInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one network on a split or a sample. asked: name -> (metric, options)."""
    return {name: _score(scored, metric) for name, (metric, _) in asked.items()}


def _score(scored: NetworkInput, metric: str) -> Score:
    accuracy, loss = _measured(scored)
    if scored.reconstructs or scored.labels is None:
        return Score(loss)
    counts = np.bincount(scored.labels)
    if metric == "accuracy":
        return Score(accuracy, float(counts.max() / counts.sum()))
    return Score(loss, float(np.log((counts > 0).sum())))


def _measured(scored: NetworkInput) -> tuple[float, float]:
    if scored.history is not None:
        return scored.history["accuracy"], scored.history["loss"]
    predicted = scored.predictions
    if predicted is None:
        return float("nan"), float("nan")
    return float((predicted.classes == scored.labels).mean()), float(predicted.losses.mean(dtype=np.float64))
