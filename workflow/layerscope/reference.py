"""Generate pages from what kinds declare: the schema of study files, the reference of keys, the list of metrics, what kinds
declare.

Usage: python -m layerscope.reference [FOLDER]. Pages are written below FOLDER, by default the project's root.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from layerscope.study.declarations import FACTS, FUNCTIONS, OF_THE_PACKAGE, facts_of
from layerscope.study.kinds import BLOCKS, Kind, Kinds
from layerscope.study.schema import blocks, entry_schema, resolved, whole_schema

ROOT = Path(__file__).parents[2]
SCHEMA, KEYS, METRICS = "workflow/schemas/study.schema.yaml", "docs/keys.md", "docs/metrics.md"
DECLARATIONS_PAGE = "docs/declarations.md"
NOTICE = "Made by `make docs` from what the modules declare; edits are lost."
TITLES = {
    "datasets": "Datasets, by `source`",
    "architectures": "Architectures, by `family`",
    "embeddings": "Embeddings, by `method` and `engine`",
    "scores": "Scores, by `metric`",
    "figures": "Figures, by `kind`",
    "tables": "Tables, by `kind`",
    "claims": "Claims, by `statistic`",
}
DIRECTIONS = {True: "higher is better", False: "lower is better", None: "neither"}
DECLARATIONS = [
    "The module of a kind has one literal with these facts, read without running the module; lists may be tuples. `METRICS` has",
    "such a block for each metric. A fact that is not listed, or takes something else, is refused before anything is trained.",
    "How to write a kind: [a kind of your own](adding-a-kind.md).",
]
SHOWN_ELSEWHERE = {f"#/$defs/{name}" for name in ("selector", "training", "named", "named_or_none")}
SPACES = {"raw": "representations", "embedding": "embeddings", "run": "networks as such"}


def pages() -> dict[str, str]:
    """The text of each generated file, by its path below the project's root."""
    kinds = Kinds()
    return {
        SCHEMA: schema_text(kinds),
        KEYS: keys_page(kinds),
        METRICS: metrics_page(kinds),
        DECLARATIONS_PAGE: declarations_page(),
    }


def schema_text(kinds: Kinds) -> str:
    """The whole schema as YAML, for editors."""
    # A round trip through JSON turns tuples into lists and separates shared objects, which YAML would write as aliases.
    plain = json.loads(json.dumps(whole_schema(kinds)))
    return f"# {NOTICE}\n" + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)


def keys_page(kinds: Kinds) -> str:
    """Every key of a study file, with what it takes, its default and what it means."""
    lines = ["# Keys of a study file", "", NOTICE, "", *_rows("", blocks(), set())]
    for name in ("training", "selector", "derived"):
        titles = {"training": "Training", "selector": "Selectors (`on`)", "derived": "Datasets made `from` others"}
        about = blocks()["$defs"][name].get("description")
        lines += ["", f"## {titles[name]}", "", *([about, ""] if about else []), *_rows("", blocks()["$defs"][name], set())]
    for block in TITLES:
        lines += ["", f"## {TITLES[block]}", "", _common(block)]
        for name, kind in sorted(kinds.of(block).items()):
            if block == "scores":
                about = f"{_sentence(kind.says('definition'))} See [metrics](metrics.md#{name})."
            else:
                about = kind.says("description", "")
            about += _by_default(kind)
            rows = _rows("", {"properties": kind.options}, set(kind.says("required", ())))
            lines += ["", f"### {_title(kind)}", "", about, "", *rows]
    return "\n".join(lines).rstrip() + "\n"


