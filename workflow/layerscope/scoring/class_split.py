"""Whether each class falls into two clusters: the network has then learnt a distinction that it was not trained for."""

import numpy as np

from layerscope.geometry.gaps import split_in_two
from layerscope.scoring.shared.score_input import Score, ScoreInput

METRICS = {
    "class_gap": {
        "label": "widest gap within a class",
        "reads": {"raw": (), "embedding": ()},
        "range": (0, None),
        "unit": "median spacing of the points beside it",
        "higher_is_better": None,
        "whole_only": False,
        "definition": (
            "the mean over classes of the largest ratio of an edge of the minimum spanning tree of a class, whose removal leaves "
            "a share of at least `smallest` on either side, to the median edge of the side with the longer one; distances are no "
            "less than those of either point to its fifth neighbour; about 1 for one piece"
        ),
        "reference": "this project; distances as in Campello et al. 2013",
        "chance": "none: it is of each class alone",
        "needs": ("classes",),
        "options": {
            "smallest": {
                "description": "The least share of a class on either side of its gap.",
                "type": "number",
                "minimum": 0.01,
                "maximum": 0.5,
                "default": 0.2,
            },
        },
    },
    "split_classes": {
        "label": "classes in two clusters",
        "reads": {"raw": (), "embedding": ()},
        "range": (0, 1),
        "unit": "share of classes",
        "higher_is_better": None,
        "whole_only": False,
        "definition": "the share of classes whose gap, as for class_gap, is at least `gap` times the spacing beside it",
        "reference": "this project; Rauber et al. 2017 judge by eye",
        "chance": "none: it is of each class alone",
        "needs": ("classes",),
        "options": {
            "smallest": {
                "description": "The least share of a class on either side of its gap.",
                "type": "number",
                "minimum": 0.01,
                "maximum": 0.5,
                "default": 0.2,
            },
            "gap": {
                "description": "A class is split where its gap is at least so many times the spacing beside it.",
                "type": "number",
                "minimum": 1,
                "default": 2.0,
            },
        },
    },
}


def score(scored: ScoreInput, asked: dict[str, tuple[str, dict]]) -> dict[str, Score]:
    """The asked scores of one representation or embedding. asked: name -> (metric, options); the result has the same names."""
    if not np.isfinite(scored.points).all():
        return dict.fromkeys(asked, Score(float("nan"), reason="not finite"))
    gaps = {
        smallest: class_gaps(scored.points, scored.labels, smallest)
        for smallest in {options["smallest"] for _, options in asked.values()}
    }
    scores = {}
    for name, (metric, options) in asked.items():
        found = gaps[options["smallest"]]
        known = found[np.isfinite(found)]
        if not len(known):
            scores[name] = Score(float("nan"), reason="no class has enough distinct points to look for a gap")
        else:
            # A class whose gap is undefined (NaN) counts as not split.
            scores[name] = Score(float(known.mean() if metric == "class_gap" else (known >= options["gap"]).sum() / len(found)))
    return scores


def class_gaps(points: np.ndarray, labels: np.ndarray, smallest: float) -> np.ndarray:
    """The widest gap (geometry.gaps.split_in_two) within each class that occurs, in order of labels; NaN if it has none."""
    return np.array([split_in_two(points[labels == label], smallest).gap for label in np.unique(labels)])
