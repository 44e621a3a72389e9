"""Published numbers beside measured ones: what is compared with what, and when a difference is within noise."""

import math
import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from score_rows import OF_CONVOLUTION, OF_INPUT, OF_LAYER, UNTRAINED, only, written

from layerscope import store
from layerscope.errors import StudyError
from layerscope.statistics.prediction import Noise
from layerscope.statistics.runs import per_run
from layerscope.store.reads import Reads
from layerscope.tables.published import rows
from layerscope.tables.shared.published_comparisons import noise_of_embeddings

ROW = {**OF_LAYER, **OF_CONVOLUTION, "dataset": "mnist", "n_points": 5000}
PUBLISHED = {"figure": "fig1", "dataset": "mnist", "embedding": "tsne", "layer": 1, "filter": "", "metric": "d_same"}
OPTIONS = {"by": "comparison", "higher_is_better": {"d_same": False, "knn_accuracy": True}}
OPTIONS |= {"layer_accuracies": ["knn_accuracy"], "repeats": {"d_different": "d_same"}}
T2, T4 = (stats.t.ppf(0.975, degrees) for degrees in (2, 4))
DEAD = "dead filter: answers to no observation"
DIVERGED = "diverged: losses, weights or outputs are no longer finite in epoch 3"


@pytest.fixture(scope="module")
def compare(tmp_path_factory):
    """The table that is made of published lines and rows of scores."""
    folder = tmp_path_factory.mktemp("published")

    def table(published, scores, **options):
        pd.DataFrame(published, columns=list(store.PUBLISHED_COLUMNS)).to_csv(folder / "published.csv", index=False)
        inputs = Reads(**written(folder, scores), published=[str(folder / "published.csv")])
        noise = {"tsne": "tsne_noise"} if any(row["space"] == "tsne_noise" for row in scores) else {}
        return rows(inputs, {**OPTIONS, "noise": noise, **options})

    return table


def lines(trained, untrained=0.5, **keys):
    """Published numbers of both states."""
    return [
        {**PUBLISHED, "state": state, "value": value, **keys} for state, value in (("trained", trained), ("untrained", untrained))
    ]


def networks(trained, untrained=None, **keys):
    """Scores of networks of seeds 0, 1, ... in both states; untrained ones score 0.5 where nothing else is said."""
    untrained = [0.5] * len(trained) if untrained is None else untrained
    measured = [{**ROW, "seed": float(seed), "value": value, **keys} for seed, value in enumerate(trained)]
    return measured + [{**ROW, **UNTRAINED, "seed": float(seed), "value": value, **keys} for seed, value in enumerate(untrained)]


def input_scores(values, space="tsne_noise", **keys):
    """Scores of the input of the dataset by one embedding seed after another."""
    return [
        {**ROW, **OF_INPUT, "space": space, "embedding_seed": float(seed), "value": value, **keys}
        for seed, value in enumerate(values)
    ]


def accuracies(values, **keys):
    """Scores of single filters: accuracies of neighbours, state -> one list of filters a run."""
    return filters(values, metric="knn_accuracy", chance=0.2749, **keys)


def filters(values, **keys):
    """Scores of single filters, state -> one list of filters a run."""
    states = {"trained": {}, "untrained": UNTRAINED}
    return [
        {**ROW, **states[state], "seed": float(seed), "filter": str(number), "value": value, **keys}
        for state, of_runs in values.items()
        for seed, of_run in enumerate(of_runs)
        for number, value in enumerate(of_run)
    ]


def filter_lines(trained, untrained, **keys):
    """Published numbers of single filters of both states."""
    return [
        {**PUBLISHED, "state": state, "filter": str(number), "value": value, **keys}
        for state, values in (("trained", trained), ("untrained", untrained))
        for number, value in enumerate(values)
    ]


def value_of(text):
    return float("nan") if text == "-" else float(text)


# Within noise or not (more in test_comparison.py)


def test_a_number_is_judged_by_the_prediction_interval_of_three_networks(compare):
    """Of 0.4, 0.5 and 0.6 the standard deviation is 0.1, and t 0.1 √(4/3) is 0.4968; chance is 1."""
    row = only(compare(lines(0.3), networks([0.4, 0.5, 0.6])), comparison="value", state="trained")
    assert (row["measured"], row["sd"], row["n_runs"]) == ("0.500000", "0.100000", 3)
    assert value_of(row["allowed"]) == pytest.approx(T2 * 0.1 * math.sqrt(4 / 3), abs=1e-6)
    assert (row["difference"], row["inside"]) == ("0.200000", "yes")
    assert only(compare(lines(0.6), networks([0.4, 0.5, 0.6])), comparison="value", state="trained")["inside"] == "says nothing"


