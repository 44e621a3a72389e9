"""Networks of other origins: their parts are found by running them, and their layers are what they put out."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import torch
from torch import nn

from layerscope.errors import StudyError
from layerscope.models import answers, kept
from layerscope.models.modules import ModuleNetwork, default_names, parts_of, pooled
from layerscope.models.network import build_network
from layerscope.models.parts import chosen_parts, layers_of
from layerscope.models.patterns import fits
from layerscope.stages.dump import stream_snapshot
from layerscope.torchvision_import import import_torchvision

OWN = str(Path(__file__).with_name("own_network.py"))


def options(function="build", **more):
    return {"family": "module", "file": OWN, "function": function, "options": {}, "pool": "mean", **more}


def network(shape=(12, 10), classes=3, activation="relu", **more):
    return build_network("mine", options(**more), shape, classes, activation, seed=0)


def names(plan):
    return [layer.name for layer in plan]


def test_children_are_layers_unless_the_study_names_others():
    """Those of a Sequential stand in its place, dropout is none, and the linear layer at the end is the output."""
    plan = network().plan
    assert [(layer.name, layer.kind, layer.shape) for layer in plan] == [
        ("stem", "conv", (6, 12, 10)),
        ("blocks.0", "module", (6, 12, 10)),
        ("blocks.1", "module", (6, 12, 10)),
        ("output", "linear", (3,)),
    ]
    assert [layer.has_filters for layer in plan] == [True, True, True, False]
    assert plan[-1].normalises


def test_patterns_choose_parts_and_the_output_comes_last():
    assert names(network(layers=["blocks.*"]).plan) == ["blocks.0", "blocks.1", "output"]
    assert names(network(layers=["head", "blocks.?.conv*"]).plan) == [
        *("blocks.0.conv1", "blocks.0.conv2", "blocks.1.conv1", "blocks.1.conv2", "head", "output"),
    ]


@pytest.mark.parametrize(
    ("name", "pattern", "wanted"),
    [
        ("layer1.0", "layer*.0", True),
        ("layer1.0.conv1", "layer*.0", False),
        ("layer1.0.conv1", "layer1.**", True),
        ("layer1.0.conv1", "**.conv?", True),
        ("layer1x0", "layer1.0", False),
        ("act@2", "act*", True),
        ("act", "ac", False),
    ],
)
def test_a_star_stands_for_what_is_between_dots(name, pattern, wanted):
    assert fits(name, pattern) == wanted


def test_calls_of_one_module_are_layers_of_their_own():
    plan = network(layers=["blocks.0.act*"]).plan
    assert [(layer.name, layer.path, layer.call) for layer in plan[:2]] == [
        ("blocks.0.act", "blocks.0.act", 1),
        ("blocks.0.act@2", "blocks.0.act", 2),
    ]


def dumped(network, inputs, layers):
    """What the dump stage stores of a network: layer → (n, ...)."""
    n = len(inputs)
    labels = np.zeros(n, np.int64)
    observations = SimpleNamespace(labels=labels, learned=labels, targets=[], inputs=lambda part: inputs[part].numpy())
    with h5py.File("memory", "w", driver="core", backing_store=False) as file:
        stream_snapshot(network, file, 0, layers, observations, torch.device("cpu"))
        return {name: file["epoch0000"][name][:] for name in layers}


def test_what_is_stored_is_what_the_modules_put_out():
    """Of a module that is called twice, each call; pictures in batches of 500."""
    made = network(layers=["stem", "blocks.0.act*", "blocks.1"], activation="tanh")
    inputs = torch.rand(700, 1, 12, 10, generator=torch.Generator().manual_seed(1))
    found = dumped(made, inputs, names(made.plan))
    made.eval()
    with torch.no_grad():
        stem = made.module.stem(inputs)
        block = made.module.blocks[0]
        inner = torch.tanh(block.norm(block.conv1(stem)))
        first = torch.tanh(block.conv2(inner) + stem)
        expected = {
            "stem": stem,
            "blocks.0.act": inner,
            "blocks.0.act@2": first,
            "blocks.1": made.module.blocks[1](first),
            "output": made(inputs),
        }
    for name, outputs in expected.items():
        np.testing.assert_allclose(found[name], outputs.numpy(), rtol=1e-4, atol=1e-6, err_msg=name)


def test_a_network_of_torchvision_puts_out_what_its_own_extractor_finds():
    import_torchvision()
    from torchvision.models.feature_extraction import create_feature_extractor

    about = {"family": "torchvision", "model": "resnet18", "options": {}, "pool": "mean", "layers": ["layer*.1", "avgpool"]}
    made = build_network("mine", about, (3, 32, 32), 5, "relu", seed=3)
    assert names(made.plan) == ["layer1.1", "layer2.1", "layer3.1", "layer4.1", "avgpool", "output"]
    inputs = torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    found = dumped(made, inputs, names(made.plan))
    extract = create_feature_extractor(made.module.eval(), return_nodes=[*names(made.plan)[:-1], "fc"])
    with torch.no_grad():
        expected = extract(inputs)
    for name in names(made.plan):
        outputs = expected["fc" if name == "output" else name]
        np.testing.assert_allclose(found[name], outputs.numpy(), rtol=1e-4, atol=1e-5, err_msg=name)


def test_a_network_is_a_function_of_its_seed():
    one, same, other = (build_network("mine", options(), (12, 10), 3, "relu", seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["module.stem.weight"], other["module.stem.weight"])
    before = torch.random.get_rng_state()
    network()
    assert torch.equal(torch.random.get_rng_state(), before)


# Sequences


class Reader(nn.Module):
    """Steps first, as recurrent layers have it: (steps, observations, width)."""

    def __init__(self):
        super().__init__()
        self.memory = nn.GRU(6, 4)
        self.head = nn.Linear(4, 3)

    def forward(self, inputs):
        steps, _ = self.memory(inputs.movedim(1, 0))
        return self.head(steps[-1])


@pytest.mark.parametrize("pool", ["mean", "cls", "last", "none"])
def test_steps_are_pooled_wherever_the_observations_stand(pool):
    reader = Reader()
    parts = parts_of(reader, (7, 6), "mine")
    chosen = chosen_parts(parts, default_names(reader, parts), None, "mine")
    [memory, output] = layers_of(chosen, pool, False)
    assert (memory.name, memory.kind, memory.axis, memory.sequence_pool) == ("memory", "linear", 1, pool)
    assert memory.shape == ((7, 4) if pool == "none" else (4,))
    inputs = torch.rand(5, 7, 6)
    with torch.no_grad():
        steps = reader.memory(inputs.movedim(1, 0))[0]
    expected = {"mean": steps.mean(dim=0), "cls": steps[0], "last": steps[-1], "none": steps.movedim(0, 1)}[pool]
    torch.testing.assert_close(pooled(steps, memory), expected)
    found = dumped(ModuleNetwork(reader, [memory, output]), inputs[:, None][:, 0], ["memory", "output"])
    np.testing.assert_allclose(found["memory"], expected.numpy(), rtol=1e-5)


def test_grey_pictures_are_three_equal_channels_to_a_model_of_torchvision():
    about = {"family": "torchvision", "model": "squeezenet1_1", "options": {}, "pool": "mean", "layers": ["features.0"]}
    grey, coloured = (build_network("mine", about, shape, 3, "relu", seed=0).eval() for shape in ((1, 33, 33), (3, 33, 33)))
    assert grey.state_dict().keys() == coloured.state_dict().keys()
    pictures = torch.rand(2, 1, 33, 33)
    with torch.no_grad():
        assert torch.equal(grey(pictures), coloured(pictures.repeat(1, 3, 1, 1)))


@pytest.mark.parametrize(("shape", "options"), [((1, 8, 8), {}), ((8, 8), {}), ((3, 8, 8), {"depth": 2})], ids=str)
def test_a_model_of_timm_puts_out_what_it_puts_out_alone(shape, options):
    import timm

    about = {"family": "timm", "model": "vit_tiny_patch16_224", "pool": "cls", "layers": ["blocks.*"]}
    given = {"img_size": 8, "patch_size": 4, **options}
    network = build_network("mine", {**about, "options": given}, shape, 3, "relu", seed=0).eval()
    alone = timm.create_model("vit_tiny_patch16_224", in_chans=shape[0] if len(shape) == 3 else 1, num_classes=3, **given).eval()
    alone.load_state_dict(network.module.state_dict())
    assert names(network.plan) == [*(f"blocks.{number}" for number in range(options.get("depth", 12))), "output"]
    inputs = torch.rand(4, *(shape if len(shape) == 3 else (1, *shape)))
    with torch.no_grad():
        assert torch.equal(network(inputs), alone(inputs))


@pytest.mark.parametrize(
    ("family", "model", "options", "said"),
    [
        ("timm", "vit_tinny_patch16_224", {}, "timm has no model 'vit_tinny_patch16_224'; the nearest are vit_tiny_patch16_224"),
        ("timm", "resnet18", {"pretrained": True}, "options.pretrained would fetch weights"),
        ("timm", "resnet18", {"depths": 3}, "timm's resnet18 cannot be built"),
        ("torchvision", "resnet18", {"weights": "DEFAULT"}, "options.weights would fetch weights"),
    ],
)
def test_models_of_other_libraries_are_built_by_their_names_without_a_network_connection(family, model, options, said):
    with pytest.raises(StudyError, match=re.escape(said)):
        build_network("mine", {"family": family, "model": model, "options": options, "pool": "mean"}, (3, 8, 8), 3, "relu", 0)


def test_half_precision_is_stored_as_single():
    [*_, output] = network().plan
    assert pooled(torch.ones(2, 3, dtype=torch.bfloat16), output).dtype == torch.float32


# What cannot be


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"function": "broken"},
            r"own_network.py, broken: ValueError: no network of 3 classes \(line \d+, in helper, called from line \d+, in broken",
        ),
        ({"function": "nothing"}, "has no function 'nothing'"),
        ({"function": "text"}, r"own_network.py, text returns str; a torch\.nn\.Module is wanted"),
        ({"options": {"widht": 3}}, "unexpected keyword argument 'widht' .*shape, classes, activation"),
        ({"function": "vectors"}, "architectures.mine does not run on inputs of 2 × 1 × 12 × 10: RuntimeError"),
        ({"function": "other_classes"}, r"mine puts out 4 for an observation; 3 numbers, one a class or target, are wanted"),
        ({"function": "together"}, "nothing that keeps observations apart"),
        ({"function": "named_output"}, "a layer cannot be called 'output' beside others of this network; rename the module"),
        ({"function": "transposed"}, r"puts out observations along axis 1; \(observations, classes\) are wanted"),
        ({"function": "signals"}, "has one-dimensional convolutions.*say `sequences: channels_first`"),
        ({"function": "sometimes", "layers": ["rar"]}, "no part of the network is called 'rar'; the nearest are rare"),
        ({"layers": ["block.*"]}, r"no part of the network is called 'block\.\*'; the nearest are blocks"),
        ({"file": "nowhere.py"}, "there is no file nowhere.py"),
    ],
)
def test_what_is_no_network_is_said_in_one_message(more, said):
    with pytest.raises(StudyError, match=said):
        network(**more)


def test_a_model_that_torchvision_lacks_is_named():
    about = {"family": "torchvision", "model": "resnet19", "options": {}, "pool": "mean"}
    with pytest.raises(StudyError, match="torchvision has no model 'resnet19'; did you mean 'resnet18'"):
        build_network("mine", about, (3, 32, 32), 5, "relu", seed=0)


# Networks that are hard to look at


def test_lazy_weights_are_there_and_drawn_by_the_seed():
    one, same, other = (build_network("mine", options("lazy"), (12, 10), 3, "relu", seed=seed) for seed in (1, 1, 2))
    assert names(one.plan) == ["0", "1", "output"]
    assert all(torch.equal(weight, same.state_dict()[name]) for name, weight in one.state_dict().items())
    assert not torch.equal(one.module[3].weight, other.module[3].weight)
    one(torch.rand(4, 1, 12, 10)).sum().backward()
    assert one.training


def test_the_look_at_a_network_leaves_no_trace():
    before = torch.random.get_rng_state()
    made = build_network("mine", options("counting"), (12, 10), 3, "relu", seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (made.module.passes.item(), made.module.kept) == (0, None)
    made(torch.rand(4, 1, 12, 10)).sum().backward()


def test_the_output_is_that_of_the_network_where_the_last_layer_is_changed_in_place():
    made = build_network("mine", options("counting"), (12, 10), 3, "relu", seed=1)
    inputs = torch.rand(4, 1, 12, 10)
    found = dumped(made, inputs, ["output"])
    with torch.no_grad():
        np.testing.assert_allclose(found["output"], made(inputs).numpy(), rtol=1e-5)


def test_a_layer_that_is_not_called_for_all_observations_is_refused():
    made = build_network("mine", options("sometimes", layers=["rare"]), (12, 10), 3, "relu", seed=1)
    dumped(made, torch.ones(4, 1, 12, 10), ["rare"])
    with pytest.raises(StudyError, match="layer rare is not called for all observations; name another one"):
        dumped(made, -torch.ones(4, 1, 12, 10), ["rare"])


@pytest.mark.parametrize("sequences", ["channels_first", "channels_last"])
def test_signals_are_averaged_over_their_positions(sequences):
    made = build_network("mine", options("signals", sequences=sequences), (12, 10), 3, "relu", seed=1)
    first = sequences == "channels_first"
    assert [(layer.name, layer.shape) for layer in made.plan[:3]] == [
        ("1", (4,) if first else (118,)),
        ("2", (4,) if first else (118,)),
        ("3", (4,) if first else (59,)),
    ]
    inputs = torch.rand(5, 1, 12, 10)
    with torch.no_grad():
        expected = made.module[:2](inputs).mean(dim=2 if first else 1)
    np.testing.assert_allclose(dumped(made, inputs, ["1"])["1"], expected.numpy(), rtol=1e-5)


def test_a_module_that_is_called_twice_has_no_spectrum():
    assert list(network(layers=["blocks.0.act*", "stem"]).maps()) == ["stem"]


# What planning keeps


def test_a_network_is_looked_at_once_and_again_when_its_file_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "net.py"
    file.write_text(Path(OWN).read_text())
    asked = []
    found = answers._found
    monkeypatch.setattr(answers, "_found", lambda question, about: asked.append(about) or found(question, about))
    about = {**options(), "file": "net.py"}
    plan = kept.kept_plan("mine", about, (12, 10), 3)
    assert plan == build_network("mine", about, (12, 10), 3, "relu", seed=0).plan
    assert names(kept.kept_plan("mine", {**about, "layers": ["stem"]}, (12, 10), 3)) == ["stem", "output"]
    assert len(asked) == 1
    file.write_text(file.read_text().replace("width=6", "width=4"))
    assert kept.kept_plan("mine", about, (12, 10), 3)[0].width == 4
    assert len(asked) == 2
    [*_, newest] = sorted(tmp_path.glob("results/.networks/*.json"))
    assert "parts" in json.loads(newest.read_text())


def test_what_was_kept_and_cannot_be_read_is_found_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, looks, said = answers._found, [], []

    def found_again(question, about):
        """A process that looks at the network is started once: it says the same each time."""
        looks.append(about)
        said.extend([] if said else [found(question, about)])
        return said[0]

    monkeypatch.setattr(answers, "_found", found_again)
    plan = kept.kept_plan("mine", options(), (12, 10), 3)
    [file] = tmp_path.glob("results/.networks/*.json")
    for count, content in enumerate(("", "[]", '{"parts": []}'), start=2):
        file.write_text(content)
        assert kept.kept_plan("mine", options(), (12, 10), 3) == plan
        assert len(looks) == count
