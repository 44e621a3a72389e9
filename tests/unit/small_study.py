"""A small study, and changes of it."""

import copy

GONE = object()

SMALL = {
    "study": "small",
    "seeds": 2,
    "datasets": {"digits": {"source": "sklearn", "test": 360}},
    "architectures": {"mlp": {"family": "mlp", "hidden": [16, 8]}},
    "grids": [{"datasets": ["digits"], "architectures": ["mlp"], "activations": ["relu"]}],
    "training": {
        "default": {"lr": 0.1, "epochs": 3, "snapshots": [0, 2, "last"]},
        "overrides": [{"on": {"architecture": "mlp"}, "lr": 0.05}],
    },
    "samples": {"look": {"split": "test", "choose": "all"}},
    "representations": {"whole": {"layers": "all"}},
    "neighbors": {"k": 30},
    "embeddings": {"tsne": {"method": "tsne", "perplexity": 10}, "umap": {"method": "umap"}},
    "scores": {"neighborhood_hit": {"k": 6}, "kl": {"perplexity": 10}, "accuracy": {}},
    "figures": {
        "grid": {"kind": "embedding_grid", "on": {"seed": 0, "embedding": "tsne"}},
        "hits": {"kind": "score_by_depth", "score": "neighborhood_hit"},
    },
    "tables": {"networks": {"kind": "networks", "scores": ["accuracy"]}},
    "claims": {
        "training_helps": {
            "text": "Training brings neighbours of one class together.",
            "statistic": "difference",
            "score": "neighborhood_hit",
            "between": {"state": ["trained", "untrained"]},
            "on": {"embedding": "raw"},
            "expect": "positive",
        }
    },
}
CNN = {"family": "cnn", "convolutions": [{"channels": 4, "kernel": 3, "pool": 2}]}


def changed(changes):
    """The small study with values put at dotted paths; GONE takes a key away."""
    study = copy.deepcopy(SMALL)
    for path, value in changes.items():
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        block = study
        for step in way:
            block = block[step]
        if value is GONE:
            del block[last]
        else:
            block[last] = copy.deepcopy(value)
    return study
