"""Figures of every kind, of ordinary and of hard studies, drawn by their own modules from files of made-up networks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import compared_files
import numpy as np
import pandas as pd
from figure_files import NETWORK, SNAPSHOTS, made
from observation_files import written as observations
from score_rows import OF_INPUT, OF_LAYER, told_of, written

from layerscope import store
from layerscope.figures import (
    confused_pairs,
    crossing_observations,
    dataset_strip,
    embedding_by_neuron,
    embedding_film,
    embedding_grid,
    embedding_insets,
    embedding_panels,
    embedding_trails,
    filter_maps,
    foretelling,
    layer_profiles,
    layer_similarity,
    neuron_map,
    score_bars,
    score_by_depth,
    score_by_option,
    score_course,
    score_evolution,
    score_scatter,
    similarity_by_distance,
    training_curves,
)
from layerscope.figures.shared.films import Film
from layerscope.figures.shared.style import apply_style
from layerscope.files.provenance import provenance
from layerscope.store.reads import Reads
from layerscope.study.kinds import Kinds

DIGITS = [str(digit) for digit in range(10)]
WORDS = ["T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle_boot"]
HOSTILE = [
    'a "quoted" name',
    "<b>bold</b> & more",
    "שלום",
    "قطة",
    "$x_1$",
    "a name that is much too long to be written in full",
    "é",
    "x" * 40,
    "0",
    "ß",
]
MANY = [f"class_{number}" for number in range(300)]
LAYERS = ("conv1", "conv2", "hidden1", "output")
WIDTH = 24
DRAWN: dict[str, Callable[[Path], object]] = {}


def drawn(name: str, folder: Path):
    """The figure of a case, by its name in DRAWN; of a film its figure at a step."""
    apply_style()
    figure, _ = DRAWN[name](folder)
    if isinstance(figure, Film):
        figure.show(figure.frames - 1)
        return figure.figure
    return figure


def case(kind: str, about: str):
    """Enter a function as the case of a kind of figure."""

    def entered(function):
        DRAWN[f"{kind}: {about}"] = function
        return function

    return entered


# Networks with embeddings


def points_of(labels, spread=1.0, seed=0):
    """Points of clusters on a spiral, one a class."""
    generator = np.random.default_rng(seed)
    turn = 2.4 * labels
    middles = 3 * np.sqrt(1 + labels)[:, None] * np.c_[np.cos(turn), np.sin(turn)]
    return (generator.normal(size=(len(labels), 2)) * spread + middles).astype(np.float32)


def network(folder, classes=DIGITS, count=400, shape=(8, 8), layers=LAYERS, change=lambda points: points, white=255.0, few=None):
    """The files of a network and its input, of embeddings that get better with depth, of predictions and neurons."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.arange(count) % (few or len(classes))
    files = made(folder, labels, shape, white, classes=classes)
    parts, outputs = {}, {}
    for depth, layer in enumerate(layers, 1):
        for epoch in SNAPSHOTS:
            spread = 4.0 if epoch == 0 else 3.0 / depth
            parts[epoch, layer, depth, None] = change(points_of(labels, spread, depth))
        generator = np.random.default_rng(depth)
        shown = (count, WIDTH, 5, 5) if layer.startswith("conv") else (count, WIDTH)
        outputs[layer] = np.maximum(generator.normal(size=shown), 0).astype(np.float32)
        outputs[layer][:, 3] = 0
    for number in range(9):
        parts[5, "conv1", 1, number] = change(points_of(labels, 1 + number, number))
    activations = files.activations(outputs)
    import h5py

    from layerscope.files.seals import seal_of

    with h5py.File(activations[1], "a") as file:
        for epoch in SNAPSHOTS:
            taken = np.where(np.arange(count) % 17 == 0, (labels + 1) % len(classes), labels)
            store.write_predictions(file, epoch, taken, np.zeros(count, np.float32))
    seal_of(activations[1]).unlink()
    neurons = str(folder / "neurons.h5")
    with store.create_hdf5(neurons, "neurons", {"keys": NETWORK}, provenance()) as file:
        for epoch in SNAPSHOTS:
            generator = np.random.default_rng(epoch)
            living = np.arange(200) < 190
            places = np.where(living[:, None], generator.normal(size=(200, 2)), np.nan).astype(np.float32)
            importances = generator.exponential(size=(len(np.unique(labels)), 200)) ** 3 / 100
            stored = store.StoredRepresentation(epoch, "hidden1", None, 3, None, {})
            store.write_neurons(file, stored, store.Neurons(places, importances * living, living))
    embedding = [files.of_input(change(points_of(labels, 6.0))), files.embedding(parts)]
    return Reads(embedding=embedding, activations=activations, data=files.data, neurons=[neurons])


