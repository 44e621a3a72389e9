"""Score a network as such: its accuracy and loss on every split, and the spectra of its layers."""

import argparse

from layerscope import files, store
from layerscope.commandline import run_stage, stage_parser
from layerscope.scoring.network import CLASSIFICATION, classification, dimension
from layerscope.scoring.rows import score_row, unaccepted
from layerscope.scoring.subject import Score

MISSING = float("nan")


def main(arguments: argparse.Namespace) -> None:
    params = arguments.params
    made_by = store.file_provenance(arguments.spectra)
    reason = f"{made_by['status']}: {made_by['reason']}"
    spectra = [spectrum for spectrum in store.spectra(arguments.spectra) if spectrum.phase == "evaluation"]
    kept = {spectrum.epoch for spectrum in spectra}
    rows = split_rows(params, arguments.data, files.read_rows(arguments.history), kept, reason)
    rows += spectrum_rows(params, spectra, kept, reason)
    for row in rows:
        row["degenerate"] = row["degenerate"] or unaccepted(made_by, row["epoch"])
    files.write_rows(arguments.scores, store.SCORE_COLUMNS, rows)


def split_rows(params: dict, data: str, history: list[dict], kept: set[int], reason: str) -> list[dict]:
    """The asked scores of every split at every snapshot; NaN with the reason from where training diverged."""
    rows = []
    for split in store.split_names(data):
        labels = store.read_split_labels(data, split)
        found = {int(row["epoch"]): row for row in history if row["split"] == split}
        for name, entry in params["scores"].items():
            if entry["metric"] not in CLASSIFICATION or (entry["splits"] is not None and split not in entry["splits"]):
                continue
            for epoch in entry["epochs"]:
                reached = epoch in kept
                accuracy, loss = (float(found[epoch][key]) if reached else MISSING for key in ("accuracy", "loss"))
                score = classification(entry["metric"], accuracy, loss, labels)
                degenerate = "" if reached else reason
                rows.append(
                    score_row(params, name, score, epoch=epoch, n_points=len(labels), sample=split, degenerate=degenerate)
                )
    return rows


def spectrum_rows(params: dict, spectra: list[store.StoredSpectrum], kept: set[int], reason: str) -> list[dict]:
    """The asked dimensions of every layer at every snapshot; NaN with the reason from where training diverged."""
    found = {(spectrum.layer, spectrum.epoch): spectrum for spectrum in spectra}
    samples = max((spectrum.samples for spectrum in spectra), default=0)
    rows = []
    for name, entry in params["scores"].items():
        if entry["metric"] in CLASSIFICATION:
            continue
        for depth, layer in enumerate(params["layers"], start=1):
            if entry["layers"] is not None and layer not in entry["layers"]:
                continue
            for epoch in entry["epochs"]:
                spectrum = found.get((layer, epoch))
                reached = epoch in kept
                score = dimension(entry["metric"], entry["options"], spectrum.eigenvalues) if reached else Score(MISSING)
                rows.append(
                    score_row(
                        params,
                        name,
                        score,
                        epoch=epoch,
                        n_points=samples,
                        sample="test",
                        layer=layer,
                        depth=depth,
                        degenerate="" if reached else reason,
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
