rule compare:
    input:
        activations=jobs.pattern("activations", source="{run}"),
        of_input=jobs.reads.compared_input,
        others=jobs.reads.compared_networks,
        code=jobs.code.compare,
    output:
        comparison=jobs.pattern("comparison"),
    log:
        jobs.log("compare"),
    benchmark:
        jobs.benchmark("compare")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.compare,
    message:
        "Comparing {wildcards.run} on {wildcards.sample} for {wildcards.comparison}"
    shell:
        "printf '%s\\n' --params {params.job:q} --input {input.of_input} --others {input.others} |"
        " python -m layerscope.stages.compare --activations {input.activations}"
        " --comparison {output.comparison} @/dev/stdin 2>&1 | tee {log}"


rule gather_comparisons:
    input:
        files=jobs.reads.comparison_files(),
        code=jobs.code.stage("gather_comparisons"),
    output:
        comparisons=jobs.pattern("comparisons"),
    log:
        jobs.log("gather_comparisons"),
    benchmark:
        jobs.benchmark("gather_comparisons")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.gather_comparisons,
    message:
        "Gathering all comparisons"
    shell:
        "printf '%s\\n' --params {params.job:q} --files {input.files} |"
        " python -m layerscope.stages.gather_comparisons --comparisons {output.comparisons} @/dev/stdin 2>&1 | tee {log}"
