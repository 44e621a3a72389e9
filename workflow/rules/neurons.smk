rule neurons:
    input:
        activations=jobs.pattern("activations", source="{run}"),
        code=jobs.code.stage("neurons"),
    output:
        neurons=jobs.pattern("neurons"),
    log:
        jobs.log("neurons"),
    benchmark:
        jobs.benchmark("neurons")
    conda:
        "../../envs/study.yaml"
    threads: jobs.study.threads
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.neurons,
    message:
        "Mapping the neurons of {wildcards.run} on {wildcards.sample}"
    shell:
        "python -m layerscope.stages.neurons --params {params.job:q} --activations {input.activations}"
        " --neurons {output.neurons} 2>&1 | tee {log}"
