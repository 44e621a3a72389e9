"""The rules that no schema can say: what one block of a study demands of another."""

from collections.abc import Callable, Iterator

from layerscope import selection, store
from layerscope.errors import StudyError, one_of
from layerscope.study.figure_checks import SHOWN_CHECKS
from layerscope.study.kinds import largest_sample, metrics, neighbors_needed
from layerscope.study.sizes import sample_size, source_sizes, split_size
from layerscope.study.study import RESERVED_EMBEDDINGS, Run, Study, scores_named

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
    "claims",
    "figure",
    "film",
    "table",
)
SCORE_RULES = ("score_run", "score_sample", "score_raw", "score_embedding")
RESERVED_SAMPLES = (*store.SPLITS, store.BATCHES, "scores")
NAMED_LAYERS = ("input", selection.LAST, selection.HIDDEN)
NETWORK_KEYS = ("dataset", *selection.NETWORK_KEYS)
NEURON_KEYS = (*NETWORK_KEYS, "sample", "epoch", "state")
STATES = ("input", "untrained", "trained", "intermediate")


def _check_names(study: Study) -> None:
    for name in study.samples:
        if name in RESERVED_SAMPLES:
            raise StudyError(f"samples.{name}: the name is reserved; choose another one")
    seen: dict[str, str] = {}
    for block in ("figures", "tables", "claims"):
        for name in getattr(study, block):
            if name in RESERVED_TARGETS or name in SCORE_RULES:
                raise StudyError(f"{block}.{name}: the name is that of a rule; choose another one")
            if name in seen:
                raise StudyError(f"{block}.{name}: {seen[name]} has an entry of that name; each name is one target")
            seen[name] = block


def _check_sizes(study: Study) -> None:
    for name, options in study.datasets.items():
        whole = source_sizes({key: value for key, value in options.items() if key != "train"}).get("train")
        if "train" in options and whole is not None and options["train"] >= whole:
            raise StudyError(f"datasets.{name}.train: {options['train']} is no part of {whole} observations; ask for fewer")
        left = split_size(study, name, "train")
        if left is not None and left < 1:
            key = "validation" if options["validation"] else "test"
            raise StudyError(f"datasets.{name}.{key}: {options[key]} leaves nothing to train on; hold out less")
        if "preprocess" in options:
            _check_preprocessing(name, options)
        rates = options.get("class_rates")
        if rates and rates["lowest"] > rates["highest"]:
            raise StudyError(f"datasets.{name}.rates.lowest: {rates['lowest']:g} is above highest, {rates['highest']:g}")


def _check_preprocessing(name: str, options: dict) -> None:
    steps, shape = options["preprocess"], source_sizes({**options, "preprocess": {"grayscale": False}})["shape"]
    if not any(steps.values()):
        raise StudyError(f"datasets.{name}.preprocess asks for no step; leave it out, or name one")
    if len(shape) == 1:
        raise StudyError(f"datasets.{name}.preprocess changes images; the dataset has vectors")
    if steps["grayscale"] and (len(shape) != 3 or shape[0] != 3):
        raise StudyError(f"datasets.{name}.preprocess.grayscale: the images have no three channels; leave it out")


def _check_snapshots(study: Study) -> None:
    if "on" in study.training["default"]:
        raise StudyError("training.default.on: the default is for all networks; put what is for some under training.overrides")
    for run in study.runs:
        options = study.training_of(run)
        for epoch in options["snapshots"]:
            if not isinstance(epoch, int) or not 0 <= epoch <= options["epochs"]:
                raise StudyError(
                    f"training.snapshots: {epoch!r} is no epoch of {run.architecture} on {run.dataset}; "
                    f"0 to {options['epochs']}, or last, is wanted"
                )
        architecture = study.architectures[run.architecture]
        normalised = (
            architecture.get("batch_norm") or architecture["family"] == "vgg" or architecture.get("encoder") == "inception"
        )
        if options["batch"] == 1 and normalised:
            raise StudyError(f"training.batch: 1 leaves the batch norm of {run.architecture} nothing to learn from; 2 or more")
        if "accept_test_accuracy" in options and not study.classifies(run):
            raise StudyError(f"training.accept_test_accuracy: {run.architecture} reconstructs its input and has no accuracy")
        for layer in options["spectra"]["layers"] if options["spectra"]["layers"] != "all" else []:
            names = {layer.name for plan in study.plans.values() for layer in plan}
            if layer not in names:
                raise StudyError(f"training.spectra.layers: no architecture has '{layer}'; {one_of(layer, names)}")
        augmentation = options["augmentation"]
        if augmentation and len(source_sizes(study.datasets[run.dataset])["shape"]) == 1:
            raise StudyError(f"training.augmentation changes images; datasets.{run.dataset} has vectors")


