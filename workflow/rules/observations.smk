rule score_observations:
    input:
        activations=jobs.pattern("activations"),
        neighbors=jobs.reads.observations_neighbors,
        embedding=jobs.reads.observations_embedding,
        input_neighbors=jobs.reads.beside_input_neighbors,
        fitted_on=jobs.reads.beside_fitted_on,
        code=jobs.code.score_observations,
    output:
        observations=jobs.pattern("observations"),
    log:
        jobs.log("score_observations"),
    benchmark:
        jobs.benchmark("score_observations")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.score_observations,
    message:
        "Scoring every observation of {wildcards.source} on {wildcards.sample} in {wildcards.space}"
    shell:
        "python -m layerscope.stages.score_observations --params {params.job:q} --activations {input.activations}"
        " --neighbors {input.neighbors} --embedding {input.embedding} --input-neighbors {input.input_neighbors}"
        " --fitted-on {input.fitted_on} --observations {output.observations} 2>&1 | tee {log}"
