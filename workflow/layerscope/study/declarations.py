"""What modules of kinds may declare, and the check of it: one schema a block, for the package and for people's own files.

A declaration is read without running its module. Those of the package are checked by a test; those of a person's own files
whenever the study is read.
"""

from collections.abc import Collection, Iterator
from typing import Any

from jsonschema import Draft202012Validator

from layerscope import selection, store
from layerscope.errors import Mistakes, one_of
from layerscope.files.sources import beside, bound, is_own, literal
from layerscope.models.declared import KINDS
from layerscope.store.reads import KINDS_OF_FILES
from layerscope.study.kinds import BLOCKS, READ_BESIDE, Kind, declared_kinds
from layerscope.study.schema import blocks, entry_schema, mistakes_in

# What jobs tell a kind of the study, beside its options, where it declares so (layerscope.jobs.params).
TOLD = (
    *("sizes", "activations", "control_networks", "metrics", "higher_is_better", "network_accuracies", "layer_accuracies"),
    *("repeats", "measures", "loss_unit"),
)
# What a figure, a table or a claim can show: networks in these states, and of a layer the whole, its single filters, or the means
# over them.
STATES = ("untrained", "pretrained", "trained", "intermediate")
PARTS = ("whole", "filters", "means")
# What comparisons compare: representations of one network, or of networks that differ in one key.
BETWEEN = ("layers", "epochs", "seeds", "architectures", "activations")
# What scores can read in each space, besides the points.
READ_BY_SCORES = {
    "raw": ("neighbors", "predictions", *READ_BESIDE),
    "embedding": ("neighbors", "predictions"),
    "run": ("history", "predictions", "spectra"),
}


def _text(description: str) -> dict:
    return {"description": description, "type": "string", "minLength": 1}


def _flag(description: str) -> dict:
    return {"description": description, "type": "boolean"}


def _some(description: str, **item: object) -> dict:
    """A list, each item of which fits the schema `item`."""
    return {"description": description, "type": "array", "uniqueItems": True, "items": item or {"type": "string"}}


def _by_option(description: str) -> dict:
    return {"description": description, "type": "object", "additionalProperties": {"type": "integer", "minimum": 1}}


DESCRIPTION = _text("What it is, in the reference of keys.")
CAPTION = _text("What it shows, in the reference of keys. Its first sentence stands below its pictures on the first page.")
BY_DEFAULT = {
    "description": "Entries that it gives by name to a study of its data alone; see layerscope.study.defaults.",
    "type": "object",
    "additionalProperties": {"type": "object"},
}
OF_LABELS = ("classes", "targets")
ALSO_CALLED = _some("What people call it elsewhere, for messages about unknown names.")
REQUIRED = _some("The options that every entry gives.")
OPTIONS = {
    "description": "Its options: name → JSON schema; shared parts by $ref.",
    "type": "object",
    "additionalProperties": {"type": "object"},
}
READS = _some("The kinds of files that it is made from.", enum=[*KINDS_OF_FILES])
NEIGHBORS = {
    "description": "How many neighbours it needs: times × the value of an option + plus.",
    "type": "object",
    "additionalProperties": False,
    "required": ["option"],
    "properties": {"option": {"type": "string"}, "times": {"type": "number"}, "plus": {"type": "integer"}},
}
NEEDS_POINTS = _by_option("Option → its largest value is so many times smaller than the number of points.")
PACKAGES = _some("The distributions that its results depend on; their versions stand in the provenance.")
SCORES_OF = {"description": "What the scores that it names must be of.", "enum": ["layers", "networks"]}
STATES_SHOWN = _some("The states of networks that it shows, so that `on` must choose networks in each of them.", enum=[*STATES])
PARTS_SHOWN = _some("What it shows of a layer: the whole, single filters, the means over filters.", enum=[*PARTS])
RANGE = {
    "description": "The smallest and the largest value that it can have, None where there is no bound.",
    "type": "array",
    "minItems": 2,
    "maxItems": 2,
    "items": {"type": ["number", "null"]},
}
ONE_SPACE = _flag("Whether it is of scores of one space, so that an `on` that chooses several is refused.")
NAMES_OPTIONS = {
    "description": "Its options that name an option which entries vary → other words that they take.",
    "type": "object",
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
}
PAIRS_SCORES = _flag("Whether it pairs two scores of a network; those of networks as such are taken on the test split.")

