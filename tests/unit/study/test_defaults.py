"""A study of its data alone: which networks it is given, how they are looked at, and what leaves a block out."""

import numpy as np
import pytest
import yaml
from test_mistakes import SHIPPED
from test_own_data import WORDS, arrays, sentences

from layerscope.errors import StudyError
from layerscope.jobs.jobs import Jobs
from layerscope.new_study import study_text
from layerscope.study.kinds import Kinds
from layerscope.study.load import load_study

LOOKS = ("embeddings", "scores", "figures", "tables")
CODER = {
    **{"family": "autoencoder", "encoder": "convolutions", "size": 16, "bottleneck": 4, "channels": 8},
    "convolutions": [{"channels": 4, "kernel": 3}],
}


@pytest.fixture
def of_data(tmp_path, monkeypatch):
    """The jobs of a study of `mine.npz`, which holds the given arrays, and of the blocks that are given besides."""
    monkeypatch.chdir(tmp_path)

    def jobs(arrays, **blocks):
        np.savez(tmp_path / "mine.npz", **arrays)
        content = {"study": "mine", "datasets": {"mine": {"source": "npz", "path": "mine.npz"}}, **blocks}
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(content))
        jobs = Jobs(load_study("study.yaml", {}))
        jobs.check()
        return jobs

    return jobs


def test_data_are_all_that_must_be_said(of_data):
    """Pictures of 16 × 16: two networks of three seeds, a t-SNE, scores, figures and the table of networks."""
    jobs = of_data(arrays((16, 16)))
    study = jobs.study
    assert {(run.dataset, run.architecture, run.activation) for run in study.runs} == {
        ("mine", "mlp", "relu"),
        ("mine", "cnn", "relu"),
    }
    assert sorted({run.seed for run in study.runs}) == [0, 1, 2]
    assert study.samples == {"all_test": {"split": "test", "choose": "all", "seed": 0}}
    assert {name: (entry["method"], entry["engine"]) for name, entry in study.embeddings.items()} == {
        "tsne": ("tsne", "layerscope")
    }
    assert list(study.figures) == [
        "datasets",
        "mlp_layers",
        "cnn_layers",
        "hit_by_depth",
        "separation_by_depth",
        "kl_by_depth",
        "probe_by_depth",
        "saturation_by_depth",
        "training",
    ]
    assert list(study.tables) == ["networks"]
    assert (study.claims, study.neurons) == ({}, None)
    assert study.figures["cnn_layers"]["on"] == {
        **{"dataset": "mine", "architecture": "cnn", "activation": "relu", "seed": 0},
        **{"sample": "all_test", "embedding": "tsne"},
    }


def test_the_scores_are_those_of_the_default_study(of_data):
    assert set(of_data(arrays()).study.scores) == set(load_study(SHIPPED, {}).scores)


def test_what_is_given_by_default_is_said_once(of_data):
    notes = of_data(arrays()).notes()
    assert notes[0] == "by default, architectures: mlp; training: optimizer adam, lr 0.001, batch 50"
    assert notes[1].startswith("by default, embeddings: tsne; scores: d_same, ")
    assert "; tables: networks. Once the study has entries of its own in one of these, the others have none" in notes[1]
    assert len(notes) == 2


@pytest.mark.parametrize(
    ("shape", "networks"),
    [((20,), ["mlp"]), ((11, 30), ["mlp"]), ((12, 12), ["mlp", "cnn"]), ((12, 12, 3), ["mlp", "cnn"])],
    ids=["a table", "narrow pictures", "pictures", "pictures with colours"],
)
def test_networks_fit_the_data(of_data, shape, networks):
    assert list(of_data(arrays(shape)).study.architectures) == networks


def test_networks_fit_all_datasets(of_data, tmp_path):
    """A convolutional network cannot learn from vectors, and every architecture learns from every dataset."""
    np.savez(tmp_path / "vectors.npz", **arrays((20,)))
    datasets = {name: {"source": "npz", "path": f"{name}.npz"} for name in ("mine", "vectors")}
    assert list(of_data(arrays((16, 16)), datasets=datasets).study.architectures) == ["mlp"]
    grids = [{"datasets": ["mine"]}]
    assert list(of_data(arrays((16, 16)), datasets=datasets, grids=grids).study.architectures) == ["mlp", "cnn"]


