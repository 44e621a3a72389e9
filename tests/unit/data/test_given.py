"""Files of activations that people bring: what is read of them, and what is refused."""

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from layerscope.data.given import look_at, read_layer, read_observations, read_predictions
from layerscope.errors import StudyError
from layerscope.store import write_activations

N = 12
GENERATOR = np.random.default_rng(0)
LAYERS = {"block10": GENERATOR.normal(size=(N, 5)), "block2": GENERATOR.normal(size=(N, 2, 3, 3))}
LABELS = np.arange(N) % 3


def test_what_is_written_is_read_again_in_its_order(tmp_path):
    file = tmp_path / "acts.h5"
    write_activations(file, LAYERS, LABELS, predictions=LABELS[::-1], input=np.ones((N, 4)), classes=["cat", "dog", "owl"])
    known = look_at(file, "here")
    assert list(known.layers.items()) == [("block10", (5,)), ("block2", (2, 3, 3))]
    assert (known.ordered, known.n, known.input) == (True, N, (4,))
    assert known.beside == {"labels", "predictions", "classes"}
    assert read_layer(file, "block2", np.array([3, 1])).tolist() == LAYERS["block2"][[3, 1]].astype(np.float32).tolist()
    labelled = read_observations(file, "here").labelled
    assert labelled.classes == ["cat", "dog", "owl"]
    assert labelled.labels.tolist() == LABELS.tolist()
    predicted, losses = read_predictions(file, labelled, labelled.classes, "here")
    assert predicted.tolist() == LABELS[::-1].tolist()
    assert np.isnan(losses).all()


def test_tensors_and_text_are_written_too(tmp_path):
    file = tmp_path / "acts.h5"
    names = np.array(["cat", "dog", "owl"])[LABELS]
    write_activations(file, {"a": torch.ones(N, 3, dtype=torch.float64)}, names, predictions=names, losses=torch.ones(N))
    labelled = read_observations(file, "here").labelled
    assert (labelled.classes, labelled.labels.tolist()) == (["cat", "dog", "owl"], LABELS.tolist())
    predicted, losses = read_predictions(file, labelled, labelled.classes, "here")
    assert (predicted.tolist(), losses.tolist()) == (LABELS.tolist(), [1.0] * N)


def test_an_npz_file_is_one_too(tmp_path):
    np.savez(tmp_path / "acts.npz", **LAYERS, labels=LABELS + 1, predictions=LABELS + 1, index=np.arange(N) * 2)
    known = look_at(tmp_path / "acts.npz", "here")
    assert (list(known.layers), known.ordered) == (["block10", "block2"], True)
    observed = read_observations(tmp_path / "acts.npz", "here")
    assert observed.rows.tolist() == list(range(0, 2 * N, 2))
    assert (observed.labelled.classes, observed.labelled.labels.tolist()) == (["1", "2", "3"], LABELS.tolist())
    assert "numbered 0 to 2" in observed.labelled.notes[0]
    predicted, _ = read_predictions(tmp_path / "acts.npz", observed.labelled, observed.labelled.classes, "here")
    assert predicted.tolist() == LABELS.tolist()


def test_layers_within_groups_are_named_by_their_path(tmp_path):
    with h5py.File(tmp_path / "acts.h5", "w") as file:
        file["encoder/conv"] = np.ones((N, 2))
        file["encoder/norm"] = np.ones((N, 2))
    known = look_at(tmp_path / "acts.h5", "here")
    assert list(known.layers) == ["encoder.conv", "encoder.norm"]
    assert not known.ordered


