"""What all kinds of tables share: which rows they are about, and how numbers are written."""

import numpy as np
import pandas as pd

from layerscope.errors import StudyError
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.statistics.summaries import by_state, summarise

SMALLEST_P = 0.0001


def chosen_summary(runs_file: str, options: dict) -> pd.DataFrame:
    """Means over the runs that a table's `on` chooses, of the scores it shows, the input joined to every network."""
    runs = select(stored_runs(runs_file, options["scores"]), options.get("on", {}))
    if runs.empty:
        raise StudyError("no scores are left of what the table's `on` chooses; widen it")
    return summarise(by_state(runs))


def number(value: float, digits: int = 4) -> str:
    """A number as the reports write it, four decimals; a dash where there is none."""
    return f"{value:.{digits}f}" if np.isfinite(value) else "-"


def p_value(p: float) -> str:
    """A p value in two significant digits, and never as 0; a dash where there is none."""
    if not np.isfinite(p):
        return "-"
    return f"{p:.2g}" if p >= SMALLEST_P else f"< {SMALLEST_P}"
