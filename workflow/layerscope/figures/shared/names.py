"""What figures call things: scores by their label and unit, networks, layers and embeddings in words."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# How names are spelled that people write in small letters, as far as they are those of the field.
SPELLED = """
    t-SNE UMAP PCA MDS LLE Isomap KL kNN MLP CNN VGG ResNet ViT ReLU ELU GELU SELU
    MNIST Fashion-MNIST KMNIST SVHN CIFAR NORB USPS
""".split()  # noqa: SIM905
SPELLING = {"".join(filter(str.isalnum, word)).lower(): word for word in SPELLED}
# The space of the layers themselves, in which no embedding was made.
IN_THE_LAYER = {"raw": "in the layer itself", "run": ""}
LONGEST = 24


@dataclass(frozen=True)
class Measure:
    """A score as figures name it. low, high: its bounds, None where there is none. higher_is_better: None where neither is.

    compares: whether it is of two representations, as comparisons are, and not of the points of one.
    """

    label: str
    unit: str
    low: float | None
    high: float | None
    higher_is_better: bool | None
    compares: bool = False

    def where(self, space: str) -> str:
        """Where it was taken, as text: in an embedding or in the layer itself; nothing for scores of networks or comparisons."""
        return "" if self.compares else in_space(space)

    @property
    def axis(self) -> str:
        """The label of an axis: name, unit, and which way along the axis is better (the arrow turns with the label)."""
        better = {True: ", better →", False: ", ← better", None: ""}[self.higher_is_better]
        return f"{self.label}{f' ({self.unit})' if self.unit else ''}{better}"

    @property
    def title(self) -> str:
        """The name as the beginning of a sentence."""
        return sentence(self.label)


def measure(options: Mapping, score: str) -> Measure:
    """The score of a name. options: of a figure that needs `metrics`."""
    facts = options["metrics"][score]
    low, high = facts["range"]
    return Measure(words(facts["label"]), facts["unit"], low, high, facts["higher_is_better"], facts.get("compares", False))


def sentence(text: str) -> str:
    """Text with a capital at its beginning, unless its first word has one inside, as t-SNE."""
    first = text.split(" ", 1)[0]
    return text if any(letter.isupper() for letter in first) else text[:1].upper() + text[1:]


def words(name: object) -> str:
    """A name that a study gives, as text: blanks for underscores, and terms of the field as they are spelled."""
    return " ".join(_spelled(word) for word in str(name).replace("_", " ").split())


def plain(name: str) -> str:
    """The name of a class as text: blanks for underscores, in one line."""
    return " ".join(str(name).replace("_", " ").split())


def short(text: str, longest: int = LONGEST) -> str:
    """Text of no more than so many letters, with dots in the place of its middle."""
    if len(text) <= longest:
        return text
    front = (longest - 1) // 3
    return f"{text[:front].rstrip()}…{text[len(text) - (longest - 1 - front) :].lstrip()}"


def _spelled(word: str) -> str:
    if word in SPELLING:
        return SPELLING[word]
    # As a study that varies an option names its entries: lr0p01, lr1e-05, hidden48-24.
    varied = re.fullmatch(r"([A-Za-z]+)(-?\d+p\d+(?:e-?\d+)?|-?\d+e-?\d+|\d+(?:-\d+)+)", word)
    if varied:
        return f"{SPELLING.get(varied[1], varied[1])} {varied[2].replace('p', '.')}"
    parts = re.fullmatch(r"([a-z]+)(\d+[a-z]?)", word)
    return SPELLING[parts[1]] + parts[2] if parts and parts[1] in SPELLING else word


def network_name(keys: Mapping) -> str:
    """One network as text. keys: those of its files; the input of a dataset has no architecture."""
    if not keys["architecture"]:
        return f"the input of {words(keys['dataset'])}"
    return f"{words(keys['architecture'])} ({words(keys['activation'])}, seed {keys['seed']}) on {words(keys['dataset'])}"


def network_title(dataset: str, architecture: str) -> str:
    """The heading of a panel about one architecture on one dataset."""
    return f"{words(architecture)} on {words(dataset)}"


def layer_name(depth: int, layer: str, number: int | None = None) -> str:
    """One layer, or one of its filters, as text."""
    return f"layer {depth} ({words(layer)})" + ("" if number is None else f", filter {number}")


def about_embedding(keys: Mapping[str, object]) -> str:
    """What is known of an embedding as text, from the keys dataset, architecture, ..., of which any may be missing or empty.

    The keys epoch, layer and filter are text already.
    """
    known = {key: value for key, value in keys.items() if value not in (None, "")}
    text = words(known["embedding"]) if "embedding" in known else "embeddings"
    text += "".join(f" of {known[key]}" if key == "layer" else f", {known[key]}" for key in ("layer", "filter") if key in known)
    within = [words(known["activation"])] if "activation" in known else []
    within += [f"seed {known['seed']}"] if "seed" in known else []
    if "architecture" in known:
        text += f" of {words(known['architecture'])}" + (f" ({', '.join(within)})" if within else "")
    elif within:
        text += f" of networks with {' and '.join(within)}"
    text += f" on {words(known['dataset'])}" if "dataset" in known else ""
    text += f", {known['epoch']}" if "epoch" in known else ""
    return sentence(text + (f", sample {words(known['sample'])}" if "sample" in known else ""))


def in_space(space: str) -> str:
    """Where a score was taken, as text: in an embedding or in the layer itself; nothing for scores of networks."""
    return IN_THE_LAYER[space] if space in IN_THE_LAYER else f"in {words(space)}"


def runs_counted(runs: int, flagged: int = 0) -> str:
    """How many runs a panel has, as text."""
    return f"{runs} run{'' if runs == 1 else 's'}{f', {flagged} flagged' if flagged else ''}"


def runs_of_lines(counts: Iterable[int], flagged: int = 0) -> str:
    """How many runs a panel has, as text, such as 2 × 3 runs. counts: the runs of each of its lines."""
    numbers = [int(count) for count in counts]
    if len(numbers) > 1 and len({*numbers}) == 1:
        return f"{len(numbers)} × {runs_counted(numbers[0], flagged)}"
    return runs_counted(sum(numbers), flagged)


def draws_counted(draws: Iterable[int]) -> str:
    """What a title says of runs that are means over several draws of a sample; nothing where there is one. draws: by run."""
    most = max(draws, default=1)
    return f", each run is the mean over {most} draws of the sample" if most > 1 else ""


def observations(*counts: int) -> str:
    """How many observations there are, as text; of panels with different numbers all of these."""
    return f"{' or '.join(f'{count:,}' for count in counts)} observation{'' if counts == (1,) else 's'}"


def listed(names: Iterable[object]) -> str:
    """Names in words, with commas."""
    return ", ".join(words(name) for name in names)


def by_size(architectures: Iterable[str], sizes: Mapping[str, Mapping]) -> list[str]:
    """Architectures from shallow to deep, and from narrow to wide. sizes: architecture → depth and width."""
    return sorted(architectures, key=lambda name: (sizes[name]["depth"], sizes[name]["width"], name))