SHOWN = {"snapshots": SNAPSHOTS, "title": "", "point_size": 3, "mark_misclassified": False, "class": None}
PANELS = {**SHOWN, "columns": 4, "shared_axes": False, "panel_inches": 1.6}
INSETS = {**SHOWN, "observations": [], "insets": 10, "images": 9, "gap": 2.0, "smallest": 0.2}
LAST = {"layer": "hidden1", "state": "trained"}
OF_NETWORKS = {"words": {"classes": WORDS}, "hostile names": {"classes": HOSTILE}, "300 classes": {"classes": MANY, "count": 300}}


def split(points):
    """Some classes in two clusters."""
    labels = np.arange(len(points)) % 10
    moved = (labels < 3) & (np.arange(len(points)) < len(points) / 2)
    return (points + np.where(moved[:, None], [40, 10], 0)).astype(np.float32)


def nowhere(points):
    """An embedding that diverged."""
    return np.full_like(points, np.nan)


for about, made_of in {
    "words": {"classes": WORDS},
    "many layers": {"layers": tuple(f"block{number}" for number in range(13)), "count": 60},
}.items():

    @case("embedding_grid", about)
    def _grid(folder, made_of=made_of):
        options = {**SHOWN, "panels": "layers", "panel_inches": 1.15, "mark_misclassified": True, "on": {"embedding": "tsne"}}
        return embedding_grid.draw(network(folder, **made_of), options)


for about, made_of in {
    **OF_NETWORKS,
    "not a number": {"change": nowhere},
    "one observation": {"count": 1},
    "classes without members": {"few": 3},
}.items():

    @case("embedding_panels", about)
    def _panels(folder, made_of=made_of):
        return embedding_panels.draw(
            network(folder, **made_of), {**PANELS, "mark_misclassified": True, "on": {"layer": "hidden1"}}
        )


@case("embedding_grid", "filters")
def _filters(folder):
    options = {**SHOWN, "panels": "filters", "panel_inches": 1.15, "on": {"embedding": "tsne", "layer": "conv1"}}
    return embedding_grid.draw(network(folder, WORDS), options)


CKA = {"cka": {"label": "CKA", "range": [None, 1], "itself": 1}}


def layers_compared(folder, layers):
    """The comparison of all layers of a network and its input with each other."""
    of_input, file = network(folder, WORDS, count=60, layers=layers).activations
    depths = [[layer, depth] for depth, layer in enumerate(layers, 1)]
    return Reads(comparison=[compared_files.compared(file, compared_files.told(0, keys=NETWORK, layers=depths), [of_input])])


for about, classes in {"words": WORDS, "hostile names": HOSTILE}.items():
    for shape in ((8, 8), (5,)):

        @case("crossing_observations", f"{about}, {'pictures' if len(shape) > 1 else 'rows'}")
        def _crossing(folder, classes=classes, shape=shape):
            read = network(folder, classes, count=60, shape=shape)
            labels, index = store.read_labels(read.activations[1]), store.read_index(read.activations[1])
            files = [
                observations(
                    folder,
                    labels,
                    {
                        ("neighborhood_hit", 5, name, depth): np.random.default_rng(seed + depth).random(60)
                        for depth, name in enumerate(LAYERS, 1)
                    },
                    seed=seed,
                    index=index,
                )
                for seed in range(3)
            ]
            options = {"score": "neighborhood_hit", "count": 8, "title": "", "on": {}, "metrics": told_of("neighborhood_hit")}
            return crossing_observations.draw(replace(read, observations=files), options)


