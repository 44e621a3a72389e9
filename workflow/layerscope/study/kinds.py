"""The kinds of scores, measures, figures, tables, engines, families, sources and claim statistics, and what they declare.

A kind is one module, from the package or a user's own file (`code:` in a study file), with one literal that declares what it
reads, shows and takes. Literals are parsed without running the module, so planning is fast and runs no user code.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from layerscope.errors import StudyError, one_of
from layerscope.files.sources import bound, is_own, literal, modules

# What a metric or a figure may need of a dataset, which has one of them (`needs`).
CLASSES, TARGETS = "classes", "targets"
# What scores of a representation can read that is none of it.
READ_BESIDE = ("weights", "fitted_on", "earlier")
# Where metrics are told of every observation, in modules named as those of the metrics, and the literal that names these metrics.
BY_OBSERVATION, DECLARED_THERE = "scoring.by_observation", "BY_OBSERVATION"


@dataclass(frozen=True)
class Block:
    """A block of a study file whose entries come in kinds.

    package: the subpackage of layerscope with the modules of its kinds. declaration: the name of the literal in each of them.
    key: the key of an entry that names its kind. one: what messages call a single kind. by_name: whether the literal of a module
    has several kinds, by name. alike: whether an entry names several kinds, and has the same keys whatever they are.
    """

    package: str
    declaration: str
    key: str
    one: str
    by_name: bool = False
    alike: bool = False


BLOCKS = {
    "datasets": Block("data.sources", "SOURCE", "source", "source of data"),
    "architectures": Block("models.families", "FAMILY", "family", "family of networks"),
    "embeddings": Block("embedding", "ENGINE", "method", "embedding method"),
    "scores": Block("scoring", "METRICS", "metric", "metric", by_name=True),
    "comparisons": Block("similarity", "MEASURES", "measures", "measure of similarity", by_name=True, alike=True),
    "figures": Block("figures", "FIGURE", "kind", "kind of figure"),
    "tables": Block("tables", "TABLE", "kind", "kind of table"),
    "claims": Block("claims", "STATISTIC", "statistic", "claim statistic"),
}


@dataclass(frozen=True)
class Kind:
    """One kind. name: as in study files. module: its dotted name, or the path of a user's own file. declared: its literal."""

    block: str
    name: str
    module: str
    declared: Mapping[str, Any]

    @property
    def is_own(self) -> bool:
        """Whether it comes from a user's own file rather than from the package."""
        return is_own(self.module)

    @property
    def stem(self) -> str:
        """The last part of its module's name, without package or folder."""
        return Path(self.module).stem if self.is_own else self.module.rpartition(".")[2]

    @property
    def options(self) -> dict[str, dict]:
        """Its options: name → JSON schema."""
        return self.declared.get("options", {})

    def says(self, fact: str, default: Any = None) -> Any:
        """The value that its literal has for a key."""
        return self.declared.get(fact, default)

    def reads(self, space: str) -> tuple[str, ...]:
        """What a metric reads in a space (raw, embedding, run) besides the points; empty if it does not apply there."""
        return self.says("reads", {}).get(space, ())

    @property
    def spaces(self) -> tuple[str, ...]:
        """The spaces that a metric applies to: raw, embedding, run."""
        return tuple(self.says("reads", {}))

    @property
    def of_splits(self) -> bool:
        """Whether a metric rates a network on a split or sample (accuracy, loss) and not its layers."""
        return bool({"history", "predictions"} & {*self.reads("run")})

    @property
    def is_beside(self) -> bool:
        """Whether a metric of representations reads more than these: weights, another sample, or other layers."""
        return bool({*READ_BESIDE} & {*self.reads("raw")})

    @property
    def by_observation(self) -> str | None:
        """The module that tells a metric of every observation, dotted or a user's own file; None where none does."""
        if self.is_own:
            module = self.module
        elif self.stem in modules(BY_OBSERVATION):
            module = f"layerscope.{BY_OBSERVATION}.{self.stem}"
        else:
            return None
        return module if bound(module, DECLARED_THERE) and self.name in literal(module, DECLARED_THERE) else None

    @property
    def needs_of_dataset(self) -> set[str]:
        """Which of classes and targets the datasets that it is about must have."""
        return {CLASSES, TARGETS} & {*self.says("needs", ())}

    def neighbors_needed(self, options: Mapping[str, Any]) -> int:
        """How many neighbours per point, itself not counted, it needs from the neighbour graph; 0 if it reads none."""
        rule = self.says("neighbors")
        return int(rule.get("times", 1) * options[rule["option"]] + rule.get("plus", 0)) if rule else 0

    def most(self, option: str, n: int) -> int | None:
        """The largest value of an option on n points, None where it has no bound by them."""
        divisor = self.says("needs_points", {}).get(option)
        return None if divisor is None else (n - 1) // divisor

    def alike(self, options: Mapping[str, Any]) -> bool:
        """Whether an engine gives the same embedding with every seed."""
        where = self.says("alike_where", {})
        return bool(where) and all(options.get(key) in values for key, values in where.items())

    def largest(self, options: Mapping[str, Any]) -> int | None:
        """The largest number of points that an engine accepts, None if there is no limit."""
        unless = self.says("largest_unless", {})
        lifted = unless and all(options.get(key) in values for key, values in unless.items())
        return None if lifted else self.says("largest")


