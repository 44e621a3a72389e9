"""A study as the rest of the program sees it: its networks, and how they are trained.

This is imported wherever Snakemake reads the rules, so it imports only light modules.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from layerscope import selection, store
from layerscope.data.targets import REGRESSION
from layerscope.models.plan import Layer
from layerscope.study.kinds import CLASSES, TARGETS, Kind, Kinds
from layerscope.study.overrides import overridden
from layerscope.study.schema import ONE_SCORE, checked, names_scores
from layerscope.study.variants import Variants

RESERVED_EMBEDDINGS = ("raw", "run")
# The name, in the place of a space, of files of scores that read more than their own representation; no embedding has it.
BESIDE = "beside"
# The options of a block of the training that is switched off.
SWITCHED_OFF: dict[str, dict] = {"augmentation": {}, "spectra": {"phases": []}}
SCHEDULE = {"$ref": "#/$defs/schedule"}
# What a comparison between networks is between → the key in which they differ.
DIFFER_IN = {"seeds": "seed", "architectures": "architecture", "activations": "activation"}
# What each step of a sequence is compared with where a comparison does not say it.
WITH_ALL = "all"


@dataclass(frozen=True)
class Run:
    """One network, identified by its dataset, architecture, activation function and seed."""

    dataset: str
    architecture: str
    activation: str
    seed: int

    @property
    def folder(self) -> str:
        """runs/{dataset}/{architecture}/{activation}/seed{seed}, the name of the network in paths and jobs."""
        return store.run_folder(self.dataset, self.architecture, self.activation, self.seed)

    @property
    def keys(self) -> dict:
        """The columns by which tables name the network."""
        return {
            "dataset": self.dataset,
            "architecture": self.architecture,
            "activation": self.activation,
            "seed": self.seed,
        }


@dataclass(frozen=True)
class Study:
    """A valid study. Blocks are as in the file with defaults filled in; `runs` are the networks, in the order of the grids."""

    name: str
    device: str
    gpu_share: int | None
    precision: str
    memory_format: str
    threads: int
    largest_activations: float
    kinds: Kinds
    datasets: dict[str, dict]
    architectures: dict[str, dict]
    training: dict
    samples: dict[str, dict]
    whole: dict | None
    filters: dict | None
    k: int
    k_is_given: bool
    neurons: dict | None
    embeddings: dict[str, dict]
    scores: dict[str, dict]
    comparisons: dict[str, dict]
    figures: dict[str, dict]
    tables: dict[str, dict]
    claims: dict[str, dict]
    runs: list[Run]
    plans: dict[tuple[str, str], list[Layer]]
    # Network → epoch → the file of a person's own that has its activations.
    given: dict[Run, dict[int, str]] = field(default_factory=dict)
    # (Dataset, architecture) → which arrays the files of given networks have beside their layers.
    beside: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    # Which scores are kept of every observation, and on what: `scores` and `on`; None where none are.
    observations: dict | None = None
    # The files of runs of other studies, of a study that has no networks of its own.
    studies: tuple[str, ...] = ()
    variants: Variants = field(default_factory=Variants)
    notes: tuple[str, ...] = ()
    _training: dict[Run, dict] = field(default_factory=dict, init=False, repr=False, compare=False)
    _draws: dict[str, tuple[str, int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def compared(self) -> dict[str, dict]:
        """The scores that comparisons are, by name (store.compared_name): entries as of scores, with the comparison of each."""
        return {
            store.compared_name(name, measure): {"metric": measure, "options": {}, "on": entry["on"], "comparison": name}
            for name, entry in self.comparisons.items()
            if not self.several_values(name)
            for measure in entry["measures"]
        }

    @property
    def scored(self) -> dict[str, dict]:
        """All scores by name, those that comparisons are among them."""
        return {**self.scores, **self.compared}

    def metric_of(self, score: str) -> Kind:
        """The metric of a score, or the measure of one that a comparison is."""
        entry = self.scored[score]
        return self.kinds.of("comparisons" if "comparison" in entry else "scores")[entry["metric"]]

    def several_values(self, comparison: str) -> str:
        """Why a comparison is no score: of what it has several values for a layer of a network; "" where it has one."""
        entry = self.comparisons[comparison]
        key = DIFFER_IN.get(entry["between"])
        if key is None:
            others = f"other {entry['between']}" if entry.get("with", WITH_ALL) == WITH_ALL else ""
            return (
                f"each has several values, one for each of the {others}: write `with: previous`, first or last" if others else ""
            )
        values = {run.keys[key] for run in self.runs if selection.allows(entry["on"], **run.keys)}
        if key == "seed" or len(values) <= 2:
            return ""
        return f"networks of {len(values)} {entry['between']} are in several pairs each: choose two of them by its `on`"

    def layers(self, run: Run) -> list[Layer]:
        """The layers of a network, first to last."""
        return self.plans[run.dataset, run.architecture]

    def training_of(self, run: Run) -> dict:
        """The training options of a network, overrides applied; snapshots are ascending numbers. Do not modify: it is cached."""
        if run not in self._training:
            self._training[run] = self._training_options(run, self.training["overrides"])
        return self._training[run]

    def training_without(self, run: Run, index: int) -> dict:
        """The training options that a network would have without one of the overrides, by its number."""
        overrides = self.training["overrides"]
        return self._training_options(run, [*overrides[:index], *overrides[index + 1 :]])

    def _training_options(self, run: Run, overrides: list[dict]) -> dict:
        if run in self.given:
            epochs = list(self.given[run])
            return {
                **_training_defaults(),
                "epochs": epochs[-1],
                "snapshots": epochs,
                "spectra": {**_training_defaults()["spectra"], "phases": []},
            }
        options = dict(self.training["default"])
        for override in overrides:
            if selection.allows(override["on"], **run.keys):
                options = overridden(options, override)
        for key, switched_off in SWITCHED_OFF.items():
            block = switched_off if options[key] == selection.NONE else options[key]
            options[key] = {**_training_defaults()[key], **block}
        if "schedule" in options:
            options["schedule"] = checked(options["schedule"], SCHEDULE, "training.schedule")
        last = options["epochs"]
        # Other words than `last` are no epochs; a later check reports each of them.
        options["snapshots"] = sorted(
            {last if epoch == selection.LAST else epoch for epoch in options["snapshots"]},
            key=lambda epoch: (isinstance(epoch, str), epoch),
        )
        return options

    def draws_of(self, sample: str) -> list[str]:
        """The names of all draws of a sample, first to last, as store.draw_name gives them."""
        return [store.draw_name(sample, draw) for draw in range(1, self.samples[sample].get("draws", 1) + 1)]

    def drawn(self, name: str) -> tuple[str, int]:
        """(sample, number of the draw) of one draw of a sample, by its name."""
        if not self._draws:
            self._draws.update(
                {drawn: (sample, n) for sample in self.samples for n, drawn in enumerate(self.draws_of(sample), 1)}
            )
        return self._draws[name]

    def draw_keys(self, name: str) -> dict:
        """The keys by which selectors choose one draw of a sample, by its name."""
        sample, draw = self.drawn(name)
        return {"sample": sample, "draw": draw}

    def draws_shown(self, on: dict) -> list[str]:
        """The names of the draws that a selector of what shows observations chooses: the first ones unless it names others."""
        names = (name for sample in self.samples for name in self.draws_of(sample))
        return [name for name in names if selection.allows({"draw": 1, **on}, **self.draw_keys(name))]

    def snapshots(self, run: Run) -> list[int]:
        """The epochs after which the weights of a network are saved."""
        return self.training_of(run)["snapshots"]

    def spectrum_epochs(self, run: Run, phase: str) -> list[int]:
        """The epochs for which spectra of a network's layers are recorded in a phase, train or evaluation."""
        options = self.training_of(run)
        if phase not in options["spectra"]["phases"]:
            return []
        if phase == "train":
            return list(range(1, options["epochs"] + 1))
        return list(range(options["epochs"] + 1)) if options["spectra"]["epochs"] == "all" else options["snapshots"]

    def evaluated_epochs(self, run: Run) -> list[int]:
        """The epochs at which a network has any score: snapshots, epochs with spectra, or all epochs if a score asks for all."""
        every = any(entry["options"].get("epochs") == "all" for entry in self.scores.values())
        followed = {epoch for phase in ("train", "evaluation") for epoch in self.spectrum_epochs(run, phase)}
        return sorted({*self.snapshots(run), *followed, *(range(self.training_of(run)["epochs"] + 1) if every else ())})

    def score_epochs(self, run: Run, options: dict) -> list[int]:
        """The epochs at which a network has a score from its history or spectra, by the score's options."""
        if "phase" in options:
            return self.spectrum_epochs(run, options["phase"])
        if options.get("epochs") == "all":
            return list(range(self.training_of(run)["epochs"] + 1))
        return self.snapshots(run)

    def followed_layers(self, run: Run) -> list[str]:
        """The layers of a network whose spectra are recorded."""
        chosen = self.training_of(run)["spectra"]["layers"]
        return [layer.name for layer in self.layers(run) if layer.has_map and (chosen == "all" or layer.name in chosen)]

    def size(self, run: Run) -> dict:
        """depth: the number of learned layers, an InceptionV3 not counted. width: units of the narrowest linear hidden layer.

        Without a linear hidden layer, width is that of the last hidden layer (its filters), or else of the output.
        """
        *hidden, output = [layer for layer in self.layers(run) if layer.has_map] or self.layers(run)
        units = [layer.width for layer in hidden if layer.kind == "linear"]
        last = hidden[-1] if hidden else output
        return {"depth": len(hidden) + 1, "width": min(units, default=last.width)}

    def kind_of(self, block: str, name: str) -> Kind:
        """The kind of an entry of a block, by the name of the entry."""
        return self.kinds.of_entry(block, getattr(self, block)[name])

    def network_options(self, run: Run) -> dict:
        """The options of an architecture that build a network, as layerscope.models.network takes them."""
        kind, dataset = self.kind_of("architectures", run.architecture), self.datasets[run.dataset]
        declared = {"declared": kind.says("layers")} if kind.is_own else {}
        tokens = {"vocabulary": dataset["vocabulary"]} if "vocabulary" in dataset else {}
        return {**self.architectures[run.architecture], **declared, **tokens}

    def pretrained(self, run: Run) -> bool:
        """Whether a network begins with given weights."""
        return "weights" in self.architectures[run.architecture]

    def reconstructs(self, run: Run) -> bool:
        """Whether a network is an autoencoder, which reconstructs its input: it predicts no classes and has no accuracy."""
        return self.kind_of("architectures", run.architecture).says("reconstructs", False)

    def predicts(self, run: Run) -> bool:
        """Whether a network predicts classes: autoencoders do not, nor given networks whose files have no predictions."""
        return "predictions" in self.beside[run.dataset, run.architecture] if run in self.given else not self.reconstructs(run)

    def has_losses(self, run: Run) -> bool:
        """Whether the loss of a network on single observations is known."""
        return run not in self.given or {"predictions", "losses"} <= self.beside[run.dataset, run.architecture]

    def has_targets(self, dataset: str) -> bool:
        """Whether a dataset has numbers to predict (a regression) in the place of classes."""
        return self.datasets[dataset].get("task") == REGRESSION

    def lacks(self, dataset: str, kind: Kind) -> str:
        """What a kind of score or figure needs and a dataset has not: classes or targets; "" where nothing is lacking."""
        return next(iter(kind.needs_of_dataset - {TARGETS if self.has_targets(dataset) else CLASSES}), "")


