"""How well a linear regression predicts the targets from a whole layer."""

import numpy as np

from layerscope.scoring.shared.score_input import Score, ScoreInput, with_defaults

METRICS = {
    "linear_probe_r2": {
        "label": "R² of a linear probe",
        "by_default": {"linear_probe_r2": {}},
        "reads": {"raw": ()},
        "range": (None, 1),
        "unit": "share of the variance",
        "higher_is_better": True,
        "whole_only": True,
        "definition": (
            "the r2 of the predictions of all held-out folds together, by a ridge regression fitted on the other folds, features "
            "standardised by these"
        ),
        "reference": "after Alain and Bengio 2016",
        "chance": "0: the mean, predicted for all",
        "needs": ("targets",),
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

# The weight of the penalty on the squared weights, as scikit-learn has it; features have variance 1.
PENALTY = 1.0
LARGEST_SAMPLE = 10_000
SEED = 0


def score(scored: ScoreInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one layer. asked: name -> (metric, options); the result has the same names.

    With more than 10,000 rows, a seeded random sample of 10,000 is used.
    """
    points, targets = np.asarray(scored.points), scored.targets
    if len(points) > LARGEST_SAMPLE:
        chosen = np.sort(np.random.default_rng(SEED).choice(len(points), size=LARGEST_SAMPLE, replace=False))
        points, targets = points[chosen], targets[chosen]
    points = points.astype(np.float64)
    return {
        name: _score(points, targets, with_defaults(METRICS[metric], options)["folds"])
        for name, (metric, options) in asked.items()
    }


def held_out_predictions(points: np.ndarray, targets: np.ndarray, folds: int) -> np.ndarray:
    """(n, targets) what a ridge regression, fitted on the other folds, predicts for each observation.

    points: (n, d) finite. targets: (n, targets). The features are standardised by the mean and standard deviation of the training
    rows.
    """
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), Ridge(alpha=PENALTY))
    predicted = cross_val_predict(probe, points, targets, cv=KFold(folds, shuffle=True, random_state=SEED))
    return predicted.reshape(targets.shape)


def _score(points: np.ndarray, targets: np.ndarray, folds: int) -> Score:
    undefined = float("nan")
    total = np.square(targets - targets.mean(axis=0)).sum() if len(targets) else 0.0
    if len(points) < 2 * folds:
        return Score(undefined, 0.0, f"{len(points)} points are too few for {folds} folds")
    if total == 0:
        return Score(undefined, 0.0, "all observations have the same targets")
    if not np.isfinite(points).all():
        return Score(undefined, 0.0, "not finite")
    return Score(float(1 - np.square(targets - held_out_predictions(points, targets, folds)).sum() / total), 0.0)
