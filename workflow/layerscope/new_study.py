"""Write a first study file for a user's own data: inspect the data and describe them in commented YAML."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from layerscope.errors import StudyError, one_of
from layerscope.study.kinds import Kinds

# The share of observations held out as test split if the data have none.
HELD_OUT = 0.2
LOOKED_AT = 1000
LARGEST_PERPLEXITY = 30
# Images whose shorter side has fewer pixels get no CNN.
SMALLEST_CONVOLVED = 12
# Pictures are shrunk to this side at most, in pixels, so that a first study finishes soon.
LARGEST_SIDE = 64
# About how many pictures are opened to find the usual size.
OPENED = 200


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
        held = {} if sizes["test"] else {"test": round(total * HELD_OUT)}
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
    try:
        with np.load(path, allow_pickle=False) as content:
            missing = [key for key in ("x_train", "y_train", "x_test", "y_test") if key not in content]
            if missing:
                raise StudyError(f"{path} holds {', '.join(content) or 'nothing'}; {', '.join(missing)} are missing")
            images, labels, held = content["x_train"], content["y_train"], content["y_test"]
    except (OSError, ValueError, EOFError) as error:
        raise StudyError(f"{path} is no npz file that can be read ({error})") from None
    if labels.dtype.kind not in "iu" or not len(labels) or labels.min() < 0:
        raise StudyError(f"{path}: y_train is {labels.dtype}; whole numbers from 0, one for each image, are wanted")
    shape = images.shape[1:]
    if len(shape) == 3 and shape[-1] == 3 and shape[0] != 3:
        shape = (3, *shape[:2])
    classes = int(max(labels.max(), held.max(initial=0))) + 1
    lines = [
        "source: npz",
        f"path: {path}",
        f"shape: [{', '.join(map(str, shape))}]",
        f"n: {{train: {len(labels)}, test: {len(held)}}}",
        f"classes: {classes}",
    ]
    if images.dtype != np.uint8 and images.max() > 1:
        lines.append(f"white: {float(images.max()):g} # the largest value; say here what full intensity is")
    return Found(_name(path), lines, tuple(shape), classes, len(labels), len(held), f"the arrays in {path.name}")


def _pictures(folder: Path) -> Found:
    from layerscope.data.sources.images import SUFFIXES

    split = (folder / "train").is_dir() and (folder / "test").is_dir()
    parts = [folder / "train", folder / "test"] if split else [folder]
    by_part = [
        {
            one.name: [file for file in sorted(one.glob("*")) if file.suffix.lower() in SUFFIXES]
            for one in sorted(part.iterdir())
            if one.is_dir()
        }
        for part in parts
    ]
    classes = [name for name, files in by_part[0].items() if files]
    if len(classes) < 2:
        found = f"{parts[0]} has {len(classes)} subfolders with pictures"
        raise StudyError(f"{found}; two classes or more are wanted, a subfolder each")
    counts = [sum(map(len, part.values())) for part in by_part]
    pictures = [file for name in classes for file in by_part[0][name]]
    height, width, colour = _size(pictures[:: max(1, len(pictures) // OPENED)])
    held = 0 if split else max(len(classes), round(counts[0] * HELD_OUT))
    train, test = counts if split else (counts[0] - held, held)
    lines = ["source: images", f"path: {folder}", f"size: [{height}, {width}] # height and width to resize to"]
    lines.append(f"colour: {str(colour).lower()} # whether to keep three channels")
    if held:
        lines.append(f"test: {held} # pictures held out, the same share of every class")
    else:
        lines.append(f"n: {{train: {train}, test: {test}}}")
    lines.append(f"classes: {len(classes)}")
    shape = (3, height, width) if colour else (height, width)
    return Found(_name(folder), lines, shape, len(classes), train, test, f"{sum(counts)} pictures in {folder}")


def _size(files: list[Path]) -> tuple[int, int, bool]:
    """The most common height and width, shrunk to LARGEST_SIDE, and whether any picture is in colour."""
    from PIL import Image, UnidentifiedImageError

    sizes: Counter[tuple[int, int]] = Counter()
    colour = False
    for file in files:
        try:
            with Image.open(file) as picture:
                sizes[picture.size] += 1
                if picture.mode not in ("L", "1", "I", "F", "I;16"):
                    channels = np.asarray(picture.convert("RGB"))
                    colour = colour or bool((channels != channels[..., :1]).any())
        except (OSError, UnidentifiedImageError) as error:
            raise StudyError(f"{file} is no readable image ({error}); mend or remove it") from None
    width, height = sizes.most_common(1)[0][0]
    shrink = max(1, max(width, height) / LARGEST_SIDE)
    return max(1, round(height / shrink)), max(1, round(width / shrink)), colour


def _text(found: Found) -> str:
    n = min(LOOKED_AT, found.test)
    perplexity = min(LARGEST_PERPLEXITY, (n - 2) // 3)
    if perplexity < 2:
        raise StudyError(f"{found.about}: {found.test} test observations are too few to look at; 8 or more are wanted")
    k = max(3 * perplexity, min(10, n - 1))
    side = min(found.shape[-2:]) if len(found.shape) > 1 else 0
    convolved = side >= SMALLEST_CONVOLVED
    networks = ["mlp", "cnn"] if convolved else ["mlp"]
    dataset = "\n".join(f"    {line}" for line in found.lines)
    cnn = """
  cnn:
    family: cnn
    convolutions: [{channels: 16, kernel: 3, pool: 2}, {channels: 32, kernel: 3, pool: 2}]
    hidden: [64]
    initialisation: glorot"""
    batch = min(64, max(2, found.train // 4))
    sample = "choose: all" if n == found.test else f"choose: random, n: {n}"
    return f"""# A first study of {found.about}, written by `layerscope new`. Every key: docs/keys.md.
# Run it: snakemake --cores 4 --configfile THIS_FILE
study: {found.name}
seeds: 3 # networks of each kind; an interval needs three or more

datasets:
  {found.name}:
{dataset}

architectures:
  mlp: {{family: mlp, hidden: [64, 64, 64], initialisation: glorot}}{cnn if convolved else ""}

grids: # which networks are trained: every combination
  - {{datasets: [{found.name}], architectures: [{", ".join(networks)}], activations: [relu]}}

training:
  default: {{lr: 0.05, momentum: 0.9, batch: {batch}, epochs: 10, snapshots: [0, last]}} # 0: untrained

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
