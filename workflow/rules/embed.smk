rule embed:
    input:
        activations=jobs.pattern("activations"),
        neighbors=jobs.reads.embed_neighbors,
        code=jobs.code.embed,
    output:
        embedding=jobs.pattern("embedding"),
    log:
        jobs.log("embed"),
    benchmark:
        jobs.benchmark("embed")
    conda:
        "../../envs/study.yaml"
    threads: jobs.study.threads
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
        gpu=jobs.resources.gpus_to_embed,
    params:
        job=jobs.params.embed,
    message:
        "Embedding {wildcards.source} on {wildcards.sample} by {wildcards.embedding}"
    shell:
        "python -m layerscope.stages.embed --params {params.job:q} --activations {input.activations}"
        " --neighbors {input.neighbors} --embedding {output.embedding} 2>&1 | tee {log}"
