rule neighbors:
    input:
        activations=jobs.pattern("activations"),
        code=jobs.code.stage("neighbors"),
    output:
        neighbors=jobs.pattern("neighbors"),
    log:
        jobs.log("neighbors"),
    benchmark:
        jobs.benchmark("neighbors")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.neighbors,
    message:
        "Finding neighbors in {wildcards.source} on {wildcards.sample}"
    shell:
        "python -m layerscope.stages.neighbors --params {params.job:q} --activations {input.activations}"
        " --neighbors {output.neighbors} 2>&1 | tee {log}"