for about, layers in {"four layers": LAYERS, "many layers": tuple(f"block{number}" for number in range(13))}.items():

    @case("layer_similarity", about)
    def _similarity(folder, layers=layers):
        options = {"measure": "cka", "measures": CKA, "order": "depth", "panel_inches": 2.2, "title": "", "on": {}}
        return layer_similarity.draw(layers_compared(folder, layers), options)

    @case("similarity_by_distance", about)
    def _by_distance(folder, layers=layers):
        return similarity_by_distance.draw(
            layers_compared(folder, layers), {"measure": "cka", "measures": CKA, "title": "", "on": {}}
        )


@case("embedding_panels", "one")
def _one_panel(folder):
    return embedding_panels.draw(network(folder, WORDS), {**PANELS, "panel_inches": 4, "on": LAST})


for about, made_of in OF_NETWORKS.items():
    if about == "hostile names":
        continue

    @case("embedding_trails", about)
    def _trails(folder, made_of=made_of):
        return embedding_trails.draw(network(folder, **made_of), {**SHOWN, "on": {"state": "trained", "filter": "whole"}})

    @case("embedding_film", about)
    def _film(folder, made_of=made_of):
        return embedding_film.draw(network(folder, **made_of), {**SHOWN, "on": {"layer": "hidden1"}})

    @case("embedding_insets", about)
    def _insets(folder, made_of=made_of):
        return embedding_insets.draw(network(folder, **made_of), {**INSETS, "mark_misclassified": True, "on": LAST})

    @case("embedding_by_neuron", about)
    def _by_neuron(folder, made_of=made_of):
        given = network(folder, **made_of)
        labels = np.arange(made_of.get("count", 400)) % len(made_of.get("classes", DIGITS))
        with store.create_hdf5(given.neurons[0], "neurons", {"keys": NETWORK}, provenance()) as file:
            importances = np.random.default_rng(0).random((len(np.unique(labels)), WIDTH))
            stored = store.StoredRepresentation(5, "hidden1", None, 3, None, {})
            places = np.zeros((WIDTH, 2), np.float32)
            store.write_neurons(file, stored, store.Neurons(places, importances, np.ones(WIDTH, bool)))
        return embedding_by_neuron.draw(given, {**SHOWN, "neuron": None, "on": LAST})

    @case("neuron_map", about)
    def _neurons(folder, made_of=made_of):
        return neuron_map.draw(network(folder, **made_of), {**SHOWN, "on": {"layer": "hidden1"}})

    @case("confused_pairs", about)
    def _confused(folder, made_of=made_of):
        on = {**LAST, "embedding": "tsne"}
        return confused_pairs.draw(network(folder, **made_of), {**SHOWN, "k": 10, "on": on})

    @case("filter_maps", about)
    def _maps(folder, made_of=made_of):
        return filter_maps.draw(network(folder, **made_of), {**SHOWN, "on": {"layer": "conv1", "state": "trained"}})

    @case("dataset_strip", about)
    def _strip(folder, made_of=made_of):
        return dataset_strip.draw(network(folder, **made_of), {"images": 12, "title": ""})


@case("embedding_insets", "split classes")
def _split_insets(folder):
    return embedding_insets.draw(network(folder, WORDS, change=split), {**INSETS, "on": LAST})


@case("dataset_strip", "hostile names")
def _hostile_strip(folder):
    return dataset_strip.draw(network(folder, HOSTILE), {"images": 12, "title": ""})


