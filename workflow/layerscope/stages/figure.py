"""Draw one figure, or make one film, and write the table that it shows."""

import argparse
import base64
import html
from pathlib import Path

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.errors import StudyError
from layerscope.figures.shared.films import Film, save_film
from layerscope.figures.shared.style import apply_style, save
from layerscope.files.whole import replacing, write_text
from layerscope.kind_modules import load_kind

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="margin:0;text-align:center"><img alt="{title}" src="data:image/gif;base64,{film}"></body></html>
"""


def main(arguments: argparse.Namespace) -> None:
    """Write the picture in all its formats, and its table."""
    params = arguments.params
    options = params["options"]
    apply_style()
    kind = load_kind("figures", options["kind"], params.get("code"))
    drawn, table = kind.draw(store.reads_of(arguments), options)
    outputs = {Path(output).suffix: output for output in arguments.outputs}
    if isinstance(drawn, Film):
        write_film(drawn, outputs, options.get("title") or options["kind"])
    else:
        write_figure(drawn, outputs)
    store.write_frame(outputs[".csv"], table)


def write_figure(figure, outputs: dict[str, str]) -> None:
    """Write a figure for print (SVG) and for the screen (PNG)."""
    _demand(outputs, ".svg", ".png")
    with replacing(outputs[".svg"]) as svg, replacing(outputs[".png"]) as png:
        save(figure, svg, png)


def write_film(film: Film, outputs: dict[str, str], title: str) -> None:
    """Write a film as a GIF, and as a page that plays it."""
    _demand(outputs, ".gif", ".html")
    with replacing(outputs[".gif"]) as gif:
        save_film(film, gif)
    encoded = base64.b64encode(Path(outputs[".gif"]).read_bytes()).decode()
    write_text(outputs[".html"], PAGE.format(title=html.escape(title), film=encoded))


def _demand(outputs: dict[str, str], *suffixes: str) -> None:
    if {*suffixes, ".csv"} != {*outputs}:
        wanted, asked = (", ".join(sorted(names)) for names in ({*suffixes, ".csv"}, {*outputs}))
        raise StudyError(f"the kind draws what is written as {wanted}, and declares {asked}; mend its `formats`")


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    store.add_reads(parser)
    parser.add_argument(
        "--outputs", nargs="+", required=True, help="the files to write: .svg, .png and .csv, or of a film .gif, .html and .csv"
    )
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
