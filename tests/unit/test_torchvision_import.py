"""torchvision is imported plainly; only where its operators are unknown are their schemas declared, once."""

import os
import subprocess
import sys
from pathlib import Path

from layerscope import torchvision_import

PACKAGE = Path(torchvision_import.__file__).parents[1]
# Does the dispatcher know an operator of this name? A look that defines nothing.
KNOWN = """
def known(name):
    import torch
    return any(schema.name == name for schema in torch._C._jit_get_all_schemas())
"""


def run(code, *folders):
    """Run code in an interpreter of its own, with folders before everything else on its path."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*folders, PACKAGE]))}
    return subprocess.run([sys.executable, "-c", KNOWN + code], env=environment, capture_output=True, text=True, check=False)


def fake(tmp_path, body):
    """A package named torchvision that does this when it is imported."""
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text(KNOWN + body)
    return tmp_path


def test_the_real_package_is_usable():
    """In the project's environment a plain import is enough, whichever builds of torch and torchvision are installed."""
    found = run(
        "import torch, torchvision\n"
        "from torchvision import datasets, models\n"
        "from layerscope.torchvision_import import import_torchvision\n"
        "print(torchvision.datasets.MNIST.__name__, import_torchvision() is torchvision)\n"
        "print(models.resnet18(num_classes=3)(torch.rand(2, 3, 32, 32)).shape)"
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines() == ["MNIST True", "torch.Size([2, 3])"]


def test_where_the_import_works_no_schema_is_declared(tmp_path):
    fake(tmp_path, "datasets = models = 'there'")
    found = run(
        "from layerscope.torchvision_import import import_torchvision\n"
        "print(import_torchvision().datasets, known('torchvision::nms'), known('torchvision::qnms'))",
        tmp_path,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.split() == ["there", "False", "False"]


NEEDS_SCHEMA = """
import torchvision.half
if not known("torchvision::nms"):
    raise RuntimeError("operator torchvision::nms does not exist")
datasets = models = "there"
"""


def test_where_operators_are_unknown_their_schemas_are_declared_once(tmp_path):
    """A program may drop the package and import it again: torch takes a schema only once."""
    fake(tmp_path, NEEDS_SCHEMA)
    (tmp_path / "torchvision" / "half.py").write_text("print('loaded')")
    found = run(
        "import sys\n"
        "from layerscope.torchvision_import import import_torchvision\n"
        "first = import_torchvision()\n"
        "print(first.datasets, known('torchvision::nms'), known('torchvision::qnms'), import_torchvision() is first)\n"
        "del sys.modules['torchvision']\n"
        "print(import_torchvision().models)\n"
        "import torch\n"
        "print(torch.ops.torchvision.nms.default._schema)",
        tmp_path,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines() == [
        "loaded",
        "loaded",
        "there True True True",
        "there",
        "torchvision::nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    ]


def test_any_other_fault_is_passed_on(tmp_path):
    fake(tmp_path, "import os\nraise {'full': RuntimeError, 'absent': ModuleNotFoundError}[os.environ['FAULT']]('as it is')")
    found = run(
        "import os\n"
        "from layerscope.torchvision_import import import_torchvision\n"
        "for fault in ('full', 'absent'):\n"
        "    os.environ['FAULT'] = fault\n"
        "    try:\n        import_torchvision()\n"
        "    except Exception as error:\n        print(type(error).__name__, error, known('torchvision::nms'))",
        tmp_path,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines() == ["RuntimeError as it is False", "ModuleNotFoundError as it is False"]
