"""Components of variance: how much of a score's spread is that of networks, of the observations drawn, and of embeddings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from layerscope.statistics.estimates import CONFIDENCE

# The columns of rows of scores that say at random: which network, which draw of a sample, which embedding of both.
FACTORS = ("seed", "draw", "embedding_seed")


@dataclass(frozen=True)
class Components:
    """A mean, and the components of the variance of the values that it is over.

    network, draw, both, embedding: variances, NaN where there is one level only, and so nothing to tell it by. both: the
    interaction of network and draw. networks, draws, embeddings: the number of levels, embeddings those of one network and draw.
    degrees: of freedom of one further value beside the mean.
    """

    mean: float
    network: float
    draw: float
    both: float
    embedding: float
    networks: int
    draws: int
    embeddings: float
    degrees: float

    @property
    def of_one(self) -> float:
        """The variance of one value: that of one network, one draw and one embedding. NaN where no component is known."""
        known = [part for part in (self.network, self.draw, self.both, self.embedding) if np.isfinite(part)]
        return float(sum(known)) if known else float("nan")

    @property
    def of_mean(self) -> float:
        """The variance of the mean: each component divided by the number of its levels. NaN where no component is known."""
        cells = self.networks * self.draws
        counted = (
            (self.network, self.networks),
            (self.draw, self.draws),
            (self.both, cells),
            (self.embedding, cells * self.embeddings),
        )
        known = [part / levels for part, levels in counted if np.isfinite(part)]
        return float(sum(known)) if known else float("nan")

    @property
    def allowed(self) -> float:
        """Half the 95 % prediction interval of one further value (one network, draw and embedding, none of ours) about the mean.

        It is t √(of_one + of_mean), with the degrees of freedom of Satterthwaite (1946). NaN where no component is known.
        """
        from scipy.stats import t

        return float(t.ppf((1 + CONFIDENCE) / 2, self.degrees) * (self.of_one + self.of_mean) ** 0.5)


def components(rows: pd.DataFrame, factors: Sequence[str] = FACTORS) -> Components:
    """The components of variance of one score of networks that differ in their seed alone.

    rows: `value` and the three factors, one row a value: the network, the draw (crossed with networks: all are looked at
    through the same draws) and the embedding (nested in both). A missing number of a factor is a level of its own.
    Values that are not finite are left out, and then networks that lack a draw.

    The model is x = mean + network + draw + (network × draw) + embedding, all effects random. For I networks, J draws and K
    embeddings of each, the mean squares have the expectations (Searle, Casella and McCulloch 1992, Variance Components,
    chapter 4.4)

        E MS(network) = e + K b + JK n      E MS(draw) = e + K b + IK d      E MS(network × draw) = e + K b      E MS(within) = e

    which are solved for the components n, d, b and e (method of moments); what comes out below 0 is 0. K is the harmonic mean
    where cells differ (the analysis of unweighted means). Where K is 1, b and e are not told apart and stand in `both`; of one
    draw, the interaction is part of the network's; of one network, part of the draw's. So of_one is always that of all the
    factors that vary.
    """
    network, draw, _ = factors
    finite = rows[np.isfinite(rows["value"].astype(float))]
    cells = finite["value"].astype(float).groupby([finite[network].fillna(-1), finite[draw].fillna(-1)])
    tables = [found.unstack() for found in (cells.mean(), cells.count(), cells.var(ddof=1))]
    complete = tables[0].notna().all(axis=1)
    means, counts, variances = (table[complete].to_numpy(dtype=float) for table in tables)
    networks, draws = means.shape
    if not means.size:
        unknown = float("nan")
        return Components(unknown, unknown, unknown, unknown, unknown, networks, draws, unknown, unknown)
    embeddings = float(1 / np.mean(1 / counts))
    repeated = counts > 1
    embedding = float(variances[repeated].mean()) if repeated.any() else float("nan")
    of_networks, of_draws, rest = _mean_squares(means)
    within = embedding / embeddings if np.isfinite(embedding) else 0.0
    rest_or_within = rest if np.isfinite(rest) else within
    found = Components(
        mean=float(means.mean()),
        network=_above_zero((of_networks - rest_or_within) / draws),
        draw=_above_zero((of_draws - rest_or_within) / networks),
        both=_above_zero(rest - within),
        embedding=embedding,
        networks=networks,
        draws=draws,
        embeddings=embeddings,
        degrees=float("nan"),
    )
    freedom = (networks - 1, draws - 1, (networks - 1) * (draws - 1), int((counts - 1).sum()))
    return replace(found, degrees=_degrees(found, (of_networks, of_draws, rest, embedding), freedom))


def _mean_squares(means: np.ndarray) -> tuple[float, float, float]:
    """The mean squares of rows, of columns and of the rest of a table; NaN where there is one row or column."""
    rows, columns = means.shape
    by_row, by_column = means.mean(axis=1), means.mean(axis=0)
    rest = means - by_row[:, np.newaxis] - by_column + means.mean()
    freedom = (rows - 1) * (columns - 1)
    return (
        columns * float(by_row.var(ddof=1)) if rows > 1 else float("nan"),
        rows * float(by_column.var(ddof=1)) if columns > 1 else float("nan"),
        float((rest**2).sum()) / freedom if freedom else float("nan"),
    )


def _degrees(found: Components, squares: Sequence[float], freedom: Sequence[int]) -> float:
    """The degrees of freedom of of_one + of_mean, which is a sum of mean squares (of networks, draws, both, and within).

    Of one network or draw alone the mean squares that there are not are left out, and what they stand for is in the others.
    """
    networks, draws, embeddings = found.networks, found.draws, found.embeddings
    of_networks = (1 + 1 / networks) / draws if networks > 1 else 0.0
    of_draws = (1 + 1 / draws) / networks if draws > 1 else 0.0
    cells = 1 + 1 / (networks * draws)
    # What the mean squares above have of the cells that they are over.
    of_both = cells - of_networks - of_draws if freedom[2] else 0.0
    within = cells / embeddings if freedom[0] or freedom[1] else 0.0
    weights = (of_networks, of_draws, of_both, 1 + 1 / (networks * draws * embeddings) - within)
    parts = [
        (weight * square) ** 2 / degrees
        for weight, square, degrees in zip(weights, squares, freedom, strict=True)
        if degrees and np.isfinite(square)
    ]
    known = sum(parts)
    return (found.of_one + found.of_mean) ** 2 / known if known else float(max(freedom))


def _above_zero(variance: float) -> float:
    return max(0.0, variance) if np.isfinite(variance) else float("nan")
