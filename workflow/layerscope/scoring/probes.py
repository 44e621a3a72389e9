"""How well classifiers that were fitted on one sample tell the classes of another, from the same layer of the same network."""

import numpy as np

from layerscope.scoring.shared.beside_input import BesideInput, Fitted
from layerscope.scoring.shared.degenerate import NOT_FINITE
from layerscope.scoring.shared.linear_classifier import linear_classifier, unconverged_allowed
from layerscope.scoring.shared.score_input import Score, present, with_defaults

METRICS = {
    "linear_probe_held_out": {
        "label": "accuracy of a linear probe (held out)",
        "reads": {"raw": ("fitted_on",)},
        "range": (0, 1),
        "unit": "share of points",
        "higher_is_better": True,
        "whole_only": True,
        "definition": (
            "the share of points whose class is told by a multinomial logistic regression (L2, inverse strength `C`), fitted on "
            "the same layer for the observations of the sample `fitted_on`, features standardised by these"
        ),
        "reference": "Alain and Bengio 2016",
        "is_accuracy": True,
        "chance": "the share of points that are of the class most frequent among those fitted on",
        "needs": ("classes",),
        "required": ("fitted_on",),
        "options": {
            "fitted_on": {
                "description": "A sample of the study, of another split; its first draw. It is not scored itself.",
                "type": "string",
            },
            "C": {"description": "Inverse strength of the L2 penalty.", "type": "number", "exclusiveMinimum": 0, "default": 1.0},
        },
    },
    "knn_probe_held_out": {
        "label": "accuracy of nearest neighbours (held out)",
        "reads": {"raw": ("fitted_on",)},
        "range": (0, 1),
        "unit": "share of points",
        "higher_is_better": True,
        "whole_only": True,
        "definition": (
            "the share of points whose class is the most frequent one among the `k` nearest observations of the sample "
            "`fitted_on` in the same layer, ties to the lower class"
        ),
        "reference": "Cover and Hart 1967",
        "is_accuracy": True,
        "chance": "the share of points that are of the class most frequent among those fitted on",
        "needs": ("classes",),
        "required": ("fitted_on",),
        "options": {
            "fitted_on": {
                "description": "A sample of the study, of another split; its first draw. It is not scored itself.",
                "type": "string",
            },
            "k": {"description": "Neighbours that vote.", "type": "integer", "minimum": 1, "default": 10},
        },
    },
}


def score(scored: BesideInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one layer. asked: name -> (metric, options); the result has the same names."""
    return {name: _score(scored, metric, with_defaults(METRICS[metric], options)) for name, (metric, options) in asked.items()}


def told_classes(metric: str, fitted: Fitted, points: np.ndarray, options: dict) -> np.ndarray:
    """(n,) the classes that a probe tells of points (n, d). fitted: what it is fitted on, finite, of two classes or more."""
    from sklearn.neighbors import KNeighborsClassifier

    if metric == "knn_probe_held_out":
        return KNeighborsClassifier(options["k"], algorithm="brute").fit(fitted.points, fitted.labels).predict(points)
    with unconverged_allowed():
        model = linear_classifier(options["C"]).fit(np.asarray(fitted.points, dtype=np.float32), fitted.labels)
    return model.predict(np.asarray(points, dtype=np.float32))


def _score(scored: BesideInput, metric: str, options: dict) -> Score:
    undefined, labels = float("nan"), scored.labels
    fitted = scored.fitted.get(options["fitted_on"])
    if fitted is None:
        return Score(undefined, reason=f"the layer is not there for {options['fitted_on']}")
    known = present(fitted.labels, "classes")
    frequent = np.bincount(known).argmax()
    chance = float((labels == frequent).mean())
    if len(np.unique(known)) < 2:
        return Score(undefined, chance, "a single class to fit on")
    if not (np.isfinite(scored.points).all() and np.isfinite(fitted.points).all()):
        return Score(undefined, chance, NOT_FINITE)
    if options.get("k", 1) > len(known):
        return Score(undefined, chance, f"{options['k']} neighbours asked for among {len(known)} points")
    points = np.asarray(scored.points, dtype=np.float32)
    return Score(float((told_classes(metric, fitted, points, options) == labels).mean()), chance)
