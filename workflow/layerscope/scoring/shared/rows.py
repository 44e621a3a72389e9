"""The table row of a score, in long format."""

from layerscope.scoring.shared.score_input import Score
from layerscope.states import state as state_of


def score_row(
    params: dict,
    name: str,
    score: Score,
    *,
    epoch: int,
    n_points: int,
    sample: str | None = None,
    layer: str = "",
    depth: int | None = None,
    filter_number: int | None = None,
    embedding_seed: int | None = None,
    degenerate: str = "",
) -> dict:
    """One row with the columns of layerscope.store.SCORE_COLUMNS, with the keys of its job.

    sample: only where it differs from the job's own (a split). degenerate: why the score means little, "" if it is sound; the
    score's own reason is appended. The input belongs to no network: its epoch is 0 and its state `input`.
    """
    keys = params["keys"]
    reasons = [reason for reason in (degenerate, score.reason) if reason]
    return {
        **keys,
        "sample": keys["sample"] if sample is None else sample,
        "epoch": epoch,
        "state": state_of(epoch, params["snapshots"], params.get("pretrained", False)) if keys["architecture"] else "input",
        "layer": layer,
        "depth": depth,
        "filter": "" if filter_number is None else filter_number,
        "space": params["space"],
        "embedding_seed": embedding_seed,
        "metric": name,
        "value": score.value,
        "n_points": n_points,
        "chance": score.chance,
        "degenerate": "; ".join(dict.fromkeys(reasons)),
    }


def unaccepted(made_by: dict, epoch: int) -> str:
    """Why the scores of a trained network are flagged: none of its trainings was accepted. "" for all other networks.

    made_by: provenance of the network's files. epoch: of the snapshot; epoch 0, the untrained network, is never flagged.
    """
    return f"{made_by['status']}: {made_by['reason']}" if epoch and made_by["status"] == "not_accepted" else ""