def test_networks_that_are_close_by_chance_are_as_wide_as_embeddings_are(compare):
    table = compare(lines(0.55), networks([0.5, 0.501, 0.502]) + input_scores([0.50, 0.52, 0.54]))
    row = only(table, comparison="value", state="trained")
    assert row["embedding_sd"] == "0.020000"
    assert value_of(row["allowed"]) == pytest.approx(T2 * 0.02 * math.sqrt(4 / 3), abs=1e-6)


@pytest.mark.parametrize("reason", ["not_accepted: 0.7", "near_chance: test accuracy 0.1", DIVERGED])
def test_networks_that_learnt_nothing_are_no_counterpart(compare, reason):
    flagged = [{**row, "degenerate": reason} if row["seed"] == 3 else row for row in networks([0.4, 0.5, 0.6, 9.0])]
    row = only(compare(lines(0.3), flagged), comparison="value", state="trained")
    assert (row["measured"], row["n_runs"]) == ("0.500000", 3)


def test_a_run_without_a_value_counts_for_nothing(compare):
    scores = networks([0.4, 0.5, 0.6, np.nan])
    row = only(compare(lines(0.5), scores), comparison="value", state="trained")
    assert (row["measured"], row["sd"], row["n_runs"]) == ("0.500000", "0.100000", 3)


def test_means_over_embeddings_spread_less_than_one_published_embedding(compare):
    """s² (1 + 1/3) + v / 2, with the degrees of freedom of Satterthwaite."""
    values = ((0.48, 0.52), (0.38, 0.42), (0.58, 0.62))
    scores = [
        {**ROW, **state, "seed": float(seed), "embedding_seed": float(number), "value": value}
        for seed, pair in enumerate(values)
        for number, value in enumerate(pair)
        for state in ({}, UNTRAINED)
    ]
    table = compare(lines(0.3, 0.3), scores + input_scores([0.5, 0.51], space="tsne"), noise={"tsne": "tsne"})
    row = only(table, comparison="value", state="trained")
    between, within = 0.01 * 4 / 3, 0.0008 / 2
    degrees = (between + within) ** 2 / (between**2 / 2 + within**2 / 3)
    assert (row["n_runs"], row["sd"]) == (3, "0.100000")
    assert value_of(row["allowed"]) == pytest.approx(stats.t.ppf(0.975, degrees) * math.sqrt(between + within), abs=1e-6)


# The noise of an embedding


def noise(scores, **noise):
    return noise_of_embeddings(per_run(pd.DataFrame(scores, columns=list(store.SCORE_TABLE_COLUMNS))), noise)


def test_noise_is_that_of_each_dataset_embedding_score_layer_and_state():
    scores = [
        *input_scores([0.50, 0.52, 0.54]),
        *input_scores([0.0, 0.2], metric="knn_accuracy"),
        *input_scores([0.0, 0.3], dataset="fashion_mnist"),
        *input_scores([0.0, 0.4], space="umap_noise"),
        *(
            {**ROW, "space": "umap_noise", "seed": seed, "embedding_seed": float(i), "value": seed + 0.1 * i}
            for seed in (0.0, 1.0)
            for i in range(2)
        ),
    ]
    half = math.sqrt(0.5)
    assert noise(scores, tsne="tsne_noise", umap="umap_noise") == {
        ("mnist", "tsne", "d_same", 0, "input"): Noise(pytest.approx(0.02), 2),
        ("mnist", "tsne", "knn_accuracy", 0, "input"): Noise(pytest.approx(0.2 * half), 1),
        ("fashion_mnist", "tsne", "d_same", 0, "input"): Noise(pytest.approx(0.3 * half), 1),
        ("mnist", "umap", "d_same", 0, "input"): Noise(pytest.approx(0.4 * half), 1),
        ("mnist", "umap", "d_same", 1, "trained"): Noise(pytest.approx(0.1 * half), 2),
    }


def test_draws_of_a_sample_are_no_noise_of_embeddings():
    """Two draws, each embedded twice."""
    scores = [{**row, "draw": draw, "value": row["value"] + 0.3 * draw} for draw in (1, 2) for row in input_scores([0.50, 0.52])]
    found = noise(scores, tsne="tsne_noise")
    assert found["mnist", "tsne", "d_same", 0, "input"] == Noise(pytest.approx(0.02 * math.sqrt(0.5)), 2)


def test_an_embedding_that_diverged_says_nothing_of_noise():
    found = noise(input_scores([0.50, 0.52, np.nan, 0.54]), tsne="tsne_noise")
    assert found["mnist", "tsne", "d_same", 0, "input"] == Noise(pytest.approx(0.02), 2)


