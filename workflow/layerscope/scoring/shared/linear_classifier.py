"""The linear classifier that probes fit: a multinomial logistic regression of standardised features."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# The classifier is fitted until no part of the gradient of its objective, per row, is larger, or to the last iteration. Of 160
# layers none had another prediction than with 1e-10; with 1e-5 some did, and with 1e-3 accuracies were off by up to 0.07.
TOLERANCE, ITERATIONS = 1e-6, 200


def linear_classifier(strength: float) -> Any:
    """An unfitted scikit-learn pipeline for float32 features, by Newton steps.

    strength: the inverse strength of the L2 penalty (C).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from layerscope.scoring.shared.row_space import RowSpace

    fit = LogisticRegression(C=strength, solver="newton-cg", tol=TOLERANCE, max_iter=ITERATIONS)
    return make_pipeline(StandardScaler(), RowSpace(), fit)


@contextmanager
def unconverged_allowed() -> Iterator[None]:
    """A context without scikit-learn's warning of a fit that ended at its last iteration: accuracies settle long before."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
