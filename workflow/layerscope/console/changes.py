"""Why jobs run again: what changed in their params, key by key, and jobs with the same reasons told together."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Longer values are told by what they are, not by what they hold.
LONGEST_VALUE = 40
MOST_KEYS = 6
MOST_LINES = 30
ARROW = "→"
MISSING = object()


@dataclass(frozen=True)
class Planned:
    """A job that will run. name: what it is about. reasons: its own, perhaps none if it follows other jobs that will run."""

    rule: str
    name: str
    reasons: tuple[str, ...]
    follows: bool = False


def changes(before: str, now: str) -> list[str]:
    """What differs between two params (JSON objects), a key each: `training.lr 0.1 → 0.2`, `figures[2].title none → "Hits"`."""
    return list(_differences("", json.loads(before), json.loads(now)))


def _differences(path: str, before: object, now: object) -> Iterator[str]:
    if _json(before) == _json(now):
        return
    if isinstance(before, dict) and isinstance(now, dict):
        for key in [*before, *(key for key in now if key not in before)]:
            yield from _differences(f"{path}.{key}" if path else key, before.get(key, MISSING), now.get(key, MISSING))
    elif isinstance(before, list) and isinstance(now, list) and _are_compared(before, now):
        for place, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from _differences(f"{path}[{place}]", old, new)
    elif (
        isinstance(before, list) and isinstance(now, list) and any(len(_json(values)) > LONGEST_VALUE for values in (before, now))
    ):
        yield f"{path} {_moved(before, now)}"
    else:
        old, new = _text(before), _text(now)
        yield f"{path} {old} {ARROW} {new}" if old != new else f"{path} is another text"


def _are_compared(before: list, now: list) -> bool:
    return len(before) == len(now) and any(isinstance(value, dict | list) for value in (*before, *now))


def _entries(count: int) -> str:
    return f"{count} entr{'y' if count == 1 else 'ies'}"


def _json(value: object) -> str:
    return "" if value is MISSING else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _text(value: object) -> str:
    if value is MISSING or value is None:
        return "none"
    text = _json(value)
    if isinstance(value, dict | list) and len(text) > LONGEST_VALUE:
        return f"({_entries(len(value))})"
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 2]}…{text[-1]}"


def _moved(before: list, now: list) -> str:
    """What a list gained and lost: `+ 5, 6`, `- "tanh"`, or how many."""
    old, new = (Counter(map(_json, values)) for values in (before, now))
    told = []
    for sign, values in (("+", list((new - old).elements())), ("-", list((old - new).elements()))):
        text = ", ".join(values)
        told += [f"{sign} {text if len(text) <= LONGEST_VALUE else f'{_entries(len(values))}'}"] if values else []
    return " ".join(told) or "in another order"


def shortened(reasons: Iterable[str]) -> str:
    """Reasons in one line; of many the first ones, and how many more there are."""
    all_of_them = list(reasons)
    more = len(all_of_them) - MOST_KEYS
    return ", ".join([*all_of_them[:MOST_KEYS], *([f"and {more} more"] if more > 0 else [])])


def grouped_lines(planned: Iterable[Planned]) -> list[str]:
    """A line for the jobs that run for the same reasons, in the order in which these are met; one for all that only follow."""
    jobs = list(planned)
    # Which snapshots there are, for instance, is in the params of a training and of all that looks at it.
    told = {_values(reason) for job in jobs if not job.follows for reason in job.reasons} - {""}
    groups: dict[tuple[str, ...], list[Planned]] = {}
    for job in jobs:
        own = tuple(reason for reason in job.reasons if not (job.follows and _values(reason) in told))
        groups.setdefault(own, []).append(job)
    following = groups.pop((), [])
    lines = [_line(reasons, group) for reasons, group in groups.items()]
    if len(lines) > MOST_LINES:
        left_out = [job for group in list(groups.values())[MOST_LINES:] for job in group]
        lines = [*lines[:MOST_LINES], f"for other reasons, given above: {counted(left_out)}"]
    return lines + ([f"what comes after: {counted(following)}"] if following else [])


def _values(reason: str) -> str:
    """The lists before and after a change; "" for other reasons. Other values may be the same by chance."""
    _, _, values = reason.partition(" ")
    return values if values.startswith("[") and ARROW in values else ""


def _line(reasons: tuple[str, ...], jobs: list[Planned]) -> str:
    if len(jobs) == 1:
        return f"{jobs[0].rule} {jobs[0].name}: {shortened(reasons)}".replace(" :", ":", 1)
    return f"{shortened(reasons)}: {counted(jobs)}"


def counted(jobs: Iterable[Planned]) -> str:
    """How many jobs there are of each rule: `12 train jobs`, `14 jobs (2 train, 12 embed)`."""
    counts = Counter(job.rule for job in jobs)
    total = sum(counts.values())
    if len(counts) == 1:
        return f"{total} {next(iter(counts))} job{'' if total == 1 else 's'}"
    return f"{total} jobs ({', '.join(f'{count} {rule}' for rule, count in counts.items())})"
