"""What the comparisons of a study compare with what: layers, snapshots or networks, on the observations of one sample."""

from collections.abc import Iterator

from layerscope import selection, store
from layerscope.selection import INPUT, View
from layerscope.similarity.shared.pairs import pairs_of
from layerscope.study.kinds import Kinds
from layerscope.study.sizes import has_input
from layerscope.study.study import DIFFER_IN, WITH_ALL, Run, Study
from layerscope.study.views import Views

# (Name of a layer, its depth).
Layer = tuple[str, int]


def add_of_figures(content: dict, entries: dict[str, dict[str, dict]], kinds: Kinds) -> None:
    """Complete comparisons by the only sample, and by those of figures that show a comparison and name none.

    Such a figure shows the comparison of its own name, which is made by its measure and its `on` unless the study has it.
    """
    comparisons, samples = content["comparisons"], [*content["samples"]]
    for name, figure in entries["figures"].items():
        made = kinds.of_entry("figures", figure).says("compares")
        if not made:
            continue
        named_by = figure.setdefault("comparison", name)
        if named_by in comparisons or named_by != name:
            continue
        # Layers are compared as a whole, in their own space, whatever the figure says of filters and embeddings.
        on = {key: value for key, value in figure.get("on", {}).items() if key not in ("sample", "filter", "embedding")}
        measures = [figure["measure"]] if "measure" in figure else [*made["measures"]]
        named = selection.named(figure.get("on", {}), "sample")
        sample = {"sample": named[0] if len(named) == 1 else named} if named else {}
        made_by = {"made_by": f"figures.{name}"}
        comparisons[name] = {"between": made["between"], "measures": measures, "permutations": 1, **sample, "on": on, **made_by}
    for figure in entries["figures"].values():
        if figure.get("comparison") in comparisons:
            figure.setdefault("measure", comparisons[figure["comparison"]]["measures"][0])
    for entry in comparisons.values():
        if "sample" not in entry and len(samples) == 1:
            entry["sample"] = samples[0]


def place_of(name: str, entry: dict) -> str:
    """Where a comparison stands in a study, for messages: by itself, or as that of a figure that names none."""
    return entry.get("made_by", f"comparisons.{name}")


