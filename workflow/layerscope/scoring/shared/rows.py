"""The long row that every score ends up in."""

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
    """One row with the keys of its job, the columns of layerscope.store.SCORE_COLUMNS.

    sample: where it is not the job's own (a split). degenerate: why the score means little, "" where it means what it says;
    the score's own reason is added. The input has no snapshot of its own: epoch 0, state `input`.
    """
    keys = params["keys"]
    reasons = [reason for reason in (degenerate, score.reason) if reason]
    return {
        **keys,
        "sample": keys["sample"] if sample is None else sample,
        "epoch": epoch,
        "state": state_of(epoch, params["snapshots"]) if keys["architecture"] else "input",
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

    made_by: provenance of the network's files. epoch: of the snapshot; 0, the fresh network, is never flagged.
    """
    return f"{made_by['status']}: {made_by['reason']}" if epoch and made_by["status"] == "not_accepted" else ""
