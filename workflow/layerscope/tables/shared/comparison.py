"""Compare a published number, from one run, with measured ones from several runs."""

import numpy as np


def judged(found: dict, floor: float) -> dict:
    """Add measured statistics and a verdict to a comparison, `found`, whose `values` (one per run) they replace.

    found: comparison, state, score, rank, published and values. floor: the smallest difference that is allowed.
    """
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
