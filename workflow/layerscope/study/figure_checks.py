"""The rules that no schema can say about what a study shows: figures, tables, and neurons for figures."""

import math
from collections.abc import Callable

from layerscope import selection, store
from layerscope.errors import StudyError, one_of
from layerscope.study.kinds import shows_one
from layerscope.study.study import Study

# Kinds of figures that show what only a network has.
SHOWN_OF_NETWORKS = {
    "embedding_trails": "steps",
    "embedding_film": "steps",
    "neuron_map": "neurons",
    "embedding_by_neuron": "neurons",
    "embedding_insets": "layer",
}
MOST_NEURONS = 10_000


def _check_figures(study: Study) -> None:
    for name, table in study.tables.items():
        source = table.get("published")
        if source is not None and source not in store.published_names():
            raise StudyError(
                f"tables.{name}.published: nothing is published as '{source}'; {one_of(source, store.published_names())}"
            )
        wanted = {"published": store.PUBLISHED_COLUMNS, "published_values": store.PUBLISHED_VALUE_COLUMNS}.get(table["kind"])
        if source is not None and store.published_columns(source) != wanted:
            other = "published" if table["kind"] == "published_values" else "published_values"
            raise StudyError(f"tables.{name}.published: the numbers of '{source}' are for a table of kind: {other}")
        for embedding in [part for pair in table.get("noise", {}).items() for part in pair]:
            if embedding not in study.embeddings:
                raise StudyError(
                    f"tables.{name}.noise: no embedding is named '{embedding}'; {one_of(embedding, study.embeddings)}"
                )
        if table["kind"] == "tests":
            for key in table.get("on", {}):
                if key in ("seed", "epoch", "state"):
                    raise StudyError(f"tables.{name}.on.{key}: a test is over all seeds, of the first and last epoch; remove it")
    for name, figure in study.figures.items():
        wanted = shows_one(figure["kind"])
        if wanted:
            _check_shows_one(study, name, figure, wanted)
            _check_network_shown(study, name, figure)
        if figure["kind"] == "embedding_grid" and figure["panels"] == "filters" and len(_named_layers(study, figure)) != 1:
            raise StudyError(f"figures.{name}.on.layer: panels: filters needs exactly one layer")


def _check_neurons(study: Study) -> None:
    if study.neurons is None:
        return
    whole = {layer for run in study.runs for layer in study.whole_layers(run)}
    for layer in study.neurons["layers"] if study.neurons["layers"] != "all" else []:
        if layer not in whole:
            raise StudyError(f"neurons.layers: '{layer}' is no layer that is looked at as a whole; {one_of(layer, whole)}")
    for run in study.runs:
        layers = {layer.name: math.prod(layer.shape) for layer in study.layers(run)}
        for layer in {layer for sample in study.samples_of(run) for layer in study.mapped(run, sample)["whole"]}:
            if layers[layer] > MOST_NEURONS:
                raise StudyError(
                    f"neurons.layers: {layer} of {run.architecture} has {layers[layer]} neurons; all their pairs are mapped, "
                    f"for at most {MOST_NEURONS}: name smaller layers"
                )


def _check_network_shown(study: Study, name: str, figure: dict) -> None:
    """Kinds that show steps or neurons of a network: the network has them."""
    kind, on = figure["kind"], figure.get("on", {})
    if not {"network", "sample"} <= {*shows_one(kind)} or kind not in SHOWN_OF_NETWORKS:
        return
    [run] = [run for run in study.runs if selection.allows(on, **run.keys)]
    [sample] = [sample for sample in study.samples if selection.allows(on, sample=sample)]
    named = study.named_layers(on, run)
    if _named_layers(study, figure) == ["input"]:
        raise StudyError(f"figures.{name}.on.layer: {kind} shows a layer of a network, and the input is none")
    if SHOWN_OF_NETWORKS[kind] == "steps":
        [embedding] = [name for name in study.embeddings if selection.allows(on, embedding=name)]
        options = study.embeddings[embedding]
        view = options.get("on", {})
        epochs = [
            epoch
            for epoch in selection.allowed_epochs(on, study.snapshots(run))
            if epoch in selection.allowed_epochs(view, study.snapshots(run))
        ]
        own = study.named_layers(view, run)
        layers = [
            layer
            for layer in study.kept_layers(run)
            if selection.allows(named, layer=layer) and selection.allows(own, layer=layer)
        ]
        if "over" not in options:
            raise StudyError(
                f"figures.{name}.on.embedding: {embedding} is no embedding by dynamic_tsne, whose steps are shown here"
            )
        steps, one = (epochs, layers) if options["over"] == "epochs" else (layers, epochs)
        if len(steps) < 2 or len(one) != 1:
            raise StudyError(
                f"figures.{name}.on leaves {len(epochs)} snapshots of {len(layers)} layers in {embedding}, which is over "
                f"{options['over']}: two or more of these are wanted, and one of the others"
            )
        return
    if SHOWN_OF_NETWORKS[kind] != "neurons":
        return
    mapped = study.mapped(run, sample)
    epochs = selection.allowed_epochs(on, study.snapshots(run))
    for layer in selection.values(named, "layer") or []:
        if layer not in mapped["whole"] or not {*epochs} & {*mapped["epochs"]}:
            raise StudyError(f"figures.{name}.on: the neurons of {layer} are not mapped there; widen `neurons`")
        count = next(math.prod(known.shape) for known in study.layers(run) if known.name == layer)
        if (figure.get("neuron") or 0) >= count:
            raise StudyError(
                f"figures.{name}.neuron: {figure['neuron']} is none of the {count} neurons of {layer}, 0 to {count - 1}"
            )


def _named_layers(study: Study, figure: dict) -> list[str]:
    """The layers that a figure names: of one network by the names of its layers, `last` and `hidden` resolved."""
    on = figure.get("on", {})
    runs = [run for run in study.runs if selection.allows(on, **run.keys)]
    return selection.values(study.named_layers(on, runs[0]) if len(runs) == 1 else on, "layer") or []


def _check_shows_one(study: Study, name: str, figure: dict, wanted: tuple[str, ...]) -> None:
    on = figure.get("on", {})
    runs = [run for run in study.runs if selection.allows(on, **run.keys)]
    snapshots = selection.allowed_epochs(on, study.snapshots(runs[0])) if len(runs) == 1 else []
    # The input is the same at every snapshot.
    of_input = _named_layers(study, figure) == ["input"]
    found = {
        "network": len(runs),
        "sample": sum(selection.allows(on, sample=sample) for sample in study.samples),
        "embedding": sum(selection.allows(on, embedding=embedding) for embedding in study.embeddings),
        "layer": len(_named_layers(study, figure)),
        "snapshot": 1 if of_input else len(snapshots),
    }
    if any(found[part] != 1 for part in wanted):
        chosen = ", ".join(f"{found[part]} {part}{'' if found[part] == 1 else 's'}" for part in wanted)
        keys = {"network": "dataset, architecture, activation, seed", "snapshot": "epoch or state"}
        named = ", ".join(keys.get(part, part) for part in wanted)
        raise StudyError(f"figures.{name}.on chooses {chosen}; {figure['kind']} shows one of each: name {named}")


SHOWN_CHECKS: tuple[Callable[[Study], None], ...] = (_check_neurons, _check_figures)
