"""How alike two representations are: equal to definitions and libraries, unchanged by what they should be, around 0 by chance."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import spatial, stats

import layerscope
from layerscope.errors import StudyError
from layerscope.similarity import cka
from layerscope.similarity.shared.measures import similarity_measures

MEASURES = list(similarity_measures())
# Those that do not ask which units carry what.
TURNED = [name for name in MEASURES if name != "matched_correlation"]


def pair(n=60, widths=(5, 8), noise=0.5, seed=0):
    """Two representations that share two directions."""
    generator = np.random.default_rng(seed)
    shared = generator.normal(size=(n, 2))
    return tuple(shared @ generator.normal(size=(2, width)) + noise * generator.normal(size=(n, width)) for width in widths)


def values(first, second, measures=None):
    return {name: found.value for name, found in layerscope.compare(first, second, measures, permutations=0).items()}


def turned(points, seed=0, scale=1.0):
    """Points after a rotation, a shift and a scale."""
    generator = np.random.default_rng(seed)
    rotation = np.linalg.qr(generator.normal(size=(points.shape[1], points.shape[1])))[0]
    return scale * points @ rotation + generator.normal(size=points.shape[1])


# Definitions and libraries


def test_cka_is_that_of_kernels_without_their_diagonals():
    """The estimator with whole matrices, as Song et al. (2012) write it."""

    def hsic(*kernels):
        one, other = (kernel - np.diag(np.diag(kernel)) for kernel in kernels)
        n = len(one)
        sums = one.sum() * other.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ other).sum()
        return (np.trace(one @ other) + sums) / (n * (n - 3))

    first, second = pair()
    one, other = first @ first.T, second @ second.T
    expected = hsic(one, other) / np.sqrt(hsic(one, one) * hsic(other, other))
    assert values(first, second, "cka")["cka"] == pytest.approx(expected)


@pytest.mark.parametrize("widths", [(3, 4), (300, 200)])
def test_the_trace_is_the_same_by_units_and_by_observations(widths):
    first, second = pair(n=50, widths=widths)
    whole = np.trace(first @ first.T @ second @ second.T)
    assert cka._trace_of_products(first, second) == pytest.approx(whole)


def test_procrustes_distance_is_that_of_scipy():
    """SciPy scales one of both to fit: 1 - s² where this is 1 - s."""
    first, second = pair(widths=(6, 6))
    disparity = spatial.procrustes(first, second)[2]
    assert values(first, second, "procrustes")["procrustes"] == pytest.approx(1 - np.sqrt(1 - disparity))


def test_correlations_of_distances_are_those_of_scipy():
    first, second = pair()
    expected = stats.spearmanr(spatial.distance.pdist(first), spatial.distance.pdist(second)).statistic
    assert values(first, second, "rsa")["rsa"] == pytest.approx(expected)


def test_canonical_correlations_are_those_of_statsmodels():
    from statsmodels.multivariate.cancorr import CanCorr

    first, second = pair(widths=(3, 4), noise=2.0)
    expected = CanCorr(second, first).cancorr
    assert values(first, second, "svcca")["svcca"] == pytest.approx(expected.mean())


def test_shared_neighbors_are_those_of_scikit_learn():
    from sklearn.neighbors import NearestNeighbors

    first, second = pair()
    sets = [NearestNeighbors(n_neighbors=10).fit(points).kneighbors(return_distance=False) for points in (first, second)]
    expected = np.mean([len({*a} & {*b}) / 10 for a, b in zip(*sets, strict=True)])
    assert values(first, second, "mutual_neighbors")["mutual_neighbors"] == pytest.approx(expected)


def test_matched_units_are_the_best_of_all_assignments():
    first, second = pair(n=40, widths=(4, 5))
    correlations = np.corrcoef(first.T, second.T)[:4, 4:]
    best = max(correlations[range(4), order].mean() for order in itertools.permutations(range(5), 4))
    assert values(first, second, "matched_correlation")["matched_correlation"] == pytest.approx(best)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(6)), st.floats(0.1, 10), st.floats(-5, 5))
def test_networks_of_the_same_units_in_another_order_match_wholly(order, scale, shift):
    """Dead units are left out, on either side."""
    first = pair(widths=(6, 2))[0]
    second = np.c_[np.zeros(60), scale * first[:, order] + shift]
    assert values(first, second, "matched_correlation")["matched_correlation"] == pytest.approx(1, abs=1e-5)


def test_filters_are_matched_over_observations_and_positions():
    """As plain units they are one column a filter, of all positions of all observations."""
    generator = np.random.default_rng(0)
    first, second = (generator.normal(size=(30, filters, 3, 2)) for filters in (4, 3))
    columns = [maps.transpose(0, 2, 3, 1).reshape(-1, maps.shape[1]) for maps in (first, second)]
    expected = values(*columns, "matched_correlation")
    assert values(first, second, "matched_correlation") == pytest.approx(expected, abs=1e-5)
    # All other measures take an observation for a row.
    assert values(first, second, "cka") == values(*(maps.reshape(30, -1) for maps in (first, second)), "cka")
    found = layerscope.compare(first, second[..., :1], ["matched_correlation", "cka"], permutations=0)
    assert found["matched_correlation"].reason == "maps of different sizes have no units in common"
    assert np.isfinite(found["cka"].value)


# What changes nothing


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_rotations_shifts_and_scales_change_nothing(seed, scale):
    first, second = pair(seed=seed)
    expected = values(first, second, TURNED)
    for name, value in values(turned(first, seed, scale), turned(second, seed + 1), TURNED).items():
        # Ranks and neighbours jump where two distances are equal but for rounding; PWCCA weighs the units of the first.
        assert value == pytest.approx(expected[name], abs=0.2 if name == "pwcca" else 0.005), name
    weighted = values(first, turned(second, seed, scale), "pwcca")["pwcca"]
    assert weighted == pytest.approx(expected["pwcca"], abs=1e-4)


@pytest.mark.parametrize("name", [name for name in MEASURES if name != "pwcca"])
def test_the_order_of_both_changes_nothing(name):
    first, second = pair()
    assert values(first, second, name)[name] == pytest.approx(values(second, first, name)[name])


def test_a_representation_is_wholly_like_itself():
    first, _ = pair()
    for name, value in values(first, turned(first), TURNED).items():
        assert value == pytest.approx(0 if name == "procrustes" else 1, abs=1e-6), name


def test_more_noise_is_less_alike():
    for name in MEASURES:
        near, far = (values(*pair(n=200, noise=noise), name)[name] for noise in (0.1, 3.0))
        assert (near < far) if name == "procrustes" else (near > far), name


# Chance, and few observations


def test_by_chance_cka_is_around_nothing_however_few_observations_there_are():
    """The usual estimator tends to 1 where there are fewer observations than units; SVCCA does."""
    generator = np.random.default_rng(0)
    unbiased, biased, canonical = [], [], []
    for _ in range(30):
        first, second = generator.normal(size=(2, 20, 300))
        found = values(first, second, ["cka", "svcca"])
        unbiased.append(found["cka"])
        canonical.append(found["svcca"])
        x, y = (points - points.mean(axis=0) for points in (first, second))
        one, other = x @ x.T, y @ y.T
        biased.append((one * other).sum() / np.sqrt(np.square(one).sum() * np.square(other).sum()))
    assert np.mean(unbiased) == pytest.approx(0, abs=0.02)
    assert np.mean(biased) > 0.8
    assert np.mean(canonical) > 0.9


def test_chance_is_that_of_shuffled_observations():
    first, second = pair(n=100)
    found = layerscope.compare(first, second, permutations=20)
    assert found["cka"].chance == pytest.approx(0, abs=0.05)
    assert found["rsa"].chance == pytest.approx(0, abs=0.05)
    assert found["mutual_neighbors"].chance == pytest.approx(10 / 99, abs=0.02)
    assert found["svcca"].chance > 0.1
    assert found == layerscope.compare(first, second, permutations=20)
    assert np.isnan(layerscope.compare(first, second, "cka", permutations=0)["cka"].chance)


# What cannot be compared


def test_a_dead_layer_is_like_nothing():
    first, _ = pair()
    found = layerscope.compare(first, np.zeros((60, 3)), permutations=0)
    for name in ("cka", "procrustes", "svcca", "pwcca", "rsa", "matched_correlation"):
        assert np.isnan(found[name].value)
        assert found[name].reason == "one of both does not vary"


@pytest.mark.parametrize(
    ("second", "measures", "said"),
    [
        (np.zeros((5, 2)), None, "second: 5 rows are not allowed; 60 are wanted, the same observations in one order"),
        (np.zeros((60, 2)), [], "measures: none is named; name one or more of svcca, "),
        (np.zeros((60, 2)), "ckaa", "measures: 'ckaa' is not known; did you mean 'cka'"),
    ],
)
def test_what_does_not_fit_is_refused(second, measures, said):
    with pytest.raises(StudyError, match=said):
        layerscope.compare(pair()[0], second, measures)


def test_a_layer_is_at_no_distance_below_0_from_itself():
    """Of some layers the sum of singular values is above 1 by rounding."""
    for seed in range(40):
        points = np.random.default_rng(seed).normal(size=(30, 12))
        assert layerscope.compare(points, 3 * points + 1, "procrustes", permutations=0)["procrustes"].value >= 0


def test_three_observations_are_too_few():
    with pytest.raises(StudyError, match="first: 3 rows are too few; 4 or more are wanted"):
        layerscope.compare(np.eye(3), np.eye(3))
