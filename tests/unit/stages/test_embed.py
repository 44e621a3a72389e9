"""The stage that embeds: which representations are embedded at once, and what its file says of it."""

import json
from types import SimpleNamespace

import h5py
import numpy as np

from layerscope import store
from layerscope.files.provenance import provenance
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.stages import embed
from layerscope.store import StoredRepresentation

N = 40
LAYERS = {"input": (0, (6,)), "hidden1": (1, (5,)), "dead": (2, (5,))}
OPTIONS = {
    "perplexity": 5.0,
    "early_exaggeration": 12.0,
    "early_exaggeration_iterations": 20,
    "iterations": 20,
    "learning_rate": "auto",
    "initialisation": "pca",
}


def test_as_many_representations_are_embedded_at_once_as_have_so_many_pairs():
    found = [[StoredRepresentation(0, f"hidden{depth}", None, depth, np.zeros((10, 2)), {})] for depth in range(5)]
    for pairs, sizes in ((299, [2, 2, 1]), (300, [3, 2]), (50, [1] * 5), (10_000, [5])):
        groups = list(embed.gathered(found, pairs))
        assert [len(group) for group in groups] == sizes
        assert [stored.depth for group in groups for stored in group] == [0, 1, 2, 3, 4]


def test_representations_that_are_embedded_at_once_lie_in_the_file_as_others(tmp_path):
    """Each with its own status, as if it had been embedded by itself; the device stands in the provenance."""
    generator = np.random.default_rng(0)
    arrays = {name: generator.normal(size=(N, *shape)).astype(np.float32) for name, (_, shape) in LAYERS.items()}
    arrays["dead"][:] = 0
    activations, neighbors = str(tmp_path / "activations.h5"), str(tmp_path / "neighbors.h5")
    view = {"epochs": [0], "whole": list(LAYERS), "filters": {}}
    with store.create_hdf5(activations, "activations", {}, provenance()) as file:
        for name, (depth, shape) in LAYERS.items():
            store.create_layer(file, 0, name, N, shape, depth, "input" if depth == 0 else "linear")[:] = arrays[name]
    with store.create_hdf5(neighbors, "neighbors", {}, provenance()) as file:
        for stored in store.representations(activations):
            store.write_neighbors(file, stored, store.Neighbors(*nearest_neighbors(stored.array, 15)))
    found = {}
    for module, options in (("tsne_pytorch", {"device": "cpu"}), ("tsne_layerscope", {"gradient": "exact", "restarts": 1})):
        target = str(tmp_path / f"{module}.h5")
        params = {"module": module, "options": {**OPTIONS, **options}, "seeds": [0, 3], "view": view, "threads": 1, "code": {}}
        embed.main(SimpleNamespace(params=params, activations=activations, neighbors=[neighbors], embedding=target))
        with h5py.File(target) as file:
            names: list[str] = []
            file.visit(names.append)
            found[module] = sorted(names)
            assert json.loads(file.attrs["provenance"])["device"] == "cpu"
            assert file["seed3/epoch0000/dead/whole"].attrs["status"].startswith("no variance")
            assert file["seed3/epoch0000/hidden1/whole"].attrs["status"] == "ok"
    assert found["tsne_pytorch"] == found["tsne_layerscope"]
