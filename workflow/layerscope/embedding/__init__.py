"""Embedding engines, and the exact t-SNE as an estimator: `from layerscope.embedding import ExactTSNE`."""

__all__ = ["ExactTSNE"]


def __getattr__(name: str):
    # An engine's module is imported without what the others need.
    if name == "ExactTSNE":
        from layerscope.tsne.estimator import ExactTSNE

        return ExactTSNE
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
