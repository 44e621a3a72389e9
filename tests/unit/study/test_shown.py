"""What a figure, a table or a claim cannot show is told when the study is read, not after all networks are trained."""

import ast
from pathlib import Path

import pytest
import yaml
from small_study import CNN, GONE, changed

from layerscope.errors import StudyError
from layerscope.jobs.jobs import Jobs
from layerscope.store import published
from layerscope.study.load import load_study

PACKAGE = Path(__file__).parents[3] / "workflow" / "layerscope"
# Code that runs after the training, for figures and tables.
FOLDERS = ("figures", "tables", "statistics")
ONE = {"seed": 0, "embedding": "tsne", "state": "trained", "layer": "hidden2"}
RAW = {"embedding": "raw"}
FILTERS = {"architectures.mlp": CNN, "representations": {"filters": {"layers": ["conv1"]}}, "claims": GONE, "figures": GONE}
SEVERAL = {"samples.other": {"split": "test", "choose": "first", "n": 200}, "claims": GONE}
MOVING = {"method": "dynamic_tsne", "over": "epochs", "lambda": 0.1}
KEPT = {"observations": {"scores": ["neighborhood_hit"], "on": {"state": "untrained"}}}
DISPLACED = {"embeddings.moving": MOVING, "scores.displacement": {}, "scores.kl": GONE, "figures.grid": GONE}


def figure(kind, **options):
    return {"figures.shown": {"kind": kind, **options}}


def table(kind, **options):
    return {"tables.shown": {"kind": kind, **options}}


def of_score(kind, **options):
    return figure(kind, score="neighborhood_hit", **options)


def by_lambda(**options):
    return of_score("score_by_option", x="lambda", **options)


