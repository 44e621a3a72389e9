"""The rules that no schema can say: what one block of a study demands of another."""

from collections.abc import Callable, Iterator

from layerscope import selection
from layerscope.errors import StudyError, one_of
from layerscope.study import RESERVED_EMBEDDINGS, Study, metrics, neighbors_needed, sample_size, source_sizes, split_size

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
    "table",
)
RESERVED_SAMPLES = ("train", "validation", "test", "scores")
NETWORK_KEYS = ("dataset", *selection.NETWORK_KEYS)
STATES = ("input", "untrained", "trained", "intermediate")


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
        if augmentation and len(source_sizes(study.datasets[run.dataset])["shape"]) == 1:
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
