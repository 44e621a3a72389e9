"""A study of other studies: it has no data of its own, and shows the runs that others have made."""

from glob import glob
from pathlib import Path

from layerscope.errors import Mistakes, one_of
from layerscope.selection import NONE
from layerscope.study.checks import check_names, check_study_name
from layerscope.study.entries import entries_of
from layerscope.study.figure_checks import check_ranked_layers
from layerscope.study.kinds import Kinds
from layerscope.study.schema import blocks, checked
from layerscope.study.study import Study

# What a study of other studies says beside them; all else is about data and networks of its own.
KEYS = ("study", "studies", "code", "figures", "tables")
SHOWN = ("figures", "tables")


def study_of_studies(content: dict, kinds: Kinds) -> Study:
    """The study of a content that has `studies`. Raises StudyError with a message for every mistake."""
    mistakes = Mistakes()
    for key in content:
        if key not in KEYS:
            known = key in blocks()["properties"]
            why = "a study of other studies has no data, networks or scores of its own; remove it, or `studies`"
            mistakes.messages.append(f"{key}: {why if known else f'unknown key; {one_of(key, KEYS)}'}")
    mistakes.refuse()
    content = {key: {} if key in SHOWN and value == NONE else value for key, value in content.items()}
    checked(content, {**blocks(), "required": ["study", "studies"]}, "")
    entries = entries_of(content, kinds, mistakes)
    files: list[str] = []
    with mistakes.gathered():
        files = files_of_runs(content["studies"])
    for block in SHOWN:
        taking = [kind.name for kind in kinds.of(block).values() if kind.says("of_studies")]
        for name, entry in entries[block].items():
            kind = kinds.of_entry(block, entry)
            if not kind.says("of_studies"):
                mistakes.messages.append(
                    f"{block}.{name}.kind: {kind.name} shows one study; of several there is {' and '.join(taking)}"
                )
    if not any(content.get(block) for block in SHOWN):
        mistakes.messages.append("figures and tables are empty: a study of other studies is what it shows of them; name one")
    mistakes.refuse()
    defaults: dict = {key: part["default"] for key, part in blocks()["properties"].items() if "default" in part}
    study = Study(
        name=content["study"],
        device=defaults["device"],
        gpu_share=None,
        precision=defaults["precision"],
        memory_format=defaults["memory_format"],
        threads=defaults["threads"],
        largest_activations=defaults["largest_activations"],
        kinds=kinds,
        datasets={},
        architectures={},
        training={"default": {}, "overrides": []},
        samples={},
        whole=None,
        filters=None,
        k=0,
        k_is_given=False,
        neurons=None,
        embeddings={},
        scores={},
        comparisons={},
        figures=entries["figures"],
        tables=entries["tables"],
        claims={},
        runs=[],
        plans={},
        studies=tuple(files),
    )
    mistakes.messages += [*check_study_name(study), *check_names(study), *check_ranked_layers(study)]
    mistakes.refuse()
    return study


def files_of_runs(patterns: list[str]) -> list[str]:
    """The files that patterns (`*` is any name) fit, each once. Raises StudyError for those that none fits."""
    mistakes, here = Mistakes(), Path.cwd()
    found: dict[str, None] = {}
    for pattern in patterns:
        fitting = [Path(file).resolve() for file in sorted(glob(pattern)) if Path(file).is_file()]
        if not fitting:
            mistakes.messages.append(f"studies: no file is there like {pattern}; run a study first, or name its runs.parquet")
        for file in fitting:
            found[str(file.relative_to(here) if file.is_relative_to(here) else file)] = None
    mistakes.refuse()
    return list(found)