# For each `raise` of a figure or a table: its file, the beginning of its message, and studies that would come to it, with what is
# said of them before anything is trained.
TOLD = [
    (
        "figures/crossing_observations.py",
        "no scores of observations are left",
        [
            (
                {**KEPT, **of_score("crossing_observations", on={**RAW, "state": "trained"})},
                "figures.shown.on leaves too few layers whose observations have 'neighborhood_hit' (input)",
            )
        ],
    ),
    (
        "figures/crossing_observations.py",
        "the figure's `on` leaves a single layer",
        [
            (
                {**KEPT, **of_score("crossing_observations", on={**RAW, "layer": "last"})},
                "figures.shown.on leaves too few layers whose observations have 'neighborhood_hit' (output)",
            )
        ],
    ),
    (
        "tables/scores_by_class.py",
        "no scores of observations with classes are left",
        [
            (
                {**KEPT, **table("scores_by_class", scores=["neighborhood_hit"], on={"state": "trained", "layer": "hidden"})},
                "tables.shown.on chooses nothing of which 'neighborhood_hit' is kept of every observation",
            )
        ],
    ),
    (
        "figures/shared/one_network.py",
        "`on` chooses",
        [
            (
                figure("embedding_insets", on={**ONE, "layer": "input"}),
                "figures.shown.on.layer: embedding_insets shows a layer of a",
            )
        ],
    ),
    (
        "figures/shared/one_network.py",
        "{source} has no embedding of",
        [
            (
                {"embeddings.tsne.on": {"layer": "hidden1"}, **figure("embedding_insets", on=ONE)},
                "figures.shown.on: tsne takes in no hidden2 as a whole at that snapshot",
            )
        ],
    ),
    (
        "figures/shared/one_network.py",
        "an evolution is over",
        [
            (
                {**DISPLACED, **figure("embedding_trails", on={"seed": 0, "embedding": "moving", "epoch": "last"})},
                "figures.shown.on leaves 1 snapshots of 3 layers in moving, which is over epochs",
            ),
            (
                {
                    **DISPLACED,
                    "architectures.mlp": CNN,
                    "representations.filters": {"layers": ["conv1"]},
                    **figure("embedding_trails", on={"seed": 0, "embedding": "moving", "layer": "conv1"}),
                },
                "figures.shown.on leaves 3 snapshots of 5 layers and filters in moving, which is over epochs",
            ),
        ],
    ),
    (
        "figures/shared/class_scatter.py",
        "class: '{name}' is no class",
        [
            (figure("embedding_panels", **{"class": "cat"}), "figures.shown.class: 'cat' is no class of digits; allowed: 0, 1"),
            (
                {
                    "datasets.two": {"from": "digits", "classes": ["3", "8"]},
                    "grids.0.datasets": ["two"],
                    **figure("filter_maps", on={"seed": 0, "layer": "input"}, **{"class": "4"}),
                },
                "figures.shown.class: '4' is no class of two; allowed: 3, 8",
            ),
        ],
    ),
    (
        "figures/embedding_grid.py",
        "the embedding grid finds no",
        [
            (
                {
                    "embeddings.tsne.on": {"layer": "hidden1"},
                    **figure("embedding_grid", on={"seed": 0, "embedding": "tsne", "layer": "hidden2"}),
                },
                "figures.shown.on chooses a network that its embedding does not take in",
            ),
            (
                {
                    "architectures.mlp": CNN,
                    **figure("embedding_grid", panels="filters", on={"seed": 0, "embedding": "tsne", "layer": "conv1"}),
                },
                "figures.shown.on: embedding_grid shows single filters of networks here, and it chooses none that is embedded",
            ),
        ],
    ),
    (
        "figures/embedding_panels.py",
        "the panels find no",
        [
            (
                {
                    "embeddings.tsne.on": {"layer": "hidden1"},
                    **figure("embedding_panels", on={"embedding": "tsne", "layer": "hidden2"}),
                },
                "figures.shown.on chooses nothing that is embedded; widen it",
            )
        ],
    ),
    (
        "figures/embedding_panels.py",
        "the panels have datasets with different",
        [
            (
                {
                    "datasets.two": {"from": "digits", "classes": ["3", "8"]},
                    "grids.0.datasets": ["digits", "two"],
                    "samples.look": {"split": "test", "choose": "first", "n": 60},
                    "figures.grid": GONE,
                    **figure("embedding_panels", on={"embedding": "tsne"}),
                },
                "figures.shown.on.dataset: embedding_panels shows datasets with the same number of classes (digits has 10, two",
            )
        ],
    ),
    (
        "figures/neuron_map.py",
        "{reads.neurons[0]} has no neurons",
        [
            (
                {"neurons": {"layers": ["hidden1"]}, **figure("neuron_map", on={"seed": 0, "layer": "hidden2"})},
                "figures.shown.on: the neurons of hidden2 are not mapped there",
            )
        ],
    ),
    (
        "figures/embedding_by_neuron.py",
        "{source} has no neurons of",
        [
            (
                {"neurons": {"layers": ["hidden1"]}, **figure("embedding_by_neuron", on=ONE)},
                "figures.shown.on: the neurons of hidden2 are not mapped there",
            )
        ],
    ),
    (
        "figures/embedding_by_neuron.py",
        "neuron: {neuron} is none",
        [
            (
                {"neurons": {}, **figure("embedding_by_neuron", on=ONE, neuron=8)},
                "figures.shown.neuron: 8 is none of the 8 neurons",
            )
        ],
    ),
    (
        "figures/filter_maps.py",
        "layer {layer} has no maps",
        [
            (
                figure("filter_maps", on={"seed": 0, "layer": "hidden1", "epoch": "last"}),
                "figures.shown.on.layer: hidden1 of mlp has no maps",
            )
        ],
    ),
    (
        "figures/confused_pairs.py",
        "k: {options['k']} neighbours",
        [
            (
                figure("confused_pairs", k=360, on=ONE),
                "figures.shown.k: 360 is too large for the 360 observations of samples.look (digits); at most 359 is possible",
            )
        ],
    ),
    (
        "figures/confused_pairs.py",
        "pair: '{name}' is no class",
        [(figure("confused_pairs", pair=["3", "dog"], on=ONE), "figures.shown.pair: 'dog' is no class of digits; allowed: 0, 1")],
    ),
    (
        "figures/confused_pairs.py",
        "{source} has no embedding of the layer",
        [
            (
                {"embeddings.tsne.on": {"epoch": 0}, **figure("confused_pairs", on=ONE)},
                "figures.shown.on: tsne takes in no hidden2 as a whole at that snapshot",
            )
        ],
    ),
    (
        "figures/embedding_insets.py",
        "observations: row {row}",
        [
            (
                figure("embedding_insets", observations=[3, 360], on=ONE),
                "figures.shown.observations: 360 is no row of the test split of digits; 0 to 359 are",
            ),
            (
                {
                    "samples.look": {"split": "test", "choose": "first", "n": 60},
                    **figure("embedding_insets", observations=[60], on=ONE),
                },
                "figures.shown.observations: 60 is no row of samples.look, the first 60 of test; 0 to 59 are",
            ),
        ],
    ),
    (
        "figures/score_scatter.py",
        "no run has both",
        [
            (
                of_score("score_scatter", against="accuracy", on={**RAW, "state": "untrained"}),
                "figures.shown.on: score_scatter shows layers of trained networks, and it chooses none that has the score "
                "'neighborhood_hit'; widen it",
            ),
            (
                {
                    "scores.neighborhood_hit.on": {"seed": 0},
                    "scores.other": {"metric": "neighborhood_hit", "k": 6, "on": {"seed": 1}},
                    **of_score("score_scatter", against="other", on=RAW),
                },
                "figures.shown.on chooses no network that has both neighborhood_hit and other",
            ),
        ],
    ),
    (
        "statistics/pairs.py",
        "{name} is chosen in several",
        [
            (
                of_score("score_scatter", against="accuracy"),
                "figures.shown.on chooses 'neighborhood_hit' in several spaces or samples (raw on look, tsne on look, umap on",
            ),
            (
                {
                    "claims.follows": {
                        "text": "One follows the other.",
                        "statistic": "correlation",
                        "score": "neighborhood_hit",
                        "against": "accuracy",
                        "on": {"embedding": ["raw", "tsne"]},
                        "expect": "positive",
                    }
                },
                "claims.follows.on chooses 'neighborhood_hit' in several spaces or samples (raw on look, tsne on look)",
            ),
        ],
    ),
    (
        "figures/score_by_depth.py",
        "no rows of {options['score']} have a depth",
        [
            (
                {**FILTERS, "figures": {"shown": {"kind": "score_by_depth", "score": "neighborhood_hit"}}},
                "figures.shown.on: score_by_depth shows whole layers of networks, and it chooses none that has the score",
            ),
            (
                {
                    **FILTERS,
                    "figures": {
                        "shown": {"kind": "score_by_depth", "score": "neighborhood_hit", "filters": True, "on": {"filter": 1}}
                    },
                },
                "figures.shown.on: score_by_depth shows layers of networks, and it chooses none that has the score",
            ),
            (
                of_score("score_by_depth", on={"layer": "input", "state": "trained"}),
                "figures.shown.on chooses nothing that has the",
            ),
        ],
    ),
    (
        "figures/score_by_option.py",
        "nothing that `on` chooses",
        [
            (
                {**DISPLACED, "embeddings.still": {**MOVING, "lambda": 1}, **by_lambda(on=RAW)},
                "figures.shown.on: score_by_option shows what has a lambda, whole layers of networks, not of their input, and it "
                "chooses none that has the score 'neighborhood_hit'; widen it",
            ),
            (
                by_lambda(),
                "figures.shown.x: 'lambda' is no option that varies in this study (`vary`); allowed: (nothing is defined)",
            ),
        ],
    ),
    (
        "figures/score_by_option.py",
        "the scores are of several samples",
        [
            (
                {**SEVERAL, **DISPLACED, "embeddings.still": {**MOVING, "lambda": 1}, **by_lambda(against="displacement")},
                "figures.shown.on.sample: 'neighborhood_hit' and 'displacement' are of several samples (look, other); name one",
            )
        ],
    ),
    (
        "figures/score_course.py",
        "{options['score']} reaches nothing",
        [
            (
                of_score("score_course", on={**RAW, "layer": "input"}),
                "figures.shown.on: score_course shows whole layers of networks, not of their input, and it chooses none that has",
            )
        ],
    ),
    (
        "figures/score_course.py",
        "{options['score']} is of several",
        [
            (of_score("score_course"), "figures.shown.on chooses 'neighborhood_hit' in several spaces or samples"),
            (figure("score_course", score="accuracy"), "figures.shown.on chooses 'accuracy' in several spaces or samples"),
        ],
    ),
    (
        "figures/score_course.py",
        "losses: beside is of one dataset",
        [
            (
                {
                    "datasets.other": {"from": "digits", "normalise": "none"},
                    "grids.0.datasets": ["digits", "other"],
                    "figures.grid": GONE,
                    **figure("score_course", score="accuracy", losses="beside", on={"sample": "test"}),
                },
                "figures.shown.on.dataset: losses: beside is of one dataset, and it chooses digits, other; name one",
            ),
        ],
    ),
    (
        "figures/score_evolution.py",
        "no layer has",
        [
            (
                of_score("score_evolution", on={**RAW, "layer": "input"}),
                "figures.shown.on: score_evolution shows whole layers of",
            ),
            (figure("score_evolution", score="accuracy", on={"sample": "test"}), "figures.shown: 'accuracy' has no depth"),
        ],
    ),
    (
        "figures/score_evolution.py",
        "{options['score']} is of several",
        [(of_score("score_evolution"), "figures.shown.on chooses 'neighborhood_hit' in several spaces or samples")],
    ),
    (
        "figures/layer_profiles.py",
        "no layer of a trained network",
        [
            (
                of_score("layer_profiles", on={**RAW, "state": "untrained"}),
                "figures.shown.on: layer_profiles shows whole layers of trained networks, and it chooses none that has the score",
            )
        ],
    ),
    (
        "figures/layer_profiles.py",
        "the layers are scored in several",
        [(of_score("layer_profiles"), "figures.shown.on chooses 'neighborhood_hit' in several spaces or samples")],
    ),
    (
        "figures/score_bars.py",
        "no layer of a trained network",
        [
            (
                of_score("score_bars", on={**RAW, "state": "untrained"}),
                "figures.shown.on: score_bars shows whole layers of trained",
            ),
            (of_score("score_bars", on={**RAW, "layer": "input"}), "figures.shown.on: score_bars shows whole layers of trained"),
            (figure("score_bars", score="accuracy", on={"sample": "test"}), "figures.shown: 'accuracy' has no depth"),
        ],
    ),
    (
        "figures/score_bars.py",
        "the bars are of several",
        [(of_score("score_bars"), "figures.shown.on chooses 'neighborhood_hit' in several spaces or samples")],
    ),
    (
        "tables/shared/summary.py",
        "no scores are left",
        [
            (
                table("trained_untrained", scores=["kl"], on=RAW),
                "tables.shown.on chooses nothing that has the score 'kl'; widen it, or the `on` of the score",
            ),
            (
                table("networks", scores=["accuracy"], on={"state": "untrained"}),
                "tables.shown.on: networks shows layers of trained networks, and it chooses none that has the score 'accuracy'",
            ),
        ],
    ),
    (
        "tables/tests.py",
        "no tests are left",
        [
            (
                table("tests", scores=["neighborhood_hit"], on={**RAW, "layer": "input"}),
                "tables.shown.on: tests shows layers of trained and untrained networks, and it chooses none that has the score",
            ),
            (
                {**FILTERS, **table("tests", scores=["neighborhood_hit"], on={"filter": 1})},
                "tables.shown.on: tests shows layers of trained and untrained networks, and it chooses none that has the score",
            ),
            (
                {
                    "training.default.snapshots": ["last"],
                    "claims": GONE,
                    **table("tests", scores=["neighborhood_hit"]),
                },
                "tables.shown.on: tests shows trained and untrained networks, and it chooses no untrained ones that have the",
            ),
        ],
    ),
    (
        "tables/spread.py",
        "no scores of layers are left",
        [
            (
                table("spread", scores=["neighborhood_hit"], on=RAW),
                "tables.shown.on chooses no embedding of several seeds, nor sample of several draws, that has the score "
                "'neighborhood_hit'; give one `seeds: 2`, or `draws: 2`",
            )
        ],
    ),
    (
        "tables/spread.py",
        "nothing that the table's `on` chooses has several draws",
        [
            (
                table("spread", scores=["neighborhood_hit", "kl"]),
                "tables.shown.on chooses no embedding of several seeds, nor sample of several draws, that has the scores "
                "'neighborhood_hit' and 'kl'; give one `seeds: 2`",
            )
        ],
    ),
]

