"""How large datasets, splits and samples are, as far as a study knows before they are prepared."""

from importlib import import_module
from pathlib import Path

from layerscope import store
from layerscope.data.axes import axes_of
from layerscope.data.declared import check_declared
from layerscope.data.own_files import find_own
from layerscope.data.targets import REGRESSION
from layerscope.errors import StudyError
from layerscope.files.provenance import canonical_json
from layerscope.study.kinds import Kind, Kinds
from layerscope.study.study import Study


def source_sizes(kinds: Kinds, dataset: dict) -> dict:
    """shape and classes of a dataset; class_names and the sizes of train (validation included) and test, if these are known.

    A regression has targets, their names, and no classes.
    """
    if "train" in dataset:
        whole = source_sizes(kinds, {key: value for key, value in dataset.items() if key != "train"})
        return {**whole, "train": dataset["train"]}
    if "keep_classes" in dataset:
        whole = source_sizes(kinds, {key: value for key, value in dataset.items() if key != "keep_classes"})
        kept = dataset["keep_classes"]
        return {"shape": whole["shape"], "classes": len(kept), "class_names": kept}
    if "preprocess" in dataset:
        whole = source_sizes(kinds, {key: value for key, value in dataset.items() if key != "preprocess"})
        grey = dataset["preprocess"]["grayscale"] and len(whole["shape"]) == 3
        return {**whole, "shape": list(whole["shape"])[1:] if grey else whole["shape"]}
    known = kinds.of_entry("datasets", dataset).says("sizes")
    if known is None:
        return _found(kinds, dataset) or _declared(dataset)
    sizes = known[dataset["name"]]
    if "test" in dataset:
        return {**sizes, "train": sizes["train"] - dataset["test"], "test": dataset["test"]}
    return sizes


def outputs_of(sizes: dict) -> int:
    """How many numbers a network puts out: one for each class, or for each target. sizes: of source_sizes."""
    return len(sizes["targets"]) if "targets" in sizes else sizes["classes"]


def find_sizes(kinds: Kinds, name: str, dataset: dict) -> None:
    """Look what a person's own files hold, where they are there and their source can tell; it is asked for later.

    Where the study declares all of it, that is taken until the dataset is prepared, and no file is read. Raises StudyError where
    the files cannot be a dataset, and where they are not what the study declares.
    """
    kind = kinds.of_entry("datasets", dataset)
    if kind.is_own or not kind.says("finds_sizes") or any(path is None for path in found_files(kind, dataset)):
        return
    if {"n", "classes"} <= dataset.keys() and ("shape" in dataset or {"size", "colour"} <= dataset.keys()):
        return
    sizes = import_module(kind.module).found_sizes(name, dataset, store.download_folder())
    check_declared(name, dataset, sizes)
    kinds.sizes[_key(dataset)] = sizes


def found_files(kind: Kind, dataset: dict) -> list[Path | None]:
    """Where the files or folders of a person's own are that a dataset is made from, None for one that is missing."""
    option = kind.says("own_files")
    named = dataset.get(option, []) if option else []
    return [find_own(path, store.download_folder()) for path in ([named] if isinstance(named, str) else named)]


def _key(dataset: dict) -> str:
    # What is done after the source was read, and is no option of it, changes nothing that it finds.
    return canonical_json({key: value for key, value in dataset.items() if key not in ("normalise", "validation", "class_rates")})


def _found(kinds: Kinds, dataset: dict) -> dict | None:
    return kinds.sizes.get(_key(dataset))


def _declared(dataset: dict) -> dict:
    """What the study says of files that nobody has looked at."""
    shape = list(dataset.get("shape", []))
    if "size" in dataset:
        shape = [*([3] if dataset.get("colour") else []), *dataset["size"]]
    outputs = "the number of targets" if dataset.get("task") == REGRESSION else "classes"
    missing = [key for key, value in (("shape", shape), (outputs, dataset.get("classes"))) if not value]
    if missing:
        needed = " and ".join(missing)
        if "path" not in dataset:
            raise StudyError(f"nothing tells {needed}; write them in the study")
        raise StudyError(
            f"there is no {dataset['path']} here or below {store.download_folder()}, which would tell {needed}; put it there, "
            "or name the folder that has it in the environment variable LAYERSCOPE_DATA"
        )
    where = f"a dataset of shape {shape}"
    return {
        "shape": [shape[axis] for axis in axes_of(shape, dataset.get("layout"), shape, where)],
        **dataset.get("n", {}),
        "classes": dataset["classes"],
    }


def split_size(study: Study, dataset: str, split: str) -> int | None:
    """How many observations a split has, None where the study cannot know before the dataset is prepared."""
    options = study.datasets[dataset]
    sizes = source_sizes(study.kinds, options)
    if split == "validation":
        return options["validation"] or sizes.get("validation", 0)
    size = sizes.get(split)
    return size - options["validation"] if split == "train" and size is not None else size


def class_names(study: Study, dataset: str) -> list[str]:
    """The names of the classes of a dataset; empty where the study cannot know them before the dataset is prepared."""
    return source_sizes(study.kinds, study.datasets[dataset]).get("class_names", [])


def has_input(study: Study, dataset: str) -> bool:
    """Whether observations of a dataset have values of their own: given activations may come without what networks received."""
    is_given = study.kind_of("datasets", dataset).says("given", False)
    return not is_given or bool(source_sizes(study.kinds, study.datasets[dataset])["shape"])


def neighbors_kept(study: Study, dataset: str, sample: str) -> int:
    """How many neighbours of each point the graph of a sample holds: never more than there are other points."""
    n = sample_size(study, dataset, sample)
    return study.k if n is None else min(study.k, n - 1)


def sample_size(study: Study, dataset: str, sample: str) -> int | None:
    """How many observations a sample, or one draw of it, has, None where the study cannot know before the dataset is prepared."""
    options = study.samples[study.drawn(sample)[0]]
    if options["choose"] in ("first", "random"):
        return options["n"]
    if options["choose"] == "per_class":
        return options["n"] * source_sizes(study.kinds, study.datasets[dataset])["classes"]
    return split_size(study, dataset, options["split"])
