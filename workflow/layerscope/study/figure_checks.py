"""Checks of figures, tables and neuron maps that no schema can express."""

import math
from collections import Counter
from collections.abc import Callable, Iterator

from layerscope import selection, store
from layerscope.errors import one_of
from layerscope.statistics.keys import FEWEST_FREEDOM, OF_ACCURACY
from layerscope.study.kinds import Kind
from layerscope.study.sizes import class_names, has_input, sample_size, split_size
from layerscope.study.study import Run, Study
from layerscope.study.views import Views

MOST_NEURONS = 10_000
# What can choose among the layers of what ranks networks at their hidden layers.
RANKED_BY = ("dataset", "architecture", "activation", "sample", "layer", "embedding", "control")


def _check_tables(study: Study) -> Iterator[str]:
    for name, table in study.tables.items():
        kind = study.kinds.of_entry("tables", table)
        if "published" in table:
            yield from _check_published(f"tables.{name}.published", table["published"], kind, study)
        for option in kind.says("names_embeddings", ()):
            for embedding in [part for pair in table.get(option, {}).items() for part in pair]:
                if embedding not in study.embeddings:
                    allowed = one_of(embedding, study.embeddings)
                    yield f"tables.{name}.{option}: no embedding is named '{embedding}'; {allowed}"
        for key in table.get("on", {}):
            if key in kind.says("without", ()):
                yield f"tables.{name}.on.{key}: a test is over all seeds, of the first and last epoch; remove it"


def _check_published(where: str, source: str, kind: Kind, study: Study) -> Iterator[str]:
    """The columns of a file of published numbers must be those that the kind of table reads."""
    if source not in store.published_names():
        yield f"{where}: nothing is published as '{source}'; {one_of(source, store.published_names())}"
        return
    columns = store.published_columns(source)
    if columns != store.PUBLISHED_TABLES[kind.says("published")]:
        kinds = study.kinds.of("tables").values()
        fit = [other.name for other in kinds if store.PUBLISHED_TABLES.get(other.says("published")) == columns]
        yield f"{where}: the numbers of '{source}' are for a table of kind: {' or '.join(fit) or '(none)'}"


def _check_figures(study: Study) -> Iterator[str]:
    views = Views(study)
    for name, figure in study.figures.items():
        kind = study.kinds.of_entry("figures", figure)
        if kind.says("shows_one"):
            wrong = list(_check_shows_one(study, views, name, figure, kind))
            wrong = wrong or list(_check_layer_shown(study, views, name, figure, kind))
            yield from wrong or _check_network_shown(study, views, name, figure, kind)
        where = kind.says("one_layer_where")
        if where and all(figure[key] == value for key, value in where.items()) and len(_layers(study, views, figure)) != 1:
            options = ", ".join(f"{key}: {value}" for key, value in where.items())
            yield f"figures.{name}.on.layer: {options} needs exactly one layer"
        where = kind.says("one_dataset_where")
        if where and all(figure[key] == value for key, value in where.items()):
            shown = dict.fromkeys(run.dataset for run in study.runs if selection.allows(figure.get("on", {}), **run.keys))
            if len(shown) > 1:
                options = ", ".join(f"{key}: {value}" for key, value in where.items())
                yield f"figures.{name}.on.dataset: {options} is of one dataset, and it chooses {', '.join(shown)}; name one"


def _check_neurons(study: Study) -> Iterator[str]:
    if study.neurons is None:
        return
    views = Views(study)
    whole = {layer for run in study.runs for layer in views.whole_layers(run)}
    for layer in study.neurons["layers"] if study.neurons["layers"] != "all" else []:
        if layer not in whole:
            yield f"neurons.layers: '{layer}' is no layer that is looked at as a whole; {one_of(layer, whole)}"
    seen = set()
    for run in study.runs:
        counts = {layer.name: math.prod(layer.shape) for layer in study.layers(run)}
        for layer in {layer for sample in views.samples_of(run) for layer in views.mapped(run, sample).whole}:
            if counts[layer] > MOST_NEURONS and (run.architecture, layer) not in seen:
                seen.add((run.architecture, layer))
                yield (
                    f"neurons.layers: {layer} of {run.architecture} has {counts[layer]} neurons; all their pairs are mapped, "
                    f"for at most {MOST_NEURONS}: name smaller layers"
                )


