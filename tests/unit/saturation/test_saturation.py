"""Spectra of layers and the number of directions that carry their variance."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from layerscope.saturation import SaturationTracker, intrinsic_dimension, mean_saturation, saturation
from layerscope.saturation.covariance import FEWEST_ROWS_MERGED, RunningCovariance
from layerscope.saturation.dimension import participation_ratio


@pytest.mark.parametrize(
    ("spectrum", "dimension"),
    [
        ([0.5, 0.4, 0.085, 0.008, 0.004, 0.003], 4),
        ([0.995, 0.003, 0.002], 1),
        ([1.0] * 10, 10),
        ([1.0] * 100, 99),
        ([0.9, 0.1], 2),
        ([0.0, 0.0, 0.0], 0),
        ([5.0], 1),
    ],
    ids=["falling", "one direction", "flat 10", "flat 100", "two", "no variance", "one unit"],
)
def test_directions_that_carry_99_percent(spectrum, dimension):
    assert intrinsic_dimension(np.array(spectrum), 0.99) == dimension


def test_all_of_the_variance_can_be_asked_for():
    assert intrinsic_dimension(np.full(7, 0.1), 1.0) == 7
    assert intrinsic_dimension(np.array([1.0, 1.0, 0.0]), 1.0) == 2


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=12), st.floats(0.01, 0.999), st.floats(1e-3, 1e3))
def test_the_dimension_is_the_smallest_that_reaches_the_threshold(values, threshold, factor):
    spectrum = np.sort(values)[::-1]
    found = intrinsic_dimension(spectrum, threshold)
    if spectrum.sum() == 0:
        assert found == 0
        return
    assert spectrum[:found].sum() >= threshold * spectrum.sum() * (1 - 1e-9)
    assert spectrum[: found - 1].sum() <= threshold * spectrum.sum() * (1 + 1e-9)
    assert 1 <= found <= len(spectrum)
    assert intrinsic_dimension(spectrum, threshold / 2) <= found


def test_saturation_is_the_dimension_over_the_width():
    assert saturation(np.array([0.9, 0.1, 0.0, 0.0])) == 0.5
    assert saturation(np.array([0.9, 0.1, 0.0, 0.0]), threshold=0.5) == 0.25
    assert saturation(np.zeros(4)) == 0


def test_the_mean_over_a_model_leaves_its_output_out():
    spectra = {"a": np.array([1.0, 1.0]), "b": np.array([1.0, 0.0, 0.0, 0.0]), "output": np.ones(3)}
    assert mean_saturation(spectra) == (1 + 0.25) / 2
    assert np.isnan(mean_saturation({"output": np.ones(3)}))


def rows(n=1000, width=6, mean=1e4, seed=0):
    generator = np.random.default_rng(seed)
    return mean + generator.normal(size=(n, width)) @ generator.normal(size=(width, width))


def covariance_of(data, sizes, dtype=torch.float64):
    running = RunningCovariance(data.shape[1], dtype)
    start = 0
    for size in sizes:
        running.add(torch.from_numpy(data[start : start + size]))
        start += size
    assert start == len(data)
    return running


@pytest.mark.parametrize(
    "sizes",
    [[1000], [1] * 1000, [3, 1, 990, 5, 1], [500, 500], [7] * 142 + [6]],
    ids=["one batch", "one by one", "odd", "halves", "sevens"],
)
def test_covariances_far_from_zero_equal_those_of_numpy(sizes):
    data = rows()
    running = covariance_of(data, sizes)
    expected = np.cov(data.T, bias=True)
    np.testing.assert_allclose(running.covariance().numpy(), expected, rtol=1e-10, atol=1e-10 * abs(expected).max())
    np.testing.assert_allclose(running.eigenvalues(), np.linalg.eigvalsh(expected)[::-1], rtol=1e-8)
    assert running.count == 1000


@pytest.mark.parametrize("n", [FEWEST_ROWS_MERGED - 1, FEWEST_ROWS_MERGED, 3 * FEWEST_ROWS_MERGED + 5], ids=str)
@pytest.mark.parametrize("width", [1, 63, 64, 65, 200, 300])
def test_rows_are_merged_whatever_their_number_and_the_width(n, width):
    data = rows(n, width, mean=1e4)
    expected = np.cov(data.T, bias=True).reshape(width, width)
    for sizes in ([n], [700] * (n // 700) + [n % 700]):
        running = covariance_of(data, sizes)
        np.testing.assert_allclose(running.covariance().numpy(), expected, rtol=0, atol=1e-10 * expected.max())
        assert running.count == n


def test_single_products_stay_accurate_far_from_zero_and_while_the_mean_drifts():
    """Errors of about 1e-7 of the largest eigenvalue, whatever the mean; two raw moments in float32 would lose every digit."""
    drift = np.linspace(0, 50, 10_000)[:, None]
    data = (rows(10_000, 20, mean=1e4) + drift).astype(np.float32)
    expected = np.linalg.eigvalsh(np.cov(data.T.astype(np.float64), bias=True))[::-1]
    found = covariance_of(data, [128] * 78 + [16], torch.float32).eigenvalues()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * expected[0])


def test_the_covariance_can_be_asked_for_in_between():
    data = rows()
    running = RunningCovariance(6, torch.float64)
    running.add(torch.from_numpy(data[:400]))
    np.testing.assert_allclose(running.covariance().numpy(), np.cov(data[:400].T, bias=True), rtol=1e-9)
    running.add(torch.from_numpy(data[400:]))
    np.testing.assert_allclose(running.covariance().numpy(), np.cov(data.T, bias=True), rtol=1e-9)


def test_rows_of_float32_are_added_up_in_float64():
    data = rows(mean=100).astype(np.float32)
    running = covariance_of(data, [1000])
    np.testing.assert_allclose(running.covariance().numpy(), np.cov(data.T.astype(np.float64), bias=True), rtol=1e-10)


def test_a_batch_may_be_overwritten_after_it_was_added():
    batch = torch.from_numpy(rows(n=3))
    expected = np.cov(batch.numpy().T, bias=True)
    running = RunningCovariance(6, torch.float64)
    running.add(batch)
    batch.zero_()
    np.testing.assert_allclose(running.covariance().numpy(), expected, rtol=1e-9)


def test_a_layer_that_says_nothing_has_no_eigenvalue_below_zero():
    running = covariance_of(np.full((50, 4), 1e4 / 3), [25, 25])
    assert (running.eigenvalues() >= 0).all()
    assert running.eigenvalues().max() < 1e-12


# Layers of a network


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 5, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(20, 7), nn.ReLU(), nn.Linear(7, 3)
    )


@pytest.fixture
def images():
    return torch.randn(64, 2, 6, 6, generator=torch.Generator().manual_seed(1))


def followed(network, images, layers=None):
    with SaturationTracker(network, layers) as tracker, torch.no_grad():
        for batch in images.split(20):
            network(batch)
    return tracker


def test_spectra_are_those_of_the_outputs_before_the_activation(network, images):
    tracker = followed(network, images)
    with torch.no_grad():
        convolved = network[0](images)
        hidden = network[:5](images)
        output = network(images)
    expected = {"0": convolved.mean(dim=(2, 3)), "4": hidden, "6": output}
    assert list(tracker.spectra()) == list(expected)
    for name, outputs in expected.items():
        spectrum = np.linalg.eigvalsh(np.cov(outputs.double().numpy().T, bias=True))[::-1]
        np.testing.assert_allclose(tracker.spectra()[name], spectrum, rtol=1e-6, atol=1e-9)
        assert (np.diff(tracker.spectra()[name]) <= 0).all()
    assert set(tracker.samples().values()) == {64}


def test_layers_can_be_chosen_and_named(network, images):
    assert list(followed(network, images, {"last": network[6]}).spectra()) == ["last"]


def test_nothing_stays_on_the_network(network, images):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with torch.no_grad():
        output = network(images)
    followed(network, images)
    assert not any(module._forward_hooks for module in network.modules())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    with torch.no_grad():
        assert torch.equal(network(images), output)


def test_nothing_stays_on_the_network_after_an_error(network, images):
    with pytest.raises(ZeroDivisionError), SaturationTracker(network):
        raise ZeroDivisionError
    assert not any(module._forward_hooks for module in network.modules())


def test_the_computation_is_not_kept_alive(network, images):
    """A spectrum of outputs with gradients would hold the whole graph of every batch in memory."""
    with SaturationTracker(network) as tracker:
        network(images[:4])
    assert not tracker._covariances["6"]._buffer.requires_grad
    assert not tracker._covariances["6"].covariance().requires_grad


def test_a_network_is_followed_while_it_trains():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(inplace=True), nn.Linear(3, 2))
    alone = nn.Sequential(nn.Linear(4, 3), nn.ReLU(inplace=True), nn.Linear(3, 2))
    alone.load_state_dict(network.state_dict())
    batches = torch.randn(5, 16, 4, generator=torch.Generator().manual_seed(2))

    def trained(model, hidden):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for batch in batches:
            hidden.append(model[0](batch).detach().double().numpy())
            optimizer.zero_grad()
            model(batch).square().mean().backward()
            optimizer.step()

    seen, unused = [], []
    trained(alone, seen)
    with SaturationTracker(network, {"hidden": network[0]}, every=2) as tracker:
        trained(network, unused)
    # Each step runs the layer twice, once for `hidden` and once within the network: every second output is one a step.
    expected = np.linalg.eigvalsh(np.cov(np.concatenate(seen).T, bias=True))[::-1]
    np.testing.assert_allclose(tracker.spectra()["hidden"], expected, rtol=1e-5, atol=1e-6 * expected[0])
    assert all(torch.equal(network.state_dict()[name], tensor) for name, tensor in alone.state_dict().items())


def test_products_are_double_for_frozen_weights_and_single_for_moving_ones(network, images):
    for moving, dtype in ((True, torch.float32), (False, torch.float64)):
        with SaturationTracker(network) as tracker, torch.set_grad_enabled(moving):
            network(images)
        assert {covariance._buffer.dtype for covariance in tracker._covariances.values()} == {dtype}


@pytest.mark.parametrize(("every", "taken"), [(1, [0, 1, 2, 3]), (2, [0, 2]), (3, [0, 3]), (9, [0])])
def test_every_so_many_th_output_is_taken_in(network, images, every, taken):
    batches = images.split(16)
    with SaturationTracker(network, every=every) as tracker, torch.no_grad():
        for batch in batches:
            network(batch)
    outputs = network(torch.cat([batches[index] for index in taken])).detach().double().numpy()
    np.testing.assert_allclose(tracker.spectra()["6"], np.linalg.eigvalsh(np.cov(outputs.T, bias=True))[::-1], atol=1e-9)
    assert tracker.samples()["6"] == 16 * len(taken)


def test_positions_of_maps_can_be_observations(network, images):
    with SaturationTracker(network, maps="channelwise") as tracker, torch.no_grad():
        network(images)
    vectors = network[0](images).detach().permute(0, 2, 3, 1).reshape(-1, 5).double().numpy()
    np.testing.assert_allclose(tracker.spectra()["0"], np.linalg.eigvalsh(np.cov(vectors.T, bias=True))[::-1], rtol=1e-6)
    assert tracker.samples() == {"0": 64 * 16, "4": 64, "6": 64}


@pytest.mark.parametrize(
    ("stride", "rows", "columns"), [(1, range(4), range(4)), (2, [0, 2], [0, 2]), (3, [0, 3], [0, 3]), (9, [1], [1])]
)
def test_positions_can_be_taken_in_steps(network, images, stride, rows, columns):
    with SaturationTracker(network, maps="channelwise", stride=stride) as tracker, torch.no_grad():
        network(images)
    maps = network[0](images).detach()[:, :, list(rows)][:, :, :, list(columns)]
    np.testing.assert_allclose(tracker.spectra()["0"], spectrum_of(maps.permute(0, 2, 3, 1).reshape(-1, 5)), rtol=1e-5)
    assert tracker.samples()["0"] == 64 * len(rows) * len(columns)


def test_positions_in_steps_tell_what_all_positions_do():
    """Of smooth maps, as those of pictures are, neighbours tell nearly the same."""
    generator = torch.Generator().manual_seed(7)
    noise = torch.randn(256, 12, 36, 36, generator=generator) * torch.linspace(1, 0.05, 12)[:, None, None]
    maps = nn.functional.avg_pool2d(noise, 5, stride=1)
    layer = nn.Conv2d(12, 12, 1)
    found = {}
    for stride in (1, 2, 4):
        with SaturationTracker(layer, maps="channelwise", stride=stride) as tracker, torch.no_grad():
            layer(maps)
        found[stride] = tracker.spectra()[""]
    assert {intrinsic_dimension(eigenvalues) for eigenvalues in found.values()} == {intrinsic_dimension(found[1])}
    for stride in (2, 4):
        np.testing.assert_allclose(found[stride], found[1], rtol=0.05)


@pytest.mark.parametrize("options", [{"stride": 0, "maps": "channelwise"}, {"stride": 2}])
def test_a_stride_that_means_nothing_is_refused(network, options):
    with pytest.raises(ValueError, match="stride is"):
        SaturationTracker(network, **options)


def spectrum_of(vectors):
    """Eigenvalues of the covariance of (n, width) vectors, descending, by NumPy."""
    covariance = np.cov(vectors.double().numpy().T, bias=True).reshape(vectors.shape[1], -1)
    return np.linalg.eigvalsh(covariance)[::-1]


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv1d(2, 6, 3), (2, 12)),
        (nn.Conv3d(2, 4, 2), (2, 5, 4, 3)),
        (nn.ConvTranspose1d(2, 4, 3), (2, 6)),
        (nn.ConvTranspose2d(2, 4, 4, stride=2), (2, 5, 5)),
        (nn.ConvTranspose3d(2, 3, 2), (2, 3, 3, 3)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
@pytest.mark.parametrize("maps", ["mean", "channelwise"])
def test_every_convolution_is_followed(layer, shape, maps):
    with SaturationTracker(nn.Sequential(layer), maps=maps) as tracker, torch.no_grad():
        outputs = layer(torch.randn(50, *shape, generator=torch.Generator().manual_seed(4))).flatten(2)
    vectors = outputs.mean(dim=2) if maps == "mean" else outputs.transpose(1, 2).flatten(0, 1)
    assert tracker.samples() == {"0": len(vectors)}
    np.testing.assert_allclose(tracker.spectra()["0"], spectrum_of(vectors), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("options", [{}, {"batch_first": True}, {"bidirectional": True, "num_layers": 2}], ids=str)
def test_every_step_of_a_recurrent_layer_is_an_observation(kind, options):
    layer = kind(3, 4, **options)
    with SaturationTracker(nn.ModuleDict({"memory": layer})) as tracker, torch.no_grad():
        outputs, _ = layer(torch.randn(9, 20, 3, generator=torch.Generator().manual_seed(5)))
    assert tracker.samples() == {"memory": 180}
    np.testing.assert_allclose(tracker.spectra()["memory"], spectrum_of(outputs.flatten(0, 1)), rtol=1e-4, atol=1e-9)


def test_steps_of_sequences_of_unequal_length_are_counted_without_their_padding():
    layer = nn.GRU(3, 4)
    packed = nn.utils.rnn.pack_padded_sequence(torch.randn(6, 3, 3), torch.tensor([6, 4, 1]))
    with SaturationTracker(layer) as tracker:
        layer(packed)
    assert tracker.samples() == {"": 11}


def test_one_image_without_a_batch_is_one_observation(network):
    convolution = network[0]
    with SaturationTracker(convolution) as tracker:
        for image in torch.randn(7, 2, 6, 6):
            convolution(image)
    assert tracker.samples() == {"": 7}
    assert tracker.spectra()[""].shape == (5,)


def test_what_is_not_followed_is_named():
    """The attention computes with its weights and never calls the layer that holds some of them."""
    model = nn.ModuleDict({"words": nn.Embedding(10, 8), "look": nn.MultiheadAttention(8, 2), "norm": nn.LayerNorm(8)})
    words = torch.randint(10, (5, 3))
    tracker = SaturationTracker(model)
    with pytest.warns(UserWarning, match=r"does not follow words \(Embedding\), look \(MultiheadAttention\)$"):
        tracker.__enter__()
    with tracker:
        embedded = model["words"](words)
        model["look"](embedded, embedded, embedded)
    assert tracker.not_followed == {"words": "Embedding", "look": "MultiheadAttention"}
    assert tracker.spectra() == {}


def test_a_layer_that_is_never_called_is_named(network, images):
    network.append(nn.Linear(3, 3))
    tracker = SaturationTracker(network)
    with tracker:
        network[:7](images)
        assert tracker.not_followed == {"7": "Linear, never called"}
        with pytest.warns(UserWarning, match=r"does not follow 7 \(Linear, never called\)$"):
            tracker.__exit__()
    assert tracker.not_followed == {"7": "Linear, never called"}


def test_layers_that_are_named_bring_no_warning(network, images, recwarn):
    followed(network, images, {"last": network[6]})
    assert followed(network, images).not_followed == {}
    assert not recwarn


def test_an_embedding_can_be_named():
    words = nn.Embedding(10, 4)
    with SaturationTracker(words, {"words": words}) as tracker, torch.no_grad():
        outputs = words(torch.arange(10).reshape(2, 5))
    np.testing.assert_allclose(tracker.spectra()["words"], spectrum_of(outputs.flatten(0, 1)), rtol=1e-4)


def test_the_participation_ratio_counts_directions_of_equal_variance():
    assert participation_ratio(np.full(7, 0.3)) == pytest.approx(7)
    assert participation_ratio(np.array([5.0, 0.0, 0.0])) == pytest.approx(1)
    assert participation_ratio(np.array([0.9, 0.1])) == pytest.approx(1 / (0.9**2 + 0.1**2))
    assert participation_ratio(np.zeros(3)) == 0
    assert np.isnan(participation_ratio(np.array([np.nan, np.nan])))


def test_the_participation_ratio_is_that_of_the_traces_of_a_covariance():
    rows = np.random.default_rng(0).normal(size=(200, 6)) * np.arange(1, 7)
    covariance = np.cov(rows.T)
    expected = np.trace(covariance) ** 2 / np.trace(covariance @ covariance)
    assert participation_ratio(np.linalg.eigvalsh(covariance)[::-1]) == pytest.approx(expected)


@pytest.mark.parametrize("wrapped", ["compiled", "compiled and called", "parallel", "within"])
def test_wrappers_change_no_name_and_no_spectrum(network, images, wrapped):
    expected = followed(network, images).spectra()
    if wrapped == "within":
        network[4] = torch.compile(network[4], backend="eager")
        model = network
    elif wrapped == "parallel":
        model = nn.DataParallel(network)
    else:
        model = torch.compile(network, backend="eager")
    if wrapped == "compiled and called":
        model(images)
    found = followed(model, images)
    assert list(found.spectra()) == list(expected)
    for name, eigenvalues in expected.items():
        np.testing.assert_array_equal(found.spectra()[name], eigenvalues)


@pytest.mark.parametrize("maps", ["mean", "channelwise"])
def test_an_empty_batch_adds_nothing(network, images, maps):
    with SaturationTracker(network, every=2, maps=maps) as tracker, torch.no_grad():
        for batch in (images[:0], images[:30], images[:0], images[30:]):
            network(batch)
    with SaturationTracker(network, maps=maps) as alone, torch.no_grad():
        network(images[:30])
    for name, eigenvalues in alone.spectra().items():
        np.testing.assert_array_equal(tracker.spectra()[name], eigenvalues)
    with SaturationTracker(network) as nothing:
        network(images[:0])
    assert nothing.spectra() == {}
    running = RunningCovariance(3, torch.float64)
    running.add(torch.empty(0, 3))
    with pytest.raises(ValueError, match="no row"):
        running.covariance()


def test_a_module_without_a_tensor_is_named(network):
    class Says(nn.Module):
        def forward(self, _):
            return "nothing"

    silent = Says()
    with pytest.raises(TypeError, match=r"'silent' \(Says\) puts out str"), SaturationTracker(silent, {"silent": silent}):
        silent(torch.ones(1))


def test_every_vector_of_a_sequence_is_an_observation():
    layer = nn.Linear(3, 2)
    sequences = torch.randn(4, 5, 3)
    with SaturationTracker(layer) as tracker:
        layer(sequences)
    assert tracker.samples() == {"": 20}


def test_dead_layers_are_named_and_have_dimension_0():
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    nn.init.zeros_(network[0].weight)
    with SaturationTracker(network) as tracker:
        network(torch.randn(10, 3))
    assert tracker.dead_layers() == ["0", "2"]
    assert [intrinsic_dimension(eigenvalues) for eigenvalues in tracker.spectra().values()] == [0, 0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e5, 1e5, width=32), min_size=1, max_size=5), st.integers(2, 5000), st.sampled_from([1, 7, 128, 5000]))
def test_equal_rows_have_no_variance_whatever_they_are(row, n, batch):
    data = torch.tensor(row, dtype=torch.float32).expand(n, len(row))
    for dtype in (torch.float32, torch.float64):
        running = RunningCovariance(len(row), dtype)
        for part in data.split(batch):
            running.add(part)
        assert not running.eigenvalues().any()


def test_little_variance_far_from_zero_is_no_rounding():
    data = rows(n=4000, width=3, mean=1e4).astype(np.float32)
    for dtype in (torch.float32, torch.float64):
        assert (covariance_of(data, [128] * 31 + [32], dtype).eigenvalues() > 1e-3).all()


def test_a_reset_forgets_what_was_seen(network, images):
    with SaturationTracker(network) as tracker, torch.no_grad():
        network(100 * images)
        tracker.reset()
        assert tracker.spectra() == {}
        network(images[:30])
    expected = followed(network, images[:30]).spectra()
    for name, eigenvalues in tracker.spectra().items():
        np.testing.assert_allclose(eigenvalues, expected[name], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("maps", ["mean", "channelwise"])
def test_outputs_of_inference_mode_and_of_training_can_be_mixed(network, maps):
    many = torch.randn(FEWEST_ROWS_MERGED + 7, 2, 6, 6, generator=torch.Generator().manual_seed(3))
    halves = many.split(1000)
    with SaturationTracker(network, maps=maps) as mixed:
        for index, half in enumerate(halves):
            with torch.inference_mode(index % 2 == 0):
                network(half)
    with SaturationTracker(network, maps=maps) as plain, torch.no_grad():
        network(many)
    assert mixed.samples() == plain.samples()
    for name, eigenvalues in plain.spectra().items():
        np.testing.assert_allclose(mixed.spectra()[name], eigenvalues, rtol=1e-5)


def test_outputs_that_are_not_finite_give_no_number(network, images):
    with SaturationTracker(network) as tracker:
        network(images * float("inf"))
    assert all(np.isnan(eigenvalues).all() for eigenvalues in tracker.spectra().values())


def test_one_nan_among_many_activations_is_named_and_is_no_dead_layer(network, images):
    images[5, 0, 2, 2] = float("nan")
    with SaturationTracker(network, {"conv": network[0]}) as tracker, torch.no_grad():
        network(images)
    assert np.isnan(saturation(tracker.spectra()["conv"]))
    assert np.isnan(intrinsic_dimension(tracker.spectra()["conv"]))
    assert (tracker.layers_not_finite(), tracker.dead_layers()) == (["conv"], [])


@pytest.mark.parametrize("options", [{"every": 0}, {"maps": "flat"}], ids=str)
def test_options_that_mean_nothing_are_refused(network, options):
    with pytest.raises(ValueError, match="wanted"):
        SaturationTracker(network, **options)


def test_as_the_module_s_own_words_show_it(network, images):
    for eigenvalues in followed(network, images).spectra().values():
        assert 0 < intrinsic_dimension(eigenvalues, 0.99) / len(eigenvalues) <= 1
