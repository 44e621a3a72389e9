"""Load a study file as a typed Study: resolve every name and check every block against the others.

This is imported wherever Snakemake reads the rules, so it needs only the standard library, yaml and jsonschema.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from layerscope.errors import Mistakes, StudyError, one_of
from layerscope.models.declared import declared_layers
from layerscope.models.plan import Layer
from layerscope.selection import NONE
from layerscope.study.adapt import adapted
from layerscope.study.checks import CHECKS_AS_ADAPTED, CHECKS_AS_WRITTEN, Check
from layerscope.study.comparisons import add_of_figures
from layerscope.study.declarations import check_own_files
from layerscope.study.defaults import LOOKS, add_networks, with_looks
from layerscope.study.effect import without_effect
from layerscope.study.entries import entries_of, networks_of
from layerscope.study.file import read_study
from layerscope.study.given import beside_layers, given_files, with_given_completed
from layerscope.study.kinds import Kind, Kinds
from layerscope.study.other_studies import study_of_studies
from layerscope.study.overrides import SWITCHED_OFF, with_options_off_apart
from layerscope.study.reach import check_reach
from layerscope.study.references import of_selectors
from layerscope.study.schema import blocks, checked
from layerscope.study.sizes import find_sizes, outputs_of, source_sizes
from layerscope.study.study import Run, Study, scores_named
from layerscope.study.variants import Variants
from layerscope.study.vary import with_variants

# Nothing in a study refers to the entries of these blocks.
SHOWN = ("figures", "tables", "claims")
# What every study says that has data of its own.
REQUIRED = ["study", "datasets"]
# The entry that a message is about.
ENTRY = re.compile(r"(figures|tables|claims|scores)\.([A-Za-z0-9_-]+)")


def load_study(file: str | Path, overrides: dict) -> Study:
    """The study of a file, with `--config` values applied. Raises StudyError with a message for every mistake that is found."""
    try:
        return build_study(read_study(file, overrides), Path(file).parent)
    except StudyError as error:
        named = (message if message.startswith(str(file)) else f"{file}: {message}" for message in error.messages)
        raise StudyError(*named, more_may_follow=error.more_may_follow) from None


def build_study(content: dict, folder: Path) -> Study:
    """A study from the content of its file, which lies in `folder`. Raises StudyError with a message for every mistake.

    Blocks are checked against each other only after each of them is valid by itself; figures, tables and claims with mistakes are
    left out of what follows, so that the mistakes of the others are told too.
    """
    mistakes = Mistakes()
    with mistakes.gathered():
        kinds = _kinds(content.get("code", []), folder, content.get("architectures"))
    mistakes.refuse(more_may_follow=True)
    if "studies" in content:
        return study_of_studies(content, kinds)
    content, variants = with_variants(content, kinds)
    try:
        study = _built(content, kinds, variants)
    except StudyError as error:
        told = dict.fromkeys(of_selectors(variants.in_file(message), kinds, variants) for message in error.messages)
        raise StudyError(*told, more_may_follow=error.more_may_follow) from None
    return replace(study, notes=tuple(dict.fromkeys(map(variants.in_file, study.notes))))


def _built(content: dict, kinds: Kinds, variants: Variants) -> Study:
    """The study of a content in which every variant is an entry."""
    mistakes = Mistakes()
    given = with_given_completed(content, kinds)
    content, switched_off = with_options_off_apart(given)
    with mistakes.gathered():
        content = _without_none(checked(content, {**blocks(), "required": REQUIRED}, ""))
    in_blocks = len(mistakes.messages)
    entries = entries_of(content, kinds, mistakes)
    # Entries with mistakes are left out of what follows where nothing refers to them.
    if in_blocks:
        mistakes.refuse(more_may_follow=True)
    _refuse_unless_shown(mistakes)
    for override, keys in zip(content["training"]["overrides"], switched_off, strict=False):
        override.update({SWITCHED_OFF: keys} if keys else {})
    notes: list[str] = []
    with mistakes.gathered():
        notes += add_networks(content, given, entries, kinds)
    _refuse_unless_shown(mistakes)
    _complete(content, entries, kinds)
    add_of_figures(content, entries, kinds)
    for part in ("whole", "filters"):
        with mistakes.gathered():
            content["representations"][part] = _layer_choice(content["representations"].get(part), part)
    with mistakes.gathered():
        _check_grids(content)
    _refuse_unless_shown(mistakes)
    runs = _runs(content)
    files = _given_files(kinds, runs, entries, mistakes)
    _refuse_unless_shown(mistakes)
    plans: dict[tuple[str, str], list[Layer]] = {}
    beside: dict[tuple[str, str], frozenset[str]] = {}
    for run in runs:
        if (run.dataset, run.architecture) not in plans:
            with mistakes.gathered():
                if run in files:
                    beside[run.dataset, run.architecture] = beside_layers(run.architecture, files[run])
            plans[run.dataset, run.architecture] = []
            with mistakes.gathered():
                plans[run.dataset, run.architecture] = _plan(kinds, run, entries, files.get(run))
    _refuse_unless_shown(mistakes)
    study = Study(
        name=content["study"],
        device=content["device"],
        gpu_share=content.get("gpu_share"),
        precision=content["precision"],
        memory_format=content["memory_format"],
        threads=content["threads"],
        largest_activations=content["largest_activations"],
        kinds=kinds,
        datasets=entries["datasets"],
        architectures=entries["architectures"],
        training=content["training"],
        samples=content["samples"],
        whole=content["representations"]["whole"],
        filters=content["representations"]["filters"],
        k=content["neighbors"].get("k", 0),
        k_is_given="k" in content["neighbors"],
        neurons=content.get("neurons"),
        embeddings=entries["embeddings"],
        scores=entries["scores"],
        comparisons=content["comparisons"],
        figures=entries["figures"],
        tables=entries["tables"],
        claims=entries["claims"],
        runs=runs,
        plans=plans,
        given=files,
        beside=beside,
        observations=content.get("observations"),
        variants=variants,
        notes=tuple(notes),
    )
    for group in CHECKS_AS_WRITTEN:
        study = _checked(study, group, mistakes)
        _refuse_unless_shown(mistakes)
    study = adapted(with_looks(study, given), content)
    study = _checked(study, CHECKS_AS_ADAPTED, mistakes)
    # What is too large or too small changes nothing in what there will be, so this is told together with it.
    mistakes.messages += check_reach(study)
    mistakes.refuse()
    return replace(study, notes=(*study.notes, *without_effect(study, content, given)))


def _without_none(content: dict) -> dict:
    """The study with blocks that are left out, or that `none` leaves empty, as empty ones."""
    blocks_that_can_be_empty = (*LOOKS, "claims")
    return {
        **content,
        **{block: {} if content.get(block, NONE) == NONE else content[block] for block in blocks_that_can_be_empty},
    }


def _checked(study: Study, checks: Sequence[Check], mistakes: Mistakes) -> Study:
    """Collect the mistakes that checks find; the study without the entries that they are about, for the checks that follow."""
    found = [message for check in checks for message in check(study)]
    mistakes.messages += found
    about = {(where[1], where[2]) for message in found if (where := ENTRY.match(message))}
    scores = {name: entry for name, entry in study.scores.items() if ("scores", name) not in about}
    made_by = {name for block, name in about if block == "figures"}
    comparisons = {name: entry for name, entry in study.comparisons.items() if not ("made_by" in entry and name in made_by)}
    known = {*scores, *study.compared}

    def kept(block: str) -> dict[str, dict]:
        return {
            name: entry
            for name, entry in getattr(study, block).items()
            if (block, name) not in about
            and all(score in known for score in scores_named(study.kinds.of_entry(block, entry), entry))
        }

    figures, tables, claims = (kept(block) for block in SHOWN)
    neurons = None if any(message.startswith("neurons") for message in found) else study.neurons
    return replace(study, scores=scores, comparisons=comparisons, figures=figures, tables=tables, claims=claims, neurons=neurons)


def _is_shown(message: str) -> bool:
    """Whether a mistake is in an entry of a block to which nothing else refers."""
    where = ENTRY.match(message)
    return where is not None and where[1] in SHOWN


def _refuse_unless_shown(mistakes: Mistakes) -> None:
    if not all(_is_shown(message) for message in mistakes.messages):
        mistakes.refuse(more_may_follow=True)


def _complete(content: dict, entries: dict[str, dict[str, dict]], kinds: Kinds) -> None:
    """What a study does not say and nobody would say otherwise: all products, and all whole layers on all of the test split."""
    for grid in content["grids"]:
        grid.setdefault("datasets", list(entries["datasets"]))
        grid.setdefault("architectures", list(entries["architectures"]))
    metrics = [kinds.of("scores")[entry["metric"]] for entry in entries["scores"].values()]
    looks = bool(entries["embeddings"]) or "neurons" in content or any("run" not in metric.spaces for metric in metrics)
    looks = looks or bool(content["comparisons"])
    looks = looks or any(
        {"activations", "comparison"} & {*kinds.of_entry("figures", entry).says("reads", ())}
        for entry in entries["figures"].values()
    )
    if looks and not content["samples"]:
        content["samples"] = {"all_test": {"split": "test", "choose": "all", "seed": 0}}
    if content["samples"] and not content["representations"]:
        content["representations"] = {"whole": {"layers": "all"}}


def _kinds(code: object, folder: Path, architectures: object) -> Kinds:
    """The kinds of the package and of the user's own files. Raises StudyError for files that are missing or declare nothing."""
    mistakes = Mistakes()
    if not isinstance(code, list) or not all(isinstance(file, str) and file.endswith(".py") for file in code):
        raise StudyError(f"code: {code!r} is not allowed; a list of Python files (.py) is wanted")
    for file in code:
        if not (folder / file).is_file():
            mistakes.messages.append(f"code: there is no {file} beside the study file")
    mistakes.refuse()
    files = {file: os.path.relpath(folder / file) for file in code}
    kinds = Kinds(tuple(files.values()), files)
    entries = architectures.values() if isinstance(architectures, dict) else ()
    builders = {entry.get("file") for entry in entries if isinstance(entry, dict)}
    check_own_files(kinds.own, [path for file, path in files.items() if file in builders])
    return kinds


