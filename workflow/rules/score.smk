rule score_run:
    input:
        data=jobs.reads.data_of_run,
        history=jobs.pattern("history"),
        spectra=jobs.pattern("spectra"),
        code=jobs.code.score_run,
    output:
        scores=jobs.pattern("run_scores"),
    log:
        jobs.log("score_run"),
    benchmark:
        jobs.benchmark("score_run")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.score_run,
    message:
        "Scoring {wildcards.run}"
    shell:
        "python -m layerscope.stages.score_run --params {params.job:q} --data {input.data}"
        " --history {input.history} --spectra {input.spectra} --scores {output.scores} 2>&1 | tee {log}"


rule score_sample:
    input:
        activations=jobs.pattern("activations", source="{run}"),
        code=jobs.code.score_sample,
    output:
        scores=jobs.pattern("scores", source="{run}", space="run"),
    log:
        jobs.log("score_sample"),
    benchmark:
        jobs.benchmark("score_sample")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.score_sample,
    message:
        "Scoring {wildcards.run} on {wildcards.sample}"
    shell:
        "python -m layerscope.stages.score_sample --params {params.job:q} --activations {input.activations}"
        " --scores {output.scores} 2>&1 | tee {log}"


rule score_raw:
    input:
        activations=jobs.pattern("activations"),
        neighbors=jobs.reads.score_raw_neighbors,
        code=jobs.code.score_raw,
    output:
        scores=jobs.pattern("scores", space="raw"),
    log:
        jobs.log("score_raw"),
    benchmark:
        jobs.benchmark("score_raw")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.score_raw,
    message:
        "Scoring the representations of {wildcards.source} on {wildcards.sample}"
    shell:
        "python -m layerscope.stages.score --params {params.job:q} --activations {input.activations}"
        " --neighbors {input.neighbors} --scores {output.scores} 2>&1 | tee {log}"


rule score_beside:
    input:
        activations=jobs.pattern("activations"),
        neighbors=jobs.reads.beside_neighbors,
        input_neighbors=jobs.reads.beside_input_neighbors,
        fitted_on=jobs.reads.beside_fitted_on,
        checkpoints=jobs.reads.beside_checkpoints,
        code=jobs.code.score_beside,
    output:
        scores=jobs.pattern("scores", space="beside"),
    log:
        jobs.log("score_beside"),
    benchmark:
        jobs.benchmark("score_beside")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.score_beside,
    message:
        "Scoring the representations of {wildcards.source} on {wildcards.sample} beside others"
    shell:
        "python -m layerscope.stages.score_beside --params {params.job:q} --activations {input.activations}"
        " --neighbors {input.neighbors} --input-neighbors {input.input_neighbors} --fitted-on {input.fitted_on}"
        " --checkpoints {input.checkpoints} --scores {output.scores} 2>&1 | tee {log}"


rule score_embedding:
    input:
        activations=jobs.pattern("activations"),
        neighbors=jobs.reads.score_embedding_neighbors,
        embedding=jobs.pattern("embedding"),
        code=jobs.code.score_embedding,
    output:
        scores=jobs.pattern("scores", space="{embedding}"),
    log:
        jobs.log("score_embedding"),
    benchmark:
        jobs.benchmark("score_embedding")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.score_embedding,
    message:
        "Scoring {wildcards.source} on {wildcards.sample} in {wildcards.embedding}"
    shell:
        "python -m layerscope.stages.score --params {params.job:q} --activations {input.activations}"
        " --neighbors {input.neighbors} --embedding {input.embedding} --scores {output.scores} 2>&1 | tee {log}"
