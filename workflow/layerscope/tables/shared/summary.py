"""What all kinds of tables share: which rows they are about, and how numbers are written."""

import numpy as np
import pandas as pd

from layerscope.errors import StudyError
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.statistics.summaries import by_state, summarise

SMALLEST_P = 0.0001
# A sum of doubles that is 0 may differ from it by so much.
ROUNDING = 1e-12


def chosen_summary(runs_file: str, options: dict) -> pd.DataFrame:
    """Means over the runs that a table's `on` chooses, of the scores it shows, the input joined to every network."""
    runs = select(stored_runs(runs_file, options["scores"]), options.get("on", {}))
    if runs.empty:
        raise StudyError("no scores are left of what the table's `on` chooses; widen it")
    return summarise(by_state(runs))


def number(value: float, digits: int = 4) -> str:
    """A number as the reports write it, four decimals; a dash where there is none.

    Only 0 itself is written as 0, give or take errors of rounding: what would become 0 is `< 0.0001` or `> -0.0001`.
    """
    if not np.isfinite(value):
        return "-"
    text = f"{0 if abs(value) < ROUNDING else value:.{digits}f}"
    if float(text) != 0 or abs(value) < ROUNDING:
        return text
    least = f"{10**-digits:.{digits}f}"
    return f"< {least}" if value > 0 else f"> -{least}"


def p_value(p: float) -> str:
    """A p value in two significant digits, and never as 0; a dash where there is none."""
    if not np.isfinite(p):
        return "-"
    return f"{p:.2g}" if p >= SMALLEST_P else f"< {SMALLEST_P}"
