"""Whether a representation carries too little to be scored in earnest."""

import numpy as np


def degenerate_reason(activations: np.ndarray, neighbors_asked: int) -> str:
    """Why the representation is degenerate, "" where it is not.

    activations: (n, d). neighbors_asked: the number of neighbours that the study asks for.

    "not finite" where there is a NaN or an infinity; "no variance" where all rows are equal; else "N distinct rows,
    fewer than the K neighbours asked for" where that holds.
    """
    activations = np.asarray(activations)
    if not np.isfinite(activations).all():
        return "not finite"
    distinct = set()
    for row in activations:
        # Adding 0 makes -0 and 0 the same bytes.
        distinct.add((row + 0.0).tobytes())
        if len(distinct) >= max(neighbors_asked, 2):
            return ""
    if len(distinct) < 2:
        return "no variance"
    return f"{len(distinct)} distinct rows, fewer than the {neighbors_asked} neighbours asked for"