COST = {
    "megabytes": {"type": "number", "minimum": 0},
    "bytes_by_pair": {"type": "number", "minimum": 0},
    "bytes_by_neighbor": {"type": "number", "minimum": 0},
    "seconds": {
        "type": "array",
        "minItems": 1,
        "items": {"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": "number"}},
    },
}

# Block → fact → its schema. A declaration has no other keys.
FACTS: dict[str, dict[str, dict]] = {
    "datasets": {
        "description": DESCRIPTION,
        "also_called": ALSO_CALLED,
        "sizes": {
            "description": "Shape, classes (class_names if known) or targets, and splits of each dataset that `name` chooses.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["shape", "train", "test"],
                "oneOf": [{"required": ["classes"]}, {"required": ["targets"]}],
                "properties": {
                    "shape": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 1}},
                    "classes": {"type": "integer", "minimum": 1},
                    "class_names": {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
                    "targets": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                    **{split: {"type": "integer", "minimum": 0} for split in store.SPLITS},
                    store.SPLITS[0]: {"type": "integer", "minimum": 1},
                },
            },
        },
        "own_files": _text("The option that names a person's own files or folders."),
        "finds_sizes": _flag("Whether its function found_sizes looks what a person's own files hold."),
        "given": _flag("Whether no network learns from it: activations are given."),
        "required": REQUIRED,
        "options": OPTIONS,
    },
    "architectures": {
        "description": DESCRIPTION,
        "also_called": ALSO_CALLED,
        "layers": {
            "description": "Its layers, first to last; text stands for the value of an option, or `classes`.",
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "kind", "width"],
                "properties": {
                    **{field: {"type": ["integer", "string"]} for field in ("width", "kernel", "padding", "pool")},
                    **{field: {"type": "string"} for field in ("name", "each", "activation", "flatten")},
                    "kind": {"enum": [*KINDS]},
                    "batch_norm": {"type": ["boolean", "string"]},
                    "dropout": {"type": ["number", "string"]},
                },
            },
        },
        "reconstructs": _flag("Whether its networks reconstruct their input."),
        "own_code": _text("The option that names a file under `code:`."),
        "builds": _flag("Whether networks must be built to know their layers."),
        "takes_tokens": _flag("Whether its networks take sequences of tokens."),
        "given": _flag("Whether its activations are given and nothing is trained."),
        "by_default": BY_DEFAULT,
        "smallest_side": {
            "description": "Pixels of the shorter side of pictures from which on it gives networks.",
            "type": "integer",
            "minimum": 0,
        },
        "packages": PACKAGES,
        "required": REQUIRED,
        "options": OPTIONS,
    },
    "embeddings": {
        "description": DESCRIPTION,
        "method": _text("The method, where several engines have one; by default the name of the file."),
        "engine": _text("Its name among the engines of its method."),
        "default": _flag("Whether it is the engine of its method unless a study names another."),
        "reads": _some("What it reads beside the points.", enum=["neighbors"]),
        "neighbors": NEIGHBORS,
        "needs_points": NEEDS_POINTS,
        "largest": {"description": "The most points that it takes.", "type": "integer", "minimum": 1},
        "largest_unless": {"description": "Option → the values with which it takes any number.", "type": "object"},
        "alike_where": {
            "description": "Option → values; where each has one of its values, all seeds give the same, and one is allowed.",
            "type": "object",
        },
        "pairs_together": {
            "description": (
                "How many pairs of points it takes at once: its function embed_together gets several representations of a source."
            ),
            "type": "integer",
            "minimum": 1,
        },
        "on_device": _text("The option that names its device, auto, cpu or cuda; its function device_name says which it is."),
        "cost": {
            "description": "What a job asks for: MB, bytes, and (factor, power of points, power of iterations) in seconds.",
            "type": "object",
            "additionalProperties": False,
            "required": ["megabytes", "seconds"],
            "properties": {
                **COST,
                "iterations": _some("The options that add up to the iterations."),
                "repeats": _text("The option that says how often it begins anew."),
                "beyond": {
                    "description": "The same where there are more points.",
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["points", "megabytes", "seconds"],
                    "properties": {**COST, "points": {"type": "integer", "minimum": 1}},
                },
            },
        },
        "by_default": BY_DEFAULT,
        "packages": PACKAGES,
        "required": REQUIRED,
        "options": OPTIONS,
    },
    "scores": {
        "reads": {
            "description": "Each space that it applies to (raw, embedding, run) → what it reads there beside the points.",
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {space: _some("", enum=[*files]) for space, files in READ_BY_SCORES.items()},
        },
        "label": _text("What figures call it; by default the name of the score."),
        "unit": _text("The unit of its values, 1 for a number without one."),
        "unit_of_numbers": _text("The unit where networks predict numbers, of a regression or of what they reconstruct."),
        "range": RANGE,
        "higher_is_better": {"description": "Whether more is better; None where it has no meaning.", "type": ["boolean", "null"]},
        "whole_only": _flag("Whether it applies to whole layers and not to single filters."),
        "between_steps": _text("The option that says whether it compares an embedding with that of the epoch or layer before."),
        "definition": _text("A formula or a sentence by which a reader can compute it."),
        "reference": _text("Where it comes from."),
        "function_of": _text("The metric of which it is an exact function, given the classes, and so tells nothing further."),
        "chance": _text("Its value if labels said nothing, or why there is none."),
        "is_objective": _flag("Whether it is what networks learn to make small."),
        "is_accuracy": _flag("Whether it is the share of points whose class is told right."),
        "neighbors": NEIGHBORS,
        "needs_points": NEEDS_POINTS,
        "needs": _some("What data or given activations may lack, without which it has no value.", enum=[*OF_LABELS, "losses"]),
        "by_default": BY_DEFAULT,
        "required": REQUIRED,
        "options": OPTIONS,
    },
    "comparisons": {
        "label": _text("What figures call it."),
        "range": RANGE,
        "itself": {"description": "Its value for a representation and itself, 1 by default.", "type": "number"},
        "undefined_for": _text("Of which two representations it has no value, though both vary; the reason in tables."),
        "one_sided": _flag("Whether it is another number the other way round; of two layers, the earlier one is the first."),
        "fewest": {"description": "The fewest observations of which it has a value.", "type": "integer", "minimum": 1},
        "holds_pairs": _flag("Whether it holds a number for every pair of observations, for estimates of its memory."),
        "takes_maps": _flag("Whether it takes the maps of a layer in their shape, (n, filters, height, width)."),
        "definition": _text("A formula or a sentence by which a reader can compute it."),
        "reference": _text("Where it comes from."),
        "unchanged_by": _text("Which maps of a representation change nothing."),
    },
    "figures": {
        "description": CAPTION,
        "also_called": ALSO_CALLED,
        "reads": READS,
        "needs": _some("What its datasets must have, and what its function is told of the study.", enum=[*OF_LABELS, *TOLD]),
        "shows_one": _some("What `on` must choose exactly one of.", enum=["network", "sample", "embedding", "layer", "snapshot"]),
        "of": {"description": "What the one network must have.", "enum": ["steps", "maps", "neurons", "layer", "pictures"]},
        "shows_observations_of": {
            "description": "The observations that it shows: those of a sample, or of the training split.",
            "enum": ["sample", store.SPLITS[0]],
        },
        "states": STATES_SHOWN,
        "without_input": _flag("Whether it leaves out the input of the networks."),
        "parts": PARTS_SHOWN,
        "parts_by": {
            "description": "Option → its value → what it shows of a layer then, in the place of `parts`.",
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": PARTS_SHOWN},
        },
        "one_space": ONE_SPACE,
        "one_kind_of_network": _flag("Whether `on` must choose networks that differ in their seed alone."),
        "fewest_layers": {
            "description": "How many layers of a network, its input counted, must have its score of every observation.",
            "type": "integer",
            "minimum": 1,
        },
        "one_sample": _flag("Whether it shows scores of one sample, so that an `on` that chooses several is refused."),
        "pairs_scores": PAIRS_SCORES,
        "names_options": NAMES_OPTIONS,
        "needs_points": NEEDS_POINTS,
        "names_classes": _some("The options that name classes."),
        "names_rows": _some("The options that name rows of the split of a sample."),
        "same_classes": _flag("Whether the datasets that it shows must have equally many classes."),
        "one_layer_where": {"description": "Option → the value with which `on` must name one layer.", "type": "object"},
        "one_dataset_where": {"description": "Option → the value with which `on` must choose one dataset.", "type": "object"},
        "every_epoch_where": {
            "description": "Option → the value with which scores of splits that it names must be of every epoch.",
            "type": "object",
        },
        "scores_of": SCORES_OF,
        "compares": {
            "description": "What the comparison that it shows must be between, and the measures of one that it makes itself.",
            "type": "object",
            "additionalProperties": False,
            "required": ["between", "measures"],
            "properties": {"between": {"enum": [*BETWEEN]}, "measures": {"type": "array", "items": {"type": "string"}}},
        },
        "formats": {
            "description": "The formats of its files: those of a picture by default, or those of a film.",
            "enum": [[*store.FIGURE_FORMATS], [*store.FILM_FORMATS]],
        },
        "of_studies": _flag("Whether it takes the runs of several studies at once."),
        "ranks_layers": {
            "description": "Of what ranks networks at their hidden layers: its options → the spaces of their scores.",
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"enum": [*READ_BY_SCORES]}},
        },
        "by_default": BY_DEFAULT,
        "alike": _flag("Whether the datasets that it shows must all have classes, or all have targets."),
        "required": REQUIRED,
        "options": OPTIONS,
    },
    "tables": {
        "description": DESCRIPTION,
        "reads": READS,
        "needs": _some("What its datasets must have, and what its function is told of the study.", enum=[*OF_LABELS, *TOLD]),
        "scores_of": SCORES_OF,
        "states": STATES_SHOWN,
        "parts": PARTS_SHOWN,
        "several_seeds": _flag("Whether its scores must be of an embedding of several seeds, or a sample of several draws."),
        "without": _some("Keys that its `on` must not have.", enum=[*selection.KEYS]),
        "published": {"description": "Which published numbers it reads.", "enum": [*store.PUBLISHED_TABLES]},
        "of_studies": _flag("Whether it takes the runs of several studies at once."),
        "ranks_layers": {
            "description": "Of what ranks networks at their hidden layers: its options → the spaces of their scores.",
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"enum": [*READ_BY_SCORES]}},
        },
        "names_embeddings": _some("The options that map names of embeddings to names of embeddings."),
        "by_default": BY_DEFAULT,
        "required": REQUIRED,
        "options": OPTIONS,
    },
    "claims": {
        "description": DESCRIPTION,
        "label": _text("What verdicts call it, before `of` and a score; by default its name."),
        "needs": _some("What its function is told of the study.", enum=["sizes"]),
        "takes_input": _flag("Whether it takes in the input of the networks too."),
        "estimates": {
            "description": (
                "What it estimates, which bounds its interval: differences of a score, interactions (differences of these), or "
                "correlations."
            ),
            "enum": ["differences", "interactions", "correlations"],
        },
        "within_network": _flag("Whether it compares within a network, so that no key may tell networks apart."),
        "names_options": NAMES_OPTIONS,
        "every_epoch_of": _text("The option with the score that must be of every epoch."),
        "states": STATES_SHOWN,
        "one_space": ONE_SPACE,
        "pairs_scores": PAIRS_SCORES,
        "required": REQUIRED,
        "options": OPTIONS,
    },
}
ALWAYS = {
    "datasets": ("description", "options"),
    "architectures": ("description",),
    "embeddings": ("description",),
    "scores": ("reads", "unit", "higher_is_better", "definition", "reference", "chance"),
    "comparisons": ("label", "range", "definition", "reference", "unchanged_by"),
    "figures": ("description", "reads"),
    "tables": ("description", "reads"),
    "claims": ("description",),
}
# What the package alone can declare: it asks for functions that run while a study is planned, which a person's own never do.
OF_THE_PACKAGE = {
    "datasets": ("finds_sizes", "given"),
    "architectures": ("own_code", "builds", "takes_tokens", "given", "reconstructs", "packages"),
}
# The function of each kind. A family of a person's own has none: it declares its layers.
FUNCTIONS = {
    "datasets": "load(name, options, downloads)",
    "architectures": "",
    "embeddings": "embed(points, neighbors, options, seed, threads)",
    "scores": "score(scored, asked)",
    "comparisons": "compare(first, second, measures)",
    "figures": "draw(reads, options)",
    "tables": "rows(reads, options)",
    "claims": "estimate(claim, evidence)",
}
# Facts whose value is the name of an option, or has such names as its items or keys.
NAME_OPTIONS = {
    "own_files",
    "own_code",
    "every_epoch_of",
    "on_device",
    "names_embeddings",
    "names_classes",
    "names_rows",
    "needs_points",
    "parts_by",
    "largest_unless",
    "alike_where",
    "one_layer_where",
    "one_dataset_where",
    "every_epoch_where",
}
KEYWORDS = {*Draft202012Validator.VALIDATORS, "description", "default", "title", "examples", "$comment", "$defs", "deprecated"}
TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
# The keywords of JSON schema whose values are parts: one or a list of them, and parts by name.
WITH_PARTS = {"items", "additionalProperties", "propertyNames", "contains", "not", "prefixItems", "allOf", "anyOf", "oneOf"}
WITH_NAMED_PARTS = {"properties", "patternProperties"}
PAGE = "docs/adding-a-kind.md"