def test_a_layer_has_its_own_noise_where_that_is_measured(compare):
    """Embeddings of a layer can differ six times as much as those of the input do."""
    of_layer = [{**ROW, "space": "tsne_noise", "embedding_seed": float(seed), "value": 0.5 + 0.06 * seed} for seed in range(3)]
    scores = networks([0.5, 0.5, 0.5]) + input_scores([0.50, 0.51, 0.52]) + of_layer
    table = compare(lines(0.4, 0.4), scores)
    assert only(table, comparison="value", state="trained")["embedding_sd"] == "0.060000"
    assert only(table, comparison="value", state="untrained")["embedding_sd"] == "0.010000"


@pytest.mark.parametrize("values", [[], [0.5], [0.5, np.nan]])
def test_noise_that_cannot_be_known_is_asked_for(compare, values):
    scores = networks([0.4, 0.6]) + input_scores(values)
    with pytest.raises(StudyError, match=r"noise\.tsne: tsne_noise has no d_same of the input of mnist by two or more"):
        compare(lines(0.5), scores, noise={"tsne": "tsne_noise"})


def test_noise_is_that_of_the_sample_that_is_compared(compare):
    """Another sample is other points, whose score differs by more than the noise of one embedding."""
    other = [{**row, "sample": "other", "value": 0.9} for row in networks([0.5]) + input_scores([0.5, 0.52, 0.54])]
    scores = networks([0.5]) + input_scores([0.50, 0.52, 0.54]) + other
    row = only(compare(lines(0.5), scores, on={"sample": "look"}), comparison="value", state="trained")
    assert row["embedding_sd"] == "0.020000"


# Whole layers


def test_a_layer_is_compared_by_value_in_each_state_and_by_what_training_changes(compare):
    table = compare(lines(0.3, 0.8), networks([0.4, 0.5, 0.6], [0.7, 0.9, 0.8]))
    assert list(zip(table["comparison"], table["state"], table["published"], table["measured"], strict=True)) == [
        ("value", "trained", "0.3000", "0.500000"),
        ("value", "untrained", "0.8000", "0.800000"),
        ("trained - untrained", "", "-0.5000", "-0.300000"),
    ]
    assert (table["rank"] == "").all()


def test_what_training_changes_is_paired_by_run(compare):
    """Networks differ much from each other, and training moves each of them by as much."""
    table = compare(lines(0.3, 0.8), networks([0.1, 0.5, 0.9], [0.3, 0.7, 1.1]))
    row = only(table, comparison="trained - untrained")
    assert (row["measured"], row["sd"], row["n_runs"]) == ("-0.200000", "0.000000", 3)


def test_a_run_that_diverged_leaves_the_pairs(compare):
    table = compare(lines(0.3, 0.8), networks([0.4, 0.4, np.nan], [0.6, 0.6, 5.0]))
    row = only(table, comparison="trained - untrained")
    assert (row["measured"], row["n_runs"]) == ("-0.200000", 2)


def test_a_difference_of_two_embeddings_has_the_noise_of_both(compare):
    table = compare(lines(0.3, 0.8), networks([0.5] * 3) + input_scores([0.50, 0.52, 0.54]))
    assert only(table, comparison="value", state="trained")["embedding_sd"] == "0.020000"
    assert only(table, comparison="trained - untrained")["embedding_sd"] == f"{0.02 * math.sqrt(2):.6f}"


def test_no_change_is_the_chance_of_what_training_changes(compare):
    """Published is a change of .5; of ours, changes of 0 would be inside as well."""
    table = compare(lines(0.3, 0.8), networks([0.2, 0.5, 0.9], [0.5, 0.5, 0.5]))
    assert only(table, comparison="trained - untrained")["inside"] == "says nothing"


def test_filters_of_a_layer_that_is_published_whole_are_left_alone(compare):
    scores = networks([0.4, 0.5, 0.6])
    more = scores + filters({"trained": [[9.0, 8.0]] * 3, "untrained": [[7.0, 6.0]] * 3})
    pd.testing.assert_frame_equal(compare(lines(0.5), more), compare(lines(0.5), scores))


def test_snapshots_between_are_no_part_of_a_comparison(compare):
    between = [{**ROW, "epoch": epoch, "state": "intermediate", "value": 9.0} for epoch in (2, 3)]
    scores = networks([0.4, 0.5, 0.6])
    pd.testing.assert_frame_equal(compare(lines(0.5), scores + between), compare(lines(0.5), scores))


def test_layers_are_found_by_their_depth(compare):
    published = lines(0.3, layer=1) + lines(0.6, layer=2)
    scores = networks([0.3]) + networks([0.6], layer="conv2", depth=2.0)
    table = compare(published, scores)
    assert list(table[table["comparison"] == "value"]["layer"]) == [1, 1, 2, 2]
    assert set(table[table["state"] == "trained"]["difference"]) == {"0.000000"}


# The input


