"""What is shown of a network: embeddings in their frames, neighbours among what is drawn, the units that vary, predictions."""

import base64

import figure_files
import numpy as np
import observation_files
import pandas as pd
import pytest
from figure_files import NETWORK, OK, SAMPLE

from layerscope import store
from layerscope.explorer import drawn
from layerscope.explorer.scores import scores_of_page
from layerscope.explorer.scripts import MISSING, STEPS
from layerscope.explorer.source import NEIGHBORS, UNITS, source_of_page
from layerscope.files.provenance import provenance

N = 60


def numbers(text: str, dtype: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype)


@pytest.fixture
def files(tmp_path):
    return figure_files.made(tmp_path, np.arange(N) % 3)


def embedded(folder, steps, options) -> str:
    """A file of embeddings. steps: (epoch, layer, filter) → points."""
    target = folder / "some.h5"
    with store.create_hdf5(
        target, "embedding", {"keys": {**NETWORK, "embedding": "mine"}, "options": options}, provenance()
    ) as file:
        for (epoch, layer, number), points in steps.items():
            about = store.StoredRepresentation(epoch, layer, number, 1, points, {})
            store.write_embedding(file, 42, about, points.astype(np.float32), OK)
    return str(target)


def graph(folder, indices) -> str:
    target = folder / "neighbors.h5"
    with store.create_hdf5(target, "neighbors", {}, provenance()) as file:
        about = store.StoredRepresentation(5, "hidden", None, 1, np.empty(0), {})
        store.write_neighbors(file, about, store.Neighbors(indices.astype(np.int32), np.zeros(indices.shape, np.float32)))
    return str(target)


OUTPUTS = np.random.default_rng(0).random((N, 30)).astype(np.float32) * np.linspace(0, 1, 30, dtype=np.float32)
POINTS = np.random.default_rng(1).random((N, 2))


def test_each_embedding_has_a_frame_of_its_own_unless_steps_are_embedded_together(files, tmp_path):
    [_, network] = files.activations({"hidden": OUTPUTS})
    steps = {(0, "hidden", None): POINTS, (5, "hidden", None): 10 * POINTS}
    frames = {}
    for over in (None, "epochs"):
        found = source_of_page(network, [embedded(tmp_path, steps, {"over": over} if over else {})], None)["embeddings"]["mine"]
        frames[over] = [entry["frame"][2] for entry in found]
    assert frames[None][1] == pytest.approx(10 * frames[None][0])
    assert frames["epochs"][0] == frames["epochs"][1] > frames[None][1]


def test_an_embedding_that_failed_has_no_points_and_says_so(files, tmp_path):
    [_, network] = files.activations({"hidden": OUTPUTS})
    target = tmp_path / "some.h5"
    with store.create_hdf5(target, "embedding", {"keys": {**NETWORK, "embedding": "mine"}, "options": {}}, provenance()) as file:
        about = store.StoredRepresentation(5, "hidden", None, 1, np.empty(0), {})
        store.write_embedding(file, 42, about, np.full((N, 2), np.nan, np.float32), {**OK, "status": "not finite"})
    [entry] = source_of_page(network, [str(target)], None)["embeddings"]["mine"]
    assert entry["status"] == "not finite"
    assert set(numbers(entry["points"], "<u2")) == {MISSING}


def test_neighbours_are_the_nearest_and_few(files, tmp_path):
    [_, network] = files.activations({"hidden": OUTPUTS})
    indices = (np.arange(N)[:, None] + np.arange(1, 16)) % N
    page = source_of_page(network, [embedded(tmp_path, {(5, "hidden", None): POINTS}, {})], graph(tmp_path, indices))
    stored = page["neighbors"]["5/hidden"]
    assert stored["k"] == NEIGHBORS
    assert numbers(stored["indices"], "<u2").reshape(N, NEIGHBORS).tolist() == indices[:, :NEIGHBORS].tolist()


def test_of_a_part_of_the_sample_only_neighbours_that_are_drawn_count(files, tmp_path, monkeypatch):
    monkeypatch.setattr(drawn, "LARGEST", 30)
    [_, network] = files.activations({"hidden": OUTPUTS})
    indices = (np.arange(N)[:, None] + np.arange(1, 11)) % N
    page = source_of_page(network, [embedded(tmp_path, {(5, "hidden", None): POINTS}, {})], graph(tmp_path, indices))
    places = drawn.drawn_positions(files.labels, N)
    found = numbers(page["neighbors"]["5/hidden"]["indices"], "<u2").reshape(30, -1)
    for place, row in zip(places, found, strict=True):
        expected = [np.flatnonzero(places == one)[0] for one in indices[place] if one in places][:NEIGHBORS]
        assert row.tolist() == expected + [MISSING] * (len(row) - len(expected))
    assert len(numbers(page["embeddings"]["mine"][0]["points"], "<u2")) == 60


def test_the_units_that_vary_most_are_kept_and_their_values(files, tmp_path):
    [_, network] = files.activations({"hidden": OUTPUTS})
    page = source_of_page(network, [embedded(tmp_path, {(5, "hidden", None): POINTS}, {})], None)
    units = page["units"]["5/hidden"]
    expected = sorted(np.argsort(-OUTPUTS.std(axis=0))[:UNITS])
    assert (units["of"], units["numbers"]) == (30, expected)
    steps = numbers(units["values"], "<u1").reshape(UNITS, N)
    for unit, row, (low, high) in zip(expected, steps, units["ranges"], strict=True):
        assert np.abs(low + (high - low) * row / 254 - OUTPUTS[:, unit]).max() < 0.003


