"""The share of the work that is done follows the estimated seconds of jobs, not their number."""

import pytest

from layerscope.console.work import Work

SECONDS = {1: ("train", 100.0), 2: ("train", 100.0), 3: ("figure", 10.0), 4: ("figure", 10.0)}


def test_a_long_job_counts_for_more_than_a_short_one():
    work = Work(dict(SECONDS), began=0)
    work.begin(3, 0)
    work.finish(3, 10)
    assert work.share(10) == pytest.approx(10 / 220)
    work.begin(1, 10)
    work.finish(1, 110)
    assert work.share(110) == pytest.approx(110 / 220)


def test_the_epochs_of_a_training_are_work_that_is_done():
    work = Work(dict(SECONDS), began=0)
    work.begin(1, 0)
    assert work.share(0, {1: 0.5}) == pytest.approx(50 / 220)


def test_a_running_job_is_done_as_far_as_its_time_has_passed_and_never_wholly():
    work = Work(dict(SECONDS), began=0)
    work.begin(1, 0)
    assert work.share(50) == pytest.approx(50 / 220)
    assert work.share(1000) == pytest.approx(95 / 220)


def test_the_share_never_falls_though_a_job_fails_and_is_tried_again():
    work = Work(dict(SECONDS), began=0)
    work.begin(1, 0)
    before = work.share(60)
    work.fail(1)
    assert work.share(61) == before
    work.begin(1, 61)
    assert work.share(62) == before


def test_the_time_left_is_corrected_by_what_jobs_of_the_rule_took():
    work = Work(dict(SECONDS), began=0)
    work.begin(1, 0)
    work.finish(1, 50)
    # The other training takes half its estimate too, and so do figures, of which none has ended.
    assert work.left(50) == pytest.approx(50 + 5 + 5)
    work.begin(3, 50)
    work.finish(3, 52)
    assert work.left(52) == pytest.approx(50 + 2)


def test_jobs_that_run_at_once_share_the_time_that_is_left():
    work = Work(dict.fromkeys(range(4), ("train", 100.0)), began=0)
    for job in (0, 1):
        work.begin(job, 0)
    for job in (0, 1):
        work.finish(job, 100)
    assert work.left(100) == pytest.approx(100)


def test_the_time_left_is_at_least_that_of_the_longest_running_job():
    work = Work({1: ("train", 100.0), 2: ("figure", 1.0), 3: ("figure", 1.0)}, began=0)
    for job in (1, 2, 3):
        work.begin(job, 0)
    assert work.left(0) == pytest.approx(100)


def test_nothing_is_known_before_a_job_begins_and_all_is_done_at_the_end():
    work = Work(dict(SECONDS), began=0)
    assert work.left(0) is None
    for job in SECONDS:
        work.begin(job, 0)
        work.finish(job, 1)
    assert work.share(1) == 1
    assert work.left(1) == 0
    assert Work({}, began=0).share(0) == 1


def test_jobs_that_are_no_work_are_not_counted():
    work = Work(dict(SECONDS), began=0)
    work.begin(99, 0)
    work.finish(99, 5)
    assert work.share(5) == 0
