"""The keys of a table that are the same in all its rows."""

import pandas as pd

KEYS = ("dataset", "architecture", "activation", "sample", "space", "filter")


def without_constants(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """The table without the keys that are the same in every row, and those keys with their values, but for empty ones."""
    constant = [column for column in KEYS if column in table and table[column].nunique() == 1]
    values = {column: table[column].iloc[0] for column in constant}
    return table.drop(columns=constant), {column: value for column, value in values.items() if value != ""}
