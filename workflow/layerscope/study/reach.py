"""Find the rows of scores, and the embeddings, that a study will have for its figures, tables and claims.

Figures, tables and claims are made after all training. What their `on` chooses is looked up here, before it, with the same rules
(statistics.select), and held against what their kinds declare: the states, parts of layers and spaces that they show.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from layerscope import selection, store
from layerscope.selection import INPUT, WHOLE, View
from layerscope.study.comparisons import Comparisons
from layerscope.study.declarations import PARTS
from layerscope.study.kinds import Kind
from layerscope.study.named_options import named_option
from layerscope.study.sizes import source_sizes, split_size
from layerscope.study.study import DIFFER_IN, RESERVED_EMBEDDINGS, Run, Study, scores_named, selectors, space_of_rows
from layerscope.study.variants import Option
from layerscope.study.views import Views

BLOCKS = ("figures", "tables", "claims")
# Stands for the names of scores in messages that several of them have in common.
SCORES = "{scores}"


@dataclass(frozen=True)
class Rows:
    """The rows of a score, or an embedding, of one network or input (run: None), in one space on one sample or split.

    view: their snapshots, layers and filters; the scores of a network as such have the layer "". draw: of the sample; scores of
    all draws are averaged.
    """

    dataset: str
    run: Run | None
    space: str
    sample: str
    view: View
    draw: int = 1


@dataclass(frozen=True)
class Reached:
    """What a study will have. scored: score → its rows. embedded: the rows of all embeddings.

    beside: (dataset, space, sample) of the scores of networks, beside which the rows of an input stand in the table of runs.
    """

    scored: dict[str, list[Rows]]
    embedded: list[Rows]
    beside: set[tuple[str, str, str]]


def reached(study: Study, views: Views) -> Reached:
    """The rows of scores and embeddings of all networks and inputs."""
    scored = _scored(study, views)
    beside = {(row.dataset, row.space, row.sample) for rows in scored.values() for row in rows if row.run}
    return Reached({**scored, **_compared(study, views)}, list(_embedded(study, views)), beside)


def _with_few_seeds(study: Study) -> Study:
    """The study with one network of each kind, and those of the seeds that it names: all others have the same rows as these."""
    named = {seed for _, selector in selectors(study) for seed in selection.named(selector, "seed")}
    by_kind: dict[tuple[str, str, str], list[Run]] = {}
    for run in study.runs:
        by_kind.setdefault((run.dataset, run.architecture, run.activation), []).append(run)
    # Networks that are compared with those of other seeds have rows only where these are there.
    of_pairs = any(DIFFER_IN.get(entry["between"]) == "seed" for entry in study.comparisons.values())
    kept = {run for runs in by_kind.values() for run in runs[: 2 if of_pairs else 1]}
    return replace(study, runs=[run for run in study.runs if run in kept or run.seed in named])


def check_reach(study: Study) -> Iterator[str]:
    """A message for every sample, embedding, score, figure, table and claim that chooses nothing, and for neurons that do.

    What chooses nothing but samples or embeddings that reach nothing is no mistake of its own.
    """
    study = _with_few_seeds(study)
    views = Views(study)
    found = reached(study, views)
    unseen = {*study.samples} - {sample for _, sample in views.sources()}
    unmade = {*study.embeddings} - {row.space for row in found.embedded}

    def follows(on: dict, spaces: Iterable[str] = ()) -> bool:
        return _all_lost(on, "sample", study.samples, unseen) or _all_lost(on, "embedding", spaces, unmade)

    for name in study.samples:
        if name in unseen:
            yield (
                f"samples.{name} reaches no network of which a layer is looked at; widen its `on`, or that of the "
                "representations, or remove it"
            )
    for name, entry in study.embeddings.items():
        if name in unmade and not follows(entry.get("on", {})):
            yield f"embeddings.{name} reaches nothing that this study looks at; widen its `on`, or remove it"
    if study.neurons is not None and not views.maps_neurons() and not follows(study.neurons["on"]):
        yield "neurons reaches no layer that this study looks at as a whole; widen its `on`, or remove it"
    for name, entry in study.scores.items():
        metric = study.kinds.of("scores")[entry["metric"]]
        spaces, steps = metric.spaces, metric.says("between_steps")
        known = {*RESERVED_EMBEDDINGS} & {*spaces} | {*(study.embeddings if "embedding" in spaces else ())}
        if not found.scored[name] and not follows(entry["on"], known):
            if steps:
                over = entry["options"][steps]
                yield (
                    f"scores.{name} compares embeddings of several {over} ({steps}), and reaches none that has one before it; "
                    "widen its `on`, or that of the embeddings, or remove it"
                )
            else:
                yield f"scores.{name} reaches nothing that this study looks at; widen its `on`, or remove it"
    for block in BLOCKS:
        for name, entry in getattr(study, block).items():
            embedded = "embedding" in study.kinds.of_entry(block, entry).says("reads", ())
            known = {*study.embeddings, *(() if embedded else RESERVED_EMBEDDINGS)}
            if not follows(entry.get("on", {}), known):
                yield from check_shown(study, found, block, name, entry)


def _all_lost(on: dict, key: str, names: Iterable[str], lost: set[str]) -> bool:
    """Whether a selector allows some of the names, and none but lost ones."""
    allowed = [name for name in names if selection.allows(on, **{key: name})]
    return bool(allowed) and lost.issuperset(allowed)


def check_shown(study: Study, found: Reached, block: str, name: str, entry: dict) -> Iterator[str]:
    """A message for each mistake of a figure, a table or a claim that chooses nothing that its kind can show."""
    kind, where = study.kinds.of_entry(block, entry), f"{block}.{name}"
    if not any(selection.allows(entry.get("on", {}), **run.keys) for run in study.runs):
        yield f"{where}.on chooses nothing that this study makes; widen it"
        return
    if "embedding" in kind.says("reads", ()):
        yield from _check_embeddings(study, where, entry, kind, found.embedded)
    named = {score: found.scored[score] for score in scores_named(kind, entry) if found.scored.get(score)}
    if "score_table" not in kind.says("reads", ()):
        named = {
            score: [row for row in rows if row.run or (row.dataset, row.space, row.sample) in found.beside]
            for score, rows in named.items()
        }
    yield from _check_scores(study, where, entry, kind, named)
    if "published" in entry:
        yield from _check_published(study, where, entry, kind, found.scored)


# What there will be


def _scored(study: Study, views: Views) -> dict[str, list[Rows]]:
    """Score → its rows, of all networks and inputs."""
    found: dict[str, list[Rows]] = {name: [] for name in study.scores}
    for source, sample in views.sources():
        run = views.runs.get(source)
        dataset = run.dataset if run else views.inputs[source]
        for space in views.spaces(source, sample):
            for name, wanted in views.scores_of(source, sample, space).items():
                if space != "run":
                    view = View.from_params(wanted["view"])
                else:
                    view = View(views.epochs_of(wanted, views.runs[source], sample), [""])
                found[name].append(Rows(dataset, run, space_of_rows(space), view=view, **study.draw_keys(sample)))
    for run in study.runs:
        for name, entry in views.run_scores(run).items():
            layers = [""]
            if not study.kinds.of("scores")[entry["metric"]].of_splits:
                named = selection.with_layers_named(entry["on"], study.followed_layers(run))
                layers = [layer for layer in study.followed_layers(run) if selection.allows(named, layer=layer)]
            view = View(views.epochs_of(entry, run), layers)
            found[name] += [Rows(run.dataset, run, "run", split, view) for split in _splits(study, run, entry) if view]
    return found


def _compared(study: Study, views: Views) -> dict[str, list[Rows]]:
    """Score that a comparison is → its rows."""
    comparisons, found = Comparisons(study, views), {}
    for score, entry in study.compared.items():
        name = entry["comparison"]
        views_of = {run: comparisons.of_score(name, run) for run in comparisons.networks(name)}
        keys = study.draw_keys(comparisons.draw(name))
        found[score] = [Rows(run.dataset, run, "raw", view=view, **keys) for run, view in views_of.items() if view]
    return found


def _splits(study: Study, run: Run, entry: dict) -> list[str]:
    """The splits on which a score in the space `run` is computed."""
    phase = entry["options"].get("phase")
    if phase is not None:
        return [store.SPLIT_OF_PHASE[phase]]
    there = [split for split in store.SPLITS if split_size(study, run.dataset, split) != 0]
    there += [store.BATCHES] if entry["options"].get("epochs") == "all" else []
    return [split for split in there if selection.allows(entry["on"], sample=split)]


def _embedded(study: Study, views: Views) -> Iterator[Rows]:
    for source, sample in views.sources():
        run = views.runs.get(source)
        for name in views.embeddings_of(source, sample):
            view = views.view(source, sample, study.embeddings[name].get("on", {}))
            yield Rows(run.dataset if run else views.inputs[source], run, name, view=view, **study.draw_keys(sample))


# What selectors choose of it


def _chosen(study: Study, rows: list[Rows], on: dict) -> list[Rows]:
    """The rows that a selector chooses, as statistics.select does: first, last and hidden are among the rows themselves."""
    found = []
    for row in rows:
        if not selection.allows(on, dataset=row.dataset, sample=row.sample, embedding=row.space):
            continue
        if row.run is None:
            of_networks = {key: value for key, value in on.items() if key in selection.RUN_KEYS}
            epochs = selection.named(on, "epoch")
            here = selection.allows(on, layer=INPUT, filter=WHOLE, state=INPUT) and (
                not epochs or {0, selection.FIRST} & {*epochs}
            )
            if here and any(selection.allows(of_networks, **run.keys) for run in study.runs if run.dataset == row.dataset):
                found.append(row)
        elif selection.allows(on, **row.run.keys):
            view = _part(study, row.run, row.view, on)
            if view:
                found.append(replace(row, view=view))
    return found


def _part(study: Study, run: Run, view: View, on: dict) -> View:
    widths = {layer.name: layer.width for layer in study.layers(run)}
    order = [layer for layer in widths if layer in view.whole or layer in view.filters]
    on = selection.with_layers_named(on, order)
    numbers = selection.values(on, "filter")
    filters: dict[str, list[int] | None] = {}
    for layer, known in view.filters.items():
        if selection.allows(on, layer=layer):
            chosen = known if numbers is None else [n for n in numbers if n in (range(widths[layer]) if known is None else known)]
            if chosen != []:
                filters[layer] = chosen
    return View(
        selection.allowed_epochs(on, study.snapshots(run), view.epochs, study.pretrained(run)),
        [layer for layer in view.whole if selection.allows(on, layer=layer, filter=WHOLE)],
        filters,
    )


def _names_input(*selectors: object) -> bool:
    """Whether a selector names the input, which otherwise only accompanies networks."""
    return any(INPUT in selection.named(on, key) for on in selectors if isinstance(on, dict) for key in ("layer", "state"))


# What kinds show of it


def _shown(study: Study, kind: Kind, entry: dict, rows: list[Rows]) -> list[Rows]:
    """The rows that a kind shows, by what it declares: states, without_input, names_options, parts."""
    states, options = kind.says("states"), _options_named(study, kind, entry)
    found = []
    for row in rows:
        if row.run is None and (states or kind.says("without_input")):
            continue
        if not all(_has(row, option) for option in options):
            continue
        view = _parts_shown(kind, entry, row.view)
        if states and row.run:
            view = replace(view, epochs=_in_states(study, row, states))
        if view:
            found.append(replace(row, view=view))
    return found


def _options_named(study: Study, kind: Kind, entry: dict) -> list[Option]:
    """The options by which an entry tells apart what it shows."""
    words = [entry.get(option) for option in kind.says("names_options", {})]
    found = [named_option(study, word) for word in words if isinstance(word, str)]
    return [option for option in found if option is not None]


def _has(row: Rows, option: Option) -> bool:
    """Whether rows are of an entry that has an option. Of which score they are is not told by a row."""
    if option.key == "embedding":
        return row.space in option.values
    of_run = row.run.keys if row.run else {"dataset": row.dataset}
    return option.key not in of_run or of_run[option.key] in option.values


def _in_states(study: Study, row: Rows, states: Sequence[str]) -> list[int]:
    """The epochs of the rows of a network at which it is in one of these states."""
    if row.run is None:
        return []
    return selection.allowed_epochs({"state": list(states)}, study.snapshots(row.run), row.view.epochs, study.pretrained(row.run))


def _parts(kind: Kind, entry: dict) -> tuple[str, ...]:
    for option, by_value in kind.says("parts_by", {}).items():
        if entry.get(option) in by_value:
            return tuple(by_value[entry[option]])
    return tuple(kind.says("parts", PARTS))


def _parts_shown(kind: Kind, entry: dict, view: View) -> View:
    parts = _parts(kind, entry)
    # Numbers of filters, and the word whole, choose no means over filters.
    of_filters = "filters" in parts or ("means" in parts and "filter" not in entry.get("on", {}))
    return replace(view, whole=view.whole if "whole" in parts else [], filters=view.filters if of_filters else {})


def _in_words(study: Study, kind: Kind, entry: dict) -> str:
    """What a kind shows, for messages: `whole layers of trained networks`."""
    parts = _parts(kind, entry)
    what = "whole layers" if parts == ("whole",) else "single filters" if parts == ("filters",) else "layers"
    states = " and ".join(kind.says("states", ()))
    words = f"{what} of {states} networks" if states else f"{what} of networks"
    if kind.says("without_input") and not kind.says("states"):
        words += ", not of their input"
    options = [entry[option] for option in kind.says("names_options", {}) if named_option(study, str(entry.get(option)))]
    return f"what has a {' and a '.join(options)}, {words}" if options else words


# The checks of one figure, table or claim


def _check_embeddings(study: Study, where: str, entry: dict, kind: Kind, embedded: list[Rows]) -> Iterator[str]:
    on = {"draw": 1, **entry.get("on", {})}
    embedded = [row for row in embedded if selection.allows(on, draw=row.draw)]
    # Files of an input have one snapshot, which is shown beside all states and epochs of networks.
    of_input = {key: value for key, value in on.items() if key not in ("epoch", "state")}
    found = _chosen(study, [row for row in embedded if row.run], on)
    found += _chosen(study, [row for row in embedded if not row.run], of_input)
    if not found and "embedding" in kind.says("shows_one", ()):
        yield f"{where}.on chooses a network that its embedding does not take in"
    elif not found:
        yield f"{where}.on chooses nothing that is embedded; widen it, or the `on` of the embedding"
    elif not (shown := _shown(study, kind, entry, found)):
        what = _in_words(study, kind, entry)
        yield f"{where}.on: {kind.name} shows {what} here, and it chooses none that is embedded; widen it"
    elif kind.says("same_classes"):
        sizes = {row.dataset: source_sizes(study.kinds, study.datasets[row.dataset]) for row in shown}
        classes = {dataset: known["classes"] for dataset, known in sizes.items() if "classes" in known}
        if len(set(classes.values())) > 1:
            counts = ", ".join(f"{dataset} has {count}" for dataset, count in classes.items())
            yield f"{where}.on.dataset: {kind.name} shows datasets with the same number of classes ({counts}); name one"


def _check_scores(study: Study, where: str, entry: dict, kind: Kind, named: dict[str, list[Rows]]) -> Iterator[str]:
    told: dict[str, list[str]] = {}
    shown = {}
    for score, rows in named.items():
        found = _chosen_rows(study, where, entry, kind, score, rows)
        shown[score] = _shown(study, kind, entry, found)
        for message in _mistakes(study, where, entry, kind, score, found, shown[score]):
            told.setdefault(message, []).append(f"'{score}'")
    # A selector that several scores find wrong is one mistake.
    for message, scores in told.items():
        message = message.replace(f"the score {SCORES}", f"the scores {SCORES}") if len(scores) > 1 else message
        yield message.replace(SCORES, " and ".join(scores))
    both = set.intersection(*({row.run for row in rows} for rows in shown.values())) if shown else set()
    if kind.says("pairs_scores") and all(shown.values()) and not both:
        yield f"{where}.on chooses no network that has both {' and '.join(shown)}; widen it, or the `on` of the scores"


def _chosen_rows(study: Study, where: str, entry: dict, kind: Kind, score: str, rows: list[Rows]) -> list[Rows]:
    on, rows = _selector_of(entry, kind, score, rows)
    is_claim = where.startswith("claims.")
    of_networks, of_input = _chosen(study, [row for row in rows if row.run], on), [row for row in rows if not row.run]
    if is_claim and "filter" not in on and not kind.says("pairs_scores") and any(row.view.whole for row in of_networks):
        # A claim that names no filters is about whole layers, if there are any.
        of_networks = [replace(row, view=row.view.whole_only()) for row in of_networks if row.view.whole]
    if not _names_input(on, entry.get("between"), entry.get("along")):
        return of_networks
    # A claim keeps an input that it names whatever filters or states it chooses.
    beside = {key: value for key, value in on.items() if not is_claim or key not in ("filter", "state")}
    return of_networks + _chosen(study, of_input, beside)


def _mistakes(
    study: Study, where: str, entry: dict, kind: Kind, score: str, found: list[Rows], shown: list[Rows]
) -> Iterator[str]:
    """Messages in which SCORES stands for the score. found: the rows that `on` chooses. shown: those that the kind shows."""
    states = kind.says("states", ())
    if not found:
        yield f"{where}.on chooses nothing that has the score {SCORES}; widen it, or the `on` of the score"
    elif not shown:
        what = _in_words(study, kind, entry)
        yield f"{where}.on: {kind.name} shows {what}, and it chooses none that has the score {SCORES}; widen it"
    else:
        for wanted in (wanted for wanted in states if not any(_in_states(study, row, [wanted]) for row in shown)):
            of = f"{kind.name} shows {' and '.join(states)} networks"
            yield f"{where}.on: {of}, and it chooses no {wanted} ones that have the score {SCORES}; widen it, or keep a snapshot"
        yield from _check_places(study, where, kind, shown)
        if entry.get("filters") == "living" and not any(row.view.filters for row in shown):
            yield f"{where}.filters changes nothing: `on` chooses no single filters that have the score {SCORES}; name them there"
    if found and score in selection.named(entry, "score"):
        yield from _check_compared(study, where, entry, found)


def _selector_of(entry: dict, kind: Kind, score: str, rows: list[Rows]) -> tuple[dict, list[Rows]]:
    """The selector for one score of an entry, and the rows that it is for.

    Of a score of networks as such, pairs of scores take what is on the test split unless they name another, and courses what is
    on the claim's split.
    """
    on = entry.get("on", {})
    of_networks = {key: value for key, value in on.items() if key in selection.RUN_KEYS}
    as_such = [row for row in rows if row.space == "run" and row.view.whole == [""]]
    if kind.says("pairs_scores"):
        of_test = [row for row in as_such if row.sample == entry.get("split", "test")]
        return (of_networks, of_test) if of_test else (on, rows)
    if score == entry.get("against") and as_such and not kind.says("every_epoch_of"):
        return of_networks, rows
    if kind.says("every_epoch_of") and score == entry[kind.says("every_epoch_of")]:
        return of_networks, [row for row in as_such if row.sample == entry["split"]]
    return on, rows


def _check_places(study: Study, where: str, kind: Kind, rows: list[Rows]) -> Iterator[str]:
    places = sorted({(row.space, row.sample) for row in rows})
    if kind.says("one_space") and len(places) > 1:
        listed = ", ".join(f"{space} on {sample}" for space, sample in places)
        yield f"{where}.on chooses {SCORES} in several spaces or samples ({listed}); name one of each"
    samples = sorted({sample for _, sample in places})
    if kind.says("one_sample") and len(samples) > 1:
        yield f"{where}.on.sample: {SCORES} are of several samples ({', '.join(samples)}); name one"
    if kind.says("several_seeds") and not any(_of_several(study, space, sample) for space, sample in places):
        yield (
            f"{where}.on chooses no embedding of several seeds, nor sample of several draws, that has the score {SCORES}; give "
            "one `seeds: 2`, or `draws: 2`, or more"
        )


def _of_several(study: Study, space: str, sample: str) -> bool:
    """Whether a score has several values of one network: in an embedding of several seeds, or of several draws of a sample."""
    seeds, draws = study.embeddings.get(space, {}).get("seeds", ()), study.samples.get(sample, {}).get("draws", 1)
    return len(seeds) > 1 or draws > 1


def _check_compared(study: Study, where: str, entry: dict, rows: list[Rows]) -> Iterator[str]:
    """Both sides of `between`, and every value of `along`, must be there; of two keys also each value with each of the other."""
    for part in ("between", "along"):
        if not isinstance(entry.get(part), dict):
            continue
        said = False
        for key, value in ((key, value) for key, values in entry[part].items() for value in values):
            if not _chosen(study, rows, _in_names(study, {key: value})):
                said = True
                yield f"{where}.{part}.{key}: nothing that `on` chooses with the score {SCORES} is {value}; widen it"
        if len(entry[part]) == 1 or said:
            continue
        cells = [dict(zip(entry[part], values, strict=True)) for values in product(*entry[part].values())]
        if missing := [cell for cell in cells if not _chosen(study, rows, _in_names(study, cell))]:
            listed = ", or ".join(" and ".join(f"{key} {value}" for key, value in cell.items()) for cell in missing)
            yield f"{where}.{part}: nothing that `on` chooses with the score {SCORES} is of {listed}; compare other values"


def _in_names(study: Study, on: dict) -> dict:
    """A selector in which names of variants stand in the place of values of options; scores are none of its keys."""
    found: dict = {}
    for key, value in on.items():
        if key not in study.variants.options():
            found[key] = value
            continue
        option = study.variants.option(key)
        names = [name for name, known in option.values.items() if known == value]
        if option.key in selection.KEYS:
            found[option.key] = [name for name in names if selection.allows(found, **{option.key: name})]
    return found


# Published numbers


def _check_published(study: Study, where: str, entry: dict, kind: Kind, scored: dict[str, list[Rows]]) -> Iterator[str]:
    """Every published number must stand beside one that the study will have."""
    lines = store.published_rows(entry["published"])
    chosen = {
        metric: _chosen(study, scored.get(metric, []), entry.get("on", {}))
        for metric in dict.fromkeys(line["metric"] for line in lines)
    }
    by_depth = "filter" in lines[0]
    missing, several = {}, {}
    for line in lines:
        rows = _beside(study, line, chosen[line["metric"]], by_depth)
        about = ", ".join(
            f"{key} {line[key]}" for key in ("dataset", "architecture", "sample", "embedding", "layer", "state") if line.get(key)
        )
        said = f"{line['figure']} has {line['metric']} of {about}"
        if not rows:
            missing[said] = True
        elif _are_several(rows, by_depth):
            several[said] = True
    for found, what in (
        (missing, "the study will not score that; add it"),
        (several, "the study has several of these; choose by `on`"),
    ):
        if found:
            first, *others = found
            rest = f" (as for {len(others)} more)" if others else ""
            yield f"{where}.published: {first}: {what}{rest}"
    if missing or several:
        return
    if by_depth:
        yield from _check_filters(study, where, lines, chosen)
    for option in kind.says("names_embeddings", ()):
        yield from _check_noise(study, f"{where}.{option}", entry[option], lines, scored)


def _beside(study: Study, line: dict, rows: list[Rows], by_depth: bool) -> list[Rows]:
    """The rows that a published number stands beside. by_depth: `layer` is the depth of a layer, `filter` tells filters."""
    named = {key: line[key] for key in ("dataset", "architecture", "sample", "embedding", "layer", "state") if line.get(key)}
    if not by_depth:
        return _chosen(study, rows, named)
    depth, part = int(named.pop("layer", 0)), "filters" if line["filter"] else "whole"
    if depth == 0:
        return [row for row in _chosen(study, rows, {**named, "state": INPUT}) if row.run is None]
    found = []
    for row in _chosen(study, rows, named):
        layers = [layer.name for layer in study.layers(row.run)] if row.run else []
        if depth <= len(layers) and layers[depth - 1] in getattr(row.view, part):
            found.append(row)
    return found


def _are_several(rows: list[Rows], by_depth: bool) -> bool:
    """Whether each seed has several of a published number. Filters of one layer are as many as are published."""
    places = {(row.run.architecture, row.run.activation, row.sample, row.space) if row.run else row.sample for row in rows}
    views = [row.view for row in rows if row.run and not by_depth]
    return len(places) > 1 or any(len(view.epochs) * (len(view.whole) + len(view.filters)) > 1 for view in views)


def _check_filters(study: Study, where: str, lines: list[dict], chosen: dict[str, list[Rows]]) -> Iterator[str]:
    """Filters are compared by rank, so a layer needs as many as are published."""
    published: dict[tuple, list[dict]] = {}
    for line in lines:
        if line["filter"]:
            published.setdefault(tuple(line[key] for key in ("figure", "layer", "state", "metric")), []).append(line)
    told = set()
    for (figure, depth, _, metric), group in published.items():
        for row in _beside(study, group[0], chosen[metric], by_depth=True):
            layer = study.layers(row.run)[int(depth) - 1] if row.run else None
            numbers = row.view.filters.get(layer.name) if layer else None
            there = len(numbers) if numbers is not None else layer.width if layer else 0
            if there != len(group) and (figure, depth) not in told:
                told.add((figure, depth))
                yield (
                    f"{where}.published: {figure} has {len(group)} filters of layer {depth}, the study {there}; "
                    "compare networks of the same architecture"
                )


def _check_noise(
    study: Study, where: str, noise: dict[str, Any], lines: list[dict], scored: dict[str, list[Rows]]
) -> Iterator[str]:
    for dataset, embedding, metric in dict.fromkeys((line["dataset"], line["embedding"], line["metric"]) for line in lines):
        repeated = noise.get(embedding)
        if repeated is None:
            continue
        there = any((row.dataset, row.run, row.space) == (dataset, None, repeated) for row in scored.get(metric, []))
        if not there or len(study.embeddings[repeated]["seeds"]) < 2:
            yield (
                f"{where}.{embedding}: {repeated} has no {metric} of the input of {dataset} by two or more seeds; "
                "name an embedding that embeds the input by several `seeds`"
            )
