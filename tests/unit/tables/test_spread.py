"""The spread of scores over embeddings of one network, over draws of a sample, and over networks, told apart."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_rows import OF_INPUT, OF_LAYER, only

from layerscope.errors import StudyError
from layerscope.statistics.components import components
from layerscope.store import SCORE_TABLE_COLUMNS
from layerscope.store.reads import Reads
from layerscope.tables.spread import rows

ROW = {**OF_LAYER, "space": "tsne", "embedding_seed": 0.0, "metric": "d_same", "chance": 1.0}


@pytest.fixture
def table(tmp_path):
    """The table that is made of rows of scores."""

    def made(measured, **options):
        pd.DataFrame(measured, columns=list(SCORE_TABLE_COLUMNS)).to_parquet(tmp_path / "scores.parquet", index=False)
        return rows(Reads(score_table=[str(tmp_path / "scores.parquet")]), {"scores": ["d_same"], **options})

    return made


def networks(values, **keys):
    """Scores of networks of seeds 0, 1, ...: one list of values a network, one value an embedding seed."""
    return [
        {**ROW, "seed": float(seed), "embedding_seed": float(embedding), "value": value, **keys}
        for seed, of_network in enumerate(values)
        for embedding, value in enumerate(of_network)
    ]


def of_input(values, **keys):
    """Scores of the input of the dataset, one value an embedding seed."""
    return [{**ROW, **OF_INPUT, "embedding_seed": float(seed), "value": value, **keys} for seed, value in enumerate(values)]


def spread_of(values):
    """(embedding sd, network sd) of values (networks, embeddings)."""
    found = components(pd.DataFrame(networks(values)))
    return math.sqrt(found.embedding), math.sqrt(found.network)


# The estimate


@pytest.mark.parametrize(("of_networks", "of_embeddings"), [(0.3, 0.7), (0.7, 0.3), (0.5, 0.5), (1.0, 0.0)])
@pytest.mark.parametrize("seeds", [2, 5])
def test_both_deviations_of_random_effects_are_found(of_networks, of_embeddings, seeds):
    """score = mean + what is the network's own + what is the embedding's own"""
    generator = np.random.default_rng(0)
    effects = of_networks * generator.normal(size=(5000, 1))
    found = spread_of(3 + effects + of_embeddings * generator.normal(size=(5000, seeds)))
    assert found == (pytest.approx(of_embeddings, rel=0.04, abs=1e-9), pytest.approx(of_networks, rel=0.04))


def test_networks_that_differ_by_their_embeddings_alone_have_no_spread():
    generator = np.random.default_rng(0)
    within, between = spread_of(generator.normal(size=(5000, 2)))
    assert within == pytest.approx(1, rel=0.04)
    assert between < 0.15


def test_the_estimate_is_the_spread_of_means_less_the_share_of_embeddings():
    """Means 0 and 2 have the variance 2, of which embeddings of variance 1/2 explain 1/4 where two are averaged."""
    within, between = spread_of([[-0.5, 0.5], [1.5, 2.5]])
    assert within == pytest.approx(math.sqrt(0.5))
    assert between == pytest.approx(math.sqrt(1.75))


def test_equal_embeddings_leave_the_spread_of_the_networks():
    assert spread_of([[1, 1], [2, 2], [4, 4]]) == (0, pytest.approx(np.std([1, 2, 4], ddof=1)))


def test_equal_means_leave_no_spread_of_networks():
    assert spread_of([[0, 2], [0, 2], [-1, 3]]) == (pytest.approx(math.sqrt((2 + 2 + 8) / 3)), 0)


def test_one_network_has_no_spread_over_networks():
    within, between = spread_of([[1, 2, 3]])
    assert within == pytest.approx(1)
    assert math.isnan(between)


TABLES = st.integers(2, 5).flatmap(
    lambda seeds: st.lists(st.lists(st.floats(-100, 100), min_size=seeds, max_size=seeds), min_size=2, max_size=6)
)


@settings(max_examples=100, deadline=None)
@given(TABLES, st.floats(0.1, 10), st.floats(-10, 10))
def test_deviations_are_never_negative_and_follow_the_unit_of_the_score(values, factor, shift):
    within, between = spread_of(values)
    assert within >= 0
    assert between >= 0
    scaled = spread_of(factor * np.array(values) + shift)
    assert scaled == (pytest.approx(factor * within, abs=1e-4), pytest.approx(factor * between, abs=1e-4))


@settings(max_examples=50, deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_networks_and_embeddings_means_nothing(values, random):
    shuffled = [random.sample(of_network, len(of_network)) for of_network in random.sample(values, len(values))]
    assert spread_of(shuffled) == pytest.approx(spread_of(values), abs=1e-4)


# The table


def test_a_row_has_both_deviations_of_a_layer_and_score(table):
    row = only(table(networks([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])))
    assert (row["dataset"], row["architecture"], row["activation"], row["sample"]) == ("digits", "mlp", "relu", "look")
    assert (row["space"], row["state"], row["layer"], row["score"]) == ("tsne", "trained", "layer 1 (hidden1)", "d_same")
    assert (row["networks"], row["draws"], row["embeddings"], row["mean"]) == (3, 1, "2", "2.5000")
    assert row["embedding sd"] == f"{math.sqrt(0.5):.6f}"
    assert row["network sd"] == f"{math.sqrt(4 - 0.25):.6f}"


def test_layers_states_and_spaces_have_rows_of_their_own_and_filters_none(table):
    values = [[0.0, 1.0], [2.0, 3.0]]
    scores = networks(values) + networks(values, state="untrained", epoch=0) + networks(values, space="umap")
    scores += networks(values, layer="hidden2", depth=2.0)
    scores += [row for number in "01" for row in networks(values, layer="conv1", depth=3.0, filter=number)]
    found = table(scores)
    assert len(found) == 4
    assert "layer 3 (conv1)" not in set(found["layer"])
    assert set(found["networks"]) == {2}


def test_only_the_scores_asked_for_are_shown(table):
    scores = networks([[0.0, 1.0]] * 2) + networks([[0.0, 1.0]] * 2, metric="c_same")
    assert list(table(scores)["score"]) == ["d_same"]
    assert list(table(scores, scores=["d_same", "c_same"])["score"]) == ["d_same", "c_same"]


def test_embeddings_of_one_seed_are_left_out(table):
    scores = networks([[0.0, 1.0], [2.0, 3.0]]) + networks([[0.5], [0.9]], space="umap")
    assert list(table(scores)["space"]) == ["tsne"]


def test_scores_of_one_draw_without_embeddings_are_left_out(table):
    scores = networks([[0.0, 1.0], [2.0, 3.0]]) + networks([[0.5], [0.6]], space="raw", embedding_seed=np.nan)
    assert list(table(scores)["space"]) == ["tsne"]


def test_draws_of_a_sample_have_a_column_of_their_own(table):
    """Networks differ by 2, draws by 10, and embeddings of them by 1."""
    scores = [
        row
        for draw in (1, 2)
        for row in networks([[10.0 * draw, 10.0 * draw + 1], [10.0 * draw + 2, 10.0 * draw + 3]], draw=draw)
    ]
    row = only(table(scores))
    assert (row["networks"], row["draws"], row["embeddings"]) == (2, 2, "2")
    assert row["sample sd"] == f"{math.sqrt(50):.6f}"
    assert row["embedding sd"] == f"{math.sqrt(0.5):.6f}"


def test_draws_of_a_layer_itself_are_told_from_networks(table):
    scores = [
        row
        for draw, shift in ((1, 0.0), (2, 4.0))
        for row in networks([[shift], [shift + 2.0]], draw=draw, space="raw", embedding_seed=np.nan)
    ]
    row = only(table(scores))
    assert (row["space"], row["network sd"], row["sample sd"]) == ("raw", f"{math.sqrt(2):.6f}", f"{math.sqrt(8):.6f}")
    assert (row["network × sample sd"], row["embedding sd"]) == ("0.000000", "-")


def test_draws_of_the_input_are_those_of_one_network(table):
    of_draws = [{**row, "draw": draw} for draw, value in ((1, 0.1), (2, 0.4)) for row in of_input([value])]
    row = only(table(networks([[0.5], [0.6]]) + of_draws), state="input")
    assert (row["networks"], row["draws"], row["sample sd"]) == (1, 2, f"{math.sqrt(0.045):.6f}")


@pytest.mark.parametrize("count", [1, 3])
def test_the_input_is_one_observation_whatever_the_number_of_networks(table, count):
    row = only(table(networks([[0.0, 1.0]] * count) + of_input([0.1, 0.2, 0.3])), state="input")
    assert (row["layer"], row["networks"], row["embeddings"]) == ("layer 0 (input)", 1, "3")
    assert (row["mean"], row["embedding sd"], row["network sd"]) == ("0.2000", "0.100000", "-")


def test_one_network_alone_has_a_dash_in_place_of_the_spread_over_networks(table):
    row = only(table(networks([[0.0, 1.0]])))
    assert (row["networks"], row["embedding sd"], row["network sd"]) == (1, f"{math.sqrt(0.5):.6f}", "-")


def test_what_on_leaves_out_is_not_shown(table):
    scores = networks([[0.0, 1.0], [2.0, 3.0]]) + networks([[9.0, 9.0]], layer="hidden2", depth=2.0)
    assert list(table(scores, on={"layer": "hidden1"})["layer"]) == ["layer 1 (hidden1)"]


def test_a_network_that_diverged_counts_for_nothing(table):
    lost = networks([[np.nan, np.nan]], degenerate="diverged: the loss is not finite")
    scores = networks([[0.0, 1.0], [2.0, 3.0]]) + [{**row, "seed": 2.0} for row in lost]
    row = only(table(scores))
    assert (row["networks"], row["embeddings"], row["mean"]) == (2, "2", "1.5000")


def test_snapshots_are_no_embeddings(table):
    """Two snapshots between, each embedded by one seed: what differs is the network."""
    between = [row for epoch in (2, 3) for row in networks([[0.1 * epoch], [0.3]], state="intermediate", epoch=epoch)]
    found = table(networks([[0.0, 1.0], [2.0, 3.0]]) + between)
    assert list(found["state"]) == ["trained"]


def test_an_embedding_of_the_input_alone_has_its_spread(table):
    """As a study makes one to learn the noise of an embedding: no network is embedded by it."""
    scores = networks([[0.5], [0.6]]) + of_input([0.1, 0.2, 0.3], space="tsne_noise")
    row = only(table(scores, on={"embedding": "tsne_noise"}))
    assert (row["layer"], row["networks"], row["embeddings"]) == ("layer 0 (input)", 1, "3")
    assert (row["embedding sd"], row["network sd"]) == ("0.100000", "-")


def test_embeddings_of_one_seed_alone_make_no_table(table):
    with pytest.raises(
        StudyError, match="nothing that the table's `on` chooses has several draws or embeddings; give a sample `draws: 2`"
    ):
        table(networks([[0.5], [0.6]]))


@pytest.mark.parametrize("options", [{"on": {"layer": "hidden9"}}, {"scores": ["silhouette"]}], ids=["on", "scores"])
def test_a_table_of_nothing_says_so(table, options):
    with pytest.raises(StudyError, match="no scores of layers are left of what the table's `on` chooses; widen it"):
        table(networks([[0.0, 1.0]]), **options)
