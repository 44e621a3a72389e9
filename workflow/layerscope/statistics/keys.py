"""What tells rows of scores apart, and what rows of filters are called that stand for several."""

NETWORK = ["dataset", "architecture", "activation"]

RUN = [*NETWORK, "seed"]

SCORED = [*RUN, "sample", "space", "metric"]

REPRESENTATION = ["layer", "depth", "filter"]

SUMMARY_KEYS = [*NETWORK, "sample", "epoch", "state", *REPRESENTATION, "space", "metric"]

FILTER_MEAN, LIVING_MEAN = "mean", "mean_without_degenerate"
