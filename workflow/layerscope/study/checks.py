"""Checks across the blocks of a study, which no schema can express. Each check yields one message per mistake."""

import json
import math
from collections.abc import Callable, Iterator

from layerscope import selection, store
from layerscope.data.own_files import find_own
from layerscope.errors import StudyError, one_of
from layerscope.models.answers import answer
from layerscope.selection import RUN_KEYS
from layerscope.study.beside_checks import check_beside
from layerscope.study.claim_checks import check_units
from layerscope.study.comparison_checks import (
    check_comparisons,
    check_figures_of_comparisons,
    check_pairs,
    check_scores_of_pairs,
)
from layerscope.study.controls import check_controls
from layerscope.study.declarations import STATES
from layerscope.study.figure_checks import FIGURE_CHECKS
from layerscope.study.given import check_given
from layerscope.study.kinds import Kind
from layerscope.study.named_options import check_named_options, check_scores_together
from layerscope.study.observation_checks import check_observations
from layerscope.study.schema import entry_schema, names_scores
from layerscope.study.sizes import class_names, outputs_of, sample_size, source_sizes, split_size
from layerscope.study.study import RESERVED_EMBEDDINGS, Run, Study, scores_named, selectors
from layerscope.study.target_checks import LABEL_CHECKS, TARGET_CHECKS
from layerscope.study.views import Views

# Names that are taken by Snakemake rules (for targets) and by the layout of files (for samples).
RESERVED_TARGETS = (
    "all",
    "prepare",
    "train",
    "dump",
    "dump_given",
    "dump_input",
    "neighbors",
    "embed",
    "neurons",
    "compare",
    "gather_comparisons",
    "score_run",
    "score_sample",
    "score_raw",
    "score_beside",
    "score_embedding",
    "score_observations",
    "aggregate",
    "claims",
    "figure",
    "film",
    "table",
    "explore_sample",
    "explore_source",
    "explorer",
    "index",
)
RESERVED_SAMPLES = (*store.SPLITS, store.BATCHES, "scores")
# The values of `choose` that draw at random.
DRAWN = ("random", "per_class")
NAMED_LAYERS = (selection.INPUT, selection.LAST, selection.HIDDEN)
# The kinds of files that are of one sample.
OF_SAMPLES = {"activations", "embedding", "neurons", "comparison", "observations"}
NEURON_KEYS = (*RUN_KEYS, "sample", "epoch", "state")
Check = Callable[[Study], Iterator[str]]


def check_study_name(study: Study) -> Iterator[str]:
    """A message where the name of a study is reserved."""
    if study.name in store.RESERVED_STUDIES:
        yield f"study: {study.name} is reserved; choose another name"


def check_names(study: Study) -> Iterator[str]:
    """A message for each name of a sample, figure, table or claim that is reserved, or that another one has."""
    for name in study.samples:
        if name in RESERVED_SAMPLES:
            yield f"samples.{name}: the name is reserved; choose another one"
        for other in {*study.draws_of(name)[1:]} & {*study.samples}:
            yield f"samples.{other}: the files of a draw of samples.{name} have this name; choose another one"
    seen: dict[str, str] = {}
    for block in ("figures", "tables", "claims"):
        for name in getattr(study, block):
            if name in RESERVED_TARGETS:
                yield f"{block}.{name}: the name is that of a rule; choose another one"
            if name in seen:
                yield f"{block}.{name}: {seen[name]} has an entry of that name; each name is one target"
            seen[name] = block


def _check_sizes(study: Study) -> Iterator[str]:
    for name, options in study.datasets.items():
        if study.kind_of("datasets", name).says("given"):
            continue
        whole = source_sizes(study.kinds, {key: value for key, value in options.items() if key != "train"}).get("train")
        if "train" in options and whole is not None and options["train"] >= whole:
            yield f"datasets.{name}.train: {options['train']} is no part of {whole} observations; ask for fewer"
            continue
        left = split_size(study, name, "train")
        if left is not None and left < 1:
            key = "validation" if options["validation"] else "test"
            yield f"datasets.{name}.{key}: {options[key]} leaves nothing to train on; hold out less"
        if options["validation"] and source_sizes(study.kinds, options).get("validation"):
            yield f"datasets.{name}.validation: the dataset has a validation split of its own; remove the key"
        if "preprocess" in options:
            yield from _check_preprocessing(study, name, options)
        rates = options.get("class_rates")
        if rates and rates["lowest"] > rates["highest"]:
            yield f"datasets.{name}.rates.lowest: {rates['lowest']:g} is above highest, {rates['highest']:g}"


