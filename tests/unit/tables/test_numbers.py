"""How tables write numbers: what is not 0 is not written as 0, and LaTeX prints what was meant."""

import numpy as np
import pandas as pd
import pytest

from layerscope.stages.table import latex
from layerscope.tables.shared.summary import number


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.12345, 4, "0.1235"),
        (0.00006, 4, "0.0001"),
        (0.00004, 4, "< 0.0001"),
        (-0.00004, 4, "> -0.0001"),
        (4e-7, 6, "< 0.000001"),
        (0.0, 4, "0.0000"),
        (0.1 + 0.2 - 0.3, 4, "0.0000"),
        (0.3 - 0.1 - 0.2, 4, "0.0000"),
        (np.nan, 4, "-"),
    ],
)
def test_only_zero_is_written_as_zero(value, digits, text):
    assert number(value, digits) == text


def test_signs_of_comparison_are_commands_in_latex():
    """As they are, LaTeX's default text font prints other signs."""
    printed = latex(pd.DataFrame({"p_holm": ["< 0.0001"], "n": [3], "95 %": [r"> -0.0001 & \a"]}), "p < 1 %")
    assert r"\textless{} 0.0001 & 3 & \textgreater{} -0.0001 \& \textbackslash{}a \\" in printed
    assert r"p\_holm & n & 95 \% \\" in printed
    assert r"\caption{p \textless{} 1 \%}" in printed
