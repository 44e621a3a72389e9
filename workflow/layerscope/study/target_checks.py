"""Checks of what is asked of datasets with targets (a regression), and of those with classes, that no schema can express."""

from collections.abc import Callable, Iterator, Sequence

from layerscope import selection
from layerscope.data.targets import REGRESSION
from layerscope.errors import one_of
from layerscope.study.kinds import CLASSES, Kind
from layerscope.study.sizes import source_sizes
from layerscope.study.study import Study

# The schemas of options that mean something where there are classes, or targets, alone.
OF_CLASSES = ("#/$defs/one_class", "#/$defs/mark_misclassified")
ONE_TARGET = "#/$defs/one_target"


def _datasets(study: Study, on: dict) -> list[str]:
    """The datasets of the networks that a selector chooses."""
    return list(dict.fromkeys(run.dataset for run in study.runs if selection.allows(on, **run.keys)))


def _has(study: Study, datasets: Sequence[str]) -> str:
    """What datasets have, in words: datasets.houses has targets (task: regression)."""
    what = f"targets (task: {REGRESSION})" if study.has_targets(datasets[0]) else "classes"
    return f"{', '.join(f'datasets.{name}' for name in datasets)} {'has' if len(datasets) == 1 else 'have'} {what}"


def _check_training_on_targets(study: Study) -> Iterator[str]:
    for run in study.runs:
        if not study.has_targets(run.dataset):
            continue
        options = study.training_of(run)
        for key, why in (("accept_test_accuracy", "no accuracy"), ("label_smoothing", "no labels to smooth")):
            if key in options:
                remedy = "remove it, or put it under overrides of other datasets"
                yield f"training.{key}: {_has(study, [run.dataset])}, and {why}; {remedy}"
        scaled = study.datasets[run.dataset].get("normalise_targets") != "none"
        activation = study.architectures[run.architecture].get("output_activation", "identity")
        if scaled and activation != "identity":
            yield (
                f"architectures.{run.architecture}.output_activation: {activation} cannot put out the standardised targets of "
                f"datasets.{run.dataset}, of which half are negative; remove it, or write `normalise_targets: none` there"
            )


def _check_samples_of_targets(study: Study) -> Iterator[str]:
    for name, sample in study.samples.items():
        without = [dataset for dataset in _datasets(study, sample.get("on", {})) if study.has_targets(dataset)]
        if sample["choose"] == "per_class" and without:
            yield f"samples.{name}.choose: per_class, but {_has(study, without)}; write random, or name other datasets under `on`"


def _check_neurons_of_targets(study: Study) -> Iterator[str]:
    datasets = _datasets(study, study.neurons["on"]) if study.neurons is not None else []
    if datasets and all(study.has_targets(dataset) for dataset in datasets):
        yield f"neurons: neurons are told by the classes they tell, and {_has(study, datasets)}; remove the block"


def _check_scores_have_labels(study: Study) -> Iterator[str]:
    """A score that needs classes is left out for datasets without any; where it has no others, it is refused."""
    for name, entry in study.scores.items():
        metric, datasets = study.kinds.of("scores")[entry["metric"]], _datasets(study, entry["on"])
        lacking = [study.lacks(dataset, metric) for dataset in datasets]
        if datasets and all(lacking):
            fit = [
                other.name
                for other in study.kinds.of("scores").values()
                if {*other.spaces} & {*metric.spaces} and not any(study.lacks(dataset, other) for dataset in datasets)
            ]
            known = ", ".join(sorted(fit))
            yield f"scores.{name}: {metric.name} needs {lacking[0]}, and {_has(study, datasets)}; what works there: {known}"


def _check_tables_have_labels(study: Study) -> Iterator[str]:
    for name, table in study.tables.items():
        yield from _lacking(study, f"tables.{name}", study.kinds.of_entry("tables", table), table)


def _lacking(study: Study, where: str, kind: Kind, entry: dict) -> Iterator[str]:
    """A message where a figure or a table chooses datasets that have not what its kind shows."""
    lacking = [dataset for dataset in _datasets(study, entry.get("on", {})) if study.lacks(dataset, kind)]
    if lacking:
        needed = study.lacks(lacking[0], kind)
        yield f"{where}: {kind.name} shows {needed}, and {_has(study, lacking)}; name others under `on`, or remove it"


def _check_figures_have_labels(study: Study) -> Iterator[str]:
    for name, figure in study.figures.items():
        kind, datasets = study.kinds.of_entry("figures", figure), _datasets(study, figure.get("on", {}))
        lacking = list(_lacking(study, f"figures.{name}", kind, figure))
        if lacking:
            yield from lacking
            continue
        with_targets = [dataset for dataset in datasets if study.has_targets(dataset)]
        with_classes = [dataset for dataset in datasets if not study.has_targets(dataset)]
        if kind.says("alike") and with_targets and with_classes:
            both = f"{_has(study, with_targets)}, {_has(study, with_classes)}"
            yield f"figures.{name}.on: {both}; {kind.name} shows one of both, name datasets of one sort"
        elif kind.says("alike") and "target" not in figure:
            first = {source_sizes(study.kinds, study.datasets[dataset])["targets"][0] for dataset in with_targets}
            if len(first) > 1:
                names = ", ".join(with_targets)
                yield f"figures.{name}.on: the first targets of {names} differ; choose one dataset, or name a target"
        for option in _options(kind, *OF_CLASSES):
            if figure.get(option) and with_targets:
                yield f"figures.{name}.{option}: {_has(study, with_targets)} and no {CLASSES}; remove it"
        for option in _options(kind, ONE_TARGET):
            if option in figure:
                yield from _check_target_named(study, f"figures.{name}.{option}", figure[option], datasets)


def _options(kind: Kind, *schemas: str) -> list[str]:
    """The options of a kind that are of one of some shared schemas."""
    return [option for option, part in kind.options.items() if part.get("$ref") in schemas]


def _check_target_named(study: Study, where: str, target: str, datasets: Sequence[str]) -> Iterator[str]:
    for dataset in datasets:
        if not study.has_targets(dataset):
            yield f"{where} changes nothing: {_has(study, [dataset])}; remove it"
            return
        names = source_sizes(study.kinds, study.datasets[dataset])["targets"]
        if target not in names:
            yield f"{where}: datasets.{dataset} has no target '{target}'; {one_of(target, names)}"


# The first are read before defaults are fitted to samples, whose sizes they are about; the others rely on valid selectors.
TARGET_CHECKS: tuple[Callable[[Study], Iterator[str]], ...] = (_check_training_on_targets, _check_samples_of_targets)
LABEL_CHECKS: tuple[Callable[[Study], Iterator[str]], ...] = (
    *(_check_neurons_of_targets, _check_scores_have_labels, _check_figures_have_labels, _check_tables_have_labels),
)
