"""Check that the results of a study are complete and undamaged: read every file and compare it with what the study asks for.

Run `layerscope doctor my-study.yaml`, or `make doctor CONFIG=my-study.yaml`, in the folder where Snakemake is run. It changes
nothing. It prints one line per fault, with the file and the remedy, then the jobs that the remedies will rerun. Files that the
study asks for no longer are no fault: they are listed apart, for `layerscope prune`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from layerscope import store
from layerscope.errors import MachineError, StudyError
from layerscope.files.csv_tables import read_rows
from layerscope.files.provenance import canonical_json, unlike_versions
from layerscope.files.refusals import refused
from layerscope.files.seals import MADE_AGAIN, SEALED, seal_of
from layerscope.files.whole import PARTIAL, WRITING
from layerscope.jobs.jobs import Jobs
from layerscope.jobs.snakemake_command import ask_snakemake
from layerscope.jobs.unasked import Unasked, counted, linked_folders, unasked_files, unasked_lines
from layerscope.kind_modules import load_kind
from layerscope.store.pictures import refuse_damaged
from layerscope.study.file import as_typed, config_options
from layerscope.study.load import load_study

GONE = "is missing; snakemake makes it"
UNSEALED = "can be read, but has no SHA-256 beside it that tells whether it is whole"
SEAL_LOST = "bring {seal} from where the file was copied from; only where there is none, delete the file and run snakemake again"
OTHER_PARAMS = "was made for other params than the study has now; snakemake makes it anew"
ELSEWHERE = "is a link; what it leads to was not checked, since others may use it"
# How to read tables, by suffix. Targets with other suffixes are figures and pages (`shown`).
KINDS = {".csv": "rows", ".parquet": "runs"}


@dataclass(frozen=True)
class Expected:
    """A file that a study must have. kind: how to read it. params: those of its job now, None if the file stores none.

    parts: names that the file must contain.
    """

    path: str
    kind: str
    params: str | None = None
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """text: one line that names the file, the fault and the remedy. again: the files that the remedy remakes."""

    text: str
    again: tuple[str, ...] = ()


def examine(jobs: Jobs, unasked: list[Unasked]) -> list[Fault]:
    """All faults in the results of a study, but for files that it asks for no longer; empty if there are none."""
    faults, made_by = [], {}
    for expected in expected_files(jobs):
        try:
            found = _read(expected)
        except StudyError as error:
            again = () if isinstance(error, MachineError) else (expected.path,)
            faults.append(Fault(str(error), again))
            continue
        except OSError as error:
            faults.append(Fault(str(refused(expected.path, error))))
            continue
        if found:
            made_by[expected.path] = found
        if expected.path.endswith(SEALED) and not seal_of(expected.path).exists():
            remedy = SEAL_LOST.format(seal=seal_of(expected.path).name)
            faults.append(Fault(f"{expected.path} {UNSEALED}; {remedy}", (expected.path,)))
    return faults + _raw_data(jobs) + _mixed(made_by) + _left_over(jobs, unasked)


def expected_files(jobs: Jobs) -> Iterator[Expected]:
    """Every file that the study has when it is finished."""
    for dataset in jobs.views.inputs.values():
        params = jobs.params.prepare(SimpleNamespace(dataset=dataset))
        splits = ("test",) if jobs.study.kind_of("datasets", dataset).says("given") else ("train", "test")
        yield Expected(jobs.path("data", dataset=dataset), "hdf5", params, splits)
    for name, run in jobs.views.runs.items():
        if run in jobs.study.given:
            continue
        params = jobs.params.train(SimpleNamespace(run=name))
        snapshots = tuple(store.epoch_name(epoch) for epoch in jobs.study.snapshots(run))
        yield Expected(jobs.path("checkpoints", run=name), "checkpoints", params, snapshots)
        yield Expected(jobs.path("spectra", run=name), "hdf5", params)
        yield Expected(jobs.path("history", run=name), "rows")
    for source, sample in jobs.views.sources():
        yield from _of_sample(jobs, source, sample)
    known = {*jobs.data_files(), *(jobs.path("checkpoints", run=name) for name in jobs.views.runs)}
    for path in [*jobs.targets(), *jobs.reads.score_files(), *jobs.reads.explored_files()]:
        if path not in known and not path.endswith(".h5"):
            known.add(path)
            by_name = {jobs.path("score_table"): "scores", jobs.path("comparisons"): "comparisons"}
            yield Expected(path, by_name.get(path, KINDS.get(Path(path).suffix, "shown")))


def _of_sample(jobs: Jobs, source: str, sample: str) -> Iterator[Expected]:
    run, wildcards = jobs.views.runs.get(source), SimpleNamespace(source=source, run=source, sample=sample)
    view = jobs.views.view(source, sample, {})
    dataset = jobs.views.inputs[source] if run is None else run.dataset
    if run is None:
        told = jobs.params.dump_input(SimpleNamespace(dataset=dataset, sample=sample))
    else:
        told = jobs.params.dump_given(wildcards) if run in jobs.study.given else jobs.params.dump(wildcards)
    epochs = tuple(store.epoch_name(epoch) for epoch in view.epochs)
    labels = "targets" if jobs.study.has_targets(dataset) else "labels"
    activations = jobs.path("activations", source=source, sample=sample)
    if run is None or Path(activations).exists() or _is_read(jobs, source, activations):
        yield Expected(activations, "hdf5", told, (labels, "index", *epochs))
    neighbors = jobs.path("neighbors", source=source, sample=sample)
    if Path(neighbors).exists():
        yield Expected(neighbors, "hdf5", jobs.params.neighbors(wildcards), epochs)
    for name in jobs.views.embeddings_of(source, sample):
        wildcards.embedding = name
        seeds = tuple(f"seed{seed}" for seed in jobs.study.embeddings[name]["seeds"])
        path = jobs.path("embedding", source=source, sample=sample, embedding=name)
        yield Expected(path, "hdf5", jobs.params.embed(wildcards), seeds)
    for space in jobs.views.observed(source, sample):
        wildcards.space = space
        path = jobs.path("observations", source=source, sample=sample, space=space)
        yield Expected(path, "hdf5", jobs.params.score_observations(wildcards), (labels, "index"))
    if run is not None and jobs.views.mapped(run, sample):
        yield Expected(jobs.path("neurons", run=source, sample=sample), "hdf5", jobs.params.neurons(wildcards))


def _is_read(jobs: Jobs, source: str, activations: str) -> bool:
    """Whether anything of a study is made from a network's activations. Where nothing is, Snakemake does not store them."""
    views, reads = jobs.views, jobs.reads
    samples = [sample for other, sample in views.sources() if other == source]
    parts = (views.is_looked_at, views.observed, reads.neurons_files)
    if any(part(source, sample) for part in parts for sample in samples):
        return True
    shown = [(block, name) for block in ("figures", "tables") for name in getattr(jobs.study, block)]
    return any(activations in files for entry in shown for files in reads.of_kind(*entry).values())


