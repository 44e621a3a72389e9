"""Ask the module of metrics for scores, and see that it gives scores: it may be a person's own."""

from collections.abc import Mapping
from typing import Any

from layerscope.errors import StudyError
from layerscope.kind_modules import kind_source, load_kind
from layerscope.scoring.shared.score_input import Score


def scores_of(
    module: str, code: Mapping[str, str] | None, scored: Any, asked: Mapping[str, tuple[str, dict]], all_of_them: bool = False
) -> dict[str, Score]:
    """The scores that a module of metrics gives. asked: name → (metric, options).

    code: the user's own files, as in job params. scored: what its metrics read. all_of_them: whether none may be left out, as the
    first of a sequence of steps is. Raises StudyError if it gives anything else.
    """
    told = load_kind("scoring", module, code).score(scored, asked)
    source, names = kind_source("scoring", module, code), ", ".join(asked)
    if not isinstance(told, dict) or not all(name in asked and isinstance(one, Score) for name, one in told.items()):
        raise StudyError(f"{source}: score gave {told!r}; return a Score for each of {names}, by name")
    if all_of_them and (missing := [name for name in asked if name not in told]):
        raise StudyError(f"{source}: score gave none for {', '.join(missing)}; return a Score for each of {names}, by name")
    return told
