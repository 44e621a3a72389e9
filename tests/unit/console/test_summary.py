"""What is said at the end of a study."""

from pathlib import Path

import pytest

from layerscope import store
from layerscope.console.names import duration, job_name
from layerscope.console.summary import measured_seconds, network_lines, time_lines

HEADER = "dataset,architecture,activation,seed,status,reason,unlike\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "results/mine"
    results.mkdir(parents=True)
    return results


def test_one_looks_first_at_the_page_of_a_study_then_at_its_report_then_at_its_figures(folder: Path):
    assert store.entrance("mine") == "results/mine"
    for name in ("figures", "report.html", "index.html"):
        (folder / name).mkdir()
        assert store.entrance("mine") == f"results/mine/{name}"


def test_flagged_networks_are_named_with_their_reasons(folder: Path):
    assert network_lines("mine") == []
    good = "".join(f"digits,mlp,relu,{seed},ok,,\n" for seed in range(3)) + "digits,mine,none,0,given,,\n"
    (folder / "networks.csv").write_text(HEADER + good)
    assert network_lines("mine") == ["networks: 4, none of them flagged"]
    bad = 'digits,wild,relu,0,diverged,"losses, weights or outputs are not finite",\ndigits,wild,relu,1,near_chance,,threads\n'
    (folder / "networks.csv").write_text(HEADER + good + bad)
    assert network_lines("mine") == [
        "flagged: 2 of 6 networks",
        "  digits/wild/relu/seed0: diverged (losses, weights or outputs are not finite)",
        "  digits/wild/relu/seed1: near_chance",
        "made elsewhere or otherwise than most: 1 of 6 networks (results/mine/networks.csv)",
    ]
    (folder / "networks.csv").write_text(HEADER + "".join(f"digits,wild,relu,{seed},diverged,,\n" for seed in range(20)))
    assert network_lines("mine")[-1] == "  and 12 more: results/mine/networks.csv"


def test_the_times_of_rules_are_those_that_were_measured(folder: Path):
    for seed, seconds in ((0, 100.4), (1, 50)):
        file = Path(store.job_files("mine", "train", run=f"runs/digits/mlp/relu/seed{seed}").benchmark)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:01:40\t300\n")
    file = Path(store.job_files("mine", "claims").benchmark)
    file.write_text("s\th:m:s\n200\t0:03:20\n")
    jobs = [("train", {"run": f"runs/digits/mlp/relu/seed{seed}"}) for seed in range(3)]
    measured = measured_seconds("mine", [*jobs, ("claims", {})])
    assert measured == [("train", 100.4), ("train", 50.0), ("claims", 200.0)]
    assert [" ".join(line.split()) for line in time_lines(measured)] == [
        "time of jobs: 5 min 50 s",
        "claims 3 min 20 s 1 job",
        "train 2 min 30 s 2 jobs, the longest 1 min 40 s",
    ]
    assert time_lines([]) == []


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (100, "1 min 40 s"), (7500, "2 h 5 min"), (3600, "1 h"), (273600, "3 d 4 h")],
)
def test_times_are_told_in_two_units(seconds: float, told: str):
    assert duration(seconds) == told


def test_a_job_is_named_by_what_it_is_about():
    assert job_name({"source": "runs/digits/mlp/relu/seed0", "sample": "some"}) == "digits/mlp/relu/seed0 some"
    assert job_name({}) == ""
