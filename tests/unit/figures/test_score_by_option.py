"""Scores by an option that varies: what is averaged, what is a line, and what colours and panels tell apart."""

import matplotlib.pyplot as plt
import pytest
from printed import key_entries
from score_rows import OF_LAYER, told_of, written

from layerscope.errors import StudyError
from layerscope.figures import score_by_depth, score_by_option
from layerscope.figures.shared.style import apply_style
from layerscope.store.reads import Reads

LAMBDAS = {"lambda": {"column": "space", "values": {"unbound": 0.0, "bound": 0.5}}}
PERPLEXITY = {"column": "space", "values": {"tsne_perplexity5": 5.0, "tsne_perplexity10": 10.0}}
DECAY = {"column": "architecture", "values": {"mlp_decay0": 0.0, "mlp_decay1": 1.0}}
BOTH = {"perplexity": PERPLEXITY, "decay": DECAY}
WITHOUT = {"space": dict.fromkeys(PERPLEXITY["values"], "tsne"), "architecture": dict.fromkeys(DECAY["values"], "mlp")}


@pytest.fixture(autouse=True)
def style():
    apply_style()
    yield
    plt.close("all")


def draw(folder, rows, named, alike, **options):
    scores = [options["score"]] if isinstance(options["score"], str) else options["score"]
    scores += [options["against"]] if "against" in options else []
    told = {"kind": "score_by_option", "on": {}, "title": "", "named_options": named, "alike": alike, **options}
    told["metrics"] = told.pop("told_metrics", None) or told_of(
        **{name: "neighborhood_hit" if name.startswith("hit") else name for name in scores}
    )
    return score_by_option.draw(Reads(**written(folder, rows)), told)


def of_two_options():
    """Rows of two networks, three seeds each, in two embeddings: the score is perplexity / 100, and 0.5 more with decay."""
    return [
        {**OF_LAYER, "architecture": name, "seed": float(seed), "space": space, "value": perplexity / 100 + decay / 2}
        for name, decay in DECAY["values"].items()
        for space, perplexity in PERPLEXITY["values"].items()
        for seed in range(3)
    ]


def test_scores_are_averaged_over_steps_and_stand_by_their_lambda(tmp_path):
    rows = [
        {**OF_LAYER, "seed": float(seed), "space": space, "epoch": epoch, "metric": metric, "value": value + seed + epoch}
        for seed in (0, 1)
        for space, value in (("unbound", 1.0), ("bound", 3.0))
        for epoch in (2, 4)
        for metric in ("kl", "displacement")
    ]
    options = {"x": "lambda", "score": "kl", "against": "displacement", "on": {"epoch": [2, 4]}}
    alike = {"space": dict.fromkeys(LAMBDAS["lambda"]["values"], "dynamic")}
    figure, table = draw(tmp_path, rows, LAMBDAS, alike, **options)
    found = table.set_index(["seed", "lambda"])["score"]
    assert found.to_dict() == {(0.0, 0.0): 4.0, (0.0, 0.5): 6.0, (1.0, 0.0): 5.0, (1.0, 0.5): 7.0}
    assert list(table["against"]) == list(table["score"])
    assert len(figure.axes) == 3
    with pytest.raises(StudyError, match="nothing that `on` chooses has both lambda and the score kl"):
        draw(tmp_path, rows, {"lambda": {"column": "space", "values": {}}}, {}, **options)


def test_without_epochs_in_on_the_last_snapshot_is_shown(tmp_path):
    rows = [
        {**OF_LAYER, "space": space, "epoch": epoch, "value": epoch / 10}
        for space in LAMBDAS["lambda"]["values"]
        for epoch in (2, 4)
    ]
    _, table = draw(tmp_path, rows, LAMBDAS, {}, x="lambda", score="hit")
    assert list(table["score"]) == [0.4, 0.4]


def test_what_is_alike_in_all_else_is_one_line(tmp_path):
    figure, table = draw(
        tmp_path, of_two_options(), {"perplexity": PERPLEXITY}, {"space": WITHOUT["space"]}, x="perplexity", score="hit"
    )
    key, _ = figure.legends
    assert [text.get_text() for text in key.get_texts()] == ["MLP decay0, 3 runs", "MLP decay1, 3 runs"]
    assert table[table["architecture"] == "mlp_decay1"].groupby("perplexity")["score"].mean().to_dict() == pytest.approx(
        {5.0: 0.55, 10.0: 0.6}
    )


def test_colours_tell_the_values_of_another_option(tmp_path):
    figure, _ = draw(tmp_path, of_two_options(), BOTH, WITHOUT, x="perplexity", score="hit", colours="decay")
    key, _ = figure.legends
    assert [text.get_text() for text in key.get_texts()] == ["decay 0, 3 runs", "decay 1, 3 runs"]
    assert len({line.get_color() for line in key.get_lines()}) == 2


def test_there_is_a_panel_for_each_value_of_another_option(tmp_path):
    figure, _ = draw(tmp_path, of_two_options(), BOTH, WITHOUT, x="perplexity", score="hit", panels="decay")
    assert [panel.get_title() for panel in figure.axes] == ["decay 0", "decay 1"]
    drawn = [panel.lines[-1] for panel in figure.axes if panel.lines]
    assert len(drawn) == 2
    first, second = figure.axes
    assert first.get_ylim() == second.get_ylim()


