"""Whether a score correlates more strongly with one size of networks than with another."""

from dataclasses import replace

from layerscope.claims.shared.evidence import ACROSS_ARCHITECTURES, SIZE_OF, Evidence, by_architecture, of_runs
from layerscope.claims.shared.verdict import UNDECIDED, Judged, judged
from layerscope.statistics.correlation import spearman
from layerscope.statistics.units import over_units

FEWEST_VALUES = 3
NONE = float("nan")

STATISTIC = {
    "label": "difference of rank correlations",
    "description": (
        "A score follows the first of two sizes of networks (width, layers; see spearman) more closely than the second: "
        "the difference of the absolute rank correlations among networks alike in all but their architecture. Of fewer than "
        "three values of a size it is descriptive, and undecided."
    ),
    "needs": ("sizes",),
    "required": ("sizes",),
    "estimates": "correlations",
    "options": {
        "sizes": {
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "uniqueItems": True,
            "items": {"enum": ["width", "layers"]},
        },
    },
}


def estimate(claim: dict, evidence: Evidence) -> Judged:
    """The mean over sets of architectures of |rank correlation with the first size| - |rank correlation with the second|.

    Of two widths and two depths |rank correlation| has three values at most, whatever the scores: no p is given then.
    """
    first, second = (SIZE_OF[name] for name in claim["sizes"])
    counts = {name: by_architecture(evidence)[SIZE_OF[name]].nunique() for name in claim["sizes"]}
    differences = {
        run: abs(spearman(group[first], group["value"])) - abs(spearman(group[second], group["value"]))
        for run, group in by_architecture(evidence).groupby(ACROSS_ARCHITECTURES)
    }
    found = over_units(of_runs(differences, ACROSS_ARCHITECTURES), claim.get("cluster"))
    if 0 < min(counts.values()) < FEWEST_VALUES:
        few = " and ".join(f"{count} of {name}" for name, count in counts.items())
        return replace(found, low=NONE, high=NONE, p=NONE, note=f"descriptive: few values of a size ({few})"), UNDECIDED
    return judged(found, claim["expect"])
