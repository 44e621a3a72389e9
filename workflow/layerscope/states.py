"""The state of a network at an epoch: untrained, intermediate or trained."""


def state(epoch: int, snapshots: list[int]) -> str:
    """The state of a network at an epoch: untrained (epoch 0), trained (the last snapshot) or intermediate."""
    if epoch == 0:
        return "untrained"
    return "trained" if epoch == snapshots[-1] else "intermediate"