def _selectors(study: Study) -> Iterator[tuple[str, dict]]:
    for index, override in enumerate(study.training["overrides"]):
        yield f"training.overrides[{index}].on", override["on"]
    for name, choice in (("whole", study.whole), ("filters", study.filters)):
        if choice:
            yield f"representations.{name}.on", choice["on"]
    if study.neurons is not None:
        yield "neurons.on", study.neurons["on"]
    for block in ("samples", "embeddings", "scores", "figures", "tables", "claims"):
        for name, entry in getattr(study, block).items():
            yield f"{block}.{name}.on", entry.get("on", {})
            for key in ("between", "along"):
                if isinstance(entry.get(key), dict):
                    yield f"{block}.{name}.{key}", entry[key]


def _check_selectors(study: Study) -> None:
    epochs = {epoch for run in study.runs for epoch in study.evaluated_epochs(run)}
    widest = max((layer.width for plan in study.plans.values() for layer in plan if layer.kind == "conv"), default=0)
    known: dict[str, set] = {
        "dataset": set(study.datasets),
        "architecture": set(study.architectures),
        "activation": {run.activation for run in study.runs},
        "seed": {run.seed for run in study.runs},
        "sample": {*study.samples, *store.SPLITS, store.BATCHES},
        "epoch": {"first", "last", *epochs},
        "state": set(STATES),
        "layer": {*NAMED_LAYERS, *(layer.name for plan in study.plans.values() for layer in plan)},
        "embedding": {*RESERVED_EMBEDDINGS, *study.embeddings},
    }
    for where, selector in _selectors(study):
        of_networks = where.startswith(("training.", "samples.", "representations."))
        for key in selector:
            if of_networks and key not in NETWORK_KEYS:
                raise StudyError(f"{where}.{key}: only networks are chosen here; {one_of(key, NETWORK_KEYS)}")
            if where == "neurons.on" and key not in NEURON_KEYS:
                raise StudyError(f"{where}.{key}: networks, samples and snapshots are chosen here; {one_of(key, NEURON_KEYS)}")
            if key not in selection.KEYS:
                raise StudyError(f"{where}.{key}: unknown key; {one_of(key, selection.KEYS)}")
            for value in selection.values(selector, key):
                if key == "filter":
                    if value != selection.WHOLE and not isinstance(value, int):
                        raise StudyError(f"{where}.filter: {value!r} is not allowed; whole, or numbers, are wanted")
                    if isinstance(value, int) and value >= widest:
                        raise StudyError(f"{where}.filter: {value} is no filter of this study; it has {widest} at most")
                elif value not in known[key]:
                    raise StudyError(f"{where}.{key}: {value!r} is not part of the study; {one_of(value, map(str, known[key]))}")
    for where, choice in (("whole", study.whole), ("filters", study.filters)):
        for layer in choice["layers"] if choice and choice["layers"] != "all" else []:
            if layer not in known["layer"] - {*NAMED_LAYERS}:
                names = known["layer"] - {*NAMED_LAYERS}
                raise StudyError(f"representations.{where}.layers: no architecture has '{layer}'; {one_of(layer, names)}")


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


def _check_neighbors(study: Study) -> None:
    known = metrics()
    for name, embedding in study.embeddings.items():
        needed = neighbors_needed(embedding)
        if needed > study.k:
            what = "perplexity" if "perplexity" in embedding else "n_neighbors"
            raise StudyError(
                f"embeddings.{name}.{what}: {embedding[what]:g} needs {needed} neighbours; neighbors.k is {study.k}, raise it"
            )
        view = selection.values(embedding.get("on", {}), "filter")
        if embedding.get("over") == "layers" and study.filters is not None and view != [selection.WHOLE]:
            raise StudyError(
                f"embeddings.{name}.over: filters of one layer are not those of another; on: {{filter: {selection.WHOLE}}}"
            )
    for name, entry in study.scores.items():
        declared = known[entry["metric"]]
        if any("neighbors" in reads for reads in declared.reads.values()):
            needed = int(3 * entry["options"]["perplexity"]) if "perplexity" in entry["options"] else entry["options"]["k"]
            if needed > study.k:
                raise StudyError(f"scores.{name} needs {needed} neighbours; neighbors.k is {study.k}, raise it")
    for run in study.runs:
        for sample in study.samples_of(run):
            n = sample_size(study, run.dataset, sample)
            if n is not None:
                _check_size(study, run, sample, n)


