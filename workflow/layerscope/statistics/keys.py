"""The key columns of rows of scores, and the names of the rows that hold means over filters."""

NETWORK = ["dataset", "architecture", "activation"]

RUN = [*NETWORK, "seed"]

SCORED = [*RUN, "sample", "space", "metric"]

REPRESENTATION = ["layer", "depth", "filter"]

SUMMARY_KEYS = [*NETWORK, "sample", "epoch", "state", *REPRESENTATION, "space", "metric"]

FILTER_MEAN, LIVING_MEAN = "mean", "mean_without_degenerate"
