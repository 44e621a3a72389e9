"""What the explorer shows of a network, or of the input of a dataset, on a sample: embeddings, neighbours, predictions, units."""

from collections.abc import Iterable, Iterator

import numpy as np

from layerscope import store
from layerscope.explorer.drawn import drawn_positions
from layerscope.explorer.scripts import MISSING, encoded, frame_of, quantised, rounded

# Nearest neighbours of each point, in the space of a layer.
NEIGHBORS = 8
# Units of a layer, or means of filters, by whose activation points can be coloured.
UNITS = 12
# What steps that are embedded together have in common, by the option `over` of the embedding.
TOGETHER = {"epochs": ("layer", "filter"), "layers": ("epoch",)}


def source_of_page(activations: str, embeddings: Iterable[str], neighbors: str | None, observations: Iterable[str] = ()) -> dict:
    """Everything of a source for its script. embeddings: its files of embeddings. neighbors: None where it has no such file.

    observations: its files of scores of every observation.
    """
    drawn = _drawn(activations)
    found = [(store.file_params(file), list(store.embeddings(file))) for file in embeddings]
    whole = {(stored.epoch, stored.layer): stored for _, of_file in found for _, stored in of_file if stored.filter is None}
    return {
        "predictions": {str(one.epoch): _predicted(one, drawn) for one in store.predictions(activations)},
        "embeddings": {params["keys"]["embedding"]: _embedded(params, of_file, drawn) for params, of_file in found},
        "neighbors": dict(_neighbors(neighbors, whole.values(), drawn)),
        "units": dict(_units(activations, [key for key in whole if whole[key].depth > 0], drawn)),
        "scores": [one for file in observations for one in _scored(file, drawn)],
    }


def _drawn(activations: str) -> np.ndarray:
    targets = store.read_targets(activations)
    if targets is not None:
        return drawn_positions(None, len(targets.values))
    labels = store.read_labels(activations)
    return drawn_positions(labels, len(labels))


def _predicted(found: store.Predictions, drawn: np.ndarray) -> dict:
    losses = {"losses": encoded(found.losses[drawn], "float32")}
    if found.classes is not None:
        return {"classes": encoded(found.classes[drawn], "uint16"), **losses}
    targets = [] if found.targets is None else [encoded(values, "float32") for values in found.targets[drawn].T]
    return {"targets": targets, **losses}


def _embedded(params: dict, found: list[tuple[int, store.StoredRepresentation]], drawn: np.ndarray) -> list[dict]:
    """One entry for each embedding. Steps that are embedded together have one frame, so that what moves is seen to move."""
    alike = TOGETHER.get(params["options"].get("over"), ("layer", "filter", "epoch"))
    series = [(seed, *(getattr(stored, key) for key in alike)) for seed, stored in found]
    arrays: dict[tuple, list[np.ndarray]] = {}
    for key, (_, stored) in zip(series, found, strict=True):
        arrays.setdefault(key, []).append(stored.array[drawn])
    frames = {key: frame_of(of_series) for key, of_series in arrays.items()}
    return [
        {
            "seed": seed,
            "epoch": stored.epoch,
            "layer": stored.layer,
            "filter": stored.filter,
            "depth": stored.depth,
            "status": str(stored.attributes["status"]),
            "frame": frames[key],
            "points": encoded(quantised(stored.array[drawn], frames[key]), "uint16"),
        }
        for key, (seed, stored) in zip(series, found, strict=True)
    ]


def _neighbors(source: str | None, layers: Iterable[store.StoredRepresentation], drawn: np.ndarray) -> Iterator[tuple[str, dict]]:
    """epoch/layer → the nearest neighbours that are drawn, nearest first."""
    if source is None:
        return
    file = store.NeighborsFile(source)
    for stored in layers:
        graph = file.read(stored)
        if graph is not None:
            nearest = _among(graph.indices[drawn], drawn)
            yield f"{stored.epoch}/{stored.layer}", {"k": nearest.shape[1], "indices": encoded(nearest, "uint16")}


def _among(indices: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The first NEIGHBORS of each row of indices (n, k) that are among the drawn, as positions among these; MISSING fills up."""
    places = np.searchsorted(drawn, indices)
    places[places == len(drawn)] = 0
    is_drawn = drawn[places] == indices
    order = np.argsort(~is_drawn, axis=1, kind="stable")[:, :NEIGHBORS]
    nearest, kept = (np.take_along_axis(array, order, axis=1) for array in (places, is_drawn))
    return np.where(kept, nearest, MISSING)


def _scored(source: str, drawn: np.ndarray) -> Iterator[dict]:
    """The scores of every observation in a file, of those that are drawn. Those that are all NaN are left out."""
    space = store.file_params(source)["space"]
    for found in store.observation_scores(source):
        steps, low, high = rounded(found.values[drawn])
        if np.isfinite(found.values).any():
            yield {
                "space": space,
                "score": found.score,
                "epoch": found.epoch,
                "layer": found.layer,
                "seed": found.embedding_seed,
                "range": [float(f"{end:.4g}") for end in (low, high)],
                "values": encoded(steps, "uint8"),
            }


def _units(activations: str, layers: list[tuple[int, str]], drawn: np.ndarray) -> Iterator[tuple[str, dict]]:
    """epoch/layer → the activations of the units that vary most over the sample; of layers with maps, the means of filters.

    They are those that vary most at the last snapshot, the same ones at all, so that snapshots can be compared.
    """
    kept: dict[str, np.ndarray] = {}
    for epoch, layer in sorted(layers, reverse=True):
        outputs = store.read_layer_rows(activations, epoch, layer, drawn)
        means = outputs.reshape(*outputs.shape[:2], -1).mean(axis=2) if outputs.ndim > 2 else outputs
        if layer not in kept:
            spread = np.nan_to_num(means.std(axis=0, dtype=np.float64), nan=0.0, posinf=0.0)
            varying = np.argsort(-spread, kind="stable")[:UNITS]
            kept[layer] = np.sort(varying[spread[varying] > 0])
        chosen = kept[layer]
        values = [rounded(means[:, unit]) for unit in chosen]
        yield (
            f"{epoch}/{layer}",
            {
                "of": means.shape[1],
                "filters": outputs.ndim > 2,
                "numbers": chosen.tolist(),
                "ranges": [[float(f"{end:.4g}") for end in (low, high)] for _, low, high in values],
                "values": encoded(np.array([steps for steps, _, _ in values], np.uint8), "uint8"),
            },
        )
