"""What the networks of a dataset receive, as layer 0 of all of them: stored, embedded and scored once a dataset."""

import argparse

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.data.tensors import network_input, normaliser, sample_rows
from layerscope.provenance import provenance


def main(arguments: argparse.Namespace) -> None:
    params = arguments.params
    described = store.describe_data(arguments.data)
    training_images, _ = store.read_split(arguments.data, "train")
    shift, scale = normaliser(training_images, described.white, params["normalise"])
    images, labels = store.read_split(arguments.data, params["sample"]["split"])
    rows = sample_rows(labels, params["sample"]["choose"], params["sample"].get("n"), params["sample"]["name"], params["dataset"])
    inputs = network_input(images[rows], shift, scale)
    with store.create_hdf5(arguments.activations, "activations", params, provenance()) as file:
        file.create_dataset("labels", data=labels[rows])
        file.create_dataset("index", data=rows)
        stored = store.write_array(file.create_group(store.epoch_name(0)), "input", inputs.shape, "float32", inputs)
        stored.attrs.update(depth=0, kind="input", tap="post", shape=inputs.shape[1:])


def parser() -> argparse.ArgumentParser:
    parser = stage_parser(__doc__)
    parser.add_argument("--data", required=True, help="data/{dataset}.h5")
    parser.add_argument("--activations", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
