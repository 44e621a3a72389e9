"""Write a first study file for a user's own data: inspect the data and describe them in commented YAML."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from layerscope.data.axes import written
from layerscope.errors import StudyError, one_of
from layerscope.study.defaults import LOOKED_AT, networks_by_default, training_by_default
from layerscope.study.kinds import Kinds
from layerscope.study.schema import resolved


@dataclass(frozen=True)
class Found:
    """A dataset that was found: its entry as lines of YAML, the shape of one input, its classes, and the sizes of its splits."""

    name: str
    lines: list[str]
    shape: tuple[int, ...]
    classes: int
    train: int
    test: int
    about: str


def study_text(what: str) -> str:
    """A complete study file for a folder of pictures, an npz file, or a dataset that layerscope knows by name.

    Raises StudyError if it is none of these, or if no study can use its content.
    """
    return _text(_found(what))


def _found(what: str) -> Found:
    path = Path(what)
    if path.is_dir():
        return _pictures(path)
    if path.is_file() and path.suffix == ".npz":
        return _arrays(path)
    known = {
        name: (kind, sizes) for kind in Kinds().of("datasets").values() for name, sizes in (kind.says("sizes") or {}).items()
    }
    if what in known:
        kind, sizes = known[what]
        total = sizes["train"]
        held = {} if sizes["test"] else {"test": kind.options["test"]["default"]}
        lines = [f"source: {kind.name}", f"name: {what}"]
        lines += [f"test: {n} # held out, the same share of every class" for n in held.values()]
        test = sizes["test"] or held["test"]
        return Found(
            what.lower(), lines, tuple(sizes["shape"]), sizes["classes"], total - held.get("test", 0), test, f"the dataset {what}"
        )
    raise StudyError(f"{what} is no folder of pictures, no npz file, and no dataset that is known; {one_of(what, known)}")


def _name(path: Path) -> str:
    name = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "_" for letter in path.stem)
    return name or "mine"


def _arrays(path: Path) -> Found:
    from layerscope.data.sources import npz

    dataset = npz.load(_name(path), {"path": str(path)}, Path())
    images, labels = dataset.splits["train"]
    held = len(dataset.splits["test"][1])
    shape = images.shape[1:]
    lines = ["source: npz", f"path: {_quoted(path)} # {_described(shape, len(dataset.classes), len(labels), held)}"]
    lines += [f"# {note}" for note in dataset.notes]
    if dataset.white is None and len(shape) > 1:
        lines.append("normalise: standardise # or unit, with the value of full intensity under `white`")
    return Found(_name(path), lines, shape, len(dataset.classes), len(labels), held, f"the arrays in {path.name}")


def _pictures(folder: Path) -> Found:
    from layerscope.data.folders import pictures_below
    from layerscope.data.sources import images

    name = _name(folder)
    sizes = images.found_sizes(name, {"path": str(folder)}, Path())
    *colour, height, width = sizes["shape"]
    lines = [
        "source: images",
        f"path: {_quoted(folder)} # {_described(sizes['shape'], sizes['classes'], sizes['train'], sizes['test'])}",
    ]
    lines.append(f"size: [{height}, {width}] # height and width that all are brought to, padded where their proportions differ")
    lines.append(f"colour: {str(bool(colour)).lower()} # whether three channels are kept")
    lines += [f"# {note}" for note in pictures_below(folder, name).notes]
    count = sum(sizes.get(split, 0) for split in ("train", "validation", "test"))
    return Found(
        name, lines, tuple(sizes["shape"]), sizes["classes"], sizes["train"], sizes["test"], f"{count} pictures in {folder}"
    )


def _quoted(path: Path) -> str:
    """A path as YAML reads it again."""
    return str(path) if re.fullmatch(r"[A-Za-z0-9_./][\w./ -]*", str(path)) else json.dumps(str(path), ensure_ascii=False)


def _on_one_line(entry: dict) -> str:
    return yaml.safe_dump(entry, default_flow_style=True, sort_keys=False, width=math.inf).strip()


def _described(shape: Sequence[int], classes: int, train: int, test: int) -> str:
    kind = "numbers a row" if len(shape) == 1 else "pixels"
    return f"{classes} classes, {train} observations to learn from and {test} to test with, {written(shape)} {kind}"


def _text(found: Found) -> str:
    n = min(LOOKED_AT, found.test)
    perplexity = min(resolved({"$ref": "#/$defs/perplexity"})["default"], (n - 2) // 3)
    if perplexity < 2:
        raise StudyError(f"{found.about}: {found.test} test observations are too few to look at; 8 or more are wanted")
    k = max(3 * perplexity, min(10, n - 1))
    entries = networks_by_default(Kinds(), [found.shape])
    networks = list(entries)
    architectures = "\n".join(f"  {name}: {_on_one_line(entry)}" for name, entry in entries.items())
    dataset = "\n".join(f"    {line}" for line in found.lines)
    training = _on_one_line({**training_by_default(found.train), "epochs": 10, "snapshots": [0, "last"]})
    sample = "choose: all" if n == found.test else f"choose: random, n: {n}"
    return f"""# A first study of {found.about}, written by `layerscope new`. Every key: docs/keys.md.
# Run it: snakemake --cores 4 --configfile THIS_FILE
study: {found.name}
seeds: 3 # networks of each kind; an interval needs three or more

datasets:
  {found.name}:
{dataset}

architectures:
{architectures}

grids: # which networks are trained: every combination
  - {{datasets: [{found.name}], architectures: [{", ".join(networks)}], activations: [relu]}}

training:
  default: {training} # 0: untrained

samples: # the observations that all networks are looked at through
  look: {{split: test, {sample}}}

representations:
  whole: {{layers: all}}

neighbors: {{k: {k}}}

embeddings:
  tsne: {{method: tsne, engine: exact, perplexity: {perplexity}}}

scores:
  accuracy: {{}}
  neighborhood_hit: {{k: {min(6, k)}}} # the share of neighbours of the same class
  trustworthiness: {{k: {min(12, (n - 1) // 2)}}} # whether neighbours in the embedding are neighbours in the layer
  saturation: {{}} # how much of a layer's width its outputs fill

figures:
  training: {{kind: training_curves}}
  hit_by_depth: {{kind: score_by_depth, score: neighborhood_hit, on: {{embedding: raw}}}}
  saturation_by_depth: {{kind: score_by_depth, score: saturation, on: {{sample: test}}}}
  layers: {{kind: embedding_grid, on: {{architecture: {networks[-1]}, seed: 0, embedding: tsne}}}}

tables:
  networks: {{kind: networks, scores: [accuracy], on: {{sample: test}}}}

claims:
  training_brings_classes_together:
    text: Training brings neighbours of one class together in the last layer.
    statistic: difference
    score: neighborhood_hit
    between: {{state: [trained, untrained]}}
    on: {{embedding: raw, layer: last}}
    expect: positive
"""