@pytest.mark.parametrize("count", [1, 4])
def test_the_input_is_one_embedding_beside_one_whatever_the_number_of_networks(compare, count):
    """Published for networks of both states, it is one number: the second tells nothing further."""
    scores = networks([0.5] * count) + input_scores([0.37], space="tsne") + input_scores([0.50, 0.52, 0.54])
    table = compare(lines(0.40, 0.55, layer=0), scores)
    assert list(table["comparison"]) == ["value", "value"]
    for state, difference, inside, distinct in (("trained", "-0.030000", "yes", "yes"), ("untrained", "-0.180000", "no", "no")):
        row = only(table, state=state)
        assert (row["measured"], row["n_runs"], row["sd"]) == ("0.370000", 1, "-")
        assert value_of(row["allowed"]) == pytest.approx(T2 * 0.02 * math.sqrt(2), abs=1e-6)
        assert (row["difference"], row["inside"], row["distinct"]) == (difference, inside, distinct)


def test_embeddings_of_the_input_are_averaged(compare):
    scores = networks([0.5]) + input_scores([0.3, 0.4], space="tsne") + input_scores([0.50, 0.52, 0.54])
    row = only(compare(lines(0.35, layer=0), scores), state="trained")
    assert (row["measured"], row["n_runs"]) == ("0.350000", 1)
    assert value_of(row["allowed"]) == pytest.approx(T2 * 0.02 * math.sqrt(1.5), abs=1e-6)


def test_a_score_that_follows_from_another_tells_nothing_further(compare):
    published = lines(0.5) + lines(0.9, metric="d_different")
    scores = networks([0.5] * 3) + networks([0.9] * 3, metric="d_different")
    table = compare(published, scores, higher_is_better={"d_same": False, "d_different": True})
    assert set(table[table["score"] == "d_different"]["distinct"]) == {"no"}
    assert set(table[table["score"] == "d_same"]["distinct"]) == {"yes"}
    alone = compare(lines(0.9, metric="d_different"), scores, higher_is_better={"d_different": True})
    assert set(alone["distinct"]) == {"yes"}


# Filters


def ranks(table, state="trained", score="d_same"):
    """(published, measured, n_runs) by rank."""
    own = table[(table["comparison"] == "rank") & (table["state"] == state) & (table["score"] == score)]
    assert list(own["rank"]) == list(range(1, len(own) + 1))
    return list(zip(own["published"], own["measured"], own["n_runs"], strict=True))


def test_the_k_th_smallest_of_published_filters_stands_beside_the_k_th_smallest_of_every_run(compare):
    measured = {"trained": [[0.5, 0.2, 0.8], [0.9, 0.6, 0.4]], "untrained": [[0.1, 0.2, 0.3], [0.3, 0.2, 0.1]]}
    table = compare(filter_lines([0.7, 0.3, 0.5], [0.1, 0.2, 0.3]), filters(measured))
    assert ranks(table) == [("0.3000", "0.300000", 2), ("0.5000", "0.550000", 2), ("0.7000", "0.850000", 2)]
    assert ranks(table, "untrained") == [("0.1000", "0.100000", 2), ("0.2000", "0.200000", 2), ("0.3000", "0.300000", 2)]


EXACT = st.integers(0, 64).map(lambda number: number / 64)


@settings(max_examples=15, deadline=None)
@given(
    st.data(),
    st.lists(st.tuples(*[EXACT | st.just(math.nan)] * 4), min_size=2, max_size=4),
    st.lists(st.tuples(EXACT, EXACT), min_size=2, max_size=4),
)
def test_renumbering_the_filters_of_a_run_changes_nothing(compare, data, drawn, published):
    """Their numbers mean nothing from one initialisation to the next, as long as one filter keeps its number in training.

    drawn: of every filter of the only two runs (d_same, accuracy) of each state; every value is exact, sums in any order too.
    """
    count = min(len(drawn), len(published))
    runs = [drawn[:count], data.draw(st.permutations(drawn[:count]), label="the other run")]

    def scores(orders):
        found = []
        for position, state in ((0, "trained"), (2, "untrained")):
            numbered = [[run[number] for number in order] for run, order in zip(runs, orders, strict=True)]
            found += filters({state: [[values[position] for values in run] for run in numbered]})
            found += accuracies({state: [[values[position + 1] for values in run] for run in numbered]})
        return found

    given_lines = filter_lines(*zip(*published[:count], strict=True))
    given_lines += filter_lines([0.9] * count, [0.2] * count, metric="knn_accuracy")
    order = st.permutations(range(count))
    as_they_are = compare(given_lines, scores([range(count)] * 2))
    renumbered = compare(given_lines, scores([data.draw(order, label="first"), data.draw(order, label="second")]))
    pd.testing.assert_frame_equal(renumbered, as_they_are)


