"""The lines of running jobs fit the terminal, whatever its width."""

import io

import pytest
from rich.console import Console

from layerscope.console.bar import drawn_bar, running_lines
from layerscope.console.screen import RunningJob, State

TRAINING = RunningJob("train digits/mlp/relu/seed0", "epoch 3/30, loss 0.123, accuracy 0.953", 18)
EMBEDDING = RunningJob("score_embedding mnist5k/a_wide_network/hard_sigmoid/seed10 all_test tsne", "", 100)


def test_a_line_has_the_job_how_far_it_is_and_its_time():
    [line] = running_lines([TRAINING], 79, most=5)
    assert line.split("  ")[0] == "train digits/mlp/relu/seed0"
    assert line.endswith("  epoch 3/30, loss 0.123, accuracy 0.953  18 s")
    assert len(line) == 79


def test_a_long_name_keeps_its_rule_and_its_end():
    [line] = running_lines([EMBEDDING], 60, most=5)
    assert line.startswith("score_embedding …")
    assert line.endswith("rd_sigmoid/seed10 all_test tsne  1 min 40 s")
    assert len(line) == 60


@pytest.mark.parametrize("width", [100, 77, 50, 20])
def test_the_bar_leaves_room_for_the_numbers(width: int):
    console = Console(file=io.StringIO(), width=200)
    state = State("digits", share=0.5, left=900, done=100, jobs=258)
    console.print(drawn_bar(state, width))
    line = console.file.getvalue().rstrip()
    assert len(line) <= width
    if width >= 60:
        assert line.startswith("digits ━")
        assert line.endswith(" 50 %, 100 of 258 jobs, about 15 min left")


@pytest.mark.parametrize("width", [200, 79, 40, 20, 5, 1])
def test_no_line_is_wider_than_the_terminal(width: int):
    assert all(len(line) <= width for line in running_lines([TRAINING, EMBEDDING], width, most=5))


def test_more_jobs_than_there_are_lines_are_counted():
    lines = running_lines([TRAINING] * 100, 79, most=10)
    assert len(lines) == 10
    assert lines[-1] == "and 91 more"