def check_own_files(files: Collection[str], named: Collection[str] = ()) -> None:
    """Raise StudyError, with all mistakes, for a person's own files that declare no kind, or declare one wrongly.

    Refused too is a file that imports another one beside it. named: files that need not declare a kind, since the study names
    them for something else.
    """
    mistakes = Mistakes()
    for file in files:
        for name in beside(file):
            mistakes.messages.append(
                f"code: {file} imports '{name}', which lies beside it: edits of it would go unnoticed; "
                "move what it needs into the file itself, or install it as a package"
            )
        if file not in named and not any(bound(file, block.declaration) for block in BLOCKS.values()):
            wanted = ", ".join(block.declaration for block in BLOCKS.values())
            mistakes.messages.append(f"code: {file} declares no kind; one of {wanted} is wanted ({PAGE})")
        for block in BLOCKS:
            with mistakes.gathered():
                mistakes.messages += mistakes_of(block, file)
    mistakes.refuse()


def mistakes_of(block: str, module: str) -> Iterator[str]:
    """A message for each mistake in what a module declares in a block; none where it declares nothing there."""
    name = BLOCKS[block].declaration
    lines = bound(module, name)
    if not lines:
        return
    file = module if is_own(module) else f"{module.replace('.', '/')}.py"
    where = f"code: {file}, {name}"
    if len(lines) > 1:
        yield f"{where} is written on lines {' and '.join(map(str, lines))}; keep one of them"
        return
    try:
        declared = _as_in_json(literal(module, name))
    except KeyError:
        yield f"{where} on line {lines[0]} is read without running the module; write it out, as a literal"
        return
    found = list(mistakes_in(declared, _schema(block, is_own(module)), where))
    yield from found
    if found:
        return
    for kind in declared_kinds(block, module):
        place = f"{where}.{kind.name}" if BLOCKS[block].by_name else where
        options = list(_mistakes_of_options(kind, f"{place}.options"))
        yield from options or _mistakes_among_facts(kind, place)
    yield from _missing_functions(block, module, where)


