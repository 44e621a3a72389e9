"""A metric that reads classes or targets declares it, so that no study asks for it where there are none."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.preprocessing import StandardScaler

import layerscope
from layerscope.errors import StudyError
from layerscope.kind_modules import load_kind
from layerscope.scoring.shared.beside_input import BesideInput, Fitted
from layerscope.scoring.shared.score_input import NetworkInput, Predicted, Representation, ScoreInput, with_defaults
from layerscope.study.kinds import CLASSES, TARGETS, Kinds

METRICS = Kinds().of("scores")
N = 120
POINTS = np.random.default_rng(0).normal(size=(N, 5)).astype(np.float32)
LABELS = np.arange(N) % 3
VALUES = POINTS[:, :2] @ np.array([[1.0, 0.5], [0.0, 2.0]]) + 0.1 * np.random.default_rng(1).normal(size=(N, 2))
NEIGHBORS = np.argsort(np.square(POINTS[:, None] - POINTS).sum(axis=2), axis=1)[:, 1:91]


def inputs(kind, labels, targets):
    """What a metric is given in each space that it applies to, beside labels or targets."""
    predicted = Predicted(None if labels is None else labels, np.ones(N, np.float32))
    for space in kind.spaces:
        if space != "run":
            points = POINTS if space == "raw" else POINTS[:, :2]
            whole = Representation(POINTS, labels, targets=targets)
            told = (whole, points, space, NEIGHBORS, 1.0, {"epochs": points, "layers": points}, predicted)
            beside = {"earlier": {"layer": NEIGHBORS}, "fitted": {"fit": Fitted(POINTS, labels)}}
            yield BesideInput(*told, **beside) if kind.is_beside else ScoreInput(*told)
        elif "spectra" in kind.reads(space):
            yield NetworkInput(labels, eigenvalues=np.arange(5.0)[::-1], targets=targets)
        else:
            yield NetworkInput(labels, history={"accuracy": 0.5, "loss": 1.0}, targets=targets)
            yield NetworkInput(labels, predictions=predicted, targets=targets)


def scores(kind, labels, targets):
    given = {"fitted_on": "fit"} if "fitted_on" in kind.options else {}
    module, asked = load_kind("scoring", kind.stem), {"it": (kind.name, with_defaults(dict(kind.declared), given))}
    return [module.score(scored, asked)["it"] for scored in inputs(kind, labels, targets)]


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_reads_what_it_declares_and_nothing_else(name: str):
    kind = METRICS[name]
    for what, labels, targets in ((CLASSES, LABELS, None), (TARGETS, None, VALUES)):
        if kind.needs_of_dataset - {what}:
            with pytest.raises(StudyError, match="its metric must declare `needs:"):
                scores(kind, labels, targets)
        else:
            assert all(np.isfinite(score.value) or score.reason for score in scores(kind, labels, targets))


def test_a_linear_regression_reads_targets_as_scikit_learn_does():
    found = layerscope.score(POINTS, None, ["linear_probe_r2"], targets=VALUES)["linear_probe_r2"]
    folds = KFold(5, shuffle=True, random_state=0)
    predicted = cross_val_predict(Ridge(), StandardScaler().fit_transform(POINTS), VALUES, cv=folds)
    assert found.value == pytest.approx(r2_score(VALUES, predicted, multioutput="variance_weighted"), abs=1e-3)
    assert found.value > 0.98
    noise = np.random.default_rng(5).normal(size=N)
    assert layerscope.score(POINTS, None, ["linear_probe_r2"], targets=noise)["linear_probe_r2"].value < 0.1


def test_plain_arrays_say_what_is_missing():
    with pytest.raises(StudyError, match="metrics: 'linear_probe_r2' needs targets; give `targets`"):
        layerscope.score(POINTS, LABELS, ["linear_probe_r2"])
    with pytest.raises(StudyError, match="metrics: 'silhouette' needs classes; give `labels`"):
        layerscope.score(POINTS, None, ["silhouette"], targets=VALUES)
    with pytest.raises(StudyError, match="targets: 119 rows are not allowed; 120 are wanted"):
        layerscope.score(POINTS, None, ["linear_probe_r2"], targets=VALUES[1:])


@pytest.mark.parametrize(("loss", "r2"), [(0.0, 1.0), (float(VALUES.var(axis=0).mean()), 0.0)])
def test_r2_of_no_error_is_one_and_of_the_mean_nought(loss, r2):
    module = load_kind("scoring", "regression")
    found = module.score(NetworkInput(history={"loss": loss, "accuracy": np.nan}, targets=VALUES), {"r2": ("r2", {})})["r2"]
    assert found.value == pytest.approx(r2)


def test_the_chance_of_a_loss_is_that_of_the_mean():
    module = load_kind("scoring", "classification")
    history = {"loss": 0.3, "accuracy": np.nan}
    found = module.score(NetworkInput(history=history, targets=VALUES), {"loss": ("loss", {})})["loss"]
    assert (found.value, found.chance) == (0.3, pytest.approx(np.square(VALUES - VALUES.mean(axis=0)).mean()))


def test_targets_without_variance_have_no_r2():
    module = load_kind("scoring", "regression")
    still = NetworkInput(history={"loss": 0.3, "accuracy": np.nan}, targets=np.ones((5, 1)))
    assert module.score(still, {"r2": ("r2", {})})["r2"].reason == "all observations have the same targets"
