"""Given activations in a study: which files there are, for which networks, and whether they fit each other."""

import re
import string
from collections.abc import Iterator
from pathlib import Path

from layerscope import selection, store
from layerscope.data.own_files import find_own
from layerscope.errors import StudyError
from layerscope.store.given import INPUT
from layerscope.study.kinds import Kinds
from layerscope.study.study import Run, Study

WILDCARDS = ("dataset", "architecture", "activation", "seed", "epoch")
# The epoch of a file that says none: that of a trained network.
TRAINED = 1


def is_given(kinds: Kinds, entry: object) -> bool:
    """Whether an entry of `architectures` in a study file names a family whose activations are given."""
    known = kinds.of("architectures")
    family = entry.get("family") if isinstance(entry, dict) else None
    return isinstance(family, str) and family in known and known[family].says("given", False)


def with_given_completed(content: dict, kinds: Kinds) -> dict:
    """The content of a study file in which all networks are given, with their dataset and their seeds where it names none.

    The seeds are those of the files that are there. Any other content is returned as it is.
    """
    architectures = content.get("architectures")
    if not isinstance(architectures, dict) or not architectures:
        return content
    if not all(is_given(kinds, entry) for entry in architectures.values()):
        return content
    found = dict(content)
    if "datasets" not in content:
        # Named after its source, which is the one that declares it.
        [source] = [kind.name for kind in kinds.of("datasets").values() if kind.says("given")]
        found["datasets"] = {source: {"source": source}}
    if "seeds" not in content:
        found["seeds"] = sorted({seed for entry in architectures.values() for seed in _seeds(entry.get("path"))}) or [0]
    return found


def _seeds(path: object) -> set[int]:
    """The numbers that stand for {seed} in the names of the files that are there."""
    if not isinstance(path, str) or "{seed}" not in path:
        return set()
    pattern = re.sub(r"\\\{(\w+)\\\}", lambda at: "([0-9]+)" if at[1] == "seed" else "[A-Za-z0-9_-]+", re.escape(path), count=0)
    globbed = re.sub(r"\{\w+\}", "*", path)
    found = set()
    for root in (Path(), store.download_folder()):
        for file in root.glob(globbed) if not Path(globbed).is_absolute() else Path("/").glob(globbed.lstrip("/")):
            name = str(file) if Path(path).is_absolute() else str(file.relative_to(root))
            match = re.fullmatch(pattern, name)
            if match:
                found.add(int(match[1]))
    return found


def epochs_of(options: dict) -> list[int]:
    """The epochs of an architecture whose activations are given, ascending."""
    return sorted(options.get("epochs", [TRAINED]))


def given_files(name: str, options: dict, keys: dict) -> dict[int, str]:
    """Epoch → the file of one network. keys: its dataset, architecture, activation and seed.

    Raises StudyError where a file is missing, and where path and epochs do not fit.
    """
    where, path = f"architectures.{name}.path", options["path"]
    named = [field for _, field, _, _ in string.Formatter().parse(path) if field is not None]
    for field in named:
        if field not in WILDCARDS:
            raise StudyError(f"{where}: {{{field}}} is nothing that files differ in; {', '.join(WILDCARDS)} are")
    if ("epoch" in named) != ("epochs" in options):
        remedy = "list them under `epochs`" if "epoch" in named else "write {epoch} in the path, or remove `epochs`"
        raise StudyError(f"{where}: {path} and its epochs do not fit; {remedy}")
    files = {epoch: path.format(**keys, epoch=epoch) for epoch in epochs_of(options)}
    found = {epoch: find_own(file, store.download_folder()) for epoch, file in files.items()}
    missing = [files[epoch] for epoch, file in found.items() if file is None or not file.is_file()]
    if missing:
        raise StudyError(
            f"{where}: there is no {missing[0]} here or below {store.download_folder()}"
            f"{f', and {len(missing) - 1} more are missing' if missing[1:] else ''}; put it there, or name other seeds or epochs"
        )
    return {epoch: str(file) for epoch, file in found.items()}


def beside_layers(name: str, files: dict[int, str]) -> frozenset[str]:
    """Which arrays the first file of a network has beside its layers: labels, predictions, losses, index, classes."""
    from layerscope.data.given import look_at

    return look_at(Path(next(iter(files.values()))), f"architectures.{name}").beside


def check_given(study: Study) -> Iterator[str]:
    """A message for each mistake in what a study says of given networks, and for files unlike the first of an architecture."""
    first: dict[tuple[str, str], tuple[str, dict]] = {}
    network_of: dict[str, Run] = {}
    for run in study.runs:
        if run not in study.given:
            if study.kind_of("datasets", run.dataset).says("given"):
                yield (
                    f"grids: {run.architecture} is to be trained on datasets.{run.dataset}, which has given activations only; "
                    "name another dataset for it"
                )
            continue
        yield from _check_options(study, run)
        where = f"architectures.{run.architecture}"
        for file in study.given[run].values():
            if network_of.setdefault(file, run) != run:
                yield (
                    f"{where}.path: {file} stands for several networks, which would count as independent ones; write {{seed}}, "
                    "or what else they differ in, in the path, or name one seed and one activation"
                )
                break
            about = _facts(file, where)
            one, wanted = first.setdefault((run.dataset, run.architecture), (file, about))
            for fact, value in about.items():
                if value != wanted[fact]:
                    yield f"{where}: {file} and {one} differ in their {fact}: {value}, and {wanted[fact]}"


def _facts(file: str, where: str) -> dict[str, str]:
    """What all files of an architecture have in common, in words."""
    from layerscope.data.given import look_at

    known = look_at(Path(file), where)
    layers = ", ".join(f"{name} ({' × '.join(map(str, shape))})" for name, shape in known.layers.items())
    beside = ", ".join(sorted({*known.beside, *([INPUT] if known.input else [])} & {"predictions", "losses", INPUT}))
    return {"layers": layers, "number of observations": str(known.n), "arrays beside the layers": beside or "none"}


def _check_options(study: Study, run: Run) -> Iterator[str]:
    options, where = study.architectures[run.architecture], f"architectures.{run.architecture}"
    for key in ("weights", "fresh"):
        if key in options:
            yield f"{where}.{key} changes nothing: given networks are not trained; remove it"
    if study.has_targets(run.dataset):
        yield f"{where}: given activations have classes, and datasets.{run.dataset} has numbers to predict; name another dataset"
    if study.kind_of("datasets", run.dataset).says("given") and options["split"] != "test":
        yield f"{where}.split: the observations of datasets.{run.dataset} are a test split; remove the key"
    for name, sample in study.samples.items():
        if sample["split"] != options["split"] and selection.allows(sample.get("on", {}), **run.keys):
            yield f"samples.{name}.split: the files of {run.architecture} have the {options['split']} split only"
    filters = study.filters
    if filters and filters["layers"] != [] and "layout" not in options and selection.allows(filters["on"], **run.keys):
        yield (
            f"{where}.layout is missing: representations.filters asks for single maps, and nothing tells where they stand in the "
            "arrays; channels_first or channels_last"
        )