def _check_preprocessing(study: Study, name: str, options: dict) -> Iterator[str]:
    steps, shape = options["preprocess"], source_sizes(study.kinds, {**options, "preprocess": {"grayscale": False}})["shape"]
    if not any(steps.values()):
        yield f"datasets.{name}.preprocess asks for no step; leave it out, or name one"
    if len(shape) == 1:
        yield f"datasets.{name}.preprocess changes images; the dataset has vectors"
    elif steps["grayscale"] and (len(shape) != 3 or shape[0] != 3):
        yield f"datasets.{name}.preprocess.grayscale: the images have no three channels; leave it out"


def _check_training(study: Study) -> Iterator[str]:
    if "on" in study.training["default"]:
        yield "training.default.on: the default is for all networks; put what is for some under training.overrides"
    for index, override in enumerate(study.training["overrides"]):
        for key, block in override.items():
            if block == {} and key != "on":
                yield f"training.overrides[{index}].{key} is empty and changes nothing; write none to switch it off"
    names = {layer.name for plan in study.plans.values() for layer in plan}
    for run in study.runs:
        if run in study.given:
            continue
        options = study.training_of(run)
        for epoch in options["snapshots"]:
            if not isinstance(epoch, int) or not 0 <= epoch <= options["epochs"]:
                yield (
                    f"training.snapshots: {epoch!r} is no epoch of {run.architecture} on {run.dataset}; "
                    f"0 to {options['epochs']}, or last, is wanted"
                )
        if options["batch"] == 1 and any(layer.normalises for layer in study.layers(run)):
            yield f"training.batch: 1 leaves the batch norm of {run.architecture} nothing to learn from; 2 or more"
        yield from _check_steps(study, run, options)
        if "accept_test_accuracy" in options and study.reconstructs(run):
            yield f"training.accept_test_accuracy: {run.architecture} reconstructs its input and has no accuracy"
        if "stride" in options["spectra"] and options["spectra"]["maps"] != "channelwise":
            yield "training.spectra.stride changes nothing where maps are averaged over all positions; write maps: channelwise"
        for layer in options["spectra"]["layers"] if options["spectra"]["layers"] != "all" else []:
            if layer not in names:
                yield f"training.spectra.layers: no architecture has '{layer}'; {one_of(layer, names)}"
        yield from _check_classes_followed(study, run.dataset, options["spectra"].get("classes", []))
        if options["augmentation"] and len(source_sizes(study.kinds, study.datasets[run.dataset])["shape"]) == 1:
            yield f"training.augmentation changes images; datasets.{run.dataset} has vectors"


def _check_classes_followed(study: Study, dataset: str, classes: list[str]) -> Iterator[str]:
    if classes and study.has_targets(dataset):
        yield f"training.spectra.classes: datasets.{dataset} has targets and no classes; put it under overrides of other datasets"
        return
    known = class_names(study, dataset)
    for name in classes if known else []:
        if name not in known:
            yield f"training.spectra.classes: '{name}' is no class of {dataset}; {one_of(name, known)}"


