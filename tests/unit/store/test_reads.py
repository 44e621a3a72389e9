"""Stages told more than a command line holds: arguments in a file or behind a pipe, one a line."""

import json
import subprocess
import sys
from pathlib import Path

from layerscope import commandline
from layerscope.commandline import stage_parser
from layerscope.store.reads import KINDS_OF_FILES, add_reads, arguments_for, reads_of
from layerscope.study.kinds import Kinds

PACKAGES = str(Path(commandline.__file__).parents[1])
# Linux takes 128 KiB as one argument, and 2 MiB as all of them.
LONG_PARAMS = {"expected": [f"architecture{number}" for number in range(20_000)]}
MANY_FILES = [f"results/large/runs/digits/mlp/relu/seed{number}/history.csv" for number in range(50_000)]


def figure_parser():
    """A parser of a stage that reads lists of files."""
    parser = stage_parser("A stage.")
    add_reads(parser)
    return parser


def test_arguments_can_be_written_out_by_hand():
    found = figure_parser().parse_args(["--params", "{}", "--history", "a.csv", "b.csv", "--data", "c.h5"])
    assert (found.history, found.data, found.runs) == (["a.csv", "b.csv"], ["c.h5"], [])


def test_arguments_in_a_file_are_those_of_the_command_line(tmp_path: Path):
    lines = ["--params", json.dumps(LONG_PARAMS), "--history", *MANY_FILES, "--data", "with space.h5"]
    (tmp_path / "arguments").write_text("\n".join(lines) + "\n")
    found = figure_parser().parse_args(["--runs", "t.parquet", f"@{tmp_path / 'arguments'}"])
    assert found.params == LONG_PARAMS
    assert reads_of(found) == reads_of(figure_parser().parse_args([*lines, "--runs", "t.parquet"]))
    assert found.history == MANY_FILES


def test_the_shell_hands_on_what_no_command_line_holds(tmp_path: Path):
    """As the rules do: `printf` is the shell's own and knows no limit."""
    lines = ["--params", f"'{json.dumps(LONG_PARAMS)}'", "--history", *MANY_FILES]
    program = (
        "import sys; from layerscope.commandline import stage_parser; from layerscope.store.reads import add_reads;"
        "parser = stage_parser(''); add_reads(parser); found = parser.parse_args(sys.argv[1:]);"
        "print(len(found.params['expected']), len(found.history))"
    )
    script = tmp_path / "script.sh"
    script.write_text(f"printf '%s\\n' {' '.join(lines)} | {sys.executable} -c \"{program}\" @/dev/stdin\n")
    done = subprocess.run(["bash", script], env={"PYTHONPATH": PACKAGES}, capture_output=True, text=True, check=False)
    assert done.stdout == "20000 50000\n", done.stderr


def test_the_words_that_name_files_are_read_back():
    files = {"history": ["a b.csv", "c.csv"], "data": [], "score_table": ["scores.parquet"]}
    found = reads_of(figure_parser().parse_args(["--params", "{}", *arguments_for(files)]))
    assert (found.history, found.data, found.score_table) == (["a b.csv", "c.csv"], [], ["scores.parquet"])


def test_every_kind_of_file_that_a_figure_or_table_reads_is_listed():
    """A kind of file that stands nowhere else would reach no figure, without a word."""
    declared = {read for block in ("figures", "tables") for kind in Kinds().of(block).values() for read in kind.says("reads")}
    assert declared == set(KINDS_OF_FILES)