CONTROLS = {"mlp": "none", "mlp_untrained": "untrained", "mlp_noise": "noise"}
CONTROL = {"control": {"column": "architecture", "values": CONTROLS, "listed": [*CONTROLS.values()]}}
OF_CONTROLS = [
    {**OF_LAYER, "architecture": name, "seed": float(seed), "value": 0.9 - place / 5 + seed / 100, "chance": 0.4 + place / 10}
    for place, name in enumerate(CONTROLS)
    for seed in range(3)
]


def test_values_that_are_text_stand_in_the_order_of_the_study(tmp_path):
    """Ticks, means, runs and chance alike: by their letters, noise would come first."""
    alike = {"architecture": dict.fromkeys(CONTROLS, "mlp")}
    figure, table = draw(tmp_path, OF_CONTROLS, CONTROL, alike, x="control", score="hit")
    [panel] = figure.axes
    assert [text.get_text() for text in panel.get_xticklabels()] == ["none", "untrained", "noise"]
    assert [list(line.get_xdata()) for line in panel.lines] == 5 * [[0, 1, 2]]
    mean = next(line for line in panel.lines if line.get_linewidth() == 1.2)
    assert list(mean.get_ydata()) == pytest.approx([0.91, 0.71, 0.51])
    assert set(table["architecture"]) == {"mlp"}
    assert list(dict.fromkeys(table["control"])) == ["none", "untrained", "noise"]


@pytest.mark.parametrize("word", ["colours", "panels"])
def test_colours_and_panels_of_text_stand_in_the_order_of_the_study(tmp_path, word):
    alike = {"architecture": dict.fromkeys(CONTROLS, "mlp")}
    rows = [{**row, "space": space, "chance": float("nan")} for row in OF_CONTROLS for space in PERPLEXITY["values"]]
    named = {**CONTROL, "perplexity": PERPLEXITY}
    alike = {**alike, "space": WITHOUT["space"]}
    figure, _ = draw(tmp_path, rows, named, alike, x="perplexity", score="hit", **{word: "control"})
    if word == "panels":
        told = [panel.get_title() for panel in figure.axes]
    else:
        told = [entry.removesuffix(", 3 runs") for entry in key_entries(figure)]
    assert told == ["control none", "control untrained", "control noise"]


def test_scores_of_several_values_of_an_option_have_the_name_of_none(tmp_path):
    """Without k under `on`, there is a line for each."""
    rows = [{**row, "metric": score} for row in of_two_options() for score in ("hit_k3", "hit_k6")]
    metrics = told_of(hit_k3="neighborhood_hit", hit_k6="neighborhood_hit")
    metrics = {name: {**facts, "label": name, "entry": "hit"} for name, facts in metrics.items()}
    figure, _ = draw(tmp_path, rows, BOTH, WITHOUT, x="perplexity", score=["hit_k3", "hit_k6"], told_metrics=metrics)
    assert figure.axes[0].get_ylabel().startswith("hit (")
    assert figure.get_suptitle().startswith("Hit by perplexity")


def test_variants_of_a_score_stand_by_their_option(tmp_path):
    named = {"k": {"column": "metric", "values": {"hit_k3": 3.0, "hit_k6": 6.0}}}
    rows = [{**OF_LAYER, "metric": metric, "value": k / 10} for metric, k in named["k"]["values"].items()]
    figure, table = draw(
        tmp_path, rows, named, {"metric": dict.fromkeys(named["k"]["values"], "hit")}, x="k", score=["hit_k3", "hit_k6"]
    )
    assert list(zip(table["k"], table["score"], strict=True)) == [(3.0, 0.3), (6.0, 0.6)]
    assert figure.axes[0].get_ylabel().startswith("hit")


# The same options as colours of scores by depth


@pytest.mark.parametrize("controls", [[], ["noise"]])
def test_scores_by_depth_are_coloured_by_an_option_in_the_order_of_its_values(tmp_path, controls):
    values = {"mlp_lr10": 10.0, "mlp_lr9": 9.0} | {f"mlp_lr{rate}_noise": float(rate) for rate in (9, 10) for _ in controls}
    rows = [
        {**OF_LAYER, "architecture": name, "seed": float(seed), "layer": layer, "depth": depth, "value": value / 20}
        for name, value in values.items()
        for seed in range(3)
        for layer, depth in (("hidden1", 1.0), ("hidden2", 2.0))
    ]
    options = {
        "score": "hit",
        "on": {},
        "title": "",
        "filters": False,
        "metrics": told_of(hit="neighborhood_hit"),
        "colours": "lr",
    }
    options["named_options"] = {"lr": {"column": "architecture", "values": values}}
    options["alike"] = {"architecture": {name: "mlp_noise" if "noise" in name else "mlp" for name in values}}
    of = {name: {"control": "noise", "of": name.removesuffix("_noise")} for name in values if "noise" in name}
    options |= {"controls": controls, "control_networks": of}
    figure, table = score_by_depth.draw(Reads(**written(tmp_path, rows)), options)
    [panel] = figure.axes
    assert panel.get_title() == "MLP on digits\n2 × 3 runs"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["lr 9", "lr 10"]
    grey = [line for line in panel.lines if line.get_color() == score_by_depth.CONTROL_LOOKS["noise"]["color"]]
    assert len(grey) == 2 * len(controls)
    means = table[table["architecture"] == "mlp"].set_index(["activation", "layer"])["mean"]
    assert (means["lr 9", "hidden1"], means["lr 10", "hidden2"]) == (pytest.approx(0.45), pytest.approx(0.5))
