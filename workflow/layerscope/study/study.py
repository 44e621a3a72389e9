"""A study as the rest of the program sees it: its networks, what is looked at, and how large it is.

Read wherever Snakemake reads the rules, so only light modules are imported here.
"""

from dataclasses import dataclass, field
from typing import Any

from layerscope import selection, store
from layerscope.files.sources import literal, modules
from layerscope.models.plan import Layer

RESERVED_EMBEDDINGS = ("raw", "run")


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
    bounds: dict
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
    neurons: dict | None
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
                options = merged(options, {key: value for key, value in override.items() if key != "on"})
        if options["augmentation"] == selection.NONE:
            options["augmentation"] = {}
        last = options["epochs"]
        options["snapshots"] = sorted({last if epoch == "last" else epoch for epoch in options["snapshots"]})
        return options

    def snapshots(self, run: Run) -> list[int]:
        """The epochs after which a network is kept."""
        return self.training_of(run)["snapshots"]

    def spectrum_epochs(self, run: Run, phase: str) -> list[int]:
        """The epochs of which there are spectra of a network's layers in a phase, train or evaluation."""
        options = self.training_of(run)
        if phase not in options["spectra"]["phases"]:
            return []
        if phase == "train":
            return list(range(1, options["epochs"] + 1))
        return list(range(options["epochs"] + 1)) if options["spectra"]["epochs"] == "all" else options["snapshots"]

    def evaluated_epochs(self, run: Run) -> list[int]:
        """The epochs of which there is some score of a network: snapshots, those of spectra, all where a score wants all."""
        every = any(entry["options"].get("epochs") == "all" for entry in self.scores.values())
        followed = {epoch for phase in ("train", "evaluation") for epoch in self.spectrum_epochs(run, phase)}
        return sorted({*self.snapshots(run), *followed, *(range(self.training_of(run)["epochs"] + 1) if every else ())})

    def score_epochs(self, run: Run, options: dict) -> list[int]:
        """The epochs of which a network has a score of itself, by the score's options."""
        if "phase" in options:
            return self.spectrum_epochs(run, options["phase"])
        if options.get("epochs") == "all":
            return list(range(self.training_of(run)["epochs"] + 1))
        return self.snapshots(run)

    def followed_layers(self, run: Run) -> list[str]:
        """The layers of a network of which there are spectra."""
        chosen = self.training_of(run)["spectra"]["layers"]
        return [layer.name for layer in self.layers(run) if layer.has_map and (chosen == "all" or layer.name in chosen)]

    def size(self, run: Run) -> dict:
        """depth: how many layers a network learns. width: units of its narrowest fully connected hidden layer.

        Where there is none, the filters of the last convolution before the output.
        """
        *hidden, output = [layer for layer in self.layers(run) if layer.has_map]
        units = [layer.width for layer in hidden if layer.kind == "linear"]
        last = hidden[-1] if hidden else output
        return {"depth": len(hidden) + 1, "width": min(units, default=last.width)}

    def classifies(self, run: Run) -> bool:
        """Whether a network tells classes apart; one that reconstructs its input has no accuracy."""
        family = f"layerscope.models.families.{self.architectures[run.architecture]['family']}"
        try:
            return not literal(family, "RECONSTRUCTS")
        except KeyError:
            return True

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

    def mapped(self, run: Run, sample: str) -> dict:
        """The snapshots and layers of a network whose neurons are mapped by a sample, as job params (layerscope.store.View)."""
        nothing = {"epochs": [], "whole": [], "filters": {}}
        if self.neurons is None or not selection.allows(self.neurons["on"], sample=sample, **run.keys):
            return nothing
        wanted = self.neurons["layers"]
        layers = [layer for layer in self.whole_layers(run) if wanted == "all" or layer in wanted]
        epochs = selection.allowed_epochs(self.neurons["on"], self.snapshots(run))
        return {"epochs": epochs, "whole": layers, "filters": {}} if layers and epochs else nothing

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

    def named_layers(self, selector: dict, run: Run, layers: list[str] | None = None) -> dict:
        """The selector for one network: the `last` of its layers, and its `hidden` ones, by name.

        layers: those to choose from, first to last; by default the ones that are looked at.
        """
        layers = self.kept_layers(run) if layers is None else layers
        output = self.layers(run)[-1].name
        hidden = [layer for layer in layers if layer != output]
        return selection.with_layers_named(selector, layers[-1], hidden) if layers else selector

    def kept_layers(self, run: Run) -> list[str]:
        """The layers of a network whose activations are stored."""
        kept = {*self.whole_layers(run), *self.filter_layers(run)}
        return [layer.name for layer in self.layers(run) if layer.name in kept]


def merged(options: dict, changes: dict) -> dict:
    """Options with changes on top, block by block: a nested block keeps the keys that its changes do not name."""
    blocks = {key for key, value in changes.items() if isinstance(value, dict) and isinstance(options.get(key), dict)}
    return {**options, **changes, **{key: merged(options[key], changes[key]) for key in blocks}}


