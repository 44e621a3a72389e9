"""How steps are taken: rates, optimizers, smoothing, clipping, what is frozen, precision, and when a training is over."""

import copy
import math
import os
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_training import OPTIONS, blobs, history, run, same, trained
from torch import nn
from torch.nn import functional

from layerscope.errors import StudyError
from layerscope.models.modules import ModuleNetwork
from layerscope.models.plan import Layer
from layerscope.training.early_stopping import best_epoch, is_over
from layerscope.training.parameters import keep_still, make_optimizer
from layerscope.training.rates import learning_rate
from layerscope.training.train import train

WORKFLOW = Path(__file__).parents[3] / "workflow"
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(WORKFLOW), str(Path(__file__).parent)])}
# A step of 32,768 observations holds a gigabyte, and one of 1,024 a thirty-second part of it.
IN_LITTLE_MEMORY = """
import dataclasses, resource, sys, torch
from torch import nn
from test_training import run
from layerscope.errors import StudyError
from layerscope.models.modules import ModuleNetwork
from layerscope.training.train import train

torch.set_num_threads(1)
given = run(data=lambda n, seed: (torch.rand(32768, 4), torch.arange(32768) % 3), batch=int(sys.argv[1]), epochs=1, snapshots=[1])
wide = nn.Sequential(nn.Linear(4, 2000), nn.ReLU(), nn.Linear(2000, 3))
given = dataclasses.replace(given, network=ModuleNetwork(wide, []))
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 400_000_000,) * 2)
try:
    print(train([given])[0].status)
except StudyError as error:
    print(error)
"""
CONSTANT = {"shape": "constant", "warmup": 0.0, "lowest": 0.0, "factor": 0.1}


def rates(epochs=6, steps=5, lr_decay=0.0, **schedule):
    options = {"epochs": epochs, "lr_decay": lr_decay, "schedule": {**CONSTANT, **schedule}}
    return [learning_rate(0.4, options, step, steps) for step in range(epochs * steps)]


def rates_of_torch(scheduler, steps):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.4)
    schedule, found = scheduler(optimizer), []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


@pytest.mark.parametrize("lowest", [0.0, 0.1])
def test_a_cosine_is_that_of_torch(lowest):
    expected = rates_of_torch(lambda sgd: torch.optim.lr_scheduler.CosineAnnealingLR(sgd, 30, eta_min=0.4 * lowest), 30)
    assert rates(shape="cosine", lowest=lowest) == pytest.approx(expected, rel=1e-12)


def test_steps_are_those_of_torch():
    expected = rates_of_torch(lambda sgd: torch.optim.lr_scheduler.MultiStepLR(sgd, [2 * 5, 4 * 5], gamma=0.5), 30)
    assert rates(shape="step", at=[4, 2], factor=0.5) == pytest.approx(expected, rel=1e-12)


def test_a_warm_up_rises_in_equal_steps_and_the_cosine_takes_the_rest():
    found = rates(shape="cosine", warmup=2.0)
    assert found[:10] == pytest.approx([0.4 * (step + 1) / 10 for step in range(10)])
    assert found[10:] == pytest.approx([0.2 * (1 + math.cos(math.pi * step / 20)) for step in range(20)])


def test_a_decay_divides_the_rate_of_a_schedule():
    assert rates(shape="constant", lr_decay=0.5) == [0.4 / (1 + 0.5 * step) for step in range(30)]


def test_a_training_takes_the_rates_of_its_schedule():
    """A factor so small that only the first epoch moves anything."""
    schedule = {**CONSTANT, "shape": "step", "at": [1], "factor": 1e-30}
    result = trained(schedule=schedule, momentum=0.0, snapshots=[0, 1, 5])
    assert not same(result.snapshots[0], result.snapshots[1])
    assert same(result.snapshots[1], result.snapshots[5])


def taken(step, **options):
    """The weights of a small network after one full batch, and by another way of computing them."""
    given = run(batch=90, epochs=1, snapshots=[0, 1], **options)
    start = {name: tensor.clone().requires_grad_() for name, tensor in given.network.state_dict().items()}
    inputs, labels = given.splits["train"]
    expected = step(given.network, start, inputs, labels)
    [result] = train([given])
    return result.snapshots[1], expected


