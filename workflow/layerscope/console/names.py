"""How jobs and times are told to a person."""

from collections.abc import Mapping


def job_name(wildcards: Mapping[str, str]) -> str:
    """What a job is about: `digits/mlp/relu/seed0 some pca`."""
    return " ".join(value.removeprefix("runs/") for value in wildcards.values())


def about(seconds: float) -> str:
    """An estimated time: to 5 s, from two minutes on to a minute, from an hour on to ten."""
    step = 5 if seconds < 120 else 60 if seconds < 3600 else 600
    return f"about {duration(step * round(seconds / step))}"


def duration(seconds: float) -> str:
    """A time to be read: `18 s`, `1 min 40 s`, `2 h 5 min`, `3 d 4 h`."""
    whole = round(seconds)
    for size, unit, smaller, of_smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            left = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {left} {of_smaller}" if left else "")
    return f"{whole} s"
