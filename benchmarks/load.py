"""What a large study costs beyond its own work: planning it, running many tiny jobs, aggregating many scores.

python -m benchmarks.load [jobs to plan] [jobs to run] [rows to aggregate] [cores]

Planned, by `snakemake -n`: a grid of networks with all that is made of each, and beside it a plain Snakefile of as many jobs of
as many input files. Run: the smallest networks there are; overhead is the time of the cores in which no job's own process ran.
Aggregated: synthetic rows, in the files that the scores of such a grid have.
"""

import contextlib
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmarks.study import measurements
from layerscope import store
from layerscope.files.csv_tables import write_rows
from layerscope.files.provenance import provenance
from layerscope.jobs.jobs import Jobs
from layerscope.study.load import load_study

PROJECT = Path(__file__).parents[1]
GRID = {
    "study": "grid",
    "datasets": {"digits": {"source": "sklearn", "test": 360}, "few": {"from": "digits", "classes": ["0", "1", "2"]}},
    "architectures": {f"mlp{layers}": {"family": "mlp", "hidden": [8] * layers} for layers in range(1, 4)},
    "grids": [
        {
            "datasets": ["digits", "few"],
            "architectures": ["mlp1", "mlp2", "mlp3"],
            "activations": ["relu", "tanh", "logsig", "softsign", "leaky_relu", "elu", "gelu", "identity"],
        }
    ],
    "training": {"default": {"epochs": 5}, "overrides": [{"on": {"activation": "tanh"}, "lr": 0.05}]},
    "samples": {"some": {"split": "test", "choose": "random", "n": 60}},
    "representations": {"whole": {"layers": "all"}},
    "neighbors": {"k": 15},
    "embeddings": {"tsne": {"method": "tsne", "perplexity": 5}, "pca": {"method": "pca"}},
    "scores": {"d_same": {}, "neighborhood_hit": {"k": 6}, "kl": {"perplexity": 5}, "saturation": {}, "accuracy": {}},
    "figures": {
        "curves": {"kind": "training_curves"},
        "hit": {"kind": "score_by_depth", "score": "neighborhood_hit", "on": {"embedding": "raw"}},
    },
    "tables": {"separation": {"kind": "trained_untrained", "scores": ["d_same"], "on": {"embedding": "pca"}}},
}
NETWORKS_A_SEED, JOBS_A_NETWORK = 48, 9
# One training, one score of it, and for each sample one dump and one score.
SAMPLES = 4
SMALL = {
    "study": "small",
    "datasets": {"digits": {"source": "sklearn", "test": 360}},
    "architectures": {"mlp": {"family": "mlp", "hidden": [4]}},
    "grids": [{"datasets": ["digits"], "architectures": ["mlp"], "activations": ["relu"]}],
    "training": {"default": {"batch": 512, "epochs": 1, "snapshots": ["last"]}},
    "samples": {f"first{n}": {"split": "test", "choose": "first", "n": n} for n in range(60, 60 + SAMPLES)},
    "representations": {"whole": ["hidden1"]},
    "scores": {"d_same": {"on": {"embedding": "raw", "layer": "hidden1"}}, "accuracy": {"on": {"sample": "test"}}},
}
SOURCES = 10
# As many input files as a job has in the mean: the sources behind it, and what the job before it made.
PLAIN = """
NETWORKS, STEPS = {networks}, {steps}
rule all:
    input: [f"plain/{{n}}/step{{STEPS - 1}}.txt" for n in range(NETWORKS)]
for step in range(STEPS):
    rule:
        name: f"step{{step}}"
        input:
            before=f"plain/{{{{network}}}}/step{{step - 1}}.txt" if step else [],
            code=[f"code/{{name}}.py" for name in range({sources})],
        output: f"plain/{{{{network}}}}/step{{step}}.txt"
        log: f"plain/logs/{{{{network}}}}/step{{step}}.log"
        benchmark: f"plain/benchmarks/{{{{network}}}}/step{{step}}.tsv"
        params: job="{{{{}}}}"
        message: "Making {{wildcards.network}}"
        shell: "python -m nothing --params {{params.job:q}} --before {{input.before}} --output {{output}} 2>&1 | tee {{log}}"
"""
SNAKEMAKE = """
import resource, sys
from snakemake.cli import main
try:
    main()
finally:
    own = resource.getrusage(resource.RUSAGE_SELF)
    print("own CPU seconds:", own.ru_utime + own.ru_stime, flush=True)
"""


