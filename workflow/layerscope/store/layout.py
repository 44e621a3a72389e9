"""The names of a study's files, and of what is inside them."""

import os
from pathlib import Path

FOLDER = "results"
SPLITS = ("train", "validation", "test")
# The split name, in the history and in scores, of the batches of an epoch as the network was trained on them.
BATCHES = "batches"
# Phase → the split from whose observations its spectra are computed.
SPLIT_OF_PHASE = {"evaluation": "test", "train": BATCHES}
RESERVED_STUDIES = ("data", "reference")
RUN = "runs/{dataset}/{architecture}/{activation}/seed{seed}"
INPUT = "inputs/{dataset}"
PATTERNS = {
    "data": "data/{dataset}.h5",
    "checkpoints": "{run}/checkpoints.safetensors",
    "history": "{run}/history.csv",
    "spectra": "{run}/spectra.h5",
    "activations": "{source}/{sample}/activations.h5",
    "neighbors": "{source}/{sample}/neighbors.h5",
    "embedding": "{source}/{sample}/embeddings/{embedding}.h5",
    "neurons": "{run}/{sample}/neurons.h5",
    "comparison": "{run}/{sample}/comparisons/{comparison}.csv",
    "comparisons": "comparisons.parquet",
    "observations": "{source}/{sample}/observations/{space}.h5",
    "run_scores": "{run}/scores/run.csv",
    "scores": "{source}/{sample}/scores/{space}.csv",
    "score_table": "scores.parquet",
    "runs": "runs.parquet",
    "summary": "summary.csv",
    "tests": "tests.csv",
    "claims": "claims.csv",
    "networks": "networks.csv",
    "figure": "figures/{figure}.{format}",
    "table": "tables/{table}.{format}",
    "explored_sample": "explorer/samples/{dataset}/{sample}.js",
    "explored_source": "explorer/sources/{source}/{sample}.js",
    "explorer": "explorer/{part}",
    "log": "logs/{job}.log",
    "benchmark": "benchmarks/{job}.tsv",
    "report": "report.html",
    "index": "index.html",
}
# The folder of a study whose runs lie in several files.
RUNS_IN_PARTS = "parts"
FIGURE_FORMATS = ("svg", "png", "csv")
FILM_FORMATS = ("gif", "html", "csv")
TABLE_FORMATS = ("csv", "md", "tex")
# The files of the explorer's page; the data that it shows lie beside them.
EXPLORER_PARTS = (
    "index.html",
    "explorer.css",
    "explorer.js",
    "catalogue.js",
    "scores.js",
    "bokeh.min.js",
    "bokeh-api.min.js",
)

# Raise a number if the content of a kind of file changes meaning. It is part of the job's params, so older files are remade.
SCHEMA = {
    "data": 1,
    "train": 2,
    "activations": 1,
    "neighbors": 1,
    "embedding": 1,
    "neurons": 1,
    "comparison": 1,
    "scores": 1,
    "observations": 1,
    "aggregate": 1,
    "figure": 1,
    "explorer": 1,
    "index": 1,
}

SCORE_COLUMNS = (
    "study",
    "dataset",
    "architecture",
    "activation",
    "seed",
    "sample",
    "epoch",
    "state",
    "layer",
    "depth",
    "filter",
    "space",
    "embedding_seed",
    "metric",
    "value",
    "n_points",
    "chance",
    "degenerate",
)
# The table of all scores has also which draw of its sample a row is of, the first of what is not drawn several times.
SCORE_TABLE_COLUMNS = tuple(
    name for column in SCORE_COLUMNS for name in (("draw", column) if column == "embedding_seed" else (column,))
)
# A row of a comparison: a representation of a network, and the other one that it is compared with.
COMPARISON_COLUMNS = (
    "study",
    "comparison",
    "between",
    "dataset",
    "architecture",
    "activation",
    "seed",
    "sample",
    "epoch",
    "state",
    "layer",
    "depth",
    "other_architecture",
    "other_activation",
    "other_seed",
    "other_epoch",
    "other_layer",
    "other_depth",
    "measure",
    "value",
    "chance",
    "n_points",
    "independent",
    "degenerate",
)
HISTORY_COLUMNS = ("epoch", "step", "split", "loss", "accuracy")


def study_folder(study: str) -> str:
    """The folder of all files of a study, relative to the working directory."""
    return f"{FOLDER}/{study}"


def filled(text: str, known: dict[str, str]) -> str:
    """A name or path with some of its wildcards filled in. The values may contain other wildcards; those not given stay open."""
    for wildcard, value in known.items():
        text = text.replace(f"{{{wildcard}}}", value)
    return text


