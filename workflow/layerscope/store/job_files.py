"""Which files each job of a study writes, and of which jobs a file is, by its name."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from layerscope.files.seals import SEAL
from layerscope.files.whole import PARTIAL, TOKEN, WRITING
from layerscope.store.layout import (
    EXPLORER_PARTS,
    FIGURE_FORMATS,
    FILM_FORMATS,
    INPUT,
    PATTERNS,
    TABLE_FORMATS,
    filled,
    study_folder,
)
from layerscope.store.networks import unfinished_training


def _names(*kinds: str, **known: str) -> list[str]:
    return [filled(PATTERNS[kind], known) for kind in kinds]


# Rule → the name of its jobs in logs and benchmarks, and their outputs, with the wildcards of the rule.
JOBS: dict[str, tuple[str, list[str]]] = {
    "prepare": ("prepare/{dataset}", _names("data")),
    "train": ("train/{run}", _names("checkpoints", "history", "spectra")),
    "dump": ("dump/{run}/{sample}", _names("activations", source="{run}")),
    "dump_given": ("dump_given/{run}/{sample}", _names("activations", source="{run}")),
    "dump_input": ("dump_input/{dataset}/{sample}", _names("activations", source=INPUT)),
    "neighbors": ("neighbors/{source}/{sample}", _names("neighbors")),
    "embed": ("embed/{source}/{sample}/{embedding}", _names("embedding")),
    "neurons": ("neurons/{run}/{sample}", _names("neurons")),
    "compare": ("compare/{run}/{sample}/{comparison}", _names("comparison")),
    "gather_comparisons": ("gather_comparisons", _names("comparisons")),
    "score_run": ("score_run/{run}", _names("run_scores")),
    "score_sample": ("score_sample/{run}/{sample}", _names("scores", source="{run}", space="run")),
    "score_raw": ("score_raw/{source}/{sample}", _names("scores", space="raw")),
    "score_beside": ("score_beside/{source}/{sample}", _names("scores", space="beside")),
    "score_embedding": ("score_embedding/{source}/{sample}/{embedding}", _names("scores", space="{embedding}")),
    "score_observations": ("score_observations/{source}/{sample}/{space}", _names("observations")),
    "aggregate": ("aggregate", _names("score_table", "runs", "summary", "tests", "networks")),
    "claims": ("claims", _names("claims")),
    "figure": ("figure/{figure}", [name for suffix in FIGURE_FORMATS for name in _names("figure", format=suffix)]),
    "film": ("film/{figure}", [name for suffix in FILM_FORMATS for name in _names("figure", format=suffix)]),
    "table": ("table/{table}", [name for suffix in TABLE_FORMATS for name in _names("table", format=suffix)]),
    "explore_sample": ("explore_sample/{dataset}/{sample}", _names("explored_sample")),
    "explore_source": ("explore_source/{source}/{sample}", _names("explored_source")),
    "index": ("index", _names("index")),
    "explorer": ("explorer", [name for part in EXPLORER_PARTS for name in _names("explorer", part=part)]),
}
# Wildcard → the names that it takes in any study.
NAME = "[A-Za-z0-9_-]+"
RUN_NAME = f"runs/{NAME}/{NAME}/{NAME}/seed[0-9]+"
LONG_NAMES = {"run": RUN_NAME, "source": f"(?:{RUN_NAME}|inputs/{NAME})"}


@dataclass(frozen=True)
class JobFiles:
    """The files that one job writes."""

    outputs: tuple[str, ...]
    log: str
    benchmark: str


def job_files(study: str, rule: str, **keys: str) -> JobFiles:
    """The files of one job, relative to the working directory. keys: the wildcards of the rule; those not given stay open."""
    *outputs, log, benchmark = (f"{study_folder(study)}/{filled(name, keys)}" for name in _all_names(rule))
    return JobFiles(tuple(outputs), log, benchmark)


def _all_names(rule: str) -> list[str]:
    job, outputs = JOBS[rule]
    return [*outputs, *_names("log", "benchmark", job=job)]


def jobs_of_file(study: str, file: str | Path) -> list[JobFiles]:
    """The jobs that write a file of this name, whether the study has them now or not; none if no job does.

    file: relative to the working directory.
    """
    name = Path(file).relative_to(study_folder(study)).as_posix()
    found = [(rule, expected.fullmatch(name)) for rule, expected in _expected_names()]
    return [job_files(study, rule, **match.groupdict()) for rule, match in found if match]


@cache
def _expected_names() -> list[tuple[str, re.Pattern]]:
    def expression(name: str) -> re.Pattern:
        return re.compile(
            re.sub(r"\{(\w+)\}", lambda at: f"(?P<{at[1]}>{LONG_NAMES.get(at[1], NAME)})", name.replace(".", "[.]"))
        )

    return [(rule, expression(name)) for rule in JOBS for name in _all_names(rule)]


def accompanied(file: Path) -> Path:
    """The file that a hidden one lies beside: its seal, what is being written of it, a part of unfinished work on it.

    Any other file is returned as it is.
    """
    for part in (*reversed(file.parents), file):
        if not part.name.startswith("."):
            continue
        if part == unfinished_training(part.parent / "any"):
            return part.with_name(PATTERNS["checkpoints"].rpartition("/")[2])
        endings = f"{SEAL}|[.][0-9a-f]{{{TOKEN}}}{WRITING}" if part == file else PARTIAL
        found = re.fullmatch(rf"[.](.+?)(?:{endings})", part.name)
        if found:
            # The seal of a file is itself written under a temporary name.
            return accompanied(part.with_name(found[1]))
    return file
