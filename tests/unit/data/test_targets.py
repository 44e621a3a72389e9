"""Numbers to predict, as people's arrays and tables have them: read as they are, held out at random, or refused by name."""

import numpy as np
import pandas as pd
import pytest

from layerscope import store
from layerscope.data.dataset import hold_out
from layerscope.data.observations import observations_of_split
from layerscope.data.samples import observations_of_sample
from layerscope.data.sources import npz, table
from layerscope.data.targets import numbers
from layerscope.errors import StudyError
from layerscope.files.provenance import provenance

REGRESSION = {"task": "regression"}


def arrays(n=40, **more):
    generator = np.random.default_rng(0)
    return {"x": generator.random((n, 3)), "y": 1000 + 50 * generator.random(n), **more}


@pytest.fixture
def saved(tmp_path):
    """The dataset of an npz file with some arrays."""

    def load(given, **options):
        np.savez(tmp_path / "mine.npz", **given)
        return npz.load("mine", {"path": "mine.npz", **REGRESSION, **options}, tmp_path)

    return load


@pytest.fixture
def houses():
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {"rooms": generator.integers(1, 9, 30), "size": generator.random(30)}
        | {"price": generator.integers(10**5, 10**6, 30), "rent": generator.random(30)}
    )


@pytest.mark.parametrize("shape", [(40,), (40, 1), (40, 3)])
def test_numbers_of_an_npz_file_are_targets(saved, shape):
    targets = np.random.default_rng(1).random(shape)
    dataset = saved(arrays(y=targets), test=10)
    columns = shape[1] if len(shape) > 1 else 1
    assert dataset.classes == []
    assert dataset.targets == (["target"] if columns == 1 else ["target1", "target2", "target3"])
    both = np.concatenate([dataset.splits[split][1] for split in ("train", "test")])
    np.testing.assert_array_equal(np.sort(both, axis=0), np.sort(targets.reshape(40, -1), axis=0))


def test_sizes_are_found_without_the_observations(saved, tmp_path):
    saved(arrays(y=np.random.default_rng(1).random((40, 2))))
    sizes = npz.found_sizes("mine", {"path": "mine.npz", **REGRESSION}, tmp_path)
    assert sizes == {"shape": [3], "targets": ["target1", "target2"], "train": 32, "test": 8, "white_by_type": False}


def test_whole_numbers_are_targets_where_the_study_says_so(saved):
    assert saved(arrays(y=np.arange(40) % 3)).targets == ["target"]


def test_columns_of_a_table_are_targets(houses, tmp_path):
    houses.to_csv(tmp_path / "houses.csv", index=False)
    options = {"path": "houses.csv", "label": ["price", "rent"], **REGRESSION}
    dataset = table.load("mine", options, tmp_path)
    assert dataset.targets == ["price", "rent"]
    assert {split: (x.shape, y.shape) for split, (x, y) in dataset.splits.items()} == {
        **{"train": ((24, 2), (24, 2)), "test": ((6, 2), (6, 2))},
    }
    assert table.found_sizes("mine", options, tmp_path)["targets"] == ["price", "rent"]
    one = table.load("mine", {**options, "label": "price", "ignore": ["rent"]}, tmp_path)
    assert (one.targets, one.splits["train"][0].shape) == (["price"], (24, 2))


def test_targets_are_held_out_at_random_by_a_fixed_seed():
    """Sorted targets: a random fifth is not the first fifth, and the mean of both parts is about the same."""
    x, y = np.arange(1000.0)[:, None], np.arange(1000.0)[:, None]
    (kept, _), (held, of_held) = hold_out(x, y, 200, "mine")
    assert (len(kept), len(held)) == (800, 200)
    assert sorted([*kept[:, 0], *held[:, 0]]) == list(range(1000))
    np.testing.assert_array_equal(held, of_held)
    assert abs(held.mean() - 499.5) < 60
    np.testing.assert_array_equal(held, hold_out(x, y, 200, "other")[1][0])


def test_classes_are_held_out_as_before():
    labels = np.repeat([0, 1], [30, 10])
    assert np.bincount(hold_out(np.zeros((40, 2)), labels, 8, "mine")[1][1]).tolist() == [6, 2]


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (np.array(["a", "b", "c", "d"] * 10), "y is text; targets are numbers"),
        (
            np.r_[np.nan, np.arange(38.0), np.inf],
            r"2 observations with targets that are missing or not finite \(rows 1, 40\)",
        ),
        (np.r_[1e39, np.arange(39.0)], r"not finite \(rows 1\)"),
        (np.ones(40), "y is 1 for every observation; there is nothing to learn"),
        (np.c_[np.arange(40.0), np.ones(40)], "target 2 of y is 1 for every observation"),
        (np.zeros((40, 2, 2)), r"y is 40 × 2 × 2; targets are \(observations,\) or \(observations, targets\)"),
        (np.arange(39.0), "x has 40 rows, y 39"),
    ],
)
def test_what_is_no_target_is_refused(saved, y, said):
    with pytest.raises(StudyError, match=said):
        saved(arrays(y=y))


