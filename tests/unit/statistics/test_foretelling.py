"""Which score foretells which: rank correlations within networks alike but for their seed, told from what both only share."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata, spearmanr

from layerscope.errors import StudyError
from layerscope.statistics.foretelling import foretelling, of_studies, within
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


def follows_depth(generator, depth, accuracy):
    return depth + 0.3 * generator.normal()


def test_the_partial_correlation_is_that_of_the_inverse_of_all_rank_correlations():
    generator = np.random.default_rng(1)
    depth, accuracy = np.tile(np.arange(5.0), 6), np.repeat(generator.uniform(size=6), 5)
    cheap = depth + 4 * accuracy + generator.normal(size=30)
    costly = cheap - 2 * depth + generator.normal(size=30)
    points = pd.DataFrame({"cheap": cheap, "costly": costly, "depth": depth, "accuracy": accuracy, "dataset": "", "seed": 0.0})
    found = within(points.assign(architecture="", activation=""))
    inverse = np.linalg.inv(np.corrcoef([rankdata(column) for column in (cheap, costly, depth, accuracy)]))
    assert found.partial == pytest.approx(-inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1]))
    assert found.plain == pytest.approx(spearmanr(cheap, costly).statistic)
    assert (found.points, found.networks) == (30, 1)


def test_scores_that_share_their_depth_alone_foretell_nothing():
    row = of_pair(studies(follows_depth, follows_depth, kinds=12))
    assert row["correlation"] > 0.8
    assert abs(row["partial"]) < 0.25
    assert row["verdict"] == "undecided"


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
    verdicts = [of_pair(studies(noise, follows_depth, kinds=5, layers=3, seed=seed))["verdict"] for seed in range(400)]
    assert 0.02 < np.mean([verdict != "undecided" for verdict in verdicts]) < 0.08


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
    row = of_pair(studies(noise, noise, kinds=2).assign(value=lambda runs: runs["value"]))
    assert row["units"] == 2
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
    another = runs[runs["metric"] == "costly"].assign(sample="another")
    assert of_pair(pd.concat([of_spectra, another]))["units"] == 12
    assert of_pair(pd.concat([of_spectra, another]), on={"sample": "look"})["units"] == 6


def test_networks_without_an_accuracy_are_told_by_depth_alone():
    runs = studies(noise, noise)
    row = of_pair(runs[runs["metric"] != "accuracy"])
    assert row["units"] == 6
    assert row["partial"] != of_pair(runs)["partial"]


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
    return of_studies(files, ["cheap", "nowhere"], ["costly"], ["accuracy"], {})


def test_runs_of_one_network_in_two_studies_count_once(tmp_path):
    runs = studies(noise, noise)
    files = [written(tmp_path, f"{name}/runs.parquet", runs) for name in ("first", "copy")]
    other = written(tmp_path, "other/runs.parquet", studies(noise, noise, seed=7))
    found, absent = of_files(*files)
    assert absent == ["nowhere"]
    assert found["units"].tolist() == [6]
    assert of_files(*files, other)[0]["units"].tolist() == [12]


def test_parts_are_of_one_study(tmp_path):
    runs = studies(noise, noise)
    whole, _ = of_files(written(tmp_path, "whole/runs.parquet", runs))
    parts = [written(tmp_path, f"study/parts/{seed}.parquet", runs[(runs["seed"] == seed)]) for seed in range(3)]
    found, _ = of_files(*parts)
    pd.testing.assert_frame_equal(found, whole)


def test_studies_with_too_few_layers_are_refused_with_the_reason(tmp_path):
    file = written(tmp_path, "small/runs.parquet", studies(noise, noise, seeds=1, layers=3))
    with pytest.raises(StudyError, match=r"enough hidden layers: four.*no study has nowhere"):
        of_files(file)
