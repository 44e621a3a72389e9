"""Components of variance, against variances that are known, analyses of variance by hand, and statsmodels' mixed models."""

import numpy as np
import pandas as pd
import pytest

from layerscope.statistics.components import components
from layerscope.statistics.prediction import allowed_of_one_run, pooled_noise


def table(values: np.ndarray) -> pd.DataFrame:
    """One row a value: values (networks, draws, embeddings)."""
    places = np.indices(values.shape).reshape(3, -1)
    return pd.DataFrame({"seed": places[0], "draw": places[1] + 1, "embedding_seed": places[2], "value": values.ravel()})


def drawn(generator: np.random.Generator, shape: tuple[int, int, int], sds: tuple[float, float, float, float]) -> np.ndarray:
    """Values with these standard deviations of networks, draws, both and embeddings."""
    networks, draws, _ = shape
    sizes = ((networks, 1, 1), (1, draws, 1), (networks, draws, 1), shape)
    return 0.8 + sum(sd * generator.normal(size=size) for sd, size in zip(sds, sizes, strict=True))


def test_effects_without_noise_are_found_as_the_variances_that_they_have():
    networks, draws = np.array([0.0, 2.0, 4.0]), np.array([10.0, 10.0, 40.0, 20.0])
    found = components(table((networks[:, None] + draws)[:, :, None] * np.ones(2)))
    assert (found.network, found.draw) == (pytest.approx(networks.var(ddof=1)), pytest.approx(draws.var(ddof=1)))
    assert (found.both, found.embedding) == (pytest.approx(0, abs=1e-12), pytest.approx(0, abs=1e-12))
    assert (found.networks, found.draws, found.embeddings, found.mean) == (3, 4, 2, pytest.approx(22))


def test_the_expectations_of_all_components_are_the_true_variances():
    generator, sds = np.random.default_rng(0), (2.0, 7.0, 1.5, 1.7)
    found = [components(table(drawn(generator, (5, 6, 3), sds))) for _ in range(400)]
    for name, sd in zip(("network", "draw", "both", "embedding"), sds, strict=True):
        assert np.mean([getattr(one, name) for one in found]) == pytest.approx(sd**2, rel=0.12)


def test_the_components_are_those_of_the_analysis_of_variance():
    from statsmodels.api import stats
    from statsmodels.formula.api import ols

    rows = table(drawn(np.random.default_rng(1), (4, 5, 3), (2.0, 7.0, 1.5, 1.7)))
    squares = stats.anova_lm(ols("value ~ C(seed) * C(draw)", rows).fit())["mean_sq"]
    found = components(rows)
    assert found.embedding == pytest.approx(squares["Residual"])
    assert found.both == pytest.approx((squares["C(seed):C(draw)"] - squares["Residual"]) / 3)
    assert found.network == pytest.approx((squares["C(seed)"] - squares["C(seed):C(draw)"]) / 15)
    assert found.draw == pytest.approx((squares["C(draw)"] - squares["C(seed):C(draw)"]) / 12)


def test_of_balanced_draws_of_one_network_a_mixed_model_finds_the_same():
    from statsmodels.formula.api import mixedlm

    rows = table(drawn(np.random.default_rng(2), (1, 8, 4), (0.0, 3.0, 0.0, 1.0)))
    model = mixedlm("value ~ 1", rows, groups="draw").fit(reml=True)
    found = components(rows)
    assert found.draw == pytest.approx(model.cov_re.iloc[0, 0], rel=1e-3)
    assert found.embedding == pytest.approx(model.scale, rel=1e-3)
    assert np.isnan([found.network, found.both]).all()


def test_with_one_embedding_its_variance_stands_in_the_interaction():
    found = [components(table(drawn(np.random.default_rng(seed), (5, 6, 1), (2.0, 7.0, 1.5, 1.7)))) for seed in range(300)]
    assert all(np.isnan(one.embedding) for one in found)
    assert np.mean([one.both for one in found]) == pytest.approx(1.5**2 + 1.7**2, rel=0.1)


