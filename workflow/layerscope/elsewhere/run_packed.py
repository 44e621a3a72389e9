"""Run the jobs that `layerscope pack` put into an archive: python ARCHIVE. What they make is written for `layerscope unpack`.

This is the program of the archive. It needs Python 3.11 alone; the jobs need the packages of layerscope's stages (torch, numpy,
h5py, safetensors, threadpoolctl, filelock, and numba where they embed). Started again with the same folders, it goes on.
"""

import argparse
import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

PLAN, MADE = "jobs.json", "made.json"
# Folders of the archive: the package, and what jobs read.
CODE, FILES = "code", "files"
MEGABYTE = 2**20


class Running:
    """A job that runs. Its processes are a group of their own, so that all of them can be asked to end."""

    def __init__(self, job: dict, work: Path, environment: dict):
        self.job = job
        (work / FILES / job["log"]).parent.mkdir(parents=True, exist_ok=True)
        for output in job["outputs"]:
            (work / FILES / output).parent.mkdir(parents=True, exist_ok=True)
        command = ["bash", "-c", f"set -euo pipefail; {job['command']}"]
        self.process = subprocess.Popen(
            command, cwd=work / FILES, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
        )

    def stop(self) -> None:
        """Ask it to end: a stage leaves no partial file, and a training goes on after its last epoch when it is started anew."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


def main() -> None:
    """Run the jobs, and write what they made."""
    arguments = parser().parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036 (a machine elsewhere has the Python that it has)
        sys.exit(f"Python 3.11 or later is needed, and this is {sys.version.split()[0]}; start the archive with another one")
    with zipfile.ZipFile(sys.argv[0]) as archive:
        plan = json.loads(archive.read(PLAN))
        work = Path(arguments.work or f"packed-{plan['study']}").resolve()
        _extract(archive, work)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
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
    sys.exit(1 if failed else 0)


def parser() -> argparse.ArgumentParser:
    """The options of the program."""
    options = argparse.ArgumentParser(prog=f"python {Path(sys.argv[0]).name}", description=__doc__)
    options.add_argument("--into", default=".", metavar="FOLDER", help="where what is made is written (here)")
    options.add_argument("--at-once", type=int, default=1, metavar="N", help="how many jobs run at once (1)")
    options.add_argument("--minutes", type=float, help="stop and write what is made after so many minutes")
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
    archive.extract(PLAN, work)


def _environment(plan: dict, work: Path) -> dict:
    """That of the jobs: their `python` is the one that runs this program, and has the package of the archive."""
    program = work / "bin/python"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    program.chmod(0o755)
    path = os.pathsep.join([str(program.parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, **plan["environment"], "PATH": path, "PYTHONPATH": str(work / CODE)}


def run(jobs: list[dict], work: Path, environment: dict, at_once: int, seconds: float) -> list[dict]:
    """Run jobs, each once its inputs are there, until all are done, the time is over, or Ctrl-C. Returns those that failed."""
    waiting = [job for job in jobs if not _is_done(job, work)]
    running: list[Running] = []
    failed = []
    end = time.monotonic() + seconds
    try:
        while (waiting or running) and time.monotonic() < end:
            for one in [one for one in running if one.process.poll() is not None]:
                running.remove(one)
                if one.process.returncode:
                    failed.append(one.job)
                print(f"{'failed' if one.process.returncode else 'done'}: {one.job['message']}", flush=True)
            lost = {output for job in [*failed, *waiting, *(one.job for one in running)] for output in job["outputs"]}
            ready = [job for job in waiting if not lost & {*job["inputs"]}]
            if not ready and not running:
                break
            for job in ready[: max(at_once - len(running), 0)]:
                waiting.remove(job)
                running.append(Running(job, work, environment))
            time.sleep(0.1)
    except KeyboardInterrupt:
        print("interrupted: what is done is written", flush=True)
    for one in running:
        one.stop()
    return failed


def _last_line(log: Path) -> str:
    """The last line of a log, which says why a stage failed, and where the log is."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return f"{lines[-1] if lines else 'it said nothing'} ({log})"


def _is_done(job: dict, work: Path) -> bool:
    return all((work / FILES / output).exists() for output in job["outputs"])


def write_made(done: list[dict], plan: dict, work: Path, into: Path, size: int) -> list[Path]:
    """Write the files of jobs, with their SHA-256 and those of what they read, as one archive, in parts of at most `size` bytes.

    Trainings that have begun are written too: they can go on elsewhere.
    """
    into.mkdir(parents=True, exist_ok=True)
    target = into / f"{plan['study']}-made.zip"
    for old in [target, *into.glob(f"{target.name}.[0-9][0-9][0-9]")]:
        old.unlink(missing_ok=True)
    root = work / FILES
    told = [{**job, "read": _digests(root, job["inputs"]), "made": _digests(root, job["outputs"])} for job in done]
    begun = [job for job in plan["jobs"] if job not in done and job["unfinished"]]
    states = [{**job, "made": _digests(root, _states(root, job))} for job in begun if _states(root, job)]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(MADE, json.dumps({"study": plan["study"], "jobs": told, "begun": states}))
        for job in states:
            for name in job["made"]:
                archive.write(root / name, name)
        for job in done:
            for file in (*job["outputs"], job["log"]):
                seal = Path(file).with_name(f".{Path(file).name}.sha256")
                for one in (Path(file), seal):
                    if (root / one).exists():
                        archive.write(root / one, str(one))
    if target.stat().st_size <= size:
        return [target]
    parts: list[Path] = []
    with open(target, "rb") as whole:
        while content := whole.read(size):
            parts.append(target.with_name(f"{target.name}.{len(parts) + 1:03}"))
            parts[-1].write_bytes(content)
    target.unlink()
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
