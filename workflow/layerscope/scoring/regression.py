"""How much of the variance of its targets a network explains, on splits and on samples."""

from layerscope.scoring.shared.score_input import NetworkInput, Score, present

METRICS = {
    "r2": {
        "label": "R²",
        "by_default": {"r2": {}},
        "reads": {"run": ("history", "predictions")},
        "range": (None, 1),
        "unit": "share of the variance",
        "higher_is_better": True,
        "whole_only": True,
        "definition": (
            "1 minus the sum of the squared errors over the sum of the squared differences from the mean of the split, both over "
            "all targets as they are learned"
        ),
        "reference": "coefficient of determination; scikit-learn's r2_score, variance_weighted",
        "chance": "0: the mean of the split, predicted for all",
        "needs": ("targets",),
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
    variance = float(present(scored.targets, "targets").var(axis=0).mean())
    if variance == 0:
        return dict.fromkeys(asked, Score(float("nan"), 0.0, "all observations have the same targets"))
    return dict.fromkeys(asked, Score(1 - scored.loss / variance, 0.0))