def test_one_draw_and_one_embedding_leave_the_variance_over_networks():
    values = np.random.default_rng(3).normal(size=6)
    found = components(table(values[:, None, None]))
    assert (found.of_one, found.of_mean) == (pytest.approx(values.var(ddof=1)), pytest.approx(values.var(ddof=1) / 6))
    assert np.isnan([found.draw, found.both, found.embedding]).all()


def test_of_one_and_of_mean_have_the_variances_of_one_value_and_of_the_mean():
    generator, sds, shape = np.random.default_rng(4), (2.0, 7.0, 1.5, 1.7), (5, 6, 3)
    found = [components(table(drawn(generator, shape, sds))) for _ in range(400)]
    alone = [drawn(generator, (1, 1, 1), sds).item() for _ in range(20_000)]
    assert np.mean([one.of_one for one in found]) == pytest.approx(np.var(alone), rel=0.1)
    assert np.mean([one.of_mean for one in found]) == pytest.approx(np.var([one.mean for one in found]), rel=0.15)


def test_without_draws_and_embeddings_the_interval_is_that_of_one_more_network():
    values = np.random.default_rng(6).normal(size=6)
    found = components(table(values[:, None, None]))
    assert (found.allowed, found.degrees) == (pytest.approx(allowed_of_one_run(values)), pytest.approx(5))


def test_with_several_embeddings_the_interval_is_that_of_one_more_network_and_embedding():
    values = drawn(np.random.default_rng(7), (6, 1, 3), (3.0, 0.0, 0.0, 1.0))
    noise = pooled_noise(values[:, 0].std(axis=1, ddof=1), np.full(6, 2))
    assert components(table(values)).allowed == pytest.approx(allowed_of_one_run(values.mean(axis=(1, 2)), noise, 3))


@pytest.mark.parametrize(
    ("shape", "sds"),
    [((3, 5, 1), (2, 7, 1.5, 1.7)), ((3, 5, 2), (2, 2, 1, 1)), ((5, 5, 1), (2, 0.3, 1, 1)), ((1, 5, 1), (0, 7, 0, 2))],
)
def test_one_further_network_draw_and_embedding_lies_in_the_interval_in_95_of_100_studies(shape, sds):
    generator = np.random.default_rng(8)
    studies = [(components(table(drawn(generator, shape, sds))), drawn(generator, (1, 1, 1), sds).item()) for _ in range(500)]
    assert np.mean([abs(one - found.mean) <= found.allowed for found, one in studies]) == pytest.approx(0.95, abs=0.03)


def test_a_component_that_would_be_below_zero_is_zero():
    alike = np.array([[[1.0, 3.0]], [[2.0, 2.0]]])
    assert components(table(alike)).network == 0


def test_unlike_numbers_of_embeddings_count_by_their_harmonic_mean():
    rows = pd.DataFrame({"seed": [0, 0, 0, 1], "draw": 1, "embedding_seed": [0, 1, 2, 0], "value": [1.0, 2.0, 3.0, 8.0]})
    found = components(rows)
    assert (found.embeddings, found.embedding) == (pytest.approx(1.5), pytest.approx(1))
    assert found.network == pytest.approx(18 - 1 / 1.5)


def test_networks_that_lack_a_draw_are_left_out():
    values = drawn(np.random.default_rng(5), (4, 3, 2), (2.0, 7.0, 1.5, 1.7))
    without = values.copy()
    without[2, 1] = np.nan
    assert components(table(without)) == components(table(np.delete(values, 2, axis=0)))


def test_of_a_single_value_or_of_none_nothing_is_known():
    for rows in (table(np.ones((1, 1, 1))), table(np.full((2, 2, 1), np.nan))):
        found = components(rows)
        assert np.isnan(
            [found.network, found.draw, found.both, found.embedding, found.of_one, found.of_mean, found.allowed]
        ).all()


def test_what_has_no_seed_is_one_network():
    rows = table(np.array([[[1.0], [3.0]]])).assign(seed=np.nan, embedding_seed=np.nan)
    assert (components(rows).networks, components(rows).draw) == (1, pytest.approx(2))
