"""Where the files of the workflow are that are no Python: in a checkout beside the package, or where they were installed."""

import sysconfig
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
INSTALLED = Path("share/layerscope/workflow")


def workflow_folder() -> Path:
    """The folder with the Snakefile, the rules and the published numbers."""
    if (CHECKOUT / "Snakefile").is_file():
        return CHECKOUT
    return Path(sysconfig.get_path("data")) / INSTALLED