@dataclass(frozen=True)
class Kinds:
    """All kinds that a study can name. own: the user's own files, as paths from the working directory.

    files: the same files, by the names that the study gives them. sizes: what was found in the files of datasets of the user's
    own (layerscope.study.sizes).
    """

    own: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    sizes: dict[str, dict] = field(default_factory=dict, repr=False, compare=False)
    _found: dict[str, dict[str, Kind]] = field(default_factory=dict, repr=False, compare=False)

    def of(self, block: str) -> dict[str, Kind]:
        """The kinds of a block, by name. Raises StudyError if a module declares none, or if two kinds have the same name."""
        if block not in self._found:
            package = BLOCKS[block].package
            found: dict[str, Kind] = {}
            for module in (f"layerscope.{package}.{name}" for name in modules(package)):
                declared = list(declared_kinds(block, module))
                if not declared:
                    wanted = BLOCKS[block].declaration
                    raise StudyError(f"{module} declares no {wanted}; what is no kind belongs into {package}.shared")
                found.update((kind.name, kind) for kind in declared)
            for kind in (kind for file in self.own for kind in declared_kinds(block, file)):
                if kind.name in found:
                    raise StudyError(
                        f"code: {kind.module} declares '{kind.name}'; there is a {BLOCKS[block].one} of that name; rename it"
                    )
                found[kind.name] = kind
            self._found[block] = found
        return self._found[block]

    def named(self, block: str, name: object, where: str) -> Kind:
        """The kind of that name; StudyError if there is none. where: the key that names it, for the message."""
        known = self.of(block)
        if not isinstance(name, str) or name not in known:
            also_called = {other: kind.name for kind in known.values() for other in kind.says("also_called", ())}
            raise StudyError(f"{where}: '{name}' is no {BLOCKS[block].one}; {one_of(name, known, also_called)}")
        return known[name]

    def of_entry(self, block: str, entry: Mapping[str, Any]) -> Kind:
        """The kind of a checked entry of a study."""
        if block == "embeddings":
            return self.engines(entry["method"])[entry.get("engine")]
        return self.of(block)[entry[BLOCKS[block].key]]

    def methods(self) -> list[str]:
        """The embedding methods."""
        return list(dict.fromkeys(kind.says("method", kind.name) for kind in self.of("embeddings").values()))

    def engines(self, method: str) -> dict[str | None, Kind]:
        """The engines of an embedding method, by name, the default first. The only engine of a method may be unnamed (None)."""
        found = [kind for kind in self.of("embeddings").values() if kind.says("method", kind.name) == method]
        return {kind.says("engine"): kind for kind in sorted(found, key=lambda kind: not kind.says("default", False))}

    def engine(self, method: object, entry: Mapping[str, Any], where: str) -> Kind:
        """The engine that an entry names, or its method's default; StudyError if there is none. where: key prefix in messages."""
        methods = self.methods()
        if not isinstance(method, str) or method not in methods:
            raise StudyError(f"{where}method: '{method}' is no embedding method; {one_of(method, methods)}")
        engines = self.engines(method)
        chosen = entry.get("engine", next(iter(engines)))
        if not isinstance(chosen, str | None) or chosen not in engines:
            named = [known for known in engines if known]
            allowed = one_of(chosen, named) if named else "it has one engine, without a name; leave the key out"
            raise StudyError(f"{where}engine: '{chosen}' is no engine of {method}; {allowed}")
        return engines[chosen]


def declared_kinds(block: str, module: str) -> Iterator[Kind]:
    """The kinds of a block that a module declares."""
    try:
        declared = literal(module, BLOCKS[block].declaration)
    except KeyError:
        return
    if BLOCKS[block].by_name:
        for name, about in declared.items():
            yield Kind(block, name, module, about)
    else:
        yield Kind(block, Path(module).stem if is_own(module) else module.rpartition(".")[2], module, declared)