def _check_steps(study: Study, run: Run, options: dict) -> Iterator[str]:
    """What changes the steps of a training, or ends it."""
    schedule, epochs = options.get("schedule"), options["epochs"]
    if schedule:
        shape, of_shape = schedule["shape"], {"at": "step", "lowest": "cosine"}
        if shape == "step" and "at" not in schedule:
            yield "training.schedule.at is missing; shape: step multiplies the rate after the epochs that it lists"
        for key, wanted in of_shape.items():
            if schedule.get(key) and shape != wanted:
                yield f"training.schedule.{key} changes nothing with shape: {shape}; remove it, or write shape: {wanted}"
        for epoch in schedule.get("at", []):
            if epoch >= epochs:
                yield f"training.schedule.at: {epoch} is not before the end of {epochs} epochs; name earlier ones"
        if schedule["warmup"] >= epochs > 0:
            yield f"training.schedule.warmup: {schedule['warmup']:g} epochs are all that {run.architecture} has ({epochs})"
    if "label_smoothing" in options and study.reconstructs(run):
        yield f"training.label_smoothing: {run.architecture} reconstructs its input and learns no labels"
    if "patience" in options:
        if not split_size(study, run.dataset, "validation"):
            yield f"training.patience: datasets.{run.dataset} has no validation split; set `validation` there"
        if any(epoch not in (0, epochs) for epoch in options["snapshots"]):
            yield "training.patience: the validation loss says when a training ends; keep no snapshots but 0 and last"
        spectra = options["spectra"]
        every = [f"scores.{name}.epochs: all" for name, entry in study.scores.items() if entry["options"].get("epochs") == "all"]
        every += ["training.spectra.phases: [train]"] if "train" in spectra["phases"] else []
        every += ["training.spectra.epochs: all"] if "evaluation" in spectra["phases"] and spectra["epochs"] == "all" else []
        for asked in every:
            yield f"training.patience: how many epochs there will be is not known; {asked} asks for all of them, remove one"


def _check_parameters(study: Study) -> Iterator[str]:
    """Names of parameters and files of weights that do not fit the networks, which are built once to see it."""
    seen = set()
    for run in study.runs:
        if run in study.given:
            continue
        architecture, training = study.network_options(run), study.training_of(run)
        patterns = {key: list(training[key]) for key in ("freeze", "lr_by_name") if key in training}
        weights = find_own(architecture["weights"], store.download_folder()) if "weights" in architecture else None
        if "fresh" in architecture and "weights" not in architecture:
            yield f"architectures.{run.architecture}.fresh changes nothing: all is fresh where there are no weights; remove it"
        if not (patterns or weights) or (key := (run.dataset, run.architecture, str(patterns))) in seen:
            continue
        seen.add(key)
        sizes = source_sizes(study.kinds, study.datasets[run.dataset])
        asked = {
            "name": run.architecture,
            "options": architecture,
            "shape": list(sizes["shape"]),
            "classes": outputs_of(sizes),
            "activation": run.activation,
            "weights": str(weights) if weights else None,
            "patterns": patterns,
        }
        try:
            answer("parameters", asked)
        except StudyError as error:
            yield from error.messages


