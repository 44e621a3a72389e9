rule dump:
    input:
        data=jobs.reads.data_of_run,
        checkpoints=jobs.pattern("checkpoints"),
        code=jobs.code.dump,
    output:
        activations=jobs.pattern("activations", source="{run}"),
    log:
        jobs.log("dump"),
    benchmark:
        jobs.benchmark("dump")
    wildcard_constraints:
        run=jobs.runs_of("dump"),
    conda:
        "../../envs/study.yaml"
    threads: jobs.study.threads
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.dump,
    message:
        "Dumping {wildcards.run} on {wildcards.sample}"
    shell:
        "python -m layerscope.stages.dump --params {params.job:q} --data {input.data}"
        " --checkpoints {input.checkpoints} --activations {output.activations} 2>&1 | tee {log}"


rule dump_given:
    input:
        data=jobs.reads.data_of_run,
        given=jobs.reads.given,
        code=jobs.code.stage("dump_given"),
    output:
        activations=jobs.pattern("activations", source="{run}"),
    log:
        jobs.log("dump_given"),
    benchmark:
        jobs.benchmark("dump_given")
    wildcard_constraints:
        run=jobs.runs_of("dump_given"),
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.dump_given,
    message:
        "Taking the activations of {wildcards.run} on {wildcards.sample}"
    shell:
        "python -m layerscope.stages.dump_given --params {params.job:q} --data {input.data}"
        " --given {input.given:q} --activations {output.activations} 2>&1 | tee {log}"


rule dump_input:
    input:
        data=jobs.pattern("data"),
        code=jobs.code.stage("dump_input"),
    output:
        activations=jobs.pattern("activations", source="inputs/{dataset}"),
    log:
        jobs.log("dump_input"),
    benchmark:
        jobs.benchmark("dump_input")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.dump_input,
    message:
        "Dumping the input of {wildcards.dataset} on {wildcards.sample}"
    shell:
        "python -m layerscope.stages.dump_input --params {params.job:q} --data {input.data}"
        " --activations {output.activations} 2>&1 | tee {log}"
