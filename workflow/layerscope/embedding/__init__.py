"""Embedding engines, and t-SNE as an estimator: `from layerscope.embedding import TSNE`."""

__all__ = ["TSNE", "ExactTSNE"]


def __getattr__(name: str):
    # Imported on demand: an engine must not import what only another engine needs.
    if name in __all__:
        from layerscope.tsne import estimator

        return getattr(estimator, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