def dead(numbers, scores):
    """Scores of which some filters, (seed, state, number), are flagged as dead."""
    return [
        {**row, "degenerate": DEAD} if (int(row["seed"]), row["state"], int(row["filter"])) in numbers else row for row in scores
    ]


def test_living_filters_are_compared_with_those_of_networks_that_have_as_many(compare):
    """Published are two living filters of three; of ours, two networks have two, and one has three."""
    published = filter_lines([0.3, 0.5, 0.9], [0.5] * 3) + filter_lines([0.8, 0.9, 0.28], [0.8] * 3, metric="knn_accuracy")
    measured = {"trained": [[0.2, 0.4, 0.9], [0.9, 0.4, 0.6], [0.1, 0.1, 0.1]], "untrained": [[0.5] * 3] * 3}
    scores = dead({(0, "trained", 2), (1, "trained", 0)}, filters(measured))
    scores += dead({(0, "trained", 2), (1, "trained", 0)}, accuracies({state: [[0.8] * 3] * 3 for state in measured}))
    table = compare(published, scores)
    assert ranks(table) == [("0.3000", "0.300000", 2), ("0.5000", "0.500000", 2)]
    assert set(table[(table["comparison"] == "rank") & (table["state"] == "trained")]["inside"]) == {""}
    assert ranks(table, "untrained") == [("0.5000", "0.500000", 3)] * 3


def test_a_network_of_which_a_living_filter_has_no_value_has_other_ranks(compare):
    measured = {"trained": [[0.2, np.nan], [0.4, 0.3]], "untrained": [[0.3, 0.4]] * 2}
    assert ranks(compare(filter_lines([0.3, 0.4], [0.3, 0.4]), filters(measured))) == [
        ("0.3000", "0.300000", 1),
        ("0.4000", "0.400000", 1),
    ]


def test_layers_of_filters_are_compared_by_their_means(compare):
    """The mean of a run's filters is one observation; filters without a value have no part in it."""
    measured = {"trained": [[0.2, 0.4], [0.6, np.nan], [0.3, 0.5]], "untrained": [[0.5, 0.5]] * 3}
    row = only(compare(filter_lines([0.1, 0.5], [0.5, 0.5]), filters(measured)), comparison="layer mean", state="trained")
    assert (row["published"], row["measured"], row["n_runs"]) == ("0.3000", "0.433333", 3)
    assert value_of(row["sd"]) == pytest.approx(statistics.stdev([0.3, 0.6, 0.4]), abs=1e-6)


def test_means_that_other_tables_read_are_no_filters(compare):
    """Two filters are published and two are scored: the means of a layer in the summed up rows are not counted."""
    measured = {"trained": [[0.2, 0.4]], "untrained": [[0.5, 0.5]]}
    assert len(ranks(compare(filter_lines([0.1, 0.5], [0.5, 0.5]), filters(measured)))) == 2


def test_whole_layers_of_which_filters_are_published_are_left_alone(compare):
    measured = filters({"trained": [[0.2, 0.4]], "untrained": [[0.5, 0.5]]})
    table = compare(filter_lines([0.1, 0.5], [0.5, 0.5]), measured + networks([9.0]))
    pd.testing.assert_frame_equal(table, compare(filter_lines([0.1, 0.5], [0.5, 0.5]), measured))


# Dead filters. Published ones are at chance: .2749 + 5 sqrt(.2749 · .7251 / 5000) = .30647


@pytest.mark.parametrize(("accuracy", "at_chance"), [(0.2749, 1), (0.3064, 1), (0.3065, 0)])
def test_published_filters_are_dead_up_to_five_standard_errors_above_chance(compare, accuracy, at_chance):
    published = filter_lines([accuracy, 0.9], [0.8, 0.9], metric="knn_accuracy")
    table = compare(published, accuracies({"trained": [[0.8, 0.9]], "untrained": [[0.8, 0.9]]}))
    assert value_of(only(table, comparison="dead filters", state="trained")["published"]) == at_chance


def test_the_standard_error_is_that_of_the_sample(compare):
    """.2749 + 5 sqrt(.2749 · .7251 / 50) is .59."""
    published = filter_lines([0.58, 0.60], [0.8, 0.9], metric="knn_accuracy")
    scores = accuracies({"trained": [[0.8, 0.9]], "untrained": [[0.8, 0.9]]}, n_points=50)
    assert value_of(only(compare(published, scores), comparison="dead filters", state="trained")["published"]) == 1


