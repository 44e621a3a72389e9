"""One random stream per purpose of a run, so that an option that changes one stream leaves the others unchanged."""

import numpy as np

PURPOSES = ("initialisation", "order", "dropout", "augmentation", "class_rates", "control")


def purpose_seed(seed: int, purpose: str, attempt: int = 0) -> int:
    """A seed for one purpose of a run (one of PURPOSES), below 2**63. attempt: number of the attempt at the run, from 0."""
    key = (PURPOSES.index(purpose), attempt) if attempt else (PURPOSES.index(purpose),)
    child = np.random.SeedSequence(seed, spawn_key=key)
    return int(child.generate_state(1, np.uint64)[0] >> np.uint64(1))
