"""Score a network by its predictions for exactly the observations of a sample."""

import argparse

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.files.csv_tables import write_rows
from layerscope.scoring.shared.asking import scores_of
from layerscope.scoring.shared.rows import score_row, unaccepted
from layerscope.scoring.shared.score_input import NetworkInput, Predicted, Score


def main(arguments: argparse.Namespace) -> None:
    """Write one row per score and requested epoch."""
    params = arguments.params
    made_by = store.file_provenance(arguments.activations)
    targets = store.read_targets(arguments.activations)
    labels = store.read_labels(arguments.activations) if targets is None else None
    n_points = len(store.read_index(arguments.activations))
    found = {one.epoch: Predicted(one.classes, one.losses) for one in store.predictions(arguments.activations)}
    rows = []
    for epoch in sorted({epoch for entry in params["scores"].values() for epoch in entry["epochs"]}):
        reason = unaccepted(made_by, epoch) if epoch in found else f"{made_by['status']}: {made_by['reason']}"
        for name, entry in params["scores"].items():
            if epoch not in entry["epochs"]:
                continue
            score = Score(float("nan"))
            if epoch in found:
                learned = None if targets is None else targets.learned
                scored = NetworkInput(labels, predictions=found[epoch], targets=learned)
                asked = {name: (entry["metric"], entry["options"])}
                score = scores_of(entry["module"], params.get("code"), scored, asked, all_of_them=True)[name]
            rows.append(score_row(params, name, score, epoch=epoch, n_points=n_points, degenerate=reason))
    write_rows(arguments.scores, store.SCORE_COLUMNS, rows)


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--activations", required=True, help="the sample's labels and predictions")
    parser.add_argument("--scores", required=True, help="the rows to write (CSV)")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
