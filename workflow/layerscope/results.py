"""Read a finished study in a notebook: tables as pandas DataFrames, arrays as NumPy arrays.

from layerscope import results
study = results.open("results/digits")
study.scores("neighborhood_hit")
for layer in study.representations(study.networks()[0], "test1000"):
    print(layer.epoch, layer.layer, layer.array.shape)
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from layerscope import store
from layerscope.errors import StudyError, one_of
from layerscope.selection import RUN_KEYS, View
from layerscope.statistics.runs import stored_runs
from layerscope.store import Neighbors, ObservationScores, Predictions, StoredRepresentation

Network = Mapping[str, str | int]


def open(folder: str | Path) -> "Results":
    """Open the results of a study, by its folder. Raises StudyError if the folder has none."""
    if not (Path(folder) / "data").is_dir():
        raise StudyError(f"{folder} has no results of a study; name a folder like results/digits")
    return Results(Path(folder))


class Results:
    """The files of one study. Networks are named by their keys: dataset, architecture, activation, seed."""

    def __init__(self, folder: Path):
        self.folder = folder

    def networks(self) -> list[dict[str, str | int]]:
        """The keys of every network, from networks.csv, in its order."""
        return [{key: row[key] for key in RUN_KEYS} for row in self.network_table().to_dict("records")]

    def network_table(self) -> pd.DataFrame:
        """One row per network: how its training ended, and with which device, processor, threads and versions."""
        return self._table("networks.csv")

    def scores(self, *names: str) -> pd.DataFrame:
        """The rows of the named scores, or of all; each embedding seed has rows of its own."""
        return store.read_score_table(self._there("scores.parquet"), names or None)

    def runs(self, *names: str) -> pd.DataFrame:
        """The scores of each network, averaged over embedding seeds, with those of the input joined to every network."""
        return stored_runs(str(self._there("runs.parquet")), names or None)

    def summary(self) -> pd.DataFrame:
        """Means over runs with their intervals."""
        return store.read_frame(self._there("summary.csv"))

    def tests(self) -> pd.DataFrame:
        """Paired tests of trained against untrained networks."""
        return store.read_frame(self._there("tests.csv"))

    def comparisons(self, *names: str) -> pd.DataFrame:
        """Every pair of representations of the named comparisons, or of all: the value and the chance level of each measure."""
        rows = store.read_comparisons(self._there("comparisons.parquet"))
        for name in names:
            if name not in {*rows["comparison"]}:
                raise StudyError(f"no comparison is named '{name}'; {one_of(name, sorted({*rows['comparison']}))}")
        return rows[rows["comparison"].isin(names)].reset_index(drop=True) if names else rows

    def claims(self) -> pd.DataFrame:
        """The verdict on each claim."""
        return self._table("claims.csv")

    def history(self, network: Network) -> pd.DataFrame:
        """Loss and accuracy of a training by epoch and split."""
        return store.read_history(self._there(f"{self._run(network)}/history.csv"))

    def samples(self, network: Network) -> list[str]:
        """The samples for which the activations of a network are stored."""
        return sorted(file.parent.name for file in (self.folder / self._run(network)).glob("*/activations.h5"))

    def representations(self, network: Network | str, sample: str) -> Iterator[StoredRepresentation]:
        """The whole layers of a network at its snapshots, each (n, d) float32, ordered by epoch and depth.

        network: its keys, or the name of a dataset for the input of its networks.
        """
        return store.representations(self._of_sample(network, sample, "activations.h5"))

    def filters(self, network: Network, sample: str, layer: str, epoch: int) -> Iterator[StoredRepresentation]:
        """The filters of a convolution at a snapshot, each (n, height · width) float32."""
        return store.representations(self._of_sample(network, sample, "activations.h5"), View([epoch], [], {layer: None}))

    def labels(self, network: Network | str, sample: str) -> "pd.Series":
        """The class of each observation of a sample, by its row in the split. StudyError for those of a regression."""
        file = self._of_sample(network, sample, "activations.h5")
        return pd.Series(store.read_labels(file), index=pd.Index(store.read_index(file), name="row"), name="label")

    def targets(self, network: Network | str, sample: str) -> pd.DataFrame:
        """The targets of each observation of a sample of a regression, in their own units, by its row in the split."""
        file = self._of_sample(network, sample, "activations.h5")
        targets = store.read_targets(file)
        if targets is None:
            raise StudyError(f"{file} is of observations with classes; labels() has them")
        return pd.DataFrame(targets.values, index=pd.Index(store.read_index(file), name="row"), columns=targets.names)

    def predictions(self, network: Network, sample: str) -> Iterator[Predictions]:
        """The predicted classes, or targets, and the losses of a network on a sample, at each snapshot."""
        return store.predictions(self._of_sample(network, sample, "activations.h5"))

    def observations(self, network: Network | str, sample: str, space: str = "raw") -> Iterator[ObservationScores]:
        """The scores of every observation of a sample, as far as the study keeps them; `labels` has the rows that they are of.

        space: raw for layers as they are, run for a network as such, or the name of an embedding. Each has `values` (n,) float64,
        whose mean is the score, and what they are of: score, epoch, layer, depth, embedding_seed.
        """
        # Those that read more than their layer lie in a file of their own.
        beside = self._of_sample(network, sample, "activations.h5").parent / "observations/beside.h5"
        files = [beside] if space == "raw" and beside.is_file() else []
        own = beside.with_name(f"{space}.h5")
        if not own.is_file() and not files:
            own = self._of_sample(network, sample, f"observations/{space}.h5")
        for file in [own, *files] if own.is_file() else files:
            yield from store.observation_scores(self._there(str(file.relative_to(self.folder))))

    def embeddings(self, network: Network | str, sample: str, name: str) -> Iterator[tuple[int, StoredRepresentation]]:
        """(seed, embedding) of every representation that is embedded, each (n, 2) float32."""
        return store.embeddings(self._of_sample(network, sample, f"embeddings/{name}.h5"))

    def neighbors(self, network: Network | str, sample: str) -> Iterator[tuple[StoredRepresentation, Neighbors | None]]:
        """The nearest neighbours of each whole layer: indices (n, k) and distances (n, k)."""
        file = store.NeighborsFile(str(self._of_sample(network, sample, "neighbors.h5")))
        for stored in self.representations(network, sample):
            yield stored, file.read(stored)

    def _run(self, network: Network) -> str:
        missing = [key for key in RUN_KEYS if key not in network]
        if missing:
            raise StudyError(f"the network {dict(network)} lacks {', '.join(missing)}; networks() has the keys of all of them")
        dataset, architecture, activation = (str(network[key]) for key in RUN_KEYS[:-1])
        return store.run_folder(dataset, architecture, activation, int(network["seed"]))

    def _of_sample(self, network: Network | str, sample: str, file: str) -> Path:
        source = store.input_folder(network) if isinstance(network, str) else self._run(network)
        folder = self.folder / source
        there = sorted(found.parent.name for found in folder.glob("*/activations.h5"))
        if sample not in there:
            raise StudyError(f"{folder} is looked at through no sample '{sample}'; {one_of(sample, there)}")
        path = folder / sample / file
        beside = sorted(found.stem for found in path.parent.glob(f"*{path.suffix}")) if path.parent != folder / sample else []
        if beside and path.stem not in beside:
            raise StudyError(f"{path.parent} has no '{path.stem}'; {one_of(path.stem, beside)}")
        return self._there(f"{source}/{sample}/{file}")

    def _there(self, name: str) -> Path:
        if not (self.folder / name).is_file():
            raise StudyError(f"{self.folder / name} is missing; run snakemake to make it, if the study asks for it")
        return self.folder / name

    def _table(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self._there(name), keep_default_na=False, na_values=["nan"])