def _check_observations(study: Study) -> Iterator[str]:
    """Given activations may come without their observations, which some figures show."""
    for name, figure in study.figures.items():
        kind, on = study.kinds.of_entry("figures", figure), figure.get("on", {})
        shown = kind.says("shows_observations_of")
        for dataset in dict.fromkeys(run.dataset for run in study.given if selection.allows(on, **run.keys)):
            if shown == store.SPLITS[0] and study.kind_of("datasets", dataset).says("given"):
                yield f"figures.{name}: {kind.name} shows training observations; datasets.{dataset} has none"
            elif (shown or selection.values(on, "layer") == [selection.INPUT]) and not has_input(study, dataset):
                yield (
                    f"figures.{name}: {kind.name} shows what networks receive; the files of datasets.{dataset} have no array "
                    f"`{selection.INPUT}`: add it, or choose others by `on`"
                )


def _check_options(study: Study) -> Iterator[str]:
    """Options that count points, name classes or name rows of a split, where these are known before anything is made."""
    views = Views(study)
    for name, figure in study.figures.items():
        kind, on = study.kinds.of_entry("figures", figure), figure.get("on", {})
        runs = [run for run in study.runs if selection.allows(on, **run.keys)]
        counts = kind.says("needs_points") or kind.says("names_rows")
        looked_at = {(run.dataset, sample) for run in runs if counts for sample in views.samples_of(run)}
        for dataset, sample in sorted(looked_at):
            if not selection.allows(on, sample=sample):
                continue
            n, of = sample_size(study, dataset, sample), f"samples.{sample} ({dataset})"
            for option in kind.says("needs_points", {}):
                most = None if n is None or option not in figure else kind.most(option, n)
                if most is not None and figure[option] > most:
                    given = f"{figure[option]:g} is too large for the {n} observations of {of}"
                    yield f"figures.{name}.{option}: {given}; at most {most} is possible"
            for option in kind.says("names_rows", ()):
                yield from _check_rows(study, f"figures.{name}.{option}", figure.get(option, []), dataset, sample)
        for option in kind.says("names_classes", ()):
            yield from _check_classes(
                study, f"figures.{name}.{option}", figure.get(option), sorted({run.dataset for run in runs})
            )


def _check_rows(study: Study, where: str, rows: list[int], dataset: str, sample: str) -> Iterator[str]:
    split = study.samples[sample]["split"]
    first = sample_size(study, dataset, sample) if study.samples[sample]["choose"] == "first" else None
    size = split_size(study, dataset, split) if first is None else first
    for row in rows:
        if size is not None and row >= size:
            there = f"the {split} split of {dataset}" if first is None else f"samples.{sample}, the first {first} of {split}"
            yield f"{where}: {row} is no row of {there}; 0 to {size - 1} are"


def _check_classes(study: Study, where: str, named: str | list[str] | None, datasets: list[str]) -> Iterator[str]:
    known = [class_names(study, dataset) for dataset in datasets]
    if not known or not all(known):
        return
    for name in [named] if isinstance(named, str) else named or []:
        if not any(name in names for names in known):
            allowed = one_of(name, {name for names in known for name in names})
            yield f"{where}: '{name}' is no class of {' or '.join(datasets)}; {allowed}"


def _layers(study: Study, views: Views, figure: dict) -> list[str]:
    """The layers that a figure names. If it shows a single network, `last` and `hidden` are replaced by names of its layers."""
    on = figure.get("on", {})
    runs = [run for run in study.runs if selection.allows(on, **run.keys)]
    return selection.named(views.named_layers(on, runs[0]) if len(runs) == 1 else on, "layer")