@pytest.mark.parametrize(
    ("train", "said", "expected"),
    [
        (1000, {}, ("adam", 0.001, 64)),
        (40, {}, ("adam", 0.001, 10)),
        (40, {"epochs": 2}, ("adam", 0.001, 10)),
        (40, {"batch": 8, "lr": 0.2}, ("sgd", 0.2, 8)),
        (40, {"momentum": 0.5}, ("sgd", 0.1, 10)),
        (40, {"optimizer": "adamw"}, ("adamw", 0.1, 10)),
    ],
)
def test_networks_by_default_learn_as_layerscope_new_has_it(of_data, train, said, expected):
    """What is said of the optimizer, its rate or its momentum is of a training as any other has it."""
    options = of_data(arrays(train=train), training={"default": said}).study.training["default"]
    assert (options["optimizer"], options["lr"], options["batch"]) == expected


def test_networks_that_are_named_are_trained_as_any(of_data):
    mine = {"small": {"family": "mlp", "hidden": [8]}}
    jobs = of_data(arrays(train=40), architectures=mine)
    options = jobs.study.training["default"]
    assert list(jobs.study.architectures) == ["small"]
    assert (options["optimizer"], options["lr"], options["batch"]) == ("sgd", 0.1, 64)


def test_layerscope_new_writes_the_same_networks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("mine.npz", **arrays((16, 16), train=100))
    written = yaml.safe_load(study_text("mine.npz"))
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({key: written[key] for key in ("study", "datasets")}))
    (tmp_path / "written.yaml").write_text(study_text("mine.npz"))
    given, new = load_study("study.yaml", {}), load_study("written.yaml", {})
    assert given.architectures == new.architectures
    assert [given.training_of(run) for run in given.runs] == [new.training_of(run) for run in new.runs]


# Many and few observations


def test_of_many_observations_a_thousand_are_looked_at(of_data):
    jobs = of_data(arrays((4, 4), test=3000))
    assert jobs.study.samples == {"some_test": {"split": "test", "choose": "random", "n": 1000, "seed": 0}}
    said = "by default, samples: some_test, 1,000 observations of the test split at random (mine has 3,000)"
    assert said in jobs.notes()


def test_of_several_datasets_equally_many_are_looked_at(of_data, tmp_path):
    np.savez(tmp_path / "few.npz", **arrays((4, 4), test=200))
    datasets = {name: {"source": "npz", "path": f"{name}.npz"} for name in ("mine", "few")}
    assert of_data(arrays((4, 4), test=3000), datasets=datasets).study.samples["some_test"]["n"] == 200


def test_samples_of_ones_own_are_kept(of_data):
    mine = {"first": {"split": "test", "choose": "first", "n": 2000}}
    assert list(of_data(arrays((4, 4), test=3000), samples=mine).study.samples) == ["first"]


def test_defaults_are_lowered_for_few_observations_and_said_in_one_line(of_data):
    jobs = of_data(arrays(test=20))
    assert jobs.study.embeddings["tsne"]["perplexity"] == 6
    [line] = [note for note in jobs.notes() if "samples.all_test has 20 observations" in note]
    assert line.startswith("embeddings.tsne.perplexity is 6 instead of 30, scores.kl.perplexity is 6 instead of 30, ")


def test_six_observations_have_no_tsne(of_data):
    """The smallest perplexity, 2, asks for seven; what rates an embedding, or shows one, is left out with it."""
    jobs = of_data(arrays(test=6))
    assert jobs.study.embeddings == {}
    assert not {"kl", "trustworthiness"} & jobs.study.scores.keys()
    assert "neighborhood_hit" in jobs.study.scores
    assert list(jobs.study.figures) == [
        "datasets",
        "hit_by_depth",
        "separation_by_depth",
        "probe_by_depth",
        "saturation_by_depth",
        "training",
    ]
    assert any("embeddings: (none fits 6 observations)" in note for note in jobs.notes())


# Other data and other networks


def test_a_table_has_no_pictures_to_show(of_data):
    assert "datasets" not in of_data(arrays((20,))).study.figures


