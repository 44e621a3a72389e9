"""How much memory the jobs of this machine may use together."""

import os
from pathlib import Path

# Limits of control groups, such as those of containers, of both of their versions.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def machine_memory(limits: tuple[Path, ...] = LIMITS) -> int:
    """MB (10^6 bytes) of memory: what is built in, or less where this process has a limit. limits: files that may tell one."""
    found = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for file in limits:
        text = file.read_text(encoding="ascii").strip() if file.is_file() else ""
        if text.isdigit():
            found.append(int(text))
    return min(found) // 10**6


def runs_here(workflow) -> bool:
    """Whether the jobs of this Snakemake run on this machine.

    While the Snakefile is read, the executor is not known yet; those of clusters need the number of jobs to submit (--jobs).
    """
    return workflow.is_main_process and workflow.resource_settings.nodes is None


def share_memory(workflow) -> None:
    """Let Snakemake start no jobs here that ask for more memory together than there is, unless `--resources` says how much.

    A job that asks for more than there is runs alone.
    """
    is_said = {"mem", "mem_mb", "mem_mib"} & {*workflow.global_resources}
    if workflow.modifier.namespace is None and not is_said:
        workflow.global_resources["mem_mb"] = machine_memory()
