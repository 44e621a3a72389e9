"""Scores that read more than their layer, from files: a checkpoint, another sample, the layer before, the input."""

import csv
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from figure_files import NETWORK, SNAPSHOTS
from sklearn.neighbors import KNeighborsClassifier

from layerscope import store
from layerscope.errors import StudyError
from layerscope.files.provenance import provenance
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring.self_duality import self_duality
from layerscope.stages import score_beside, score_observations

N, M = 60, 40
LAYERS = {"hidden1": 6, "hidden2": 4}
VIEW = {"epochs": SNAPSHOTS, "whole": [*LAYERS], "filters": {}}
SCORES = {
    "nc3": ("nc3", "self_duality", {}),
    "changed": ("neighbors_changed", "neighbors_changed", {"k": 10, "since": "layer"}),
    "since": ("neighbors_changed", "neighbors_changed", {"k": 10, "since": "input"}),
    "probe": ("knn_probe_held_out", "probes", {"k": 5, "fitted_on": "fit"}),
}


@pytest.fixture
def files(tmp_path):
    """A network on two samples of different splits, its weights, and all neighbours. The last layer reads hidden2."""
    generator = np.random.default_rng(0)
    labels, others = np.arange(N) % 3, np.arange(M) % 3
    weights = {epoch: generator.normal(size=(3, 4)).astype(np.float32) for epoch in SNAPSHOTS}
    outputs = {}

    def layer(of, width):
        return (generator.normal(size=(len(of), width)) + of[:, None]).astype(np.float32)

    def activations(name, of, split, rows):
        target = tmp_path / f"{name}.h5"
        sample = {"name": name, "split": split}
        with store.create_hdf5(
            target, "activations", {"keys": {**NETWORK, "sample": name}, "sample": sample}, provenance()
        ) as file:
            store.write_observations(file, of, rows)
            for epoch in SNAPSHOTS:
                for depth, (layer_name, width) in enumerate(LAYERS.items(), 1):
                    outputs[name, epoch, layer_name] = layer(of, width)
                    stored = store.create_layer(file, epoch, layer_name, len(of), (width,), depth, "linear")
                    stored[:] = outputs[name, epoch, layer_name]
                told = (outputs[name, epoch, "hidden2"] @ weights[epoch].T).argmax(axis=1)
                store.write_predictions(file, epoch, told, np.zeros(len(of), np.float32))
        return str(target)

    def graphs(name, representations):
        target = tmp_path / f"neighbors_{name}.h5"
        with store.create_hdf5(target, "neighbors", {}, provenance()) as file:
            for stored in representations:
                store.write_neighbors(file, stored, store.Neighbors(*nearest_neighbors(stored.array, 20)))
        return str(target)

    look, fit = activations("look", labels, "test", np.arange(N)), activations("fit", others, "train", np.arange(M))
    images = layer(labels, 9)
    checkpoints = str(tmp_path / "checkpoints.safetensors")
    snapshots = {
        epoch: {"steps.output.map.weight": torch.from_numpy(one), "steps.output.map.bias": torch.zeros(3)}
        for epoch, one in weights.items()
    }
    store.write_checkpoints(checkpoints, {}, {}, snapshots)
    of_input = store.StoredRepresentation(0, "input", None, 0, images, {})
    return SimpleNamespace(
        activations=look,
        neighbors=[graphs("look", store.representations(look))],
        input_neighbors=[graphs("input", [of_input])],
        fitted_on=[fit],
        checkpoints=[checkpoints],
        folder=tmp_path,
        outputs=outputs,
        weights=weights,
        labels=labels,
        others=others,
        images=images,
        again=activations,
    )


def run(files, names=tuple(SCORES), **changed):
    """Rows of the stage, by epoch, layer and score."""
    scores = {
        name: {"metric": metric, "module": module, "options": options, "view": VIEW}
        for name, (metric, module, options) in SCORES.items()
        if name in names
    }
    params = {
        "keys": NETWORK, "space": "raw", "snapshots": SNAPSHOTS, "view": VIEW, "scores": scores, "seeds": [None], "threads": 1,
        "layers": {"hidden1": (1, 6), "hidden2": (2, 4)}, "distinct_rows": 20, "sequence": [*LAYERS], "last": "steps.output.map.",
        **changed,
    }  # fmt: skip
    target = files.folder / "scores.csv"
    score_beside.main(SimpleNamespace(**{**vars(files), "params": params, "scores": target}))
    rows = {(int(row["epoch"]), row["layer"], row["metric"]): row for row in csv.DictReader(target.open())}
    assert {row["space"] for row in rows.values()} == {"raw"}
    return rows, params