def _check_shows_one(study: Study, views: Views, name: str, figure: dict, kind: Kind) -> Iterator[str]:
    on, wanted, layers = figure.get("on", {}), kind.says("shows_one"), _layers(study, views, figure)
    runs = [run for run in study.runs if selection.allows(on, **run.keys)]
    snapshots = (
        selection.allowed_epochs(on, study.snapshots(runs[0]), pretrained=study.pretrained(runs[0])) if len(runs) == 1 else []
    )
    found = {
        "network": len(runs),
        "sample": len(study.draws_shown(on)),
        "embedding": sum(selection.allows(on, embedding=embedding) for embedding in study.embeddings),
        "layer": len(layers),
        # The input is the same at every snapshot.
        "snapshot": 1 if layers == [selection.INPUT] else len(snapshots),
    }
    if any(found[part] != 1 for part in wanted):
        # Layers are counted if they are named, snapshots if they are those of one network.
        counted = [part for part in wanted if (part != "layer" or layers) and (part != "snapshot" or len(runs) == 1)]
        chosen = ", ".join(f"{found[part]} {part}{'' if found[part] == 1 else 's'}" for part in counted)
        keys = {"network": "dataset, architecture, activation, seed", "snapshot": "epoch or state"}
        named = ", ".join(keys.get(part, part) for part in wanted)
        yield f"figures.{name}.on chooses {chosen}; {figure['kind']} shows one of each: name {named}"


def _check_layer_shown(study: Study, views: Views, name: str, figure: dict, kind: Kind) -> Iterator[str]:
    """The one layer that a figure shows must be stored. If the figure shows an embedding, that must contain the whole layer."""
    layers = _layers(study, views, figure)
    if not {"network", "sample", "layer"} <= {*kind.says("shows_one")} or layers == [selection.INPUT]:
        return
    on = figure.get("on", {})
    [run] = [run for run in study.runs if selection.allows(on, **run.keys)]
    [sample] = study.draws_shown(on)
    kept = views.kept_layers(run)
    if study.drawn(sample)[0] not in views.samples_of(run) or layers[0] not in kept:
        of = f"{run.architecture} on {run.dataset} through samples.{sample}"
        yield f"figures.{name}.on.layer: {layers[0]} is not looked at in {of}; {one_of(layers[0], kept)}"
    elif "embedding" in kind.says("shows_one"):
        [embedding] = [name for name in study.embeddings if selection.allows(on, embedding=name)]
        made = views.view(run.folder, sample, study.embeddings[embedding].get("on", {}))
        shown = views.view(run.folder, sample, on).common(made)
        if not shown.epochs or layers[0] not in shown.whole:
            yield (
                f"figures.{name}.on: {embedding} takes in no {layers[0]} as a whole at that snapshot; widen the `on` of the "
                "embedding, or name another layer, filter or snapshot"
            )


