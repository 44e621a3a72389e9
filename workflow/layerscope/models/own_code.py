"""A network that a person's own function builds."""

import traceback
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from torch import nn

from layerscope.errors import StudyError


def built(
    file: str, function: str, shape: tuple[int, ...], classes: int, activation: Callable[[], nn.Module], options: dict
) -> nn.Module:
    """What `function(shape, classes, activation, **options)` of a person's own file returns.

    shape: of one input, (channels, height, width), (height, width) or (features,). activation: makes the module of the study's
    activation function. Raises StudyError, which names the line, for whatever the file raises, and for what is no module.
    """
    where = f"{file}, {function}"
    spec = spec_from_file_location(f"own_network_{Path(file).stem}", file)
    if spec is None or spec.loader is None or not Path(file).is_file():
        raise StudyError(f"code: there is no file {file}; it builds a network")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        build = getattr(module, function, None)
        if not callable(build):
            raise StudyError(f"{file} has no function '{function}'; architectures name it by `function`, build by default")
        network = build(shape, classes, activation, **options)
    except StudyError:
        raise
    except Exception as error:
        raise StudyError(f"{where}: {type(error).__name__}: {error} ({_lines(error, file)})") from error
    if not isinstance(network, nn.Module):
        raise StudyError(f"{where} returns {type(network).__name__}; a torch.nn.Module is wanted")
    return network


def _lines(error: Exception, file: str) -> str:
    """Where in a person's own file an error came from, the last line first."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).resolve() == Path(file).resolve()]
    listed = [f"line {frame.lineno}, in {frame.name}" for frame in reversed(own)]
    return ", called from ".join(listed) or "it is called with (shape, classes, activation, **options)"
