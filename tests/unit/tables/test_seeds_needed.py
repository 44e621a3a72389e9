"""The table of how many networks, samples and embeddings an interval takes."""

import numpy as np
import pandas as pd
import pytest
from score_rows import OF_INPUT, OF_LAYER

from layerscope.statistics.components import components
from layerscope.statistics.planning import needed
from layerscope.store import SCORE_TABLE_COLUMNS
from layerscope.store.reads import Reads
from layerscope.tables.seeds_needed import rows


@pytest.fixture
def table(tmp_path):
    """The table that is made of rows of scores."""

    def made(measured, within):
        pd.DataFrame(measured, columns=list(SCORE_TABLE_COLUMNS)).to_parquet(tmp_path / "scores.parquet", index=False)
        return rows(Reads(score_table=[str(tmp_path / "scores.parquet")]), {"scores": ["hit"], "within": within})

    return made


def networks(values, **keys):
    """values: (networks, draws, embeddings)."""
    return [
        {**OF_LAYER, "seed": float(seed), "draw": draw + 1, "embedding_seed": float(embedding), "value": value, **keys}
        for (seed, draw, embedding), value in np.ndenumerate(np.asarray(values))
    ]


def test_every_layer_has_the_interval_that_it_has_and_what_the_wanted_one_takes(table):
    generator = np.random.default_rng(0)
    values = 0.5 + 0.05 * (generator.normal(size=(4, 1, 1)) + generator.normal(size=(1, 3, 1)) + generator.normal(size=(4, 3, 2)))
    measured = networks(values) + networks(0.9 + 0 * values, layer="hidden2", depth=2.0) + [{**OF_LAYER, **OF_INPUT}]
    first, second = table(measured, 0.03).to_dict("records")
    found = components(pd.DataFrame(networks(values)))
    assert (first["layer"], first["networks"], first["draws"], first["embeddings"]) == ("layer 1 (hidden1)", 4, 3, "2")
    assert (first["networks needed"], first["draws needed"], first["embeddings needed"]) == needed(found, 0.03)
    assert first["± wanted"] == "0.0300"
    assert float(first["± now"]) > 0.03
    assert (second["± now"], second["networks needed"]) == ("0.0000", 3)


def test_draws_and_embeddings_of_which_there_is_one_are_not_known(table):
    """What more of them would gain is told by none of the numbers: a dash, and not 1, as in the columns of their spread."""
    values = 0.5 + 0.05 * np.random.default_rng(0).normal(size=(4, 1, 1))
    [line] = table(networks(values), 0.03).to_dict("records")
    assert line["networks needed"] == needed(components(pd.DataFrame(networks(values))), 0.03)[0]
    assert (line["draws needed"], line["embeddings needed"]) == ("-", "-")


def test_one_network_tells_nothing_of_others(table):
    [line] = table(networks([[[0.5]]]), 0.1).to_dict("records")
    assert (line["± now"], line["networks needed"], line["draws needed"], line["embeddings needed"]) == ("-", "-", "-", "-")
