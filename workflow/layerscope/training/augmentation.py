"""Random augmentation of training batches, computed on the device that holds them."""

from collections.abc import Callable

import torch

Augmentation = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


def random_crop(padding: int) -> Augmentation:
    """Pad with zeros on every side, then crop each image back to its size at a random place of its own."""

    def crop(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        n, channels, height, width = images.shape
        padded = torch.nn.functional.pad(images, (padding,) * 4)
        offsets = torch.randint(2 * padding + 1, (2, n), generator=generator).to(images.device)
        rows = offsets[0][:, None] + torch.arange(height, device=images.device)
        columns = offsets[1][:, None] + torch.arange(width, device=images.device)
        places = (rows[:, :, None] * padded.shape[3] + columns[:, None, :]).view(n, 1, height * width)
        return padded.flatten(2).gather(2, places.expand(n, channels, -1)).view(images.shape)

    return crop


def random_flip(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirror each image left to right with probability one half."""
    flipped = torch.rand(len(images), generator=generator).to(images.device) < 0.5
    return torch.where(flipped[:, None, None, None], images.flip(3), images)


def augmentations(options: dict) -> list[Augmentation]:
    """The augmentations that a training asks for, in order: {crop: padding, flip: true}."""
    chosen: list[Augmentation] = []
    if options.get("crop"):
        chosen.append(random_crop(options["crop"]))
    if options.get("flip"):
        chosen.append(random_flip)
    return chosen
