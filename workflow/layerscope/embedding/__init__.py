"""Embedding engines, and the exact t-SNE as an estimator: `from layerscope.embedding import ExactTSNE`."""

__all__ = ["ExactTSNE"]


def __getattr__(name: str):
    # Imported on demand: an engine must not import what only another engine needs.
    if name == "ExactTSNE":
        from layerscope.tsne.estimator import ExactTSNE

        return ExactTSNE
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
