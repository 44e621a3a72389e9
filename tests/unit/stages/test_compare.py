"""Comparisons are those of plain arrays from the same files, of the pairs that were asked for, and of the same observations."""

import numpy as np
import pytest
from compared_files import EPOCHS, LAYERS, MLP, WIDTHS, N, compared, layers_compared, networks, told
from scipy.stats import spearmanr

import layerscope
from layerscope import store
from layerscope.errors import StudyError
from layerscope.files.provenance import provenance

STEPS = ["input", *WIDTHS]


def between(seed: int, other: int, **params) -> dict:
    """What a job is told that compares two networks of different seeds, layer by layer."""
    pairs = {"epochs": [[epoch, epoch] for epoch in EPOCHS], "layers": [[*layer, *layer] for layer in LAYERS]}
    others = [{"keys": {**MLP, "seed": other}, "independent": True, **pairs}]
    return told(seed, comparison="twins", between="seeds", others=others, **params)


def test_every_pair_of_layers_has_each_measure(tmp_path):
    files, outputs = networks(tmp_path, seeds=1)
    measures = ["cka", "procrustes", "mutual_neighbors", "matched_correlation", "rsa"]
    [file] = layers_compared(files, measures=measures)
    rows = store.read_comparison(file)
    assert len(rows) == len(EPOCHS) * 6 * len(measures)
    assert tuple(rows.columns) == store.COMPARISON_COLUMNS
    for row in rows.to_dict("records"):
        arrays = [outputs[0, row["epoch"], row[key]] for key in ("layer", "other_layer")]
        expected = layerscope.compare(*arrays, row["measure"], permutations=0)[row["measure"]].value
        assert row["value"] == pytest.approx(expected, abs=1e-9)
        assert (row["depth"], row["other_depth"]) == (STEPS.index(row["layer"]), STEPS.index(row["other_layer"]))
        assert (row["n_points"], row["state"]) == (N, "trained" if row["epoch"] else "untrained")


def test_chance_is_the_mean_over_seeded_orders_of_the_observations(tmp_path):
    files, outputs = networks(tmp_path, seeds=1)
    [file] = layers_compared(files, measures=["rsa"], permutations=3)
    row = store.read_comparison(file).query("epoch == 5 and layer == 'hidden1' and other_layer == 'output'").iloc[0]
    found = []
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(N)
        one, other = outputs[0, 5, "hidden1"][order], outputs[0, 5, "output"]
        distances = [np.linalg.norm(points[:, None] - points[None], axis=-1)[np.triu_indices(N, 1)] for points in (one, other)]
        found.append(spearmanr(*distances).statistic)
    assert row["chance"] == pytest.approx(np.mean(found), abs=1e-4)
    again = store.read_comparison(layers_compared(files, measures=["rsa"], permutations=3)[0])
    assert again.query("epoch == 5 and layer == 'hidden1' and other_layer == 'output'").iloc[0]["chance"] == row["chance"]


@pytest.mark.parametrize(
    ("compared_with", "expected"),
    [
        ("previous", [("hidden1", "input"), ("hidden2", "hidden1"), ("output", "hidden2")]),
        ("first", [("hidden1", "input"), ("hidden2", "input"), ("output", "input")]),
        ("last", [("input", "output"), ("hidden1", "output"), ("hidden2", "output")]),
    ],
)
def test_each_layer_is_compared_with_one_other(tmp_path, compared_with, expected):
    files, _ = networks(tmp_path, seeds=1)
    [file] = layers_compared(files, **{"with": compared_with}, epochs=[5])
    rows = store.read_comparison(file)
    assert list(zip(rows["layer"], rows["other_layer"], strict=True)) == expected


def test_snapshots_of_a_layer_are_compared_with_each_other(tmp_path):
    files, outputs = networks(tmp_path, seeds=1)
    rows = store.read_comparison(compared(files[1], told(0, between="epochs", **{"with": "first"})))
    assert list(rows["layer"]) == list(WIDTHS)
    assert {*zip(rows["epoch"], rows["other_epoch"], strict=True)} == {(5, 0)}
    expected = layerscope.compare(outputs[0, 5, "output"], outputs[0, 0, "output"], "cka", permutations=0)["cka"].value
    assert rows["value"].iloc[-1] == pytest.approx(expected)


