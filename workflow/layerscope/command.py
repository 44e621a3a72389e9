"""The command `layerscope`: write a first study file, check it, run it here or elsewhere, and examine, judge, report, excerpt and
prune its results.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from layerscope.errors import INTERRUPTED, StudyError
from layerscope.files.refusals import refused
from layerscope.version import VERSION


def new(arguments: argparse.Namespace) -> int:
    """Write a complete study file for a person's own data."""
    from layerscope.files.whole import write_text
    from layerscope.jobs.jobs import Jobs
    from layerscope.new_study import study_text
    from layerscope.study.load import load_study

    target = Path(arguments.file)
    if target.exists():
        raise StudyError(f"{target} is there already; name another file with --file, or move it away")
    write_text(target, study_text(arguments.data))
    try:
        Jobs(load_study(target, {})).check()
    except BaseException:
        target.unlink()
        raise
    command = "snakemake --cores 4 --configfile" if Path("Snakefile").is_file() else "layerscope run --cores 4"
    print(f"{target} is written. Next: {command} {target}")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Say what is wrong with a study file, all of it; nothing is made."""
    from layerscope.jobs.jobs import Jobs
    from layerscope.study.load import load_study

    jobs = Jobs(load_study(arguments.study, arguments.config))
    jobs.check()
    jobs.reads.check_own_files()
    for note in jobs.notes():
        print(f"layerscope: {note}", file=sys.stderr)
    figures, tables = len(jobs.study.figures), len(jobs.study.tables)
    print(f"{arguments.study}: no mistakes; {len(jobs.study.runs)} networks, {figures} figures, {tables} tables")
    return 0


def describe(arguments: argparse.Namespace) -> int:
    """Print the parts of a network, what they are, the shapes and sizes of their outputs; * marks its layers."""
    from layerscope.describe_network import described_lines

    for line in described_lines(arguments.study, arguments.architecture):
        print(line)
    return 0


def doctor(arguments: argparse.Namespace) -> int:
    """Read every file of a finished study, and say what is wrong with it."""
    from layerscope.doctor import diagnose

    return diagnose(arguments.study, arguments.config)


def prune(arguments: argparse.Namespace) -> int:
    """Show the files in the results of a study that it asks for no longer, and remove them once that is confirmed."""
    from layerscope.prune import remove_unasked

    return remove_unasked(arguments.study, arguments.config, arguments.yes)


def judge(arguments: argparse.Namespace) -> int:
    """Judge the claims of a study anew, and draw its figures and tables of scores, from a file of runs alone."""
    from layerscope.judge import judge_runs

    return judge_runs(arguments.study, arguments.config, arguments.runs, arguments.into)


def excerpt(arguments: argparse.Namespace) -> int:
    """Copy the pictures, tables, verdicts and runs of a finished study into a folder, with a page of all pictures."""
    from layerscope.excerpt import write_excerpt

    return write_excerpt(arguments.study, arguments.config, arguments.into)


def pack(arguments: argparse.Namespace) -> int:
    """Put the jobs that Snakemake would run now into an archive, to run them on another machine: python ARCHIVE."""
    from layerscope.elsewhere.pack import pack

    return pack(arguments.study, arguments.config, arguments.rules, arguments.into)


def unpack(arguments: argparse.Namespace) -> int:
    """Take in what packed jobs made on another machine, as if Snakemake had run them here."""
    from layerscope.elsewhere.unpack import unpack

    return unpack(arguments.study, arguments.config, arguments.files)


def report(arguments: argparse.Namespace) -> int:
    """Write the report of a finished study, report.html in the folder of its results; it opens offline."""
    from layerscope import store
    from layerscope.study.file import config_options
    from layerscope.study.load import load_study

    target = store.path(load_study(arguments.study, arguments.config).name, "report")
    return _snakemake(arguments.study, *config_options(arguments.config), "--report", target)


def run(arguments: argparse.Namespace) -> int:
    """Make everything that a study asks for, in results/ below the working directory. Further options are Snakemake's own."""
    return _snakemake(arguments.study, "--cores", arguments.cores, *arguments.options)


def _snakemake(study: str, *options: str) -> NoReturn:
    from layerscope.jobs.snakemake_command import snakemake_command

    command = snakemake_command(study, *options)
    sys.stdout.flush()
    # It takes the place of this process, and with it Ctrl-C and other signals: killed, it would leave the folder locked.
    os.execv(command[0], command)