def _check_selectors(study: Study) -> Iterator[str]:
    epochs = {epoch for run in study.runs for epoch in study.evaluated_epochs(run)}
    widest = max((layer.width for plan in study.plans.values() for layer in plan if layer.has_maps), default=0)
    layers = {layer.name for plan in study.plans.values() for layer in plan}
    known: dict[str, set] = {
        "dataset": set(study.datasets),
        "architecture": set(study.architectures),
        "activation": {run.activation for run in study.runs},
        "seed": {run.seed for run in study.runs},
        "sample": {*study.samples, *store.SPLITS, store.BATCHES},
        "draw": {*range(1, max((sample.get("draws", 1) for sample in study.samples.values()), default=1) + 1)},
        "epoch": {selection.FIRST, selection.LAST, *epochs},
        "state": {selection.INPUT, *STATES},
        "layer": {*NAMED_LAYERS, *layers},
        "embedding": {*RESERVED_EMBEDDINGS, *study.embeddings},
    }
    for where, selector in selectors(study):
        of_networks = where.startswith(("training.", "samples.", "representations."))
        for key in selector:
            if key in study.variants.options():
                # Its values were looked up where the names of its variants were written.
                continue
            if key not in selection.KEYS:
                yield f"{where}.{key}: unknown key; {one_of(key, selection.KEYS)}"
                continue
            if of_networks and key not in RUN_KEYS:
                yield f"{where}.{key}: only networks are chosen here; {one_of(key, RUN_KEYS)}"
                continue
            if where == "neurons.on" and key not in NEURON_KEYS:
                yield f"{where}.{key}: networks, samples and snapshots are chosen here; {one_of(key, NEURON_KEYS)}"
                continue
            if key == "draw" and not _shows_draws(study, where):
                yield f"{where}.draw: scores are means over all draws of a sample here; remove it"
                continue
            for value in selection.named(selector, key):
                if key in ("epoch", "filter") and isinstance(value, str) and value.isdecimal():
                    yield f"{where}.{key}: {value!r} is text; a number is wanted: write {int(value)}"
                elif key == "filter":
                    if value != selection.WHOLE and not isinstance(value, int):
                        yield f"{where}.filter: {value!r} is not allowed; whole, or numbers, are wanted"
                    if isinstance(value, int) and value >= widest:
                        yield f"{where}.filter: {value} is no filter of this study; it has {widest} at most"
                elif value not in known[key]:
                    yield f"{where}.{key}: {value!r} is not part of the study; {one_of(value, map(str, known[key]))}"
    for where, choice in (("whole", study.whole), ("filters", study.filters)):
        for layer in choice["layers"] if choice and choice["layers"] != "all" else []:
            if layer not in layers:
                yield f"representations.{where}.layers: no architecture has '{layer}'; {one_of(layer, layers)}"


def _shows_draws(study: Study, where: str) -> bool:
    """Whether a selector is of an embedding, a score, or of a figure that is made from the files of samples."""
    block, name, *_ = where.split(".")
    if block != "figures":
        return block in ("embeddings", "scores", "comparisons")
    return bool(OF_SAMPLES & {*study.kind_of(block, name).says("reads", ())})


def _check_overrides(study: Study) -> Iterator[str]:
    for index, override in enumerate(study.training["overrides"]):
        where = f"training.overrides[{index}]"
        if override.keys() == {"on"}:
            yield f"{where} changes nothing: it has no key but `on`; name what is to change, or remove it"
        elif not any(selection.allows(override["on"], **run.keys) for run in study.runs):
            yield f"{where}.on fits no network of the study; widen it, or remove the override"


def _check_samples(study: Study) -> Iterator[str]:
    views = Views(study)
    for name, sample in study.samples.items():
        if sample["choose"] != "all" and "n" not in sample:
            yield f"samples.{name}.n is missing; choose: {sample['choose']} needs it"
            continue
        if sample["choose"] == "all" and "n" in sample:
            yield f"samples.{name}.n changes nothing with choose: all; write first, random or per_class there, or remove n"
        draws = sample.get("draws", 1)
        if draws > 1 and sample["choose"] not in DRAWN:
            yield (
                f"samples.{name}.draws: all {draws} draws would be the same, since choose: {sample['choose']} draws nothing at "
                "random; write random or per_class there, or remove draws"
            )
        for dataset in dict.fromkeys(run.dataset for run in study.runs if name in views.samples_of(run)):
            available = split_size(study, dataset, sample["split"])
            wanted = sample_size(study, dataset, name)
            if available == 0:
                yield f"samples.{name}.split: datasets.{dataset} has no {sample['split']} split; set its size there"
            elif available is not None and wanted is not None and wanted > available:
                yield f"samples.{name}.n: {wanted} observations are wanted, {dataset} has {available} in {sample['split']}"
            elif draws > 1 and sample["choose"] in DRAWN and wanted is not None and wanted == available:
                yield (
                    f"samples.{name}.draws: all {draws} draws would be the same, since n takes all {available} observations in "
                    f"{sample['split']} of {dataset}; draw fewer, or remove draws"
                )


