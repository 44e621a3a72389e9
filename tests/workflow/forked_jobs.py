"""Jobs of small studies as forks of a process that has imported what jobs import, which is most of what they take.

`folder_of_python` has a `python` for the PATH of Snakemake. What that is asked to run as a stage of layerscope, it hands with its
files, its folder and its environment to a server, which forks a process for it; anything else it runs itself. Each fork imports
the code of layerscope by itself, from where its environment says.
"""

import ast
import atexit
import importlib
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
import warnings
from functools import cache
from pathlib import Path

IMPORTED = (
    "h5py",
    "matplotlib.pyplot",
    "numba",
    "pandas",
    "pyarrow.parquet",
    "scipy.spatial",
    "scipy.stats",
    "sklearn.decomposition",
    "sklearn.linear_model",
    "sklearn.neighbors",
    "torch",
)
# It imports as little as possible: beside its work, a job costs the start of this program.
CLIENT = """
import os, signal, sys
if sys.argv[1:2] == ["-m"] and sys.argv[2].startswith("layerscope.stages."):
    import _socket
    asked = repr((sys.argv[2:], os.getcwd(), dict(os.environ))).encode()
    server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    server.connect({place!r})
    files = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    server.sendmsg([len(asked).to_bytes(8, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
    while asked:
        asked = asked[server.send(asked):]
    job = int(server.recv(20) or 0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: os.kill(job, number))
    # A job that was killed says nothing.
    sys.exit(int(server.recv(20) or 137))
os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""


@cache
def folder_of_python() -> str:
    """A folder in which `python` runs jobs as forks, of a server that ends with this process."""
    made = tempfile.TemporaryDirectory(prefix="layerscope-jobs-")
    atexit.register(made.cleanup)
    folder = Path(made.name)
    client, place, program = folder / "client.py", folder / "server", folder / "python"
    client.write_text(CLIENT.format(place=str(place), python=sys.executable))
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -SE {shlex.quote(str(client))} "$@"\n')
    program.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen(64)
        # The server ends when nobody holds the other end of its input.
        server = subprocess.Popen(
            [sys.executable, __file__, str(listening.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[listening.fileno()],
        )
    atexit.register(server.kill)
    return str(folder)


def serve(listening: socket.socket) -> None:
    """Fork a process for each job that is asked for, until the input ends."""
    for name in IMPORTED:
        importlib.import_module(name)
    # Nobody waits for the forks.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([listening, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        connection, _ = listening.accept()
        if _forked():
            listening.close()
            _do(connection)
        connection.close()


def _forked() -> bool:
    """Fork this process; whether this is the new one."""
    with warnings.catch_warnings():
        # The threads that libraries of linear algebra have are idle, and are made anew in a fork. Python 3.12 warns of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork() == 0


def _do(connection: socket.socket) -> None:
    """Run the job that a client asks for in its place, tell it the status, and end."""
    length, files, _, _ = socket.recv_fds(connection, 8, 3)
    with connection.makefile("rb") as sent:
        arguments, folder, environment = ast.literal_eval(sent.read(int.from_bytes(length, "big")).decode())
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    own = [path for path in sys.path if path != str(Path(__file__).parent)]
    sys.path[:] = [folder, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)), *own]
    sys.argv = arguments
    connection.sendall(f"{os.getpid():20}".encode())
    status = _status(arguments[0])
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(f"{status:20}".encode())
    os._exit(status)


def _status(module: str) -> int:
    """Run a module as `python -m` does, and return the status of the process."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
