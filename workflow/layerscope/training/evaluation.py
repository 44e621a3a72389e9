"""The loss and the accuracy of a network."""

import torch
from torch.nn import functional

from layerscope.models.network import Network
from layerscope.training.pictures import Pictures

EVALUATION_BATCH = 1000


def mean_loss(
    network: Network, outputs: torch.Tensor, inputs: torch.Tensor, labels: torch.Tensor, smoothing: float = 0.0
) -> torch.Tensor:
    """The training loss, a scalar: cross-entropy, or the mean squared error of targets, or of a reconstructed input.

    labels: classes (n,) int64, or targets (n, targets) float32. smoothing: the share of the probability that is spread evenly
    over all classes (Szegedy et al. 2016, section 7).
    """
    if network.reconstructs:
        return functional.mse_loss(outputs, inputs)
    if labels.is_floating_point():
        return functional.mse_loss(outputs, labels)
    return functional.cross_entropy(outputs, labels, label_smoothing=smoothing)


def number_correct(network: Network, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor | float:
    """How many observations a network classifies correctly; NaN where it learns targets or reconstructs its input."""
    if network.reconstructs or labels.is_floating_point():
        return float("nan")
    return (outputs.argmax(1) == labels).sum()


def evaluate(
    network: Network, inputs: torch.Tensor | Pictures, labels: torch.Tensor, at_once: int = EVALUATION_BATCH
) -> tuple[float, float]:
    """Mean loss (see mean_loss) and accuracy of a network in evaluation mode; NaN where there are no classes to tell.

    at_once: how many observations run through it together.
    """
    network.eval()
    loss, correct = 0.0, 0.0
    with torch.inference_mode():
        for batch, wanted in zip(inputs.split(at_once), labels.split(at_once), strict=True):
            outputs = network(batch)
            loss += float(mean_loss(network, outputs, batch, wanted).double()) * len(wanted)
            correct += float(number_correct(network, outputs, wanted))
    return loss / len(labels), correct / len(labels)
