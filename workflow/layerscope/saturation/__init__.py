"""Layer saturation (Shenk et al.): how many directions carry a layer's variance.

Usable on any torch module, while it trains or afterwards:

    with SaturationTracker(model) as tracker:
        for inputs, labels in batches:
            training_step(model, inputs, labels)
    for layer, eigenvalues in tracker.spectra().items():
        print(layer, intrinsic_dimension(eigenvalues), saturation(eigenvalues))
    print(mean_saturation(tracker.spectra()))
"""

__all__ = ["SaturationTracker", "intrinsic_dimension", "mean_saturation", "saturation"]


def __getattr__(name: str):
    # Imported on demand: the tracker needs torch, the scores only NumPy, and tracking does not depend on the scores.
    if name == "SaturationTracker":
        from layerscope.saturation.tracker import SaturationTracker

        return SaturationTracker
    if name in __all__:
        from layerscope.saturation import dimension

        return getattr(dimension, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
