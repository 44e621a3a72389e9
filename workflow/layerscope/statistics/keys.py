"""The key columns of rows of scores, names that stand in them, and how few units decide nothing."""

NETWORK = ["dataset", "architecture", "activation"]

RUN = [*NETWORK, "seed"]

SCORED = [*RUN, "sample", "space", "metric"]

REPRESENTATION = ["layer", "depth", "filter"]

SUMMARY_KEYS = [*NETWORK, "sample", "epoch", "state", *REPRESENTATION, "space", "metric"]

# The columns of a run's rows (statistics.runs): keys, spread, and what is measured. An option that varies has one of its own.
ROW = [*RUN, "sample", "epoch", "state", *REPRESENTATION, "space", "metric"]
SPREAD = ["draws", "draw_sd", "embeddings", "embedding_sd"]
MEASURED = ["value", *SPREAD, "n_points", "chance", "degenerate", "n_degenerate", "lowest", "highest"]

# The filters of rows that hold means over them.
FILTER_MEAN, LIVING_MEAN = "mean", "mean_without_degenerate"

# The first words of the reason for which a filter is flagged as dead (geometry.filters).
DEAD_FILTER = "dead filter: "

# Fewer independent units than this decide nothing.
FEWEST_UNITS = 3

# What taking accuracy out of ranks takes of their degrees of freedom; a correlation of fewer than this many says nothing.
OF_ACCURACY, FEWEST_FREEDOM = 2, 2
