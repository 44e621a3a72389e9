"""A small ResNet (He et al. 2016): three stages of blocks whose outputs are added to their inputs."""


def build(shape, classes, activation, width=8, blocks=1):
    """A ResNet with so many blocks in each stage, the first of which has `width` filters a layer."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self, incoming, channels, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(incoming, channels, 3, stride, padding=1, bias=False)
            self.norm1, self.act1 = nn.BatchNorm2d(channels), activation()
            self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.norm2, self.act2 = nn.BatchNorm2d(channels), activation()
            changes = stride != 1 or incoming != channels
            self.skip = nn.Conv2d(incoming, channels, 1, stride, bias=False) if changes else nn.Identity()

        def forward(self, maps):
            inner = self.norm2(self.conv2(self.act1(self.norm1(self.conv1(maps)))))
            return self.act2(inner + self.skip(maps))

    class ResNet(nn.Module):
        def __init__(self):
            super().__init__()
            channels = shape[0] if len(shape) == 3 else 1
            self.stem = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), activation())
            sizes = [(width, width, 1), (width, 2 * width, 2), (2 * width, 4 * width, 2)]
            self.stages = nn.Sequential(
                *(
                    nn.Sequential(Block(before, after, stride), *(Block(after, after, 1) for _ in range(blocks - 1)))
                    for before, after, stride in sizes
                )
            )
            self.head = nn.Linear(4 * width, classes)

        def forward(self, pictures):
            return self.head(self.stages(self.stem(pictures)).mean(dim=(2, 3)))

    return ResNet()