def _check_activations(study: Study) -> Iterator[str]:
    """What would fill a disk is said before anything is made: a row an observation, for each kept layer and snapshot."""
    views = Views(study)
    for dataset, architecture in study.plans:
        run = next(run for run in study.runs if (run.dataset, run.architecture) == (dataset, architecture))
        names = views.kept_layers(run)
        kept = {layer.name: math.prod(layer.shape) for layer in study.layers(run) if layer.name in names}
        for sample in views.samples_of(run):
            n = sample_size(study, dataset, sample) or 0
            values, snapshots = sum(kept.values()), len(study.snapshots(run))
            size = 4 * n * values * snapshots / 1e9
            if size > study.largest_activations:
                widest = max(kept, key=kept.__getitem__)
                yield (
                    f"samples.{sample}: the activations of {architecture} on {dataset} would take {size:,.0f} GB "
                    f"({n:,} observations × {values:,} values × {snapshots} snapshots; {widest} has {kept[widest]:,} of them); "
                    "name fewer layers, look at fewer observations, or raise largest_activations above "
                    f"{study.largest_activations:g}"
                )


def _check_embedding_seeds(study: Study) -> Iterator[str]:
    for name, embedding in study.embeddings.items():
        kind = study.kinds.of_entry("embeddings", embedding)
        if len(embedding["seeds"]) > 1 and kind.alike(embedding):
            options = " and ".join(f"{key}: {json.dumps(embedding[key]).strip(chr(34))}" for key in kind.says("alike_where"))
            yield (
                f"embeddings.{name}.seeds: with {options} all {len(embedding['seeds'])} seeds give the same embedding; "
                "take one seed, or another value of one of these"
            )


def _check_neighbors(study: Study) -> Iterator[str]:
    for name, embedding in study.embeddings.items():
        kind = study.kinds.of_entry("embeddings", embedding)
        needed = kind.neighbors_needed(embedding)
        if needed > study.k:
            what = kind.says("neighbors")["option"]
            yield f"embeddings.{name}.{what}: {embedding[what]:g} needs {needed} neighbours; neighbors.k is {study.k}, raise it"
        view = selection.values(embedding.get("on", {}), "filter")
        if embedding.get("over") == "layers" and study.filters is not None and view != [selection.WHOLE]:
            yield f"embeddings.{name}.over: filters of one layer are not those of another; on: {{filter: {selection.WHOLE}}}"
    for name, entry in study.scores.items():
        needed = study.kinds.of("scores")[entry["metric"]].neighbors_needed(entry["options"])
        if needed > study.k:
            yield f"scores.{name} needs {needed} neighbours; neighbors.k is {study.k}, raise it"
    views = Views(study)
    seen = set()
    for run in study.runs:
        for sample in views.samples_of(run):
            n = sample_size(study, run.dataset, sample)
            for message in _check_size(study, run, sample, n) if n is not None else ():
                if message not in seen:
                    seen.add(message)
                    yield message


def _check_size(study: Study, run: Run, sample: str, n: int) -> Iterator[str]:
    def applies(entry: dict) -> bool:
        return selection.allows(entry.get("on", {}), sample=sample, **run.keys)

    embeddings = {name: embedding for name, embedding in study.embeddings.items() if applies(embedding)}
    engines = {name: study.kinds.of_entry("embeddings", embedding) for name, embedding in embeddings.items()}
    scores = {name: entry for name, entry in study.scores.items() if applies(entry)}
    metrics = [study.kinds.of("scores")[entry["metric"]] for entry in scores.values()]
    of = f"the {n} observations of samples.{sample} ({run.dataset})"
    if n <= study.k and study.k_is_given and any(kind.says("neighbors") for kind in (*metrics, *engines.values())):
        yield f"neighbors.k: {study.k} neighbours are wanted among {of}"
    asked = [(f"embeddings.{name}", engines[name], embedding) for name, embedding in embeddings.items()]
    asked += [(f"scores.{name}", study.kinds.of("scores")[entry["metric"]], entry["options"]) for name, entry in scores.items()]
    for where, kind, options in asked:
        for option in kind.says("needs_points", {}):
            most = kind.most(option, n)
            if options[option] > most:
                yield f"{where}.{option}: {options[option]:g} is too large for {of}; at most {most} is possible"
    for name, embedding in embeddings.items():
        largest = engines[name].largest(embedding)
        if largest is not None and n > largest:
            yield (
                f"embeddings.{name}: {embedding['method']} holds all pairs of points, for at most {largest} of them; "
                f"it cannot take {of}; look at fewer, or use another engine"
            )