def engine_module(embedding: dict) -> str:
    """The module of layerscope.embedding that makes an embedding."""
    return f"{embedding['method']}_{embedding['engine']}" if "engine" in embedding else embedding["method"]


def metrics() -> dict[str, Metric]:
    """Every metric that a module of layerscope.scoring declares, by name."""
    found = {}
    for module in modules("scoring"):
        try:
            declared = literal(f"layerscope.scoring.{module}", "METRICS")
        except KeyError:
            continue
        for name, about in declared.items():
            found[name] = Metric(
                name,
                module,
                tuple(about["spaces"]),
                about["reads"],
                about["options"],
                about.get("bounds", {}),
                about["whole_only"],
                about["higher_is_better"],
            )
    return found


def shows_one(kind: str) -> tuple[str, ...]:
    """What a kind of figure shows exactly one of: of network, sample, embedding, layer and snapshot."""
    return _declared(kind, "SHOWS_ONE", ())


def own_files_option(source: str) -> str | None:
    """The option of a source that names the person's own files, None where it reads none."""
    try:
        return literal(f"layerscope.data.sources.{source}", "OWN_FILES")
    except KeyError:
        return None


def told_sizes(kind: str) -> bool:
    """Whether a kind of figure is told the depth and width of architectures."""
    return _declared(kind, "TOLD_SIZES", False)


def told_lambdas(kind: str) -> bool:
    """Whether a kind of figure is told the lambda of embeddings."""
    return _declared(kind, "TOLD_LAMBDAS", False)


def is_film(kind: str) -> bool:
    """Whether a kind of figure moves."""
    return _declared(kind, "FILM", False)


def _declared(kind: str, name: str, default: object) -> Any:
    try:
        return literal(f"layerscope.figures.{kind}", name)
    except KeyError:
        return default


def neighbors_needed(embedding: dict) -> int:
    """How many neighbours of each point, itself not counted, an embedding needs in the graph; 0 where it reads none."""
    if "neighbors" not in literal(f"layerscope.embedding.{engine_module(embedding)}", "READS"):
        return 0
    if "perplexity" in embedding:
        return int(3 * embedding["perplexity"])
    return embedding["n_neighbors"] - 1


def scores_named(entry: dict) -> list[str]:
    """The scores that a figure, a table or a claim names."""
    return entry.get("scores", [entry[key] for key in ("score", "against") if key in entry])


def source_sizes(dataset: dict) -> dict:
    """shape and classes of a dataset; train and test, as far as the study says them, with nothing held out for validation."""
    if "train" in dataset:
        whole = source_sizes({key: value for key, value in dataset.items() if key != "train"})
        return {**whole, "train": dataset["train"]}
    if "keep_classes" in dataset:
        whole = source_sizes({key: value for key, value in dataset.items() if key != "keep_classes"})
        return {"shape": whole["shape"], "classes": len(dataset["keep_classes"])}
    if "preprocess" in dataset:
        whole = source_sizes({key: value for key, value in dataset.items() if key != "preprocess"})
        grey = dataset["preprocess"]["grayscale"] and len(whole["shape"]) == 3
        return {**whole, "shape": list(whole["shape"])[1:] if grey else whole["shape"]}
    if dataset["source"] in ("npz", "images"):
        shape = dataset.get("shape") or ([3] if dataset["colour"] else []) + dataset["size"]
        return {"shape": shape, **dataset.get("n", {}), "classes": dataset["classes"]}
    sizes = literal(f"layerscope.data.sources.{dataset['source']}", "SIZES")[dataset["name"]]
    if "test" in dataset:
        return {**sizes, "train": sizes["train"] - dataset["test"], "test": dataset["test"]}
    return sizes


def split_size(study: Study, dataset: str, split: str) -> int | None:
    """How many observations a split has, None where the study cannot know before the dataset is prepared."""
    options = study.datasets[dataset]
    if split == "validation":
        return options["validation"]
    size = source_sizes(options).get(split)
    return size - options["validation"] if split == "train" and size is not None else size


def sample_size(study: Study, dataset: str, sample: str) -> int | None:
    """How many observations a sample has, None where the study cannot know before the dataset is prepared."""
    options = study.samples[sample]
    if options["choose"] in ("first", "random"):
        return options["n"]
    if options["choose"] == "per_class":
        return options["n"] * source_sizes(study.datasets[dataset])["classes"]
    return split_size(study, dataset, options["split"])


def largest_sample(embedding: dict) -> int | None:
    """The most points that an embedding's engine takes, None where it has no bound."""
    if embedding.get("exact") is False:
        return None
    try:
        return literal(f"layerscope.embedding.{engine_module(embedding)}", "LARGEST")
    except KeyError:
        return None
