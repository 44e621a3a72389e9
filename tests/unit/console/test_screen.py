"""Messages as plain lines; a stream that is gone stops nothing."""

import io
import time

from layerscope.console.screen import Lines, RunningJob, Screen, State

STATE = State("mine", [RunningJob("train a", "epoch 1/3", 5), RunningJob("embed b", "", 2)], 0.344, 100, 12, 83)


def test_the_state_is_told_in_a_phrase():
    assert STATE.told() == "34 %, 12 of 83 jobs, about 1 min 40 s left"
    assert State("mine", left=7700, jobs=3).told() == "0 %, 0 of 3 jobs, about 2 h 10 min left"
    assert State("mine", left=637, jobs=3).told() == "0 %, 0 of 3 jobs, about 11 min left"
    assert State("mine", share=1.0, left=0, done=3, jobs=3).told() == "100 %, 3 of 3 jobs"
    assert State("mine", jobs=3).told() == "0 %, 0 of 3 jobs"


def test_the_state_is_told_when_nothing_else_was_said_for_a_while():
    stream = io.StringIO()
    lines = Lines(stream, lambda: STATE, silence=0.05)
    end = time.monotonic() + 10
    while not stream.getvalue() and time.monotonic() < end:
        time.sleep(0.01)
    lines.close()
    assert stream.getvalue().splitlines()[:2] == [
        "mine: 34 %, 12 of 83 jobs, about 1 min 40 s left",
        "    train a: epoch 1/3",
    ]


def test_a_stream_that_is_gone_stops_nothing():
    stream = io.StringIO()
    screen = Screen(stream)
    screen.say("one")
    assert stream.getvalue() == "one\n"
    stream.close()
    screen.say("two")
    screen.say("three")
    screen.close()
