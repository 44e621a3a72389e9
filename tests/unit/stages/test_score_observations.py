"""The file of scores of observations: what it has of each layer and embedding, and what becomes of scores that are lost."""

import csv
from types import SimpleNamespace

import numpy as np
import pytest
from figure_files import NETWORK, SNAPSHOTS, made

from layerscope import store
from layerscope.files.provenance import provenance
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.stages import score, score_observations

N = 90
LAYERS = {"hidden1": 6, "hidden2": 4}
OF_LAYERS = {
    "hit": ("neighborhood_hit", "knn", {"k": 6}),
    "trust": ("trustworthiness", "trustworthiness", {"k": 12}),
    "divergence": ("kl", "kl", {"perplexity": 10.0}),
    "moves": ("displacement", "displacement", {"over": "layers"}),
}
VIEW = {"epochs": SNAPSHOTS, "whole": [*LAYERS], "filters": {}}


@pytest.fixture
def files(tmp_path):
    """activations with predictions, neighbors and an embedding by two seeds, whose last layer diverged with the second seed."""
    generator = np.random.default_rng(0)
    labels = np.arange(N) % 3
    outputs = {name: (generator.normal(size=(N, width)) + labels[:, None]).astype(np.float32) for name, width in LAYERS.items()}
    made_files = made(tmp_path, labels)
    activations = made_files.activations(outputs)[1]
    import h5py

    from layerscope.files.seals import seal_of

    with h5py.File(activations, "a") as file:
        for epoch in SNAPSHOTS:
            told = np.where(generator.random(N) < 0.7, labels, 0)
            store.write_predictions(file, epoch, told, generator.exponential(size=N).astype(np.float32))
    seal_of(activations).unlink()
    neighbors, embedding = tmp_path / "neighbors.h5", tmp_path / "embedding.h5"
    with store.create_hdf5(neighbors, "neighbors", {}, provenance()) as graphs:
        for stored in store.representations(activations):
            store.write_neighbors(graphs, stored, store.Neighbors(*nearest_neighbors(stored.array, 30)))
    with store.create_hdf5(embedding, "embedding", {"keys": NETWORK}, provenance()) as plane:
        for seed in (1, 2):
            for stored in store.representations(activations):
                lost = seed == 2 and stored.layer == "hidden2"
                points = np.full((N, 2), np.nan) if lost else stored.array[:, :2] + seed
                status = "diverged: not finite" if lost else "ok"
                store.write_embedding(plane, seed, stored, points.astype(np.float32), {"kl_engine": np.nan, "status": status})
    return SimpleNamespace(activations=activations, neighbors=[str(neighbors)], embedding=[str(embedding)], folder=tmp_path)


def asked(space, names, **changed):
    scores = {
        name: {"metric": OF_LAYERS[name][0], "module": OF_LAYERS[name][1], "options": OF_LAYERS[name][2], "view": VIEW}
        for name in names
    }
    params = {"keys": NETWORK, "space": space, "snapshots": SNAPSHOTS, "view": VIEW, "scores": scores, "threads": 1}
    return {**params, "seeds": [None] if space == "raw" else [1, 2], "layers": {"hidden1": (1, 6), "hidden2": (2, 4)},
            "distinct_rows": 30, **changed}  # fmt: skip


def run(files, params):
    """What the stage writes, by seed, epoch, layer and score, and the rows of scores of the whole in the same places."""
    target, whole = files.folder / "observations.h5", files.folder / "scores.csv"
    embedding = [] if params["space"] in ("raw", "run") else files.embedding
    about = {"activations": files.activations, "neighbors": files.neighbors, "embedding": embedding, "params": params}
    score_observations.main(SimpleNamespace(**about, observations=target))
    found = {(one.embedding_seed, one.epoch, one.layer, one.score): one for one in store.observation_scores(target)}
    if params["space"] == "run":
        return found, {}
    score.main(SimpleNamespace(**about, scores=whole))
    rows = list(csv.DictReader(whole.open()))
    seed = {str(seed): seed for seed in (1, 2)}
    return found, {(seed.get(row["embedding_seed"]), int(row["epoch"]), row["layer"], row["metric"]): row for row in rows}


@pytest.mark.parametrize(("space", "names"), [("raw", ["hit"]), ("tsne", [*OF_LAYERS])])
def test_the_mean_over_observations_is_the_row_of_the_score_and_reasons_are_the_same(files, space, names):
    found, rows = run(files, asked(space, names))
    assert found.keys() == rows.keys()
    for place, one in found.items():
        assert one.values.shape == (N,)
        assert one.reason == rows[place]["degenerate"]
        assert one.depth == int(rows[place]["depth"])
        np.testing.assert_allclose(one.values.mean(), float(rows[place]["value"] or "nan"), rtol=1e-12)


def test_a_diverged_embedding_loses_the_scores_of_its_observations_with_the_reason(files):
    found, _ = run(files, asked("tsne", ["hit"]))
    lost = found[2, 5, "hidden2", "hit"]
    assert np.isnan(lost.values).all()
    assert lost.reason == "diverged: not finite"
    assert np.isfinite(found[1, 5, "hidden2", "hit"].values).all()


def test_what_a_diverged_network_lacks_is_nan_with_the_reason(files):
    beyond = {**VIEW, "epochs": [*SNAPSHOTS, 9]}
    params = asked("raw", ["hit"], view=beyond)
    params["scores"]["hit"]["view"] = beyond
    found, rows = run(files, params)
    assert found.keys() == rows.keys()
    assert np.isnan(found[None, 9, "hidden1", "hit"].values).all()
    assert found[None, 9, "hidden1", "hit"].reason == rows[None, 9, "hidden1", "hit"]["degenerate"] == "ok: "


def test_a_network_as_such_is_right_or_wrong_about_each_observation(files):
    entry = {"metric": "accuracy", "module": "classification", "options": {"epochs": "snapshots"}, "epochs": SNAPSHOTS}
    found, _ = run(files, asked("run", [], scores={"right": entry}))
    rows, labels = store.read_observations(files.folder / "observations.h5")
    assert (rows == store.read_index(files.activations)).all()
    for predicted in store.predictions(files.activations):
        assert (found[None, predicted.epoch, "", "right"].values == (predicted.classes == labels)).all()


def test_the_same_job_writes_the_same_bytes(files):
    written = []
    for _ in range(2):
        run(files, asked("tsne", [*OF_LAYERS]))
        written.append((files.folder / "observations.h5").read_bytes())
    assert written[0] == written[1]
