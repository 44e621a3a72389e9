"""Set up the device that a job computes on, so that results are reproducible."""

import os

import torch

from layerscope.errors import StudyError
from layerscope.models.gpus import claimed_index


def set_up_device(wanted: str, threads: int, precision: str) -> torch.device:
    """The device for `auto` (CUDA where there is one), `cpu` or `cuda`, with deterministic algorithms and TF32 as asked.

    Of several CUDA devices it is one that the fewest jobs of the machine use (see layerscope.models.gpus). precision: `tf32`, or
    another one, which switches TF32 off. Raises StudyError where CUDA is asked for and absent.
    """
    # cuBLAS is deterministic only with a workspace of fixed size; it reads this variable before its first use.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    # Equivalent to use_deterministic_algorithms(True), but does not import torch's compiler.
    torch.set_deterministic_debug_mode("error")
    torch.backends.cudnn.benchmark = False
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise StudyError("device: cuda is asked for, but torch sees no CUDA device; use device: auto, or cpu")
    if wanted == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    device = torch.device("cuda", claimed_index(torch.cuda.device_count()))
    torch.cuda.set_device(device)
    return device


def device_kind(device: torch.device) -> str:
    """`cpu`, or the name of the CUDA device, as files record it in their provenance."""
    return "cpu" if device.type == "cpu" else torch.cuda.get_device_name(device)
