"""Files of scores of observations of a made-up study, for tests of what reads them."""

import numpy as np
from figure_files import INPUT, NETWORK, SNAPSHOTS

from layerscope import store
from layerscope.files.provenance import provenance


def written(folder, labels, values, *, seed=0, space="raw", of_input=False, index=None, targets=None):
    """A file with scores of every observation. values: (score, epoch, layer, depth) -> (n,), or (..., embedding seed) -> (n,)."""
    keys = INPUT if of_input else {**NETWORK, "seed": seed}
    target = folder / f"observations_{'input' if of_input else seed}_{space}.h5"
    params = {"keys": keys, "space": space, "snapshots": [0] if of_input else SNAPSHOTS}
    with store.create_hdf5(target, "observations", params, provenance()) as file:
        rows = np.arange(len(labels)) if index is None else index
        store.write_observations(file, np.asarray(labels) if targets is None else targets, rows)
        for (score, epoch, layer, depth, *embedding_seed), found in values.items():
            found = np.asarray(found, float)
            one = store.ObservationScores(score, epoch, layer, depth, *(embedding_seed or [None]), found, "")
            store.write_observation_scores(file, one)
    return str(target)
