"""Obtain a dataset, verify it and store it as data/{dataset}.h5: the only stage that may need internet access."""

import argparse
import sys

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.data.dataset import Dataset, hold_out, with_classes
from layerscope.data.declared import check_declared
from layerscope.data.preprocessing import preprocessed
from layerscope.data.targets import REGRESSION, listed
from layerscope.errors import StudyError
from layerscope.files.provenance import provenance
from layerscope.kind_modules import load_kind


def main(arguments: argparse.Namespace) -> None:
    """Write the dataset, its classes and its splits. StudyError where it is not what the study says."""
    params = arguments.params
    name, options = params["dataset"], params["source"]
    source = load_kind("data.sources", options["source"], params.get("code"))
    dataset = source.load(options.get("name", name), options, store.download_folder())
    check(dataset, params)
    if options.get("keep_classes"):
        dataset = with_classes(dataset, options["keep_classes"], name)
    if options.get("train"):
        images, labels = dataset.splits["train"]
        _, kept = hold_out(images, labels, options["train"], name)
        dataset.splits["train"] = kept
    if options.get("preprocess"):
        dataset = preprocessed(dataset, options["preprocess"], name)
    if params["validation"]:
        images, labels = dataset.splits["train"]
        train, validation = hold_out(images, labels, params["validation"], name)
        dataset.splits = {"train": train, "validation": validation, "test": dataset.splits["test"]}
    if dataset.targets:
        about = listed(dataset.targets, dataset.target_mean, dataset.target_deviation)
        dataset.notes.append(f"the targets are numbers, over the training split: {about}")
    for note in dataset.notes:
        print(f"layerscope: datasets.{name}: {note}", file=sys.stderr)
    store.write_data(arguments.data, params, provenance(), dataset)


def check(dataset: Dataset, params: dict) -> None:
    """Raise StudyError where a dataset is not as declared, lacks a test split, or has values of which nothing tells the scale."""
    name, splits = params["dataset"], dataset.splits
    sizes = {split: len(labels) for split, (_, labels) in splits.items()}
    shape = list(next(iter(splits.values()))[0].shape[1:])
    outputs = {} if dataset.targets else {"classes": len(dataset.classes)}
    check_declared(name, params["source"], {"shape": shape, **outputs, **sizes})
    if bool(dataset.targets) != (params["source"].get("task") == REGRESSION):
        has = "targets" if dataset.targets else "classes"
        raise StudyError(f"datasets.{name}: its source gives {has}; `task: {REGRESSION}` is said of targets, and of nothing else")
    for split, (_, targets) in splits.items() if dataset.targets else ():
        if targets.shape[1:] != (len(dataset.targets),):
            wanted = f"(observations, {len(dataset.targets)})"
            raise StudyError(f"datasets.{name}: its source gives targets {targets.shape} of {split}; {wanted} are wanted")
    if not sizes.get("test"):
        raise StudyError(f"datasets.{name} has no test split; hold some out with `test: n`")
    if params["validation"] and sizes.get("validation"):
        raise StudyError(f"datasets.{name}.validation: the dataset has a validation split of its own; remove the key")
    if dataset.white is None and params.get("unit", False):
        largest = max(float(images.max()) for images, _ in splits.values())
        raise StudyError(
            f"datasets.{name}: values reach {largest:g}, and normalise: unit divides by the value of full intensity; "
            "say under `white` what that is, or write `normalise: standardise`"
        )


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--data", required=True, help="the file to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
