"""Compare the representations of one network with each other, or with those of other networks, on the same observations."""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from tqdm import tqdm

from layerscope import store
from layerscope.commandline import run_stage, stage_parser
from layerscope.errors import StudyError
from layerscope.files.csv_tables import write_rows
from layerscope.scoring.shared.degenerate import degenerate_reason
from layerscope.scoring.shared.rows import unaccepted
from layerscope.selection import INPUT
from layerscope.similarity.shared.measures import compare_by, prepared, similarity_measures
from layerscope.similarity.shared.pairs import pairs_of
from layerscope.states import state

NAN = float("nan")
DIVERGED = "diverged"


@dataclass(frozen=True)
class Place:
    """A representation. source: its file of activations. epoch: the snapshot; of an input the one that it stands beside."""

    source: str
    epoch: int
    layer: str
    depth: int


@dataclass(frozen=True)
class Pair:
    """A representation of the network, and the other one. keys: of the other network.

    independent: whether no network of it stands in another pair that is said to be independent.
    """

    one: Place
    other: Place
    keys: dict
    independent: bool


@dataclass(frozen=True)
class Ready:
    """A representation as comparisons need it. outputs: (n, ...), None where it has none. lost: why it has no value.

    flag: why its values mean little.
    """

    outputs: np.ndarray | None
    prepared: dict
    lost: str
    flag: str


def main(arguments: argparse.Namespace) -> None:
    """Write a row for each pair of representations and each measure."""
    params = arguments.params
    check_observations([arguments.activations, *arguments.input, *arguments.others])
    groups = list(pairs_to_compare(params, arguments))
    rows = [row for group in tqdm(groups, desc="compare", delay=10, mininterval=5) for row in compared(params, group)]
    write_rows(arguments.comparison, store.COMPARISON_COLUMNS, rows)


def check_observations(sources: list[str]) -> None:
    """Raise StudyError unless all files are of the same observations in one order."""
    first, *others = sources
    index = store.read_index(first)
    for other in others:
        if not np.array_equal(index, store.read_index(other)):
            raise StudyError(f"{other} has other observations than {first}, and only outputs for the same ones can be compared")


def pairs_to_compare(params: dict, arguments: argparse.Namespace) -> Iterator[list[Pair]]:
    """The pairs of a job, in groups that have representations in common."""
    own = arguments.activations
    if params["between"] == "layers":
        for epoch in params["epochs"]:
            of_input = [Place(source, epoch, INPUT, 0) for source in arguments.input]
            yield within(params, [*of_input, *(Place(own, epoch, layer, depth) for layer, depth in params["layers"])])
    elif params["between"] == "epochs":
        for layer, depth in params["layers"]:
            yield within(params, [Place(own, epoch, layer, depth) for epoch in params["epochs"]])
    else:
        groups: dict[tuple[int, int, str], list[Pair]] = {}
        for source, other in zip(arguments.others, params["others"], strict=True):
            for epoch, other_epoch in other["epochs"]:
                for layer, depth, other_layer, other_depth in other["layers"]:
                    one, compared_with = Place(own, epoch, layer, depth), Place(source, other_epoch, other_layer, other_depth)
                    found = Pair(one, compared_with, other["keys"], other["independent"])
                    groups.setdefault((epoch, depth, layer), []).append(found)
        yield from (groups[key] for key in sorted(groups))


def within(params: dict, steps: list[Place]) -> list[Pair]:
    """The pairs of representations of one network."""
    return [Pair(steps[one], steps[other], params["keys"], True) for one, other in pairs_of(len(steps), params["with"])]


