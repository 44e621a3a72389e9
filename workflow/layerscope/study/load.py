"""Load a study file as a typed Study: resolve every name and check every block against the others.

This is imported wherever Snakemake reads the rules, so it needs only the standard library, yaml and jsonschema.
"""

import os
from collections.abc import Sequence
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

from layerscope import store
from layerscope.data.targets import REGRESSION
from layerscope.data.tokens import TOKENS
from layerscope.errors import Mistakes, StudyError, one_of
from layerscope.models.declared import declared_layers
from layerscope.models.plan import Layer
from layerscope.study.adapt import adapted
from layerscope.study.checks import CHECKS_AS_ADAPTED, CHECKS_AS_WRITTEN, Check
from layerscope.study.file import read_study
from layerscope.study.kinds import BLOCKS, Kind, Kinds
from layerscope.study.schema import blocks, checked, entry_schema
from layerscope.study.sizes import find_sizes, outputs_of, source_sizes
from layerscope.study.study import RESERVED_EMBEDDINGS, Run, Study


def load_study(file: str | Path, overrides: dict) -> Study:
    """The study of a file, with `--config` values applied. Raises StudyError with a message for every mistake that is found."""
    try:
        return build_study(read_study(file, overrides), Path(file).parent)
    except StudyError as error:
        named = (message if message.startswith(str(file)) else f"{file}: {message}" for message in error.messages)
        raise StudyError(*named) from None


def build_study(content: dict, folder: Path) -> Study:
    """A study from the content of its file, which lies in `folder`. Raises StudyError with a message for every mistake.

    Blocks are checked against each other only after each of them is valid by itself.
    """
    mistakes = Mistakes()
    with mistakes.gathered():
        kinds = _kinds(content.get("code", []), folder, content.get("architectures"))
    mistakes.refuse()
    with mistakes.gathered():
        content = checked(content, blocks(), "")
    entries = _entries(content, kinds, mistakes)
    mistakes.refuse()
    _complete(content, entries, kinds)
    for part in ("whole", "filters"):
        with mistakes.gathered():
            content["representations"][part] = _layer_choice(content["representations"].get(part), part)
    with mistakes.gathered():
        _check_grids(content)
    if content["study"] in store.RESERVED_STUDIES:
        mistakes.messages.append(f"study: {content['study']} is reserved; choose another name")
    mistakes.refuse()
    runs = _runs(content)
    plans: dict[tuple[str, str], list[Layer]] = {}
    for run in runs:
        if (run.dataset, run.architecture) not in plans:
            plans[run.dataset, run.architecture] = []
            with mistakes.gathered():
                plans[run.dataset, run.architecture] = _plan(kinds, run, entries)
    mistakes.refuse()
    study = Study(
        name=content["study"],
        device=content["device"],
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
    )
    _refuse_mistakes(study, CHECKS_AS_WRITTEN, mistakes)
    study = adapted(study, content)
    _refuse_mistakes(study, CHECKS_AS_ADAPTED, mistakes)
    return study


def _refuse_mistakes(study: Study, groups: Sequence[Sequence[Check]], mistakes: Mistakes) -> None:
    for group in groups:
        for check in group:
            mistakes.messages += check(study)
        mistakes.refuse()


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
                entries["datasets"][name] = _derived(name, entry, given or {}, entries["datasets"])
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
    of_regression = filled.get("task") == REGRESSION
    if of_regression and "classes" in filled:
        raise StudyError(f"datasets.{name}.classes: a regression has numbers to predict and no classes; remove it")
    if "normalise_targets" in filled and not of_regression:
        raise StudyError(f"datasets.{name}.normalise_targets changes nothing without `task: {REGRESSION}`; remove it")
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


def _derived(name: str, entry: dict, given: dict, found: dict[str, dict]) -> dict:
    """A dataset derived `from` another one: the options of that dataset, updated with its own."""
    derived = checked(entry, {"$ref": "#/$defs/derived"}, f"datasets.{name}")
    base = derived.pop("from")
    roots = [other for other, options in given.items() if "from" not in options]
    if base not in roots:
        raise StudyError(f"datasets.{name}.from: '{base}' is no dataset with a source of its own; {one_of(base, roots)}")
    for key in ("classes", "rates"):
        if key in derived and found.get(base, {}).get("task") == REGRESSION:
            raise StudyError(f"datasets.{name}.{key}: datasets.{base} has numbers to predict and no classes; remove it")
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


def _plan(kinds: Kinds, run: Run, entries: dict[str, dict[str, Any]]) -> list[Layer]:
    options = entries["architectures"][run.architecture]
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
        return _layers(kind, run.architecture, options, shape, outputs_of(sizes))
    except StudyError as error:
        images = f"the {' × '.join(map(str, shape))} images of " if len(shape) > 1 else ""
        raise StudyError(f"{error} (on {images}datasets.{run.dataset})") from None


def _layers(kind: Kind, name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """The layers of a network, first to last: from the family's `plan`, or as declared by a family in a user's own file."""
    if kind.is_own:
        return declared_layers(name, kind.says("layers", []), options, shape, classes)
    return import_module(kind.module).plan(name, options, shape, classes)
