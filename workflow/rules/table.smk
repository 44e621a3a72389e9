rule table:
    input:
        unpack(jobs.table_reads),
        code=jobs.table_code,
    output:
        csv=report(
            jobs.pattern("table").replace("{format}", "csv"),
            category="Tables",
            caption="../report/table.rst",
            labels={"table": "{table}"},
        ),
        md=jobs.pattern("table").replace("{format}", "md"),
        tex=jobs.pattern("table").replace("{format}", "tex"),
    log:
        jobs.log("table/{table}"),
    benchmark:
        jobs.benchmark("table/{table}")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.memory,
        runtime=jobs.runtime,
    params:
        job=jobs.params.table,
    message:
        "Writing table {wildcards.table}"
    shell:
        "python -m layerscope.stages.table --params {params.job:q} --csv {output.csv} --md {output.md} --tex {output.tex}"
        " --score-table {input.score_table} --summary {input.summary} --tests {input.tests} --data {input.data}"
        " --history {input.history} --activations {input.activations} --embedding {input.embedding}"
        " --neurons {input.neurons} --published {input.published:q} 2>&1 | tee {log}"
