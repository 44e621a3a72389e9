# Entry point: `snakemake --cores 16` makes everything that config.yaml asks for; --configfile names another study.
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.current_basedir) / "workflow"))

from layerscope.jobs.entry import before_jobs, load_jobs

jobs = load_jobs(workflow, config)


wildcard_constraints:
    **jobs.constraints(),


onstart:
    before_jobs(workflow, jobs)


report: "workflow/report/study.rst"


rule all:
    default_target: True
    input:
        jobs.targets(),
    localrule: True


include: "workflow/rules/prepare.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/dump.smk"
include: "workflow/rules/neighbors.smk"
include: "workflow/rules/embed.smk"
include: "workflow/rules/neurons.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/aggregate.smk"
include: "workflow/rules/figure.smk"
include: "workflow/rules/table.smk"
include: "workflow/rules/targets.smk"
