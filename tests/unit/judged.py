"""The verdict on one claim that is alone in its family."""

from layerscope.claims.shared.judge import judge_all


def judge(name, claim, runs, sizes=None):
    """A row of CLAIM_COLUMNS."""
    [row] = judge_all({name: claim}, runs, sizes)
    return row