def _layer_choice(choice: list | dict | None, where: str) -> dict | None:
    if choice is None:
        return None
    if isinstance(choice, list):
        choice = {"layers": choice}
    layers = choice.get("layers", "all")
    if isinstance(layers, str) and layers != "all":
        raise StudyError(f"representations.{where}.layers: '{layers}' is not allowed; all, or a list of layers, is wanted")
    return {"layers": layers, "on": choice.get("on", {})}


def _check_grids(content: dict) -> None:
    mistakes = Mistakes()
    for index, grid in enumerate(content["grids"]):
        for key in ("datasets", "architectures"):
            for name in grid[key]:
                if name not in content[key]:
                    mistakes.messages.append(f"grids[{index}].{key}: '{name}' is not defined; {one_of(name, content[key])}")
    mistakes.refuse()


def _runs(content: dict) -> list[Run]:
    runs: dict[Run, None] = {}
    for grid in content["grids"]:
        runs.update(dict.fromkeys(networks_of(grid, content["seeds"])))
    return list(runs)


def _given_files(
    kinds: Kinds, runs: list[Run], entries: dict[str, dict[str, Any]], mistakes: Mistakes
) -> dict[Run, dict[int, str]]:
    """Network → epoch → file, of the networks whose activations are given. Their datasets get the files that tell the labels."""
    given: dict[Run, dict[int, str]] = {}
    for run in runs:
        options = entries["architectures"][run.architecture]
        if kinds.of_entry("architectures", options).says("given", False):
            with mistakes.gathered():
                given[run] = given_files(run.architecture, options, run.keys)
    for run, files in given.items():
        dataset = entries["datasets"][run.dataset]
        if kinds.of_entry("datasets", dataset).says("given", False):
            dataset.setdefault("files", [])
            dataset["files"] += [file for file in files.values() if file not in dataset["files"]]
    for name in dict.fromkeys(run.dataset for run in given):
        if "files" in entries["datasets"][name]:
            with mistakes.gathered():
                find_sizes(kinds, name, entries["datasets"][name])
    return given


