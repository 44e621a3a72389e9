"""What neural networks do to their data, layer by layer.

For plain arrays: `layerscope.score(points, labels, ["neighborhood_hit"])`, `layerscope.embed(points)` and
`layerscope.compare(first, second, ["cka"])`. For a finished study: `layerscope.results.open("results/digits")`.
"""

from layerscope import version

__version__ = version.VERSION

__all__ = ["compare", "embed", "score"]


def __getattr__(name: str):
    # Loaded on first use: Snakemake imports this package to read the rules, also where NumPy and PyTorch are not installed.
    if name in __all__:
        from layerscope import arrays

        return getattr(arrays, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
