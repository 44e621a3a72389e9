# Every figure, table and claim is a target by its own name.
for target_name in jobs.named_targets():

    rule:
        name:
            target_name
        input:
            jobs.target(target_name),
        localrule: True