def test_dead_filters_are_counted_by_their_flags_and_compared_by_the_exact_test(compare):
    """2 of 3 beside 2 of 9; whatever their accuracies."""
    published = filter_lines([0.28, 0.28, 0.9], [0.9] * 3, metric="knn_accuracy")
    measured = {"trained": [[0.28, 0.8, 0.9]] * 3, "untrained": [[0.9] * 3] * 3}
    table = compare(published, dead({(0, "trained", 1), (1, "trained", 2)}, accuracies(measured)))
    row = only(table, comparison="dead filters", state="trained")
    assert (row["published"], row["measured"], row["n_runs"], row["score"]) == ("2.0000", "0.666667", 3, "knn_accuracy")
    assert float(row["p"]) == pytest.approx(stats.fisher_exact([[2, 1], [2, 7]]).pvalue, abs=0.005)
    assert row["inside"] == "yes"


def test_a_network_that_diverged_has_no_count_of_dead_filters(compare):
    published = filter_lines([0.28, 0.9], [0.9, 0.9], metric="knn_accuracy")
    measured = {"trained": [[0.28, 0.9], [0.28, 0.9]], "untrained": [[0.9, 0.9]] * 3}
    lost = [
        {**row, "seed": 2.0, "value": np.nan, "chance": np.nan, "degenerate": DIVERGED}
        for row in accuracies({"trained": [[0.0, 0.0]]})
    ]
    scores = dead({(0, "trained", 0), (1, "trained", 0)}, accuracies(measured)) + lost
    row = only(compare(published, scores), comparison="dead filters", state="trained")
    assert (row["measured"], row["n_runs"]) == ("1.000000", 2)


def test_the_mean_of_living_filters_leaves_dead_ones_out(compare):
    """Of every score. Filters live by run, number and state."""
    published = filter_lines([0.9, 0.3, 0.5], [0.4, 0.5, 0.6])
    published += filter_lines([0.28, 0.8, 0.9], [0.7, 0.8, 0.9], metric="knn_accuracy")
    scores = filters({"trained": [[0.2, 0.4, 1.0], [1.0, 0.3, 0.7]], "untrained": [[0.4, 0.5, 0.6]] * 2})
    scores += accuracies({"trained": [[0.8, 0.9, 0.28], [0.28, 0.8, 0.9]], "untrained": [[0.7, 0.8, 0.9]] * 2})
    table = compare(published, dead({(0, "trained", 2), (1, "trained", 0)}, scores))
    living = only(table, comparison="layer mean, living filters", state="trained", score="d_same")
    assert (living["published"], living["measured"], living["n_runs"]) == ("0.4000", "0.400000", 2)
    assert value_of(living["sd"]) == pytest.approx(statistics.stdev([0.3, 0.5]), abs=1e-6)
    accuracy = only(table, comparison="layer mean, living filters", state="trained", score="knn_accuracy")
    assert (accuracy["published"], accuracy["measured"]) == ("0.8500", "0.850000")
    untrained = only(table, comparison="layer mean, living filters", state="untrained", score="d_same")
    assert (untrained["published"], untrained["measured"]) == ("0.5000", "0.500000")


def test_what_training_changes_in_filters_is_paired_by_run_and_filter(compare):
    """A filter that cannot be scored after training has no difference: its untrained value is not averaged alone."""
    published = filter_lines([0.2, 0.4], [0.5, 0.9])
    measured = {"trained": [[0.2, np.nan], [0.3, 0.5]], "untrained": [[0.5, 0.9], [0.5, 0.7]]}
    row = only(compare(published, filters(measured)), comparison="trained - untrained")
    assert (row["published"], row["measured"], row["sd"], row["n_runs"]) == ("-0.4000", "-0.250000", "0.070711", 2)


# What cannot be compared


def test_another_number_of_filters_is_another_architecture(compare):
    scores = filters({"trained": [[0.2, 0.4]], "untrained": [[0.5, 0.5]]})
    with pytest.raises(StudyError, match="fig1 publishes 3 filters, the study has 2; compare networks of the same architecture"):
        compare(filter_lines([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]), scores)


def test_published_filters_of_which_the_study_scores_none_are_named(compare):
    with pytest.raises(StudyError, match="fig1 publishes 2 filters"):
        compare(filter_lines([0.1, 0.2], [0.1, 0.2]), networks([0.5]))


@pytest.mark.parametrize("key", ["architecture", "activation", "sample"])
def test_two_networks_or_samples_on_one_dataset_cannot_stand_beside_one(compare, key):
    scores = networks([0.5]) + networks([0.9], **{key: "other"})
    with pytest.raises(StudyError, match="numbers of mnist by tsne stand beside one network and sample, not 2"):
        compare(lines(0.5), scores)
    table = compare(lines(0.5), scores, on={key: ROW[key]})
    assert only(table, comparison="value", state="trained")["measured"] == "0.500000"


