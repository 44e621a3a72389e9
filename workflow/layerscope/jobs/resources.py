"""Estimates of the memory (MB) and the time (minutes) of each Snakemake job, from the size of its work.

The constants were fitted to the `benchmark:` files of finished studies on one core of an AMD EPYC that had nothing else to do;
benchmarks/resources.py compares estimates and measurements for any study. If an estimate is too low, the next attempt asks for
more. Retraining is not counted: estimates assume that the first attempt is accepted. If it is not, the job times out and resumes.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from layerscope.models.at_once import WIDEST
from layerscope.models.size import NetworkSize, network_size
from layerscope.selection import View
from layerscope.study.comparisons import Comparisons
from layerscope.study.sizes import sample_size, source_sizes, split_size
from layerscope.study.study import BESIDE, Run, Study, scores_named, space_of_rows
from layerscope.study.views import Views

# Minima for any job (MB, minutes): what Python and its libraries use differs more between machines than between small jobs.
LEAST_MEMORY = 1000
LEAST_MINUTES = 10
# The minimum (MB) where no job is killed for using more than it asked for, and Snakemake alone counts what all ask for.
LEAST_MEMORY_HERE = 500
# The minimum for score jobs, which a cluster runs in groups of twenty, one after another (profiles/slurm).
LEAST_MINUTES_OF_SCORES = 3
MEMORY_MARGIN = 1.25
# Cores of other machines may be half as fast, and are seldom idle.
TIME_MARGIN = 3

# Seconds until a job has started and imported what it needs, where the system has read the files of libraries before.
START = 0.7

MB = 1e6
FLOAT = 4 / MB
# Assumed number of observations in a split whose size is unknown before the dataset is prepared.
UNKNOWN_SIZE = 60_000
# Host memory (MB) of CUDA's libraries, added with `cuda`, and the minimum with `cuda` or `auto`, which may find a GPU or not.
CUDA_MEMORY = 2000
LEAST_WITH_DEVICE = 1600
# The cost of an engine that declares no `cost`: assume that every iteration goes over all pairs of points.
ALL_PAIRS = {"megabytes": 340, "bytes_by_pair": 8, "iterations": ("iterations",), "seconds": [(7e-10, 2, 1), (1e-8, 2, 0)]}

# Operations per second in layers; seconds to write, normalise and pool one value of their maps; seconds per training step, per
# step and layer, and per step and MB of weights.
OPERATIONS = 1e11
OF_MAPS = 1.3e-8
OF_STEP = 1e-4
OF_STEP_AND_LAYER = 2e-5
OF_STEP_AND_WEIGHTS = 4.2e-4
# MB a second in which activations are written.
WRITTEN = 80
# Of a measure of similarity: seconds by observations × values × the fewer of both; seconds by pair of observations; copies that
# it holds of a layer, in floats; bytes by pair of observations, where it holds pairs.
OF_COMPARISON, OF_COMPARED_PAIRS, OF_PREPARED, BYTES_BY_PAIR = 1e-10, 3e-8, 8, 4
EVALUATION_BATCH = 1000
DUMP_BATCH = 500
ROWS_FOLLOWED = 4096
DRAWN = 5000
OBSERVATIONS_SHOWN = 200


@dataclass(frozen=True)
class Need:
    """The estimate for one attempt, without margins. memory: MB. seconds: elapsed time, on the study's number of threads."""

    memory: float
    seconds: float = 0.0


