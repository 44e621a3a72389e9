"""A published number of one run beside measured ones of several."""

import numpy as np


def judged(found: dict, floor: float) -> dict:
    """A comparison with its verdict. found: comparison, state, score, rank, published, and `values`, one a run."""
    values = np.asarray(found.pop("values"), dtype=np.float64)
    values = values[np.isfinite(values)]
    n = len(values)
    mean = float(values.mean()) if n else float("nan")
    sd = float(values.std(ddof=1)) if n > 1 else float("nan")
    allowed = max(floor, 3 * sd * np.sqrt(1 + 1 / n) if n > 1 else 0.0)
    difference = mean - found["published"]
    return found | {
        "measured": mean,
        "sd": sd,
        "n_runs": n,
        "difference": difference,
        "floor": floor,
        "allowed": allowed,
        "inside": bool(abs(difference) <= allowed),
    }
