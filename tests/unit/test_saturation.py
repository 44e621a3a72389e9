"""Spectra of layers and the number of directions that carry their variance."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from layerscope.saturation import RunningCovariance, SaturationTracker, intrinsic_dimension


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


def rows(n=1000, width=6, mean=1e4, seed=0):
    generator = np.random.default_rng(seed)
    return mean + generator.normal(size=(n, width)) @ generator.normal(size=(width, width))


def covariance_of(data, sizes):
    running = RunningCovariance(data.shape[1])
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


def test_the_covariance_can_be_asked_for_in_between():
    data = rows()
    running = RunningCovariance(6)
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
    running = RunningCovariance(6)
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
    assert not tracker._covariances["6"]._waiting[0].requires_grad if tracker._covariances["6"]._waiting else True
    assert not tracker._covariances["6"].covariance().requires_grad


def test_as_the_module_s_own_words_show_it(network, images):
    for eigenvalues in followed(network, images).spectra().values():
        assert 0 < intrinsic_dimension(eigenvalues, 0.99) / len(eigenvalues) <= 1
