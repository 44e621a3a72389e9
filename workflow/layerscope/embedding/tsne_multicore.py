"""t-SNE by MulticoreTSNE (Ulyanov 2016), each embedding in a process of its own.

The first fit in a process differs from later ones, so each embedding has a new one. The library can crash the interpreter
at exit, so the child process writes its result to a file and leaves by os._exit, without cleaning up.
"""

import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from layerscope.embedding.shared.result import Embedding, checked, coincident
from layerscope.errors import StudyError

ENGINE = {
    "description": "Barnes-Hut t-SNE by MulticoreTSNE.",
    "method": "tsne",
    "engine": "multicore",
    "needs_points": {"perplexity": 3},
    "reads": (),
    "packages": ("MulticoreTSNE",),
    "cost": {
        "iterations": ("early_exaggeration_iterations", "iterations"),
        "megabytes": 200,
        "bytes_by_neighbor": 30,
        "seconds": [(9e-06, 1, 1)],
    },
    "options": {
        "seeds": {"$ref": "#/$defs/embedding_seeds"},
        "perplexity": {"$ref": "#/$defs/perplexity"},
        "early_exaggeration": {"$ref": "#/$defs/early_exaggeration"},
        "early_exaggeration_iterations": {"$ref": "#/$defs/early_exaggeration_iterations"},
        "iterations": {"description": "After the early exaggeration.", "type": "integer", "minimum": 1, "default": 750},
        "learning_rate": {"$ref": "#/$defs/learning_rate", "description": "auto is 200."},
    },
}

# CMake 4 and later find no OpenMP for it: it would be built without a word to use one core.
INSTALL = (
    "pip install 'cmake<4' && pip install 'MulticoreTSNE==0.1' --config-settings="
    '"--build-option=build_ext --cmake-args=-DCMAKE_BUILD_TYPE=Release"'
)


def embed(points: np.ndarray, neighbors, options: dict, seed: int, threads: int) -> Embedding:
    """MulticoreTSNE in a child process. Seed s is passed on as s + 2: to the library, seeds 0 and 1 are the same."""
    degenerate = coincident(points)
    if degenerate is not None:
        return degenerate
    if find_spec("MulticoreTSNE") is None:
        raise StudyError(f"engine: multicore needs the package MulticoreTSNE, which is not installed; run: {INSTALL}")
    with tempfile.TemporaryDirectory() as folder:
        given, result = Path(folder, "points.npy"), Path(folder, "embedding.npy")
        # The library scales by the signed maximum instead of the absolute one; without negative values the two are the same.
        np.save(given, points - points.min(axis=0))
        settings = {**options, "seed": seed + 2, "threads": threads}
        command = [
            sys.executable,
            "-m",
            "layerscope.embedding.tsne_multicore",
            str(given),
            str(result),
            json.dumps(settings),
        ]
        # The child imports the package from the same place as this process, however it came onto the path.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        child = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if not result.exists():
            raise StudyError(f"MulticoreTSNE ended without a result ({child.stderr.strip() or child.returncode})")
        stored = np.load(result, allow_pickle=False)
    return checked(stored[:-1], stored[-1, 0], options["early_exaggeration_iterations"] + options["iterations"])


def _child(given: str, result: str, settings: dict) -> None:
    from MulticoreTSNE import MulticoreTSNE

    engine = MulticoreTSNE(
        n_components=2,
        perplexity=settings["perplexity"],
        early_exaggeration=settings["early_exaggeration"],
        learning_rate=200 if settings["learning_rate"] == "auto" else settings["learning_rate"],
        n_iter=settings["early_exaggeration_iterations"] + settings["iterations"],
        n_iter_early_exag=settings["early_exaggeration_iterations"],
        random_state=settings["seed"],
        n_jobs=settings["threads"],
        angle=0.5,
        cheat_metric=True,
    )
    embedded = engine.fit_transform(np.load(given, allow_pickle=False))
    last = np.array([[float(engine.kl_divergence_), 0.0]])
    unfinished = Path(result).with_suffix(".unfinished.npy")
    np.save(unfinished, np.concatenate([embedded, last]))
    unfinished.replace(result)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    _child(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
