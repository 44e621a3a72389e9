"""An embedding engine: two coordinates, one pushed along by the other."""

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked

ENGINE = {
    "description": "The first two coordinates, sheared.",
    "reads": (),
    "options": {
        "seeds": {"$ref": "#/$defs/embedding_seeds"},
        "amount": {"description": "How far.", "type": "number", "default": 1},
    },
}


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """points: (n, d) float32. The embedding is (n, 2)."""
    x, y = points[:, 0], points[:, -1]
    return checked(np.column_stack([x + options["amount"] * y, y]))
