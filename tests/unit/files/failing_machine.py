"""A machine that fails: programs are run where a call on some file is answered by an error number."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

# Program, working directory, end of the names of the files that fail, call, error number → what the program printed.
Run = Callable[[str, Path, str, str, int], str]

PACKAGES = Path(__file__).parents[3] / "workflow"
# Preloaded, it answers a call on files whose name ends as VICTIM does with the error number ERRNO.
FAILING = r"""
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int ends(const char *name) {
    const char *victim = getenv("VICTIM");
    size_t a = strlen(name), b = strlen(victim);
    return a >= b && strcmp(name + a - b, victim) == 0;
}
static int of_victim(int fd) {
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 0) return 0;
    name[length] = 0;
    return ends(name);
}
static int fails(const char *call) { return strcmp(getenv("CALL"), call) == 0; }
static int number(void) { return errno = atoi(getenv("ERRNO")), -1; }

#define OPEN(NAME) \
    int NAME(const char *name, int flags, ...) { \
        va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); \
        if (fails("open") && ends(name)) return number(); \
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #NAME); \
        return real(name, flags, mode); }
OPEN(open)
OPEN(open64)
int flock(int fd, int operation) {
    if (fails("flock") && of_victim(fd)) return number();
    int (*real)(int, int) = dlsym(RTLD_NEXT, "flock");
    return real(fd, operation);
}
ssize_t read(int fd, void *buffer, size_t size) {
    if (fails("read") && of_victim(fd)) return number();
    ssize_t (*real)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
    return real(fd, buffer, size);
}
#define PREAD(NAME) \
    ssize_t NAME(int fd, void *buffer, size_t size, off_t offset) { \
        if ((fails("pread") || fails("read")) && of_victim(fd)) return number(); \
        ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, #NAME); \
        return real(fd, buffer, size, offset); }
PREAD(pread)
PREAD(pread64)
int utimensat(int folder, const char *name, const struct timespec times[2], int flags) {
    if (fails("utimensat") && name && ends(name)) return number();
    int (*real)(int, const char *, const struct timespec[2], int) = dlsym(RTLD_NEXT, "utimensat");
    return real(folder, name, times, flags);
}
DIR *opendir(const char *name) {
    if (fails("opendir") && ends(name)) return number(), NULL;
    DIR *(*real)(const char *) = dlsym(RTLD_NEXT, "opendir");
    return real(name);
}
"""

# Importing takes longer than a program does: each is run in a process forked from one that has imported what they need, and
# nothing of this package.
FORKING = """
import json, os, sys
import h5py, numpy, pandas, pyarrow.compute, pyarrow.parquet, safetensors.torch, torch
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child == 0:
        output = os.open(asked["output"], os.O_WRONLY)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(asked["folder"])
        os.environ.update(asked["environment"])
        status = 1
        try:
            exec(compile(asked["program"], "<program>", "exec"), {"__name__": "__main__"})
            status = 0
        finally:
            if status:
                sys.excepthook(*sys.exc_info())
            sys.stdout.flush()
            os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@contextlib.contextmanager
def failing_machine(folder: Path) -> Iterator[Run]:
    """A function that runs a program, with what makes calls fail compiled in `folder`."""
    (folder / "failing.c").write_text(FAILING)
    compiler = shutil.which("cc") or shutil.which("gcc")
    library = folder / "failing.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, folder / "failing.c", "-ldl"], check=True)
    environment = {
        **os.environ,
        "PYTHONPATH": str(PACKAGES),
        "LD_PRELOAD": str(library),
        "VICTIM": "",
        "CALL": "none",
        "ERRNO": "0",
    }
    with subprocess.Popen(
        [sys.executable, "-c", FORKING], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def run(program: str, where: Path, victim: str, call: str, number: int) -> str:
            with tempfile.NamedTemporaryFile("r") as output:
                fails = {"VICTIM": victim, "CALL": call, "ERRNO": str(number)}
                asked = {"program": program, "folder": str(where), "output": output.name, "environment": fails}
                process.stdin.write(json.dumps(asked) + "\n")
                process.stdin.flush()
                status = process.stdout.readline().strip()
                said = output.read()
            assert status == "0", said
            return said.strip()

        yield run
        process.stdin.close()
