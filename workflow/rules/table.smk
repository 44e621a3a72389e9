rule table:
    input:
        unpack(jobs.reads.table),
        code=jobs.code.table,
    output:
        csv=report(
            jobs.pattern("table", format="csv"),
            category="Tables",
            caption="../report/table.rst",
            labels={"table": "{table}"},
        ),
        md=jobs.pattern("table", format="md"),
        tex=jobs.pattern("table", format="tex"),
    log:
        jobs.log("table"),
    benchmark:
        jobs.benchmark("table")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.table,
        reads=jobs.reads.arguments,
    message:
        "Writing table {wildcards.table}"
    shell:
        "python -m layerscope.stages.table --params {params.job:q} --csv {output.csv} --md {output.md} --tex {output.tex}"
        " {params.reads:q} 2>&1 | tee {log}"
