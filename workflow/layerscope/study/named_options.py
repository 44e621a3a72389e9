"""The options by which figures and claims tell entries apart: those that vary, and those that entries give different values."""

from collections.abc import Iterable, Iterator

from layerscope import selection
from layerscope.errors import one_of
from layerscope.study.kinds import BLOCKS
from layerscope.study.study import Study
from layerscope.study.variants import COLUMN_OF, KEY_OF, OF_NETWORKS, Option, as_yaml, in_names, in_tables

# The words of figures and claims along whose values something is drawn or tested.
ALONG = ("x", "along")


def named_option(study: Study, name: str) -> Option | None:
    """The option of this name, None if no entries are told apart by it.

    Without `vary`, those are the entries of the first block in which it has several values; they are alike by their kind.
    """
    if name in study.variants.options():
        return study.variants.option(name)
    for block, key in KEY_OF.items():
        entries = getattr(study, block)
        options = {entry: told.get("options", told) if block == "scores" else told for entry, told in entries.items()}
        values = {entry: told[name] for entry, told in options.items() if name in told and name != BLOCKS[block].key}
        if len({*map(in_names, values.values())}) > 1:
            return Option(key, in_tables(values), {entry: study.kind_of(block, entry).name for entry in values})
    return None


def alike_without(study: Study, options: Iterable[str]) -> dict[str, dict[str, str]]:
    """Column of rows of scores → name → what those share that differ in these options alone."""
    words = [*options]
    found = study.variants.alike(words, COLUMN_OF)
    for word in words:
        option = named_option(study, word)
        if option is not None and word not in study.variants.options():
            found[COLUMN_OF[option.key]] = {**found.get(COLUMN_OF[option.key], {}), **option.alike}
    return found


def _of_layers(study: Study, entry: dict) -> str:
    """The first score of an entry that no embedding can have, "" where there is none."""
    named = [*selection.named(entry, "score"), *selection.named(entry, "against")]
    known = [score for score in named if score in study.scored]
    return next((score for score in known if "embedding" not in study.metric_of(score).spaces), "")


def _values_left(study: Study, entry: dict, option: Option) -> list[str]:
    """The values of an option that are left in what an entry chooses, as they stand in a study file."""
    on = entry.get("on", {})
    if option.key == "score":
        names = selection.named(entry, "score")
    elif option.key in OF_NETWORKS:
        names = [run.keys[option.key] for run in study.runs if selection.allows(on, **run.keys)]
    else:
        names = [name for name in option.values if selection.allows(on, **{option.key: name})]
    return list(dict.fromkeys(as_yaml(option.values[name]) for name in names if name in option.values))


def check_named_options(study: Study) -> Iterator[str]:
    """A message for each word of a figure or a claim that must name an option, and names none."""
    varied = list(study.variants.options())
    for block in ("figures", "claims"):
        for name, entry in getattr(study, block).items():
            said: list[str] = []
            for option, others in study.kind_of(block, name).says("names_options", {}).items():
                word = entry.get(option)
                if not isinstance(word, str):
                    continue
                said.append(option)
                if twice := [other for other in said if other != option and entry.get(other) == word]:
                    yield f"{block}.{name}.{option}: {word} is {twice[0]} already; name another, or remove it"
                    continue
                if word in others:
                    continue
                found, where = named_option(study, word), f"{block}.{name}.{option}"
                if found is None or (block == "claims" and word not in varied):
                    allowed = one_of(word, [*others, *varied])
                    yield f"{where}: '{word}' is no option that varies in this study (`vary`); {allowed}"
                elif found.key == "embedding" and (own := _of_layers(study, entry)):
                    yield f"{where}: {word} is an option of embeddings, and {own} is a score of layers themselves; name another"
                elif found.key == "score" and entry.get("against"):
                    yield f"{block}.{name}.against: {word} is an option of scores, and {entry['against']} has none; remove it"
                elif block == "claims" and not found.is_number:
                    yield f"{where}: the values of {word} are no numbers, and have no order; compare them by `between`"
                elif option in ALONG and len(left := _values_left(study, entry, found)) == 1:
                    yield f"{where}: a single value of {word} is left in what {block}.{name} chooses ({left[0]}); widen it"


def check_scores_together(study: Study) -> Iterator[str]:
    """A message for each list of scores that are not the variants of one."""
    for block in ("figures", "claims"):
        for name, entry in getattr(study, block).items():
            scores = entry.get("score")
            if isinstance(scores, list) and len({study.variants.entry_of("score", score) for score in scores}) > 1:
                yield f"{block}.{name}.score: {', '.join(scores)} are not variants of one score; name one"
