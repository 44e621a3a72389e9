"""Training anew until a network is accepted: from other weights each time, and what is said of one that never was."""

import pytest
import torch

from layerscope import store
from layerscope.files.provenance import provenance
from layerscope.models.network import build_network
from layerscope.scoring.shared.rows import unaccepted
from layerscope.training.run import TrainingRun
from layerscope.training.seeds import PURPOSES, purpose_seed
from layerscope.training.train import train, train_until_accepted

OPTIONS = {
    "optimizer": "sgd",
    "lr": 0.01,
    "lr_decay": 0.0,
    "momentum": 0.0,
    "weight_decay": 0.0,
    "batch": 16,
    "epochs": 2,
    "augmentation": {},
    "spectra": {"phases": ["evaluation"], "every": 1, "layers": "all", "maps": "mean", "epochs": "snapshots"},
}
DIVERGING = {"lr": 1e6, "epochs": 50}
UNREACHABLE = 1.5


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def blobs(n, seed):
    """Three well separated classes in the plane."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 3
    centres = torch.tensor([[4.0, 0.0], [-4.0, 4.0], [0.0, -4.0]])
    return centres[labels] + torch.randn(n, 2, generator=generator), labels


def start(attempt, seed=0, dropout=0.0, **options):
    """One small network, as an attempt of a run starts it; two epochs of it learn the classes in part."""
    architecture = {
        "family": "mlp",
        "hidden": [8],
        "dropout": dropout,
        "batch_norm": False,
        "output_activation": "identity",
        "initialisation": "default",
    }
    network = build_network("net", architecture, (2,), 3, "relu", purpose_seed(seed, "initialisation", attempt))
    splits = {"train": blobs(90, 0), "test": blobs(60, 1)}
    options = {**OPTIONS, **options}
    return TrainingRun(network, splits, options, [0, options["epochs"]], seed, attempt)


def until_accepted(wanted, attempts=4, **options):
    return train_until_accepted(lambda attempt: start(attempt, **options), wanted, attempts)


def trained(attempt=0, **options):
    [result] = train([start(attempt, **options)])
    return result


def accuracies(count, **options):
    """What the first attempts of a run end with on the test split."""
    return [trained(attempt, **options).test_accuracy for attempt in range(count)]


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def same_training(first, second):
    """Whether two results are the same to the bit: snapshots, history and spectra."""
    assert first.snapshots.keys() == second.snapshots.keys()
    return (
        all(same(first.snapshots[epoch], second.snapshots[epoch]) for epoch in first.snapshots)
        and first.history == second.history
        and [list(spectrum.eigenvalues) for spectrum in first.spectra] == [list(one.eigenvalues) for one in second.spectra]
    )


def a_run_that_is_accepted_late(attempts=4):
    """(seed, wanted accuracy, accuracies up to the accepted one) of a run whose first attempt is not its best."""
    for seed in range(20):
        found = accuracies(attempts, seed=seed)
        if found[0] < max(found):
            return seed, max(found), found[: found.index(max(found)) + 1]
    raise AssertionError("every run ends best at its first attempt")


# The first attempt


@pytest.mark.parametrize("options", [{}, {"dropout": 0.5}], ids=["plain", "dropout"])
def test_a_run_that_is_accepted_at_once_is_the_run_without_acceptance(options):
    result = until_accepted(0.0, **options)
    assert same_training(result, trained(**options))
    assert (result.status, result.reason, len(result.attempts)) == ("ok", "", 1)


def test_an_accuracy_that_is_just_reached_is_accepted():
    [accuracy] = accuracies(1)
    assert until_accepted(accuracy).attempts == [accuracy]


def test_a_training_without_acceptance_records_no_attempts():
    assert trained().attempts == []
    assert "attempts" not in provenance(attempts=trained().attempts)


# Later attempts


def test_a_run_is_trained_anew_until_it_is_accepted():
    seed, wanted, expected = a_run_that_is_accepted_late()
    result = until_accepted(wanted, seed=seed)
    assert result.attempts == expected
    assert len(result.attempts) > 1
    assert (result.status, result.reason) == ("ok", "")
    assert same_training(result, trained(len(expected) - 1, seed=seed))


def test_the_untrained_network_that_is_kept_is_the_one_that_the_kept_attempt_started_from():
    seed, wanted, expected = a_run_that_is_accepted_late()
    result = until_accepted(wanted, seed=seed)
    assert same(result.snapshots[0], start(len(expected) - 1, seed=seed).network.state_dict())
    assert not same(result.snapshots[0], start(0, seed=seed).network.state_dict())


def test_more_attempts_allowed_change_nothing_once_one_is_accepted():
    seed, wanted, expected = a_run_that_is_accepted_late()
    few, many = until_accepted(wanted, len(expected), seed=seed), until_accepted(wanted, 20, seed=seed)
    assert same_training(few, many)
    assert (few.attempts, few.status) == (many.attempts, many.status) == (expected, "ok")


def test_runs_that_are_trained_anew_repeat():
    first, second = until_accepted(UNREACHABLE, 2, dropout=0.5), until_accepted(UNREACHABLE, 2, dropout=0.5)
    assert same_training(first, second)
    assert first.attempts == second.attempts


# No attempt


@pytest.mark.parametrize("attempts", [1, 3])
def test_an_accuracy_out_of_reach_leaves_the_last_attempt_unaccepted(attempts):
    result = until_accepted(UNREACHABLE, attempts)
    assert result.attempts == accuracies(attempts)
    assert result.status == "not_accepted"
    assert result.reason == f"none of {attempts} attempts reached 1.5 of the test split, the last {result.attempts[-1]:.4f}"
    assert same_training(result, trained(attempts - 1))


def test_every_attempt_starts_from_other_weights():
    weights = []

    def watched(attempt):
        run = start(attempt)
        weights.append(torch.cat([tensor.flatten() for tensor in run.network.state_dict().values()]))
        return run

    train_until_accepted(watched, UNREACHABLE, 5)
    assert len(weights) == 5
    assert len({tuple(values.tolist()) for values in weights}) == 5


def orders(attempt):
    """The rows of the batches in the order in which a network sees them in training."""
    seen = []
    run = start(attempt)
    run.network.register_forward_pre_hook(lambda network, inputs: seen.append(inputs[0].clone()) if network.training else None)
    train([run])
    return torch.cat(seen)


def test_every_attempt_sees_the_data_in_another_order():
    first, second, again = orders(0), orders(1), orders(1)
    assert torch.equal(second, again)
    assert not torch.equal(first, second)


# Divergence


def test_a_rate_far_too_large_diverges_at_every_attempt():
    result = until_accepted(0.5, 3, **DIVERGING)
    assert result.attempts == [None, None, None]
    assert result.status == "diverged"
    assert "no longer finite in epoch" in result.reason
    assert list(result.snapshots) == [0]
    assert same(result.snapshots[0], start(2).network.state_dict())


def test_an_attempt_that_diverges_is_followed_by_another():
    """Even where any accuracy would do."""
    result = train_until_accepted(lambda attempt: start(attempt, **(DIVERGING if attempt == 0 else {})), 0.0, 5)
    assert result.attempts == [None, trained(1).test_accuracy]
    assert (result.status, result.reason) == ("ok", "")


def test_a_run_whose_last_attempt_diverges_has_diverged():
    result = train_until_accepted(lambda attempt: start(attempt, **(DIVERGING if attempt == 1 else {})), UNREACHABLE, 2)
    assert result.attempts == [trained(0).test_accuracy, None]
    assert result.status == "diverged"
    assert "no longer finite in epoch" in result.reason


# Flags


def made_by(result):
    return provenance(status=result.status, reason=result.reason, attempts=result.attempts)


def test_scores_of_a_trained_network_that_was_not_accepted_are_flagged():
    result = until_accepted(UNREACHABLE, 2)
    for epoch in (1, 2):
        assert unaccepted(made_by(result), epoch) == f"not_accepted: {result.reason}"


def test_the_fresh_network_is_never_flagged():
    assert unaccepted(made_by(until_accepted(UNREACHABLE, 2)), 0) == ""


@pytest.mark.parametrize("epoch", [0, 2])
@pytest.mark.parametrize("options", [{}, DIVERGING], ids=["accepted", "diverged"])
def test_other_networks_have_no_such_flag(options, epoch):
    """A network that diverged has reasons of its own, and no scores to flag."""
    assert unaccepted(made_by(until_accepted(0.0, 1, **options)), epoch) == ""


def test_checkpoints_remember_how_every_attempt_ended(tmp_path):
    for options, status in (({}, "not_accepted"), (DIVERGING, "diverged")):
        result = until_accepted(UNREACHABLE, 2, **options)
        store.write_checkpoints(tmp_path / "c.safetensors", {}, made_by(result), result.snapshots)
        read = store.checkpoint_provenance(tmp_path / "c.safetensors")
        assert (read["status"], read["reason"], read["attempts"]) == (status, result.reason, result.attempts)


# Seeds


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_first_attempt_has_the_streams_of_a_run_without_attempts(purpose):
    assert all(purpose_seed(seed, purpose, 0) == purpose_seed(seed, purpose) for seed in range(50))


def test_every_attempt_at_every_purpose_of_every_run_has_its_own_stream():
    seeds = {purpose_seed(seed, purpose, attempt) for seed in range(20) for purpose in PURPOSES for attempt in range(20)}
    assert len(seeds) == 20 * len(PURPOSES) * 20
    assert all(0 <= seed < 2**63 for seed in seeds)