def _as_in_json(value: Any) -> Any:
    """A literal as JSON has it: lists for tuples, text for keys."""
    if isinstance(value, dict):
        return {str(key): _as_in_json(item) for key, item in value.items()}
    return [_as_in_json(item) for item in value] if isinstance(value, list | tuple) else value


def facts_of(block: str, own: bool) -> dict:
    """The schema of the declaration of one kind. own: of a person's own file, not of the package."""
    refused = OF_THE_PACKAGE.get(block, ()) if own else ()
    always = (*ALWAYS[block], *(("layers",) if own and block == "architectures" else ()))
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [*always],
        "properties": {fact: schema for fact, schema in FACTS[block].items() if fact not in refused},
    }


def _schema(block: str, own: bool) -> dict:
    facts = facts_of(block, own)
    if not BLOCKS[block].by_name:
        return facts
    named = {"$ref": "#/$defs/name"}
    return {"type": "object", "minProperties": 1, "propertyNames": named, "additionalProperties": facts}


def _mistakes_of_options(kind: Kind, where: str) -> Iterator[str]:
    for name, option in kind.options.items():
        part, place = _as_in_json(option), f"{where}.{name}"
        found = list(_mistakes_of_part(part, place)) or list(_mistakes_of_keywords(part, place))
        yield from found
        if not found and "default" in part:
            yield from mistakes_in(part["default"], part, f"{place}.default")