def _entries_that_name_scores(study: Study) -> Iterator[tuple[str, dict, Kind]]:
    for block in ("figures", "tables", "claims"):
        for name, entry in getattr(study, block).items():
            yield f"{block}.{name}", entry, study.kinds.of_entry(block, entry)


def _check_scores_are_defined(study: Study) -> Iterator[str]:
    for where, entry, kind in _entries_that_name_scores(study):
        for score in scores_named(kind, entry):
            comparison, _, measure = score.partition(".")
            if score in study.scored:
                continue
            naming = (option for option, part in entry_schema(kind)["properties"].items() if names_scores(part))
            option = next((option for option in naming if score in selection.named(entry, option)), "")
            at = f"{where}.{option}" if option else where
            if measure in study.comparisons.get(comparison, {}).get("measures", ()):
                yield f"{at}: '{score}' is no score: in comparisons.{comparison}, {study.several_values(comparison)}"
            else:
                metric = f"write {score}: {{}} under `scores`; " if score in study.kinds.of("scores") else ""
                yield f"{at}: no score is named '{score}'; {metric}{one_of(score, study.scored)}"


def _check_scores_named(study: Study) -> Iterator[str]:
    metrics = study.kinds.of("scores")
    of_splits = [metric.name for metric in metrics.values() if metric.of_splits]
    for name, score in study.scores.items():
        phase = score["options"].get("phase")
        if phase and all(run in study.given for run in study.runs):
            yield f"scores.{name}: it follows layers while networks are trained or tested, and all of these are given; remove it"
        elif phase and not any(phase in study.training_of(run)["spectra"]["phases"] for run in study.runs):
            yield f"scores.{name}.phase: no training follows its layers in this phase; training.spectra.phases: [{phase}]"
    for where, entry, kind in _entries_that_name_scores(study):
        for named in scores_named(kind, entry):
            metric = study.metric_of(named)
            if kind.says("scores_of") == "layers" and metric.of_splits:
                yield f"{where}: '{named}' has no depth; {_that_show_networks(study)}"
            if kind.says("scores_of") == "networks" and "run" not in metric.spaces:
                yield f"{where}: '{named}' is no score of a network as such; {_are(of_splits)}"


def _are(names: list[str]) -> str:
    *others, last = sorted(names)
    return f"{', '.join(others)} and {last} are" if others else f"{last} is"


def _that_show_networks(study: Study) -> str:
    """The kinds of figures and tables of scores of networks as such, in words."""
    found = [
        f"{block} of `kind: {kind.name}`"
        for block in ("figures", "tables")
        for kind in study.kinds.of(block).values()
        if kind.says("scores_of") == "networks"
    ]
    return f"{' and '.join(found)} show it"


def _simple_values(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str | int | float) for value in values)


def _check_claims(study: Study) -> Iterator[str]:
    for name, claim in study.claims.items():
        kind = study.kinds.of_entry("claims", claim)
        compared = [claim[key] for key in ("between", "along") if isinstance(claim.get(key), dict)]
        for key in {key for part in compared for key in part}:
            if kind.says("within_network") and key in RUN_KEYS:
                yield f"claims.{name}: {kind.name} compares within a network; '{key}' tells networks apart"
        for key, values in claim.get("between", {}).items():
            if not _simple_values(values) or len(values) != 2 or values[0] == values[1]:
                yield f"claims.{name}.between.{key}: {values!r} is not allowed; two different values are wanted"
        yield from _check_pairs(name, claim)
        if isinstance(claim.get("along"), dict):
            [(key, values)] = claim["along"].items()
            if not _simple_values(values) or len(values) < 2:
                yield f"claims.{name}.along.{key}: {values!r} is not allowed; two or more values are wanted"


