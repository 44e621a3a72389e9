rule figure:
    input:
        unpack(jobs.figure_reads),
        code=jobs.figure_code,
    output:
        svg=jobs.pattern("figure").replace("{format}", "svg"),
        png=report(
            jobs.pattern("figure").replace("{format}", "png"),
            category="Figures",
            subcategory=jobs.figure_kind,
            caption="../report/figure.rst",
            labels={"figure": "{figure}"},
        ),
        csv=jobs.pattern("figure").replace("{format}", "csv"),
    log:
        jobs.log("figure/{figure}"),
    benchmark:
        jobs.benchmark("figure/{figure}")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.memory,
        runtime=jobs.runtime,
    params:
        job=jobs.params.figure,
    message:
        "Drawing figure {wildcards.figure}"
    shell:
        "printf '%s\\n' --score-table {input.score_table} --summary {input.summary} --tests {input.tests} --data {input.data}"
        " --history {input.history} --activations {input.activations} --embedding {input.embedding}"
        " --neurons {input.neurons} --published {input.published:q} |"
        " python -m layerscope.stages.figure --params {params.job:q} --svg {output.svg} --png {output.png}"
        " --csv {output.csv} @/dev/stdin 2>&1 | tee {log}"