@case("confused_pairs", "hostile names")
def _hostile_pairs(folder):
    on = {**LAST, "embedding": "tsne"}
    return confused_pairs.draw(network(folder, HOSTILE), {**SHOWN, "k": 10, "on": on})


@case("neuron_map", "one class")
def _of_one_class(folder):
    return neuron_map.draw(network(folder), {**SHOWN, "class": "8", "on": {"layer": "hidden1"}})


@case("confused_pairs", "a pair")
def _pair(folder):
    on = {**LAST, "embedding": "tsne"}
    return confused_pairs.draw(network(folder, WORDS), {**SHOWN, "k": 10, "on": on, "pair": ["trouser", "pullover"]})


@case("filter_maps", "one class")
def _of_class(folder):
    return filter_maps.draw(network(folder), {**SHOWN, "class": "3", "on": {"layer": "conv1", "state": "trained"}})


@case("filter_maps", "the input")
def _input(folder):
    return filter_maps.draw(network(folder, WORDS), {**SHOWN, "on": {"layer": "input"}})


@case("dataset_strip", "two datasets")
def _two_strips(folder):
    first, second = network(folder / "a", WORDS), network(folder / "b", DIGITS, shape=(3, 8, 8))
    return dataset_strip.draw(replace(first, data=first.data + second.data), {"images": 12, "title": "Two datasets"})


for about, shape in {"large pictures": (3, 299, 299), "vectors": (7,)}.items():

    @case("dataset_strip", about)
    def _odd_strip(folder, shape=shape):
        return dataset_strip.draw(network(folder, count=20, shape=shape), {"images": 2, "title": ""})

    @case("embedding_insets", about)
    def _odd_insets(folder, shape=shape):
        return embedding_insets.draw(network(folder, count=40, shape=shape), {**INSETS, "on": LAST})


# Scores of many networks


def scores(
    metric="neighborhood_hit",
    space="tsne",
    layers=LAYERS,
    seeds=3,
    architectures=("mlp",),
    activations=("relu",),
    datasets=("digits",),
    flagged=(),
    values=(0.3, 0.9),
    chance=0.1,
    epochs=SNAPSHOTS,
):
    """Rows of a score that goes from one of two values to the other over layers, with the accuracies of the networks."""
    low, high = values
    rows = []
    for dataset in datasets:
        rows.append(
            {**OF_LAYER, **OF_INPUT, "dataset": dataset, "space": space, "metric": metric, "value": low, "chance": chance}
        )
        for number, architecture in enumerate(architectures):
            for place, activation in enumerate(activations):
                for seed in range(seeds):
                    reason = "near_chance: test accuracy 0.110" if seed in flagged else ""
                    about = {**OF_LAYER, "dataset": dataset, "architecture": architecture, "activation": activation}
                    about |= {"seed": float(seed), "metric": metric, "space": space, "chance": chance}
                    for epoch in epochs:
                        state = "untrained" if epoch == 0 else "trained" if epoch == epochs[-1] else "intermediate"
                        snapshot = {**about, "epoch": epoch, "state": state, "degenerate": reason if epoch else ""}
                        reached = 0.11 if reason else 0.9 + 0.01 * seed - 0.02 * number
                        as_such = {"space": "run", "sample": "test", "metric": "accuracy", "layer": "", "depth": np.nan}
                        rows.append({**snapshot, **as_such, "value": reached if epoch else 0.1})
                        for depth, layer in enumerate(layers[: len(layers) - number % 3], 1):
                            share = depth / len(layers) * (epoch / epochs[-1]) + 0.02 * place + 0.01 * seed
                            value = low + (high - low) * min(share, 1) if not reason else low
                            rows.append({**snapshot, "layer": layer, "depth": float(depth), "value": value})
    return pd.DataFrame(rows, columns=list(store.SCORE_TABLE_COLUMNS))


