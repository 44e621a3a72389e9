rule dump:
    input:
        unpack(jobs.dump_reads),
        code=jobs.dump_code,
    output:
        activations=jobs.pattern("activations").replace("{source}", "{run}"),
    log:
        jobs.log("dump/{run}/{sample}"),
    benchmark:
        jobs.benchmark("dump/{run}/{sample}")
    conda:
        "../../envs/study.yaml"
    threads: jobs.study.threads
    resources:
        mem_mb=jobs.memory,
        runtime=jobs.runtime,
    params:
        job=jobs.params.dump,
    message:
        "Dumping {wildcards.run} on {wildcards.sample}"
    shell:
        "python -m layerscope.stages.dump --params {params.job:q} --data {input.data}"
        " --checkpoints {input.checkpoints} --activations {output.activations} 2>&1 | tee {log}"


rule dump_input:
    input:
        data=jobs.pattern("data"),
        code=jobs.stage_code("dump_input"),
    output:
        activations=jobs.pattern("activations").replace("{source}", "inputs/{dataset}"),
    log:
        jobs.log("dump_input/{dataset}/{sample}"),
    benchmark:
        jobs.benchmark("dump_input/{dataset}/{sample}")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.memory,
        runtime=jobs.runtime,
    params:
        job=jobs.params.dump_input,
    message:
        "Dumping the input of {wildcards.dataset} on {wildcards.sample}"
    shell:
        "python -m layerscope.stages.dump_input --params {params.job:q} --data {input.data}"
        " --activations {output.activations} 2>&1 | tee {log}"