def numbers(shape, n=200):
    generator = np.random.default_rng(0)
    return {"x": generator.random((n, *shape)), "y": generator.random(n)}


def test_pictures_with_numbers_to_predict_have_no_figure_of_classes(of_data):
    study = of_data(numbers((16, 16)), datasets={"mine": {"source": "npz", "path": "mine.npz", "task": "regression"}}).study
    assert list(study.figures) == ["mlp_layers", "cnn_layers", "kl_by_depth", "saturation_by_depth", "training"]
    assert study.tables["networks"]["scores"] == ["r2", "loss"]


def test_beside_classes_figures_of_these_show_what_has_some(of_data, tmp_path):
    np.savez(tmp_path / "numbers.npz", **numbers((16, 16)))
    datasets = {"mine": {"source": "npz", "path": "mine.npz"}}
    datasets["numbers"] = {"source": "npz", "path": "numbers.npz", "task": "regression"}
    figures = of_data(arrays((16, 16)), datasets=datasets).study.figures
    assert figures["datasets"]["on"] == {"dataset": ["mine"]}
    assert {"mine_mlp_layers", "numbers_mlp_layers", "hit_by_depth"} <= figures.keys()


def test_figures_of_networks_are_named_by_what_tells_these_apart(of_data, tmp_path):
    np.savez(tmp_path / "vectors.npz", **arrays((20,)))
    datasets = {name: {"source": "npz", "path": f"{name}.npz"} for name in ("mine", "vectors")}
    figures = of_data(arrays(), datasets=datasets, grids=[{"activations": ["tanh", "relu"]}]).study.figures
    assert {"mine_mlp_layers", "vectors_mlp_layers"} <= figures.keys()
    assert figures["mine_mlp_layers"]["on"]["activation"] == "tanh"
    assert figures["datasets"]["on"] == {"dataset": ["mine"]}


def test_an_autoencoder_has_no_accuracy(of_data):
    study = of_data(arrays((32, 32)), architectures={"coder": CODER}).study
    assert "accuracy" not in study.scores
    assert study.tables["networks"]["scores"] == ["loss"]


def test_without_spectra_there_is_no_saturation(of_data):
    study = of_data(arrays(), training={"default": {"spectra": "none"}}).study
    assert not {"saturation", "intrinsic_dimension"} & study.scores.keys()
    assert "saturation_by_depth" not in study.figures


def test_single_filters_have_no_linear_probe(of_data):
    study = of_data(arrays((16, 16)), representations={"filters": {"layers": "all"}}).study
    # Without whole layers there is nothing to show against depth but what is followed in training.
    assert list(study.figures) == ["datasets", "saturation_by_depth", "training"]


def test_a_table_of_trained_networks_asks_for_some(of_data):
    study = of_data(arrays(), training={"default": {"epochs": 3, "snapshots": [0]}}).study
    assert "accuracy" in study.scores
    assert study.tables == {}


def test_tokens_ask_for_a_network_of_ones_own(of_data, tmp_path):
    tokens = {"mine": {"source": "npz", "path": "mine.npz", "vocabulary": 7}}
    with pytest.raises(StudyError, match=r"architectures is missing: datasets\.mine has sequences of tokens, .*own-networks.md"):
        of_data(sentences(), datasets=tokens)
    (tmp_path / "words.py").write_text(WORDS)
    own = {"code": ["words.py"], "architectures": {"words": {"family": "module", "file": "words.py", "pool": "none"}}}
    assert "words_layers" in of_data(sentences(), datasets=tokens, **own).study.figures


def test_data_that_are_not_there_are_named(of_data):
    with pytest.raises(StudyError, match=r"datasets\.mine: there is no nowhere\.npz here"):
        of_data(arrays(), datasets={"mine": {"source": "npz", "path": "nowhere.npz"}})


def test_a_kind_of_ones_own_may_give_itself(of_data, tmp_path):
    figure = """FIGURE = {"description": "Dots.", "reads": ("runs",), "required": ("score",),
              "by_default": {"dots": {"score": "d_same"}, "none": {"score": "unknown"}},
              "options": {"score": {"$ref": "#/$defs/score_name"}}}\ndef draw(reads, options): ..."""
    (tmp_path / "mine.py").write_text(figure)
    study = of_data(arrays(), code=["mine.py"]).study
    assert study.figures["dots"]["score"] == "d_same"
    assert "none" not in study.figures


