rule prepare:
    input:
        code=jobs.prepare_code,
    output:
        data=jobs.pattern("data"),
    log:
        jobs.log("prepare/{dataset}"),
    benchmark:
        jobs.benchmark("prepare/{dataset}")
    priority: 100
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.memory,
        runtime=jobs.runtime,
    params:
        job=jobs.params.prepare,
    message:
        "Preparing dataset {wildcards.dataset}"
    shell:
        "python -m layerscope.stages.prepare --params {params.job:q} --data {output.data} 2>&1 | tee {log}"


# All other work waits for it: where one dataset is missing, a person hears of it before hours are spent on the others.
rule prepared:
    input:
        jobs.data_files(),
    output:
        jobs.pattern("prepared"),
    log:
        jobs.log("prepared"),
    priority: 100
    conda:
        "../../envs/study.yaml"
    message:
        "All datasets are prepared"
    shell:
        "echo 'all datasets are prepared' > {output} 2> {log}"
