"""The key columns of rows of scores, names that stand in them, and how few units decide nothing."""

NETWORK = ["dataset", "architecture", "activation"]

RUN = [*NETWORK, "seed"]

SCORED = [*RUN, "sample", "space", "metric"]

REPRESENTATION = ["layer", "depth", "filter"]

SUMMARY_KEYS = [*NETWORK, "sample", "epoch", "state", *REPRESENTATION, "space", "metric"]

# The filters of rows that hold means over them.
FILTER_MEAN, LIVING_MEAN = "mean", "mean_without_degenerate"

# The first words of the reason for which a filter is flagged as dead (geometry.filters).
DEAD_FILTER = "dead filter: "

# Fewer independent units than this decide nothing.
FEWEST_UNITS = 3
