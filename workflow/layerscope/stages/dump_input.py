"""What the networks of a dataset receive, as layer 0 of all of them: stored, embedded and scored once a dataset."""

import argparse

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.observations import observations_of_sample
from layerscope.provenance import provenance

BATCH = 1000


def main(arguments: argparse.Namespace) -> None:
    params = arguments.params
    observations = observations_of_sample(arguments.data, params["sample"], params["dataset"], params["normalise"])
    shape = (len(observations.labels), *observations.shape)
    with store.create_hdf5(arguments.activations, "activations", params, provenance()) as file:
        file.create_dataset("labels", data=observations.labels)
        file.create_dataset("index", data=observations.rows)
        stored = store.write_array(file.create_group(store.epoch_name(0)), "input", shape, "float32")
        for start in range(0, len(observations.labels), BATCH):
            stored[start : start + BATCH] = observations.inputs(slice(start, start + BATCH))
        stored.attrs.update(depth=0, kind="input", tap="post", shape=observations.shape)


def parser() -> argparse.ArgumentParser:
    parser = stage_parser(__doc__)
    parser.add_argument("--data", required=True, help="data/{dataset}.h5")
    parser.add_argument("--activations", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
