"""Draw one figure, and write the table that it draws."""

import argparse
from importlib import import_module

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.figures.shared.style import apply_style, save
from layerscope.files.whole import replacing
from layerscope.store.reads import add_inputs, inputs_of


def main(arguments: argparse.Namespace) -> None:
    options = arguments.params["options"]
    apply_style()
    kind = import_module(f"layerscope.figures.{options['kind']}")
    figure, table = kind.draw(inputs_of(arguments), options)
    with replacing(arguments.svg) as svg, replacing(arguments.png) as png:
        save(figure, svg, png)
    store.write_frame(arguments.csv, table)


def parser() -> argparse.ArgumentParser:
    parser = stage_parser(__doc__)
    add_inputs(parser)
    parser.add_argument("--svg", required=True, help="the figure to write, for print")
    parser.add_argument("--png", required=True, help="the figure to write, for the screen")
    parser.add_argument("--csv", required=True, help="the table behind the figure, to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