def test_the_order_of_an_hdf5_file_that_keeps_it_is_taken(tmp_path):
    with h5py.File(tmp_path / "acts.h5", "w", track_order=True) as file:
        for name in ("third", "second", "first"):
            file[name] = np.ones((N, 2))
    known = look_at(tmp_path / "acts.h5", "here")
    assert (list(known.layers), known.ordered) == (["third", "second", "first"], True)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"labels": LABELS}, "which are no layers"),
        ({"a": np.ones((N, 2)), "b": np.ones((N - 1, 2))}, "b has 11 rows, a 12"),
        ({"a": np.ones((N, 2)), "labels": LABELS[:5]}, "labels has 5 rows, a 12"),
        ({"a b": np.ones((N, 2))}, "'a b' cannot name a layer"),
        ({"a": np.ones(N)}, "a is 12; (n, ...) is wanted"),
        ({"a": np.ones((N, 0))}, "holds no numbers"),
        ({"a": np.ones((N, 2), complex)}, "a is complex128; real numbers are wanted"),
        ({"a": np.full((N, 2), "x")}, "real numbers are wanted"),
    ],
)
@pytest.mark.parametrize("suffix", ["npz", "h5"])
def test_what_cannot_be_activations_is_refused(tmp_path, arrays, said, suffix):
    file = tmp_path / f"acts.{suffix}"
    if suffix == "npz":
        np.savez(file, **arrays)
    else:
        with h5py.File(file, "w") as content:
            for name, array in arrays.items():
                content.create_dataset(name, data=array.astype(object) if array.dtype.kind == "U" else array)
    with pytest.raises(StudyError, match=re.escape(said)) as raised:
        look_at(file, "here")
    assert all(message.startswith(f"here: {file}: ") for message in raised.value.messages)


@pytest.mark.parametrize(("value", "dtype"), [(np.nan, np.float32), (np.inf, np.float16), (1e300, np.float64)])
def test_numbers_that_are_not_finite_are_refused_with_their_row(tmp_path, value, dtype):
    array = np.ones((N, 2), dtype)
    array[7, 1] = value
    np.savez(tmp_path / "acts.npz", a=array)
    read_layer(tmp_path / "acts.npz", "a", np.arange(7))
    with pytest.raises(StudyError, match="not finite in float32 for 1 of 12 observations, the first in row 7"):
        read_layer(tmp_path / "acts.npz", "a", np.arange(N))
    with pytest.raises(ValueError, match="a has numbers that are not finite"):
        write_activations(tmp_path / "acts.h5", {"a": array})
    assert not (tmp_path / "acts.h5").exists()


@pytest.mark.parametrize(
    ("predictions", "said"),
    [([0, 1, 2, 3] * 3, "predictions has 0, which is no class"), (np.ones((N, 3)), "one label for each observation is wanted")],
)
def test_predictions_are_written_as_the_labels_are(tmp_path, predictions, said):
    np.savez(tmp_path / "acts.npz", **LAYERS, labels=LABELS + 1, predictions=predictions)
    labelled = read_observations(tmp_path / "acts.npz", "here").labelled
    with pytest.raises(StudyError, match=said):
        read_predictions(tmp_path / "acts.npz", labelled, labelled.classes, "here")


def test_an_index_names_each_row_once(tmp_path):
    np.savez(tmp_path / "acts.npz", **LAYERS, labels=LABELS, index=np.zeros(N, int))
    with pytest.raises(StudyError, match="index holds no rows of a split; whole numbers from 0 are wanted, each once"):
        read_observations(tmp_path / "acts.npz", "here")


def test_a_file_that_leads_to_another_one_is_refused(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["a"] = np.ones((N, 2))
    with h5py.File(tmp_path / "acts.h5", "w") as file:
        file["a"] = h5py.ExternalLink("other.h5", "/a")
    with pytest.raises(StudyError, match="a leads to another file; copy its numbers into this one"):
        look_at(tmp_path / "acts.h5", "here")


@pytest.mark.parametrize("name", ["acts.h5", "acts.npz"])
def test_a_file_of_another_kind_is_named(tmp_path, name):
    (tmp_path / name).write_text("no numbers")
    with pytest.raises(StudyError, match=f"here: .*{name} is n"):
        look_at(Path(tmp_path / name), "here")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"layers": {}}, "layers is empty"),
        ({"layers": {"labels": np.ones((N, 2))}}, "'labels' cannot name a layer"),
        ({"layers": {"a": np.ones(N)}}, "a is (12,); (n, ...) is wanted"),
        ({"layers": LAYERS, "labels": LABELS[:3]}, "labels is (3,); one value for each of the 12 observations"),
        ({"layers": LAYERS, "input": np.ones((3, 2))}, "input is (3, 2); (n, ...) is wanted"),
    ],
)
def test_what_does_not_fit_is_not_written(tmp_path, given, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        write_activations(tmp_path / "acts.h5", **given)
    assert list(tmp_path.iterdir()) == []
