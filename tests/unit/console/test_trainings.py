"""How far a training is, by the state that a training really keeps."""

import os
from pathlib import Path

import torch
from small_study import changed

from layerscope import store
from layerscope.console.trainings import Epoch, Trainings, last_epoch
from layerscope.jobs.jobs import Jobs
from layerscope.study.load import build_study
from layerscope.training.resume import UnfinishedTraining
from layerscope.training.run import TrainingResult, TrainingState


def keep(checkpoints: Path, epoch: int, splits: tuple[str, ...], attempt: int = 0) -> None:
    rows = [
        {"epoch": at, "step": 10 * at, "split": split, "loss": 1 / (at + 1) + place, "accuracy": None if split == "test" else 0.5}
        for at in range(epoch + 1)
        for place, split in enumerate(splits)
    ]
    state = TrainingState(attempt, epoch, 10 * epoch, {"weight": torch.zeros(3)}, TrainingResult(history=rows))
    UnfinishedTraining(store.unfinished_training(checkpoints), "mine").keep(state)


def test_the_last_epoch_is_read_with_its_loss_and_accuracy(tmp_path: Path):
    checkpoints = tmp_path / "checkpoints.safetensors"
    assert last_epoch(str(checkpoints), since=0) is None
    keep(checkpoints, 3, ("batches", "validation", "test"))
    assert last_epoch(str(checkpoints), since=0) == Epoch(attempt=0, epoch=3, loss=1.25, accuracy=0.5)
    keep(checkpoints, 4, ("batches", "test"), attempt=1)
    assert last_epoch(str(checkpoints), since=0) == Epoch(attempt=1, epoch=4, loss=1.2, accuracy=None)


def test_the_state_of_an_earlier_run_and_a_damaged_one_are_not_told(tmp_path: Path):
    checkpoints = tmp_path / "checkpoints.safetensors"
    keep(checkpoints, 3, ("test",))
    [state] = store.unfinished_training(checkpoints).glob("state*")
    os.utime(state, (1000, 1000))
    assert last_epoch(str(checkpoints), since=2000) is None
    whole = state.read_bytes()
    for damaged in (b"", whole[:20], whole[:8] + b"[]" + whole[10:], b"\xff" * 8 + whole[8:]):
        state.write_bytes(damaged)
        assert last_epoch(str(checkpoints), since=0) is None


def test_a_running_training_is_done_as_far_as_its_epochs(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    jobs = Jobs(build_study(changed({}), Path()))
    run = next(iter(jobs.views.runs))
    trainings = Trainings(jobs)
    assert trainings.progress(run, since=0) == ("", 0.0)
    keep(Path(jobs.path("checkpoints", run=run)), 1, ("validation",))
    # It was looked at just now.
    assert trainings.progress(run, since=0) == ("", 0.0)
    assert trainings.progress(run, since=1) == ("epoch 1/3, loss 0.5, accuracy 0.5", 1 / 3)


def test_an_epoch_is_told_in_one_short_phrase():
    assert Epoch(0, 3, 0.12345, 0.95).told(epochs=30) == "epoch 3/30, loss 0.123, accuracy 0.95"
    assert Epoch(2, 3, 0.5, None).told(epochs=30) == "attempt 3, epoch 3/30, loss 0.5"
    assert Epoch(0, 3, None, None).told(epochs=3) == "epoch 3/3"
