"""How far one further number may lie from the mean of some: prediction intervals, and an exact test of counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layerscope.statistics.estimates import CONFIDENCE, has_spread


@dataclass(frozen=True)
class Noise:
    """How far embeddings of the same points lie apart: the standard deviation of one, and its degrees of freedom."""

    sd: float
    degrees: int

    def of_means(self, count: int) -> "Noise":
        """The noise of the mean of `count` embeddings of different points."""
        return Noise(self.sd / count**0.5, self.degrees)

    def of_differences(self) -> "Noise":
        """The noise of the difference of two embeddings."""
        return Noise(self.sd * 2**0.5, self.degrees)


def pooled_noise(sds: np.ndarray, degrees: np.ndarray) -> Noise | None:
    """The noise of one embedding from several of each of some sets of points. None where no set was embedded twice.

    sds: (n,), the standard deviation over the embeddings of each set, NaN where it is not known. degrees: (n,), of freedom.
    """
    known = np.isfinite(sds) & (degrees > 0)
    total = int(degrees[known].sum())
    return Noise(float((degrees[known] * sds[known] ** 2).sum() / total) ** 0.5, total) if total else None


def allowed_of_one_run(values: np.ndarray, noise: Noise | None = None, embeddings: int = 1) -> float:
    """Half the 95 % prediction interval of one further run, looked at by one embedding, around the mean of n runs.

    values: (n,), one number a run, the mean over `embeddings` of it. With their variance s² and the variance v of one embedding
    it is t √(s² (1 + 1/n) + v (1 − 1/embeddings)), with the degrees of freedom of Satterthwaite (1946); for one embedding a run
    this is the interval of one normal value beside n (Hahn and Meeker 1991, chapter 4). It is at least what embeddings alone
    make, t √v √(1 + 1/(n embeddings)): n runs can lie close to one another by chance. NaN where neither is known.
    """
    n = len(values)
    widths = []
    if n > 1:
        parts = [(float(values.var(ddof=1)), 1 + 1 / n, n - 1)]
        if noise is not None and embeddings > 1:
            parts.append((noise.sd**2, 1 - 1 / embeddings, noise.degrees))
        # Values that differ by rounding alone have no spread.
        widths.append(_half_width(parts) if has_spread(values[np.newaxis])[0] or len(parts) > 1 else 0.0)
    if noise is not None and n:
        widths.append(allowed_of_one_embedding(noise, n * embeddings))
    return max(widths, default=float("nan"))


def allowed_of_one_embedding(noise: Noise, embeddings: int = 1) -> float:
    """Half the 95 % prediction interval of one further embedding of the same points around the mean of some."""
    return _half_width([(noise.sd**2, 1 + 1 / embeddings, noise.degrees)])


def _half_width(parts: Sequence[tuple[float, float, int]]) -> float:
    """t √Σ wv, with the degrees of freedom of Satterthwaite. parts: variances v, their weights w and degrees of freedom."""
    from scipy.stats import t

    weighted = np.array([weight * variance for variance, weight, _ in parts])
    total = weighted.sum()
    if total == 0:
        return 0.0
    degrees = total**2 / sum(part**2 / freedom for part, (_, _, freedom) in zip(weighted, parts, strict=True))
    return float(t.ppf((1 + CONFIDENCE) / 2, degrees) * total**0.5)


def same_share_p(count: int, of: int, other: int, of_other: int) -> float:
    """p of Fisher's exact test that `count` of `of` and `other` of `of_other` are shares of one and the same."""
    from scipy.stats import fisher_exact

    return float(fisher_exact([[count, of - count], [other, of_other - other]]).pvalue)
