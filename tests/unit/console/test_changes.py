"""What changed in params is told key by key, and equal changes of many jobs in one line."""

import json

from hypothesis import given
from hypothesis import strategies as st

from layerscope.console.changes import Planned, changes, grouped_lines, shortened
from layerscope.console.reasons import files_named, inputs_changed, params_changes

BEFORE = {
    "architecture": {"name": "mlp", "hidden": [16, 8], "convolutions": [{"channels": 4, "kernel": 3}]},
    "training": {"lr": 0.1, "epochs": 2, "augmentation": {"flip": True}},
    "snapshots": [0, 2],
    "seed": 0,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=3), values, max_size=3),
    max_leaves=8,
)


def changed(**keys: object) -> list[str]:
    """The changes from BEFORE where the keys, with __ for a step inwards, have other values."""
    now = json.loads(json.dumps(BEFORE))
    for path, value in keys.items():
        *way, last = path.split("__")
        block = now
        for step in way:
            block = block[int(step)] if step.isdigit() else block[step]
        if value is KeyError:
            del block[last]
        else:
            block[last] = value
    return changes(json.dumps(BEFORE), json.dumps(now))


def test_a_change_is_told_by_its_key_and_both_values():
    assert changed(training__lr=0.2) == ["training.lr 0.1 → 0.2"]
    assert changed(snapshots=[0, 1, 2]) == ["snapshots [0, 2] → [0, 1, 2]"]
    assert changed(architecture__convolutions__0__channels=8) == ["architecture.convolutions[0].channels 4 → 8"]
    assert changed() == []


def test_a_key_that_is_new_or_gone_is_none_on_the_other_side():
    assert changed(training__clip_norm=1.0) == ["training.clip_norm none → 1.0"]
    assert changed(training__augmentation=KeyError) == ['training.augmentation {"flip": true} → none']


def test_several_changes_are_told_in_the_order_of_the_keys():
    assert changed(training__epochs=3, snapshots=[0, 3]) == ["training.epochs 2 → 3", "snapshots [0, 2] → [0, 3]"]


def test_long_values_are_told_by_what_differs():
    names = [f"layer{number}" for number in range(30)]
    assert changes(json.dumps({"layers": names}), json.dumps({"layers": [*names[:4], *names[5:], "more"]})) == [
        'layers + "more" - "layer4"'
    ]
    assert changes(json.dumps({"layers": names}), json.dumps({"layers": names[::-1]})) == ["layers in another order"]
    assert changes(json.dumps({"layers": names}), json.dumps({"layers": []})) == ["layers - 30 entries"]
    assert changes(json.dumps({"a": 1, "layers": names}), json.dumps({"a": 2, "layers": names})) == ["a 1 → 2"]
    [long_text] = changes(json.dumps({"title": "a" * 100}), json.dumps({"title": "b"}))
    assert len(long_text) < 60
    assert changes(json.dumps({"title": "a" * 100}), json.dumps({"title": "a" * 90})) == ["title is another text"]
    assert changes(json.dumps({"expected": [BEFORE]}), json.dumps({"expected": [BEFORE, BEFORE]})) == ["expected + 1 entry"]


@given(JSON, JSON)
def test_equal_params_have_no_changes_and_others_have_some(one: object, other: object):
    before, now = json.dumps({"value": one}, sort_keys=True), json.dumps({"value": other}, sort_keys=True)
    assert (changes(before, now) == []) == (before == now)


def test_params_are_compared_as_snakemake_recorded_them():
    old, new = json.dumps({"training": {"lr": 0.1}}), json.dumps({"training": {"lr": 0.2}})
    assert params_changes({repr(old)}, {repr(new)}) == ["training.lr 0.1 → 0.2"]
    # Paths that a rule has among its params are told as inputs.
    assert params_changes({repr(old), repr("a.csv")}, {repr(new), repr("b.csv")}) == ["training.lr 0.1 → 0.2"]
    assert params_changes({repr("made before there was JSON")}, {repr(new)}) == ["other params"]


def test_inputs_are_told_by_name_as_long_as_they_are_few():
    assert inputs_changed({"a", "b"}, {"b", "c"}) == "c read too, a no longer read"
    assert files_named("ba") == "a and b"
    assert files_named("edcba") == "5 files (a, ...)"


def test_one_job_is_named_and_many_are_counted():
    rate = ("training.lr 0.1 → 0.2",)
    one = Planned("train", "digits/mlp/relu/seed0", rate)
    after = [Planned("dump", "digits/mlp/relu/seed0 some", ()), Planned("aggregate", "", ())]
    assert grouped_lines([one, *after]) == [
        "train digits/mlp/relu/seed0: training.lr 0.1 → 0.2",
        "what comes after: 2 jobs (1 dump, 1 aggregate)",
    ]
    many = [Planned("train", f"digits/mlp/relu/seed{seed}", rate) for seed in range(12)]
    k = [Planned(rule, "", ("scores.hit.options.k 6 → 7",)) for rule in ("score_raw", "score_raw", "score_embedding")]
    assert grouped_lines([*many, *k]) == [
        "training.lr 0.1 → 0.2: 12 train jobs",
        "scores.hit.options.k 6 → 7: 3 jobs (2 score_raw, 1 score_embedding)",
    ]
    assert grouped_lines([Planned("aggregate", "", ("scores gone",))]) == ["aggregate: scores gone"]


def test_what_follows_from_a_change_that_is_told_is_not_told_again():
    train = Planned("train", "a", ("training.epochs 2 → 3", "snapshots [0, 2] → [0, 3]"))
    dump = Planned("dump", "a some", ("epochs [0, 2] → [0, 3]",), follows=True)
    score = Planned("score_raw", "a some", ("scores.hit.options.k 2 → 3", "view.epochs [0, 2] → [0, 3]"), follows=True)
    assert grouped_lines([train, dump, score]) == [
        "train a: training.epochs 2 → 3, snapshots [0, 2] → [0, 3]",
        "score_raw a some: scores.hit.options.k 2 → 3",
        "what comes after: 1 dump job",
    ]


def test_many_reasons_stay_readable():
    assert shortened(map(str, range(9))) == "0, 1, 2, 3, 4, 5, and 3 more"
    jobs = [Planned("figure", f"f{number}", (f"title {number}",)) for number in range(40)]
    lines = grouped_lines(jobs)
    assert len(lines) == 31
    assert lines[-1] == "for other reasons, given above: 10 figure jobs"