def gradients(network, start, inputs, labels, **loss):
    outputs = torch.func.functional_call(network, start, inputs)
    return torch.autograd.grad(functional.cross_entropy(outputs, labels, **loss), list(start.values()))


def check(found, expected):
    assert found.keys() == expected.keys()
    for name in found:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-5, atol=1e-7)


def test_smoothed_labels_spread_a_share_over_all_classes():
    def step(network, start, inputs, labels):
        wanted = 0.7 * functional.one_hot(labels, 3) + 0.1
        found = gradients(network, start, inputs, wanted)
        return {name: tensor.detach() - 0.1 * part for (name, tensor), part in zip(start.items(), found, strict=True)}

    check(*taken(step, momentum=0.0, label_smoothing=0.3))


def test_losses_in_the_history_are_not_smoothed():
    """Nothing is learned at so small a rate, so the loss of the network is that of the fresh one."""
    plain, smoothed = (trained(epochs=1, lr=1e-12, snapshots=[0, 1], **more) for more in ({}, {"label_smoothing": 0.5}))
    assert history(plain, "test")[1]["loss"] == pytest.approx(history(smoothed, "test")[1]["loss"], rel=1e-6)
    assert history(plain, "batches")[1]["loss"] != pytest.approx(history(smoothed, "batches")[1]["loss"], rel=1e-3)


def test_a_long_gradient_is_shortened_to_the_norm():
    def step(network, start, inputs, labels):
        found = gradients(network, start, inputs, labels)
        norm = math.sqrt(sum(float(part.pow(2).sum()) for part in found))
        assert norm > 0.05
        return {
            name: tensor.detach() - 0.1 * 0.05 / norm * part for (name, tensor), part in zip(start.items(), found, strict=True)
        }

    check(*taken(step, momentum=0.0, clip_norm=0.05))


def test_adamw_shrinks_weights_apart_from_the_gradient():
    """Loshchilov and Hutter 2019, algorithm 2: the first step of Adam is the sign of the gradient."""

    def step(network, start, inputs, labels):
        found = gradients(network, start, inputs, labels)
        moved = [part / (part.abs() + 1e-8) for part in found]
        pairs = zip(start.items(), moved, strict=True)
        return {name: tensor.detach() * (1 - 0.01 * 0.5) - 0.01 * part for (name, tensor), part in pairs}

    check(*taken(step, optimizer="adamw", lr=0.01, weight_decay=0.5))


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [("sgd", torch.optim.SGD, {"momentum": 0.9}), ("adam", torch.optim.Adam, {}), ("adamw", torch.optim.AdamW, {})],
)
def test_steps_are_those_of_torch_without_the_import_of_its_compiler(name, kind, options, monkeypatch):
    given = run(optimizer=name, lr=0.1, weight_decay=0.01, momentum=0.9)
    copied = copy.deepcopy(given.network)

    def take_steps(network, optimizer):
        for number in range(3):
            optimizer.zero_grad(set_to_none=True)
            (network(given.splits["train"][0]) * (number + 1)).pow(2).mean().backward()
            optimizer.step()

    take_steps(copied, kind(copied.parameters(), lr=0.1, weight_decay=0.01, **options))
    # An import of it fails from here on.
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)
    take_steps(given.network, make_optimizer(given.network, given.options))
    assert same(given.network.state_dict(), copied.state_dict())


def test_parameters_have_the_rates_of_the_first_pattern_that_fits():
    given = run(lr_by_name={"hidden1.map.bias": 0.7, "hidden1.*.*": 0.5})
    optimizer = make_optimizer(given.network, given.options)
    names = {parameter: name for name, parameter in given.network.origin.named_parameters()}
    found = {names[parameter]: group["lr"] for group in optimizer.param_groups for parameter in group["params"]}
    assert found == {"hidden1.map.weight": 0.5, "hidden1.map.bias": 0.7, "output.map.weight": 0.1, "output.map.bias": 0.1}


def test_each_parameter_moves_by_its_own_rate():
    def step(network, start, inputs, labels):
        found = gradients(network, start, inputs, labels)
        rate = {name: 0.9 if "output" in name else 0.1 for name in start}
        return {name: tensor.detach() - rate[name] * part for (name, tensor), part in zip(start.items(), found, strict=True)}

    check(*taken(step, momentum=0.0, lr_by_name={"output.**": 0.9}))