def _check_size(study: Study, run: Run, sample: str, n: int) -> None:
    def applies(entry: dict) -> bool:
        return selection.allows(entry.get("on", {}), sample=sample, **run.keys)

    embeddings = {name: embedding for name, embedding in study.embeddings.items() if applies(embedding)}
    known = metrics()
    scores = [known[entry["metric"]] for entry in study.scores.values() if applies(entry)]
    of = f"the {n} observations of samples.{sample} ({run.dataset})"
    reads_graph = any("neighbors" in reads for metric in scores for reads in metric.reads.values())
    if n <= study.k and (reads_graph or any(map(neighbors_needed, embeddings.values()))):
        raise StudyError(f"neighbors.k: {study.k} neighbours are wanted among {of}")
    for name, embedding in embeddings.items():
        if embedding.get("n_neighbors", 0) >= n:
            raise StudyError(f"embeddings.{name}.n_neighbors: {embedding['n_neighbors']} is too large for {of}")
        if "perplexity" in embedding and 3 * embedding["perplexity"] > n - 1:
            raise StudyError(
                f"embeddings.{name}.perplexity: {embedding['perplexity']:g} is too large for {of}; "
                f"at most {(n - 1) // 3} is possible"
            )
        largest = largest_sample(embedding)
        if largest is not None and n > largest:
            raise StudyError(
                f"embeddings.{name}: {embedding['method']} holds all pairs of points, for at most {largest} of them; "
                f"it cannot take {of}; look at fewer, or use another engine"
            )


def _check_scores_named(study: Study) -> None:
    known = metrics()
    for name, entry in study.scores.items():
        phase = entry["options"].get("phase")
        if phase and not any(phase in study.training_of(run)["spectra"]["phases"] for run in study.runs):
            raise StudyError(
                f"scores.{name}.phase: no training follows its layers in this phase; training.spectra.phases: [{phase}]"
            )
    for block in ("figures", "tables", "claims"):
        for name, entry in getattr(study, block).items():
            for score in scores_named(entry):
                if score not in study.scores:
                    raise StudyError(f"{block}.{name}: no score is named '{score}'; {one_of(score, study.scores)}")
                spaces = known[study.scores[score]["metric"]].spaces
                classifies = study.scores[score]["metric"] in ("accuracy", "loss")
                if entry.get("kind") in ("score_by_depth", "trained_untrained", "tests") and classifies:
                    raise StudyError(f"{block}.{name}: '{score}' has no depth; kind: networks shows it")
                if entry.get("kind") == "networks" and "run" not in spaces:
                    raise StudyError(f"{block}.{name}: '{score}' is no score of a network as such; accuracy and loss are")


def _simple_values(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str | int) for value in values)


def _check_claims(study: Study) -> None:
    for name, claim in study.claims.items():
        compared = [claim[key] for key in ("between", "along") if isinstance(claim.get(key), dict)]
        for key in {key for part in compared for key in part}:
            if claim["statistic"] in ("order", "fraction") and key in NETWORK_KEYS:
                raise StudyError(f"claims.{name}: {claim['statistic']} compares within a network; '{key}' tells networks apart")
        if "between" in claim:
            [(key, values)] = claim["between"].items()
            if not _simple_values(values) or len(values) != 2 or values[0] == values[1]:
                raise StudyError(f"claims.{name}.between.{key}: {values!r} is not allowed; two different values are wanted")
        if claim["statistic"] == "order":
            [(key, values)] = claim["along"].items()
            if not _simple_values(values) or len(values) < 2:
                raise StudyError(f"claims.{name}.along.{key}: {values!r} is not allowed; two or more values are wanted")


def _check_courses(study: Study) -> None:
    for name, claim in study.claims.items():
        if claim["statistic"] not in ("settling", "course"):
            continue
        options = study.scores[claim["against"]]["options"]
        if "epochs" not in options:
            raise StudyError(f"claims.{name}.against: '{claim['against']}' is no score of a split; accuracy and loss are")
        if options["epochs"] != "all":
            raise StudyError(
                f"claims.{name}.against: '{claim['against']}' is of snapshots only; scores.{claim['against']}.epochs: all"
            )


def _check_claims_are_definite(study: Study) -> None:
    known = metrics()
    for name, claim in study.claims.items():
        compared = [claim[key] for key in ("between", "along") if isinstance(claim.get(key), dict)]
        named = {*claim.get("on", {}), *(key for part in compared for key in part)}
        metric = known[study.scores[claim["score"]]["metric"]]
        of_layers = metric.spaces != ("run",)
        if of_layers and "embedding" not in named:
            raise StudyError(f"claims.{name}.on.embedding is missing; name the space that the claim is about, for instance raw")
        if "sample" not in named and (metric.name in ("accuracy", "loss") or (of_layers and len(study.samples) > 1)):
            raise StudyError(f"claims.{name}.on.sample is missing; name the sample or split that the claim is about")


CHECKS: tuple[Callable[[Study], None], ...] = (
    _check_names,
    _check_sizes,
    _check_snapshots,
    _check_claims,
    _check_selectors,
    _check_samples,
    _check_neighbors,
    _check_scores_named,
    *SHOWN_CHECKS,
    _check_courses,
    _check_claims_are_definite,
)
