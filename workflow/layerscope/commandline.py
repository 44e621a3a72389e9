"""The shell around every stage: arguments, thread pools, the log, and errors that end in one line."""

import argparse
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from threadpoolctl import threadpool_limits

from layerscope.errors import StudyError
from layerscope.files.provenance import describe_job
from layerscope.files.refusals import refused

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

# What PyTorch's RuntimeErrors say of memory that was refused: by its CPU allocator, and by CUDA's libraries.
OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED")


def stage_parser(module_doc: str | None) -> argparse.ArgumentParser:
    """A parser that already knows `--params`, the one thing that every job is told, and lists in files.

    An argument @FILE stands for the lines of FILE, an argument each: a command of thousands of files would be too long.
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
    unreadable file, a full disk and a lack of memory end in one line; anything else is a fault of the program: its traceback
    goes to the log and one line says so. SIGTERM is taken like Ctrl-C: nothing half-written stays, and long stages go on
    from their last finished part, a training from its last epoch.
    """
    arguments = parser.parse_args()
    # A cluster's warning before it kills, and what Snakemake sends to its jobs when it is stopped.
    signal.signal(signal.SIGTERM, _interrupted)
    _limit_threads(arguments.params.get("threads", 1))
    name = Path(sys.argv[0]).stem
    try:
        print(f"provenance {describe_job()}", file=sys.stderr)
        main(arguments)
    except StudyError as error:
        _fail(f"layerscope {name}: {error}")
    except KeyboardInterrupt:
        _fail(f"layerscope {name}: interrupted; run the same command again to go on")
    except OSError as error:
        _fail(f"layerscope {name}: {refused(error.filename or 'a file', error, 'used')}")
    except Exception as error:
        if is_out_of_memory(error):
            reason = " ".join(str(error).split())[:200]
            _fail(
                f"layerscope {name}: out of memory ({reason}): ask for fewer observations at once (training.batch, samples), for "
                "fewer layers, or for a machine or GPU with more memory"
            )
        traceback.print_exc()
        _fail(f"layerscope {name}: a fault in layerscope ({type(error).__name__}: {error}); please report it with this log")


def is_out_of_memory(error: Exception) -> bool:
    """Whether a machine, or its GPU, had too little memory. PyTorch says so by a RuntimeError where NumPy has MemoryError."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in OUT_OF_MEMORY)


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def _limit_threads(threads: int) -> None:
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    # The variables are read when a library is loaded: those that are loaded already must be told.
    threadpool_limits(threads)
    if "numba" in sys.modules:
        numba = sys.modules["numba"]
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    else:
        os.environ["NUMBA_NUM_THREADS"] = str(threads)


def _fail(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
    sys.exit(1)