def test_what_is_frozen_keeps_its_bytes_and_the_rest_learns():
    result = trained(batch_norm=True, freeze=["hidden1.**"], weight_decay=0.1)
    for name, tensor in result.snapshots[0].items():
        assert torch.equal(tensor, result.snapshots[5][name]) == ("hidden1" in name), name


def test_batch_norm_whose_weights_alone_are_frozen_goes_on_averaging():
    result = trained(batch_norm=True, freeze=["hidden1.rest.0.weight", "hidden1.rest.0.bias"])
    assert torch.equal(*(result.snapshots[epoch]["steps.hidden1.rest.0.weight"] for epoch in (0, 5)))
    assert not torch.equal(*(result.snapshots[epoch]["steps.hidden1.rest.0.running_mean"] for epoch in (0, 5)))


def test_batch_norm_without_weights_is_kept_still_by_the_names_of_its_averages():
    module = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4, affine=False), nn.Linear(4, 3)).train()
    network = ModuleNetwork(module, [Layer("output", "linear", 3, (3,))])
    keep_still(network, ["0.*"])
    assert module[1].training
    keep_still(network, ["1.*"])
    assert not module[1].training
    assert module[0].training


def test_a_training_of_nothing_is_refused():
    with pytest.raises(StudyError, match=r"training.freeze: \*\* leaves nothing to train"):
        trained(freeze=["**"])


def test_mixed_precision_multiplies_in_bfloat16_and_keeps_weights_and_evaluations_in_float32():
    given = run(epochs=1, snapshots=[0, 1], momentum=0.0)
    given.mixed_precision = True
    seen = set()
    module = given.network.block("hidden1").map
    module.register_forward_hook(lambda module, _inputs, output: seen.add((module.training, output.dtype)))
    [mixed] = train([given])
    [plain] = train([run(epochs=1, snapshots=[0, 1], momentum=0.0)])
    assert seen == {(True, torch.bfloat16), (False, torch.float32)}
    for name, tensor in mixed.snapshots[1].items():
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor, plain.snapshots[1][name], rtol=0.05, atol=0.02)
    assert not same(mixed.snapshots[1], plain.snapshots[1])


def test_layers_are_followed_in_mixed_precision():
    spectra = {**OPTIONS["spectra"], "phases": ["train"]}
    given = run(epochs=1, snapshots=[0, 1], spectra=spectra)
    given.mixed_precision = True
    [mixed], [plain] = train([given]), train([run(epochs=1, snapshots=[0, 1], spectra=spectra)])
    for one, other in zip(mixed.spectra, plain.spectra, strict=True):
        np.testing.assert_allclose(one.eigenvalues, other.eigenvalues, rtol=0.05, atol=0.05)


def row(epoch, loss, split="validation"):
    return {"epoch": epoch, "step": 10 * epoch, "split": split, "loss": loss, "accuracy": 0.5}


def test_a_training_is_over_when_the_lowest_validation_loss_is_so_many_epochs_ago():
    rows = [row(0, 0.1), row(1, 0.9), row(2, 0.5), row(3, 0.5), row(3, 0.1, "test"), row(4, float("nan"))]
    assert best_epoch(rows[:1]) is None
    assert best_epoch(rows) == 2
    assert not is_over(rows, 3)
    assert is_over(rows, 2)


def overfitting(**more):
    """Labels without a rule: what is learned of them makes the validation loss worse."""

    def noise(n, seed):
        inputs, _ = blobs(n, seed)
        return inputs, torch.randint(3, (n,), generator=torch.Generator().manual_seed(seed))

    return run(data=noise, splits=("train", "validation", "test"), lr=1.0, **more)