def test_splits_have_the_same_targets():
    with pytest.raises(StudyError, match="y_train has 2 targets an observation, y_test 1; all splits must have the same"):
        numbers({"y_train": np.random.default_rng(0).random((5, 2)), "y_test": np.arange(5)}, "mine")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (arrays(), r"y holds 10\d\d\.\d+; classes are whole numbers or text; where .* to predict, say `task: regression`"),
        (
            arrays(y=np.random.default_rng(0).random((40, 2))),
            "one label for each observation is wanted; .* `task: regression`",
        ),
        (arrays(y=1000 + np.arange(40)), "each of the 40 observations of y has a number of its own; .* say `task: regression`"),
        (arrays(y=np.arange(40) // 1.05), "cannot be held out of them; there are 38 classes, .* say `task: regression`"),
    ],
)
def test_labels_that_look_like_targets_lead_to_the_key(saved, given, said):
    with pytest.raises(StudyError, match=said):
        saved(given, task=None)


def test_many_classes_of_one_observation_are_taken_if_the_study_says_so():
    from layerscope.data.labels import numbered

    labels, classes = numbered({"y": np.arange(40)}, None, "mine", [], "classification")
    assert (len(classes), labels["y"].tolist()) == (40, list(range(40)))


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (lambda frame: frame.assign(price="dear"), {}, "the column 'price' of train holds 'dear', which is no number"),
        (
            lambda frame: frame.assign(rent=frame["rent"].where(frame.index != 4)),
            {},
            "train has 1 rows without a target in the column 'rent', the first is row 5",
        ),
        (lambda frame: frame, {"label": ["price", "rents"]}, "no column is called 'rents'; did you mean 'rent'"),
        (lambda frame: frame, {"task": None}, "label lists 2 columns, and one holds the class; .* `task: regression`"),
    ],
)
def test_columns_that_are_no_targets_are_named(houses, tmp_path, change, options, said):
    change(houses).to_csv(tmp_path / "houses.csv", index=False)
    with pytest.raises(StudyError, match=said):
        table.load("mine", {"path": "houses.csv", "label": ["price", "rent"], **REGRESSION, **options}, tmp_path)


@pytest.fixture
def stored(saved, tmp_path):
    """A prepared regression of two targets, and the dataset that it was made from."""
    dataset = saved(arrays(y=np.c_[1e5 + 3e4 * np.random.default_rng(1).random(40), np.arange(40.0)]))
    store.write_data(tmp_path / "data.h5", {"dataset": "mine"}, provenance(), dataset)
    return str(tmp_path / "data.h5"), dataset


def test_targets_are_stored_in_their_own_units(stored):
    file, dataset = stored
    described = store.describe_data(file)
    assert (described.classes, described.targets) == ([], ["target1", "target2"])
    train = dataset.splits["train"][1]
    np.testing.assert_array_equal(store.read_split_labels(file, "train"), train)
    np.testing.assert_allclose(described.target_mean, train.mean(axis=0))
    np.testing.assert_allclose(described.target_deviation, train.std(axis=0))


def test_networks_learn_standardised_targets_unless_told_otherwise(stored):
    file, dataset = stored
    train, test = (dataset.splits[split][1] for split in ("train", "test"))
    learned = observations_of_split(file, "train", "none").learned
    assert learned.dtype == np.float32
    np.testing.assert_allclose(learned.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(learned.std(axis=0), 1, rtol=1e-6)
    of_test = observations_of_split(file, "test", "none")
    np.testing.assert_allclose(of_test.learned, (test - train.mean(axis=0)) / train.std(axis=0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(of_test.in_units_of_data(of_test.learned), test, rtol=1e-6)
    as_they_are = observations_of_split(file, "test", "none", "none")
    np.testing.assert_array_equal(as_they_are.learned, test.astype(np.float32))


def test_a_sample_keeps_its_targets(stored):
    file, dataset = stored
    sample = {"name": "look", "split": "test", "choose": "random", "n": 5, "seed": 3}
    found = observations_of_sample(file, sample, "mine", "none")
    np.testing.assert_array_equal(found.kept.values, dataset.splits["test"][1][found.rows])
    np.testing.assert_allclose(found.kept.learned, found.learned, rtol=1e-5, atol=1e-6)