def test_every_dataset_may_have_a_network_of_its_own(compare):
    published = lines(0.5) + lines(0.9, dataset="fashion_mnist")
    others = networks([0.9] * 3, dataset="fashion_mnist", architecture="other")
    table = compare(published, networks([0.5] * 3, chance=2.0) + [{**row, "chance": 2.0} for row in others])
    assert set(table[table["comparison"] == "value"]["inside"]) == {"yes"}


def test_a_published_dataset_that_the_study_lacks_is_named(compare):
    with pytest.raises(StudyError, match="fashion_mnist by tsne"):
        compare(lines(0.5, dataset="fashion_mnist"), networks([0.5]))


def test_a_published_score_that_the_study_lacks_is_named(compare):
    published = lines(0.5) + lines(0.9, metric="knn_accuracy")
    with pytest.raises(StudyError, match="no scores knn_accuracy of mnist by tsne; add them"):
        compare(published, networks([0.5]))


@pytest.mark.parametrize("published", [lines(0.5, layer=2), filter_lines([0.1], [0.2], layer=2)], ids=["whole", "filters"])
def test_a_published_layer_that_the_study_lacks_is_named(compare, published):
    with pytest.raises(StudyError, match="fig1"):
        compare(lines(0.5) + published, networks([0.5]))


def test_scores_that_are_not_published_change_nothing(compare):
    scores = networks([0.5, 0.6])
    more = scores + networks([9.0, 9.0], metric="silhouette") + networks([9.0, 9.0], layer="conv2", depth=2.0)
    pd.testing.assert_frame_equal(compare(lines(0.5), more), compare(lines(0.5), scores))


# Summaries


def several_figures():
    """Three published figures, the input, a whole layer and a layer of filters, and measured scores of three networks."""
    generator = np.random.default_rng(0)
    published = lines(0.40, 0.40, layer=0, figure="figA") + lines(0.30, 0.90, layer=1, figure="figB")
    published += filter_lines([0.28, 0.6, 0.9], [0.5, 0.7, 0.9], layer=2, figure="figC", metric="knn_accuracy")
    published += filter_lines([0.9, 0.3, 0.2], [0.4, 0.5, 0.9], layer=2, figure="figC")
    scores = input_scores([0.37], space="tsne") + input_scores([0.37, 0.38, 0.39])
    scores += input_scores([0.97, 0.98, 0.99], metric="knn_accuracy", chance=0.2749)
    scores += networks([0.3, 0.31, 0.35], [0.5, 0.51, 0.52])
    of_layer = {"layer": "conv2", "depth": 2.0}
    for make, low in ((accuracies, 0.5), (filters, 0.2)):
        values = {state: low + 0.3 * generator.random((3, 3)) for state in ("trained", "untrained")}
        scores += dead({(seed, "trained", 0) for seed in range(3)}, make(values, **of_layer))
    return published, scores


def test_the_summary_agrees_with_the_comparisons(compare):
    published, scores = several_figures()
    comparisons, summary = compare(published, scores), compare(published, scores, by="figure")
    assert list(summary["figure"]) == ["figA", "figB", "figC", "all"]
    assert list(summary["layers"]) == ["0", "1", "2", ""]
    for figure in ("figA", "figB", "figC", "all"):
        own = comparisons if figure == "all" else comparisons[comparisons["figure"] == figure]
        row = only(summary, figure=figure)
        cells = own[own["comparison"].isin(["value", "rank"]) & (own["distinct"] == "yes")]["inside"]
        assert row["numbers"] == len(cells)
        counted = [(cells == verdict).sum() for verdict in ("says nothing", "", "yes")]
        assert [row[column] for column in ("say nothing", "too few runs", "inside")] == counted
        assert row["judged"] == (cells.isin(["yes", "no"])).sum()
        assert row["share"] == f"{(cells == 'yes').sum() / row['judged']:.3f}"
        assert row["expected"] == "0.950"
    for kind in ("layer mean", "layer mean, living filters", "trained - untrained"):
        means = comparisons[(comparisons["comparison"] == kind) & (comparisons["figure"] == "figC")]["inside"]
        expected = f"{(means == 'yes').sum()} of {means.isin(['yes', 'no']).sum()}"
        assert only(summary, figure="figC")[f"{kind}: inside"] == expected


def test_the_input_counts_once(compare):
    published, scores = several_figures()
    assert only(compare(published, scores, by="figure"), figure="figA")["numbers"] == 1


def test_the_summary_counts_dead_filters_by_state(compare):
    published, scores = several_figures()
    summary = compare(published, scores, by="figure")
    p = stats.fisher_exact([[1, 2], [3, 6]]).pvalue
    text = only(summary, figure="figC")["dead filters: published / measured"]
    assert text == f"trained 1 / 1.0 (p {p:.2g}); untrained 0 / 0.0 (p 1)"
    assert only(summary, figure="figB")["dead filters: published / measured"] == ""


