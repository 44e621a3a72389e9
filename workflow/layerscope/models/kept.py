"""The layers of networks that must be built to know them: found once in a process of its own, and kept for planning."""

import hashlib
import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from layerscope import store
from layerscope.errors import StudyError
from layerscope.files.provenance import canonical_json
from layerscope.files.whole import replacing
from layerscope.models.parts import Part, chosen_parts, classifies, layers_of, sequences_stated
from layerscope.models.plan import Layer

# Options that choose among the parts of a network, and do not change it.
CHOICES = ("layers", "pool", "sequences")
KEPT = ("parts", "default", "others", "normalises", "signals")


def kept_plan(name: str, options: dict, shape: tuple[int, ...], classes: int) -> list[Layer]:
    """The layers of an architecture, first to last.

    Raises StudyError where the network cannot be built or run, where it is no classifier, and for patterns that fit nothing.
    """
    where = f"architectures.{name}"
    found = kept(name, options, shape, classes)
    classifies(found.parts, classes, where)
    chosen = chosen_parts(found.parts, found.default, options.get("layers"), where, found.others)
    first = sequences_stated(options, found.signals, chosen, where)
    return layers_of(chosen, options["pool"], found.normalises, first)


@dataclass(frozen=True)
class Kept:
    """What is kept of a network: its parts, the names that are layers by default, and the modules that are no parts.

    normalises: whether it has batch norm. signals: whether it has one-dimensional convolutions.
    """

    parts: list[Part]
    default: list[str]
    others: list[str]
    normalises: bool
    signals: bool


def kept(name: str, options: dict, shape: tuple[int, ...], classes: int) -> Kept:
    """What was found of a network, by its options, its input, the versions of torch and the content of the person's own file."""
    options = {key: value for key, value in options.items() if key not in CHOICES}
    asked = {"name": name, "options": options, "shape": list(shape), "classes": classes}
    file = Path(store.description_file(_identity(asked)))
    answer = _read(file)
    if answer is None:
        answer = _found(asked)
        if "mistakes" in answer:
            raise StudyError(*answer["mistakes"])
        # Where results cannot be written to, the next planning looks again.
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            with replacing(file) as target:
                Path(target).write_text(canonical_json(answer), encoding="utf-8")
    parts = [Part(**{**part, "shape": tuple(part["shape"])}) for part in answer["parts"]]
    return Kept(parts, *(answer[key] for key in KEPT[1:]))


def _read(file: Path) -> dict | None:
    """What was kept; None where there is nothing, or nothing that can be read."""
    try:
        answer = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) and answer.keys() >= {*KEPT} else None


def _identity(asked: dict) -> str:
    versions = [metadata.version(package) for package in ("torch", "torchvision") if find_spec(package)]
    digest = hashlib.sha256(canonical_json({**asked, "versions": versions}).encode())
    if "file" in asked["options"]:
        file = Path(asked["options"]["file"])
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()[:32]


def _found(asked: dict) -> dict:
    """What a process of its own says of the network: planning itself runs nobody's code, and stays light."""
    if "file" in asked["options"]:
        print(f"layerscope: {asked['options']['file']} is run once to find the layers of {asked['name']}", file=sys.stderr)
    package = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))}
    command = [sys.executable, "-m", "layerscope.models.describe"]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, env=environment, check=False)
    try:
        return json.loads(done.stdout.strip().rpartition("\n")[2])
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise StudyError(f"architectures.{asked['name']}: the network could not be looked at ({last})") from None
