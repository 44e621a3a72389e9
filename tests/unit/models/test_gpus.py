"""Jobs spread over the GPUs of a machine. The devices are names that the tests hand in; no GPU is needed."""

import multiprocessing
import time

import pytest
from filelock import Timeout

from layerscope.models.gpus import claim, device_names, is_assigned

FOUR = ["0", "1", "2", "3"]


def test_every_job_gets_a_device_of_its_own(tmp_path):
    held = [claim(FOUR, 1, tmp_path) for _ in FOUR]
    assert [index for index, _ in held] == [0, 1, 2, 3]
    with pytest.raises(Timeout):
        claim(FOUR, 1, tmp_path, patience=0.05)


def test_the_device_that_is_free_again_is_taken(tmp_path):
    held = [claim(FOUR, 1, tmp_path) for _ in FOUR]
    held[2][1].release()
    index, _ = claim(FOUR, 1, tmp_path)
    assert index == 2


def test_jobs_share_devices_evenly(tmp_path):
    held = [claim(["0", "1", "2"], 2, tmp_path) for _ in range(6)]
    assert [index for index, _ in held] == [0, 1, 2, 0, 1, 2]
    with pytest.raises(Timeout):
        claim(["0", "1", "2"], 2, tmp_path, patience=0.05)


def test_studies_that_share_differently_count_each_others_jobs(tmp_path):
    held = [claim(["0", "1"], 256, tmp_path) for _ in range(2)]
    with pytest.raises(Timeout):
        claim(["0", "1"], 1, tmp_path, patience=0.05)
    assert len(held) == 2


def test_a_job_that_waits_says_so_and_what_to_do(tmp_path, capsys):
    _, lock = claim(["0"], 1, tmp_path)
    with pytest.raises(Timeout):
        claim(["0"], 1, tmp_path, patience=0.05)
    assert "waiting for a GPU: 1 with 1 job each are all in use. --resources gpu=1 starts no more" in capsys.readouterr().err
    lock.release()


def _hold(folder, index):
    found, _lock = claim(["0"], 1, folder)
    index.put(found)
    time.sleep(60)


def test_a_killed_job_leaves_its_device(tmp_path):
    fork = multiprocessing.get_context("fork")
    index = fork.Queue()
    job = fork.Process(target=_hold, args=(tmp_path, index))
    job.start()
    assert index.get(timeout=30) == 0
    with pytest.raises(Timeout):
        claim(["0"], 1, tmp_path, patience=0.05)
    job.kill()
    job.join()
    found, _lock = claim(["0"], 1, tmp_path, patience=10)
    assert found == 0


@pytest.mark.parametrize(
    ("count", "visible", "names"),
    [
        (2, None, ["0", "1"]),
        (2, "3,5", ["3", "5"]),
        (1, "GPU-8a56", ["GPU-8a56"]),
        (1, "MIG-GPU-8a56/1/0", ["MIG-GPU-8a56/1/0"]),
        (1, "", ["0"]),
    ],
)
def test_devices_have_the_names_that_jobs_are_shown(tmp_path, count, visible, names):
    assert device_names(count, {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}) == names
    index, _ = claim(names, 1, tmp_path)
    assert index == 0


def test_what_slurm_has_assigned_is_taken_as_it_is():
    assert is_assigned({"SLURM_JOB_GPUS": "2", "CUDA_VISIBLE_DEVICES": "0"})
    assert not is_assigned({"SLURM_JOB_ID": "7", "CUDA_VISIBLE_DEVICES": "0"})
