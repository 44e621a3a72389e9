"""Write one table as CSV, Markdown and LaTeX."""

import argparse
from importlib import import_module

from layerscope import files, store
from layerscope.commandline import run_stage, stage_parser
from layerscope.inputs import add_inputs, inputs_of


def main(arguments: argparse.Namespace) -> None:
    options = arguments.params["options"]
    kind = import_module(f"layerscope.tables.{options['kind']}")
    table = kind.rows(inputs_of(arguments), options, arguments.params["shown"])
    title = options["title"]
    markdown = table.to_markdown(index=False, disable_numparse=True) + "\n"
    store.write_frame(arguments.csv, table)
    files.write_text(arguments.md, f"**{title}**\n\n{markdown}" if title else markdown)
    files.write_text(arguments.tex, table.to_latex(index=False, escape=True, caption=title or None))


def parser() -> argparse.ArgumentParser:
    parser = stage_parser(__doc__)
    add_inputs(parser)
    parser.add_argument("--csv", required=True, help="the table to write")
    parser.add_argument("--md", required=True, help="the table to write, as Markdown")
    parser.add_argument("--tex", required=True, help="the table to write, as LaTeX")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
