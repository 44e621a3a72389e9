"""The version of layerscope, which travels with every result."""

VERSION = "0.2.0"
