"""Write one table as CSV, Markdown and LaTeX."""

import argparse
import html

import pandas as pd

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.files.csv_tables import write_csv
from layerscope.files.whole import write_text
from layerscope.kind_modules import load_kind
from layerscope.tables.shared.constants import without_constants

LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # In LaTeX's default font encoding these characters print as others.
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}


def main(arguments: argparse.Namespace) -> None:
    """Write the whole table as CSV and, as Markdown and LaTeX, the table without constant keys."""
    options = arguments.params["options"]
    kind = load_kind("tables", options["kind"], arguments.params.get("code"))
    table = kind.rows(store.reads_of(arguments), options)
    write_csv(arguments.csv, table.to_csv(index=False, lineterminator="\n"))
    printed, constant = without_constants(table)
    about = ", ".join(f"{key} {value}" for key, value in constant.items())
    caption = " ".join(": ".join(part for part in (options["title"], about) if part).split())
    heading = f"**{html.escape(caption, quote=False)}**\n\n" if caption else ""
    write_text(arguments.md, f"{heading}{printed.to_markdown(index=False, disable_numparse=True)}\n")
    write_text(arguments.tex, latex(printed, caption))


def latex(table: pd.DataFrame, caption: str) -> str:
    """A table in LaTeX that prints all text literally. It is escaped here, as pandas escapes neither captions nor < and >."""
    escaped = table.map(lambda cell: in_latex(cell) if isinstance(cell, str) else cell).rename(columns=in_latex)
    return escaped.to_latex(index=False, escape=False, caption=in_latex(caption) or None)


def in_latex(text: str) -> str:
    """Escape text so that LaTeX prints it literally."""
    return "".join(LATEX.get(letter, letter) for letter in text)


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    store.add_reads(parser)
    parser.add_argument("--csv", required=True, help="the table to write")
    parser.add_argument("--md", required=True, help="the table to write, as Markdown")
    parser.add_argument("--tex", required=True, help="the table to write, as LaTeX")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