def _mistakes_of_part(part: Any, where: str) -> Iterator[str]:
    """A message for each unknown keyword and type in a part of a JSON schema, and for each `$ref` to nothing."""
    if not isinstance(part, dict):
        return
    for keyword in part:
        if keyword not in KEYWORDS and not keyword.startswith("x-"):
            yield f"{where}.{keyword}: unknown key; {one_of(keyword, KEYWORDS)}"
    types = part.get("type", [])
    for name in types if isinstance(types, list) else [types]:
        if name not in TYPES:
            yield f"{where}.type: {name!r} is no type; {one_of(name, TYPES)}"
    if "$ref" in part:
        shared = {f"#/$defs/{name}" for name in blocks()["$defs"] if name != "entries"}
        if str(part["$ref"]) not in shared:
            yield f"{where}.$ref: {part['$ref']!r} is no shared part; {one_of(part['$ref'], shared)}"
    for keyword in WITH_PARTS & {*part}:
        inner = part[keyword]
        for key, one in enumerate(inner) if isinstance(inner, list) else [("", inner)]:
            yield from _mistakes_of_part(one, f"{where}.{keyword}{f'[{key}]' if isinstance(inner, list) else ''}")
    for keyword in WITH_NAMED_PARTS & {*part}:
        for name, one in part[keyword].items() if isinstance(part[keyword], dict) else ():
            yield from _mistakes_of_part(one, f"{where}.{keyword}.{name}")


