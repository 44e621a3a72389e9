"""Weights from a file: all of them in their places, or one message for each that does not fit."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from layerscope.errors import StudyError
from layerscope.models.network import build_network
from layerscope.models.weights import load_weights
from layerscope.store.networks import write_checkpoints

OWN = str(Path(__file__).with_name("own_network.py"))


def network(seed, classes=3, **options):
    about = {"family": "module", "file": OWN, "function": "build", "options": options, "pool": "mean"}
    return build_network("mine", about, (8, 8), classes, "relu", seed)


def saved(folder, model, suffix=".safetensors", **changes):
    """A file of the weights of a person's own module, some of them changed or (None) left out."""
    state = {**model.module.state_dict(), **changes}
    state = {name: tensor.contiguous() for name, tensor in state.items() if tensor is not None}
    file = folder / f"weights{suffix}"
    if suffix == ".safetensors":
        save_file(state, file)
    else:
        torch.save({"state_dict": state, "epoch": 3} if suffix == ".pt" else state, file)
    return file


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".pth"])
def test_a_network_begins_with_the_weights_of_a_file(tmp_path, suffix):
    given, begun = network(1), network(2)
    load_weights(begun, saved(tmp_path, given, suffix), [], "architectures.mine")
    assert all(torch.equal(begun.state_dict()[name], tensor) for name, tensor in given.state_dict().items())


def test_names_that_a_parallel_model_gave_its_weights_are_those_of_the_model(tmp_path):
    given, begun = network(1), network(2)
    save_file({f"module.{name}": tensor for name, tensor in given.module.state_dict().items()}, tmp_path / "w.safetensors")
    load_weights(begun, tmp_path / "w.safetensors", [], "architectures.mine")
    assert torch.equal(begun.module.stem.weight, given.module.stem.weight)


@pytest.mark.parametrize("family", ["module", "mlp"])
def test_the_last_snapshot_of_a_study_is_taken(tmp_path, family, capsys):
    def build(seed):
        mlp = {"family": "mlp", "hidden": [5], "dropout": 0.0, "batch_norm": False, "output_activation": "identity"}
        return network(seed) if family == "module" else build_network("mlp", mlp, (8, 8), 3, "relu", seed)

    fresh, trained, begun = build(1), build(2), build(3)
    file = tmp_path / "checkpoints.safetensors"
    write_checkpoints(file, {}, {}, {0: fresh.state_dict(), 12: trained.state_dict()})
    load_weights(begun, file, [], "architectures.mine")
    assert all(torch.equal(begun.state_dict()[name], tensor) for name, tensor in trained.state_dict().items())
    assert "epoch0012, the last of 2, is taken" in capsys.readouterr().err


def test_a_head_for_other_classes_can_stay_fresh(tmp_path):
    given, begun = network(1, classes=10), network(2)
    fresh = begun.module.head.weight.clone()
    load_weights(begun, saved(tmp_path, given), ["head.*"], "architectures.mine")
    assert torch.equal(begun.module.head.weight, fresh)
    assert torch.equal(begun.module.stem.weight, given.module.stem.weight)


@pytest.mark.parametrize(
    ("changes", "fresh", "said"),
    [
        (
            {"stem.bias": None},
            [],
            r"mine\.weights: stem\.bias is missing in .*weights\.safetensors; `fresh` leaves parameters out",
        ),
        ({"tail.weight": torch.ones(2)}, [], r"tail\.weight is in .*, and the network has no such parameter"),
        (
            {"head.weight": torch.ones(5, 6)},
            [],
            r"head\.weight is 5 × 6 in .* and 3 × 6 in the network; `fresh` leaves",
        ),
        ({}, ["haed.*"], r"architectures\.mine\.fresh: no parameter of the network is called haed\.\*; it has stem\.weight"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, changes, fresh, said):
    begun = network(2)
    before = {name: tensor.clone() for name, tensor in begun.state_dict().items()}
    with pytest.raises(StudyError, match=said):
        load_weights(begun, saved(tmp_path, network(1), **changes), fresh, "architectures.mine")
    assert all(torch.equal(before[name], tensor) for name, tensor in begun.state_dict().items())


class Payload:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
def test_code_in_a_file_of_weights_is_not_run(tmp_path, name):
    (tmp_path / name).write_bytes(pickle.dumps({"stem.weight": Payload(tmp_path / "mark")}))
    with pytest.raises(StudyError, match=f"{name} holds no state dict that can be read"):
        load_weights(network(2), tmp_path / name, [], "architectures.mine")
    assert not (tmp_path / "mark").exists()


def test_a_file_of_something_else_is_named(tmp_path):
    torch.save([torch.ones(2)], tmp_path / "w.pt")
    with pytest.raises(StudyError, match=r"w\.pt holds no state dict; torch\.save\(model\.state_dict\(\), file\) writes one"):
        load_weights(network(2), tmp_path / "w.pt", [], "architectures.mine")
    (tmp_path / "empty.pt").write_bytes(b"")
    with pytest.raises(StudyError, match=r"empty\.pt holds no state dict that can be read"):
        load_weights(network(2), tmp_path / "empty.pt", [], "architectures.mine")


def test_a_state_dict_among_other_things_is_found(tmp_path):
    given, begun = network(1), network(2)
    torch.save({"model": given.module.state_dict(), "epoch": 3}, tmp_path / "w.pt")
    load_weights(begun, tmp_path / "w.pt", [], "architectures.mine")
    assert torch.equal(begun.module.stem.weight, given.module.stem.weight)


def test_weights_that_are_not_finite_and_files_that_are_not_there_are_named(tmp_path):
    file = saved(tmp_path, network(1), **{"stem.bias": torch.full((6,), float("nan"))})
    with pytest.raises(StudyError, match=r"stem\.bias in .* holds values that are not finite"):
        load_weights(network(2), file, [], "architectures.mine")
    with pytest.raises(StudyError, match=r"there is no nowhere\.pt"):
        load_weights(network(2), Path("nowhere.pt"), [], "architectures.mine")
