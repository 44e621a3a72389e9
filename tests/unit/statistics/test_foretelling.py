"""Which score foretells which: rank correlations within networks alike but for their seed, told from what both only share."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata, spearmanr

from layerscope.errors import StudyError
from layerscope.statistics.foretelling import foretelling, foretold, within
from layerscope.statistics.keys import MEASURED, ROW

COLUMNS = ["study", *ROW, *MEASURED]
OF_LAYER = dict.fromkeys(COLUMNS, np.nan) | {
    **{"study": "first", "dataset": "digits", "architecture": "mlp", "activation": "relu", "sample": "look", "epoch": 5},
    **{"state": "trained", "layer": "", "filter": "", "space": "raw", "degenerate": "", "draws": 1, "n_degenerate": 0},
}
OF_NETWORK = {"space": "run", "sample": "test", "metric": "accuracy"}


def studies(cheap, costly, accuracy=lambda generator: generator.uniform(0.8, 1), kinds=6, seeds=3, layers=4, seed=0):
    """Runs of networks of several kinds; cheap and costly: functions of (generator, depth, accuracy of the network)."""
    generator, rows = np.random.default_rng(seed), []
    for kind in range(kinds):
        for network in range(seeds):
            keys = OF_LAYER | {"architecture": f"mlp{kind}", "seed": float(network)}
            right = accuracy(generator)
            rows.append(keys | OF_NETWORK | {"value": right})
            for depth in range(1, layers + 1):
                layer = keys | {"layer": f"hidden{depth}", "depth": float(depth)}
                rows.append(layer | {"metric": "cheap", "value": cheap(generator, depth, right)})
                rows.append(layer | {"metric": "costly", "value": costly(generator, depth, right)})
    return pd.DataFrame(rows, columns=COLUMNS)


def of_pair(runs, **more):
    [row] = foretelling(runs, ["cheap"], ["costly"], ["accuracy"], **more).to_dict("records")
    return row


def noise(generator, depth, accuracy):
    return generator.normal()


def of_profile(profile):
    """A score that each layer has its own mean of, the same for all networks."""
    return lambda generator, depth, accuracy: profile[depth] + generator.normal()


def test_the_partial_correlation_is_that_of_ranks_at_each_layer_given_the_accuracies_and_their_ranks():
    """With as many networks at each layer, ranks have the same mean at all; the rest is the inverse of all correlations."""
    generator = np.random.default_rng(1)
    layer, accuracy = np.tile(np.arange(5), 6), np.repeat(generator.uniform(size=6), 5)
    cheap = 7.0**layer + 2 * accuracy + generator.normal(size=30)
    costly = cheap - 9.0**layer + generator.normal(size=30)
    points = pd.DataFrame({"cheap": cheap, "costly": costly, "layer": layer, "accuracy": accuracy, "seed": accuracy})
    found = within(points.assign(dataset="", architecture="", activation=""))
    by_layer = [[column[layer == one] for one in range(5)] for column in (cheap, costly, accuracy)]
    ranks = [np.concatenate([rankdata(part) for part in parts]) for parts in by_layer]
    inverse = np.linalg.inv(np.corrcoef([*ranks, np.concatenate(by_layer[2])]))
    assert found.partial == pytest.approx(-inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1]))
    assert found.plain == pytest.approx(spearmanr(cheap, costly).statistic)
    assert (found.points, found.networks, found.accuracy) == (30, 6, True)


# What two scores may share though neither tells of the other: a profile over depth, or the accuracy of the network.
SHARED = {
    "depth": lambda depth, accuracy: depth,
    "a hump": lambda depth, accuracy: -((depth - 2.5) ** 2),
    "alternating widths": lambda depth, accuracy: 3 * (depth % 2),
    "a step": lambda depth, accuracy: 3 * (depth == 4),
    "accuracy": lambda depth, accuracy: 10 * accuracy,
    "depth times accuracy": lambda depth, accuracy: 5 * depth * accuracy,
}


@pytest.mark.parametrize("shared", SHARED)
def test_scores_that_share_their_place_or_their_network_foretell_nothing(shared):
    def score(generator, depth, accuracy):
        return SHARED[shared](depth, accuracy) + 0.5 * generator.normal()

    found = [of_pair(studies(score, score, seeds=5, seed=seed)) for seed in range(40)]
    assert np.mean([abs(row["correlation"]) for row in found]) > 0.4
    assert abs(np.mean([row["partial"] for row in found])) < 0.12
    assert np.mean([row["verdict"] != "undecided" for row in found]) < 0.2


@pytest.mark.parametrize(("sign", "verdict"), [(1, "rises"), (-1, "falls")])
def test_a_score_that_follows_the_other_at_each_depth_is_found(sign, verdict):
    shared = {}

    def cheap(generator, depth, accuracy):
        shared[depth] = generator.normal()
        return depth + shared[depth]

    row = of_pair(studies(cheap, lambda generator, depth, accuracy: -depth + sign * shared[depth] + 0.2 * generator.normal()))
    assert row["verdict"] == verdict
    assert row["partial"] * sign > 0.5
    assert row["low"] < row["partial"] < row["high"]
    assert -1 <= row["low"] <= row["high"] <= 1
    assert (row["units"], row["networks"], row["points"]) == (6, 18, 72)


def test_of_studies_in_which_nothing_is_true_five_in_a_hundred_get_a_verdict():
    """Kinds of one study share what their layers have, and the same networks are looked at through two samples."""
    verdicts = []
    for seed in range(120):
        profiles = np.random.default_rng([seed, 1]).normal(size=(2, 5))
        runs = studies(*(of_profile(profile) for profile in profiles), kinds=5, layers=3, seed=seed)
        again = runs[runs["space"] == "raw"].assign(sample="again", value=lambda rows: rows["value"] + 0.01 * rows["depth"])
        verdicts.append(of_pair(pd.concat([runs, again]))["verdict"])
    assert 0.01 < np.mean([verdict != "undecided" for verdict in verdicts]) < 0.1


def test_the_pairs_of_a_table_are_one_family():
    runs = studies(noise, noise)
    many = pd.concat([runs, *(runs[runs["metric"] == "cheap"].assign(metric=f"cheap{n}", value=n) for n in range(3))])
    drawn = np.random.default_rng(3)
    of_more = many["metric"].str.fullmatch(r"cheap\d")
    many.loc[of_more, "value"] = drawn.normal(size=of_more.sum())
    found = foretelling(many, ["cheap", "cheap0", "cheap1", "cheap2"], ["costly"], ["accuracy"])
    assert len(found) == 4
    assert found["p_holm"].min() == pytest.approx(min(1, 4 * found["p"].min()))


def test_two_kinds_of_networks_decide_nothing():
    shared = {}

    def cheap(generator, depth, accuracy):
        shared["last"] = generator.normal()
        return shared["last"]

    runs = studies(cheap, lambda generator, depth, accuracy: shared["last"] + 0.05 * generator.normal(), kinds=2, seeds=8, seed=1)
    row = of_pair(runs)
    assert row["units"] == 2
    assert row["p_holm"] < 0.05
    assert row["verdict"] == "undecided"


def test_only_whole_hidden_layers_of_trained_networks_count():
    runs = studies(noise, noise)
    wanted = of_pair(runs)
    layers = runs[runs["layer"] == "hidden1"]
    others = [
        layers.assign(layer="input", depth=0.0, value=9.0),
        layers.assign(layer="output", depth=9.0, value=9.0),
        layers.assign(filter="3", value=9.0),
        layers.assign(state="untrained", value=9.0),
    ]
    assert of_pair(pd.concat([runs, *others])) == wanted
    control = runs.assign(architecture="control", control="noise", value=9.0)
    assert of_pair(pd.concat([runs.assign(control="none"), control])) == wanted


def test_scores_of_spectra_stand_beside_those_of_every_sample():
    runs = studies(noise, noise)
    spectra = runs["metric"] == "cheap"
    of_spectra = pd.concat([runs[~spectra], runs[spectra].assign(space="run", sample="test")])
    assert of_pair(of_spectra)["partial"] == of_pair(runs)["partial"]
    of_batches = pd.concat([of_spectra, runs[spectra].assign(space="run", sample="batches", value=9.0)])
    assert of_pair(of_batches)["partial"] == of_pair(runs)["partial"]
    assert of_pair(of_spectra, on={"sample": "look"})["partial"] == of_pair(runs)["partial"]


def test_costly_scores_of_spectra_are_of_no_sample_either():
    runs = studies(noise, noise)
    spectra = runs["metric"] == "costly"
    of_spectra = pd.concat([runs[~spectra], runs[spectra].assign(space="run", sample="test")])
    assert of_pair(of_spectra, on={"sample": "look"})["partial"] == of_pair(runs)["partial"]


def test_the_same_networks_through_two_samples_are_one_unit():
    runs = studies(noise, noise)
    of_layers = runs["metric"] != "accuracy"
    generator = np.random.default_rng(9)
    other = runs[of_layers].assign(sample="other", value=generator.normal(size=of_layers.sum()))
    both, one, alone = (of_pair(rows) for rows in (pd.concat([runs, other]), runs, pd.concat([runs[~of_layers], other])))
    assert (both["units"], both["networks"], both["points"]) == (6, 18, 72)
    assert both["partial"] == pytest.approx((one["partial"] + alone["partial"]) / 2)
    assert of_pair(pd.concat([runs, other]), on={"sample": "other"})["partial"] == pytest.approx(alone["partial"])


def test_networks_without_an_accuracy_are_counted():
    runs = studies(noise, noise, seeds=5)
    of_accuracy = runs["metric"] == "accuracy"
    row = of_pair(runs[~(of_accuracy & (runs["architecture"] == "mlp0"))])
    assert (row["units"], row["without_accuracy"]) == (6, 1)
    # One network without it among others that have one leaves its unit smaller, and the accuracy of the others counts.
    row = of_pair(runs[~(of_accuracy & (runs["architecture"] == "mlp0") & (runs["seed"] == 2))])
    assert (row["without_accuracy"], row["networks"], row["points"]) == (0, 29, 116)


def test_a_score_that_is_one_and_the_same_at_each_layer_is_there_without_a_verdict():
    row = of_pair(studies(lambda generator, depth, accuracy: depth, noise))
    assert np.isfinite(row["correlation"])
    assert (row["units"], row["verdict"]) == (0, "undecided")


def test_exact_functions_of_each_other_are_left_out():
    runs = studies(noise, noise)
    assert foretelling(runs, ["cheap"], ["costly"], ["accuracy"], repeats={"costly": "cheap"}).empty


def test_a_score_of_the_layer_may_foretell_itself_in_an_embedding():
    runs = studies(noise, noise)
    embedded = runs[runs["metric"] == "cheap"].assign(space="tsne")
    found = foretelling(pd.concat([runs, embedded]), ["cheap"], ["cheap"], ["accuracy"])
    assert found[["space", "units", "partial"]].to_numpy().tolist() == [["tsne", 6, 1.0]]


def test_spectra_of_one_study_and_activations_of_another_are_one_score():
    runs = studies(noise, noise)
    other = studies(noise, noise, seed=3).assign(study="second")
    other = other.assign(space=other["space"].where(other["metric"] != "cheap", "run"))
    other["sample"] = other["sample"].where(other["metric"] != "cheap", "test")
    assert of_pair(pd.concat([runs, other]))["units"] == 12


def test_a_costly_score_has_a_row_in_every_space_and_a_cheap_one_is_of_the_layer_itself():
    runs = studies(noise, noise)
    embedded = runs[runs["space"] == "raw"].assign(space="tsne")
    found = foretelling(pd.concat([runs, embedded]), ["cheap"], ["costly"], ["accuracy"])
    assert found["space"].tolist() == ["raw", "tsne"]
    assert found["partial"].nunique() == 1


# Files of several studies


def written(folder, name, runs):
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    runs[[*ROW, *MEASURED]].to_parquet(place, index=False)
    return str(place)


def of_files(*files):
    return foretold(files, ["cheap", "nowhere"], ["costly"], ["accuracy"], {}, {})


@pytest.fixture
def runs():
    return studies(noise, noise)


@pytest.fixture
def whole(tmp_path, runs):
    return of_files(written(tmp_path, "whole/runs.parquet", runs))[0]


def test_networks_of_two_studies_that_are_the_same_count_once(tmp_path, runs):
    files = [written(tmp_path, f"{name}/runs.parquet", runs) for name in ("first", "copy")]
    other = written(tmp_path, "other/runs.parquet", studies(noise, noise, seed=7))
    found, absent = of_files(*files)
    assert absent == ["nowhere"]
    assert found["units"].tolist() == [6]
    assert of_files(*files, other)[0]["units"].tolist() == [12]


@pytest.mark.parametrize("shorter_first", [True, False])
def test_a_study_may_have_more_scores_of_the_networks_of_another(tmp_path, runs, whole, shorter_first):
    files = [
        written(tmp_path, "short/runs.parquet", runs[runs["metric"] != "costly"]),
        written(tmp_path, "long/runs.parquet", runs),
    ]
    found, _ = of_files(*(files if shorter_first else files[::-1]))
    pd.testing.assert_frame_equal(found, whole)


def test_other_networks_of_the_same_names_keep_what_happens_to_be_alike(tmp_path, runs):
    other = studies(noise, noise, seed=7)
    # Accuracies of few observations tie.
    other = other.assign(value=other["value"].where(other["metric"] != "accuracy", runs["value"]))
    files = [written(tmp_path, f"{name}/runs.parquet", rows) for name, rows in (("one", runs), ("other", other))]
    found, _ = of_files(*files)
    assert found[["units", "without_accuracy", "networks"]].to_numpy().tolist() == [[12, 0, 36]]


def test_parts_are_of_one_study(tmp_path, runs, whole):
    parts = [written(tmp_path, f"study/parts/{seed}.parquet", runs[(runs["seed"] == seed)]) for seed in range(3)]
    pd.testing.assert_frame_equal(of_files(*parts)[0], whole)


def test_files_of_one_folder_are_studies_of_their_own(tmp_path, runs):
    files = [written(tmp_path, f"{seed}.parquet", studies(noise, noise, seed=seed)) for seed in (1, 2)]
    assert of_files(*files)[0]["units"].tolist() == [12]


@pytest.mark.parametrize("left", [["accuracy"], ["cheap"], []])
def test_studies_without_the_scores_are_refused_with_their_names(tmp_path, runs, left):
    file = written(tmp_path, "small/runs.parquet", runs[runs["metric"].isin(left)])
    with pytest.raises(StudyError, match=r"has a cheap and a costly score of the same hidden layers.*no study has costly"):
        of_files(file)