def test_all_snapshots_have_the_units_that_vary_most_at_the_last_one(files, tmp_path):
    """Before training others varied most: a row of untrained panels beside would know none of the units of the trained ones."""
    target = tmp_path / "other.h5"
    with store.create_hdf5(target, "activations", {"keys": NETWORK, "sample": SAMPLE}, provenance()) as file:
        store.write_observations(file, files.labels, files.index)
        for epoch, outputs in ((0, OUTPUTS[:, ::-1]), (5, OUTPUTS)):
            store.create_layer(file, epoch, "hidden", N, (30,), 1, "linear")[:] = outputs
    steps = {(0, "hidden", None): POINTS, (5, "hidden", None): POINTS}
    units = source_of_page(str(target), [embedded(tmp_path, steps, {})], None)["units"]
    expected = sorted(np.argsort(-OUTPUTS.std(axis=0))[:UNITS])
    assert units["0/hidden"]["numbers"] == units["5/hidden"]["numbers"] == expected
    low, high = units["0/hidden"]["ranges"][0]
    row = numbers(units["0/hidden"]["values"], "<u1").reshape(UNITS, N)[0]
    assert np.abs(low + (high - low) * row / 254 - OUTPUTS[:, ::-1][:, expected[0]]).max() < 0.003


def test_of_maps_the_mean_of_each_filter_is_kept_and_dead_ones_are_left_out(files, tmp_path):
    maps = np.random.default_rng(2).random((N, 4, 3, 3)).astype(np.float32)
    maps[:, 1] = 0
    [_, network] = files.activations({"hidden": maps})
    units = source_of_page(network, [embedded(tmp_path, {(5, "hidden", None): POINTS}, {})], None)["units"]["5/hidden"]
    assert (units["filters"], units["numbers"]) == (True, [0, 2, 3])
    assert units["ranges"][1] == pytest.approx([maps[:, 2].mean(axis=(1, 2)).min(), maps[:, 2].mean(axis=(1, 2)).max()], rel=1e-3)


def test_scores_of_every_observation_are_told_by_their_layer_and_embedding(files, tmp_path):
    [_, network] = files.activations({"hidden": OUTPUTS})
    hit = np.random.default_rng(3).random(N)
    kept = [
        observation_files.written(
            tmp_path, files.labels, {("hit", 5, "hidden", 1): hit, ("lost", 5, "hidden", 1): np.full(N, np.nan)}
        ),
        observation_files.written(tmp_path, files.labels, {("hit", 5, "hidden", 1, 42): hit / 2}, space="mine"),
    ]
    of_layer, of_embedding = source_of_page(network, [], None, kept)["scores"]
    told = {"score": "hit", "epoch": 5, "layer": "hidden"}
    assert {key: of_layer[key] for key in ("space", "seed", *told)} == {"space": "raw", "seed": None, **told}
    assert {key: of_embedding[key] for key in ("space", "seed", *told)} == {"space": "mine", "seed": 42, **told}
    low, high = of_layer["range"]
    assert np.abs(low + (high - low) * numbers(of_layer["values"], "<u1") / 254 - hit).max() < 0.003


def test_coordinates_are_in_the_order_of_the_sample(files, tmp_path):
    [_, network] = files.activations({"hidden": OUTPUTS})
    [entry] = source_of_page(network, [embedded(tmp_path, {(5, "hidden", None): POINTS}, {})], None)["embeddings"]["mine"]
    left, bottom, side = entry["frame"]
    back = numbers(entry["points"], "<u2").reshape(N, 2) / STEPS * side + (left, bottom)
    assert np.abs(back - POINTS).max() < 1e-4


def test_scores_have_a_value_for_each_seed():
    row = {"dataset": "d", "architecture": "a", "activation": "relu", "sample": "some", "state": "trained"}
    row |= {"layer": "hidden", "depth": 1, "space": "raw", "metric": "hit", "chance": 0.1, "degenerate": ""}
    runs = pd.DataFrame(
        [
            {**row, "seed": 0, "epoch": 5, "filter": "", "value": 0.5},
            {**row, "seed": 2, "epoch": 5, "filter": "", "value": np.nan, "degenerate": "diverged"},
            {**row, "seed": 3, "epoch": 5, "filter": "", "value": 0.123456789},
            {**row, "seed": 0, "epoch": 4, "filter": "", "value": 0.9},
            {**row, "seed": 0, "epoch": 5, "filter": "3", "value": 0.9},
        ]
    )
    page = scores_of_page(runs, {"d/a/relu": [0, 5]})
    expected = dict(zip(page["columns"], page["rows"]["d/a/relu"]["rows"][0], strict=True))
    assert page["rows"]["d/a/relu"]["seeds"] == [0, 2, 3]
    assert len(page["rows"]["d/a/relu"]["rows"]) == 1
    assert expected["values"] == [0.5, None, 0.12346]
    assert [page["reasons"][flag] for flag in expected["flags"]] == ["", "diverged", ""]
    assert (expected["chance"], expected["score"], expected["depth"]) == (0.1, "hit", 1)
