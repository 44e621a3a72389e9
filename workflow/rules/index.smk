rule index:
    input:
        figures=jobs.figure_files(),
        tables=jobs.reads.index_tables(),
        claims=jobs.reads.index_claims(),
        networks=jobs.reads.index_networks(),
        code=jobs.code.index(),
    output:
        page=jobs.pattern("index"),
    log:
        jobs.log("index"),
    benchmark:
        jobs.benchmark("index")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.index,
    message:
        "Writing the index"
    shell:
        "printf '%s\\n' --params {params.job:q} |"
        " python -m layerscope.stages.index --tables {input.tables} --claims {input.claims} --networks {input.networks}"
        " --page {output.page} @/dev/stdin 2>&1 | tee {log}"
