"""Run the jobs that `layerscope pack` put into an archive: python ARCHIVE. What they make is written for `layerscope unpack`.

This is the program of the archive. It needs Python 3.11 alone; the jobs need the packages of layerscope's stages, which
docs/cluster.md names. Started again with the same folders, it goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

PLAN, MADE = "jobs.json", "made.json"
# Folders of the archive: the package, and what jobs read.
CODE, FILES = "code", "files"
MEGABYTE = 2**20
SECONDS_TO_STOP = 60.0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run the jobs, and write what they made."""
    arguments = parser().parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036 (a machine elsewhere has the Python that it has)
        sys.exit(f"Python 3.11 or later is needed, and this is {sys.version.split()[0]}; start the archive with another one")
    for number in STOPPING:
        signal.signal(number, signal.default_int_handler)
    try:
        status = run_archive(arguments)
    except OSError as error:
        status = f"{error.filename or 'a file'} cannot be used ({error.strerror}); mend that, and start again to go on"
    except KeyboardInterrupt:
        status = "interrupted; start again to go on"
    sys.exit(status)


def run_archive(arguments: argparse.Namespace) -> int | str:
    """Run the jobs of this archive, write what they made, and say what is done. Returns 1 if one failed, else 0."""
    with zipfile.ZipFile(sys.argv[0]) as archive:
        plan = json.loads(archive.read(PLAN))
        work = Path(arguments.work or f"packed-{plan['study']}").resolve()
        _extract(archive, work)
    seconds = arguments.minutes * 60 if arguments.minutes else float("inf")
    failed = run(plan["jobs"], work, _environment(plan, work), arguments.at_once, seconds)
    done = [job for job in plan["jobs"] if _is_done(job, work)]
    for part in write_made(done, plan, work, Path(arguments.into), int(arguments.part * MEGABYTE)):
        print(f"{part}: {part.stat().st_size / MEGABYTE:.1f} MiB")
    for job in failed:
        print(f"failed: {job['message']}: {_last_line(work / FILES / job['log'])}")
    print(
        f"{len(done)} of {len(plan['jobs'])} jobs are done" + ("" if len(done) == len(plan["jobs"]) else "; start again to go on")
    )
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    """The options of the program."""
    options = argparse.ArgumentParser(prog=f"python {Path(sys.argv[0]).name}", description=__doc__)
    options.add_argument("--into", default=".", metavar="FOLDER", help="where what is made is written (here)")
    options.add_argument("--at-once", type=int, default=1, metavar="N", help="how many jobs run at once (1)")
    options.add_argument("--minutes", type=float, help="stop after so many minutes, and write what is made")
    options.add_argument(
        "--part", type=float, default=1024, metavar="MIB", help="cut what is written into parts of this size (1024)"
    )
    options.add_argument("--work", metavar="FOLDER", help="where the jobs run (packed-STUDY)")
    return options


def _extract(archive: zipfile.ZipFile, work: Path) -> None:
    """Unpack an archive into a folder; one that holds another archive is refused, the same is left as it is."""
    if (work / PLAN).exists():
        if (work / PLAN).read_bytes() != archive.read(PLAN):
            sys.exit(f"{work} is of another archive; name another folder with --work, or remove it")
        return
    archive.extractall(work, [name for name in archive.namelist() if name != PLAN])
    # Last, and at once: it says that the rest is there.
    (work / f".{PLAN}").write_bytes(archive.read(PLAN))
    os.replace(work / f".{PLAN}", work / PLAN)