def test_the_network_of_the_lowest_validation_loss_is_kept_as_the_last():
    [result] = train([overfitting(epochs=60, patience=3, snapshots=[0, 60])])
    validation = history(result, "validation")
    *trained_epochs, last = validation
    losses = {epoch: validation[epoch]["loss"] for epoch in trained_epochs if epoch}
    best = min(losses, key=losses.get)
    assert last == 60
    assert max(losses) == best + 3 < 60
    assert validation[60]["loss"] == losses[best]
    assert result.reason == f"the network of epoch {best} of {best + 3} is kept, by its validation loss"
    assert result.status == "ok"
    [plain] = train([overfitting(epochs=60, snapshots=[0, best])])
    assert same(result.snapshots[60], plain.snapshots[best])
    assert [spectrum.epoch for spectrum in result.spectra if spectrum.layer == "output"] == [0, 60]


def test_the_rows_of_the_last_epoch_are_those_of_the_network_that_is_kept():
    """Training goes on to its end, and an earlier network was better."""
    [result] = train([overfitting(epochs=8, patience=8, snapshots=[0, 8])])
    [plain] = train([overfitting(epochs=8, snapshots=[0, 8])])
    best = best_epoch(plain.history)
    assert best < 8
    for split in ("validation", "test"):
        rows = [row for row in result.history if row["epoch"] == 8 and row["split"] == split]
        assert [row["loss"] for row in rows] == [history(plain, split)[best]["loss"]]
    assert history(result, "batches") == history(plain, "batches")


@pytest.mark.parametrize("number", [0, -2, -1], ids=["while it gets better", "before its last epoch", "after its last epoch"])
def test_a_training_with_patience_that_is_interrupted_ends_as_if_it_had_not_been(number):
    states = []
    given = overfitting(epochs=60, patience=3, snapshots=[0, 60])
    given.keep = lambda state: states.append(copy.deepcopy(state))
    [whole] = train([given])
    [resumed] = train([replace(overfitting(epochs=60, patience=3, snapshots=[0, 60]), resume=states[number])])
    assert resumed.history == whole.history
    assert resumed.reason == whole.reason
    assert same(resumed.snapshots[60], whole.snapshots[60])


def with_memory_for(given, most):
    """A run whose network raises what PyTorch raises where CUDA has no memory, from steps of more observations on.

    What such a step held must be given up before another one is tried.
    """
    held = []

    def refuse(_module, inputs):
        if given.network.training:
            assert all(of_before() is None for of_before in held)
            held.append(weakref.ref(inputs[0]))
            if len(inputs[0]) > most:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    given.network.register_forward_pre_hook(refuse)
    return given


@pytest.mark.parametrize(("batch", "most", "fitting"), [(16, 5, 4), (16, 15, 8), (64, 1, 1), (1000, 50, 45)])
def test_a_step_without_memory_names_a_batch_that_there_is_memory_for(batch, most, fitting):
    """A batch is never larger than the split, which has 90 observations."""
    with pytest.raises(StudyError) as refused:
        train([with_memory_for(run(batch=batch), most)])
    assert str(refused.value).startswith(
        f"training.batch: there is no memory for steps of {min(batch, 90)} observations (CUDA out of memory. Tried to allocate "
        f"2.00 GiB.), but for {fitting}; write that there"
    )
    assert train([with_memory_for(run(batch=fitting), most)])[0].status == "ok"


@pytest.mark.parametrize(("batch_norm", "most"), [(False, 0), (True, 1)])
def test_it_is_said_where_there_is_memory_for_no_step(batch_norm, most):
    """Batch norm learns nothing from one observation."""
    with pytest.raises(StudyError, match="nor for any others; take a smaller network"):
        train([with_memory_for(run(batch_norm=batch_norm), most)])


def test_other_errors_of_a_step_are_not_taken_for_a_lack_of_memory():
    def refuse(module, _inputs):
        if module.training:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    given = run()
    given.network.register_forward_pre_hook(refuse)
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes"):
        train([given])


def test_the_batch_that_is_named_is_one_that_the_system_has_memory_for():
    """The address space of a process is limited, so that PyTorch itself finds no memory."""
    done = [
        subprocess.run([sys.executable, "-c", IN_LITTLE_MEMORY, str(batch)], env=ENVIRONMENT, capture_output=True, text=True)
        for batch in (32768, 1024)
    ]
    said = done[0].stdout
    assert said.startswith("training.batch: there is no memory for steps of 32768 observations (["), said + done[0].stderr
    named = int(said.partition("but for ")[2].partition(";")[0])
    assert 1024 <= named <= 16384
    assert done[1].stdout == "ok\n"
