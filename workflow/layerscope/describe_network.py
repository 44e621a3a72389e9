"""The parts of a network of a study, one line each: what `layerscope describe` prints."""

import math
from pathlib import Path

from layerscope.errors import StudyError, one_of
from layerscope.models.kept import kept
from layerscope.study.file import read_study
from layerscope.study.load import build_study
from layerscope.study.sizes import outputs_of, source_sizes


def described_lines(file: str | Path, architecture: str) -> list[str]:
    """A heading, and a line for every part: * for a layer of the study, name, what it is, shape of the output, number of values.

    Raises StudyError for mistakes of the study other than patterns of layers that fit nothing.
    """
    content = read_study(file, {})
    known = content.get("architectures")
    if not isinstance(known, dict) or architecture not in known:
        raise StudyError(f"{file} has no architecture '{architecture}'; {one_of(architecture, known or [])}")
    try:
        study = build_study(content, Path(file).parent)
    except StudyError as error:
        if not all(message.startswith(f"architectures.{architecture}.layers") for message in error.messages):
            raise
        # Whoever looks for the names of layers has not found them yet.
        del known[architecture]["layers"]
        study = build_study(content, Path(file).parent)
    run = next((run for run in study.runs if run.architecture == architecture), None)
    if run is None:
        raise StudyError(f"no grid of {file} names the architecture {architecture}")
    layers = study.layers(run)
    options = study.network_options(run)
    sizes = source_sizes(study.kinds, study.datasets[run.dataset])
    shape = tuple(sizes["shape"])
    rows = [("*", layer.name, layer.kind, layer.shape) for layer in layers]
    if study.kind_of("architectures", architecture).says("builds", False):
        chosen = {(layer.path, layer.call): layer.name for layer in layers}
        parts = kept(architecture, options, shape, outputs_of(sizes)).parts
        rows = []
        for part in parts:
            layer = chosen.get((part.path, part.call))
            # The last part of a network may be what it puts out, and the study knows it by that name.
            name = part.name if layer in (None, part.name) else f"{part.name} = {layer}"
            if layer is not None or part.name not in chosen.values():
                rows.append(("*" if layer else " ", name, part.module, part.shape))
    names, kinds = (max(len(row[column]) for row in rows) for column in (1, 2))
    lines = [f"{architecture} on {run.dataset}, inputs of {' × '.join(map(str, shape))}"]
    for mark, name, kind, size in rows:
        lines.append(f"{mark} {name:<{names}}  {kind:<{kinds}}  {' × '.join(map(str, size)):>16}  {math.prod(size):>10,}")
    return lines
