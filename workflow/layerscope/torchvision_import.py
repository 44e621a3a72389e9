"""Import torchvision, also beside a CPU-only build of torch.

There the published Linux wheel of torchvision cannot load its compiled operators, and its import fails at an operator that
torch does not know. In that case the schemas of these operators are declared and the import is tried again. Declaring them
up front would abort the interpreter where the operators do load.
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