def test_a_dataset_without_a_test_split_is_named(of_data, tmp_path):
    source = """SOURCE = {"description": "Bars.", "options": {"name": {"enum": ["bars"], "default": "bars"}},
              "sizes": {"bars": {"shape": [8, 8], "train": 90, "test": 0, "classes": 2}}}
def load(name, options, downloads): ..."""
    (tmp_path / "bars.py").write_text(source)
    with pytest.raises(StudyError, match=r"datasets\.mine has no test split to look at; set its size there"):
        of_data(arrays(), code=["bars.py"], datasets={"mine": {"source": "bars"}})


def test_a_figure_of_embeddings_asks_for_some(of_data, tmp_path):
    figure = """FIGURE = {"description": "Dots.", "reads": ("embedding",), "by_default": {"dots": {}}}
def draw(reads, options): ..."""
    (tmp_path / "mine.py").write_text(figure)
    assert "dots" in of_data(arrays(), code=["mine.py"]).study.figures
    assert "dots" not in of_data(arrays(), code=["mine.py"], embeddings="none").study.figures


def test_two_kinds_do_not_give_the_same_name(of_data, tmp_path):
    figure = (
        'FIGURE = {"description": "Mine.", "reads": ("history",), "by_default": {"training": {}}}\ndef draw(reads, options): ...'
    )
    (tmp_path / "mine.py").write_text(figure)
    with pytest.raises(StudyError, match=r"both give figures\.training by default; rename one"):
        of_data(arrays(), code=["mine.py"])


# What leaves a block out


@pytest.mark.parametrize("empty", [{}, "none"], ids=["empty", "none"])
@pytest.mark.parametrize("block", LOOKS)
def test_a_block_that_is_empty_stays_empty(of_data, block, empty):
    study = of_data(arrays(), **{block: empty}).study
    assert getattr(study, block) == {}
    # Without scores there is nothing to tabulate.
    filled = [other for other in LOOKS if other != block and (block, other) != ("scores", "tables")]
    assert all(getattr(study, other) for other in filled)


def test_a_study_may_train_and_do_nothing_else(of_data):
    jobs = of_data(arrays(), **dict.fromkeys(LOOKS, "none"))
    assert jobs.study.samples == {}
    assert jobs.targets() == [f"results/mine/{run.folder}/checkpoints.safetensors" for run in jobs.study.runs]


@pytest.mark.parametrize(
    ("block", "entries"),
    [
        ("embeddings", {"pca": {"method": "pca"}}),
        ("scores", {"accuracy": {}}),
        ("figures", {"curves": {"kind": "training_curves"}}),
        ("neurons", {"trees": 5}),
    ],
)
def test_a_study_that_says_one_thing_is_given_no_other(of_data, block, entries):
    """So a study that somebody wrote before there were defaults means what it did."""
    study = of_data(arrays(), **{block: entries}).study
    assert {other: list(getattr(study, other)) for other in LOOKS} == {
        other: list(entries) if other == block else [] for other in LOOKS
    }


def test_none_is_the_only_word_for_a_block(of_data):
    with pytest.raises(StudyError, match="figures: 'all' is not allowed; none or a block of keys is wanted"):
        of_data(arrays(), figures="all")


def test_every_default_is_an_entry_that_its_kind_accepts(of_data):
    """Each is given somewhere: pictures wide enough for every network have them all."""
    study = of_data(arrays((16, 16))).study
    for block in ("architectures", "embeddings", "scores", "tables"):
        kinds = [kind for kind in Kinds().of(block).values() if "targets" not in kind.says("needs", ())]
        declared = [name for kind in kinds for name in kind.says("by_default", {})]
        assert sorted(declared) == sorted(getattr(study, block))
    stems = [name for kind in Kinds().of("figures").values() for name in kind.says("by_default", {})]
    assert all(any(figure.endswith(stem) for figure in study.figures) for stem in stems)


def test_data_that_ship_in_packages_need_no_size_of_the_test_split(of_data):
    assert of_data(arrays(), datasets={"digits": {"source": "sklearn"}}).study.datasets["digits"]["test"] == 360
