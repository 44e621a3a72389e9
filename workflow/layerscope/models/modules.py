"""Any torch module as a network of a study: what its parts put out, and how its layers are tapped."""

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from layerscope.errors import StudyError
from layerscope.models.hooks import first_tensor
from layerscope.models.layers import axes_of_positions, followed_layers, named_layers
from layerscope.models.network import Network
from layerscope.models.parts import OUTPUT, Part, chosen_parts, classifies, layers_of, sequences_stated
from layerscope.models.plan import Layer

# Numbers of observations of the two passes that find which axis is theirs: no size that networks have for another reason.
PASSES = (2, 3)
PASSED_BY = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.Identity, nn.Flatten, nn.Unflatten)
Activation = Callable[[], nn.Module]
# Of a family: its options, the shape of an input, the number of classes and the activation function → a module.
Builder = Callable[[dict, tuple[int, ...], int, Activation], nn.Module]


def parts_of(model: nn.Module, shape: Sequence[int], where: str, vocabulary: int | None = None) -> list[Part]:
    """What all parts of a model put out for inputs of a shape, in the order in which they end; the model itself comes last.

    Parts whose outputs hold no tensor, or in which observations are not kept apart, are left out. A copy of the model is run, and
    no generator of random numbers is moved. where: the start of messages. vocabulary: how many tokens there are, for a model of
    sequences of tokens. Raises StudyError where the model does not run.
    """
    model = copy.deepcopy(model).eval()
    modules = named_layers(model)
    with torch.random.fork_rng(devices=[]):
        first, second = (_outputs(model, modules, (count, *shape), where, vocabulary) for count in PASSES)
    followed = followed_layers(modules)
    later = {(path, call): output for path, call, output, _ in second}
    calls = Counter(path for path, *_ in first)
    *_, last, _ = first[-1]
    parts = []
    for path, call, output, as_it_was in first:
        size, other = output.shape, later.get((path, call))
        axis = None if other is None else _observations_axis(size, other.shape)
        if axis is None:
            continue
        module = modules[path]
        kind = "conv" if axes_of_positions(module) == 2 else "linear" if path in followed else "module"
        # What is changed in place after it was put out is not what the network puts out.
        ends = size == last.shape and output.data_ptr() == last.data_ptr() and torch.equal(as_it_was, last)
        parts.append(
            Part(
                name=(path or OUTPUT) + (f"@{call}" if call > 1 else ""),
                path=path,
                call=call,
                calls=calls[path],
                module=type(module).__name__,
                kind=kind,
                shape=tuple(length for index, length in enumerate(size) if index != axis),
                axis=axis,
                parameters=sum(weight.numel() for weight in module.parameters()),
                ends=ends,
            )
        )
    if not last.is_floating_point():
        raise StudyError(f"{where} puts out {str(last.dtype).removeprefix('torch.')}; one number with a point a class is wanted")
    return parts


def other_names(model: nn.Module, parts: Sequence[Part]) -> list[str]:
    """The modules that are no parts: those that were not called, hold no tensor in their output or mix observations."""
    known = {part.path for part in parts}
    return [path for path in named_layers(model) if path and path not in known]


def has_signals(model: nn.Module) -> bool:
    """Whether a model has one-dimensional convolutions, whose outputs have their channels first."""
    return any(axes_of_positions(module) == 1 for module in model.modules())


def made_whole(model: nn.Module, shape: Sequence[int], where: str, vocabulary: int | None = None) -> None:
    """Run a model with lazy modules once, so that all of its weights are there."""
    if any(is_lazy(weight) for weight in (*model.parameters(), *model.buffers())):
        model.eval()
        _outputs(model, {}, (PASSES[0], *shape), where, vocabulary)
        model.train()


def _outputs(
    model: nn.Module, modules: dict[str, nn.Module], shape: tuple[int, ...], where: str, vocabulary: int | None
) -> list[tuple[str, int, torch.Tensor, torch.Tensor]]:
    """(path, call, output, copy of it) of every part of a model, as they end. All are kept, so that none shares a place."""
    found: list[tuple[str, int, torch.Tensor, torch.Tensor]] = []
    calls: Counter[str] = Counter()

    def receive(path: str, module: nn.Module, output: object) -> None:
        calls[path] += 1
        try:
            tensor = first_tensor(output, path, module)
        except TypeError:
            if not path:
                raise
        else:
            found.append((path, calls[path], tensor, tensor.clone()))

    handles = [
        module.register_forward_hook(lambda module, _inputs, output, path=path: receive(path, module, output))
        for path, module in modules.items()
    ]
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randint(vocabulary, shape, generator=generator) if vocabulary else torch.rand(shape, generator=generator)
    try:
        with torch.no_grad():
            model(inputs)
    except StudyError:
        raise
    except Exception as error:
        # A person's own code raises whatever goes wrong in it.
        written = " × ".join(map(str, shape))
        raise StudyError(f"{where} does not run on inputs of {written}: {type(error).__name__}: {error}") from error
    finally:
        for handle in handles:
            handle.remove()
    return found