def _read(expected: Expected) -> dict | None:
    """Read a whole file and return its provenance, None if it stores none. Raises StudyError if something is wrong with it."""
    if not Path(expected.path).exists():
        raise StudyError(f"{expected.path} {GONE}")
    if expected.kind == "rows":
        read_rows(expected.path)
        if not Path(expected.path).read_bytes().endswith(b"\n"):
            raise StudyError(f"{expected.path} is cut short; {MADE_AGAIN}")
        return None
    if expected.kind == "shown":
        refuse_damaged(expected.path)
        return None
    if expected.kind == "scores":
        store.read_score_table(expected.path, metrics=())
        return None
    if expected.kind == "comparisons":
        store.read_comparisons(expected.path)
        return None
    if expected.kind == "runs":
        store.read_runs(expected.path, metrics=())
        return None
    reading = store.examine_checkpoints if expected.kind == "checkpoints" else store.examine_hdf5
    params, made_by, names = reading(expected.path)
    if expected.params is not None and canonical_json(params) != expected.params:
        raise StudyError(f"{expected.path} {OTHER_PARAMS}")
    missing = [part for part in expected.parts if part not in names]
    if missing and made_by.get("status", "ok") != "diverged":
        raise StudyError(f"{expected.path} lacks {', '.join(missing)}; {MADE_AGAIN}")
    return made_by


