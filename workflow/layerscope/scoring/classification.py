"""How well a network has learned: its accuracy and loss, on splits and on samples."""

import numpy as np

from layerscope.scoring.shared.score_input import NetworkInput, Score, present

METRICS = {
    "accuracy": {
        "label": "accuracy",
        "reads": {"run": ("history", "predictions")},
        "by_default": {"accuracy": {}},
        "range": (0, 1),
        "unit": "share of observations",
        "higher_is_better": True,
        "whole_only": True,
        "definition": "the share of observations whose largest logit is that of their class, in evaluation mode",
        "reference": "common use",
        "is_accuracy": True,
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
        "label": "loss",
        "reads": {"run": ("history", "predictions")},
        "by_default": {"loss": {}},
        "range": (0, None),
        "is_objective": True,
        "unit": "nats",
        "unit_of_numbers": "squared error",
        "higher_is_better": False,
        "whole_only": True,
        "definition": (
            "the mean over observations of -log of the softmax probability of their class, in evaluation mode; the mean "
            "squared error of numbers where the input is reconstructed, and of a regression, there in units of the variance of "
            "the training targets unless these are learned as they are"
        ),
        "reference": "common use; the objective of the training, without label smoothing",
        "chance": "the logarithm of the number of classes; of a regression the squared error of the mean of the split",
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
    if scored.targets is not None and not scored.reconstructs and metric == "loss":
        return Score(scored.loss, float(scored.targets.var(axis=0).mean()))
    if metric == "loss" and (scored.reconstructs or scored.labels is None):
        return Score(scored.loss)
    counts = np.bincount(present(scored.labels, "classes"))
    if metric == "accuracy":
        return Score(_accuracy(scored), float(counts.max() / counts.sum()))
    return Score(scored.loss, float(np.log((counts > 0).sum())))


def _accuracy(scored: NetworkInput) -> float:
    if scored.history is not None:
        return scored.history["accuracy"]
    if scored.predictions is None:
        return float("nan")
    return float(np.equal(present(scored.predictions.classes, "classes"), present(scored.labels, "classes")).mean())
