"""Map the neurons of each layer by their correlation, and compute how important each is for each class."""

import argparse
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.files.provenance import provenance
from layerscope.files.unfinished import Resumable, identity
from layerscope.geometry.neurons import class_importances, living_neurons, neuron_distances, neuron_map
from layerscope.selection import View

SEED = 0


def main(arguments: argparse.Namespace) -> None:
    """Write the map of each layer's neurons and the importance of each for each class.

    An interrupted job resumes after its finished parts.
    """
    params = arguments.params
    labels = store.read_labels(arguments.activations)
    view = View.from_params(params["view"])
    found = []
    made_by = provenance(threads=params["threads"], seeds=[SEED])
    with Resumable(arguments.neurons, identity(params, ["layerscope.stages.neurons"], [arguments.activations])) as resumable:
        for stored in tqdm(store.representations(arguments.activations, view), desc="neurons", delay=10, mininterval=5):
            found.append(replace(stored, array=None))
            if resumable.get(stored.name) is None:
                resumable.keep(stored.name, described(stored.array, labels, params["trees"], params["threads"]), {})
        with store.create_hdf5(arguments.neurons, "neurons", params, made_by) as file:
            for stored in found:
                arrays, _ = resumable.finished(stored.name)
                store.write_neurons(file, stored, store.Neurons(**arrays))
        resumable.discard()


def described(activations: np.ndarray, labels: np.ndarray, trees: int, threads: int) -> dict[str, np.ndarray]:
    """points (d, 2) float32, NaN for dead neurons; importances (classes, d) float64; living (d,) bool."""
    living = living_neurons(activations)
    points = np.full((len(living), 2), np.nan, np.float32)
    points[living] = neuron_map(neuron_distances(activations[:, living]))
    importances = class_importances(activations, labels, trees, SEED, threads)
    return {"points": points, "importances": importances, "living": living}


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--activations", required=True, help="the representations")
    parser.add_argument("--neurons", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
