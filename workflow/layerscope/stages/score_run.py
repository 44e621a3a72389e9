"""Score a network itself: on every split, and layer by layer from its covariance spectra."""

import argparse
from collections.abc import Iterator

import numpy as np

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.data.targets import target_scaling
from layerscope.files.csv_tables import read_rows, write_rows
from layerscope.kind_modules import load_kind
from layerscope.scoring.shared.asking import scores_of
from layerscope.scoring.shared.rows import score_row, unaccepted
from layerscope.scoring.shared.score_input import NetworkInput, Score

MISSING = float("nan")


def main(arguments: argparse.Namespace) -> None:
    """Write one row per score and split, or score and layer, at the requested epochs."""
    params = arguments.params
    made_by = store.file_provenance(arguments.spectra)
    history = read_rows(arguments.history)
    reason = f"{made_by['status']}: {made_by['reason']}"
    # A diverged training ends with the epoch that diverged; the values of that epoch are not used.
    ended = max(int(row["epoch"]) for row in history)
    finite = range(ended if made_by["status"] == "diverged" else ended + 1)
    rows = split_rows(params, arguments.data, history, finite, reason)
    rows += spectrum_rows(params, list(store.spectra(arguments.spectra)), reason)
    for row in rows:
        row["degenerate"] = row["degenerate"] or unaccepted(made_by, row["epoch"])
    write_rows(arguments.scores, store.SCORE_COLUMNS, rows)


def asked_of(params: dict, reads: str) -> Iterator[tuple[str, dict]]:
    """The requested scores whose metric reads `reads`: the history, or the spectra."""
    for name, entry in params["scores"].items():
        module = load_kind("scoring", entry["module"], params.get("code"))
        if reads in module.METRICS[entry["metric"]]["reads"]["run"]:
            yield name, entry


def score_of(params: dict, name: str, entry: dict, scored: NetworkInput) -> Score:
    """One requested score of a network on a split, or of one of its layers."""
    asked = {name: (entry["metric"], entry["options"])}
    return scores_of(entry["module"], params.get("code"), scored, asked, all_of_them=True)[name]


def targets_of_split(data: str, split: str, normalise_targets: str) -> np.ndarray:
    """(n, targets) float64, the targets of a split in the units in which networks learn them."""
    described = store.describe_data(data)
    shift, scale = target_scaling(described.target_mean, described.target_deviation, normalise_targets)
    return (store.read_split_labels(data, split) - shift) / scale


def split_rows(params: dict, data: str, history: list[dict], finite: range, reason: str) -> list[dict]:
    """The requested scores of every split at every epoch at which it was evaluated.

    finite: the epochs before the training diverged; at later ones scores are NaN with the reason.
    """
    rows = []
    scaling = params.get("normalise_targets")
    for split in [*store.split_names(data), store.BATCHES]:
        of_split = "train" if split == store.BATCHES else split
        targets = targets_of_split(data, of_split, scaling) if scaling else None
        labels = store.read_split_labels(data, of_split)
        found = {int(row["epoch"]): row for row in history if row["split"] == split}
        for name, entry in asked_of(params, "history"):
            if entry["splits"] is not None and split not in entry["splits"]:
                continue
            every = entry["options"].get("epochs") == "all"
            if split == store.BATCHES and not every:
                continue
            for epoch in entry["epochs"]:
                reached = epoch in finite
                if every and reached and epoch not in found:
                    continue
                measured = {key: float(found[epoch][key]) if reached else MISSING for key in ("accuracy", "loss")}
                scored = NetworkInput(
                    labels if targets is None else None,
                    history=measured,
                    reconstructs=params.get("reconstructs", False),
                    targets=targets,
                )
                score = score_of(params, name, entry, scored)
                degenerate = "" if reached else reason
                rows.append(
                    score_row(params, name, score, epoch=epoch, n_points=len(labels), sample=split, degenerate=degenerate)
                )
    return rows


def spectrum_rows(params: dict, spectra: list[store.StoredSpectrum], reason: str) -> list[dict]:
    """The requested scores of every layer at every epoch of their phase; NaN with the reason where training had diverged."""
    rows = []
    for name, entry in asked_of(params, "spectra"):
        phase = entry["options"]["phase"]
        found = {(spectrum.layer, spectrum.epoch): spectrum for spectrum in spectra if spectrum.phase == phase}
        samples = max((spectrum.samples for spectrum in found.values()), default=0)
        for depth, layer in enumerate(params["layers"], start=1):
            for epoch in entry["epochs"] if layer in entry["layers"] else []:
                spectrum = found.get((layer, epoch))
                score = Score(MISSING)
                if spectrum is not None:
                    score = score_of(params, name, entry, NetworkInput(eigenvalues=spectrum.eigenvalues))
                rows.append(
                    score_row(
                        params,
                        name,
                        score,
                        epoch=epoch,
                        n_points=samples,
                        sample=store.SPLIT_OF_PHASE[phase],
                        layer=layer,
                        depth=depth,
                        degenerate="" if spectrum is not None else reason,
                    )
                )
    return rows


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--data", required=True, help="data/{dataset}.h5")
    parser.add_argument("--history", required=True, help="losses and accuracies")
    parser.add_argument("--spectra", required=True, help="covariance spectra")
    parser.add_argument("--scores", required=True, help="the rows to write (CSV)")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
