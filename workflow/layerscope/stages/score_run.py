"""Score a network as such: its accuracy and loss on every split, and the spectra of its layers."""

import argparse

import numpy as np

from layerscope import files, store
from layerscope.commandline import run_stage, stage_parser
from layerscope.scoring.network import classification, dimension
from layerscope.scoring.rows import score_row
from layerscope.scoring.subject import Score

MISSING = float("nan")


def main(arguments: argparse.Namespace) -> None:
    params = arguments.params
    made_by = store.file_provenance(arguments.spectra)
    reason = "" if made_by["status"] == "ok" else f"{made_by['status']}: {made_by['reason']}"
    rows = split_rows(params, arguments.data, files.read_rows(arguments.history), reason)
    rows += spectrum_rows(params, list(store.spectra(arguments.spectra)), reason)
    files.write_rows(arguments.scores, store.SCORE_COLUMNS, rows)


def split_rows(params: dict, data: str, history: list[dict], reason: str) -> list[dict]:
    """accuracy and loss of every split at every snapshot; NaN with the reason where training ended before."""
    rows = []
    for split in store.split_names(data):
        _, labels = store.read_split(data, split)
        found = {int(row["epoch"]): row for row in history if row["split"] == split}
        for epoch in params["snapshots"]:
            reached = epoch in found
            accuracy, loss = (float(found[epoch][key]) if reached else MISSING for key in ("accuracy", "loss"))
            for name, (metric, _) in params["scores"].items():
                if metric in ("accuracy", "loss"):
                    score = classification(metric, accuracy, loss, labels)
                    degenerate = "" if np.isfinite(score.value) else reason
                    rows.append(
                        score_row(params, name, score, epoch=epoch, n_points=len(labels), sample=split, degenerate=degenerate)
                    )
    return rows


def spectrum_rows(params: dict, spectra: list[store.StoredSpectrum], reason: str) -> list[dict]:
    """intrinsic_dimension and saturation of every layer at every snapshot."""
    rows = []
    evaluated = [spectrum for spectrum in spectra if spectrum.phase == "evaluation"]
    layers = {spectrum.layer: spectrum for spectrum in evaluated}
    for epoch in params["snapshots"]:
        found = {spectrum.layer: spectrum for spectrum in evaluated if spectrum.epoch == epoch}
        for layer, any_epoch in layers.items():
            for name, (metric, options) in params["scores"].items():
                if metric not in ("intrinsic_dimension", "saturation"):
                    continue
                spectrum = found.get(layer)
                score = dimension(metric, options, spectrum.eigenvalues) if spectrum else Score(MISSING)
                rows.append(
                    score_row(
                        params,
                        name,
                        score,
                        epoch=epoch,
                        n_points=any_epoch.samples,
                        sample="test",
                        layer=layer,
                        depth=any_epoch.depth,
                        degenerate="" if spectrum else reason,
                    )
                )
    return rows


def parser() -> argparse.ArgumentParser:
    parser = stage_parser(__doc__)
    parser.add_argument("--data", required=True, help="data/{dataset}.h5")
    parser.add_argument("--history", required=True, help="losses and accuracies")
    parser.add_argument("--spectra", required=True, help="covariance spectra")
    parser.add_argument("--scores", required=True, help="the rows to write (CSV)")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
