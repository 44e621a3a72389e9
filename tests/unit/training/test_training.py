"""Training: it learns, it repeats, it keeps what was asked for, and it says when it diverged."""

import math

import numpy as np
import pytest
import torch

from layerscope.models.network import build_network
from layerscope.training.augmentation import augmentations, random_crop, random_flip
from layerscope.training.class_rates import class_rates
from layerscope.training.evaluation import evaluate
from layerscope.training.run import TrainingRun
from layerscope.training.seeds import PURPOSES, purpose_seed
from layerscope.training.train import train

OPTIONS = {
    "optimizer": "sgd",
    "lr": 0.1,
    "lr_decay": 0.0,
    "momentum": 0.9,
    "weight_decay": 0.0,
    "batch": 16,
    "epochs": 5,
    "augmentation": {},
    "spectra": {"phases": ["evaluation"], "every": 1, "layers": "all", "maps": "mean", "epochs": "snapshots"},
}


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def blobs(n, seed):
    """Three well separated classes in the plane."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 3
    centres = torch.tensor([[4.0, 0.0], [-4.0, 4.0], [0.0, -4.0]])
    return centres[labels] + torch.randn(n, 2, generator=generator), labels


def pictures(n, seed):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 3
    return torch.rand(n, 1, 6, 6, generator=generator) + labels[:, None, None, None], labels


def run(seed=0, snapshots=(0, 5), data=blobs, splits=("train", "test"), dropout=0.0, batch_norm=False, **options):
    """One small network and how to train it."""
    sizes = {"train": 90, "validation": 30, "test": 60}
    parts = {split: data(sizes[split], number) for number, split in enumerate(splits)}
    architecture = {
        "family": "mlp",
        "hidden": [8],
        "dropout": dropout,
        "batch_norm": batch_norm,
        "output_activation": "identity",
        "initialisation": "default",
    }
    shape = tuple(parts["train"][0].shape[1:])
    network = build_network("net", architecture, shape, 3, "relu", purpose_seed(seed, "initialisation"))
    return TrainingRun(network, parts, {**OPTIONS, **options}, list(snapshots), seed)


def trained(**options):
    [result] = train([run(**options)])
    return result


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def history(result, split):
    return {row["epoch"]: row for row in result.history if row["split"] == split}


@pytest.mark.parametrize("options", [{}, {"optimizer": "adam", "lr": 0.02}], ids=["sgd", "adam"])
def test_a_separable_problem_is_learned(options):
    result = trained(**options)
    test = history(result, "test")
    assert result.status == "ok"
    assert result.reason == ""
    assert test[0]["accuracy"] < 0.8
    assert test[5]["accuracy"] > 0.95
    assert test[5]["loss"] < test[0]["loss"] / 2


def test_a_step_of_sgd_is_the_formula():
    """One full batch: w - lr · gradient."""
    given = run(batch=90, epochs=1, momentum=0.0, snapshots=[0, 1])
    start = {name: tensor.clone() for name, tensor in given.network.state_dict().items()}
    inputs, labels = given.splits["train"]
    loss = torch.nn.functional.cross_entropy(given.network(inputs), labels)
    gradients = dict(zip(start, torch.autograd.grad(loss, list(given.network.parameters())), strict=True))
    [result] = train([given])
    for name, tensor in result.snapshots[1].items():
        torch.testing.assert_close(tensor, start[name] - 0.1 * gradients[name])


def test_the_rate_decays_from_step_to_step():
    """With a decay so strong that only the first step counts, one epoch of many steps is one step."""
    strong = trained(lr_decay=1e9, epochs=2, momentum=0.0, snapshots=[0, 1, 2])
    for name, tensor in strong.snapshots[1].items():
        torch.testing.assert_close(tensor, strong.snapshots[2][name], rtol=1e-6, atol=1e-6)
        assert not torch.equal(tensor, strong.snapshots[0][name])


@pytest.mark.parametrize("options", [{}, {"dropout": 0.5}, {"optimizer": "adam", "lr": 0.02}], ids=["sgd", "dropout", "adam"])
def test_the_same_seed_gives_the_same_bytes(options):
    first = trained(**options)
    torch.rand(7)
    second = trained(**options)
    assert all(same(first.snapshots[epoch], second.snapshots[epoch]) for epoch in (0, 5))
    assert first.history == second.history
    assert not same(first.snapshots[5], trained(seed=1, **options).snapshots[5])


def test_runs_trained_together_do_not_influence_each_other():
    together = train([run(seed=0, dropout=0.5), run(seed=1, dropout=0.5)])
    for seed, result in enumerate(together):
        assert same(result.snapshots[5], trained(seed=seed, dropout=0.5).snapshots[5])


def test_training_leaves_the_global_generator_alone():
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    trained(dropout=0.5, epochs=1, snapshots=[1])
    assert torch.equal(torch.random.get_rng_state(), before)


def orders(given):
    """The rows of the batches in the order in which a network sees them in training."""
    seen = []
    given.network.register_forward_pre_hook(lambda network, inputs: seen.append(inputs[0].clone()) if network.training else None)
    train([given])
    return torch.cat(seen)


def test_a_network_on_the_cpu_is_built_and_trained_without_a_seed_for_other_devices(monkeypatch):
    """torch.manual_seed seeds the generators of all devices, and fork_rng puts those back that it is told of."""
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    trained(dropout=0.5)
    assert seeded == []


def test_dropout_shifts_neither_initialisation_nor_order():
    plain, dropped = run(), run(dropout=0.5)
    assert same(plain.network.state_dict(), dropped.network.state_dict())
    assert torch.equal(orders(plain), orders(dropped))


def test_augmentation_shifts_no_order():
    """A crop of padding 1 moves pictures by a pixel: their brightest values tell them apart still."""
    plain, changed = run(data=pictures), run(data=pictures, augmentation={"flip": True})
    first, second = orders(plain).flatten(1).sort(dim=1).values, orders(changed).flatten(1).sort(dim=1).values
    assert torch.equal(first, second)


def test_epochs_see_every_row_once_in_another_order():
    seen = orders(run(epochs=2, snapshots=[0]))
    first, second = seen[:90], seen[90:]
    assert not torch.equal(first, second)
    rows = run().splits["train"][0]
    for epoch in (first, second):
        assert torch.equal(epoch[epoch[:, 0].argsort()], rows[rows[:, 0].argsort()])


def test_snapshots_are_kept_at_the_epochs_asked_for():
    result = trained(snapshots=[0, 2, 5])
    assert list(result.snapshots) == [0, 2, 5]
    assert same(result.snapshots[0], run().network.state_dict())
    assert same(result.snapshots[2], trained(snapshots=[2, 5]).snapshots[2])
    assert not same(result.snapshots[2], result.snapshots[5])


def test_the_length_of_a_training_does_not_change_its_beginning():
    assert same(trained(epochs=2, snapshots=[2]).snapshots[2], trained(epochs=5, snapshots=[2]).snapshots[2])


def test_one_more_snapshot_changes_no_other():
    assert same(trained(dropout=0.5).snapshots[5], trained(dropout=0.5, snapshots=[0, 1, 2, 3, 4, 5]).snapshots[5])


def test_no_epochs_train_nothing():
    result = trained(epochs=0, snapshots=[0])
    assert list(result.snapshots) == [0]
    assert {row["epoch"] for row in result.history} == {0}


def test_the_history_counts_steps():
    result = trained(epochs=2, snapshots=[0])
    assert {(row["epoch"], row["step"]) for row in result.history} == {(0, 0), (1, 6), (2, 12)}


def test_the_history_has_every_split_and_epoch():
    result = trained(splits=("train", "validation", "test"))
    for split in ("validation", "test"):
        assert list(history(result, split)) == [0, 1, 2, 3, 4, 5]
    assert list(history(result, "batches")) == [1, 2, 3, 4, 5]
    assert list(history(result, "train")) == [0, 5]


def test_the_training_split_is_evaluated_like_the_others_at_snapshots():
    given = run()
    [result] = train([given])
    given.network.load_state_dict(result.snapshots[5])
    loss, accuracy = evaluate(given.network, *given.splits["train"])
    assert history(result, "train")[5]["loss"] == pytest.approx(loss)
    assert history(result, "train")[5]["accuracy"] == accuracy


def test_the_last_row_of_the_history_is_what_the_last_snapshot_scores():
    given = run()
    [result] = train([given])
    given.network.load_state_dict(result.snapshots[5])
    loss, accuracy = evaluate(given.network, *given.splits["test"])
    row = history(result, "test")[5]
    assert (row["loss"], row["accuracy"]) == (loss, accuracy)


@pytest.mark.parametrize("at_once", [1, 7, 90])
def test_loss_and_accuracy_are_the_same_however_many_observations_run_at_once(at_once: int):
    given = run(data=pictures)
    train([given])
    loss, accuracy = evaluate(given.network, *given.splits["train"])
    assert evaluate(given.network, *given.splits["train"], at_once) == (pytest.approx(loss, rel=1e-6), accuracy)


def test_the_loss_is_the_mean_over_all_rows_whatever_the_batches():
    given = run()
    inputs, labels = blobs(2500, 3)
    loss, accuracy = evaluate(given.network, inputs, labels)
    logits = given.network(inputs).detach()
    assert loss == pytest.approx(float(torch.nn.functional.cross_entropy(logits, labels)), rel=1e-5)
    assert accuracy == pytest.approx(float((logits.argmax(1) == labels).float().mean()))


def test_a_rate_far_too_large_diverges_and_says_so():
    result = trained(lr=1e6, epochs=50, snapshots=[0, 50])
    assert result.status == "diverged"
    assert "no longer finite in epoch" in result.reason
    assert list(result.snapshots) == [0]
    assert all(tensor.isfinite().all() for tensor in result.snapshots[0].values())
    assert len(history(result, "train")) < 50


def test_batch_norm_whose_running_statistics_overflow_has_diverged():
    """Loss and weights of such a network are finite, and its evaluation is not."""
    given = run(batch_norm=True, epochs=1, snapshots=[0, 1])
    inputs, labels = given.splits["train"]
    given.splits["train"] = (inputs * 1e25, labels)
    [result] = train([given])
    assert result.status == "diverged" or all(tensor.isfinite().all() for tensor in result.snapshots[1].values())


def test_a_last_batch_of_one_is_left_out_for_batch_norm():
    result = trained(batch_norm=True, batch=89)
    assert result.status == "ok"
    assert history(result, "train")[5]["loss"] < history(result, "train")[0]["loss"]


def test_batches_of_one_are_trained():
    """Without batch norm there is nothing against them."""
    result = trained(batch=1, epochs=1, lr=0.01, snapshots=[0, 1])
    assert result.status == "ok"
    assert not same(result.snapshots[0], result.snapshots[1])
    assert history(result, "train")[1]["loss"] > 0


def test_spectra_are_kept_at_every_snapshot():
    result = trained(snapshots=[0, 2, 5])
    assert [(spectrum.epoch, spectrum.layer, spectrum.depth) for spectrum in result.spectra] == [
        (epoch, layer, depth) for epoch in (0, 2, 5) for depth, layer in enumerate(["hidden1", "output"], start=1)
    ]
    assert {spectrum.samples for spectrum in result.spectra} == {60}
    assert [spectrum.step for spectrum in result.spectra] == [0, 0, 12, 12, 30, 30]


def spectra(**asked):
    return {**OPTIONS["spectra"], **asked}


def places(result, phase):
    return [(spectrum.epoch, spectrum.layer) for spectrum in result.spectra if spectrum.phase == phase]


def test_batches_are_followed_while_weights_move_anew_in_every_epoch():
    result = trained(epochs=3, snapshots=[0, 3], spectra=spectra(phases=["train", "evaluation"]))
    assert places(result, "train") == [(epoch, layer) for epoch in (1, 2, 3) for layer in ("hidden1", "output")]
    assert places(result, "evaluation") == [(epoch, layer) for epoch in (0, 3) for layer in ("hidden1", "output")]
    assert {spectrum.samples for spectrum in result.spectra if spectrum.phase == "train"} == {90}
    assert [spectrum.step for spectrum in result.spectra if spectrum.phase == "train"] == [6, 6, 12, 12, 18, 18]


def test_following_changes_nothing_that_is_learned():
    followed = trained(dropout=0.5, spectra=spectra(phases=["train", "evaluation"], epochs="all"))
    assert same(followed.snapshots[5], trained(dropout=0.5).snapshots[5])


def test_the_spectrum_of_one_batch_is_that_of_its_outputs():
    """One full batch, one epoch: what the network said before its only step."""
    given = run(batch=90, epochs=1, snapshots=[1], spectra=spectra(phases=["train"]))
    outputs = given.network.block("hidden1").map(given.splits["train"][0]).detach().double().numpy()
    [result] = train([given])
    expected = np.linalg.eigvalsh(np.cov(outputs.T, bias=True))[::-1]
    np.testing.assert_allclose(result.spectra[0].eigenvalues, expected, rtol=1e-5, atol=1e-6 * expected[0])


def test_every_so_many_th_step_is_followed():
    result = trained(epochs=2, spectra=spectra(phases=["train"], every=4))
    assert {spectrum.samples for spectrum in result.spectra} == {16 + 16}


def test_frozen_weights_are_followed_at_every_epoch_where_that_is_asked_for():
    result = trained(snapshots=[0, 5], spectra=spectra(epochs="all", layers=["hidden1"]))
    assert places(result, "evaluation") == [(epoch, "hidden1") for epoch in range(6)]
    assert list(result.snapshots) == [0, 5]


def test_spectra_can_be_those_of_some_classes():
    """Losses are those of the whole split all the same."""
    given = run(epochs=1, snapshots=[1], spectra=spectra(classes=[0, 2]))
    [chosen], [whole] = train([given]), train([run(epochs=1, snapshots=[1])])
    inputs, labels = given.splits["test"]
    kept = (labels == 0) | (labels == 2)
    outputs = given.network(inputs[kept]).detach().numpy()
    expected = np.linalg.eigvalsh(np.cov(outputs.T, bias=True))[::-1]
    assert {spectrum.samples for spectrum in chosen.spectra} == {int(kept.sum())}
    np.testing.assert_allclose(chosen.spectra[-1].eigenvalues, expected, rtol=1e-4, atol=1e-6 * expected[0])
    assert chosen.history == whole.history


def test_an_epoch_that_diverges_leaves_no_spectra():
    result = trained(lr=1e6, epochs=50, snapshots=[0, 50], spectra=spectra(phases=["train", "evaluation"], epochs="all"))
    last = max(row["epoch"] for row in result.history)
    assert result.status == "diverged"
    assert max(spectrum.epoch for spectrum in result.spectra) == last - 1


def test_classes_are_drawn_at_their_rates():
    given = run(data=lambda n, seed: blobs(10 * n, seed), epochs=4, batch=100, snapshots=[0])
    given.class_rates = [0.1, 0.3, 0.6]
    rows, labels = given.splits["train"]
    known = {tuple(row.tolist()): int(label) for row, label in zip(rows, labels, strict=True)}
    drawn = [known[tuple(row.tolist())] for row in orders(given)]
    assert len(drawn) == 4 * 900
    shares = np.bincount(drawn) / len(drawn)
    np.testing.assert_allclose(shares, [0.1, 0.3, 0.6], atol=0.04)


def test_rates_are_dealt_to_the_classes_by_the_seed():
    dealt = [class_rates(0.05, 0.15, 10, seed) for seed in range(20)]
    for rates in dealt:
        assert sum(rates) == pytest.approx(1)
        np.testing.assert_allclose(sorted(rates), np.linspace(0.05, 0.15, 10))
    assert len({tuple(rates) for rates in dealt}) == 20
    assert dealt[3] == class_rates(0.05, 0.15, 10, 3)


def colour_pictures(n, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, 1, 1, 1, generator=generator).expand(n, 3, 32, 32).clone(), torch.arange(n) % 3


def test_an_autoencoder_learns_to_reconstruct_and_has_no_accuracy():
    architecture = {
        "family": "autoencoder",
        "encoder": "convolutions",
        "size": 16,
        "bottleneck": 2,
        "channels": 32,
        "convolutions": [{"channels": 4, "kernel": 3, "padding": "same", "pool": 2, "dropout": 0}],
        "ceil_mode": True,
        "batch_norm": True,
        "initialisation": "default",
    }
    splits = {"train": colour_pictures(64, 0), "test": colour_pictures(32, 1)}
    network = build_network("coder", architecture, (3, 32, 32), 3, "relu", 0)
    [result] = train([TrainingRun(network, splits, {**OPTIONS, "optimizer": "adam", "lr": 0.005, "epochs": 20}, [0, 20], 0)])
    test = history(result, "test")
    assert result.status == "ok"
    assert test[20]["loss"] < test[0]["loss"] / 2
    assert all(math.isnan(row["accuracy"]) for row in result.history)
    network.load_state_dict(result.snapshots[20])
    network.eval()
    pictures_out = network(splits["test"][0]).detach()
    assert test[20]["loss"] == pytest.approx(float((pictures_out - splits["test"][0]).square().mean()), rel=1e-5)


# Augmentation


def test_a_crop_shows_a_window_of_the_padded_image():
    images = torch.arange(1.0, 1 + 2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    padded = torch.nn.functional.pad(images, (2,) * 4)
    cropped = random_crop(2)(images, torch.Generator().manual_seed(0))
    assert cropped.shape == images.shape
    for before, after in zip(padded, cropped, strict=True):
        windows = [before[:, row : row + 4, column : column + 5] for row in range(5) for column in range(5)]
        assert sum(torch.equal(window, after) for window in windows) == 1


def test_crops_take_every_place():
    generator = torch.Generator().manual_seed(0)
    image = torch.arange(1.0, 17).reshape(1, 1, 4, 4).repeat(400, 1, 1, 1)
    places = {tuple(crop.flatten().tolist()) for crop in random_crop(1)(image, generator)}
    assert len(places) == 9


def test_a_flip_mirrors_about_every_second_image():
    images = torch.rand(400, 2, 3, 5, generator=torch.Generator().manual_seed(0))
    flipped = random_flip(images, torch.Generator().manual_seed(1))
    mirrored = torch.tensor([torch.equal(a, b.flip(2)) for a, b in zip(flipped, images, strict=True)])
    kept = torch.tensor([torch.equal(a, b) for a, b in zip(flipped, images, strict=True)])
    assert (mirrored ^ kept).all()
    assert 160 < int(mirrored.sum()) < 240
    torch.testing.assert_close(flipped.sum(dim=3), images.sum(dim=3))


def test_augmentations_repeat_and_leave_images_alone():
    images = torch.rand(20, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    before = images.clone()
    for change in augmentations({"crop": 2, "flip": True}):
        first, second = (change(images, torch.Generator().manual_seed(5)) for _ in range(2))
        assert torch.equal(first, second)
    assert torch.equal(images, before)
    assert augmentations({}) == augmentations({"flip": False}) == []


# Seeds


def test_every_purpose_of_every_run_has_its_own_stream():
    seeds = {purpose_seed(seed, purpose) for seed in range(50) for purpose in PURPOSES}
    assert len(seeds) == 50 * len(PURPOSES)
    assert all(0 <= seed < 2**63 for seed in seeds)
