rule figure:
    input:
        unpack(jobs.reads.figure),
        code=jobs.code.figure,
    output:
        svg=jobs.pattern("figure", format="svg"),
        png=report(
            jobs.pattern("figure", format="png"),
            category="Figures",
            subcategory=jobs.figure_kind,
            caption="../report/figure.rst",
            labels={"figure": "{figure}"},
        ),
        csv=jobs.pattern("figure", format="csv"),
    log:
        jobs.log("figure"),
    benchmark:
        jobs.benchmark("figure")
    wildcard_constraints:
        figure=jobs.figures_of("figure"),
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.figure,
        reads=jobs.reads.arguments,
    message:
        "Drawing figure {wildcards.figure}"
    shell:
        "printf '%s\\n' {params.reads:q} |"
        " python -m layerscope.stages.figure --params {params.job:q} --outputs {output} @/dev/stdin 2>&1 | tee {log}"


rule film:
    input:
        unpack(jobs.reads.figure),
        code=jobs.code.figure,
    output:
        gif=jobs.pattern("figure", format="gif"),
        html=report(
            jobs.pattern("figure", format="html"),
            category="Films",
            caption="../report/film.rst",
            labels={"film": "{figure}"},
        ),
        csv=jobs.pattern("figure", format="csv"),
    log:
        jobs.log("film"),
    benchmark:
        jobs.benchmark("film")
    wildcard_constraints:
        figure=jobs.figures_of("film"),
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.resources.memory,
        runtime=jobs.resources.runtime,
    params:
        job=jobs.params.figure,
        reads=jobs.reads.arguments,
    message:
        "Making film {wildcards.figure}"
    shell:
        "printf '%s\\n' {params.reads:q} |"
        " python -m layerscope.stages.figure --params {params.job:q} --outputs {output} @/dev/stdin 2>&1 | tee {log}"
