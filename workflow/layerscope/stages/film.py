"""Make one film, as a GIF and as a page that plays it, and write the table that it shows."""

import argparse
import base64
import html
from importlib import import_module
from pathlib import Path

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.figures.shared.films import save_film
from layerscope.figures.shared.style import apply_style
from layerscope.files.whole import replacing, write_text
from layerscope.store.reads import add_inputs, inputs_of

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="margin:0;text-align:center"><img alt="{title}" src="data:image/gif;base64,{film}"></body></html>
"""


def main(arguments: argparse.Namespace) -> None:
    options = arguments.params["options"]
    apply_style()
    kind = import_module(f"layerscope.figures.{options['kind']}")
    film, table = kind.draw(inputs_of(arguments), options)
    with replacing(arguments.gif) as gif:
        save_film(film, gif)
    encoded = base64.b64encode(Path(arguments.gif).read_bytes()).decode()
    write_text(arguments.html, PAGE.format(title=html.escape(options["title"] or options["kind"]), film=encoded))
    store.write_frame(arguments.csv, table)


def parser() -> argparse.ArgumentParser:
    parser = stage_parser(__doc__)
    add_inputs(parser)
    parser.add_argument("--gif", required=True, help="the film to write")
    parser.add_argument("--html", required=True, help="the page that plays it, to write")
    parser.add_argument("--csv", required=True, help="the table behind the film, to write")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
