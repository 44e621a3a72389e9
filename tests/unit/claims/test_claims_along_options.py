"""Claims along an option that varies: its variants are compared within what is alike in all else."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from score_rows import OF_LAYER

from layerscope.claims.shared.judge import judge_all
from layerscope.statistics.runs import runs_of, with_options

PERPLEXITY = {"perplexity": {"column": "space", "values": {f"tsne_perplexity{value}": float(value) for value in (5, 10, 30)}}}
RATES = {0.1: "mlp_lr0p1", 0.01: "mlp_lr0p01", 0.001: "mlp_lr0p001"}
LR = {"lr": {"column": "architecture", "values": {name: rate for rate, name in RATES.items()}}}
ALIKE = {"so": {"architecture": dict.fromkeys(RATES.values(), "mlp")}}
K = {"k": {"column": "metric", "values": {"hit_k3": 3.0, "hit_k6": 6.0}}}


def runs(options, *rows):
    return with_options(runs_of(pd.DataFrame([{**OF_LAYER, **row} for row in rows])), options)


def judge(rows, alike=None, **claim):
    about = {"text": "It is so.", "source": "this study", "score": "hit", "expect": "positive", **claim}
    [row] = judge_all({"so": about}, rows, alike=alike)
    return row


def by_rate(values):
    """Rows of networks. values: rate → the score of each seed."""
    rows = [
        {"architecture": RATES[rate], "seed": float(seed), "value": value}
        for rate, of_seeds in values.items()
        for seed, value in enumerate(of_seeds)
    ]
    return runs(LR, *rows)


def test_rows_have_their_value_of_an_option_or_none():
    rows = runs({**PERPLEXITY, **LR}, {"space": "tsne_perplexity10"}, {"architecture": "mlp_lr0p1"})
    assert list(rows[["architecture", "perplexity"]].fillna(0).itertuples(index=False, name=None)) == [
        ("mlp", 10.0),
        ("mlp_lr0p1", 0),
    ]
    assert list(rows["lr"].fillna(0)) == [0, 0.1]
    text = {"initialisation": {"column": "space", "values": {"first": "pca", "second": "random"}}}
    assert list(runs(text, {"space": "first"}, {"space": "other"})["initialisation"]) == ["pca", ""]


def test_a_score_rises_along_an_option_of_embeddings_in_each_network():
    # Of each network, by perplexity 5, 10, 30: the means over its two layers. One network falls in the end.
    values = {0: (0.2, 0.3, 0.4), 1: (0.1, 0.2, 0.5), 2: (0.3, 0.4, 0.6), 3: (0.2, 0.5, 0.4)}
    rows = [
        {"seed": float(seed), "space": f"tsne_perplexity{value}", "layer": layer, "depth": depth, "value": score + step}
        for seed, of_network in values.items()
        for value, score in zip((5, 10, 30), of_network, strict=True)
        for layer, depth, step in (("hidden1", 1.0, -0.05), ("hidden2", 2.0, 0.05))
    ]
    row = judge(runs(PERPLEXITY, *rows), statistic="spearman", along="perplexity")
    correlations = [stats.spearmanr((5, 10, 30), of_network).statistic for of_network in values.values()]
    assert row["estimate"] == pytest.approx(np.mean(correlations))
    assert row["p"] == pytest.approx(stats.ttest_1samp(correlations, 0).pvalue)
    assert (row["n"], row["units"]) == (4, 4)


def test_networks_that_differ_in_the_option_alone_are_pairs():
    values = {0.1: [0.5, 0.6, 0.7, 0.8], 0.01: [0.41, 0.49, 0.61, 0.68]}
    row = judge(by_rate(values), ALIKE, statistic="difference", between={"lr": [0.1, 0.01]})
    expected = stats.ttest_rel(values[0.1], values[0.01])
    assert (row["p"], row["n"], row["verdict"]) == (pytest.approx(expected.pvalue), 4, "supported")


def test_a_score_rises_at_every_step_along_an_option_of_networks():
    values = {0.001: [0.5, 0.6, 0.7, 0.8], 0.01: [0.61, 0.69, 0.81, 0.91], 0.1: [0.8, 0.91, 1.0, 1.12]}
    row = judge(by_rate(values), ALIKE, statistic="order", along={"lr": [0.001, 0.01, 0.1]})
    steps = [stats.ttest_rel(values[later], values[first]).pvalue for first, later in ((0.001, 0.01), (0.01, 0.1))]
    assert (row["p"], row["verdict"]) == (pytest.approx(max(steps)), "supported")
    assert judge(by_rate(values), ALIKE, statistic="spearman", along="lr")["estimate"] == 1.0


def test_what_an_option_changes_can_depend_on_another_key():
    trained, fresh = {0.1: [0.9, 0.8, 0.95], 0.01: [0.6, 0.62, 0.7]}, {0.1: [0.3, 0.31, 0.35], 0.01: [0.3, 0.31, 0.35]}
    rows = [
        {"architecture": RATES[rate], "seed": float(seed), "state": state, "value": value}
        for state, values in (("trained", trained), ("untrained", fresh))
        for rate, of_seeds in values.items()
        for seed, value in enumerate(of_seeds)
    ]
    row = judge(
        runs(LR, *rows),
        ALIKE,
        statistic="interaction",
        between={"lr": [0.1, 0.01], "state": ["trained", "untrained"]},
        paired=False,
    )
    expected = np.subtract(trained[0.1], trained[0.01]) - np.subtract(fresh[0.1], fresh[0.01])
    assert (row["estimate"], row["p"]) == (pytest.approx(expected.mean()), pytest.approx(stats.ttest_1samp(expected, 0).pvalue))


def test_variants_of_a_score_are_compared_within_networks():
    values = {"hit_k3": [0.8, 0.9, 0.85], "hit_k6": [0.7, 0.78, 0.76]}
    rows = [{"metric": name, "seed": float(seed), "value": value} for name, of in values.items() for seed, value in enumerate(of)]
    row = judge(runs(K, *rows), statistic="difference", score=["hit_k3", "hit_k6"], between={"k": [3.0, 6.0]})
    assert row["score"] == "hit_k3, hit_k6"
    assert row["p"] == pytest.approx(stats.ttest_rel(*values.values()).pvalue)
