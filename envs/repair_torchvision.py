"""Make `import torchvision` work beside a build of torch for which its compiled operators were not built.

`make environment` runs this once. Where the import fails at an operator that torch does not know, a module and a .pth file in
site-packages declare these operators whenever torchvision is imported; what computes with them stays out of reach. Where
torchvision can be imported, nothing is done: operators that do load must not be declared.
"""

import subprocess
import sys
import sysconfig
from pathlib import Path

NAME = "torchvision_operators_declared"
MODULE = '''"""Declares the operators of torchvision, whose compiled ones do not fit the installed torch, when it is imported."""

import sys
from importlib.machinery import PathFinder
from pathlib import Path


class Declare:
    def find_spec(self, name, path=None, target=None):
        if name != "torchvision":
            return None
        found = PathFinder.find_spec(name, path)
        if found and found.origin and Path(found.origin).is_relative_to(Path(__file__).parent):
            sys.meta_path.remove(self)
            import torch

            self.library = torch.library.Library("torchvision", "DEF")
            self.library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            self.library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            kept.append(self)
        return None


kept = []
sys.meta_path.insert(0, Declare())
'''


def main() -> None:
    """Try the import, and mend what can be mended; the program ends with the reason where it cannot."""
    tried = subprocess.run([sys.executable, "-c", "import torchvision"], capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return
    last = (tried.stderr.strip().splitlines() or ["no word of why"])[-1]
    if "torchvision::" not in tried.stderr:
        sys.exit(f"torchvision cannot be imported: {last}")
    folder = Path(sysconfig.get_paths()["purelib"])
    (folder / f"{NAME}.py").write_text(MODULE, encoding="utf-8")
    (folder / f"{NAME}.pth").write_text(f"import {NAME}\n", encoding="utf-8")
    tried = subprocess.run([sys.executable, "-c", "import torchvision"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        sys.exit(f"torchvision cannot be imported: {last}")


if __name__ == "__main__":
    main()