def space_of_rows(space: str) -> str:
    """The space that the rows of a file of scores have, by the name in the place of the space in the name of the file."""
    return RESERVED_EMBEDDINGS[0] if space == BESIDE else space


@cache
def _training_defaults() -> dict:
    return checked({}, {"$ref": "#/$defs/training"}, "training")


def scores_named(kind: Kind, entry: dict) -> list[str]:
    """The scores that a figure, a table or a claim names, by the options of its kind that are names of scores."""
    found: list[str] = []
    for option, part in {"score": {"$ref": ONE_SCORE}, **kind.options}.items():
        if option in entry and names_scores(part):
            found += entry[option] if isinstance(entry[option], list) else [entry[option]]
    return found


def selectors(study: Study) -> Iterator[tuple[str, dict]]:
    """(where, selector) of everything in a study that chooses a part of it."""
    for index, override in enumerate(study.training["overrides"]):
        yield f"training.overrides[{index}].on", override["on"]
    for name, choice in (("whole", study.whole), ("filters", study.filters)):
        if choice:
            yield f"representations.{name}.on", choice["on"]
    if study.neurons is not None:
        yield "neurons.on", study.neurons["on"]
    if study.observations is not None:
        yield "observations.on", study.observations["on"]
    for block in ("samples", "embeddings", "scores", "comparisons", "figures", "tables", "claims"):
        for name, entry in getattr(study, block).items():
            yield f"{block}.{name}.on", entry.get("on", {})
            for key in ("between", "along"):
                if isinstance(entry.get(key), dict):
                    yield f"{block}.{name}.{key}", entry[key]
