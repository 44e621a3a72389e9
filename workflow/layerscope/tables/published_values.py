"""Published numbers of single networks beside measured ones: each with the spread over runs, and the difference.

A published number is that of one run. It is inside if it differs from the mean by at most 3 sd sqrt(1 + 1/n), the prediction
interval of one more run beside n runs with standard deviation sd.
"""

import pandas as pd

from layerscope import store
from layerscope.errors import StudyError
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.store.reads import Reads
from layerscope.tables.shared.comparison import judged
from layerscope.tables.shared.summary import number

TABLE = {
    "description": (
        "Published numbers of single networks (workflow/published/{published}.csv) beside measured means; spread over "
        "runs, difference, and whether it is within 3 sd sqrt(1 + 1/n)."
    ),
    "reads": ("runs", "published"),
    "published": "values",
    "required": ("published",),
    "options": {"published": {"description": "The name of a file in workflow/published.", "type": "string"}},
}

NAMED = ("dataset", "architecture", "sample", "embedding", "layer", "state")
MEASURED = ("published", "measured", "sd", "difference", "allowed")


def rows(reads: Reads, options: dict) -> pd.DataFrame:
    """One row per published number, in the order of publication; an empty column does not restrict the runs.

    Raises StudyError for a number that the study does not score: leaving it out would hide that it is not compared.
    """
    published = store.read_published_values(reads.published[0])
    runs = select(stored_runs(reads.runs[0], published["metric"]), options.get("on", {}))
    lines = []
    for line in published.to_dict("records"):
        named = {key: line[key] for key in NAMED if line[key]}
        found = select(runs[runs["metric"] == line["metric"]], named)
        if line["state"] == "input":
            # The input is joined to every network, with the same value in all.
            found = found.iloc[:1]
        if found.empty:
            about = ", ".join(f"{key} {value}" for key, value in named.items())
            raise StudyError(f"{line['figure']} publishes {line['metric']} of {about}, which the study does not score; add it")
        if found["seed"].duplicated().any():
            raise StudyError(f"{line['figure']}: the study has several {line['metric']} of each run there; choose under `on`")
        verdict = judged({"published": line["value"], "values": found["value"]})
        texts = {key: number(verdict[key], 4) for key in MEASURED}
        lines.append(
            {"figure": line["figure"]}
            | {key: line[key] for key in NAMED}
            | {"score": line["metric"], **texts, "n_runs": verdict["n_runs"], "inside": verdict["inside"]}
        )
    return pd.DataFrame(lines)
