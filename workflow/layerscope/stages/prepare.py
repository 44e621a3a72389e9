"""Obtain a dataset, verify it and store it as data/{dataset}.h5: the only stage that may need internet access."""

import argparse

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.data.dataset import Dataset, hold_out, with_classes
from layerscope.data.preprocessing import preprocessed
from layerscope.errors import StudyError
from layerscope.files.provenance import provenance
from layerscope.kind_modules import load_kind


def main(arguments: argparse.Namespace) -> None:
    """Write the dataset, its classes and its splits. Raises StudyError where it is not what the study declares."""
    params = arguments.params
    options = params["source"]
    source = load_kind("data.sources", options["source"], params.get("code"))
    dataset = source.load(options.get("name", params["dataset"]), options, store.download_folder())
    check_declared(dataset, params)
    if options.get("keep_classes"):
        dataset = with_classes(dataset, options["keep_classes"], params["dataset"])
    if options.get("train"):
        images, labels = dataset.splits["train"]
        _, kept = hold_out(images, labels, options["train"], params["dataset"])
        dataset.splits["train"] = kept
    if options.get("preprocess"):
        dataset = preprocessed(dataset, options["preprocess"], params["dataset"])
    if params["validation"]:
        images, labels = dataset.splits["train"]
        train, validation = hold_out(images, labels, params["validation"], params["dataset"])
        dataset.splits = {"train": train, "validation": validation, "test": dataset.splits["test"]}
    store.write_data(arguments.data, params, provenance(), dataset)


def check_declared(dataset: Dataset, params: dict) -> None:
    """Raise StudyError where a dataset is not what the study declares (`shape`, `n`) or lacks a test split."""
    images = dataset.splits["train"][0]
    declared = params["source"].get("shape")
    if declared is not None and tuple(declared) != images.shape[1:]:
        raise StudyError(f"datasets.{params['dataset']}.shape is {declared}, but its images are {list(images.shape[1:])}")
    for split, n in (params["source"].get("n") or {}).items():
        found = len(dataset.splits[split][1])
        if n != found:
            raise StudyError(f"datasets.{params['dataset']}.n.{split} is {n}, but the split has {found} observations")
    classes = params["source"].get("classes")
    if classes is not None and classes != len(dataset.classes):
        raise StudyError(f"datasets.{params['dataset']}.classes is {classes}, but there are {len(dataset.classes)}")
    if not len(dataset.splits["test"][1]):
        raise StudyError(f"datasets.{params['dataset']} has no test split; hold some out with `test: n`")


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--data", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
