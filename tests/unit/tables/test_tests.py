"""What training changes, by layer, from the runs of a study."""

import pandas as pd
import pytest
from scipy import stats
from score_rows import OF_LAYER, UNTRAINED, only, written

from layerscope.store.reads import Reads
from layerscope.tables.tests import rows

TRAINED, FRESH = [0.9, 0.8, 0.7], [0.5, 0.6, 0.4]
NO_CONTROLS: dict = {"control_networks": {}}


@pytest.fixture
def table(tmp_path):
    """The table that is made of rows of scores."""

    def made(scores, **options) -> pd.DataFrame:
        files = Reads(runs=written(tmp_path, scores)["runs"])
        return rows(files, {"scores": ["hit"], **NO_CONTROLS, **options})

    return made


def networks(trained=TRAINED, untrained=FRESH, **keys):
    """Scores of networks of seeds 0, 1, ... in both states."""
    states = ((trained, {}), (untrained, UNTRAINED))
    return [
        {**OF_LAYER, **state, "seed": float(seed), "value": value, **keys}
        for values, state in states
        for seed, value in enumerate(values)
    ]


def test_a_row_is_the_paired_test_of_its_layer(table):
    row = only(table(networks()))
    expected = stats.ttest_rel(TRAINED, FRESH)
    low, high = expected.confidence_interval()
    assert (row["n"], row["difference"]) == (3, "0.3000")
    assert row["95 %"] == f"{low:.4f} to {high:.4f}"
    assert float(row["p"]) == pytest.approx(expected.pvalue, rel=0.05)


def test_layers_of_a_dataset_are_corrected_together_whatever_is_shown(table):
    both = networks() + networks(layer="hidden2", depth=2.0)
    row = only(table(both, on={"layer": "hidden1"}))
    assert float(row["p (Holm)"]) == pytest.approx(2 * float(row["p"]), abs=1e-4)


def test_controls_are_not_tested_nor_counted_in_the_correction(table):
    controls = networks(architecture="mlp_noise")
    shown = table(networks() + controls, control_networks={"mlp_noise": {"control": "noise", "of": "mlp"}})
    pd.testing.assert_frame_equal(shown, table(networks()))