VALUES = "figure,dataset,architecture,sample,embedding,layer,state,metric,value\n"
COMPARED = "figure,dataset,embedding,layer,filter,state,metric,value\n"
CONVOLUTION = {
    "architectures.mlp": CNN,
    "representations": {"whole": {"layers": "all"}, "filters": {"layers": ["conv1"]}},
    "embeddings.tsne.seeds": 2,
}


def values(**options):
    return table("published_values", published="paper", **options)


def comparisons(**options):
    return {"embeddings.tsne.seeds": 2, **table("published", published="paper", noise={"tsne": "tsne"}, **options)}


# As above, of tables of published numbers: with the numbers that are published.
PUBLISHED = [
    (
        "tables/published_values.py",
        "{line['figure']} publishes",
        VALUES
        + "fig1,mnist,,,raw,hidden1,trained,neighborhood_hit,0.5\nfig2,digits,,,raw,hidden3,trained,neighborhood_hit,0.5\n",
        values(),
        "tables.shown.published: fig1 has neighborhood_hit of dataset mnist, embedding raw, layer hidden1, state trained: the "
        "study will not score that; add it (as for 1 more)",
    ),
    (
        "tables/published_values.py",
        "{line['figure']}: the study has several",
        VALUES + "fig1,digits,,,raw,,trained,neighborhood_hit,0.5\n",
        values(),
        "tables.shown.published: fig1 has neighborhood_hit of dataset digits, embedding raw, state trained: the study has",
    ),
    (
        "tables/published.py",
        "published numbers of {dataset} by {embedding} stand",
        COMPARED + "fig1,digits,tsne,1,,trained,neighborhood_hit,0.5\n",
        {"grids.0.activations": ["relu", "tanh"], **comparisons()},
        "tables.shown.published: fig1 has neighborhood_hit of dataset digits, embedding tsne, layer 1, state trained: the",
    ),
    (
        "tables/published.py",
        "the study has no scores",
        COMPARED + "fig1,digits,tsne,1,,trained,d_same,0.5\n",
        comparisons(),
        "tables.shown.published: fig1 has d_same of dataset digits, embedding tsne, layer 1, state trained: the study will not",
    ),
    (
        "tables/published.py",
        "{figure} {what} of layer",
        COMPARED + "fig1,digits,tsne,1,0,trained,neighborhood_hit,0.5\n",
        comparisons(),
        "tables.shown.published: fig1 has neighborhood_hit of dataset digits, embedding tsne, layer 1, state trained: the",
    ),
    (
        "tables/shared/published_comparisons.py",
        "{place['figure']} publishes",
        COMPARED + "".join(f"fig1,digits,tsne,1,{n},trained,neighborhood_hit,0.5\n" for n in range(3)),
        {**CONVOLUTION, **comparisons()},
        "tables.shown.published: fig1 has 3 filters of layer 1, the study 4; compare networks of the same architecture",
    ),
    (
        "tables/published.py",
        "noise.{embedding}:",
        COMPARED + "fig1,digits,tsne,1,,trained,neighborhood_hit,0.5\n",
        {**comparisons(), "embeddings.tsne.seeds": 1},
        "tables.shown.noise.tsne: tsne has no neighborhood_hit of the input of digits by two or more seeds",
    ),
]

