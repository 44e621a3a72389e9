# Entry point: `snakemake --cores 16` makes everything that config.yaml asks for; --configfile names another study.
include: "workflow/Snakefile"


# What a file includes is never the default target, whatever it says there.
workflow.default_target = "all"
