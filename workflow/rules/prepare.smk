rule prepare:
    input:
        files=jobs.reads.prepare,
        code=jobs.code.prepare,
    output:
        data=jobs.pattern("data"),
    log:
        jobs.log("prepare"),
    benchmark:
        jobs.benchmark("prepare")
    priority: 100
    localrule: True
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.prepare,
    message:
        "Preparing dataset {wildcards.dataset}"
    shell:
        "python -m layerscope.stages.prepare --params {params.job:q} --data {output.data} 2>&1 | tee {log}"
