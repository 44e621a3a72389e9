"""The variants of entries that vary options (`vary` in a study file): their names, and the values that tell them apart.

A variant is an entry like any other. What is kept here is which entry of the file it comes from, so that the name of that entry
means all of its variants, and an option that varies is a key of selectors, claims and figures.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from layerscope import selection
from layerscope.errors import StudyError, one_of

# Block → the key of selectors that names its entries; no selector names scores.
KEY_OF = {"datasets": "dataset", "architectures": "architecture", "embeddings": "embedding", "scores": "score"}
# The same key → the column of rows of scores that has the name.
COLUMN_OF = {"dataset": "dataset", "architecture": "architecture", "embedding": "space", "score": "metric"}
# The keys that tell networks apart; variants of their entries are networks that differ in an option alone.
OF_NETWORKS = ("dataset", "architecture")
# The option that tells controls from the networks themselves, whose value is NO_CONTROL.
CONTROL, NO_CONTROL = "control", selection.NONE
# No name has letters but these.
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Variant:
    """One variant of an entry. entry: its name in the study file. values: option → value."""

    entry: str
    values: Mapping[str, Any]

    def name(self, without: Collection[str] = ()) -> str:
        """Its name: that of the entry, and the options with their values; of a control its word. without: options left out."""
        told = [
            f"{'' if option == CONTROL else option}{in_names(value)}"
            for option, value in self.values.items()
            if option not in without and (option, value) != (CONTROL, NO_CONTROL)
        ]
        return "_".join([self.entry, *told])


@dataclass(frozen=True)
class Option:
    """An option that tells entries of one block apart.

    key: the key of selectors that names these entries. values: name of an entry → its value, all numbers or all text. alike: name
    of an entry → what it shares with those that differ from it in this option alone.
    """

    key: str
    values: dict[str, float | str]
    alike: dict[str, str]

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return all(isinstance(value, float) for value in self.values.values())

    def shown(self) -> list[float | str]:
        """Its values, each once, in the order of the study."""
        return list(dict.fromkeys(self.values.values()))

    def to_params(self) -> dict:
        """The option for a job's params."""
        listed = {} if self.is_number else {"listed": self.shown()}
        return {"column": COLUMN_OF[self.key], "values": self.values, **listed}


