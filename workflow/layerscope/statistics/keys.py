"""The key columns of rows of scores, the names of the rows that hold means over filters, and how few units decide nothing."""

NETWORK = ["dataset", "architecture", "activation"]

RUN = [*NETWORK, "seed"]

SCORED = [*RUN, "sample", "space", "metric"]

REPRESENTATION = ["layer", "depth", "filter"]

SUMMARY_KEYS = [*NETWORK, "sample", "epoch", "state", *REPRESENTATION, "space", "metric"]

FILTER_MEAN, LIVING_MEAN = "mean", "mean_without_degenerate"

# Fewer independent units than this decide nothing.
FEWEST_UNITS = 3