class JobResources:
    """What every job of a study needs, by the wildcards of its files.

    on_cluster: whether jobs run where one that uses more than it asked for is killed.
    """

    def __init__(self, study: Study, views: Views):
        self.on_cluster = True
        self.study = study
        self.views = views
        self.comparisons = Comparisons(study, views)
        self._sizes: dict[tuple[str, str], NetworkSize] = {}
        self._rows: Counter[tuple[tuple[str, ...], str]] | None = None
        # Longer names first: a rule's name may end with `_` and the name of another one.
        self._rules: dict[str, Callable[[Any], Need]] = {
            "score_embedding": self._score_embedding,
            "score_observations": self._score_observations,
            "score_sample": self._score_sample,
            "score_raw": self._score_raw,
            "score_beside": self._score_beside,
            "score_run": self._score_run,
            "dump_input": self._dump_input,
            "dump_given": self._dump_given,
            "prepare": self._prepare,
            "train": self._train,
            "dump": self._dump,
            "neighbors": self._neighbors,
            "neurons": self._neurons,
            "compare": self._compare,
            "gather_comparisons": self._gather_comparisons,
            "embed": self._embed,
            "aggregate": self._aggregate,
            "claims": self._claims,
            "figure": self._figure,
            "film": self._figure,
            "table": self._table,
            "explore_sample": self._explore_sample,
            "explore_source": self._explore_source,
            "explorer": self._explorer,
            "index": self._index,
        }

    def memory(self, wildcards, rulename: str, attempt: int) -> int:
        """MB that a job asks for: the estimate with a margin, times the number of the attempt."""
        need = self.need(rulename, wildcards)
        least = LEAST_WITH_DEVICE if rulename.endswith(("train", "dump")) and self.study.device != "cpu" else LEAST_MEMORY
        if not self.on_cluster:
            least = LEAST_MEMORY_HERE
        return attempt * math.ceil(max(least, MEMORY_MARGIN * need.memory))

    def runtime(self, wildcards, rulename: str, attempt: int) -> int:
        """Minutes that a job asks for: the estimate with a margin, times the number of the attempt."""
        need = self.need(rulename, wildcards)
        least = LEAST_MINUTES_OF_SCORES if "score_" in rulename else LEAST_MINUTES
        return attempt * math.ceil(max(least, TIME_MARGIN * need.seconds / 60))

    def gpus_to_embed(self, wildcards) -> int:
        """The CUDA devices that an embedding asks for: one if its option says cuda."""
        return 1 if self._device_to_embed(wildcards) == "cuda" else 0

    def need(self, rulename: str, wildcards) -> Need:
        """What a job of a rule is expected to use. A workflow that uses this one as a module may add a prefix to rule names."""
        for name, estimate in self._rules.items():
            if rulename == name or rulename.endswith(f"_{name}"):
                return estimate(wildcards)
        raise ValueError(f"no rule is called {rulename}")

    # Sizes

    def _n(self, dataset: str, split: str) -> int:
        """Observations of a split; a likely number if the study cannot know it."""
        known = split_size(self.study, dataset, split)
        if known is not None:
            return known
        options = dict(self.study.datasets[dataset])
        kept = options.pop("keep_classes", [])
        whole = source_sizes(self.study.kinds, options)
        if kept and split in whole:
            return math.ceil(whole[split] * len(kept) / whole["classes"])
        return UNKNOWN_SIZE

    def _n_of_sample(self, dataset: str, sample: str) -> int:
        known = sample_size(self.study, dataset, sample)
        return self._n(dataset, self._split_of(sample)) if known is None else known

    def _split_of(self, sample: str) -> str:
        return self.study.samples[self.study.drawn(sample)[0]]["split"]

    def _values(self, dataset: str) -> int:
        """Values of one observation."""
        options = self.study.datasets[dataset]
        return options.get("vocabulary") or math.prod(source_sizes(self.study.kinds, options)["shape"])

    def _size(self, run: Run) -> NetworkSize:
        key = (run.dataset, run.architecture)
        if key not in self._sizes:
            self._sizes[key] = network_size(
                self.study.layers(run), source_sizes(self.study.kinds, self.study.datasets[run.dataset])["shape"]
            )
        return self._sizes[key]

    def _widths(self, source: str, view: View) -> list[int]:
        """The number of values per observation of each representation of a view, repeated for every snapshot."""
        if source in self.views.inputs:
            return [self._values(self.views.inputs[source])] * len(view.epochs)
        widths = []
        for layer in self.study.layers(self.views.runs[source]):
            if layer.name in view.whole:
                widths.append(math.prod(layer.shape))
            if layer.name in view.filters:
                chosen = view.filters[layer.name]
                widths += [math.prod(layer.shape[1:])] * (layer.width if chosen is None else len(chosen))
        return widths * len(view.epochs)

    def _dataset(self, source: str) -> str:
        return self.views.inputs[source] if source in self.views.inputs else self.views.runs[source].dataset

    def _score_rows(self) -> Counter[tuple[tuple[str, ...], str]]:
        """About how many rows of scores there are, by network without its seed (for an input: dataset) and name of the score."""
        if self._rows is None:
            self._rows = Counter()
            for source, sample in self.views.sources():
                run = self.views.runs.get(source)
                network = (run.dataset, run.architecture, run.activation) if run else (self.views.inputs[source],)
                for space in self.views.spaces(source, sample):
                    seeds = 1 if space in ("run", "raw", BESIDE) else len(self.study.embeddings[space]["seeds"])
                    for score, entry in self.views.scores_of(source, sample, space).items():
                        self._rows[network, score] += (
                            seeds * len(self._widths(source, View.from_params(entry["view"]))) if "view" in entry else 1
                        )
            for run in self.study.runs:
                followed = len(self.study.followed_layers(run)) + 2
                for score in self.study.scores:
                    self._rows[(run.dataset, run.architecture, run.activation), score] += followed
        return self._rows

    # Rules

    def _prepare(self, wildcards) -> Need:
        observations = sum(self._n(wildcards.dataset, split) for split in ("train", "test"))
        values = observations * self._values(wildcards.dataset)
        return Need(150 + 2 * values * FLOAT, START + 1e-7 * values)

    def _train(self, wildcards) -> Need:
        run = self.views.runs[wildcards.run]
        options, size, layers = self.study.training_of(run), self._size(run), self.study.layers(run)
        learned_from = self._n(run.dataset, "train")
        evaluated = sum(self._n(run.dataset, split) for split in ("train", "validation", "test"))
        weights = size.parameters * FLOAT
        followed = [layer.width for layer in layers if layer.name in self.study.followed_layers(run)]
        followed = followed if options["spectra"]["phases"] else []
        memory = (
            330
            + evaluated * self._values(run.dataset) * FLOAT
            + weights * (4 + 2 * len(options["snapshots"]))
            + sum(width * (max(width, ROWS_FOLLOWED) + 2 * width) for width in followed) * FLOAT
            + max(6 * options["batch"] * size.outputs, 2 * _at_once(size, EVALUATION_BATCH) * size.largest) * FLOAT
        )
        epochs = options["epochs"]
        observations = epochs * (3 * learned_from + evaluated)
        steps = epochs * math.ceil(learned_from / options["batch"])
        seconds = (
            2 * START
            + observations * size.operations / OPERATIONS / self.study.threads
            + epochs * learned_from * size.maps * OF_MAPS
            + steps * (OF_STEP + OF_STEP_AND_LAYER * len(layers) + OF_STEP_AND_WEIGHTS * weights)
        )
        return self._with_device(Need(memory, seconds))

    def _dump(self, wildcards) -> Need:
        run = self.views.runs[wildcards.run]
        size, snapshots = self._size(run), len(self.study.snapshots(run))
        n = self._n_of_sample(run.dataset, wildcards.sample)
        weights = size.parameters * FLOAT
        memory = 280 + 2 * weights + min(n, _at_once(size, DUMP_BATCH)) * size.outputs * FLOAT
        kept = sum(self._widths(wildcards.run, self.views.view(wildcards.run, wildcards.sample, {})))
        seconds = (
            START
            + snapshots * (n * size.operations / OPERATIONS / self.study.threads + weights / 50)
            + n * kept * FLOAT / WRITTEN
        )
        return self._with_device(Need(memory, seconds))

    def _dump_given(self, wildcards) -> Need:
        run = self.views.runs[wildcards.run]
        n = self._n(run.dataset, self._split_of(wildcards.sample))
        widths = self._widths(wildcards.run, self.views.view(wildcards.run, wildcards.sample, {}).whole_only())
        # A layer is read as a whole, and may be stored in double precision.
        return Need(150 + 4 * n * max(widths, default=0) * FLOAT, START + n * sum(widths) * FLOAT / WRITTEN)

    def _with_device(self, need: Need) -> Need:
        return Need(need.memory + CUDA_MEMORY, need.seconds) if self.study.device == "cuda" else need

    def _dump_input(self, wildcards) -> Need:
        values = self._n_of_sample(wildcards.dataset, wildcards.sample) * self._values(wildcards.dataset)
        return Need(100 + 2 * values * FLOAT, START + values * FLOAT / 50)

    def _neighbors(self, wildcards) -> Need:
        n = self._n_of_sample(self._dataset(wildcards.source), wildcards.sample)
        widths = self._widths(wildcards.source, self.views.view(wildcards.source, wildcards.sample, {}))
        memory = 200 + n * max(widths) * FLOAT + 70 / MB * n * self.study.k
        seconds = n**2 * (5e-9 * len(widths) + 1.6e-11 * sum(widths)) + 5e-8 * n * sum(widths) + 0.02 * len(widths)
        return Need(memory, START + seconds)

    def _neurons(self, wildcards) -> Need:
        run = self.views.runs[wildcards.run]
        n = self._n_of_sample(run.dataset, wildcards.sample)
        widths = self._widths(wildcards.run, self.views.mapped(run, wildcards.sample))
        widest = max(widths, default=0)
        trees = (self.study.neurons or {})["trees"]
        memory = 230 + 4 * n * widest * FLOAT + 10 * widest**2 * FLOAT
        return Need(memory, START + sum(1e-6 * trees * n * width**0.5 + 1e-6 * width**2 for width in widths))

    def _compare(self, wildcards) -> Need:
        name, run = wildcards.comparison, self.views.runs[wildcards.run]
        entry, n = self.study.comparisons[name], self._n_of_sample(run.dataset, wildcards.sample)
        view = self.comparisons.view(name, run)
        widths = self._widths(wildcards.run, View(view.epochs, view.whole))
        if self.comparisons.takes_input(name, run):
            widths += [self._values(run.dataset)] * len(view.epochs)
        others = len(self.comparisons.others(name, run))
        if others:
            pairs, together = float(others * len(widths)), 2.0 + others
        elif entry["between"] == "layers":
            pairs, together = len(widths) ** 2 / 2 / len(view.epochs), len(widths) / len(view.epochs)
        else:
            pairs, together = len(widths) * len(view.epochs) / 2, len(view.epochs)
        shuffled = 1 + entry["permutations"]
        prepared = sum(n * min(n, width) * width for width in widths) * (shuffled + others)
        compared = pairs * shuffled * sum(n * min(n, width) * width for width in widths) / max(1, len(widths))
        known = self.study.kinds.of("comparisons")
        held = OF_PREPARED * n * max(widths, default=0) * FLOAT
        held += BYTES_BY_PAIR / MB * n**2 if any(known[name].says("holds_pairs") for name in entry["measures"]) else 0
        seconds = OF_COMPARISON * (prepared + compared) + OF_COMPARED_PAIRS * n**2 * len(widths) * (shuffled + others)
        return Need(220 + together * held, START + len(entry["measures"]) * seconds)

    def _gather_comparisons(self, wildcards) -> Need:
        return Need(200, 2 * START)

    def _embed(self, wildcards) -> Need:
        embedding = self.study.embeddings[wildcards.embedding]
        kind = self.study.kinds.of_entry("embeddings", embedding)
        cost = kind.says("cost", ALL_PAIRS)
        n = self._n_of_sample(self._dataset(wildcards.source), wildcards.sample)
        repeats = embedding[cost["repeats"]] if "repeats" in cost else 1
        iterations = sum(embedding.get(option) or 0 for option in cost.get("iterations", ()))
        if n > cost.get("beyond", {}).get("points", math.inf):
            cost = cost["beyond"]
        widths = self._widths(wildcards.source, self.views.view(wildcards.source, wildcards.sample, embedding.get("on", {})))
        together = len(widths) if "over" in embedding else 1
        if kind.says("pairs_together"):
            together = min(len(widths), max(1, kind.says("pairs_together") // n**2))
        memory = (
            cost["megabytes"]
            + 4 * n * max(widths) * FLOAT
            + cost.get("bytes_by_neighbor", 0) / MB * n * self.study.k
            + together * cost.get("bytes_by_pair", 0) / MB * n**2
        )
        seconds = sum(factor * n**power * iterations**of_iterations for factor, power, of_iterations in cost["seconds"])
        return Need(memory, START + len(embedding["seeds"]) * repeats * len(widths) * (seconds + 2e-8 * n * max(widths)))

    def _device_to_embed(self, wildcards) -> str:
        embedding = self.study.embeddings[wildcards.embedding]
        return embedding.get(self.study.kinds.of_entry("embeddings", embedding).says("on_device"), "cpu")

    def _score_run(self, wildcards) -> Need:
        return Need(150, START)

    def _score_sample(self, wildcards) -> Need:
        return Need(150, START)

    def _score_raw(self, wildcards) -> Need:
        n, widths = self._scored(wildcards, "raw")
        memory = 200 + 6.6 * n * max(widths) * FLOAT + 20 / MB * n * self.study.k
        return Need(memory, 2 * START + n**2 * (5e-9 * len(widths) + 3e-11 * sum(widths)))

    def _score_beside(self, wildcards) -> Need:
        need, dataset = self._score_raw(wildcards), self._dataset(wildcards.source)
        _, widths = self._scored(wildcards, "raw")
        named = [entry["options"].get("fitted_on") for entry in self.study.scores.values()]
        fitted = sum(self._n_of_sample(dataset, sample) for sample in {*named} & {*self.study.samples})
        # A probe holds what it is fitted on three times, and goes over it at most 200 times for each of ten classes.
        return Need(need.memory + 6 * fitted * max(widths, default=0) * FLOAT, need.seconds + 4e-7 * fitted * sum(widths))

    def _score_embedding(self, wildcards) -> Need:
        n, widths = self._scored(wildcards, wildcards.embedding)
        seeds = len(self.study.embeddings[wildcards.embedding]["seeds"])
        memory = 250 + n * max(widths) * FLOAT + 20 / MB * n * self.study.k
        return Need(memory, START + seeds * len(widths) * (0.05 + 5e-5 * n + 2e-9 * n**2))

    def _score_observations(self, wildcards) -> Need:
        if wildcards.space == "run":
            return Need(150, START)
        n, widths = self._scored(wildcards, wildcards.space)
        seeds = 1 if space_of_rows(wildcards.space) == "raw" else len(self.study.embeddings[wildcards.space]["seeds"])
        # All pairs are looked at in blocks, of which several copies are held, and each score is taken of the whole too.
        memory = 600 + n * max(widths, default=0) * FLOAT + 20 / MB * n * self.study.k
        return Need(memory, START + n**2 * (seeds * len(widths) * 8e-7 + 1e-10 * sum(widths)))

    def _scored(self, wildcards, space: str) -> tuple[int, list[int]]:
        source, sample = wildcards.source, wildcards.sample
        on = {} if space_of_rows(space) == "raw" else self.study.embeddings[space].get("on", {})
        n = self._n_of_sample(self._dataset(source), sample)
        return n, self._widths(source, self.views.view(source, sample, on))

    def _aggregate(self, wildcards) -> Need:
        of_network: Counter[tuple[str, ...]] = Counter()
        for (network, _), rows in self._score_rows().items():
            of_network[network] += rows
        return Need(330 + 350 / MB * max(of_network.values(), default=0), 2 * START + 1e-4 * of_network.total())

    def _claims(self, wildcards) -> Need:
        return self._shown(score for claim in self.study.claims.values() for score in self._scores_named("claims", claim))

    def _figure(self, wildcards) -> Need:
        return self._drawn("figures", self.study.figures[wildcards.figure])

    def _table(self, wildcards) -> Need:
        return self._drawn("tables", self.study.tables[wildcards.table])

    def _explore_sample(self, wildcards) -> Need:
        values = self._values(wildcards.dataset)
        n = min(DRAWN, self._n_of_sample(wildcards.dataset, wildcards.sample))
        return Need(300 + 6 * OBSERVATIONS_SHOWN * values * FLOAT, 2 * START + n * values * FLOAT / 10)

    def _explore_source(self, wildcards) -> Need:
        n = min(DRAWN, self._n_of_sample(self._dataset(wildcards.source), wildcards.sample))
        widths = self._widths(wildcards.source, self.views.view(wildcards.source, wildcards.sample, {}).whole_only())
        return Need(300 + 4 * n * max(widths, default=0) * FLOAT, 2 * START + n * sum(widths) * FLOAT / WRITTEN)

    def _explorer(self, wildcards) -> Need:
        return self._shown(self.study.scores)

    def _index(self, wildcards) -> Need:
        return Need(200, 2 * START)

    def _scores_named(self, block: str, entry: dict) -> list[str]:
        return scores_named(self.study.kinds.of_entry(block, entry), entry)

    def _drawn(self, block: str, entry: dict) -> Need:
        kind = self.study.kinds.of_entry(block, entry)
        if not {"score_table", "runs"} & {*kind.says("reads", ())}:
            return self._shown([])
        named = self._scores_named(block, entry)
        if not named and "history" in kind.says("reads"):
            # Curves of trainings look at the accuracies of networks alone, to know which are flagged.
            metrics = {score: self.views.metrics[asked["metric"]] for score, asked in self.study.scores.items()}
            return self._shown(score for score, metric in metrics.items() if metric.says("is_accuracy") and metric.of_splits)
        # Any other entry that names no score is a table of published numbers, which compares nearly all scores.
        return self._shown(named or self.study.scores)

    def _shown(self, scores: Iterable[str]) -> Need:
        shown = set(scores)
        rows = sum(count for (_, score), count in self._score_rows().items() if score in shown)
        return Need(300 + 1500 / MB * rows, 3 * START + 4e-5 * rows)


def _at_once(size: NetworkSize, most: int) -> int:
    """About how many observations run through a network at once, from its plan; see layerscope.models.at_once."""
    widest = size.largest / 2
    return min(most, max(1, int(WIDEST / (widest * FLOAT * MB))))