# What only networks and drawn samples can tell, whatever the options are.
DATA_ALONE_TELL = [
    (
        "figures/crossing_observations.py",
        "the networks that the figure's `on` chooses were given",
        "what files of one's own have",
    ),
    ("statistics/foretelling.py", "nothing that `on` chooses has a cheap", "what other studies hold, and which scores meet"),
    ("statistics/runs.py", "{source} lacks", "which version wrote a file"),
    ("statistics/runs.py", "{files} have network", "which networks the parts of a study hold"),
    ("figures/shared/one_network.py", "{source}: the embedding of", "the embedding diverged"),
    ("figures/confused_pairs.py", "{source}: the embedding of layer", "the embedding diverged"),
    ("figures/filter_maps.py", "the sample has no observation", "which classes a random sample has"),
    ("figures/embedding_by_neuron.py", "class: no neuron tells", "what neurons do"),
    ("figures/embedding_by_neuron.py", "no neuron of the layer", "what neurons do"),
]


def raised():
    """(file, message) of every `raise StudyError` in code that runs after the training."""
    for folder in FOLDERS:
        for file in sorted((PACKAGE / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and ast.unparse(node.exc.func) == "StudyError":
                    yield str(file.relative_to(PACKAGE)), _text(node.exc.args[0])


def _text(message):
    """A message with its values in braces, as it stands in the code."""
    if isinstance(message, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}" for part in message.values]
        return "".join(parts)
    return message.value


def test_whatever_a_figure_or_table_refuses_is_told_before_or_in_the_data_alone():
    """A new `raise StudyError` there belongs into TOLD with a check (layerscope.study.reach), or into DATA_ALONE_TELL."""
    known = [(entry[0], entry[1]) for entry in [*TOLD, *PUBLISHED, *DATA_ALONE_TELL]]
    found = list(raised())
    assert len(found) > 30
    for file, message in found:
        assert [start for name, start in known if name == file and message.startswith(start)], f"{file}: {message}"
    for name, start in known:
        assert [message for file, message in found if name == file and message.startswith(start)], f"{name}: {start} is gone"


@pytest.fixture
def load(tmp_path):
    def load(changes):
        file = tmp_path / "study.yaml"
        file.write_text(yaml.safe_dump(changed(changes), sort_keys=False), encoding="utf-8")
        study = load_study(file, {})
        Jobs(study).check()
        return study

    return load


def refusals(load, changes):
    with pytest.raises(StudyError) as caught:
        load(changes)
    return [message.partition(": ")[2] for message in caught.value.messages]


@pytest.mark.parametrize(
    ("changes", "said"),
    [pytest.param(*study, id=f"{file} {start}") for file, start, studies in TOLD for study in studies],
)
def test_it_is_told_in_one_line_when_the_study_is_read(load, changes, said):
    [message] = refusals(load, changes)
    assert message.startswith(said), message


@pytest.mark.parametrize(
    ("numbers", "changes", "said"), [pytest.param(*entry[2:], id=f"{entry[0]} {entry[1]}") for entry in PUBLISHED]
)
def test_numbers_that_stand_beside_none_are_told_when_the_study_is_read(load, tmp_path, monkeypatch, numbers, changes, said):
    monkeypatch.setattr(published, "PUBLISHED", tmp_path)
    (tmp_path / "paper.csv").write_text(numbers, encoding="utf-8")
    [message] = refusals(load, {"figures": GONE, "claims": GONE, **changes})
    assert message.startswith(said), message


def claim(statistic, **options):
    return {
        "claims.shown": {
            "text": "So it is.",
            "statistic": statistic,
            "score": "neighborhood_hit",
            "expect": "positive",
            **options,
        }
    }


CLAIMS = {
    "a side of which there is nothing": (
        {
            "training.default.snapshots": ["last"],
            "claims": {},
            **claim("difference", between={"state": ["trained", "untrained"]}, on=RAW),
        },
        "claims.shown.between.state: nothing that `on` chooses with the score 'neighborhood_hit' is untrained",
    ),
    "a side that `on` excludes": (
        claim("difference", between={"layer": ["hidden1", "hidden2"]}, on={**RAW, "layer": ["hidden2", "output"]}),
        "claims.shown.between.layer: nothing that `on` chooses with the score 'neighborhood_hit' is hidden1",
    ),
    "values of two keys that do not meet": (
        claim(
            "interaction",
            between={"state": ["trained", "untrained"], "epoch": [0, "last"]},
            on=RAW,
        ),
        "claims.shown.between: nothing that `on` chooses with the score 'neighborhood_hit' is of state trained and epoch 0",
    ),
    "a single filter beside whole layers": (
        {
            **FILTERS,
            "representations": {"whole": {"layers": "all"}, "filters": {"layers": ["conv1"]}},
            "claims": {},
            **claim("difference", between={"filter": ["whole", 0]}, on={**RAW, "layer": "conv1"}),
        },
        "claims.shown.between.filter: nothing that `on` chooses with the score 'neighborhood_hit' is 0",
    ),
    "a value of an order of which there is nothing": (
        {
            "representations.whole.layers": ["hidden1", "output"],
            **claim("order", along={"layer": ["hidden1", "hidden2"]}, on=RAW),
        },
        "claims.shown.along.layer: nothing that `on` chooses with the score 'neighborhood_hit' is hidden2",
    ),
    "a correlation of untrained networks": (
        claim("correlation", against="accuracy", on={**RAW, "epoch": 0}),
        "claims.shown.on: correlation shows layers of trained networks, and it chooses none that has the score",
    ),
}


@pytest.mark.parametrize(("changes", "said"), CLAIMS.values(), ids=CLAIMS)
def test_what_a_claim_does_not_find_is_told_when_the_study_is_read(load, changes, said):
    [message] = refusals(load, changes)
    assert message.startswith(said), message


FINE = {
    "one state": of_score("score_bars", on={**RAW, "state": "trained"}),
    "the input beside the bars": of_score("score_bars", on={**RAW, "layer": ["input", "hidden1"]}),
    "the last layer of a score": {
        "scores.neighborhood_hit.on": {"layer": "hidden1"},
        **of_score("score_bars", on={**RAW, "layer": "last"}),
    },
    "a score of networks beside one of layers": of_score("score_scatter", against="accuracy", on={**RAW, "layer": "hidden1"}),
    "means over filters": {
        **FILTERS,
        "figures": {"shown": {"kind": "score_by_depth", "score": "neighborhood_hit", "filters": True}},
    },
    "tests of filters by their mean": {**FILTERS, **table("tests", scores=["neighborhood_hit"])},
    "a sample of several draws": {
        "samples.look": {"split": "test", "choose": "random", "n": 100, "draws": 2},
        **table("spread", scores=["neighborhood_hit"]),
    },
    "an embedding of several seeds": {"embeddings.tsne.seeds": 2, **table("spread", scores=["neighborhood_hit", "kl"])},
    "embeddings by dynamic_tsne": {
        **DISPLACED,
        "embeddings.still": {**MOVING, "lambda": 1},
        **by_lambda(on={"embedding": ["moving", "still"]}),
    },
    "as many neighbours as there are": figure("confused_pairs", k=359, pair=["3", "8"], on=ONE),
    "the last row": figure("embedding_insets", observations=[359], on=ONE),
    "classes that only one of two datasets has": {
        "datasets.two": {"from": "digits", "classes": ["3", "8"]},
        "grids.0.datasets": ["digits", "two"],
        "samples.look": {"split": "test", "choose": "first", "n": 60},
        "figures.grid": GONE,
        **figure("embedding_panels", on={"embedding": "tsne", "dataset": "two"}, **{"class": "8"}),
    },
    "the first and the last of what is chosen": claim(
        "difference", between={"epoch": ["first", "last"]}, on={**RAW, "epoch": [0, 2]}
    ),
    "filters of a claim that names them": {
        **FILTERS,
        "claims": {},
        **claim("difference", between={"filter": [0, 3]}, on={**RAW, "layer": "conv1"}),
    },
    "the input against a layer": claim("difference", between={"layer": ["input", "hidden1"]}, on={**RAW, "state": "trained"}),
}


@pytest.mark.parametrize("changes", FINE.values(), ids=FINE)
def test_what_can_be_shown_is_not_refused(load, changes):
    load(changes)


def test_mistakes_of_all_rounds_are_told_together(load):
    """Figures, tables and claims with mistakes keep nobody from hearing of the others."""
    broken = {
        "figures.unknown": {"kind": "score_by_dept"},
        "figures.nameless": {"kind": "score_by_depth", "score": "nothing"},
        "figures.grid.on.seed": 9,
        "embeddings.tsne.perplexity": 11,
        "tables.networks.scores": ["kl"],
        **of_score("score_bars"),
    }
    assert [message.split(":")[0].split(" ")[0] for message in refusals(load, broken)] == [
        "figures.unknown.kind",
        "figures.nameless.score",
        "figures.grid.on.seed",
        "embeddings.tsne.perplexity",
        "tables.networks",
        "figures.shown.on",
    ]


@pytest.mark.parametrize(
    ("changes", "held_back"),
    [({"samples.look.n": "ten"}, True), ({"figures.grid.on.seed": 9}, False)],
    ids=["a sample", "a figure"],
)
def test_the_last_line_says_where_more_may_be_found(load, changes, held_back):
    with pytest.raises(StudyError) as caught:
        load(changes)
    assert len(caught.value.messages) == 1
    assert (caught.value.told().splitlines()[-1] == "layerscope: more may be found once these are mended") == held_back
