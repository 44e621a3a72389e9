"""The data of the explorer as scripts: a page that is opened from the file system may load scripts, and no other files.

Arrays are base64 of little-endian numbers. What a screen shows needs no more than 16 bits: coordinates are whole numbers from 0
to 65534, and 65535 stands for a missing one.
"""

import base64
import json

import numpy as np

from layerscope.files.whole import write_text

MISSING = 65535
STEPS = MISSING - 1
# Steps of the activation of a unit, of which colours alone are made; 255 stands for a missing one.
FEW_STEPS = 254


def write_script(target: str, kind: str, name: str, content: dict) -> None:
    """Write a script that hands `content` to the page. kind, name: what it is, and under which name the page asks for it."""
    write_text(target, f"layerscope.received({in_script(kind)}, {in_script(name)}, {in_script(content)});\n")


def in_script(content: object) -> str:
    """Content as a JavaScript literal. Names of classes are a person's own: none can end the script or become markup."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def encoded(array: np.ndarray, dtype: str) -> str:
    """An array as base64 of little-endian numbers of a type, for instance `uint16`, in C order."""
    return base64.b64encode(np.ascontiguousarray(array, np.dtype(dtype).newbyteorder("<")).tobytes()).decode("ascii")


def frame_of(arrays: list[np.ndarray]) -> tuple[float, float, float]:
    """(left, bottom, side) of the smallest square around the finite points of some embeddings (n, 2), with the points centred."""
    points = np.concatenate(arrays).astype(float)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return 0.0, 0.0, 1.0
    low, high = points.min(axis=0), points.max(axis=0)
    side = float((high - low).max()) or 1.0
    left, bottom = (low + high - side) / 2
    return float(left), float(bottom), side


def quantised(points: np.ndarray, frame: tuple[float, float, float]) -> np.ndarray:
    """Points (n, 2) as steps (n, 2) uint16 within a frame, off by half a step at most; MISSING where one is not finite."""
    left, bottom, side = frame
    finite = np.isfinite(points).all(axis=1)
    scaled = (np.where(finite[:, None], points, 0).astype(float) - (left, bottom)) / side
    steps = np.clip(np.rint(scaled * STEPS), 0, STEPS)
    return np.where(finite[:, None], steps, MISSING).astype(np.uint16)


def rounded(values: np.ndarray) -> tuple[np.ndarray, float, float]:
    """(steps (n,) uint8, low, high) of values (n,): step 0 is low, step FEW_STEPS is high, and 255 stands for a missing one."""
    finite = np.isfinite(values)
    low, high = (float(values[finite].min()), float(values[finite].max())) if finite.any() else (0.0, 0.0)
    scaled = (np.where(finite, values, low) - low) / ((high - low) or 1.0)
    return np.where(finite, np.rint(scaled * FEW_STEPS), FEW_STEPS + 1).astype(np.uint8), low, high
