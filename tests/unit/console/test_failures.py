"""What is told of failed jobs: the message of the job itself where there is one, each message once and last."""

import os
from pathlib import Path

import pytest

from layerscope.console.failures import Failure, failure_lines, message_in, notes_in, reason_of, text_of_log
from layerscope.errors import INTERRUPTED

LOG = """provenance {"host":"here"}
layerscope: datasets.mine: 3 pictures were turned
going on after epoch 2, where this training was interrupted
layerscope train: results/mine/spectra.h5 cannot be written (Is a directory): move it away
datasets.mine.classes: 3 classes are named, and there are 4
"""
TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 3, in main
ZeroDivisionError: division by zero
layerscope train: a fault in layerscope (ZeroDivisionError: division by zero); please report it with this log
"""
SHELL = "CalledProcessError in file train.smk, line 3:\nCommand 'python -m layerscope.stages.train' "


def failure(number: int, message: str) -> Failure:
    return Failure("train", {"run": f"runs/digits/mlp/relu/seed{number}"}, f"logs/{number}.log", message)


def test_the_message_is_what_ends_a_log():
    assert message_in(LOG).splitlines() == LOG.splitlines()[-2:]
    assert message_in(TRACEBACK) == TRACEBACK.splitlines()[-1]
    assert message_in("".join(LOG.splitlines(keepends=True)[:3])) == ""


def test_notes_are_what_a_stage_tells_while_it_works():
    assert notes_in(LOG) == ["datasets.mine: 3 pictures were turned"]


@pytest.mark.parametrize(
    "ending", ["returned non-zero exit status 137.", "died with <Signals.SIGKILL: 9>.", "returned non-zero exit status 9."]
)
def test_a_job_that_was_killed_is_told_to_lack_memory(ending: str):
    assert "ran out of memory: run fewer jobs at once (--cores)" in reason_of("provenance {}\n", SHELL + ending)


@pytest.mark.parametrize("ending", ["returned non-zero exit status 130.", "died with <Signals.SIGTERM: 15>."])
def test_a_job_that_was_stopped_before_it_could_say_so_did_not_fail(ending: str):
    assert failure(0, reason_of("provenance {}\n", SHELL + ending)).interrupted


def test_without_a_message_the_end_of_the_log_is_told():
    text = "\n".join(f"line {number}" for number in range(9)) + "\n\nbash: python: command not found\n"
    told = reason_of(text, SHELL + "returned non-zero exit status 127.").splitlines()
    assert told[0] == "the job ended with exit status 127 and without a message"
    assert told[1:] == ["line 5", "line 6", "line 7", "line 8", "bash: python: command not found"]
    assert reason_of("", "SLURM-job '5' failed, SLURM status is: 'TIMEOUT'") == "SLURM-job '5' failed, SLURM status is: 'TIMEOUT'"


def test_a_message_is_told_instead_of_how_the_job_ended():
    assert reason_of(LOG, SHELL + "returned non-zero exit status 1.") == message_in(LOG)


def test_the_log_of_an_earlier_attempt_is_not_read(tmp_path: Path):
    log = tmp_path / "train.log"
    log.write_text(LOG)
    os.utime(log, (1000, 1000))
    assert text_of_log(str(log), since=1000.5) == LOG
    assert text_of_log(str(log), since=1010) == ""
    assert text_of_log(str(tmp_path / "none.log"), since=0) == ""
    assert text_of_log("", since=0) == ""


def test_each_message_is_told_once_and_the_last_line_ends_the_last_message():
    same = [failure(number, "layerscope train: the disk is full") for number in range(7)]
    other = Failure("claims", {}, "", "layerscope claims: one\nand two")
    assert failure_lines("mine", [same[0], other, *same[1:]], not_begun=31) == [
        "mine: 8 jobs failed, 31 were not begun; do what the messages say, and run the same command again",
        "",
        *(f"train (run=runs/digits/mlp/relu/seed{number}), log logs/{number}.log" for number in range(5)),
        "and 2 more",
        "layerscope train: the disk is full",
        "",
        "claims",
        "layerscope claims: one",
        "and two",
    ]


def test_a_job_that_was_stopped_did_not_fail():
    assert failure(0, f"layerscope train: {INTERRUPTED}").interrupted
    assert not failure(0, "layerscope train: the disk is full").interrupted
