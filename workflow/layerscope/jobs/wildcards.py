"""The regular expression of each wildcard, which stays short for any number of networks."""

from collections.abc import Iterable

from layerscope import store
from layerscope.study.study import BESIDE, RESERVED_EMBEDDINGS, Run, Study
from layerscope.study.views import Views

NOTHING = "none"


def constraints(study: Study, views: Views) -> dict[str, str]:
    """Wildcard → a regular expression that matches the names that the study defines, and nothing else."""
    runs = runs_expression(study.runs)
    return {
        "run": runs,
        "source": "|".join([runs, *views.inputs]),
        "dataset": "|".join(views.inputs.values()),
        "sample": "|".join(draw for sample in study.samples for draw in study.draws_of(sample)) or NOTHING,
        "embedding": "|".join(study.embeddings) or NOTHING,
        "comparison": "|".join(study.comparisons) or NOTHING,
        "space": "|".join((*RESERVED_EMBEDDINGS, BESIDE, *study.embeddings)),
        "figure": "|".join(study.figures) or NOTHING,
        "table": "|".join(study.tables) or NOTHING,
    }


def runs_expression(runs: Iterable[Run]) -> str:
    """A regular expression that matches the names of these networks, and nothing else."""
    # Snakemake tries the expression on every file of every job: one that lists each network would cost hours.
    networks = products((run.dataset, run.architecture, run.activation, run.seed) for run in runs)
    return "|".join(store.run_folder(*map(any_of, block)) for block in networks) or NOTHING


def products(tuples: Iterable[Iterable[object]]) -> list[tuple[tuple, ...]]:
    """Group tuples of equal length into blocks, each with a tuple of values per position, whose products are these tuples."""
    blocks = [tuple((value,) for value in values) for values in tuples]
    for place in reversed(range(len(blocks[0]) if blocks else 0)):
        merged: dict[tuple, list] = {}
        for block in blocks:
            merged.setdefault((block[:place], block[place + 1 :]), []).extend(block[place])
        blocks = [(*before, tuple(values), *after) for (before, after), values in merged.items()]
    return blocks


def any_of(values: Iterable[object]) -> str:
    """A regular expression that matches each of the values."""
    return f"(?:{'|'.join(map(str, values))})"
