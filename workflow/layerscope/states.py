"""What a network is at one of its snapshots."""


def state(epoch: int, snapshots: list[int]) -> str:
    """What a network is at one of its snapshots: untrained (epoch 0), trained (the last one) or intermediate."""
    if epoch == 0:
        return "untrained"
    return "trained" if epoch == snapshots[-1] else "intermediate"