def test_nc3_is_of_the_layer_that_the_last_one_reads_with_the_weights_of_each_snapshot(files):
    rows, _ = run(files)
    for epoch in SNAPSHOTS:
        points = files.outputs["look", epoch, "hidden2"].astype(float)
        means = np.stack([points[files.labels == label].mean(axis=0) for label in range(3)])
        wanted = self_duality(files.weights[epoch].astype(float), means - means.mean(axis=0))
        assert float(rows[epoch, "hidden2", "nc3"]["value"]) == pytest.approx(wanted)
        assert rows[epoch, "hidden1", "nc3"]["value"] == "nan"
        assert rows[epoch, "hidden1", "nc3"]["degenerate"] == "not the layer that the last one reads: 6 numbers, not 4"


@pytest.mark.parametrize(
    ("changed", "without", "reason"),
    [
        ({"last": ""}, {"checkpoints": []}, "the activations are given, and no weights"),
        ({"last": ""}, {}, "the network does not end with a linear layer that is looked at"),
    ],
)
def test_networks_without_known_weights_have_no_nc3(files, changed, without, reason):
    vars(files).update(without)
    rows, _ = run(files, ["nc3"], **changed)
    assert {(row["value"], row["degenerate"]) for row in rows.values()} == {("nan", reason)}


def test_neighbours_are_compared_with_the_layer_before_and_with_the_input(files):
    rows, _ = run(files)

    def changed(first, second):
        sets = [[{*row.tolist()} for row in nearest_neighbors(points, 10)[0]] for points in (first, second)]
        return np.mean([1 - len(a & b) / 10 for a, b in zip(*sets, strict=True)])

    one, two = (files.outputs["look", 5, layer] for layer in LAYERS)
    assert float(rows[5, "hidden1", "changed"]["value"]) == pytest.approx(changed(files.images, one))
    assert float(rows[5, "hidden2", "changed"]["value"]) == pytest.approx(changed(one, two))
    assert float(rows[5, "hidden2", "since"]["value"]) == pytest.approx(changed(files.images, two))
    files.input_neighbors = []
    rows, _ = run(files, ["changed"])
    assert rows[5, "hidden1", "changed"]["degenerate"] == "the layer before is not looked at"


def test_a_probe_reads_the_same_layer_of_the_other_sample(files):
    rows, _ = run(files, ["probe"])
    for layer in LAYERS:
        model = KNeighborsClassifier(5).fit(files.outputs["fit", 5, layer], files.others)
        wanted = model.score(files.outputs["look", 5, layer], files.labels)
        assert float(rows[5, layer, "probe"]["value"]) == pytest.approx(wanted)


def test_no_observation_is_fitted_on_and_scored(files):
    files.fitted_on = [files.again("overlapping", files.others, "test", np.arange(M) + N - 1)]
    with pytest.raises(StudyError, match="share 1 observations of the test split, row 59 among them"):
        run(files, ["probe"])
    files.fitted_on = [files.again("fit", files.others, "test", np.arange(M) + N)]
    assert run(files, ["probe"])[0]


def test_the_scores_of_observations_are_of_the_same_files(files):
    rows, params = run(files, ["changed", "probe"])
    target = files.folder / "observations.h5"
    arguments = {**vars(files), "embedding": [], "params": {**params, "beside": True}, "observations": target}
    score_observations.main(SimpleNamespace(**arguments))
    found = {(one.epoch, one.layer, one.score): one.values.mean() for one in store.observation_scores(target)}
    assert found.keys() == rows.keys()
    for place, value in found.items():
        assert value == pytest.approx(float(rows[place]["value"]), rel=1e-12)


def test_what_a_diverged_network_lacks_is_nan_with_the_reason(files):
    beyond = {**VIEW, "epochs": [*SNAPSHOTS, 9]}
    rows, _ = run(files, ["probe"], view=beyond)
    assert (9, "hidden1", "probe") not in rows
    scores = {"probe": dict(zip(("metric", "module", "options"), SCORES["probe"], strict=True)) | {"view": beyond}}
    rows, _ = run(files, view=beyond, scores=scores)
    assert (rows[9, "hidden1", "probe"]["value"], rows[9, "hidden1", "probe"]["degenerate"]) == ("nan", "ok: ")
