"""Errors for files that the operating system refuses to read or write. They say nothing about the content of the file."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from layerscope.errors import MachineError

# What the user can do about each error of the operating system. None of these errors says anything about a file's content.
NO_LOCKS = "the file system has no locks or is busy; wait, or work on another file system"

NO_ROOM = "free the disk, or have your quota raised"

FORBIDDEN = "give yourself access to it and to its folder (chmod, or ask whoever owns them)"

FAILING = "the disk or the network file system fails; check the system log"

REMEDIES = {
    errno.EACCES: FORBIDDEN,
    errno.EPERM: FORBIDDEN,
    errno.EROFS: "mount its file system for writing",
    errno.EIO: FAILING,
    errno.ESTALE: FAILING,
    errno.ETIMEDOUT: FAILING,
    errno.ENOLCK: NO_LOCKS,
    errno.EAGAIN: NO_LOCKS,
    errno.EDEADLK: NO_LOCKS,
    errno.EOPNOTSUPP: NO_LOCKS,
    errno.ENOSYS: NO_LOCKS,
    errno.ENOSPC: NO_ROOM,
    errno.EDQUOT: NO_ROOM,
    errno.EFBIG: "raise the largest size that files may have (ulimit -f)",
    errno.EMFILE: "let more files be open at once (ulimit -n)",
    errno.ENFILE: "close other programs",
    errno.ENOMEM: "close other programs, or take a larger machine",
    errno.EISDIR: "a folder stands where a file is wanted; move it away",
    errno.EEXIST: "a file stands where a folder is wanted; move it away",
    errno.ENOTDIR: "a file stands where a folder is wanted; move it away",
    errno.ELOOP: "links lead to each other in a circle; put the file itself there",
}


def refused(source: str | Path, error: OSError, what: str = "read") -> MachineError:
    """The error for a file that the system refuses and that may be intact: the system's reason, and what to do about it.

    what: what was attempted with the file, `read`, `written` or `used`.
    """
    code = error.errno or 0
    reason = os.strerror(code) if code else str(error).splitlines()[0]
    remedy = REMEDIES.get(code, "remove the cause given in parentheses")
    return MachineError(f"{source} cannot be {what} ({reason}): {remedy}, and run the same command again")


@contextlib.contextmanager
def refusals_named(source: str | Path) -> Iterator[None]:
    """Raises MachineError, naming the file, if the operating system refuses what the block does with it.

    FileNotFoundError is passed on, and so is an OSError without an error number: a library raises it for the content it reads.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if not error.errno:
            raise
        raise refused(error.filename or source, error) from None
