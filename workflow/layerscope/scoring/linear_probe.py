"""How well a linear classifier predicts the classes from a whole layer."""

import numpy as np

from layerscope.scoring.shared.linear_classifier import linear_classifier, unconverged_allowed
from layerscope.scoring.shared.score_input import Score, ScoreInput, with_defaults

METRICS = {
    "linear_probe": {
        "label": "accuracy of a linear probe",
        "reads": {"raw": ()},
        "by_default": {"linear_probe": {}},
        "range": (0, 1),
        "unit": "share of points",
        "higher_is_better": True,
        "whole_only": True,
        "definition": (
            "the mean over `folds` stratified parts of the accuracy on one of a logistic regression (L2, C = 1) fitted on the "
            "others, features standardised by these; on 10,000 seeded rows if there are more"
        ),
        "reference": "Alain and Bengio 2016",
        "is_accuracy": True,
        "chance": "the largest class share",
        "needs": ("classes",),
        "options": {
            "folds": {
                "description": "Parts of the cross-validation.",
                "type": "integer",
                "minimum": 2,
                "maximum": 100,
                "default": 5,
            },
        },
    },
}

LARGEST_SAMPLE = 10_000
SEED = 0


def score(scored: ScoreInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one layer. asked: name -> (metric, options); the result has the same names.

    With more than 10,000 rows, a seeded random sample of 10,000 is used.
    """
    points = np.asarray(scored.points)
    _, labels = np.unique(scored.labels, return_inverse=True)
    if len(points) > LARGEST_SAMPLE:
        chosen = np.sort(np.random.default_rng(SEED).choice(len(points), size=LARGEST_SAMPLE, replace=False))
        points = points[chosen]
        _, labels = np.unique(labels[chosen], return_inverse=True)
    points = points.astype(np.float32)
    scores = {}
    for name, (metric, options) in asked.items():
        folds = with_defaults(METRICS[metric], options)["folds"]
        scores[name] = _score(points, labels, folds)
    return scores


def fold_accuracies(points: np.ndarray, labels: np.ndarray, folds: int) -> np.ndarray:
    """(folds,) the accuracy of a logistic regression on each held-out fold, fitted on the other folds.

    points: (n, d) float32 finite. labels: (n,) with at least `folds` members of each class.
    The features are standardised by the mean and standard deviation of the training rows.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    with unconverged_allowed():
        parts = StratifiedKFold(folds, shuffle=True, random_state=SEED)
        return cross_val_score(linear_classifier(1.0), points, labels, cv=parts)


def _score(points, labels, folds):
    undefined = float("nan")
    sizes = np.bincount(labels, minlength=1)
    if len(points) == 0:
        return Score(undefined, reason="no points")
    chance = float(sizes.max() / len(labels))
    if len(sizes) < 2:
        return Score(undefined, chance, "a single class")
    if folds < 2:
        return Score(undefined, chance, f"at least 2 folds are needed, not {folds}")
    if sizes.min() < folds:
        return Score(undefined, chance, f"a class has {sizes.min()} members, fewer than the {folds} folds")
    if not np.isfinite(points).all():
        return Score(undefined, chance, "not finite")
    return Score(float(fold_accuracies(points, labels, folds).mean()), chance)
