"""Load a study file as a typed Study: resolve every name and check every block against the others.

This is imported wherever Snakemake reads the rules, so it needs only the standard library, yaml and jsonschema.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

from layerscope import store
from layerscope.data.tokens import TOKENS
from layerscope.errors import Mistakes, StudyError, one_of
from layerscope.models.declared import declared_layers
from layerscope.models.plan import Layer
from layerscope.study.adapt import adapted
from layerscope.study.checks import CHECKS_AS_ADAPTED, CHECKS_AS_WRITTEN, Check
from layerscope.study.file import read_study
from layerscope.study.given import beside_layers, given_files, with_given_completed
from layerscope.study.kinds import BLOCKS, Kind, Kinds
from layerscope.study.reach import check_reach
from layerscope.study.schema import blocks, checked, entry_schema
from layerscope.study.sizes import find_sizes, source_sizes
from layerscope.study.study import RESERVED_EMBEDDINGS, Run, Study, scores_named

# Nothing in a study refers to the entries of these blocks.
SHOWN = ("figures", "tables", "claims")
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
    content = with_given_completed(content, kinds)
    with mistakes.gathered():
        content = checked(content, blocks(), "")
    in_blocks = len(mistakes.messages)
    entries = _entries(content, kinds, mistakes)
    # Entries with mistakes are left out of what follows where nothing refers to them.
    if in_blocks or not all(_is_shown(message) for message in mistakes.messages):
        mistakes.refuse(more_may_follow=True)
    _complete(content, entries, kinds)
    for part in ("whole", "filters"):
        with mistakes.gathered():
            content["representations"][part] = _layer_choice(content["representations"].get(part), part)
    with mistakes.gathered():
        _check_grids(content)
    if content["study"] in store.RESERVED_STUDIES:
        mistakes.messages.append(f"study: {content['study']} is reserved; choose another name")
    _refuse_unless_shown(mistakes)
    runs = _runs(content)
    given = _given(kinds, runs, entries, mistakes)
    _refuse_unless_shown(mistakes)
    plans: dict[tuple[str, str], list[Layer]] = {}
    beside: dict[tuple[str, str], frozenset[str]] = {}
    for run in runs:
        if (run.dataset, run.architecture) not in plans:
            with mistakes.gathered():
                if run in given:
                    beside[run.dataset, run.architecture] = beside_layers(run.architecture, given[run])
            plans[run.dataset, run.architecture] = []
            with mistakes.gathered():
                plans[run.dataset, run.architecture] = _plan(kinds, run, entries, given.get(run))
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
        figures=entries["figures"],
        tables=entries["tables"],
        claims=entries["claims"],
        runs=runs,
        plans=plans,
        given=given,
        beside=beside,
    )
    for group in CHECKS_AS_WRITTEN:
        study = _checked(study, group, mistakes)
        _refuse_unless_shown(mistakes)
    study = adapted(study, content)
    study = _checked(study, CHECKS_AS_ADAPTED, mistakes)
    # What is too large or too small changes nothing in what there will be, so this is told together with it.
    mistakes.messages += check_reach(study)
    mistakes.refuse()
    return study


def _checked(study: Study, checks: Sequence[Check], mistakes: Mistakes) -> Study:
    """Collect the mistakes that checks find; the study without the entries that they are about, for the checks that follow."""
    found = [message for check in checks for message in check(study)]
    mistakes.messages += found
    about = {(where[1], where[2]) for message in found if (where := ENTRY.match(message))}
    scores = {name: entry for name, entry in study.scores.items() if ("scores", name) not in about}

    def kept(block: str) -> dict[str, dict]:
        return {
            name: entry
            for name, entry in getattr(study, block).items()
            if (block, name) not in about
            and all(score in scores for score in scores_named(study.kinds.of_entry(block, entry), entry))
        }

    figures, tables, claims = (kept(block) for block in SHOWN)
    return replace(study, scores=scores, figures=figures, tables=tables, claims=claims) if about else study


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
    looks = bool(entries["embeddings"]) or any("run" not in metric.spaces for metric in metrics)
    if looks and not content["samples"]:
        content["samples"] = {"all_test": {"split": "test", "choose": "all", "seed": 0}}
    if content["samples"] and not content["representations"]:
        content["representations"] = {"whole": {"layers": "all"}}


def _entries(content: dict, kinds: Kinds, mistakes: Mistakes) -> dict[str, dict[str, dict]]:
    """The entries of all blocks that come in kinds, with the defaults of their kinds; those with mistakes are left out."""
    entries: dict[str, dict] = {block: {} for block in BLOCKS}
    for block in BLOCKS:
        given = content.get(block)
        for name, entry in given.items() if isinstance(given, dict) else ():
            # An entry that is no mapping has been reported already, by the check against the schema.
            if isinstance(entry, dict) and not (block == "datasets" and "from" in entry):
                with mistakes.gathered():
                    entries[block][name] = _entry(kinds, block, name, entry)
    given = content.get("datasets")
    for name, entry in given.items() if isinstance(given, dict) else ():
        if isinstance(entry, dict) and "from" in entry:
            with mistakes.gathered():
                entries["datasets"][name] = _derived(kinds, name, entry, given or {}, entries["datasets"])
    # In the order of the file.
    entries["datasets"] = {name: entries["datasets"][name] for name in given or () if name in entries["datasets"]}
    return entries


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
    kinds.check_own([path for file, path in files.items() if file in builders])
    return kinds


def _entry(kinds: Kinds, block: str, name: str, entry: dict) -> dict:
    """One entry of a block that comes in kinds, with the defaults of its kind."""
    where = f"{block}.{name}"
    if block == "embeddings":
        return _embedding(kinds, name, entry)
    key = BLOCKS[block].key
    if block == "scores":
        kind = kinds.named("scores", entry.get("metric", name), where)
        filled = checked(entry, entry_schema(kind), where)
        options = {option: filled[option] for option in kind.options if option in filled}
        return {"metric": kind.name, "options": options, "on": filled["on"]}
    if key not in entry:
        raise StudyError(f"{where}.{key} is missing; allowed: {', '.join(sorted(kinds.of(block)))}")
    kind = kinds.named(block, entry[key], f"{where}.{key}")
    filled = checked(entry, entry_schema(kind), where)
    option = kind.says("own_code")
    if option:
        if filled[option] not in kinds.files:
            raise StudyError(
                f"{where}.{option}: '{filled[option]}' is no file under `code:`; {one_of(filled[option], kinds.files)}"
            )
        filled[option] = kinds.files[filled[option]]
    return _dataset(kinds, name, entry, filled) if block == "datasets" else filled


def _dataset(kinds: Kinds, name: str, entry: dict, filled: dict) -> dict:
    """A dataset with what its files hold, and with tables standardised where the study does not say how they are normalised."""
    if kinds.of_entry("datasets", filled).says("given"):
        for key in ("normalise", "validation"):
            if key in entry:
                raise StudyError(f"datasets.{name}.{key} changes nothing: given activations are taken as they are; remove it")
        return {**filled, "normalise": "none"}
    find_sizes(kinds, name, filled)
    if "vocabulary" in filled:
        if "normalise" in entry:
            raise StudyError(f"datasets.{name}.normalise changes nothing: networks receive tokens as they are; remove it")
        return {**filled, "normalise": TOKENS}
    if "normalise" in entry:
        return filled
    try:
        is_table = len(source_sizes(kinds, filled)["shape"]) == 1
    except StudyError:
        # Files that are not there are a mistake of the networks that learn from them, if any do.
        is_table = False
    return {**filled, "normalise": "standardise"} if is_table else filled


def _embedding(kinds: Kinds, name: str, entry: dict) -> dict:
    where = f"embeddings.{name}"
    if name in RESERVED_EMBEDDINGS:
        raise StudyError(f"{where}: the name is reserved; choose another one")
    method = entry.get("method")
    if method is None:
        raise StudyError(f"{where}.method is missing; allowed: {', '.join(sorted(kinds.methods()))}")
    kind = kinds.engine(method, entry, f"{where}.")
    engine = kind.says("engine")
    filled = checked({**entry, **({"engine": engine} if engine else {})}, entry_schema(kind), where)
    return {**filled, "seeds": _seeds(filled.get("seeds", 1))}


def _derived(kinds: Kinds, name: str, entry: dict, given: dict, found: dict[str, dict]) -> dict:
    """A dataset derived `from` another one: the options of that dataset, updated with its own."""
    derived = checked(entry, {"$ref": "#/$defs/derived"}, f"datasets.{name}")
    base = derived.pop("from")
    roots = [other for other, options in given.items() if "from" not in options]
    if base not in roots:
        raise StudyError(f"datasets.{name}.from: '{base}' is no dataset with a source of its own; {one_of(base, roots)}")
    if base in found and kinds.of_entry("datasets", found[base]).says("given"):
        raise StudyError(f"datasets.{name}.from: {base} has given activations only; choose its observations by `samples`")
    if "classes" in derived:
        derived["keep_classes"] = derived.pop("classes")
    if "rates" in derived:
        derived["class_rates"] = derived.pop("rates")
    # Mistakes in the other dataset have been reported already.
    return {**found.get(base, {}), **derived}


def _layer_choice(choice: list | dict | None, where: str) -> dict | None:
    if choice is None:
        return None
    if isinstance(choice, list):
        choice = {"layers": choice}
    layers = choice.get("layers", "all")
    if isinstance(layers, str) and layers != "all":
        raise StudyError(f"representations.{where}.layers: '{layers}' is not allowed; all, or a list of layers, is wanted")
    return {"layers": layers, "on": choice.get("on", {})}


def _seeds(seeds: int | list[int]) -> list[int]:
    return list(range(seeds)) if isinstance(seeds, int) else seeds


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
        seeds = _seeds(grid.get("seeds", content["seeds"]))
        for values in product(grid["datasets"], grid["architectures"], grid["activations"], seeds):
            runs[Run(*values)] = None
    return list(runs)


def _given(kinds: Kinds, runs: list[Run], entries: dict[str, dict[str, Any]], mistakes: Mistakes) -> dict[Run, dict[int, str]]:
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
            raise StudyError(
                f"architectures.{run.architecture}: datasets.{run.dataset} has sequences of tokens, which networks of "
                f"`family: {kind.name}` do not take; a module of your own begins with an embedding (`family: module`)"
            )
        options = {**options, "vocabulary": vocabulary}
    try:
        return _layers(kind, run.architecture, options, shape, sizes["classes"])
    except StudyError as error:
        images = f"the {' × '.join(map(str, shape))} images of " if len(shape) > 1 else ""
        raise StudyError(f"{error} (on {images}datasets.{run.dataset})") from None


def _layers(kind: Kind, name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """The layers of a network, first to last: from the family's `plan`, or as declared by a family in a user's own file."""
    if kind.is_own:
        return declared_layers(name, kind.says("layers", []), options, shape, classes)
    return import_module(kind.module).plan(name, options, shape, classes)
