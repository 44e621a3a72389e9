"""What kinds declare of themselves: scores, figures, tables, engines, families, sources and claim statistics.

A kind is one module, of the package or a person's own (`code:` in a study file), with one literal that says what it reads, shows
and takes. Literals are read without running the module: planning stays light, and runs nobody's code.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from layerscope.errors import Mistakes, StudyError, one_of
from layerscope.files.sources import beside, is_own, literal, modules


@dataclass(frozen=True)
class Block:
    """A block of a study file whose entries come in kinds.

    package: where the modules of its kinds lie, below layerscope. declaration: the literal by which each declares itself.
    key: the key of an entry that names its kind. one: what messages call one kind.
    """

    package: str
    declaration: str
    key: str
    one: str


BLOCKS = {
    "datasets": Block("data.sources", "SOURCE", "source", "source of data"),
    "architectures": Block("models.families", "FAMILY", "family", "family of networks"),
    "embeddings": Block("embedding", "ENGINE", "method", "embedding method"),
    "scores": Block("scoring", "METRICS", "metric", "metric"),
    "figures": Block("figures", "FIGURE", "kind", "kind of figure"),
    "tables": Block("tables", "TABLE", "kind", "kind of table"),
    "claims": Block("claims", "STATISTIC", "statistic", "claim statistic"),
}


@dataclass(frozen=True)
class Kind:
    """One kind. name: as studies name it. module: its name in the package, or the path of a person's own file."""

    block: str
    name: str
    module: str
    declared: Mapping[str, Any]

    @property
    def is_own(self) -> bool:
        """Whether it is a person's own, and no part of the package."""
        return is_own(self.module)

    @property
    def stem(self) -> str:
        """The name of its module alone."""
        return Path(self.module).stem if self.is_own else self.module.rpartition(".")[2]

    @property
    def options(self) -> dict[str, dict]:
        """Its options: name → JSON schema."""
        return self.declared.get("options", {})

    def says(self, fact: str, default: Any = None) -> Any:
        """A fact that it declares."""
        return self.declared.get(fact, default)

    def reads(self, space: str) -> tuple[str, ...]:
        """What a metric reads in a space (raw, embedding, run) beside the points; nothing where it does not apply."""
        return self.declared["reads"].get(space, ())

    @property
    def spaces(self) -> tuple[str, ...]:
        """The spaces that a metric applies to: raw, embedding, run."""
        return tuple(self.declared["reads"])

    @property
    def of_splits(self) -> bool:
        """Whether a metric is of a network on a split or sample as such, and has no layers."""
        return bool({"history", "predictions"} & {*self.reads("run")})

    def neighbors_needed(self, options: Mapping[str, Any]) -> int:
        """How many neighbours of each point, itself not counted, it needs in the graph; 0 where it reads none."""
        rule = self.says("neighbors")
        return int(rule.get("times", 1) * options[rule["option"]] + rule.get("plus", 0)) if rule else 0

    def largest(self, options: Mapping[str, Any]) -> int | None:
        """The most points that an engine takes, None where it has no bound."""
        unless = self.says("largest_unless", {})
        lifted = unless and all(options.get(key) == value for key, value in unless.items())
        return None if lifted else self.says("largest")


@dataclass(frozen=True)
class Kinds:
    """All kinds that a study can name. own: the person's own files, as paths from the working directory."""

    own: tuple[str, ...] = ()
    _found: dict[str, dict[str, Kind]] = field(default_factory=dict, repr=False, compare=False)

    def of(self, block: str) -> dict[str, Kind]:
        """The kinds of a block, by name. StudyError for a module that declares none, and for a name that two kinds have."""
        if block not in self._found:
            package = BLOCKS[block].package
            found: dict[str, Kind] = {}
            for module in (f"layerscope.{package}.{name}" for name in modules(package)):
                declared = list(_declared(block, module))
                if not declared:
                    wanted = BLOCKS[block].declaration
                    raise StudyError(f"{module} declares no {wanted}; what is no kind belongs into {package}.shared")
                found.update((kind.name, kind) for kind in declared)
            for kind in (kind for file in self.own for kind in _declared(block, file)):
                if kind.name in found:
                    raise StudyError(f"code: {kind.module} declares '{kind.name}'; there is a {BLOCKS[block].one} of that name")
                found[kind.name] = kind
            self._found[block] = found
        return self._found[block]

    def named(self, block: str, name: object, where: str) -> Kind:
        """The kind of that name. where: the key that names it, for the StudyError where there is none."""
        known = self.of(block)
        if not isinstance(name, str) or name not in known:
            raise StudyError(f"{where}: '{name}' is no {BLOCKS[block].one}; {one_of(name, known)}")
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
        """The engines of an embedding method by name, the default first; None where a method has one, without a name."""
        found = [kind for kind in self.of("embeddings").values() if kind.says("method", kind.name) == method]
        return {kind.says("engine"): kind for kind in sorted(found, key=lambda kind: not kind.says("default", False))}

    def engine(self, method: object, entry: Mapping[str, Any], where: str) -> Kind:
        """The engine that an entry names, or the first of its method. where: the start of the keys in a StudyError."""
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

    def check_own(self) -> None:
        """Raise StudyError for a file of the person's own that declares no kind, or that imports another one beside it."""
        mistakes = Mistakes()
        for file in self.own:
            for name in beside(file):
                mistakes.messages.append(
                    f"code: {file} imports '{name}', which lies beside it: edits of it would go unnoticed; "
                    "move what it needs into the file itself, or install it as a package"
                )
            if not any(True for block in BLOCKS for _ in _declared(block, file)):
                wanted = ", ".join(block.declaration for block in BLOCKS.values())
                mistakes.messages.append(f"code: {file} declares no kind; one of {wanted} is wanted (docs/adding-a-kind.md)")
        mistakes.refuse()


def _declared(block: str, module: str) -> Iterator[Kind]:
    try:
        declared = literal(module, BLOCKS[block].declaration)
    except KeyError:
        return
    if block == "scores":
        for name, about in declared.items():
            yield Kind(block, name, module, about)
    else:
        yield Kind(block, Path(module).stem if is_own(module) else module.rpartition(".")[2], module, declared)
