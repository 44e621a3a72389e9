"""Many descents at once on a torch device: the same steps as one by one, whatever is held at once."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from layerscope.embedding import TSNE, ExactTSNE
from layerscope.geometry.neighbors import nearest_neighbors
from layerscope.scoring.kl import exact_kl, neighbor_kl
from layerscope.tsne import batched, estimator
from layerscope.tsne.affinities import neighbor_probabilities
from layerscope.tsne.estimator import fit_together


@pytest.fixture(scope="module")
def digits():
    return load_digits().data[:300].astype(np.float32)


def test_descents_on_a_torch_device_take_the_same_steps(digits):
    arrays = [digits, digits[::-1] / 2]
    template = ExactTSNE(max_iter=20, early_exaggeration_iter=10, random_state=0)
    for array, one in zip(arrays, fit_together(template, arrays, device="cpu"), strict=True):
        alone = clone(template).fit(array)
        np.testing.assert_allclose(one.embedding_, alone.embedding_, atol=1e-3 * alone.embedding_.std())
        np.testing.assert_allclose(one.kl_trace_, alone.kl_trace_, rtol=1e-4)


def test_whole_descents_on_a_torch_device_end_as_low(digits):
    """Rounding grows, so that they end in other local optima: only their mean is compared."""
    generator = np.random.default_rng(0)
    arrays = [digits[generator.permutation(300)[:150]] for _ in range(6)]
    template = ExactTSNE(perplexity=10, max_iter=500, early_exaggeration_iter=125, random_state=0)
    together = fit_together(template, arrays, device="cpu")
    alone = [clone(template).fit(array) for array in arrays]
    assert [one.n_iter_ for one in together] == [500] * 6
    mean = np.mean([one.kl_divergence_ for one in together])
    assert mean == pytest.approx(np.mean([one.kl_divergence_ for one in alone]), rel=0.03)
    for array, one in zip(arrays, together, strict=True):
        assert one.kl_divergence_ == pytest.approx(exact_kl(array, one.embedding_, 10), rel=1e-5)


def test_descents_of_a_batch_stop_one_by_one(digits):
    template = ExactTSNE(perplexity=3, n_iter_without_progress=0, min_grad_norm=0, max_iter=5000, random_state=0)
    arrays = [*(digits[start : start + 6] for start in range(0, 30, 6)), np.zeros((6, 64), np.float32)]
    *fitted, constant = fit_together(template, arrays, device="cpu")
    assert constant.n_iter_ == 0
    # Which of them stop together, and which go on to the end, differs between processors.
    assert len({one.n_iter_ for one in fitted}) > 1
    assert min(one.n_iter_ for one in fitted) < 5000
    for one, array in zip(fitted, arrays, strict=False):
        [alone] = fit_together(template, [array], device="cpu")
        assert alone.n_iter_ == one.n_iter_
        np.testing.assert_array_equal(alone.embedding_, one.embedding_)
    with pytest.raises(ValueError, match=r"equally many points, not \[6, 7\]"):
        fit_together(template, [digits[:6], digits[:7]], device="cpu")
    with pytest.raises(ValueError, match="n_components"):
        fit_together(ExactTSNE(4), [digits], device="cpu")


def test_on_a_device_large_arrays_have_p_over_their_neighbors_and_repulsion_over_all_pairs(digits, monkeypatch):
    """The border is at 10,000 points; here at 200, so that the divergence is soon evaluated independently."""
    monkeypatch.setattr(estimator, "LARGEST_EXACT", 200)
    monkeypatch.setattr(batched, "PAIRS_AT_ONCE", 7000)
    template = TSNE(perplexity=10, max_iter=12, early_exaggeration_iter=8, random_state=0)
    [found] = fit_together(template, [digits], device="cpu")
    graph = neighbor_probabilities(digits, nearest_neighbors(digits, 30)[0], 10)
    assert found.kl_divergence_ == pytest.approx(neighbor_kl(graph, found.embedding_), rel=1e-5)
    # Until rounding has grown, the steps are those of the interpolated descent, but for its own error.
    near = clone(template).set_params(method="interpolated").fit(digits)
    np.testing.assert_allclose(found.embedding_, near.embedding_, atol=1e-2 * near.embedding_.std())


def test_blocks_of_pairs_change_nothing_but_rounding(digits, monkeypatch):
    template = ExactTSNE(perplexity=10, max_iter=20, early_exaggeration_iter=10, random_state=0)
    whole = fit_together(template, [digits, digits / 2], device="cpu")
    monkeypatch.setattr(batched, "PAIRS_AT_ONCE", 7000)
    for one, other in zip(fit_together(template, [digits, digits / 2], device="cpu"), whole, strict=True):
        np.testing.assert_allclose(one.embedding_, other.embedding_, atol=1e-4 * other.embedding_.std())
        assert one.kl_divergence_ == pytest.approx(other.kl_divergence_, rel=1e-6)
