"""torchvision, importable beside a CPU-only torch too.

The published Linux wheel of torchvision cannot load its compiled operators there, and its import then stops at an operator
that torch does not know. Only then are the schemas of those operators declared, and the import is tried once more:
declaring them first would abort the interpreter wherever the operators do load.
"""

import importlib
import sys

_declared: list = []


def import_torchvision():
    """The torchvision package. Raises ImportError as usual where it is not installed."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    if not _declared:
        import torch

        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declared.append(library)
    return importlib.import_module("torchvision")