def _check_network_shown(study: Study, views: Views, name: str, figure: dict, kind: Kind) -> Iterator[str]:
    """If a figure shows steps, neurons, maps or a layer of a network, the network must have them."""
    if not {"network", "sample"} <= {*kind.says("shows_one")} or not kind.says("of"):
        return
    on = figure.get("on", {})
    [run] = [run for run in study.runs if selection.allows(on, **run.keys)]
    [sample] = study.draws_shown(on)
    layers = _layers(study, views, figure)
    if layers == [selection.INPUT]:
        # An input image can be shown like the maps of a layer.
        if kind.says("of") != "maps":
            yield f"figures.{name}.on.layer: {kind.name} shows a layer of a network, and the input is none"
        return
    shown = views.view(run.folder, sample, on)
    if kind.says("of") == "steps":
        [embedding] = [name for name in study.embeddings if selection.allows(on, embedding=name)]
        options = study.embeddings[embedding]
        if "over" not in options:
            kinds = study.kinds.of("embeddings").values()
            methods = " or ".join(kind.says("method", kind.name) for kind in kinds if "over" in kind.options)
            yield f"figures.{name}.on.embedding: {embedding} is no embedding by {methods}, whose steps are shown here"
            return
        made = shown.common(views.view(run.folder, sample, options.get("on", {})))
        widths = {layer.name: layer.width for layer in study.layers(run)}
        numbered = {layer: range(widths[layer]) if chosen is None else chosen for layer, chosen in made.filters.items()}
        of_steps = {*made.whole, *((layer, number) for layer, numbers in numbered.items() for number in numbers)}
        steps, one = (made.epochs, of_steps) if options["over"] == "epochs" else (of_steps, made.epochs)
        if len(steps) < 2 or len(one) != 1:
            what = "layers" if not numbered else "layers and filters"
            yield (
                f"figures.{name}.on leaves {len(made.epochs)} snapshots of {len(of_steps)} {what} in {embedding}, which is over "
                f"{options['over']}: two or more of these are wanted, and one of the others"
            )
    elif kind.says("of") == "maps":
        with_maps = [layer.name for layer in study.layers(run) if len(layer.shape) == 3]
        if layers[0] not in with_maps:
            allowed = one_of(layers[0], [selection.INPUT, *with_maps])
            yield f"figures.{name}.on.layer: {layers[0]} of {run.architecture} has no maps; {allowed}"
    # Neurons that reach nothing at all are a mistake of their block.
    elif kind.says("of") == "neurons" and (study.neurons is None or views.maps_neurons()):
        mapped = views.mapped(run, sample)
        for layer in layers:
            if layer not in mapped.whole or not {*shown.epochs} & {*mapped.epochs}:
                yield f"figures.{name}.on: the neurons of {layer} are not mapped there; widen `neurons`"
                continue
            count = next(math.prod(known.shape) for known in study.layers(run) if known.name == layer)
            if (figure.get("neuron") or 0) >= count:
                yield f"figures.{name}.neuron: {figure['neuron']} is none of the {count} neurons of {layer}, 0 to {count - 1}"


def check_ranked_layers(study: Study) -> Iterator[str]:
    """What ranks the hidden layers of networks that differ in their seed alone needs one kind of network with enough of them."""
    for block in ("figures", "tables"):
        for name, entry in getattr(study, block).items():
            kind = study.kinds.of_entry(block, entry)
            if not kind.says("ranks_layers"):
                continue
            chosen = [run for run in study.runs if selection.allows(entry.get("on", {}), **run.keys)]
            for key in entry.get("on", {}):
                if key not in RANKED_BY:
                    yield f"{block}.{name}.on.{key}: it ranks all seeds of trained networks at whole hidden layers; remove it"
            seeds = Counter((run.dataset, run.architecture, run.activation) for run in chosen)
            counts = {
                (_hidden_layers(study, run, entry.get("on", {})), seeds[run.dataset, run.architecture, run.activation])
                for run in chosen
            }
            # Each layer takes one degree of freedom.
            wanted = FEWEST_FREEDOM + OF_ACCURACY
            if counts and all(layers * (count - 1) < wanted for layers, count in counts):
                layers, count = max(counts, key=math.prod)
                yield (
                    f"{block}.{name}: it ranks networks that differ in their seed alone at each hidden layer, and `on` chooses "
                    f"too few ({layers} layers of {count} networks at most); layers × (networks - 1) must be {wanted} or more"
                )
            for option, spaces in kind.says("ranks_layers").items():
                for score in entry[option]:
                    known = score in study.scored and study.metric_of(score).spaces
                    if known and not {*spaces} & {*known}:
                        yield f"{block}.{name}.{option}: {score} is of {' and '.join(known)} alone, and one of layers is wanted"


def _hidden_layers(study: Study, run: Run, on: dict) -> int:
    """How many hidden layers of a network a selector chooses."""
    hidden = [layer.name for layer in study.layers(run)[:-1]]
    named = selection.named(on, "layer")
    if not named or selection.HIDDEN in named:
        return len(hidden)
    return len({*named} & {*hidden}) or int(selection.LAST in named)


FIGURE_CHECKS: tuple[Callable[[Study], Iterator[str]], ...] = (
    _check_neurons,
    _check_tables,
    _check_figures,
    _check_observations,
    _check_options,
    check_ranked_layers,
)
