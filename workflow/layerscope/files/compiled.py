"""Where numba keeps what it has compiled: one folder of the user's, shared by all jobs and all checkouts.

Numba's own place is beside each source file, so that a fresh checkout compiles everything anew, and what was compiled of a file
is taken for current although a constant that it imports has changed.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
# Other packages whose functions are kept here too.
OTHERS = ("umap",)
LOCATORS = "layerscope.files.compiled.SharedCache,UserProvidedCacheLocator,InTreeCacheLocator,UserWideCacheLocator"


def share_compiled_code() -> None:
    """Let numba keep the compiled functions of this process, and those of jobs that it starts, in the shared folder.

    Nothing changes where NUMBA_CACHE_DIR or NUMBA_CACHE_LOCATOR_CLASSES says otherwise. If the folder cannot be written, numba's
    own places are taken.
    """
    if "NUMBA_CACHE_DIR" in os.environ or "NUMBA_CACHE_LOCATOR_CLASSES" in os.environ:
        return
    try:
        cache_folder()
    except RuntimeError:
        # A user of a container may have no home.
        return
    os.environ["NUMBA_CACHE_LOCATOR_CLASSES"] = LOCATORS
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_LOCATOR_CLASSES = LOCATORS


def cache_folder() -> Path:
    """The folder of all that is compiled. RuntimeError if the user has no home and no XDG_CACHE_HOME."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "layerscope" / "compiled"


def __getattr__(name: str) -> Any:
    # Numba asks for the class once it is loaded itself; jobs that compile nothing never load it.
    if name == "SharedCache":
        return _shared_cache()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _shared_cache() -> type:
    import numpy as np
    from numba.core.caching import UserWideCacheLocator
    from numba.extending import is_jitted

    class SharedCache(UserWideCacheLocator):
        """Finds the folder of a function, that of its module, and tells it by all that it is compiled from."""

        def __init__(self, function, file):
            self._py_file = file
            self._lineno = function.__code__.co_firstlineno
            self._cache_path = str(cache_folder() / function.__module__)
            self._digest = _digest(function, is_jitted, np.generic)

        def get_disambiguator(self):
            return f"{self._lineno}-{self._digest}"

        @classmethod
        def from_function(cls, function, file):
            """The locator of a function of this package or of one of the others; None for any other function."""
            if not (Path(file).is_relative_to(PACKAGE) or function.__module__.partition(".")[0] in OTHERS):
                return None
            return super().from_function(function, file)

    return SharedCache


def _digest(function: Any, is_jitted: Callable[[Any], bool], scalar: type) -> str:
    """Of the function's module, and of all constants and the modules of all functions that it and those use."""
    found, waiting, seen = hashlib.sha256(), [function], set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        found.update(_content(current.__code__.co_filename))
        for name in sorted(current.__code__.co_names):
            value = current.__globals__.get(name)
            if is_jitted(value):
                waiting.append(value.py_func)
            elif isinstance(value, int | float | complex | str | tuple | scalar):
                found.update(f"{name}={value!r}".encode())
    return found.hexdigest()[:16]


@cache
def _content(file: str) -> bytes:
    return Path(file).read_bytes()
