rule aggregate:
    input:
        scores=jobs.reads.score_files(),
        comparisons=jobs.reads.compared_scores(),
        made_by=jobs.reads.made_by_files(),
        code=jobs.code.stage("aggregate"),
    output:
        table=jobs.pattern("score_table"),
        runs=jobs.pattern("runs"),
        summary=report(
            jobs.pattern("summary"),
            category="Scores",
            caption="../report/summary.rst",
            labels={"what": "means and intervals"},
        ),
        tests=report(
            jobs.pattern("tests"),
            category="Scores",
            caption="../report/tests.rst",
            labels={"what": "trained against untrained"},
        ),
        networks=report(
            jobs.pattern("networks"),
            category="Networks",
            caption="../report/networks.rst",
            labels={"what": "how each network ended, and what made it"},
        ),
    log:
        jobs.log("aggregate"),
    benchmark:
        jobs.benchmark("aggregate")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.aggregate,
    message:
        "Aggregating all scores"
    shell:
        "printf '%s\\n' --params {params.job:q} --comparisons {input.comparisons} |"
        " python -m layerscope.stages.aggregate --table {output.table} --runs {output.runs}"
        " --summary {output.summary} --tests {output.tests} --networks {output.networks} @/dev/stdin 2>&1 | tee {log}"


rule claims:
    input:
        runs=jobs.pattern("runs"),
        code=jobs.code.claims(),
    output:
        claims=report(
            jobs.pattern("claims"),
            category="Claims",
            caption="../report/claims.rst",
            labels={"what": "verdicts"},
        ),
    log:
        jobs.log("claims"),
    benchmark:
        jobs.benchmark("claims")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.claims,
    message:
        "Judging the claims"
    shell:
        "python -m layerscope.stages.claims --params {params.job:q} --runs {input.runs}"
        " --claims {output.claims} 2>&1 | tee {log}"