class Comparisons:
    """What each comparison of a study compares, by its name."""

    def __init__(self, study: Study, views: Views):
        self.study = study
        self.views = views
        self._found: dict[str, dict[Run, dict[Run, bool]]] = {}
        self._networks: dict[str, list[Run]] = {}
        self._views: dict[tuple[str, Run], View] = {}

    def draw(self, name: str) -> str:
        """The draw of the sample on which representations are compared."""
        entry = self.study.comparisons[name]
        return store.draw_name(entry["sample"], next(iter(selection.named(entry["on"], "draw")), 1))

    def networks(self, name: str) -> list[Run]:
        """The networks that a comparison chooses, and of which it finds a layer on its sample."""
        if name not in self._networks:
            self._networks[name] = self._chosen(name)
        return self._networks[name]

    def _chosen(self, name: str) -> list[Run]:
        on, sample = self.study.comparisons[name]["on"], self.study.comparisons[name]["sample"]
        chosen = [run for run in self.study.runs if selection.allows(on, **run.keys)]
        return [run for run in chosen if sample in self.views.samples_of(run) and self.view(name, run)]

    def view(self, name: str, run: Run) -> View:
        """The snapshots and whole layers of a network that a comparison chooses."""
        if (name, run) not in self._views:
            on = {key: value for key, value in self.study.comparisons[name]["on"].items() if key != "draw"}
            self._views[name, run] = selection.resolve(on, self.views.plan(run.folder)).whole_only()
        return self._views[name, run]

    def layers(self, name: str, run: Run) -> list[Layer]:
        """The layers of a network that a comparison chooses, without the input."""
        whole = self.view(name, run).whole
        return [(layer.name, depth) for depth, layer in enumerate(self.study.layers(run), start=1) if layer.name in whole]

    def takes_input(self, name: str, run: Run) -> bool:
        """Whether the input of a network is among the layers that are compared."""
        entry = self.study.comparisons[name]
        there = entry["between"] == "layers" and has_input(self.study, run.dataset)
        return there and selection.allows(entry["on"], layer=INPUT)

    def others(self, name: str, run: Run) -> dict[Run, bool]:
        """The networks that a network is compared with, those before it → whether a pair shares no network with another such.

        Networks are in the order of their seeds, or of the names in which they differ.
        """
        if name not in self._found:
            self._found[name] = self._networks_before(name)
        return self._found[name].get(run, {})

    def _networks_before(self, name: str) -> dict[Run, dict[Run, bool]]:
        key = DIFFER_IN.get(self.study.comparisons[name]["between"])
        alike: dict[tuple, list[Run]] = {}
        for run in self.networks(name) if key else ():
            alike.setdefault(tuple(value for other, value in run.keys.items() if other != key), []).append(run)
        found: dict[Run, dict[Run, bool]] = {}
        for runs in alike.values():
            runs.sort(key=lambda run: run.keys[key or ""])
            for place, run in enumerate(runs):
                others = enumerate(runs[:place])
                found[run] = {
                    other: place % 2 == 1 and before == place - 1
                    for before, other in others
                    if self.layers_of_both(name, run, other) and self.epochs_of_both(name, run, other)
                }
        return found

    def layers_of_both(self, name: str, run: Run, other: Run) -> list[tuple[Layer, Layer]]:
        """The layers of two networks that are the same, by their name or their depth."""
        by = 1 if self.study.comparisons[name].get("match") == "depth" else 0
        theirs = {layer[by]: layer for layer in self.layers(name, other)}
        return [(layer, theirs[layer[by]]) for layer in self.layers(name, run) if layer[by] in theirs]

    def epochs_of_both(self, name: str, run: Run, other: Run) -> list[tuple[int, int]]:
        """The snapshots of two networks that are compared: of the same epoch, and the last of one with the last of the other."""
        mine, theirs = (self.view(name, network).epochs for network in (run, other))
        last, their_last = (self.study.snapshots(network)[-1] for network in (run, other))
        same = [(epoch, epoch) for epoch in mine if epoch in theirs and epoch != last and epoch != their_last]
        return same + ([(last, their_last)] if last in mine and their_last in theirs else [])

    def has_pairs(self, name: str, run: Run) -> bool:
        """Whether a network has anything that it is compared with."""
        between = self.study.comparisons[name]["between"]
        if between == "layers":
            return len(self.layers(name, run)) + self.takes_input(name, run) > 1
        if between == "epochs":
            return len(self.view(name, run).epochs) > 1
        return bool(self.others(name, run))

    def files(self, name: str) -> list[Run]:
        """The networks that have a file of a comparison."""
        return [run for run in self.networks(name) if self.has_pairs(name, run)]

    def all_files(self) -> Iterator[tuple[str, Run]]:
        """(comparison, network) of every file."""
        for name in self.study.comparisons:
            yield from ((name, run) for run in self.files(name))

    def of_score(self, name: str, run: Run) -> View:
        """The snapshots and layers for which a network has the scores that a comparison is; none where it has none."""
        entry, view = self.study.comparisons[name], self.view(name, run)
        compared_with = entry.get("with", WITH_ALL)
        if self.study.several_values(name) or not self.has_pairs(name, run):
            return View()
        layers = [layer for layer, _ in self.layers(name, run)]
        if entry["between"] == "layers":
            steps = [*([INPUT] if self.takes_input(name, run) else []), *layers]
            return View(view.epochs, [steps[one] for one, _ in pairs_of(len(steps), compared_with)])
        if entry["between"] == "epochs":
            return View([view.epochs[one] for one, _ in pairs_of(len(view.epochs), compared_with)], layers)
        pairs = [other for other, independent in self.others(name, run).items() if independent]
        if not pairs:
            return View()
        [other] = pairs
        epochs = [epoch for epoch, _ in self.epochs_of_both(name, run, other)]
        return View(epochs, [mine for (mine, _), _ in self.layers_of_both(name, run, other)])