def compared(params: dict, pairs: list[Pair]) -> Iterator[dict]:
    """The rows of a group of pairs. Each representation is prepared once, and held until its last pair."""
    measures, code = params["measures"], params.get("code")
    known = similarity_measures(code)
    maps = any(known[name].get("takes_maps") for name in measures)
    undefined_for = {name: known[name].get("undefined_for", "these two") for name in measures}
    left = Counter(place for pair in pairs for place in (pair.one, pair.other))
    held: dict[Place, Ready] = {}
    shuffled: tuple[Place, list[dict]] | None = None
    for pair in pairs:
        for place in (pair.one, pair.other):
            if place not in held:
                held[place] = ready(place, measures, code, maps)
        one, other = held[pair.one], held[pair.other]
        lost = "; ".join(dict.fromkeys(filter(None, (one.lost, other.lost))))
        values, chance = dict.fromkeys(measures, NAN), dict.fromkeys(measures, NAN)
        if not lost:
            if shuffled is None or shuffled[0] != pair.one:
                shuffled = (pair.one, [prepared(outputs, measures, code) for outputs in orders(one, params["permutations"])])
            values = compare_by(one.prepared, other.prepared, measures, code)
            by_chance = [compare_by(of_one, other.prepared, measures, code) for of_one in shuffled[1]]
            chance = {name: float(np.mean([found[name] for found in by_chance])) for name in measures}
        for name in measures:
            undefined = "" if lost or np.isfinite(values[name]) else f"{name} is not defined for {undefined_for[name]}"
            reasons = filter(None, (lost, undefined, one.flag, other.flag))
            yield row_of(params, pair, name, values[name], chance[name], "; ".join(dict.fromkeys(reasons)))
        left.subtract([pair.one, pair.other])
        for place in {pair.one, pair.other}:
            if not left[place]:
                del held[place]


def orders(one: Ready, count: int) -> Iterator[np.ndarray]:
    """The outputs of a representation with its observations in `count` other orders, the same ones for all representations."""
    assert one.outputs is not None
    for seed in range(count):
        yield one.outputs[np.random.default_rng(seed).permutation(len(one.outputs))]


def ready(place: Place, measures: list[str], code: dict | None, maps: bool) -> Ready:
    """A representation, prepared for comparisons. maps: whether a measure takes maps in their own shape."""
    made_by = provenance_of(place.source)
    # The input is the same at every snapshot, and stored once.
    epoch = place.epoch if place.depth else 0
    if made_by["status"] == DIVERGED and not store.has_layer(place.source, epoch, place.layer):
        return Ready(None, {}, f"{made_by['status']}: {made_by['reason']}", "")
    outputs = store.read_layer(place.source, epoch, place.layer)
    flat = outputs.reshape(len(outputs), -1)
    reason = degenerate_reason(flat, 2)
    if reason:
        return Ready(None, {}, f"{place.layer}: {reason}", "")
    return Ready(outputs if maps else flat, prepared(outputs, measures, code), "", unaccepted(made_by, place.epoch))


@cache
def provenance_of(source: str) -> dict:
    """The provenance of a file."""
    return store.file_provenance(source)


@cache
def observations(source: str) -> int:
    """How many observations a file has."""
    return len(store.read_index(source))


def row_of(params: dict, pair: Pair, measure: str, value: float, chance: float, reason: str) -> dict:
    """A row with the columns of store.COMPARISON_COLUMNS."""
    one, other = pair.one, pair.other
    return {
        **params["keys"],
        "comparison": params["comparison"],
        "between": params["between"],
        "epoch": one.epoch,
        "state": state(one.epoch, params["snapshots"], params.get("pretrained", False)),
        "layer": one.layer,
        "depth": one.depth,
        **{f"other_{key}": pair.keys[key] for key in ("architecture", "activation", "seed")},
        "other_epoch": other.epoch,
        "other_layer": other.layer,
        "other_depth": other.depth,
        "measure": measure,
        "value": value,
        "chance": chance,
        "n_points": observations(one.source),
        "independent": pair.independent,
        "degenerate": reason,
    }


def parser() -> argparse.ArgumentParser:
    """The options of this stage's command line."""
    parser = stage_parser(__doc__)
    parser.add_argument("--activations", required=True, help="the representations of the network")
    parser.add_argument("--input", nargs="*", default=[], help="the input of the network, where it is compared with layers")
    parser.add_argument("--others", nargs="*", default=[], help="the representations of the networks that it is compared with")
    parser.add_argument("--comparison", required=True, help="the rows to write (CSV)")
    return parser


if __name__ == "__main__":
    run_stage(main, parser())
