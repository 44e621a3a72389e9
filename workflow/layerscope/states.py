"""The state of a network at an epoch: untrained or pretrained, intermediate, or trained."""


def state(epoch: int, snapshots: list[int], pretrained: bool = False) -> str:
    """The state of a network at an epoch: untrained (epoch 0), trained (the last snapshot) or intermediate.

    pretrained: whether the network began with given weights, so that epoch 0 is `pretrained`.
    """
    if epoch == 0:
        return "pretrained" if pretrained else "untrained"
    return "trained" if epoch == snapshots[-1] else "intermediate"