@dataclass(frozen=True)
class Variants:
    """All variants of a study.

    found: key of selectors → name → variant. places: where an override that a training varies stands → where the file has it.
    """

    found: Mapping[str, Mapping[str, Variant]] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def options(self) -> dict[str, str]:
        """Option that varies → the key of selectors that names its entries."""
        every = ((key, variant) for key, of_key in self.found.items() for variant in of_key.values())
        return {option: key for key, variant in every for option in variant.values}

    def option(self, option: str) -> Option:
        """One of the options that vary."""
        key = self.options()[option]
        having = {name: variant for name, variant in self.found[key].items() if option in variant.values}
        values = in_tables({name: variant.values[option] for name, variant in having.items()})
        return Option(key, values, {name: variant.name(without=[option]) for name, variant in having.items()})

    def of_entry(self, key: str, entry: str) -> list[str]:
        """The names that an entry of the study file means: those of its variants, or its own."""
        return [name for name, variant in self.found.get(key, {}).items() if variant.entry == entry] or [entry]

    def entry_of(self, key: str, name: str) -> str:
        """The name in the study file of the entry that a name belongs to."""
        of_key = self.found.get(key, {})
        return of_key[name].entry if name in of_key else name

    def chosen(self, option: str, wanted: object, where: str) -> dict[str, float | str]:
        """The names of the variants in which an option has one of the wanted values → that value, as tables have it.

        wanted: a value or a list of values, as in a selector. Raises StudyError for a value that no variant has.
        """
        found = self.option(option)
        texts = {name: in_names(self.found[found.key][name].values[option]) for name in found.values}
        whole = in_names(wanted)
        several = wanted if isinstance(wanted, list) and whole not in texts.values() else [wanted]
        if not several:
            raise StudyError(f"{where}: the list of values of {option} is empty; {one_of(wanted, map(as_yaml, found.shown()))}")
        for value in several:
            if in_names(value) not in texts.values():
                raise StudyError(
                    f"{where}: {option} is never {as_yaml(value)} in this study; "
                    f"{one_of(as_yaml(value), map(as_yaml, found.shown()), in_order=True)}"
                )
        named = [*map(in_names, several)]
        return {name: found.values[name] for name, text in texts.items() if text in named}

    def alike(self, options: Iterable[str], keys: Iterable[str] = OF_NETWORKS) -> dict[str, dict[str, str]]:
        """Column → name of a variant → the name that those share which differ in these options alone.

        keys: of selectors, by default those that tell networks apart.
        """
        named = {*options}
        found = {}
        for key in keys:
            varied = {name: variant for name, variant in self.found.get(key, {}).items() if named & variant.values.keys()}
            if varied:
                found[COLUMN_OF[key]] = {name: variant.name(without=named) for name, variant in varied.items()}
        return found

    def columns(self) -> dict[str, dict]:
        """Option → the column by which rows of scores have it, and its value by the names in that column."""
        options = ((name, self.option(name)) for name in sorted(self.options()))
        return {name: {"column": COLUMN_OF[option.key], "values": option.values} for name, option in options}

    def control_of(self, architecture: str) -> str:
        """Which control the networks of an architecture are, NO_CONTROL where they are none."""
        variant = self.found.get(KEY_OF["architectures"], {}).get(architecture)
        return variant.values.get(CONTROL, NO_CONTROL) if variant else NO_CONTROL

    def controls(self) -> dict[str, str]:
        """Architecture → which control its networks are, of those that are one."""
        names = self.found.get(KEY_OF["architectures"], {})
        return {name: self.control_of(name) for name in names if self.control_of(name) != NO_CONTROL}

    def without_controls(self) -> dict:
        """The selector of all networks that are no controls; an empty one where there are none."""
        if not self.controls():
            return {}
        names = self.found[KEY_OF["architectures"]]
        return {KEY_OF["architectures"]: [name for name in names if name not in self.controls()]}

    def in_file(self, message: str) -> str:
        """A message about a variant as one about the entry of the study file."""
        for place, origin in self.places.items():
            message = message.replace(place, origin)
        for block, key in KEY_OF.items():
            for name, variant in self.found.get(key, {}).items():
                for option in variant.values:
                    message = message.replace(f"{block}.{name}.{option}", f"{block}.{variant.entry}.vary.{option}")
                message = message.replace(f"{block}.{name}.", f"{block}.{variant.entry}.")
        return message

    def as_written(self, on: dict) -> dict:
        """A selector in which the name of an entry stands for all of its variants, for people to read.

        All networks that are no controls are not told, whether controls stand beside them or not.
        """
        written = {}
        for key, value in on.items():
            names = selection.named(on, key)
            wanted = {*self.without_controls().get(key, [])}
            if wanted and wanted <= {*names} <= wanted | {*self.controls()}:
                continue
            entries = list(dict.fromkeys(self.entry_of(key, name) for name in names if isinstance(name, str)))
            whole = [name for entry in entries for name in self.of_entry(key, entry)]
            if key in self.found and len(whole) > len(entries) and {*whole} == {*names}:
                value = entries[0] if len(entries) == 1 else entries
            written[key] = value
        return written


def in_names(value: object) -> str:
    """The value of an option as it stands in the name of a variant: 0.05 as 0p05, [16, 8] as 16-8."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, int | float):
        return str(value).replace(".", "p").replace("+", "")
    if isinstance(value, dict):
        return "-".join(f"{key}{in_names(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "-".join(map(in_names, value))
    return NOT_IN_NAMES.sub("-", "none" if value is None else str(value))


def in_tables(values: Mapping[str, Any]) -> dict[str, float | str]:
    """The values of one option by name, as tables have them: numbers, or text where one of them is none."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values.values()):
        return {name: float(value) for name, value in values.items()}
    return {name: value if isinstance(value, str) else _as_text(value) for name, value in values.items()}


def _as_text(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    return in_names(value)


def as_yaml(value: object) -> str:
    """The value of an option as a person writes it, for messages."""
    return f"{value:g}" if isinstance(value, float) else str(value)
