"""Which names of classes figures and tables can show."""

import re
from collections.abc import Sequence

from layerscope.errors import StudyError


def check_class_names(names: Sequence[str], where: str) -> list[str]:
    """The names, in their order. where: what names them, for messages.

    matplotlib reads $ as a formula and hides what begins with _; spreadsheets reckon with what begins with = + - or @. Raises
    StudyError for such a name, for one that cannot be printed, and for a name that stands there twice.
    """
    for name in names:
        is_number = re.fullmatch(r"[+-]?[0-9.]+", name)
        if not name or not name.isprintable() or "$" in name or not (name[0].isalnum() or is_number):
            raise StudyError(
                f"{where}: {name!r} cannot be the name of a class; begin it with a letter or digit, and leave out $ and what "
                "cannot be printed"
            )
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        raise StudyError(f"{where}: {twice[0]} stands there twice; each class needs a name of its own")
    return list(names)
