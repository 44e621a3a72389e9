"""What networks say of themselves once they are built: asked in a process of its own, and kept for planning."""

import hashlib
import json
import os
import subprocess
import sys
from contextlib import suppress
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from layerscope import store
from layerscope.errors import StudyError
from layerscope.files.provenance import canonical_json
from layerscope.files.whole import replacing
from layerscope.kind_modules import kind_source, packages


def answer(question: str, asked: dict) -> dict:
    """The answer of layerscope.models.describe to a question: `parts` or `parameters`.

    asked: the arguments of the function of that name, with the architecture's `name` and `options`. Answers are kept by these, by
    the versions of the libraries, and by the content of the person's own file. Raises StudyError for the mistakes that are found.
    """
    file = Path(store.description_file(_identity(question, asked)))
    known = _read(file)
    if known is None:
        known = _found(question, asked)
        if "mistakes" in known:
            raise StudyError(*known["mistakes"])
        # Where results cannot be written to, the next planning looks again.
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            with replacing(file) as target:
                Path(target).write_text(canonical_json(known), encoding="utf-8")
    return known


def _read(file: Path) -> dict | None:
    """What was kept; None where there is nothing, or nothing that can be read."""
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return known if isinstance(known, dict) and known.get("whole") is True else None


def _identity(question: str, asked: dict) -> str:
    # A family of a person's own declares its layers, for which torch is enough.
    family = asked["options"]
    declared = () if "declared" in family else packages(kind_source("models.families", family["family"]), "FAMILY")
    versions = [metadata.version(package) for package in ("torch", *declared) if find_spec(package)]
    digest = hashlib.sha256(canonical_json({"question": question, **asked, "versions": versions}).encode())
    if "file" in asked["options"]:
        file = Path(asked["options"]["file"])
        digest.update(file.read_bytes() if file.is_file() else b"")
    if asked.get("weights"):
        # Weights are large, and read again when they are used: here their size and time are enough.
        about = Path(asked["weights"]).stat()
        digest.update(f"{about.st_size} {about.st_mtime_ns}".encode())
    return digest.hexdigest()[:32]


def _found(question: str, asked: dict) -> dict:
    """What a process of its own says of the network: planning itself runs nobody's code, and stays light."""
    if "file" in asked["options"]:
        print(f"layerscope: {asked['options']['file']} is run once to look at {asked['name']}", file=sys.stderr)
    package = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))}
    command = [sys.executable, "-m", "layerscope.models.describe", question]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, env=environment, check=False)
    try:
        return json.loads(done.stdout.strip().rpartition("\n")[2])
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise StudyError(f"architectures.{asked['name']}: the network could not be looked at ({last})") from None