def _observations_axis(size: torch.Size, other: torch.Size) -> int | None:
    if len(size) != len(other):
        return None
    differ = [index for index, lengths in enumerate(zip(size, other, strict=True)) if lengths[0] != lengths[1]]
    fits = len(differ) == 1 and (size[differ[0]], other[differ[0]]) == PASSES
    return differ[0] if fits and len(size) > 1 else None


def default_names(model: nn.Module, parts: Sequence[Part]) -> list[str]:
    """The parts that are layers where the study names none: direct children of the model, those of Sequentials in their place.

    Dropout, flattening and what does nothing are left out.
    """
    paths = _children(model)
    return [part.name for part in parts[:-1] if part.path in paths and part.call == 1]


def _children(model: nn.Module) -> set[str]:
    modules = named_layers(model)

    def below(path: str) -> Iterable[str]:
        for child, _ in modules[path].named_children():
            inner = f"{path}.{child}" if path else child
            if inner not in modules or isinstance(modules[inner], PASSED_BY):
                continue
            if isinstance(modules[inner], nn.Sequential):
                yield from below(inner)
            else:
                yield inner

    return set(below(""))


class ModuleNetwork(Network):
    """Any torch module as a network of a study. It classifies, by its first tensor."""

    def __init__(self, module: nn.Module, plan: list[Layer]):
        super().__init__()
        self.module = module
        self.plan = plan

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The logits (n, classes) of inputs (n, ...)."""
        return first_tensor(self.module(inputs), OUTPUT, self.module)

    def block(self, name: str) -> nn.Module:
        """See Network."""
        layer = next(layer for layer in self.plan if layer.name == name)
        return named_layers(self.module)[layer.path]

    def maps(self) -> dict[str, nn.Module]:
        """See Network; those that are called once in a pass."""
        modules = named_layers(self.module)
        followed = followed_layers(modules)
        return {layer.name: modules[layer.path] for layer in self.plan if layer.path in followed and layer.has_map}

    def kept(self, layer: Layer, output: torch.Tensor) -> torch.Tensor:
        """See Network; float32, and of several vectors an observation what the plan says."""
        return pooled(output, layer)

    @property
    def origin(self) -> nn.Module:
        """See Network."""
        return self.module


def pooled(output: torch.Tensor, layer: Layer) -> torch.Tensor:
    """What is kept of an output of a layer: observations first, (n, *layer.shape), float32."""
    values = output.movedim(layer.axis, 0).float()
    if layer.sequence_pool in ("", "none"):
        return values
    # (n, positions, width)
    vectors = values.transpose(1, 2) if layer.channels_first else values
    if layer.sequence_pool == "mean":
        return vectors.mean(dim=1)
    return vectors[:, 0] if layer.sequence_pool == "cls" else vectors[:, -1]


def module_network(
    build: Builder, name: str, options: dict, shape: tuple[int, ...], classes: int, activation: Activation, seed: int
) -> ModuleNetwork:
    """A freshly initialised module, with the layers that the patterns of its architecture choose.

    build: of the family. activation: makes the module of the study's activation function. The other arguments are those of
    layerscope.models.network.build_network.
    """
    where = f"architectures.{name}"
    module = built_module(build, name, options, shape, classes, activation, seed)
    parts = parts_of(module, input_shape(shape), where, options.get("vocabulary"))
    classifies(parts, classes, where)
    chosen = chosen_parts(parts, default_names(module, parts), options.get("layers"), where, other_names(module, parts))
    first = sequences_stated(options, has_signals(module), chosen, where)
    return ModuleNetwork(module, layers_of(chosen, options["pool"], has_batch_norm(module), first))


def built_module(
    build: Builder, name: str, options: dict, shape: tuple[int, ...], classes: int, activation: Activation, seed: int
) -> nn.Module:
    """The freshly initialised module itself; arguments as for module_network."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        module = build(options, shape, classes, activation)
        made_whole(module, input_shape(shape), f"architectures.{name}", options.get("vocabulary"))
        return module


def input_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one input of a network: pictures without channels get one."""
    return (1, *shape) if len(shape) == 2 else shape


def has_batch_norm(model: nn.Module) -> bool:
    """Whether a model learns nothing from batches of one."""
    return any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.modules())