def metrics_page(kinds: Kinds) -> str:
    """Every metric with its definition and source, unit, direction, chance level and where it applies."""
    lines = ["# Metrics", "", NOTICE, ""]
    lines += ["A score of a study is one of these metrics with its options. Its chance level stands beside every value.", ""]
    for name, kind in sorted(kinds.of("scores").items()):
        options = ", ".join(f"`{option}` ({part.get('default')})" for option, part in kind.options.items()) or "none"
        reads = sorted({read for space in kind.spaces for read in kind.reads(space)})
        where = ", ".join(SPACES[space] for space in kind.spaces) + ("; whole layers only" if kind.says("whole_only") else "")
        where += "".join(f"; datasets with {needed}" for needed in kind.needs_of_dataset)
        lines += [
            f"## {name}",
            "",
            _sentence(kind.says("definition")),
            "",
            f"- reference: {kind.says('reference')}",
            f"- in figures: {kind.says('label')}",
            f"- unit: {kind.says('unit')}; {DIRECTIONS[kind.says('higher_is_better')]}",
            f"- chance: {kind.says('chance')}",
            f"- applies to: {where}",
            *(["- of every observation: yes"] if kind.by_observation else []),
            f"- options (defaults): {options}",
            f"- reads, beside the points: {', '.join(reads) or 'nothing'}",
            "",
        ]
    lines += ["# Measures of similarity", ""]
    lines += ["`comparisons` of a study, and `layerscope.compare(first, second)`, compare representations by them.", ""]
    for name, kind in kinds.of("comparisons").items():
        lines += [
            f"## {name}",
            "",
            _sentence(kind.says("definition")),
            "",
            f"- reference: {kind.says('reference')}",
            f"- in figures: {kind.says('label')}",
            f"- unchanged by: {kind.says('unchanged_by')}",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def declarations_page() -> str:
    """Every fact that a kind can declare, by block, with what it takes and what it means."""
    lines = ["# What kinds declare", "", NOTICE, "", *DECLARATIONS]
    for block, about in BLOCKS.items():
        function = FUNCTIONS[block]
        told = f", and a function `{function}`" if function else "; layers are declared, so no function"
        lines += ["", f"## {about.one[0].upper()}{about.one[1:]}", "", f"A literal `{about.declaration}`{told}.", ""]
        lines += ["| fact | takes | meaning |", "|---|---|---|"]
        refused, required = OF_THE_PACKAGE.get(block, ()), facts_of(block, own=True)["required"]
        for fact, part in FACTS[block].items():
            notes = " Required." if fact in required else " Of the package's own kinds only." if fact in refused else ""
            lines.append(f"| `{fact}` | {_takes_listed(part)} | {part['description']}{notes} |".replace("None", "`None`"))
    return "\n".join(lines).rstrip() + "\n"


def _takes_listed(part: dict) -> str:
    """What a fact takes, with the words that a list of words may have."""
    words = part.get("items", {}).get("enum") if part.get("type") == "array" else None
    return f"a list of {', '.join(f'`{word}`' for word in words)}" if words else _takes(part)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _title(kind: Kind) -> str:
    if kind.says("engine"):
        default = ", the default engine" if kind.says("default") else ""
        return f"{kind.says('method')}, engine: {kind.says('engine')}{default}"
    return kind.name


def _by_default(kind: Kind) -> str:
    entries = [
        f"`{name}`" + (f" (`{json.dumps(entry, ensure_ascii=False)}`)" if entry else "")
        for name, entry in kind.says("by_default", {}).items()
    ]
    return f" By default there is {', '.join(entries)}." if entries else ""


def _common(block: str) -> str:
    known = [key for key in entry_schema(Kind(block, "", "", {}))["properties"] if key != BLOCKS[block].key]
    return f"Keys of every entry: {', '.join(f'`{key}`' for key in known)}." if known else ""


def _rows(prefix: str, part: dict, required: set[str]) -> list[str]:
    rows = list(_keys(prefix, part, required | set(part.get("required", ()))))
    if not rows:
        return ["No options of its own."]
    return ["| key | takes | default | meaning |", "|---|---|---|---|", *rows]


def _keys(prefix: str, part: dict, required: set[str]) -> Iterator[str]:
    for key, given in part.get("properties", {}).items():
        inner = resolved(given)
        name = f"{prefix}{key}"
        default = "required" if key in required else _spelled(inner["default"]) if "default" in inner else ""
        meaning = " ".join(str(inner.get("description", "")).split()).replace("|", "\\|")
        yield f"| `{name}` | {_takes(inner)} | {default} | {meaning} |"
        named = inner.get("additionalProperties")
        below = resolved(named) if isinstance(named, dict) else resolved(inner.get("items", {})) if "items" in inner else inner
        # Selectors, training options and blocks that come in kinds have sections of their own.
        if {given.get("$ref"), given.get("items", {}).get("$ref")} & SHOWN_ELSEWHERE:
            continue
        mark = ".NAME." if isinstance(named, dict) else "[]." if "items" in inner else "."
        yield from _keys(f"{name}{mark}", below, set(below.get("required", ())))


def _takes(part: dict) -> str:
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    types = part.get("type", "")
    words = {"object": "a block", "array": "a list", "string": "text", "integer": "a whole number", "number": "a number"}
    words |= {"boolean": "true or false", "null": "null"}
    named = [words[one] for one in ([types] if isinstance(types, str) else types) if one]
    bounds = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    within = [f"{sign} {part[bound]:g}" for bound, sign in bounds.items() if bound in part]
    return " or ".join(named) + (f" ({', '.join(within)})" if within else "")


def _spelled(value: object) -> str:
    return "" if value == "" else f"`{json.dumps(value, ensure_ascii=False)}`"


def main() -> None:
    """Write all pages, below the folder that the command line names or below the checkout."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    for name, text in pages().items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
