"""A study as the rest of the program sees it: its networks, what is looked at, and how large it is.

Read wherever Snakemake reads the rules, so only light modules are imported here.
"""

from dataclasses import dataclass, field

from layerscope import selection, store
from layerscope.files.sources import literal
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


def scores_named(entry: dict) -> list[str]:
    """The scores that a figure, a table or a claim names."""
    return entry.get("scores", [entry[key] for key in ("score", "against") if key in entry])