def _plan(kinds: Kinds, run: Run, entries: dict[str, dict[str, Any]], files: dict[int, str] | None) -> list[Layer]:
    options = entries["architectures"][run.architecture]
    if files:
        options = {**options, "file": next(iter(files.values()))}
    try:
        sizes = source_sizes(kinds, entries["datasets"][run.dataset])
    except StudyError as error:
        raise StudyError(f"datasets.{run.dataset}: {error}") from None
    shape, kind = tuple(sizes["shape"]), kinds.of_entry("architectures", options)
    vocabulary = entries["datasets"][run.dataset].get("vocabulary")
    if vocabulary:
        if not kind.says("takes_tokens"):
            takers = [other.name for other in kinds.of("architectures").values() if other.says("takes_tokens")]
            raise StudyError(
                f"architectures.{run.architecture}: datasets.{run.dataset} has sequences of tokens, which networks of "
                f"`family: {kind.name}` do not take; {' and '.join(f'`family: {name}`' for name in takers)} can"
            )
        options = {**options, "vocabulary": vocabulary}
    try:
        return _layers(kind, run.architecture, options, shape, outputs_of(sizes))
    except StudyError as error:
        images = f"the {' × '.join(map(str, shape))} images of " if len(shape) > 1 else ""
        raise StudyError(f"{error} (on {images}datasets.{run.dataset})") from None


def _layers(kind: Kind, name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """The layers of a network, first to last: from the family's `plan`, or as declared by a family in a user's own file."""
    if kind.is_own:
        return declared_layers(name, kind.says("layers", []), options, shape, classes)
    return import_module(kind.module).plan(name, options, shape, classes)