def test_the_summary_names_the_number_that_is_furthest_outside(compare):
    published = lines(0.5, 0.4) + lines(0.9, 0.5, metric="knn_accuracy")
    scores = networks([0.5] * 3) + networks([0.6] * 3, [0.55] * 3, metric="knn_accuracy", chance=0.1)
    summary = compare(published, scores, by="figure")
    assert only(summary, figure="fig1")["furthest outside"] == "knn_accuracy, layer 1 trained: 0.6000 for 0.9000 (allowed 0.0000)"
    inside = compare(lines(0.5), networks([0.5] * 3), by="figure")
    assert only(inside, figure="fig1")["furthest outside"] == ""


def test_the_summary_names_the_rank_of_a_filter(compare):
    scores = filters({"trained": [[0.2, 0.7]] * 3, "untrained": [[0.5, 0.5]] * 3})
    summary = compare(filter_lines([0.2, 0.4], [0.5, 0.5]), scores, by="figure")
    text = only(summary, figure="fig1")["furthest outside"]
    assert text == "d_same, layer 1 trained 2. smallest of the living: 0.7000 for 0.4000 (allowed 0.0000)"


def test_layers_of_one_figure_share_a_line_of_the_summary(compare):
    published = lines(0.5) + lines(0.5, layer=2)
    summary = compare(published, networks([0.5]) + networks([0.5], layer="conv2", depth=2.0), by="figure")
    row = only(summary, figure="fig1")
    assert (row["layers"], row["numbers"]) == ("1, 2", 4)


def test_a_figure_of_which_nothing_could_be_measured_has_no_verdict(compare):
    """All networks diverged when they were trained."""
    scores = networks([np.nan] * 3, [0.5] * 3)
    row = only(compare(lines(0.5), scores, by="figure"), figure="fig1")
    assert (row["numbers"], row["too few runs"], row["judged"], row["inside"]) == (2, 1, 1, 1)


def test_numbers_of_one_layer_of_one_published_network_are_summed_up_together(compare):
    """Whatever the embedding: its numbers stand or fall together."""
    published = lines(0.5, 0.9) + lines(0.5, 0.5, embedding="umap", figure="fig2") + lines(0.4, layer=0)
    scores = networks([0.49, 0.5, 0.51]) + networks([0.49, 0.5, 0.51], space="umap")
    scores += input_scores([0.41], space="tsne") + input_scores([0.40, 0.41, 0.42])
    table = compare(published, scores, by="layer")
    assert list(zip(table["dataset"], table["layer"], table["state"], table["numbers"], table["outside"], strict=True)) == [
        ("mnist", 1, "trained", 2, ""),
        ("mnist", 1, "untrained", 2, "d_same (tsne)"),
        ("mnist", 0, "input", 1, ""),
        ("all", "", "", 5, "2 of 3 layers have none outside"),
    ]


# Published files


@pytest.mark.parametrize(("name", "count"), [("ruman-cnn", 880), ("ruman-mlp", 160)])
def test_published_files_are_readable(name, count):
    table = store.read_published(store.published_file(name))
    assert tuple(table.columns) == store.PUBLISHED_COLUMNS
    assert len(table) == count
    assert np.isfinite(table["value"]).all()
    assert not table.duplicated([column for column in store.PUBLISHED_COLUMNS if column != "value"]).any()
    assert table["state"].value_counts().to_dict() == {"trained": count / 2, "untrained": count / 2}
    assert set(table["dataset"]) == {"mnist", "fashion_mnist"}
    assert set(table["embedding"]) == {"tsne", "umap"}
    assert set(table["metric"]) == {"d_same", "d_different", "c_same", "c_different", "knn_accuracy"}


def test_filters_are_published_where_layers_have_maps():
    cnn, mlp = (store.read_published(store.published_file(name)) for name in ("ruman-cnn", "ruman-mlp"))
    numbers = cnn.groupby("layer")["filter"].agg(lambda names: sorted(set(names), key=lambda name: int(name or 0)))
    counted_from_one = {1: [str(n) for n in range(1, 5)], 2: [str(n) for n in range(1, 17)]}
    assert numbers.to_dict() == {0: [""], **counted_from_one, 3: [""]}
    assert set(mlp["filter"]) == {""}


def test_every_published_file_has_a_name():
    assert {"ruman-cnn", "ruman-mlp"} <= set(store.published_names())


def test_a_file_with_other_columns_is_named_with_those_that_are_wanted(tmp_path):
    (tmp_path / "mine.csv").write_text("figure,dataset,value\nfig1,mnist,0.5\n")
    with pytest.raises(StudyError, match=r"mine\.csv has the columns figure, dataset, value; figure, dataset, embedding, layer"):
        store.read_published(tmp_path / "mine.csv")
