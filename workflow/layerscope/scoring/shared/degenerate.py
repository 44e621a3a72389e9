"""Whether a representation is degenerate: it carries too little for its scores to mean anything."""

import numpy as np

NOT_FINITE, NO_VARIANCE = "not finite", "no variance"


def degenerate_reason(activations: np.ndarray, neighbors_asked: int) -> str:
    """Why the representation is degenerate; "" if it is not.

    activations: (n, d). neighbors_asked: the number of neighbours that the study asks for.

    "not finite" if there is a NaN or an infinity; "no variance" if all rows are equal; "N distinct rows, fewer than the K
    neighbours asked for" if there are fewer distinct rows than neighbors_asked.
    """
    activations = np.asarray(activations)
    if not np.isfinite(activations).all():
        return NOT_FINITE
    distinct = set()
    for row in activations:
        # Adding 0 turns -0 into 0: their bytes differ.
        distinct.add((row + 0.0).tobytes())
        if len(distinct) >= max(neighbors_asked, 2):
            return ""
    if len(distinct) < 2:
        return NO_VARIANCE
    return f"{len(distinct)} distinct rows, fewer than the {neighbors_asked} neighbours asked for"