def pattern(study: str, name: str, **known: str) -> str:
    """The path of a kind of file, relative to the working directory, with its wildcards left open except those given."""
    return f"{study_folder(study)}/{filled(PATTERNS[name], known)}"


def path(study: str, name: str, **keys: object) -> str:
    """The path of one file: pattern() with its wildcards filled in."""
    return pattern(study, name).format(**keys)


def study_of_runs(file: str | Path) -> str:
    """The study of a file of runs by its place: its folder below results, or that of its parts (RUNS_IN_PARTS).

    Any other file but runs.parquet is a study of its own name.
    """
    path = Path(file)
    if path.parent.name == RUNS_IN_PARTS:
        place = path.parent.parent
    else:
        place = path.parent if path.name == PATTERNS["runs"] else path.with_suffix("")
    return place.relative_to(FOLDER).as_posix() if place.is_relative_to(FOLDER) else place.as_posix()


def entrance(study: str) -> str:
    """Where a person looks at the results of a study first: its page, else its report, its figures, or its folder."""
    places = [path(study, "index"), path(study, "report"), str(Path(pattern(study, "figure")).parent)]
    return next((place for place in places if Path(place).exists()), study_folder(study))


def in_study(name: str, **keys: object) -> str:
    """The path of one file relative to the folder of its study, for a page that lies there."""
    return PATTERNS[name].format(**keys)


def run_folder(dataset: str, architecture: str, activation: str, seed: int | str) -> str:
    """The `{run}` (and `{source}`) part of the paths of one trained network."""
    return RUN.format(dataset=dataset, architecture=architecture, activation=activation, seed=seed)


def network_keys(file: str | Path) -> dict[str, str | int]:
    """dataset, architecture, activation and seed of the network in whose run folder a file is."""
    parts = Path(file).parts
    last = max(index for index, part in enumerate(parts[:-5]) if part == "runs" and parts[index + 4].startswith("seed"))
    dataset, architecture, activation, seed = parts[last + 1 : last + 5]
    return {
        "dataset": dataset,
        "architecture": architecture,
        "activation": activation,
        "seed": int(seed.removeprefix("seed")),
    }


def beside_network(name: Path) -> tuple[str, ...]:
    """What a name in the folder of a study says besides the network that it is about. A folder of a network keeps its seed.

    name: relative to the folder of the study. A name that is about no network is returned as it is, in parts.
    """
    first, *others = Path(RUN).parts
    # In the folder of the study itself, or in that of the explorer's scripts.
    explored = Path(PATTERNS["explored_source"]).parts.index("{source}")
    start = next((place for place in (0, explored) if name.parts[place : place + 1] == (first,)), None)
    if start is None or len(name.parts) <= start + len(others):
        return name.parts
    end = start + 1 + len(others)
    return (*name.parts[: start + 1], *(name.parts[end:] or name.parts[end - 1 :]))


def input_folder(dataset: str) -> str:
    """The `{source}` part of the paths for the input that the networks of a dataset receive."""
    return INPUT.format(dataset=dataset)


def explorer_scripts() -> dict[str, str]:
    """The names of the explorer's scripts of samples and sources, with their wildcards, relative to its page."""
    return {kind: PATTERNS[f"explored_{kind}"].removeprefix("explorer/") for kind in ("sample", "source")}


def compared_name(comparison: str, measure: str) -> str:
    """The name of the score that a measure of a comparison is. Names that a study gives have no dot."""
    return f"{comparison}.{measure}"


def draw_name(sample: str, draw: int) -> str:
    """The `{sample}` part of the paths for one draw of a sample: the first has the sample's own name."""
    return sample if draw == 1 else f"{sample}_draw{draw}"


def download_folder() -> Path:
    """Where raw datasets are looked for and downloaded to: LAYERSCOPE_DATA, or results/data."""
    return Path(os.environ.get("LAYERSCOPE_DATA") or f"{FOLDER}/data")


def description_file(identity: str) -> str:
    """Where what was found of a network that must be built to know its layers is kept, for all studies."""
    return f"{FOLDER}/.networks/{identity}.json"


def epoch_name(epoch: int) -> str:
    """The HDF5 and checkpoint name of a snapshot."""
    return f"epoch{epoch:04d}"


def filter_name(filter_number: int | None) -> str:
    """The HDF5 name of one filter of a layer, or of the whole layer (None)."""
    return "whole" if filter_number is None else f"filter{filter_number:04d}"