def histories(folder, datasets=("digits",), architectures=("mlp",), activations=("relu",), seeds=3, epochs=10):
    """The histories of networks that learn, on three splits."""
    files = []
    for dataset in datasets:
        for architecture in architectures:
            for activation in activations:
                for seed in range(seeds):
                    file = folder / store.path("s", "history", run=store.run_folder(dataset, architecture, activation, seed))
                    file.parent.mkdir(parents=True)
                    rows = [
                        {
                            "epoch": epoch,
                            "step": 40 * epoch,
                            "split": split,
                            "loss": 2.3 / (1 + epoch) + 0.05 * place + 0.02 * seed,
                            "accuracy": 1 - 0.8 / (1 + epoch) - 0.01 * place,
                        }
                        for epoch in range(epochs + 1)
                        for place, split in enumerate(("batches", "validation", "test"))
                        if epoch or split == "test"
                    ]
                    pd.DataFrame(rows).to_csv(file, index=False)
                    files.append(str(file))
    return files


TOLD = told_of(
    "neighborhood_hit", "kl", "saturation", "accuracy", "knn_accuracy_loo", "displacement", "d_same", live_saturation="saturation"
)
SIZES = {f"vgg{depth}_8th": {"depth": depth, "width": 64} for depth in (11, 13, 16, 19)}
SIZES |= {"mlp": {"depth": 3, "width": 64}} | {f"layers{depth}": {"depth": depth, "width": 100} for depth in range(1, 8)}
VGG = (*(f"conv{number}" for number in range(1, 17)), "hidden1", "output")
FOUR = ("logsig", "tanh", "softsign", "relu")
STUDIES = {
    "close values": {"values": (0.93, 0.97)},
    "two runs": {"seeds": 2},
    "flagged runs": {"seeds": 4, "flagged": (2,)},
    "many networks": {"architectures": tuple(SIZES)[5:10], "activations": FOUR[:3]},
    "many layers": {
        "architectures": ("vgg16_8th", "vgg19_8th"),
        "layers": VGG,
        "datasets": ("cifar10", "cat_vs_dog"),
        "seeds": 2,
    },
}


def told(score, **more):
    options = {
        "score": score,
        "metrics": TOLD,
        "sizes": SIZES,
        "title": "",
        "network_accuracies": ["accuracy"],
        "loss_unit": "nats",
    } | {"filters": False}
    return {**options, **more}


for about, made_of in STUDIES.items():

    @case("score_by_depth", about)
    def _by_depth(folder, made_of=made_of):
        rows = pd.concat([scores(space=space, **made_of) for space in ("raw", "tsne")])
        return score_by_depth.draw(Reads(**written(folder, rows)), told("neighborhood_hit", on={}))

    @case("layer_profiles", about)
    def _profiles(folder, made_of=made_of):
        rows = scores("saturation", "run", **{**made_of, "chance": np.nan})
        return layer_profiles.draw(Reads(**written(folder, rows)), told("saturation", columns=5))

    @case("score_evolution", about)
    def _evolution(folder, made_of=made_of):
        rows = scores("saturation", "run", **{**made_of, "chance": np.nan, "epochs": [*range(0, 21, 2)]})
        return score_evolution.draw(Reads(**written(folder, rows)), told("saturation", columns=4))

    @case("score_bars", about)
    def _bars(folder, made_of=made_of):
        rows = scores("kl", **{**made_of, "values": (1.4, 0.6), "chance": np.nan})
        return score_bars.draw(Reads(**written(folder, rows)), told("kl", columns=None))

    @case("score_scatter", about)
    def _scatter(folder, made_of=made_of):
        rows = scores("kl", **{**made_of, "values": (1.4, 0.6), "chance": np.nan})
        shown = {"against": "accuracy", "colour": "activation", "marker": "architecture", "bend": 0.5, "on": {"layer": "last"}}
        shown |= {"epochs": "trained", "split": "test", "activations": ["relu", "tanh"]}
        return score_scatter.draw(Reads(**written(folder, rows)), told("kl", **shown))

    @case("score_course", about)
    def _course(folder, made_of=made_of):
        networks = {key: made_of[key] for key in ("datasets", "architectures", "activations", "seeds") if key in made_of}
        rows = scores("saturation", "run", **{**made_of, "chance": np.nan, "epochs": [*range(0, 11)]})
        reads = Reads(**written(folder, rows), history=histories(folder, **networks))
        return score_course.draw(reads, told("saturation", splits=["batches", "test"], losses="below", on={"layer": "hidden"}))

    @case("training_curves", about)
    def _training(folder, made_of=made_of):
        networks = {key: made_of[key] for key in ("datasets", "architectures", "activations", "seeds") if key in made_of}
        reads = Reads(**written(folder, scores(**made_of)), history=histories(folder, **networks))
        return training_curves.draw(reads, {"title": "", "network_accuracies": ["accuracy"], "loss_unit": "nats"})