def _environment(plan: dict, work: Path) -> dict:
    """That of the jobs: their `python` is the one that runs this program, and has the package of the archive."""
    program = work / "bin/python"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    program.chmod(0o755)
    path = os.pathsep.join([str(program.parent), os.environ.get("PATH", os.defpath)])
    packages = os.pathsep.join(filter(None, [str(work / CODE), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **plan["environment"], "PATH": path, "PYTHONPATH": packages}


def run(jobs: list[dict], work: Path, environment: dict, at_once: int, seconds: float) -> list[dict]:
    """Run jobs, each once its inputs are there, until all are done, the time is over, or Ctrl-C. Returns those that failed."""
    waiting = [job for job in jobs if not _is_done(job, work)]
    running: list[tuple[dict, subprocess.Popen]] = []
    failed: list[dict] = []
    end = time.monotonic() + seconds
    try:
        while (waiting or running) and time.monotonic() < end:
            for job, process in [one for one in running if one[1].poll() is not None]:
                running.remove((job, process))
                if process.returncode:
                    failed.append(job)
                print(f"{'failed' if process.returncode else 'done'}: {job['message']}", flush=True)
            unmade = {output for job in [*failed, *waiting, *(job for job, _ in running)] for output in job["outputs"]}
            ready = [job for job in waiting if not unmade & {*job["inputs"]}]
            if not ready and not running:
                break
            for job in ready[: max(at_once - len(running), 0)]:
                running.append((job, _start(job, work / FILES, environment)))
                waiting.remove(job)
            time.sleep(0.1)
    except KeyboardInterrupt:
        print("interrupted: what is done is written", flush=True)
    finally:
        _stop([process for _, process in running])
    return failed


def _start(job: dict, root: Path, environment: dict) -> subprocess.Popen:
    """A job, whose processes are a group of their own."""
    for file in (job["log"], *job["outputs"]):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
    # A request to end is for the stage. The shell waits for it, or a stage would go on while its files are written.
    command = ["bash", "-c", f"trap : TERM; set -euo pipefail; {job['command']}"]
    return subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)


def _stop(processes: list[subprocess.Popen]) -> None:
    """End jobs: a stage leaves no partial file, and a training goes on after its last epoch when it is started anew."""
    for number in STOPPING if processes else ():
        signal.signal(number, signal.SIG_IGN)
    end = time.monotonic() + SECONDS_TO_STOP
    for process in processes:
        _signal(process, signal.SIGTERM)
    for process in processes:
        try:
            process.wait(max(end - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()


def _signal(process: subprocess.Popen, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _last_line(log: Path) -> str:
    """The last line of a log, which says why a stage failed, and where the log is."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return f"{lines[-1] if lines else 'it said nothing'} ({log})"


def _is_done(job: dict, work: Path) -> bool:
    return all((work / FILES / output).exists() for output in job["outputs"])


def write_made(done: list[dict], plan: dict, work: Path, into: Path, size: int) -> list[Path]:
    """Write the files of jobs, with their SHA-256 and those of what they read, as one archive, in parts of at most `size` bytes.

    Trainings that have begun are written too: they can go on elsewhere. What was written before is replaced once this is whole.
    """
    into.mkdir(parents=True, exist_ok=True)
    root = work / FILES
    told = [{**job, "read": _digests(root, job["inputs"]), "made": _digests(root, job["outputs"])} for job in done]
    begun = [job for job in plan["jobs"] if job not in done and job["unfinished"] and _states(root, job)]
    states = [{**job, "read": _digests(root, job["inputs"]), "made": _digests(root, _states(root, job))} for job in begun]
    name = f"{plan['study']}-made.zip"
    with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=into) as folder:
        whole = Path(folder, name)
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False) as archive:
            archive.writestr(MADE, json.dumps({"study": plan["study"], "jobs": told, "begun": states}))
            for job in [*told, *states]:
                for file in (*job["made"], job["log"]):
                    if (root / file).exists():
                        archive.write(root / file, file)
        parts = _cut(whole, size)
        for old in [into / name, *into.glob(f"{name}.*-of-*")]:
            old.unlink(missing_ok=True)
        return [part.rename(into / part.name) for part in parts]


def _cut(whole: Path, size: int) -> list[Path]:
    """A file as it is, or cut into parts of at most `size` bytes, NAME.001-of-012 and so on."""
    count = -(-whole.stat().st_size // size)
    if count == 1:
        return [whole]
    parts = []
    with open(whole, "rb") as file:
        for number in range(1, count + 1):
            parts.append(whole.with_name(f"{whole.name}.{number:03}-of-{count:03}"))
            parts[-1].write_bytes(file.read(size))
    return parts


def _states(root: Path, job: dict) -> list[str]:
    """The files of a training that has begun."""
    return sorted(file.relative_to(root).as_posix() for file in (root / job["unfinished"]).glob("*.safetensors"))


def _digests(root: Path, files: list[str]) -> dict[str, str]:
    found = {}
    for name in files:
        with open(root / name, "rb") as file:
            found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


if __name__ == "__main__":
    main()