def test_a_layer_is_compared_with_that_of_another_network(tmp_path):
    files, outputs = networks(tmp_path, seeds=2)
    rows = store.read_comparison(compared(files[2], between(1, 0), others=files[1:2]))
    assert len(rows) == len(EPOCHS) * len(WIDTHS)
    assert {*rows["seed"]} == {1}
    assert {*rows["other_seed"]} == {0}
    for row in rows.to_dict("records"):
        arrays = (outputs[seed, row["epoch"], row["layer"]] for seed in (1, 0))
        assert row["value"] == pytest.approx(layerscope.compare(*arrays, "cka", permutations=0)["cka"].value)


def test_filters_are_matched_in_the_shape_of_their_maps(tmp_path):
    def in_maps(by_epoch):
        for layers in by_epoch.values():
            layers["hidden1"] = layers["hidden1"].reshape(N, 3, 2, 1)

    files, outputs = networks(tmp_path, seeds=2, change=in_maps)
    rows = store.read_comparison(compared(files[2], between(1, 0, measures=["matched_correlation"]), others=files[1:2]))
    arrays = (outputs[seed, 5, "hidden1"] for seed in (1, 0))
    expected = layerscope.compare(*arrays, "matched_correlation", permutations=0)["matched_correlation"].value
    assert rows.query("epoch == 5 and layer == 'hidden1'")["value"].iloc[0] == pytest.approx(expected)


def test_maps_and_neurons_have_no_units_to_match_and_the_reason_says_so(tmp_path):
    def in_maps(by_epoch):
        for layers in by_epoch.values():
            layers["hidden1"] = layers["hidden1"].reshape(N, 3, 2, 1)

    files, _ = networks(tmp_path, seeds=1, change=in_maps)
    rows = store.read_comparison(layers_compared(files, measures=["matched_correlation"])[0])
    lost = (rows["layer"] == "hidden1") | (rows["other_layer"] == "hidden1")
    assert rows.loc[lost, "value"].isna().all()
    assert {*rows.loc[lost, "degenerate"]} == {
        "matched_correlation is not defined for maps of different sizes, or maps and single neurons, whose units take values at "
        "other places"
    }
    assert (rows.loc[~lost, "degenerate"] == "").all()


def test_a_dead_layer_has_no_value_and_says_why(tmp_path):
    def dead(by_epoch):
        by_epoch[5]["hidden2"][:] = 1

    files, _ = networks(tmp_path, seeds=1, change=dead)
    rows = store.read_comparison(layers_compared(files, measures=["cka", "mutual_neighbors"])[0])
    lost = (rows["epoch"] == 5) & ((rows["layer"] == "hidden2") | (rows["other_layer"] == "hidden2"))
    assert lost.sum() == 3 * 2
    assert {*rows.loc[lost, "degenerate"]} == {"hidden2: no variance"}
    assert rows.loc[lost, ["value", "chance"]].isna().all(axis=None)
    assert (rows.loc[~lost, "degenerate"] == "").all()
    assert rows.loc[~lost, "value"].notna().all()


def test_snapshots_that_a_diverged_training_lacks_are_rows_with_the_reason(tmp_path):
    made_by = {**provenance(), "status": "diverged", "reason": "the loss was nan in epoch 3"}
    files, _ = networks(tmp_path, seeds=1, change=lambda by_epoch: by_epoch.pop(5), made_by=made_by)
    rows = store.read_comparison(layers_compared(files)[0])
    lost = rows[rows["epoch"] == 5]
    assert len(lost) == 6
    assert {*lost["degenerate"]} == {"diverged: the loss was nan in epoch 3"}
    assert lost["value"].isna().all()


def test_other_observations_are_refused(tmp_path):
    files, _ = networks(tmp_path, seeds=1)
    (tmp_path / "other").mkdir()
    others, _ = networks(tmp_path / "other", seeds=2, index=np.arange(N)[::-1])
    with pytest.raises(StudyError, match=r"has other observations than .*, and only outputs for the same ones can be compared"):
        compared(files[1], between(0, 1), others=others[2:])