for about, weights in {"three": (0.0, 0.01, 1.0), "nine": (0.0, *(10.0**power for power in range(-4, 4)))}.items():

    @case("score_by_option", about)
    def _by_option(folder, weights=weights):
        rows = [
            {**OF_LAYER, "seed": float(seed), "space": f"through_{place}", "metric": metric, "epoch": epoch, "value": value}
            for seed in range(3)
            for place, weight in enumerate(weights)
            for epoch in (2, 4)
            for metric, value in (("kl", 0.8 + 0.05 * place**1.5 + seed / 40), ("displacement", 3 / (1 + place) + seed / 10))
        ]
        spaces = {f"through_{place}": weight for place, weight in enumerate(weights)}
        named = {"lambda": {"column": "space", "values": spaces}}
        options = told("kl", against="displacement", x="lambda", on={"epoch": [2, 4]}, named_options=named)
        options["alike"] = {"space": dict.fromkeys(spaces, "through")}
        return score_by_option.draw(Reads(**written(folder, rows)), options)


# Scores that foretell others

CHEAP = (
    "saturation",
    "intrinsic_dimension",
    "two_nn",
    "levina_bickel",
    "linear_dimension",
    "effective_rank",
    "sparsity",
    "d_same",
)
COSTLY = ("linear_probe", "linear_probe_held_out", "neighborhood_hit", "knn_accuracy_loo", "trustworthiness", "kl")


def foretold(folder, cheap, costly, spaces, kinds=4):
    """The figure of layers whose first cheap score follows the costly ones, and whose others are drawn at random."""
    generator, rows = np.random.default_rng(0), []
    for kind in range(kinds):
        for seed in range(3):
            about = {**OF_LAYER, "architecture": f"mlp{kind}", "seed": float(seed)}
            rows.append({**about, "layer": "", "space": "run", "sample": "test", "metric": "accuracy", "value": 0.9 + seed / 50})
            for depth in range(1, 6):
                layer = {**about, "layer": f"hidden{depth}", "depth": float(depth)}
                shared = generator.normal()
                values = [shared, *generator.normal(size=len(cheap) - 1)]
                rows += [{**layer, "metric": name, "value": value} for name, value in zip(cheap, values, strict=True)]
                rows += [
                    {**layer, "metric": name, "space": space, "value": generator.normal() / 3 - shared}
                    for name in costly
                    for space in spaces
                ]
    options = {"cheap": list(cheap), "costly": list(costly), "network_accuracies": ["accuracy"], "repeats": {}, "title": ""}
    told = told_of(*(name for name in (*cheap, *costly) if name in Kinds().of("scores")))
    return foretelling.draw(Reads(**written(folder, rows)), {**options, "metrics": told})


@case("foretelling", "one pair of scores of names of one's own")
def _one_pair(folder):
    return foretold(folder, ["my_score"], ["a_score_with_a_name_of_many_words"], ["raw"])


@case("foretelling", "eight scores by eighteen")
def _many_pairs(folder):
    return foretold(folder, CHEAP, COSTLY, ["raw", "tsne", "an_embedding_of_my_own"])
