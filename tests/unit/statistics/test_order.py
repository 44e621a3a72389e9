"""Numbers inside names stand by their size."""

import pytest

from layerscope.statistics.order import by_number


@pytest.mark.parametrize(
    "names",
    [
        ["layers1", "layers2", "layers10"],
        ["mlp_lr1e-05", "mlp_lr1p5e-05", "mlp_lr0p001", "mlp_lr0p01", "mlp_lr0p1", "mlp_lr1"],
        ["tsne_perplexity5", "tsne_perplexity20", "tsne_perplexity100"],
        ["cnn", "mlp", "mlp2", "mlp_wide"],
        ["3d", "16", "a1", "a1b", "a2"],
    ],
)
def test_names_stand_by_the_size_of_their_numbers(names):
    found = names[::-1]
    found.sort(key=by_number)
    assert found == names
