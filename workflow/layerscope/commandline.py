"""What all stages share: command-line arguments, thread pools, the log, and one-line error messages."""

import argparse
import json
import os
import signal
import sys
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path

from threadpoolctl import threadpool_limits

from layerscope.errors import INTERRUPTED, StudyError, is_out_of_memory
from layerscope.files.compiled import share_compiled_code
from layerscope.files.provenance import describe_job
from layerscope.files.refusals import refused
from layerscope.files.sources import PACKAGE

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

# Before a stage imports what is compiled.
share_compiled_code()


def stage_parser(module_doc: str | None) -> argparse.ArgumentParser:
    """An argument parser with `--params`, which every stage takes, and with support for @FILE.

    @FILE is replaced by the lines of FILE, one argument each: a command line cannot hold thousands of file names.
    """
    parser = argparse.ArgumentParser(
        description=module_doc,
        epilog="@FILE, or @/dev/stdin, stands for more arguments, one a line.",
        fromfile_prefix_chars="@",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--params",
        required=True,
        type=json.loads,
        metavar="JSON",
        help="what the job is told; `snakemake -n -p` prints it for every job of a study",
    )
    return parser


def run_stage(main: Callable[[argparse.Namespace], None], parser: argparse.ArgumentParser) -> None:
    """Parse the command line, set the thread pools from params and run the stage.

    Thread counts change some results, so they come from params and never from the machine. A StudyError, a missing or
    unreadable file, a full disk and a lack of memory end in a one-line message. Any other exception is a bug in layerscope:
    its traceback goes to the log, followed by one line; where a person's own code raised it, this names file and line.

    SIGTERM is handled like Ctrl-C: no half-written file stays, and the next start resumes a long stage after its last finished
    part, a training after its last epoch.
    """
    arguments = parser.parse_args()
    # Clusters send SIGTERM before they kill a job, and Snakemake sends it to its jobs when it is stopped.
    signal.signal(signal.SIGTERM, _interrupted)
    _limit_threads(arguments.params.get("threads", 1))
    name = Path(sys.argv[0]).stem
    try:
        print(f"provenance {describe_job()}", file=sys.stderr)
        main(arguments)
    except StudyError as error:
        _fail(f"layerscope {name}: {error}")
    except KeyboardInterrupt:
        _fail(f"layerscope {name}: {INTERRUPTED}")
    except OSError as error:
        _fail(f"layerscope {name}: {refused(error.filename or 'a file', error, 'used')}")
    except Exception as error:
        if is_out_of_memory(error):
            reason = " ".join(str(error).split())[:200]
            _fail(
                f"layerscope {name}: out of memory ({reason}): run fewer jobs at once (--cores, on a GPU gpu_share), look at "
                "fewer observations (samples) or layers, or use a machine or GPU with more memory"
            )
        traceback.print_exc()
        fault = f"{type(error).__name__}: {error}"
        if own := _own_place(error):
            _fail(f"layerscope {name}: {own}: {fault}; mend it there, the log has the calls that led to it")
        _fail(f"layerscope {name}: a fault in layerscope ({fault}); please report it with this log")


def _own_place(error: Exception) -> str:
    """The file and line of a person's own code that an exception passed through last; "" where it was none.

    Own is what is neither of this package nor of what is installed.
    """
    others = [PACKAGE, *(Path(path).resolve() for path in sysconfig.get_paths().values())]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file.is_file() and not any(file.resolve().is_relative_to(other) for other in others):
            return f"{frame.filename}, line {frame.lineno}"
    return ""


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def _limit_threads(threads: int) -> None:
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    # Libraries read the variables when they are loaded; those that are already loaded need these calls.
    threadpool_limits(threads)
    if "numba" in sys.modules:
        numba = sys.modules["numba"]
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    else:
        os.environ["NUMBA_NUM_THREADS"] = str(threads)


def _fail(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
    sys.exit(1)