def parser() -> argparse.ArgumentParser:
    """The argument parser, with one subcommand for each function above."""
    whole = argparse.ArgumentParser(prog="layerscope", description="What neural networks do to their data, layer by layer.")
    whole.add_argument("--version", action="version", version=VERSION)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    made = commands.add_parser("new", help="write a study file for your own data", description=new.__doc__)
    made.add_argument("data", help="a folder of pictures (one subfolder a class), an npz file, or the name of a known dataset")
    made.add_argument("--file", default="study.yaml", help="the file to write (study.yaml)")
    made.set_defaults(run=new)
    checked = commands.add_parser("check", help="say all that is wrong with a study file", description=check.__doc__)
    _add_study(checked)
    checked.set_defaults(run=check)
    told = commands.add_parser(
        "describe", help="list the parts of a network, and which are its layers", description=describe.__doc__
    )
    told.add_argument("study", help="the study file")
    told.add_argument("architecture", help="its name there")
    told.set_defaults(run=describe)
    examined = commands.add_parser("doctor", help="examine the results of a study", description=doctor.__doc__)
    _add_study(examined)
    examined.set_defaults(run=doctor)
    pruned = commands.add_parser("prune", help="remove results that a study asks for no longer", description=prune.__doc__)
    _add_study(pruned)
    pruned.add_argument("--yes", action="store_true", help="remove without asking")
    pruned.set_defaults(run=prune)
    judged = commands.add_parser("judge", help="judge claims and draw scores from a file of runs", description=judge.__doc__)
    _add_study(judged)
    judged.add_argument(
        "--runs",
        nargs="+",
        default=[],
        metavar="FILE",
        help="a runs.parquet of the study (that of its results), or several of its parts",
    )
    judged.add_argument("--into", required=True, metavar="FOLDER", help="where claims.csv, figures and tables are written")
    judged.set_defaults(run=judge)
    copied = commands.add_parser("excerpt", help="copy what is small of a finished study", description=excerpt.__doc__)
    _add_study(copied)
    copied.add_argument("--into", required=True, metavar="FOLDER", help="where the copies and the page pictures.md are written")
    copied.set_defaults(run=excerpt)
    packed = commands.add_parser("pack", help="put jobs into an archive, for another machine", description=pack.__doc__)
    _add_study(packed)
    packed.add_argument("--rules", nargs="+", default=["train"], metavar="RULE", help="train (default), dump, neighbors, embed")
    packed.add_argument("--into", required=True, metavar="ARCHIVE", help="the archive to write, such as away.zip")
    packed.set_defaults(run=pack)
    unpacked = commands.add_parser("unpack", help="take in what packed jobs made elsewhere", description=unpack.__doc__)
    _add_study(unpacked)
    unpacked.add_argument("files", nargs="+", metavar="FILE", help="what the archive of jobs has written, all parts of it")
    unpacked.set_defaults(run=unpack)
    ran = commands.add_parser("run", help="make everything that a study asks for", description=run.__doc__)
    ran.add_argument("study", help="the study file")
    ran.add_argument("--cores", default="all", help="how many cores to use (all)")
    ran.set_defaults(run=run)
    reported = commands.add_parser("report", help="write the report of a study", description=report.__doc__)
    _add_study(reported)
    reported.set_defaults(run=report)
    return whole


def _add_study(command: argparse.ArgumentParser) -> None:
    command.add_argument("study", help="the study file")
    command.add_argument(
        "--config",
        nargs="+",
        action=_Overrides,
        default={},
        metavar="KEY=VALUE",
        help="study, seeds or device, as they were given to snakemake",
    )


class _Overrides(argparse.Action):
    """Keeps KEY=VALUE words as a dict of text."""

    def __call__(self, parser, namespace, values, option_string=None):
        if wrong := [word for word in values if "=" not in word]:
            parser.error(f"--config {' '.join(wrong)}: KEY=VALUE is wanted, such as seeds=3")
        namespace.config = dict(word.split("=", 1) for word in values)


def main() -> None:
    """Run the command. Mistakes, files that the system refuses and Ctrl-C end it with messages, one per line.

    Where whoever reads what is printed has had enough (`| head`), it ends without a word.
    """
    arguments, options = parser().parse_known_args()
    if options and arguments.run is not run:
        parser().error(f"unrecognized arguments: {' '.join(options)}")
    arguments.options = options
    try:
        status = arguments.run(arguments)
        sys.stdout.flush()
    except StudyError as error:
        status = error.told()
    except KeyboardInterrupt:
        status = f"layerscope: {INTERRUPTED}"
    except OSError as error:
        if error.filename:
            status = refused(error.filename, error, "used").told()
        else:
            status = 1 if isinstance(error, BrokenPipeError) else refused("what is printed", error, "written").told()
            # Python prints what is left at its end, and would fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


if __name__ == "__main__":
    main()
