"""Checks of the independent units of claims."""

from collections.abc import Iterator

from layerscope import selection
from layerscope.selection import RUN_KEYS
from layerscope.statistics.keys import FEWEST_UNITS
from layerscope.study.comparisons import Comparisons
from layerscope.study.study import DIFFER_IN, Run, Study
from layerscope.study.views import Views


def check_units(study: Study) -> Iterator[str]:
    """A message for each `cluster` that makes no sense: of what the claim compares, or of too few units whatever the seeds."""
    for name, claim in study.claims.items():
        if "cluster" not in claim:
            continue
        compared = _compared(claim)
        for key in compared & {*claim["cluster"]}:
            yield f"claims.{name}.cluster: {key} is what the claim compares, and tells no units apart; remove it"
        # More seeds make more units, and fewer may be asked for on the command line.
        if not {*compared, "seed"} & {*claim["cluster"]} and (units := _units(study, claim)) < FEWEST_UNITS:
            yield (
                f"claims.{name}.cluster: {', '.join(claim['cluster'])} makes {units} independent unit{'s' * (units != 1)} of its "
                f"networks, and fewer than {FEWEST_UNITS} decide nothing; name other keys, or widen `on`"
            )


def claims_of_few_units(study: Study) -> Iterator[str]:
    """A line for each claim that cannot be decided, since its networks are fewer than three independent units."""
    for name, claim in study.claims.items():
        if (units := _units(study, claim)) < FEWEST_UNITS:
            varying = [key for key in RUN_KEYS if key != "seed" and len({run[key] for run in _keys_of_runs(study, claim)}) > 1]
            keys = claim.get("cluster", varying)
            apart = f" ({', '.join(keys)})" if keys else ""
            are = "unit" if units == 1 else "units"
            its = "its pairs of networks" if _is_of_pairs(study, claim) else "its networks"
            yield f"claims.{name} will be undecided: {its} are {units} independent {are}{apart}, and three or more decide"


def _is_of_pairs(study: Study, claim: dict) -> bool:
    compared = _comparison_of(study, claim)
    return compared is not None and study.comparisons[compared["comparison"]]["between"] in DIFFER_IN


def _comparison_of(study: Study, claim: dict) -> dict | None:
    """The score of a claim where it is one of a comparison, which does not vary."""
    return study.compared.get(selection.named(claim, "score")[0])


def _compared(claim: dict) -> set[str]:
    return {key for option in ("between", "along") if isinstance(claim.get(option), dict) for key in claim[option]}


def _runs(study: Study, claim: dict) -> list[Run]:
    """The networks that a claim is about; of a score of pairs of networks, the one of each pair that has the score."""
    chosen = [run for run in study.runs if selection.allows(claim.get("on", {}), **run.keys)]
    compared = _comparison_of(study, claim)
    if compared is None:
        return chosen
    comparisons = Comparisons(study, Views(study))
    return [run for run in comparisons.networks(compared["comparison"]) if run in chosen and _has(comparisons, compared, run)]


def _has(comparisons: Comparisons, compared: dict, run: Run) -> bool:
    return bool(comparisons.of_score(compared["comparison"], run))


def _units(study: Study, claim: dict) -> int:
    """How many independent units the networks of a claim are, at most."""
    runs, beside = _keys_of_runs(study, claim), [key for key in RUN_KEYS if key not in _compared(claim)]
    varying = [key for key in beside if key != "seed" and len({run[key] for run in runs}) > 1]
    keys = claim.get("cluster") or varying or beside
    return len({tuple(run[key] for key in keys) for run in runs})


def _keys_of_runs(study: Study, claim: dict) -> list[dict]:
    """The keys of a claim's networks, where those that differ in what it compares alone are the same."""
    alike = study.variants.alike(compared_options(study, claim))
    return [{key: alike.get(key, {}).get(value, value) for key, value in run.keys.items()} for run in _runs(study, claim)]


def compared_options(study: Study, claim: dict) -> list[str]:
    """The options that vary whose values a claim compares."""
    words = [*_compared(claim), *([claim["along"]] if isinstance(claim.get("along"), str) else [])]
    return [word for word in words if word in study.variants.options()]