def _raw_data(jobs: Jobs) -> list[Fault]:
    """A fault for each dataset whose raw files are here, but cannot be read or are not those that it was made from."""
    lines = []
    for dataset in jobs.views.inputs.values():
        prepared = jobs.path("data", dataset=dataset)
        params = json.loads(jobs.params.prepare(SimpleNamespace(dataset=dataset)))
        options = params["source"]
        source = load_kind("data.sources", options["source"], params.get("code"))
        name = options.get("name", dataset)
        try:
            if not Path(prepared).exists() or not getattr(source, "is_here", lambda *_: True)(name, store.download_folder()):
                continue
            recorded, found = store.recorded_digest(prepared), source.load(name, options, store.download_folder()).sha256
        except (StudyError, OSError) as error:
            lines.append(Fault(f"raw data of {prepared}: {error}"))
            continue
        if found != recorded:
            text = (
                f"{prepared} was made from other raw data (SHA-256 {recorded}) than there are now ({found}): put the old ones "
                "back, or delete it and run snakemake again"
            )
            lines.append(Fault(text, (prepared,)))
    return lines


def files_again(faults: list[Fault]) -> list[str]:
    """The existing files that the remedies of the faults remake, sorted."""
    return sorted({file for fault in faults for file in fault.again if Path(file).is_file()})


def jobs_again(study: str, overrides: Mapping[str, str], faults: list[Fault]) -> list[str]:
    """The messages of the jobs that Snakemake plans to run once the files that the faults name are deleted.

    Raises StudyError where Snakemake is not installed, or cannot plan.
    """
    options = [*config_options(overrides), "--forcerun", *files_again(faults)]
    planned = ask_snakemake(study, "-n", "--nolock", *options)
    if planned.returncode:
        last = (planned.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise StudyError(f"Snakemake ended with status {planned.returncode} ({last})")
    return re.findall(r"^Job \d+: (.*)$", planned.stdout + planned.stderr, flags=re.MULTILINE)


def _mixed(made_by: dict[str, dict]) -> list[Fault]:
    """A fault for each fact (versions, processor, device) that should be the same in all files of a study and is not."""
    paths = list(made_by)
    others = [paths[place] for place in unlike_versions([made_by[path].get("versions", {}) for path in paths])]
    lines = [_unlike("versions", others)] if others else []
    for fact in ("processor", "device"):
        groups: dict[str, list[str]] = {}
        for path, facts in made_by.items():
            groups.setdefault(canonical_json(facts.get(fact)), []).append(path)
        # Only trainings and dumps use a GPU, all other jobs the CPU: compare only devices on which networks were trained.
        if fact == "device":
            groups = {value: [path for path in paths if "/runs/" in path] for value, paths in groups.items()}
            groups = {value: paths for value, paths in groups.items() if any("checkpoints" in path for path in paths)}
        if len(groups) > 1:
            usual = max(groups.values(), key=len)
            lines.append(_unlike(fact, [path for paths in groups.values() if paths is not usual for path in paths]))
    return lines


def _unlike(fact: str, files: list[str]) -> Fault:
    shown = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    text = f"{shown}: {fact} unlike those of the other files; delete and run snakemake again for results alike"
    return Fault(text, tuple(files))


def _left_over(jobs: Jobs, unasked: list[Unasked]) -> list[Fault]:
    root = Path(store.study_folder(jobs.study.name))
    told = {path for file in unasked for path in (file.path, *file.path.parents)}
    found = sorted(str(path) for path in root.rglob(".*") if path.name.endswith((WRITING, PARTIAL)) and path not in told)
    return [Fault(f"{path} is left over from a job that did not end; run snakemake again, or delete it") for path in found]


def diagnose(study: str, overrides: Mapping[str, str]) -> int:
    """Print the faults in the results of a study and the jobs that will run again. Returns 1 if there are faults, else 0.

    overrides: the `--config` values with which the study was run.
    """
    jobs = Jobs(load_study(study, dict(overrides)))
    jobs.check()
    unasked = unasked_files(jobs)
    faults = examine(jobs, unasked)
    for fault in faults:
        print(fault.text)
    count = sum(1 for _ in expected_files(jobs))
    if faults:
        try:
            again = jobs_again(study, overrides, faults)
            print(f"snakemake will run {len(again)} jobs again for that:")
            print(*(f"  {job}" for job in again), sep="\n")
        except StudyError as error:
            print(f"which jobs snakemake will run again for that is not known: {error}")
    if unasked:
        typed = as_typed(study, overrides)
        print(f"{typed} asks no longer for {counted(unasked)}; `layerscope prune {typed}` removes them:")
        for line in unasked_lines(jobs, unasked):
            print(f"  {line}")
    for folder in linked_folders(jobs):
        print(f"{folder} {ELSEWHERE}")
    print(f"{jobs.study.name}: {count} files, {len(faults) or 'no'} fault{'' if len(faults) == 1 else 's'}")
    return 1 if faults else 0
