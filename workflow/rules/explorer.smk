rule explore_sample:
    input:
        data=jobs.pattern("data"),
        code=jobs.code.stage("explore_sample"),
    output:
        script=jobs.pattern("explored_sample"),
    log:
        jobs.log("explore_sample"),
    benchmark:
        jobs.benchmark("explore_sample")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.explore_sample,
    message:
        "Gathering {wildcards.sample} of {wildcards.dataset} for the explorer"
    shell:
        "python -m layerscope.stages.explore_sample --params {params.job:q} --data {input.data}"
        " --script {output.script} 2>&1 | tee {log}"


rule explore_source:
    input:
        activations=jobs.pattern("activations"),
        embeddings=jobs.reads.embeddings,
        neighbors=jobs.reads.explored_neighbors,
        observations=jobs.reads.explored_observations,
        code=jobs.code.stage("explore_source"),
    output:
        script=jobs.pattern("explored_source"),
    log:
        jobs.log("explore_source"),
    benchmark:
        jobs.benchmark("explore_source")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.explore_source,
    message:
        "Gathering {wildcards.source} on {wildcards.sample} for the explorer"
    shell:
        "python -m layerscope.stages.explore_source --params {params.job:q} --activations {input.activations}"
        " --embeddings {input.embeddings} --neighbors {input.neighbors} --observations {input.observations}"
        " --script {output.script} 2>&1 | tee {log}"


rule explorer:
    input:
        scripts=jobs.reads.explored_files(),
        runs=jobs.reads.explorer_runs(),
        code=jobs.code.explorer(),
    output:
        jobs.explorer_files(),
    log:
        jobs.log("explorer"),
    benchmark:
        jobs.benchmark("explorer")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.explorer,
    message:
        "Writing the explorer"
    shell:
        "printf '%s\\n' --params {params.job:q} |"
        " python -m layerscope.stages.explorer --runs {input.runs} --outputs {output} @/dev/stdin 2>&1 | tee {log}"
