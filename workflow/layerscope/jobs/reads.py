"""The files that jobs read: Snakemake's input functions, which take wildcards."""

from collections.abc import Callable, Iterator
from importlib import import_module
from types import SimpleNamespace

from layerscope import selection, store
from layerscope.data.own_files import find_own, own_files
from layerscope.errors import StudyError
from layerscope.study.comparisons import Comparisons
from layerscope.study.study import BESIDE, RESERVED_EMBEDDINGS, Run, Study, space_of_rows
from layerscope.study.views import Views


class JobReads:
    """What the jobs of a study read, by the wildcards of their files."""

    def __init__(self, study: Study, views: Views):
        self.study = study
        self.views = views
        self.comparisons = Comparisons(study, views)

    def _path(self, name: str, **keys: object) -> str:
        return store.path(self.study.name, name, **keys)

    # Datasets

    def prepare(self, wildcards) -> list[str]:
        """The user's own files that a dataset is made from; an edit of one remakes the dataset."""
        paths = self._own_paths(wildcards.dataset)
        return [file for path in paths for file in own_files(path, store.download_folder())]

    def _own_paths(self, dataset: str) -> list[str]:
        option = self.study.kind_of("datasets", dataset).says("own_files")
        paths = self.study.datasets[dataset][option] if option else []
        return [paths] if isinstance(paths, str) else paths

    def check_own_files(self) -> None:
        """Raise StudyError if a user's own file or folder of a dataset is missing, or a name has braces (Snakemake wildcards)."""
        for name in self.views.inputs.values():
            for path in self._own_paths(name):
                if find_own(path, store.download_folder()) is None:
                    raise StudyError(
                        f"datasets.{name}.path: there is no {path} here or below {store.download_folder()}; put it there, or "
                        "name the folder that has it in the environment variable LAYERSCOPE_DATA"
                    )
                for file in own_files(path, store.download_folder()):
                    if "{" in file or "}" in file:
                        raise StudyError(f"datasets.{name}.path: Snakemake takes the braces in {file} for a wildcard; rename it")
        for name in dict.fromkeys(run.architecture for run in self.study.runs):
            weights = self.study.architectures[name].get("weights")
            if weights is not None and find_own(weights, store.download_folder()) is None:
                raise StudyError(
                    f"architectures.{name}.weights: there is no {weights} here or below {store.download_folder()}; put it there"
                )

    def fetch(self, dataset: str) -> None:
        """Download the raw files of a dataset if they are not there. Raises StudyError if they cannot be had."""
        options = self.study.datasets[dataset]
        kind = self.study.kind_of("datasets", dataset)
        # A source in a user's own file is code, which runs only in its job.
        source = None if kind.is_own else import_module(kind.module)
        if source is not None and hasattr(source, "fetch"):
            source.fetch(options.get("name", dataset), store.download_folder())

    def weights(self, wildcards) -> list[str]:
        """The file of weights that a network begins with, in a list; none where it begins untrained."""
        path = self.study.architectures[self.views.runs[wildcards.run].architecture].get("weights")
        found = find_own(path, store.download_folder()) if path else None
        return [str(found)] if found else []

    def given(self, wildcards) -> list[str]:
        """The files with the activations of a given network, one an epoch."""
        return list(self.study.given[self.views.runs[wildcards.run]].values())

    def own_inputs(self) -> list[str]:
        """The user's own files that the datasets and the networks of the study are made from."""
        datasets = [file for name in self.views.inputs.values() for file in self.prepare(SimpleNamespace(dataset=name))]
        given = [file for files in self.study.given.values() for file in files.values()]
        return datasets + given + [file for run in self.views.runs for file in self.weights(SimpleNamespace(run=run))]

    def data_of_run(self, wildcards) -> str:
        """The prepared dataset of a network."""
        return self._path("data", dataset=self.views.runs[wildcards.run].dataset)

    # Neighbours, where they are read

    def _neighbors(self, wildcards) -> str:
        return self._path("neighbors", source=wildcards.source, sample=wildcards.sample)

    def embed_neighbors(self, wildcards) -> list[str]:
        """[the neighbors file] if the embedding method reads it, else []."""
        kind = self.study.kind_of("embeddings", wildcards.embedding)
        return [self._neighbors(wildcards)] if "neighbors" in kind.says("reads", ()) else []

    def neighbors_files(self, source: str, sample: str) -> list[str]:
        """[the neighbors file of a source] if an embedding or a score of it reads it, else []."""
        of_source = SimpleNamespace(source=source, sample=sample)
        found = self.score_raw_neighbors(of_source) + self.beside_neighbors(of_source)
        if source in self.views.inputs and not found:
            networks = (run.folder for run in self.study.runs if run.dataset == self.views.inputs[source])
            found += next((file for one in networks if (file := self._read_by(one, sample))), [])
        for embedding in self.views.embeddings_of(source, sample):
            of_source.embedding = embedding
            found += self.embed_neighbors(of_source) + self.score_embedding_neighbors(of_source)
        return found[:1]

    def _read_by(self, network: str, sample: str) -> list[str]:
        """[the neighbors file of the input] if a score of a network reads it, else []."""
        is_there = (network, sample) in self.views.sources()
        return self.beside_input_neighbors(SimpleNamespace(source=network, sample=sample)) if is_there else []

    def score_raw_neighbors(self, wildcards) -> list[str]:
        """[the neighbors file] if a score of representations reads it, else []."""
        return self._score_neighbors(wildcards, "raw", "raw")

    def score_embedding_neighbors(self, wildcards) -> list[str]:
        """[the neighbors file] if a score of embeddings reads it, else []."""
        return self._score_neighbors(wildcards, wildcards.embedding, "embedding")

    def _score_neighbors(self, wildcards, space: str, kind: str) -> list[str]:
        wanted = self.views.scores_of(wildcards.source, wildcards.sample, space)
        reads = {need for entry in wanted.values() for need in self.views.metrics[entry["metric"]].reads(kind)}
        return [self._neighbors(wildcards)] if "neighbors" in reads else []

    # Comparisons

    def compared_input(self, wildcards) -> list[str]:
        """[the activations of the input of a network] if it is compared with layers, else []."""
        run = self.views.runs[wildcards.run]
        source = store.input_folder(run.dataset)
        taken = self.comparisons.takes_input(wildcards.comparison, run)
        return [self._path("activations", source=source, sample=wildcards.sample)] if taken else []

    def compared_networks(self, wildcards) -> list[str]:
        """The activations of the networks that a network is compared with."""
        others = self.comparisons.others(wildcards.comparison, self.views.runs[wildcards.run])
        return [self._path("activations", source=other.folder, sample=wildcards.sample) for other in others]

    def _files_of_comparison(self, name: str) -> list[tuple[Run, str]]:
        sample = self.comparisons.draw(name)
        runs = self.comparisons.files(name)
        return [(run, self._path("comparison", run=run.folder, sample=sample, comparison=name)) for run in runs]

    def comparison_files(self) -> list[str]:
        """Every file of comparisons."""
        return [file for name in self.study.comparisons for _, file in self._files_of_comparison(name)]

    def compared_scores(self) -> list[str]:
        """The files of the comparisons that are scores too."""
        names = dict.fromkeys(entry["comparison"] for entry in self.study.compared.values())
        return [file for name in names for _, file in self._files_of_comparison(name)]

    # What scores read beside their representation. For those of every observation, wildcards have a space.

    def _wanted_beside(self, wildcards, read: str) -> dict[str, dict]:
        """The scores, by name, that read something beside their representation."""
        if getattr(wildcards, "space", BESIDE) != BESIDE:
            return {}
        wanted = self.views.scores_of(wildcards.source, wildcards.sample, BESIDE)
        if hasattr(wildcards, "space"):
            wanted = self.views.observed_scores(wildcards.source, wildcards.sample, BESIDE)
        return {name: entry for name, entry in wanted.items() if read in self.views.metrics[entry["metric"]].reads("raw")}

    def beside_neighbors(self, wildcards) -> list[str]:
        """[the neighbors file] if a score that reads more than its representation reads it, else []."""
        return self._score_neighbors(wildcards, BESIDE, "raw")

    def beside_input_neighbors(self, wildcards) -> list[str]:
        """[the neighbors file of the input of a network] if a score compares layers with it and it is looked at, else []."""
        if not self._wanted_beside(wildcards, "earlier"):
            return []
        source = store.input_folder(self.views.dataset_of(wildcards.source))
        is_there = (source, wildcards.sample) in self.views.sources()
        return [self._path("neighbors", source=source, sample=wildcards.sample)] if is_there else []

    def beside_fitted_on(self, wildcards) -> list[str]:
        """The activations of a source for the samples that its probes are fitted on."""
        names = {entry["options"]["fitted_on"] for entry in self._wanted_beside(wildcards, "fitted_on").values()}
        return [self._path("activations", source=wildcards.source, sample=name) for name in sorted(names)]

    def beside_checkpoints(self, wildcards) -> list[str]:
        """[the weights of a network] if a score reads them and the network is trained, else []."""
        run = self.views.runs.get(wildcards.source)
        reads = run is not None and run not in self.study.given and self._wanted_beside(wildcards, "weights")
        return [self._path("checkpoints", run=wildcards.source)] if reads else []

    # The scores of every observation

    def observations_neighbors(self, wildcards) -> list[str]:
        """[the neighbors file] if a score that is kept of every observation reads it, else []."""
        if wildcards.space == "run":
            return []
        kind = "raw" if space_of_rows(wildcards.space) == "raw" else "embedding"
        wanted = self.views.observed_scores(wildcards.source, wildcards.sample, wildcards.space)
        reads = {need for entry in wanted.values() for need in self.views.metrics[entry["metric"]].reads(kind)}
        return [self._neighbors(wildcards)] if "neighbors" in reads else []

    def observations_embedding(self, wildcards) -> list[str]:
        """[the embedding in which observations are scored], [] where they are scored in none."""
        if wildcards.space in (*RESERVED_EMBEDDINGS, BESIDE):
            return []
        keys = {"source": wildcards.source, "sample": wildcards.sample, "embedding": wildcards.space}
        return [self._path("embedding", **keys)]

    def observations_files(self, source: str, sample: str) -> list[str]:
        """The files with the scores of every observation of a source."""
        spaces = self.views.observed(source, sample)
        return [self._path("observations", source=source, sample=sample, space=space) for space in spaces]

    # The explorer

    def embeddings(self, wildcards) -> list[str]:
        """All embeddings of a source."""
        source, sample = wildcards.source, wildcards.sample
        names = self.views.embeddings_of(source, sample)
        return [self._path("embedding", source=source, sample=sample, embedding=name) for name in names]

    def explored_neighbors(self, wildcards) -> list[str]:
        """[the neighbors file of a source] if the study has it, else []."""
        return self.neighbors_files(wildcards.source, wildcards.sample)

    def explored_observations(self, wildcards) -> list[str]:
        """The files with the scores of every observation of a source, where the study keeps any."""
        return self.observations_files(wildcards.source, wildcards.sample)

    def explored_files(self) -> list[str]:
        """The data of the explorer: a script for each source and each sample of which anything is embedded."""
        sources = [self._path("explored_source", source=source, sample=sample) for source, sample in self.views.embedded()]
        samples = self.views.embedded_samples()
        return sources + [self._path("explored_sample", dataset=dataset, sample=sample) for dataset, sample in samples]

    def explorer_runs(self) -> list[str]:
        """[the runs of the study] if anything is scored, else []."""
        return [self._path("runs")] if self.aggregated_files() else []

    # The index

    def index_tables(self) -> list[str]:
        """Every table of the study, in its order."""
        return [self._path("table", table=name, format="csv") for name in self.study.tables]

    def index_claims(self) -> list[str]:
        """[the verdicts] if the study claims anything, else []."""
        return [self._path("claims")] if self.study.claims else []

    def index_networks(self) -> list[str]:
        """[how the networks ended] if anything is scored, else []."""
        return [self._path("networks")] if self.aggregated_files() else []

    # Figures and tables

    def figure(self, wildcards) -> dict[str, list[str]]:
        """The files of a figure, by kind."""
        return self.of_kind("figures", wildcards.figure)

    def table(self, wildcards) -> dict[str, list[str]]:
        """The files of a table, by kind."""
        return self.of_kind("tables", wildcards.table)

    def arguments(self, wildcards, input) -> list[str]:
        """The command-line arguments that pass the files of a figure or table to its job."""
        return store.arguments_for({name: list(files) for name, files in input.items() if name != "code"})

    def of_kind(self, block: str, name: str) -> dict[str, list[str]]:
        """The files that a figure or table reads, by kind. Raises StudyError if `on` chooses nothing that the study makes."""
        options = getattr(self.study, block)[name]
        reads: dict[str, list[str]] = {}
        for kind in self.study.kind_of(block, name).says("reads", ()):
            reads[kind] = self._files(kind, options)
            # A study without scores has no runs; what names a score is refused in it before.
            if not reads[kind] and (kind != "runs" or self.study.scored):
                raise StudyError(f"{block}.{name}.on chooses nothing that this study makes; widen it")
        return reads

    def _files(self, kind: str, options: dict) -> list[str]:
        return FILES[kind](self, options)

    def _published(self, options: dict) -> list[str]:
        return [store.published_file(options["published"])]

    def _score_table(self, _: dict) -> list[str]:
        return [self._path("score_table")]

    def _runs(self, _: dict) -> list[str]:
        if self.study.studies:
            return list(self.study.studies)
        return [self._path("runs")] if self.study.scored else []

    def _chosen(self, options: dict) -> list[Run]:
        return [run for run in self.study.runs if selection.allows(options.get("on", {}), **run.keys)]

    def _data(self, options: dict) -> list[str]:
        names = {run.dataset for run in self._chosen(options)}
        return [self._path("data", dataset=name) for name in self.views.inputs.values() if name in names]

    def _history(self, options: dict) -> list[str]:
        return [self._path("history", run=run.folder) for run in self._chosen(options) if run not in self.study.given]

    def _activations(self, options: dict) -> list[str]:
        return [self._path("activations", source=source, sample=sample) for source, sample in self._shown(options)]

    def _embedding(self, options: dict) -> list[str]:
        return [
            self._path("embedding", source=source, sample=sample, embedding=embedding)
            for source, sample in self._shown(options)
            for embedding in self.views.embeddings_of(source, sample)
            if selection.allows(options.get("on", {}), embedding=embedding)
        ]

    def _observations(self, options: dict) -> list[str]:
        """Those in the spaces that `on` chooses which have the score that is shown."""
        return [
            self._path("observations", source=source, sample=sample, space=space)
            for source, sample in self._shown(options)
            for space in self.views.observed(source, sample)
            if selection.allows(options.get("on", {}), embedding=space_of_rows(space))
            and {*self.views.observed_scores(source, sample, space)} & {options.get("score"), *options.get("scores", ())}
        ]

    def _neurons(self, options: dict) -> list[str]:
        return [file for source, sample in self._shown(options) for file in self.neurons_files(source, sample)]

    def _comparison(self, options: dict) -> list[str]:
        chosen = self._chosen(options)
        return [file for run, file in self._files_of_comparison(options["comparison"]) if run in chosen]

    def _shown(self, options: dict) -> Iterator[tuple[str, str]]:
        """The sources and samples of which `on` chooses some representation."""
        # A list of layers does not exclude the files of the input, which accompanies networks; numbers of filters still do.
        within_network = {key: value for key, value in {"draw": 1, **options.get("on", {})}.items() if key != "layer"}
        for source, sample in self.views.sources():
            if self.views.view(source, sample, within_network):
                yield source, sample

    def neurons_files(self, source: str, sample: str) -> list[str]:
        """[the neurons file of a network] if its neurons are mapped, else []."""
        run = self.views.runs.get(source)
        return [self._path("neurons", run=source, sample=sample)] if run and self.views.mapped(run, sample) else []

    # The aggregate

    def score_files(self) -> list[str]:
        """Every file of scores."""
        of_networks = [run for run in self.study.runs if self.views.run_scores(run)]
        files = [self._path("run_scores", run=run.folder) for run in of_networks]
        for source, sample in self.views.sources():
            spaces = self.views.spaces(source, sample)
            files += [self._path("scores", source=source, sample=sample, space=space) for space in spaces]
        return files

    def aggregated_files(self) -> list[str]:
        """All that the aggregate takes in: every file of scores, and of comparisons that are scores."""
        return self.score_files() + self.compared_scores()

    def made_by_files(self) -> list[str]:
        """A file of every network whose provenance says how its training ended and what made it."""
        return [self._path(**keys) for run in self.study.runs if (keys := self.views.made_by(run))]


# The files that figures and tables are made from, by the name that a kind declares under `reads`.
FILES: dict[str, Callable[[JobReads, dict], list[str]]] = {
    "score_table": JobReads._score_table,
    "runs": JobReads._runs,
    "data": JobReads._data,
    "history": JobReads._history,
    "activations": JobReads._activations,
    "embedding": JobReads._embedding,
    "neurons": JobReads._neurons,
    "comparison": JobReads._comparison,
    "observations": JobReads._observations,
    "published": JobReads._published,
}
