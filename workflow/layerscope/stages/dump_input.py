"""Store the network inputs of a dataset as layer 0 of all its networks, embedded and scored once per dataset.

Sequences of tokens, whose numbers have no distances, are stored as the counts of each token.
"""

import argparse

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.data.samples import observations_of_sample
from layerscope.data.targets import STANDARDISE
from layerscope.data.tokens import counted
from layerscope.files.provenance import provenance

BATCH = 1000


def main(arguments: argparse.Namespace) -> None:
    """Write the observations of a sample as the output of layer 0."""
    params = arguments.params
    observations = observations_of_sample(
        arguments.data, params["sample"], params["dataset"], params["normalise"], params.get("normalise_targets", STANDARDISE)
    )
    n, vocabulary = len(observations.labels), params.get("vocabulary")
    shape = (vocabulary,) if vocabulary else observations.shape
    with store.create_hdf5(arguments.activations, "activations", params, provenance()) as file:
        store.write_observations(file, observations.kept, observations.rows)
        stored = store.create_layer(file, 0, "input", n, shape, 0, "input")
        for start in range(0, n, BATCH):
            inputs = observations.inputs(slice(start, start + BATCH))
            stored[start : start + BATCH] = counted(inputs, vocabulary) if vocabulary else inputs


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--data", required=True, help="data/{dataset}.h5")
    parser.add_argument("--activations", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
