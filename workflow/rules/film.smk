rule film:
    input:
        unpack(jobs.film_reads),
        code=jobs.film_code,
    output:
        gif=jobs.pattern("figure").replace("{figure}.{format}", "{film}.gif"),
        html=report(
            jobs.pattern("figure").replace("{figure}.{format}", "{film}.html"),
            category="Films",
            caption="../report/film.rst",
            labels={"film": "{film}"},
        ),
        csv=jobs.pattern("figure").replace("{figure}.{format}", "{film}.csv"),
    log:
        jobs.log("figure/{film}"),
    benchmark:
        jobs.benchmark("figure/{film}")
    conda:
        "../../envs/study.yaml"
    threads: 1
    resources:
        mem_mb=jobs.memory,
        runtime=jobs.runtime,
    params:
        job=jobs.params.film,
    message:
        "Making film {wildcards.film}"
    shell:
        "python -m layerscope.stages.film --params {params.job:q} --gif {output.gif} --html {output.html}"
        " --csv {output.csv}"
        " --score-table {input.score_table} --summary {input.summary} --tests {input.tests} --data {input.data}"
        " --history {input.history} --activations {input.activations} --embedding {input.embedding}"
        " --neurons {input.neurons} --published {input.published:q} 2>&1 | tee {log}"
