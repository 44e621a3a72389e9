"""Sequences with a known rule, and a transformer that learns it: the class is the order of three marked tokens."""

from itertools import permutations

import numpy as np

SOURCE = {
    "description": "Random tokens 0 to 9 with three marks (10, 11, 12) at random places; the class is the order of the marks.",
    "sizes": {"marks": {"shape": [16], "classes": 6, "train": 4000, "test": 1000}},
    "options": {
        "name": {"description": "The only one.", "enum": ["marks"], "default": "marks"},
        "vocabulary": {"description": "Ten tokens and three marks.", "type": "integer", "default": 13},
    },
}
LENGTH, TOKENS, MARKS = 16, 10, (10, 11, 12)


def load(name, options, downloads):
    """4,000 sequences to train on and 1,000 to test with, the same ones always."""
    from layerscope.data.dataset import Dataset, array_digest

    generator = np.random.default_rng(0)
    orders = np.array(list(permutations(MARKS)), dtype=np.int32)
    splits = {}
    for split, n in (("train", 4000), ("test", 1000)):
        sequences = generator.integers(TOKENS, size=(n, LENGTH), dtype=np.int32)
        labels = generator.integers(len(orders), size=n)
        places = np.sort(np.argsort(generator.random((n, LENGTH)))[:, : len(MARKS)])
        np.put_along_axis(sequences, places, orders[labels], axis=1)
        splits[split] = (sequences, labels)
    digest = array_digest(*(array for split in splits.values() for array in split))
    return Dataset(
        splits, ["abc"[a - TOKENS] + "abc"[b - TOKENS] + "abc"[c - TOKENS] for a, b, c in orders], None, "synthesised", digest
    )


def build(shape, classes, activation, vocabulary, width=32, blocks=2):
    """A transformer that normalises before each step (Xiong et al. 2020) and reads the mean over the tokens."""
    import torch
    from torch import nn

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, width)
            self.places = nn.Parameter(0.1 * torch.randn(shape[0], width))
            self.blocks = nn.Sequential(*(Block() for _ in range(blocks)))
            self.head = nn.Linear(width, classes)

        def forward(self, tokens):
            return self.head(self.blocks(self.embedding(tokens) + self.places).mean(dim=1))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
            self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
            self.rise, self.act, self.fall = nn.Linear(width, 4 * width), activation(), nn.Linear(4 * width, width)

        def forward(self, vectors):
            normed = self.before(vectors)
            vectors = vectors + self.attention(normed, normed, normed, need_weights=False)[0]
            return vectors + self.fall(self.act(self.rise(self.after(vectors))))

    return Transformer()
