"""Take the activations of a network from files that a person has made: checked, and handed on as if the network had been run."""

import argparse
from pathlib import Path

import numpy as np

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.data.given import GivenFile, look_at, read_layer, read_observations, read_predictions
from layerscope.data.samples import rows_of_sample
from layerscope.errors import StudyError
from layerscope.files.provenance import provenance


def main(arguments: argparse.Namespace) -> None:
    """Write the layers of every epoch, and the predictions where the files have them, for the observations of a sample."""
    params = arguments.params
    sample = params["sample"]
    classes = store.describe_data(arguments.data).classes
    labels = store.read_split_labels(arguments.data, sample["split"])
    rows = rows_of_sample(labels, sample, params["dataset"])
    with store.create_hdf5(arguments.activations, "activations", params, provenance(status="given")) as file:
        store.write_observations(file, labels[rows], rows)
        for epoch, given in zip(params["epochs"], arguments.given, strict=True):
            _take(file, epoch, Path(given), params, labels, classes, rows)


def _take(file, epoch: int, given: Path, params: dict, labels: np.ndarray, classes: list[str], rows: np.ndarray) -> None:
    where = f"architectures.{params['architecture']}"
    known = look_at(given, where)
    observed = read_observations(given, where)
    places = _places(known, observed.rows, len(labels), rows, f"{where}: {given}")
    if observed.labelled is not None:
        in_split = np.arange(known.n) if observed.rows is None else observed.rows
        wanted = labels[in_split]
        theirs = observed.labelled
        by_name = np.array(theirs.classes)[theirs.labels] == np.array(classes)[wanted]
        by_number = theirs.written == wanted if theirs.written.dtype.kind != "U" else by_name
        if not (by_name.all() or by_number.all()):
            first = int(np.flatnonzero(~by_name)[0])
            raise StudyError(
                f"{where}: {given}: labels differ from those of datasets.{params['dataset']} for {int((~by_name).sum())} "
                f"observations, the first in row {first} ({theirs.classes[theirs.labels[first]]}, there "
                f"{classes[wanted[first]]}); every file of a dataset has the same observations in the same order, or says in "
                "`index` which rows of the split they are"
            )
    for name, (depth, shape) in params["layers"].items():
        values = read_layer(given, name, places)
        if len(shape) == 3 and params.get("layout") == "channels_last":
            values = np.moveaxis(values, -1, 1)
        stored = store.create_layer(file, epoch, name, len(rows), tuple(shape), depth, "given")
        stored[:] = values.reshape(len(rows), *shape)
    if "predictions" in known.beside:
        predicted, losses = read_predictions(given, observed.labelled, classes, where)
        store.write_predictions(file, epoch, predicted[places], losses[places])


def _places(known: GivenFile, index: np.ndarray | None, size: int, rows: np.ndarray, where: str) -> np.ndarray:
    """The rows of the file that hold the observations of a sample. index: the rows of the split that it has, None for all."""
    if index is None:
        if known.n != size:
            raise StudyError(
                f"{where} has {known.n} observations, its split {size}; say in an array `index` which rows of the split they are"
            )
        return rows
    if len(index) and index.max() >= size:
        raise StudyError(f"{where}: index names row {index.max()}, its split has {size} observations")
    place = np.full(size, -1)
    place[index] = np.arange(len(index))
    missing = int((place[rows] < 0).sum())
    if missing:
        raise StudyError(f"{where} lacks {missing} of the {len(rows)} observations of the sample; look at fewer, or add them")
    return place[rows]


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--data", required=True, help="data/{dataset}.h5")
    parser.add_argument("--given", nargs="+", required=True, help="the files of the network, one an epoch")
    parser.add_argument("--activations", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
