"""Keep the state of an unfinished training on disk."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from layerscope.files.provenance import canonical_json
from layerscope.files.refusals import refusals_named
from layerscope.files.unfinished import clear, hold
from layerscope.files.whole import write_tensors
from layerscope.saturation.spectrum import Spectrum
from layerscope.training.run import TrainingResult, TrainingState

STATE = "state.safetensors"
# One metadata key only: safetensors writes several in no fixed order.
ABOUT = "layerscope"


class UnfinishedTraining:
    """The last state of one training, in a folder of its own. Snapshots are written once, the rest after every epoch.

    identity: the params, code and data that the state belongs to. A state with another identity, or a damaged one, is ignored.
    A `with` block locks the folder; it raises StudyError where another process trains the same network.
    """

    def __init__(self, folder: Path, identity: str):
        self.folder, self.identity = folder, identity

    def __enter__(self) -> "UnfinishedTraining":
        self._lock = hold(self.folder)
        return self

    def __exit__(self, *_) -> None:
        self._lock.release()

    def keep(self, state: TrainingState) -> None:
        """Save a state. It replaces the one before only once it is completely written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        result = state.result
        for epoch, tensors in result.snapshots.items():
            target = self._snapshot(state.attempt, epoch)
            if not target.exists():
                _write(target, tensors, {"identity": self.identity})
        spectra = [{**asdict(spectrum), "eigenvalues": None} for spectrum in result.spectra]
        about = {
            "identity": self.identity,
            "attempt": state.attempt,
            "epoch": state.epoch,
            "step": state.step,
            "attempts": result.attempts,
            "history": result.history,
            "snapshots": list(result.snapshots),
            "spectra": spectra,
        }
        eigenvalues = {f"spectra/{number}": torch.from_numpy(s.eigenvalues) for number, s in enumerate(result.spectra)}
        _write(self.folder / STATE, {**state.tensors, **eigenvalues}, about)

    def read(self) -> TrainingState | None:
        """The state to resume from; None where there is none with this identity, or it is damaged.

        Raises StudyError where the system refuses to read the file, which may be intact.
        """
        try:
            tensors, about = _read(self.folder / STATE)
            if about["identity"] != self.identity:
                return None
            snapshots = {}
            for epoch in about["snapshots"]:
                snapshots[epoch], of_snapshot = _read(self._snapshot(about["attempt"], epoch))
                if of_snapshot["identity"] != self.identity:
                    return None
            spectra = [
                Spectrum(**{**fields, "eigenvalues": tensors.pop(f"spectra/{number}").numpy()})
                for number, fields in enumerate(about["spectra"])
            ]
        except (OSError, SafetensorError, KeyError, ValueError, TypeError):
            return None
        result = TrainingResult(snapshots=snapshots, history=about["history"], spectra=spectra, attempts=about["attempts"])
        return TrainingState(about["attempt"], about["epoch"], about["step"], tensors, result)

    def clear(self) -> None:
        """Empty the folder, so that the training starts from the beginning."""
        clear(self.folder)

    def discard(self) -> None:
        """Delete the folder, once the outputs of the training are written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _snapshot(self, attempt: int, epoch: int) -> Path:
        return self.folder / f"attempt{attempt}_epoch{epoch:04d}.safetensors"


def _write(target: Path, tensors: dict[str, torch.Tensor], about: dict) -> None:
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    stored = canonical_json({"digest": _digest(contiguous, about), "about": about})
    write_tensors(target, contiguous, {ABOUT: stored})


def _read(source: Path) -> tuple[dict[str, torch.Tensor], dict]:
    # Open the file here first: safetensors does not pass on the error numbers of the system.
    with refusals_named(source), open(source, "rb"):
        pass
    with safe_open(source, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
        stored = json.loads(file.metadata()[ABOUT])
    if _digest(tensors, stored["about"]) != stored["digest"]:
        raise ValueError(f"{source} is damaged")
    return tensors, stored["about"]


def _digest(tensors: dict[str, torch.Tensor], about: dict) -> str:
    """SHA-256 of tensors and their description. It is stored in the same file, so that both are replaced at once."""
    digest = hashlib.sha256(canonical_json(about).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b"")
    return digest.hexdigest()
