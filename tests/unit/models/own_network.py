"""A small network with skip connections, a module that is called twice, and a dict as its output."""

from collections import OrderedDict

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, activation):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.act = activation()

    def forward(self, maps):
        inner = self.act(self.norm(self.conv1(maps)))
        return self.act(self.conv2(inner) + maps)


class Skips(nn.Module):
    def __init__(self, channels, classes, activation, width):
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, padding=1)
        self.blocks = nn.Sequential(Block(width, activation), Block(width, activation))
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(width, classes)

    def forward(self, pictures):
        features = self.blocks(self.stem(pictures)).mean(dim=(2, 3))
        return {"logits": self.head(self.drop(features)), "note": "the features are means of maps"}


def build(shape, classes, activation, width=6):
    return Skips(1 if len(shape) == 2 else shape[0], classes, activation, width)


def broken(shape, classes, activation):
    return helper(classes)


def helper(classes):
    raise ValueError(f"no network of {classes} classes")


def vectors(shape, classes, activation):
    return nn.Linear(7, classes)


def other_classes(shape, classes, activation):
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(classes + 1))


def text(shape, classes, activation):
    return "a network"


def together(shape, classes, activation):
    """Observations are not kept apart."""
    return nn.Flatten(0)


def named_output(shape, classes, activation):
    """A child that is called output, in the middle."""
    return nn.Sequential(OrderedDict(flat=nn.Flatten(), output=nn.Linear(120, 8), head=nn.Linear(8, classes)))


class Transposed(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.fc = nn.Linear(120, classes)

    def forward(self, pictures):
        return self.fc(pictures.flatten(1)).T


def transposed(shape, classes, activation):
    return Transposed(classes)


def lazy(shape, classes, activation):
    return nn.Sequential(nn.LazyConv2d(4, 3), activation(), nn.Flatten(), nn.LazyLinear(classes))


class Counting(nn.Module):
    """Counts its passes, keeps something from the first, and draws random numbers."""

    def __init__(self, classes):
        super().__init__()
        self.fc = nn.Linear(120, classes)
        self.register_buffer("passes", torch.zeros(()))
        self.kept = None

    def forward(self, pictures):
        self.passes += 1
        if self.kept is None:
            self.kept = torch.arange(120.0).cos()
        return self.fc(pictures.flatten(1) * self.kept + 0 * torch.rand(1)).mul_(0.5)


def counting(shape, classes, activation):
    return Counting(classes)


class Sometimes(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.rare = nn.Linear(120, 120)
        self.head = nn.Linear(120, classes)

    def forward(self, pictures):
        values = pictures.flatten(1)
        return self.head(self.rare(values) if values.mean() > 0 else values)


def sometimes(shape, classes, activation):
    return Sometimes(classes)


def signals(shape, classes, activation):
    return nn.Sequential(nn.Flatten(2), nn.Conv1d(1, 4, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(236, classes))
