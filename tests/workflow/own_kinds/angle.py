"""angle.py: whether two representations spread alike over their three widest directions."""

import numpy as np

MEASURES = {
    "angle": {
        "label": "cosine of the spreads",
        "range": (-1, 1),
        "definition": "the cosine of the angle between the three largest singular values of both",
        "reference": "this example",
        "unchanged_by": "rotations and a scale of each",
    }
}


def prepare(points: np.ndarray) -> np.ndarray:
    """What every comparison of a representation (n, d) needs: its three largest singular values."""
    return np.linalg.svd(points, compute_uv=False)[:3]


def compare(first: np.ndarray, second: np.ndarray, measures: list[str]) -> dict[str, float]:
    """The measures of two prepared representations of the same observations."""
    return {"angle": float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))}
