"""Published numbers of single networks beside measured ones: each with the components of its spread, and the difference.

A published number is that of one network, one sample of observations and one embedding. It is inside if it lies in the 95 %
prediction interval of such a one about the mean of ours, from the variances of all three (statistics.components). The verdict is
`says nothing` where numbers far from the published one would be inside as well (tables.shared.comparison), and empty with fewer
than three networks; of the input, with fewer than three draws or embeddings. Networks that learnt nothing, or little, are left
out.
"""

import pandas as pd

from layerscope import store
from layerscope.errors import StudyError
from layerscope.statistics.components import components
from layerscope.statistics.runs import with_input_joined
from layerscope.statistics.select import select
from layerscope.store.reads import Reads
from layerscope.tables.shared.comparison import Scale, judged_by, of_networks_that_learnt
from layerscope.tables.shared.spread_columns import spread_columns
from layerscope.tables.shared.summary import number

TABLE = {
    "description": (
        "Published numbers of single networks (workflow/published/{published}.csv) beside measured means; the spread over "
        "networks, draws of a sample and embeddings, the difference, and whether a published number lies in the 95 % prediction "
        "interval of one further network, sample and embedding. Of one draw alone the spread over samples is not known."
    ),
    "reads": ("score_table", "published"),
    "published": "values",
    "needs": ("metrics",),
    "required": ("published",),
    "options": {"published": {"description": "The name of a file in workflow/published.", "type": "string"}},
}

NAMED = ("dataset", "architecture", "sample", "embedding", "layer", "state")
ONE_VALUE = ["seed", "draw", "embedding_seed"]


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """One row per published number, in the order of publication; an empty column does not restrict the networks.

    Raises StudyError for a number that the study does not score: leaving it out would hide that it is not compared.
    """
    published = store.read_published_values(reads.published[0])
    scores = with_input_joined(store.read_score_table(reads.score_table[0], published["metric"]))
    scores = select(scores[scores["filter"] == ""], options.get("on", {}))
    lines = []
    for line in published.to_dict("records"):
        named = {key: line[key] for key in NAMED if line[key]}
        found = select(scores[scores["metric"] == line["metric"]], named)
        if line["state"] == "input":
            # The input is joined to every network, with the same values in all.
            found = found[found["seed"] == found["seed"].min()].drop_duplicates(ONE_VALUE)
        if found.empty:
            about = ", ".join(f"{key} {value}" for key, value in named.items())
            raise StudyError(f"{line['figure']} publishes {line['metric']} of {about}, which the study does not score; add it")
        if found.duplicated(ONE_VALUE).any():
            raise StudyError(f"{line['figure']}: the study has several {line['metric']} of each run there; choose under `on`")
        spread = components(of_networks_that_learnt(found))
        verdict = judged_by(spread, line["value"], _scale(found, options["metrics"][line["metric"]]), line["state"] == "input")
        lines.append(
            {"figure": line["figure"]}
            | {key: line[key] for key in NAMED}
            | {"score": line["metric"], "published": number(line["value"]), "measured": number(spread.mean)}
            | spread_columns(spread, 4)
            | {key: number(verdict[key]) for key in ("difference", "allowed")}
            | {"inside": verdict["inside"]}
        )
    return pd.DataFrame(lines)


def _scale(rows: pd.DataFrame, metric: dict) -> Scale:
    lowest, highest = metric["range"]
    best = highest if metric["higher_is_better"] else lowest
    return Scale(float(rows["chance"].mean()), float("inf") if best is None else best)
