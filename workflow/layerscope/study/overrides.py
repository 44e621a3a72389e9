"""Overrides of the training: what each changes for the networks that it is about, and what it switches off."""

from layerscope import selection
from layerscope.study.schema import blocks

# The key under which an override keeps the options that it switches off.
SWITCHED_OFF = "switched_off"


def with_options_off_apart(content: dict) -> tuple[dict, list[list[str]]]:
    """The content of a study file without options of overrides that are `none`, and their names, a list for each override.

    Only options without a default can be switched off so: augmentation and spectra have a `none` of their own.
    """
    training = content.get("training")
    if not isinstance(training, dict):
        return content, []
    overrides = training.get("overrides")
    if not isinstance(overrides, list) or not all(isinstance(override, dict) for override in overrides):
        return content, []
    off = [[key for key, value in override.items() if value == selection.NONE and _is_optional(key)] for override in overrides]
    kept = [{key: override[key] for key in override if key not in keys} for override, keys in zip(overrides, off, strict=True)]
    return {**content, "training": {**training, "overrides": kept}}, off


def _is_optional(key: str) -> bool:
    known = blocks()["$defs"]["training"]["properties"]
    return key in known and key != "on" and "default" not in known[key]


def overridden(options: dict, override: dict) -> dict:
    """The options of a training with those of an override on top."""
    changes = {key: value for key, value in override.items() if key not in ("on", SWITCHED_OFF)}
    options = {key: value for key, value in options.items() if key not in override.get(SWITCHED_OFF, ())}
    shape = changes.get("schedule", {}).get("shape")
    if shape and shape != options.get("schedule", {}).get("shape", shape):
        # What belongs to another shape would mean nothing.
        options["schedule"] = {key: value for key, value in options["schedule"].items() if key == "warmup"}
    return merged(options, changes)


def merged(options: dict, changes: dict) -> dict:
    """Options with changes on top, block by block: a nested block keeps the keys that its changes do not name."""
    inner = {key for key, value in changes.items() if isinstance(value, dict) and isinstance(options.get(key), dict)}
    return {**options, **changes, **{key: merged(options[key], changes[key]) for key in inner}}
