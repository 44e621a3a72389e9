"""How large datasets, splits and samples are, as far as a study knows before they are prepared."""

from layerscope.study.kinds import Kinds
from layerscope.study.study import Study


def source_sizes(kinds: Kinds, dataset: dict) -> dict:
    """shape and classes of a dataset; sizes of train (validation included) and test, if the study tells them."""
    if "train" in dataset:
        whole = source_sizes(kinds, {key: value for key, value in dataset.items() if key != "train"})
        return {**whole, "train": dataset["train"]}
    if "keep_classes" in dataset:
        whole = source_sizes(kinds, {key: value for key, value in dataset.items() if key != "keep_classes"})
        return {"shape": whole["shape"], "classes": len(dataset["keep_classes"])}
    if "preprocess" in dataset:
        whole = source_sizes(kinds, {key: value for key, value in dataset.items() if key != "preprocess"})
        grey = dataset["preprocess"]["grayscale"] and len(whole["shape"]) == 3
        return {**whole, "shape": list(whole["shape"])[1:] if grey else whole["shape"]}
    known = kinds.of_entry("datasets", dataset).says("sizes")
    if known is None:
        shape = dataset.get("shape") or ([3] if dataset.get("colour") else []) + list(dataset["size"])
        return {"shape": shape, **dataset.get("n", {}), "classes": dataset["classes"]}
    sizes = known[dataset["name"]]
    if "test" in dataset:
        return {**sizes, "train": sizes["train"] - dataset["test"], "test": dataset["test"]}
    return sizes


def split_size(study: Study, dataset: str, split: str) -> int | None:
    """How many observations a split has, None where the study cannot know before the dataset is prepared."""
    options = study.datasets[dataset]
    if split == "validation":
        return options["validation"]
    size = source_sizes(study.kinds, options).get(split)
    return size - options["validation"] if split == "train" and size is not None else size


def sample_size(study: Study, dataset: str, sample: str) -> int | None:
    """How many observations a sample has, None where the study cannot know before the dataset is prepared."""
    options = study.samples[sample]
    if options["choose"] in ("first", "random"):
        return options["n"]
    if options["choose"] == "per_class":
        return options["n"] * source_sizes(study.kinds, study.datasets[dataset])["classes"]
    return split_size(study, dataset, options["split"])
