rule train:
    input:
        code=jobs.code.train,
        data=jobs.reads.data_of_run,
        weights=jobs.reads.weights,
    output:
        checkpoints=jobs.pattern("checkpoints"),
        history=jobs.pattern("history"),
        spectra=jobs.pattern("spectra"),
    log:
        jobs.log("train"),
    benchmark:
        jobs.benchmark("train")
    conda:
        "../../envs/study.yaml"
    threads: jobs.study.threads
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.train,
    message:
        "Training {wildcards.run}"
    shell:
        "python -m layerscope.stages.train --params {params.job:q} --data {input.data} --weights {input.weights}"
        " --checkpoints {output.checkpoints} --history {output.history} --spectra {output.spectra} 2>&1 | tee {log}"
