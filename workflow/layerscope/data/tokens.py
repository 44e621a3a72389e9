"""Sequences of tokens: whole numbers that stand for words or letters, (n, length).

This is imported when a study is planned, so it imports NumPy only where arrays are changed.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerscope.errors import StudyError

if TYPE_CHECKING:
    import numpy as np

# As datasets say that networks receive their observations as they are stored, in the place of a way to scale them.
TOKENS = "tokens"


def check_sequences(key: str, shape: Sequence[int], dtype: "np.dtype", where: str) -> None:
    """Raise StudyError unless an array of that shape and type can hold tokens. key: its name."""
    if len(shape) != 2 or dtype.kind not in "iu":
        there = f"{key} is {dtype} of shape {' × '.join(map(str, shape))}"
        raise StudyError(
            f"{where}: {there}; with `vocabulary` sequences of tokens are wanted, whole numbers of shape (observations, length); "
            "shorter ones are filled up with a token of their own"
        )


def tokens(array: "np.ndarray", key: str, vocabulary: int, where: str) -> "np.ndarray":
    """The tokens (n, length) int32 of an array. StudyError where there are others than 0, ..., vocabulary - 1."""
    check_sequences(key, array.shape, array.dtype, where)
    if array.size and not 0 <= array.min() <= array.max() < vocabulary:
        there = f"{key} has tokens from {array.min()} to {array.max()}"
        raise StudyError(f"{where}: {there}; vocabulary: {vocabulary} is 0 to {vocabulary - 1}")
    return array.astype("int32")


def counted(sequences: "np.ndarray", vocabulary: int) -> "np.ndarray":
    """How often each token stands in each of some sequences (n, length): (n, vocabulary) float32."""
    import numpy as np

    n = len(sequences)
    places = np.arange(n)[:, None] * vocabulary + sequences
    return np.bincount(places.ravel(), minlength=n * vocabulary).reshape(n, vocabulary).astype("float32")
