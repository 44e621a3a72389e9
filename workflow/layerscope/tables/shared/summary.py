"""Shared by tables: which rows they show, and how numbers are written."""

import numpy as np
import pandas as pd

from layerscope.errors import StudyError
from layerscope.statistics.runs import stored_runs
from layerscope.statistics.select import select
from layerscope.statistics.summaries import by_state, summarise

SMALLEST_P = 0.0001
# How far a sum in float64 may be from 0 if its exact value is 0.
ROUNDING = 1e-12


def chosen_summary(runs_file: str, options: dict) -> pd.DataFrame:
    """Means of a table's scores over the runs that its `on` selects, with the input joined to every network."""
    runs = select(stored_runs(runs_file, options["scores"]), options.get("on", {}))
    if runs.empty:
        raise StudyError("no scores are left of what the table's `on` chooses; widen it")
    return summarise(by_state(runs))


def interval(low: float, high: float) -> str:
    """An interval as `low to high`; a dash where there is none."""
    return f"{number(low)} to {number(high)}" if np.isfinite(low) and np.isfinite(high) else "-"


def number(value: float, digits: int = 4) -> str:
    """A number with the four decimals of the reports, or `digits`; a dash where it is not finite.

    Only 0 itself, up to rounding errors, is written as 0: other values that would become 0 are `< 0.0001` or `> -0.0001`.
    """
    if not np.isfinite(value):
        return "-"
    text = f"{0 if abs(value) < ROUNDING else value:.{digits}f}"
    if float(text) != 0 or abs(value) < ROUNDING:
        return text
    least = f"{10**-digits:.{digits}f}"
    return f"< {least}" if value > 0 else f"> -{least}"


def p_value(p: float) -> str:
    """A p value with two significant digits, `< 0.0001` where it is smaller; a dash where it is not finite."""
    if not np.isfinite(p):
        return "-"
    return f"{p:.2g}" if p >= SMALLEST_P else f"< {SMALLEST_P}"
