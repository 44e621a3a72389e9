"""A study file as a typed study: every name resolved, every block checked against the others.

Parsed by Snakemake again and again, so only the standard library, yaml and jsonschema are imported here.
"""

import math
from importlib import import_module
from itertools import product
from pathlib import Path

from layerscope import store
from layerscope.errors import StudyError, one_of
from layerscope.models.plan import Layer
from layerscope.study.checks import CHECKS
from layerscope.study.file import checked, definition, kinds, read_study
from layerscope.study.kinds import metrics
from layerscope.study.sizes import source_sizes
from layerscope.study.study import RESERVED_EMBEDDINGS, Run, Study


def load_study(file: str | Path, overrides: dict) -> Study:
    """The study of a file, with `--config` values applied. Raises StudyError with one message for the first fault found."""
    try:
        return build_study(read_study(file, overrides))
    except StudyError as error:
        prefix = "" if str(error).startswith(str(file)) else f"{file}: "
        raise StudyError(f"{prefix}{error}") from None


def build_study(content: dict) -> Study:
    """A study from the checked content of its file. Raises StudyError."""
    if content["study"] in store.RESERVED_STUDIES:
        raise StudyError(f"study: {content['study']} is reserved; choose another name")
    datasets = _datasets(content["datasets"])
    architectures = _entries(content["architectures"], "architectures", "family", "families")
    study = Study(
        name=content["study"],
        device=content["device"],
        precision=content["precision"],
        memory_format=content["memory_format"],
        threads=content["threads"],
        datasets=datasets,
        architectures=architectures,
        training=content["training"],
        samples=content["samples"],
        whole=_layer_choice(content["representations"].get("whole"), "whole"),
        filters=_layer_choice(content["representations"].get("filters"), "filters"),
        k=content["neighbors"]["k"],
        neurons=content.get("neurons"),
        embeddings=_embeddings(content["embeddings"]),
        scores=_scores(content["scores"]),
        figures=_entries(content["figures"], "figures", "kind", "figures"),
        tables=_entries(content["tables"], "tables", "kind", "tables"),
        claims=_entries(content["claims"], "claims", "statistic", "claims"),
        runs=_runs(content, datasets, architectures),
    )
    for run in study.runs:
        if (run.dataset, run.architecture) not in study.plans:
            study.plans[run.dataset, run.architecture] = _plan(study, run)
    for check in CHECKS:
        check(study)
    return study


def _entries(block: dict, where: str, key: str, definitions: str) -> dict[str, dict]:
    entries = {}
    for name, entry in block.items():
        if key not in entry:
            raise StudyError(f"{where}.{name}.{key} is missing; allowed: {', '.join(kinds(definitions))}")
        if entry[key] not in kinds(definitions):
            raise StudyError(f"{where}.{name}.{key}: '{entry[key]}' is not known; {one_of(entry[key], kinds(definitions))}")
        entries[name] = checked(entry, definition(definitions, entry[key]), f"{where}.{name}")
    return entries


def _datasets(block: dict) -> dict[str, dict]:
    """Datasets by name; one derived `from` another has the options of that one, with its own on top."""
    found = _entries({name: entry for name, entry in block.items() if "from" not in entry}, "datasets", "source", "sources")
    datasets = {}
    for name, entry in block.items():
        if "from" not in entry:
            datasets[name] = found[name]
            continue
        derived = checked(entry, {"$ref": "#/$defs/derived"}, f"datasets.{name}")
        base = derived.pop("from")
        if base not in found:
            allowed = one_of(base, found)
            raise StudyError(f"datasets.{name}.from: '{base}' is no dataset with a source of its own; {allowed}")
        if "classes" in derived:
            derived["keep_classes"] = derived.pop("classes")
        if "rates" in derived:
            derived["class_rates"] = derived.pop("rates")
        datasets[name] = {**found[base], **derived}
    return datasets


def _embeddings(block: dict) -> dict[str, dict]:
    embeddings = _entries(block, "embeddings", "method", "methods")
    for name, embedding in embeddings.items():
        if name in RESERVED_EMBEDDINGS:
            raise StudyError(f"embeddings.{name}: the name is reserved; choose another one")
        if "engine" in embedding:
            embedding = checked(embedding, definition("engines", embedding["engine"]), f"embeddings.{name}")
        seeds = embedding.get("seeds", 1)
        embeddings[name] = {**embedding, "seeds": list(range(seeds)) if isinstance(seeds, int) else seeds}
    return embeddings


def _scores(block: dict) -> dict[str, dict]:
    known = metrics()
    scores = {}
    for name, entry in block.items():
        metric = entry.get("metric", name)
        if not isinstance(metric, str) or metric not in known:
            raise StudyError(f"scores.{name}: '{metric}' is no metric; {one_of(metric, known)}")
        options = known[metric].options
        for key, value in entry.items():
            if key not in (*options, "metric", "on"):
                raise StudyError(f"scores.{name}.{key}: unknown key; {one_of(key, ['metric', 'on', *options])}")
            if key in options:
                _check_option(f"scores.{name}.{key}", value, options[key], known[metric].bounds.get(key, (1, math.inf)))
        filled = {key: type(default)(entry.get(key, default)) for key, default in options.items()}
        on = checked(entry.get("on", {}), {"$ref": "#/$defs/selector"}, f"scores.{name}.on")
        scores[name] = {"metric": metric, "options": filled, "on": on}
    return scores


def _check_option(where: str, value: object, default: object, bounds: tuple) -> None:
    """bounds: (lowest, highest), or all the values of an option that is text."""
    if isinstance(default, str):
        if value not in bounds:
            raise StudyError(f"{where}: {value!r} is not allowed; {one_of(value, bounds)}")
        return
    lowest, highest = bounds
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = isinstance(default, int)
    if not number or not math.isfinite(value) or (whole and value != int(value)) or not lowest <= value <= highest:
        within = f"of at least {lowest:g}" if highest == math.inf else f"from {lowest:g} to {highest:g}"
        wanted = f"{'a whole number' if whole else 'a number'} {within}"
        raise StudyError(f"{where}: {value!r} is not allowed; {wanted} is wanted, by default {default}")


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


def _runs(content: dict, datasets: dict, architectures: dict) -> list[Run]:
    runs: dict[Run, None] = {}
    for index, grid in enumerate(content["grids"]):
        for key, defined in (("datasets", datasets), ("architectures", architectures)):
            for name in grid[key]:
                if name not in defined:
                    raise StudyError(f"grids[{index}].{key}: '{name}' is not defined; {one_of(name, defined)}")
        seeds = _seeds(grid.get("seeds", content["seeds"]))
        for values in product(grid["datasets"], grid["architectures"], grid["activations"], seeds):
            runs[Run(*values)] = None
    return list(runs)


def _plan(study: Study, run: Run) -> list[Layer]:
    options = study.architectures[run.architecture]
    sizes = source_sizes(study.datasets[run.dataset])
    family = import_module(f"layerscope.models.families.{options['family']}")
    try:
        return family.plan(run.architecture, options, tuple(sizes["shape"]), sizes["classes"])
    except StudyError as error:
        images = f"the {' × '.join(map(str, sizes['shape']))} images of " if len(sizes["shape"]) > 1 else ""
        raise StudyError(f"{error} (on {images}datasets.{run.dataset})") from None