def _check_pairs(name: str, claim: dict) -> Iterator[str]:
    """Whether networks are pairs, where `between` tells networks apart by both of its keys, or by none."""
    apart = [key for key in claim.get("between", {}) if key in RUN_KEYS]
    if len(apart) > 1 and not claim.get("paired"):
        yield (
            f"claims.{name}.paired is missing: {' and '.join(apart)} both tell networks apart; with paired: true those alike in "
            "all other keys are compared"
        )
    if claim.get("paired") and not apart:
        yield f"claims.{name}.paired changes nothing: `between` compares within networks; remove it"


def _check_courses(study: Study) -> Iterator[str]:
    for name, claim in study.claims.items():
        key = study.kinds.of_entry("claims", claim).says("every_epoch_of")
        if key is None:
            continue
        options = study.scored[claim[key]]["options"]
        if "epochs" not in options:
            by_epoch = [metric.name for metric in study.kinds.of("scores").values() if "epochs" in metric.options]
            yield f"claims.{name}.{key}: '{claim[key]}' is no score of a split; {_are(by_epoch)}"
        elif options["epochs"] != "all":
            yield f"claims.{name}.{key}: '{claim[key]}' is of snapshots only; scores.{claim[key]}.epochs: all"
    for name, figure in study.figures.items():
        kind = study.kinds.of_entry("figures", figure)
        where = kind.says("every_epoch_where")
        if not where or any(figure[key] != value for key, value in where.items()):
            continue
        for score in scores_named(kind, figure):
            if study.scored[score]["options"].get("epochs", "all") != "all":
                yield f"figures.{name}: '{score}' is of snapshots only; scores.{score}.epochs: all"


def _check_claims_are_definite(study: Study) -> Iterator[str]:
    for name, claim in study.claims.items():
        scores = selection.named(claim, "score")
        if scores[0] in study.compared:
            # It is of representations in their own space, on the sample of its comparison.
            continue
        compared = [claim[key] for key in ("between", "along") if isinstance(claim.get(key), dict)]
        named = {*claim.get("on", {}), *(key for part in compared for key in part)}
        metric, on = study.metric_of(scores[0]), study.scores[scores[0]]["on"] if len(scores) == 1 else {}
        of_layers = metric.spaces != ("run",)
        spaces = [space for space in ("raw",) if "raw" in metric.spaces]
        spaces += [*study.embeddings] if "embedding" in metric.spaces else []
        several = {
            "embedding": [space for space in spaces if selection.allows(on, embedding=space)],
            "sample": [sample for sample in study.samples if selection.allows(on, sample=sample)],
        }
        if of_layers and "embedding" not in named and len(several["embedding"]) != 1:
            yield f"claims.{name}.on.embedding is missing; name the space that the claim is about, for instance raw"
        if "sample" not in named and (metric.of_splits or (of_layers and len(several["sample"]) > 1)):
            yield f"claims.{name}.on.sample is missing; name the sample or split that the claim is about"


# Groups run in this order, each only if the ones before found no mistakes but in figures, tables and claims, which are left out
# then: a check may rely on all checks of earlier groups.
# Before the study is adapted: what samples and selectors must be for defaults to be fitted to them.
CHECKS_AS_WRITTEN: tuple[tuple[Check, ...], ...] = (
    (
        *(check_study_name, check_given, check_names, _check_sizes, _check_training, *TARGET_CHECKS, _check_parameters),
        *(_check_claims, check_comparisons, _check_scores_are_defined, check_scores_together, check_named_options),
        *(check_controls, _check_embedding_seeds),
    ),
    (_check_selectors, _check_samples),
    (_check_overrides,),
)
CHECKS_AS_ADAPTED: tuple[Check, ...] = (
    *(_check_activations, _check_neighbors, _check_scores_named, *LABEL_CHECKS, *FIGURE_CHECKS),
    *(_check_courses, _check_claims_are_definite, check_pairs, check_figures_of_comparisons, check_scores_of_pairs, check_units),
    *(check_beside, check_observations),
)