@dataclass(frozen=True)
class Measured:
    """wall, cpu: seconds. own: CPU seconds without those of programs that it started. memory: the peak, MiB. said: all output."""

    wall: float
    cpu: float
    own: float
    memory: float
    said: str


def measured(folder: Path, *command: str) -> Measured:
    """Run Python with these arguments in a folder. Ends the benchmark where that fails."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    log = folder / "said"
    start = time.perf_counter()
    with open(log, "w", encoding="utf-8") as said:
        process = subprocess.Popen([sys.executable, *command], cwd=folder, env=environment, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
    wall, text = time.perf_counter() - start, log.read_text(encoding="utf-8")
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)[-200:]}\n{text[-2000:]}")
    cpu = used.ru_utime + used.ru_stime
    own = re.search(r"^own CPU seconds: (.*)$", text, re.MULTILINE)
    return Measured(wall, cpu, float(own[1]) if own else cpu, used.ru_maxrss / 1024, text)


def snakemake(folder: Path, *arguments: str) -> Measured:
    """Run Snakemake in a folder."""
    return measured(folder, "-c", SNAKEMAKE, "--directory", str(folder), "--nolock", "--quiet", "all", *arguments)


def written(study: dict, seeds: int, folder: Path) -> str:
    """The file of a study with so many seeds, below a folder."""
    file = folder / f"{study['study']}.yaml"
    file.write_text(json.dumps({**study, "seeds": seeds}), encoding="utf-8")
    return str(file)


def plan(jobs: int, folder: Path) -> None:
    """Planning a grid, and as many plain jobs."""
    seeds = max(1, round(jobs / (NETWORKS_A_SEED * JOBS_A_NETWORK)))
    file = written(GRID, seeds, folder)
    ours = snakemake(folder, "-n", "--snakefile", str(PROJECT / "Snakefile"), "--configfile", file)
    planned = int(re.search(r"^total\s+(\d+)", ours.said, re.MULTILINE)[1])
    (folder / "code").mkdir()
    for name in range(SOURCES):
        (folder / "code" / f"{name}.py").touch()
    networks = round(planned / JOBS_A_NETWORK)
    (folder / "Snakefile").write_text(PLAIN.format(networks=networks, steps=JOBS_A_NETWORK, sources=SOURCES), encoding="utf-8")
    plain = snakemake(folder, "-n", "--snakefile", str(folder / "Snakefile"))
    print(f"planning {planned:,} jobs of {seeds * NETWORKS_A_SEED:,} networks")
    for name, found in (("ours", ours), ("plain Snakefile", plain)):
        print(
            f"  {name:16}{found.wall:8.1f} s wall{found.cpu:8.1f} s CPU{found.cpu / planned * 1e3:7.2f} ms CPU a job"
            f"{found.memory:8.0f} MiB",
            flush=True,
        )


def run(jobs: int, folder: Path, cores: int) -> None:
    """Running tiny jobs."""
    seeds = max(1, round(jobs / (2 + 2 * SAMPLES)))
    file = written(SMALL, seeds, folder)
    found = snakemake(folder, "--cores", str(cores), "--snakefile", str(PROJECT / "Snakefile"), "--configfile", file)
    with contextlib.chdir(folder):
        done = measurements("small")
    work, count = done["s"].sum(), len(done)
    print(f"running {count:,} jobs on {cores} cores")
    print(f"  {found.wall:8.1f} s wall, {work:.1f} s of jobs' own processes, {found.memory:.0f} MiB")
    lost = (found.wall * cores - work) / count
    print(f"  overhead a job: {lost:.3f} s of a core, of which Snakemake itself computed {found.own / count:.3f} s")
    for rule, of_rule in done.groupby("rule"):
        print(f"  {rule:16}{len(of_rule):6,} jobs of {of_rule['s'].mean():.2f} s", flush=True)


def write_scores(jobs: Jobs, rows: int) -> int:
    """Synthetic scores of every network of a study, some `rows` in all; how many were written."""
    generator, made_by = random.Random(0), provenance()
    spaces = []
    for source, sample in jobs.views.sources():
        of_network = source in jobs.views.runs
        epochs = ((0, "untrained"), (5, "trained")) if of_network else ((0, "input"),)
        layers = [(f"hidden{depth}", depth) for depth in (1, 2, 3)] if of_network else [("input", 0)]
        for space in jobs.views.spaces(source, sample):
            metrics = jobs.views.scores_of(source, sample, space)
            spaces.append((source, sample, space, epochs, layers, metrics))
    filters = max(1, math.ceil(rows / sum(len(epochs) * len(layers) * len(metrics) for *_, epochs, layers, metrics in spaces)))
    written_rows = 0

    def score(keys: dict, space: str, metric: str, **about: object) -> dict:
        known = {"study": "grid", **keys, "space": space, "metric": metric, "value": generator.random()}
        return {**known, "n_points": 60, "chance": 0.1, "degenerate": "", **about}

    for source, sample, space, epochs, layers, metrics in spaces:
        run_of = jobs.views.runs.get(source)
        keys = run_of.keys if run_of else {"dataset": jobs.views.inputs[source], "architecture": "", "activation": "", "seed": ""}
        table = [
            score(
                keys,
                space,
                metric,
                sample=sample,
                epoch=epoch,
                state=state,
                layer=layer,
                depth=depth,
                filter=number or "",
                embedding_seed="" if space == "raw" else 0,
            )
            for (epoch, state), (layer, depth), number, metric in product(epochs, layers, range(filters), metrics)
        ]
        write_rows(jobs.path("scores", source=source, sample=sample, space=space), store.SCORE_COLUMNS, table)
        written_rows += len(table)
    for network in jobs.study.runs:
        about = {"layer": "", "depth": "", "filter": "", "embedding_seed": ""}
        table = [
            score(network.keys, "run", metric, sample="test", epoch=epoch, state=state, **about)
            for metric in ("accuracy", "saturation")
            for epoch, state in ((0, "untrained"), (5, "trained"))
        ]
        write_rows(jobs.path("run_scores", run=network.folder), store.SCORE_COLUMNS, table)
        store.write_spectra(jobs.path("spectra", run=network.folder), {}, made_by, [])
        written_rows += len(table)
    return written_rows


def aggregate(rows: int, folder: Path) -> None:
    """Aggregating many scores."""
    # Some thousands of rows a file, as the filters of a network give them.
    seeds = max(2, min(20, round(rows / (NETWORKS_A_SEED * 3 * 2000))))
    jobs = Jobs(load_study(written(GRID, seeds, folder), {}))
    with contextlib.chdir(folder):
        written_rows = write_scores(jobs, rows)
    (folder / "arguments").write_text(f"--params\n{jobs.params.aggregate(None)}\n", encoding="utf-8")
    outputs = [f"--{name}={folder / name}" for name in ("table", "runs", "summary", "tests", "networks")]
    found = measured(folder, "-m", "layerscope.stages.aggregate", "@arguments", *outputs)
    print(f"aggregating {written_rows:,} rows of {len(jobs.reads.score_files()):,} files")
    print(f"  {found.wall:8.1f} s wall, {found.cpu:.1f} s CPU, {found.memory:.0f} MiB", flush=True)


def main() -> None:
    given = [int(argument) for argument in sys.argv[1:]]
    planned, done, rows, cores = [*given, *(60_000, 2_000, 10_000_000, os.cpu_count())[len(given) :]]
    with tempfile.TemporaryDirectory() as folder:
        plan(planned, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        run(done, Path(folder), cores)
    with tempfile.TemporaryDirectory() as folder:
        aggregate(rows, Path(folder))


if __name__ == "__main__":
    main()