def _mistakes_of_keywords(part: dict, where: str) -> Iterator[str]:
    """What the keywords of JSON schema do not take as values."""
    for error in Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(part):
        yield f"{'.'.join([where, *map(str, error.absolute_path)])}: {' '.join(error.message.split())}"


def _mistakes_among_facts(kind: Kind, where: str) -> Iterator[str]:
    """What a fact says of others: the options that it names, and what it makes necessary."""
    keys = {} if BLOCKS[kind.block].alike else entry_schema(kind)["properties"]
    for name in kind.says("required", ()):
        if name not in keys:
            yield f"{where}.required: there is no option '{name}'; {one_of(name, keys)}"
    for fact in kind.declared:
        for option in _options_named(kind, fact):
            if option not in kind.options:
                yield f"{where}.{fact}: there is no option '{option}'; {one_of(option, kind.options)}"
    read = kind.says("reads", ())
    read = {name for names in read.values() for name in names} if isinstance(read, dict) else {*read}
    if kind.block in ("scores", "embeddings") and "neighbors" in read and not kind.says("neighbors"):
        yield f"{where}.neighbors is missing; what reads neighbours says how many, for instance {{'option': 'k'}}"
    if kind.block == "scores" and "spectra" in read and "phase" not in kind.options:
        yield f"{where}.options.phase is missing; what reads spectra says of which phase: evaluation or train"
    sizes = kind.says("sizes")
    if sizes is not None and {*kind.options.get("name", {}).get("enum", ())} != {*sizes}:
        yield f"{where}.options.name must choose among sizes: {{'enum': {[*sizes]}}}"
    elif sizes is not None and "default" not in kind.options["name"] and "name" not in kind.says("required", ()):
        yield f"{where}.options.name needs a default, for instance '{next(iter(sizes))}', or stands under required"
    for name, known in (sizes or {}).items():
        if "class_names" in known and len(known["class_names"]) != known.get("classes"):
            yield f"{where}.sizes.{name}.class_names has {len(known['class_names'])} names; as many as `classes` are wanted"
    if kind.says("engine") and not kind.says("method"):
        yield f"{where}.method is missing; an engine with a name says whose it is"


def _options_named(kind: Kind, fact: str) -> list[str]:
    """The options that a fact names."""
    value = kind.says(fact)
    if fact == "neighbors":
        return [value["option"]]
    if fact == "cost":
        return [*value.get("iterations", ()), *([value["repeats"]] if "repeats" in value else ())]
    # The files of given activations are those of their networks, and no option.
    if fact not in NAME_OPTIONS or kind.says("given"):
        return []
    return [value] if isinstance(value, str) else [*value]


def functions_of(kind: Kind) -> list[str]:
    """The functions that the module of a kind must have."""
    found = [FUNCTIONS[kind.block].partition("(")[0]] if FUNCTIONS[kind.block] else []
    if kind.block == "comparisons":
        found.append("prepare")
    if "over" in kind.options and kind.block == "embeddings":
        found.append("embed_steps")
    if kind.says("pairs_together"):
        found.append("embed_together")
    if kind.says("on_device"):
        found.append("device_name")
    if kind.says("finds_sizes"):
        found.append("found_sizes")
    if kind.block == "architectures" and not kind.is_own:
        found += ["network", "build", "plan"] if kind.says("builds") else ["plan"]
    return found


def _missing_functions(block: str, module: str, where: str) -> Iterator[str]:
    wanted = dict.fromkeys(name for kind in declared_kinds(block, module) for name in functions_of(kind))
    for name in wanted:
        if not bound(module, name):
            signature = FUNCTIONS[block] if FUNCTIONS[block].startswith(f"{name}(") else name
            yield f"{where}: the file has no function {name}; it must define {signature} ({PAGE})"
