"""A study file as a typed study: every name resolved, every block checked against the others.

Parsed by Snakemake again and again, so only the standard library, yaml and jsonschema are imported here.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from itertools import product
from pathlib import Path

from layerscope import dependencies, selection, store
from layerscope.errors import StudyError, one_of
from layerscope.models.plan import Layer
from layerscope.study_file import checked, definition, kinds, read_study

# Names that Snakemake targets or the layout of files already use.
RESERVED_TARGETS = (
    "all",
    "prepare",
    "train",
    "dump",
    "dump_input",
    "neighbors",
    "embed",
    "neurons",
    "aggregate",
    "figure",
    "table",
)
RESERVED_SAMPLES = ("train", "validation", "test", "scores")
NETWORK_KEYS = ("dataset", *selection.NETWORK_KEYS)
RESERVED_EMBEDDINGS = ("raw", "run")
STATES = ("input", "untrained", "trained", "intermediate")


@dataclass(frozen=True)
class Run:
    """One network: where it lies and what it is."""

    dataset: str
    architecture: str
    activation: str
    seed: int

    @property
    def folder(self) -> str:
        return store.run_folder(self.dataset, self.architecture, self.activation, self.seed)

    @property
    def keys(self) -> dict:
        return {
            "dataset": self.dataset,
            "architecture": self.architecture,
            "activation": self.activation,
            "seed": self.seed,
        }


@dataclass
class Metric:
    """A metric as its module declares it. reads: space → what it needs beside the points. options: with their defaults."""

    name: str
    module: str
    spaces: tuple[str, ...]
    reads: dict[str, tuple[str, ...]]
    options: dict
    whole_only: bool
    higher_is_better: bool | None


@dataclass
class Study:
    """A valid study. Blocks are as in the file with defaults filled in; `runs` are the networks, in the order of the grids."""

    name: str
    device: str
    precision: str
    memory_format: str
    threads: int
    datasets: dict[str, dict]
    architectures: dict[str, dict]
    training: dict
    samples: dict[str, dict]
    whole: dict | None
    filters: dict | None
    k: int
    embeddings: dict[str, dict]
    scores: dict[str, dict]
    figures: dict[str, dict]
    tables: dict[str, dict]
    claims: dict[str, dict]
    runs: list[Run]
    plans: dict[tuple[str, str], list[Layer]] = field(default_factory=dict)

    def layers(self, run: Run) -> list[Layer]:
        """The layers of a network, first to last."""
        return self.plans[run.dataset, run.architecture]

    def training_of(self, run: Run) -> dict:
        """The training options of a network, overrides applied; snapshots are numbers, ascending."""
        options = dict(self.training["default"])
        for override in self.training["overrides"]:
            if selection.allows(override["on"], **run.keys):
                options.update({key: value for key, value in override.items() if key != "on"})
        last = options["epochs"]
        options["snapshots"] = sorted({last if epoch == "last" else epoch for epoch in options["snapshots"]})
        return options

    def snapshots(self, run: Run) -> list[int]:
        """The epochs after which a network is kept."""
        return self.training_of(run)["snapshots"]

    def samples_of(self, run: Run) -> list[str]:
        """The samples through which a network is looked at; none where nothing is looked at."""
        if self.whole is None and self.filters is None:
            return []
        return [
            name
            for name, sample in self.samples.items()
            if selection.allows(sample.get("on", {}), **run.keys) and self.kept_layers(run)
        ]

    def whole_layers(self, run: Run) -> list[str]:
        """The layers of a network that are looked at as a whole."""
        if self.whole is None or not selection.allows(self.whole["on"], **run.keys):
            return []
        wanted = self.whole["layers"]
        return [layer.name for layer in self.layers(run) if wanted == "all" or layer.name in wanted]

    def filter_layers(self, run: Run) -> list[str]:
        """The convolutions of a network whose filters are looked at one by one."""
        if self.filters is None or not selection.allows(self.filters["on"], **run.keys):
            return []
        wanted = self.filters["layers"]
        return [
            layer.name
            for layer in self.layers(run)
            if layer.kind == "conv" and (layer.has_filters if wanted == "all" else layer.name in wanted)
        ]

    def kept_layers(self, run: Run) -> list[str]:
        """The layers of a network whose activations are stored."""
        kept = {*self.whole_layers(run), *self.filter_layers(run)}
        return [layer.name for layer in self.layers(run) if layer.name in kept]


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
    datasets = _entries(content["datasets"], "datasets", "source", "sources")
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


def engine_module(embedding: dict) -> str:
    """The module of layerscope.embedding that makes an embedding."""
    return f"{embedding['method']}_{embedding['engine']}" if "engine" in embedding else embedding["method"]


def metrics() -> dict[str, Metric]:
    """Every metric that a module of layerscope.scoring declares, by name."""
    found = {}
    for module in dependencies.modules("scoring"):
        try:
            declared = dependencies.literal(f"layerscope.scoring.{module}", "METRICS")
        except KeyError:
            continue
        for name, about in declared.items():
            found[name] = Metric(
                name,
                module,
                tuple(about["spaces"]),
                about["reads"],
                about["options"],
                about["whole_only"],
                about["higher_is_better"],
            )
    return found


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
                _check_option(f"scores.{name}.{key}", value, options[key])
        filled = {key: type(default)(entry.get(key, default)) for key, default in options.items()}
        on = checked(entry.get("on", {}), {"$ref": "#/$defs/selector"}, f"scores.{name}.on")
        scores[name] = {"metric": metric, "options": filled, "on": on}
    return scores


def _check_option(where: str, value: object, default: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or (isinstance(default, int) and float(value) != int(value)) or value <= 0:
        wanted = "a whole number" if isinstance(default, int) else "a number"
        raise StudyError(f"{where}: {value!r} is not allowed; {wanted} above 0 is wanted, by default {default}")


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


def _source_sizes(dataset: dict) -> dict | None:
    """shape, train, test and classes of a source that is known before it is prepared; None where the study does not say."""
    if dataset["source"] in ("npz", "images"):
        shape = dataset.get("shape") or ([3] if dataset["colour"] else []) + dataset["size"]
        return {"shape": shape, **dataset.get("n", {}), "classes": dataset["classes"]}
    return dependencies.literal(f"layerscope.data.sources.{dataset['source']}", "SIZES")[dataset["name"]]


def split_size(study: Study, dataset: str, split: str) -> int | None:
    """How many observations a split has, None where the study cannot know before the dataset is prepared."""
    options = study.datasets[dataset]
    sizes = _source_sizes(options)
    if split == "validation":
        return options["validation"]
    held_out = options.get("test", 0) if not sizes.get("test") else 0
    if split == "test":
        return sizes.get("test") or (held_out or None)
    return sizes["train"] - options["validation"] - held_out if "train" in sizes else None


def sample_size(study: Study, dataset: str, sample: str) -> int | None:
    """How many observations a sample has, None where the study cannot know before the dataset is prepared."""
    options = study.samples[sample]
    if options["choose"] in ("first", "random"):
        return options["n"]
    if options["choose"] == "per_class":
        return options["n"] * _source_sizes(study.datasets[dataset])["classes"]
    return split_size(study, dataset, options["split"])


def _plan(study: Study, run: Run) -> list[Layer]:
    options = study.architectures[run.architecture]
    sizes = _source_sizes(study.datasets[run.dataset])
    family = import_module(f"layerscope.models.{options['family']}")
    try:
        return family.plan(run.architecture, options, tuple(sizes["shape"]), sizes["classes"])
    except StudyError as error:
        images = f"the {' × '.join(map(str, sizes['shape']))} images of " if len(sizes["shape"]) > 1 else ""
        raise StudyError(f"{error} (on {images}datasets.{run.dataset})") from None


def _check_names(study: Study) -> None:
    for name in study.samples:
        if name in RESERVED_SAMPLES:
            raise StudyError(f"samples.{name}: the name is reserved; choose another one")
    seen: dict[str, str] = {}
    for block in ("figures", "tables", "claims"):
        for name in getattr(study, block):
            if name in RESERVED_TARGETS or name.startswith(("score_", "target_")):
                raise StudyError(f"{block}.{name}: the name is that of a rule; choose another one")
            if name in seen:
                raise StudyError(f"{block}.{name}: {seen[name]} has an entry of that name; each name is one target")
            seen[name] = block


def _check_sizes(study: Study) -> None:
    for name, options in study.datasets.items():
        left = split_size(study, name, "train")
        if left is not None and left < 1:
            key = "validation" if options["validation"] else "test"
            raise StudyError(f"datasets.{name}.{key}: {options[key]} leaves nothing to train on; hold out less")


def _check_snapshots(study: Study) -> None:
    for run in study.runs:
        options = study.training_of(run)
        for epoch in options["snapshots"]:
            if not isinstance(epoch, int) or not 0 <= epoch <= options["epochs"]:
                raise StudyError(
                    f"training.snapshots: {epoch!r} is no epoch of {run.architecture} on {run.dataset}; "
                    f"0 to {options['epochs']}, or last, is wanted"
                )
        augmentation = options["augmentation"]
        if augmentation and len(_source_sizes(study.datasets[run.dataset])["shape"]) == 1:
            raise StudyError(f"training.augmentation changes images; datasets.{run.dataset} has vectors")


def _selectors(study: Study) -> Iterator[tuple[str, dict]]:
    for index, override in enumerate(study.training["overrides"]):
        yield f"training.overrides[{index}].on", override["on"]
    for name, choice in (("whole", study.whole), ("filters", study.filters)):
        if choice:
            yield f"representations.{name}.on", choice["on"]
    for block in ("samples", "embeddings", "scores", "figures", "tables", "claims"):
        for name, entry in getattr(study, block).items():
            yield f"{block}.{name}.on", entry.get("on", {})
            for key in ("between", "along"):
                if isinstance(entry.get(key), dict):
                    yield f"{block}.{name}.{key}", entry[key]


def _check_selectors(study: Study) -> None:
    epochs = {epoch for run in study.runs for epoch in study.snapshots(run)}
    known: dict[str, set] = {
        "dataset": set(study.datasets),
        "architecture": set(study.architectures),
        "activation": {run.activation for run in study.runs},
        "seed": {run.seed for run in study.runs},
        "sample": set(study.samples),
        "epoch": {"first", "last", *epochs},
        "state": set(STATES),
        "layer": {"input", *(layer.name for plan in study.plans.values() for layer in plan)},
        "embedding": {*RESERVED_EMBEDDINGS, *study.embeddings},
    }
    for where, selector in _selectors(study):
        of_networks = where.startswith(("training.", "samples.", "representations."))
        for key in selector:
            if of_networks and key not in NETWORK_KEYS:
                raise StudyError(f"{where}.{key}: only networks are chosen here; {one_of(key, NETWORK_KEYS)}")
            if key not in selection.KEYS:
                raise StudyError(f"{where}.{key}: unknown key; {one_of(key, selection.KEYS)}")
            for value in selection.values(selector, key):
                if key == "filter":
                    if value != selection.WHOLE and not isinstance(value, int):
                        raise StudyError(f"{where}.filter: {value!r} is not allowed; whole, or numbers, are wanted")
                elif value not in known[key]:
                    raise StudyError(f"{where}.{key}: {value!r} is not part of the study; {one_of(value, map(str, known[key]))}")
    for where, choice in (("whole", study.whole), ("filters", study.filters)):
        for layer in choice["layers"] if choice and choice["layers"] != "all" else []:
            if layer not in known["layer"] - {"input"}:
                raise StudyError(
                    f"representations.{where}.layers: no architecture has '{layer}'; {one_of(layer, known['layer'])}"
                )


def _check_samples(study: Study) -> None:
    for name, sample in study.samples.items():
        if sample["choose"] != "all" and "n" not in sample:
            raise StudyError(f"samples.{name}.n is missing; choose: {sample['choose']} needs it")
        for dataset in {run.dataset for run in study.runs if name in study.samples_of(run)}:
            available = split_size(study, dataset, sample["split"])
            if available == 0:
                raise StudyError(f"samples.{name}.split: datasets.{dataset} has no {sample['split']} split; set its size there")
            wanted = sample_size(study, dataset, name)
            if available is not None and wanted is not None and wanted > available:
                raise StudyError(
                    f"samples.{name}.n: {wanted} observations are wanted, {dataset} has {available} in {sample['split']}"
                )


def neighbors_needed(embedding: dict) -> int:
    """How many neighbours of each point, itself not counted, an embedding needs in the graph; 0 where it reads none."""
    if "neighbors" not in dependencies.literal(f"layerscope.embedding.{engine_module(embedding)}", "READS"):
        return 0
    if "perplexity" in embedding:
        return int(3 * embedding["perplexity"])
    return embedding["n_neighbors"] - 1


def _check_neighbors(study: Study) -> None:
    known = metrics()
    for name, embedding in study.embeddings.items():
        needed = neighbors_needed(embedding)
        if needed > study.k:
            what = "perplexity" if "perplexity" in embedding else "n_neighbors"
            raise StudyError(
                f"embeddings.{name}.{what}: {embedding[what]:g} needs {needed} neighbours; neighbors.k is {study.k}, raise it"
            )
    for name, entry in study.scores.items():
        declared = known[entry["metric"]]
        if any("neighbors" in reads for reads in declared.reads.values()):
            needed = int(3 * entry["options"]["perplexity"]) if "perplexity" in entry["options"] else entry["options"]["k"]
            if needed > study.k:
                raise StudyError(f"scores.{name} needs {needed} neighbours; neighbors.k is {study.k}, raise it")
    reads_graph = any(neighbors_needed(embedding) for embedding in study.embeddings.values()) or any(
        "neighbors" in reads for entry in study.scores.values() for reads in known[entry["metric"]].reads.values()
    )
    for run in study.runs:
        for sample in study.samples_of(run):
            n = sample_size(study, run.dataset, sample)
            if n is None:
                continue
            if reads_graph and n <= study.k:
                raise StudyError(
                    f"neighbors.k: {study.k} neighbours are wanted among the {n} observations of samples.{sample} ({run.dataset})"
                )
            for name, embedding in study.embeddings.items():
                if embedding.get("n_neighbors", 0) >= n:
                    raise StudyError(
                        f"embeddings.{name}.n_neighbors: {embedding['n_neighbors']} is too large for the {n} observations of "
                        f"samples.{sample} ({run.dataset})"
                    )
                if "perplexity" in embedding and 3 * embedding["perplexity"] > n - 1:
                    raise StudyError(
                        f"embeddings.{name}.perplexity: {embedding['perplexity']:g} is too large for the {n} observations of "
                        f"samples.{sample} ({run.dataset}); at most {(n - 1) // 3} is possible"
                    )


def _check_scores_named(study: Study) -> None:
    known = metrics()
    for block in ("figures", "tables", "claims"):
        for name, entry in getattr(study, block).items():
            asked = entry.get("scores", [entry["score"]] if "score" in entry else [])
            for score in asked:
                if score not in study.scores:
                    raise StudyError(f"{block}.{name}: no score is named '{score}'; {one_of(score, study.scores)}")
                spaces = known[study.scores[score]["metric"]].spaces
                if entry.get("kind") == "networks" and "run" not in spaces:
                    raise StudyError(f"{block}.{name}: '{score}' is no score of a network as such; accuracy and loss are")


def _check_figures(study: Study) -> None:
    for name, figure in study.figures.items():
        if figure["kind"] != "embedding_grid":
            continue
        on = figure.get("on", {})
        runs = [run for run in study.runs if selection.allows(on, **run.keys)]
        embeddings = [embedding for embedding in study.embeddings if selection.allows(on, embedding=embedding)]
        samples = [sample for sample in study.samples if selection.allows(on, sample=sample)]
        if len(runs) != 1 or len(embeddings) != 1 or len(samples) != 1:
            raise StudyError(
                f"figures.{name}.on chooses {len(runs)} networks, {len(samples)} samples and {len(embeddings)} embeddings; "
                "an embedding grid shows one of each: name dataset, architecture, activation, seed, sample and embedding"
            )
        layers = selection.values(on, "layer") or []
        if figure["panels"] == "filters" and len(layers) != 1:
            raise StudyError(f"figures.{name}.on.layer: panels: filters needs exactly one layer")


def _simple_values(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str | int) for value in values)


def _check_claims(study: Study) -> None:
    for name, claim in study.claims.items():
        if "between" in claim:
            [(key, values)] = claim["between"].items()
            if not _simple_values(values) or len(values) != 2 or values[0] == values[1]:
                raise StudyError(f"claims.{name}.between.{key}: {values!r} is not allowed; two different values are wanted")
        if claim["statistic"] == "order":
            [(key, values)] = claim["along"].items()
            if not _simple_values(values) or len(values) < 2:
                raise StudyError(f"claims.{name}.along.{key}: {values!r} is not allowed; two or more values are wanted")


CHECKS: tuple[Callable[[Study], None], ...] = (
    _check_names,
    _check_sizes,
    _check_snapshots,
    _check_claims,
    _check_selectors,
    _check_samples,
    _check_neighbors,
    _check_scores_named,
    _check_figures,
)
