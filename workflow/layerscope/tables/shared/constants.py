"""The keys of a table that are the same in all its rows."""

import pandas as pd

KEYS = ("dataset", "architecture", "activation", "sample", "space", "filter")


def without_constants(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The table without the keys that are the same in every row, and those keys as text for the caption."""
    constant = [column for column in KEYS if column in table and table[column].nunique() == 1]
    about = ", ".join(f"{column} {table[column].iloc[0]}" for column in constant if table[column].iloc[0] != "")
    return table.drop(columns=constant), about
