"""Files appear whole or not at all, damaged ones are named, and what is written reads back the same."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from layerscope import store
from layerscope.data.dataset import Dataset
from layerscope.errors import StudyError
from layerscope.files.csv_tables import read_rows, write_rows
from layerscope.files.provenance import canonical_json, provenance
from layerscope.files.seals import intact, seal_of
from layerscope.files.whole import replacing, write_text
from layerscope.kind_modules import kind_source, packages
from layerscope.saturation.spectrum import Spectrum
from layerscope.selection import View

PARAMS = {"a": 1, "b": [0.1, "x"]}
PACKAGE = Path(store.__file__).parents[2]


def digest(file):
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def write_half(target):
    with replacing(target) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError


def write_half_hdf5(target):
    with store.create_hdf5(target, "data", PARAMS, provenance()) as file:
        file["x"] = np.arange(5)
        raise ZeroDivisionError


# Whole or not at all


def test_a_file_appears_when_its_block_ends_well(tmp_path):
    target = tmp_path / "new" / "folder" / "file.txt"
    with replacing(target) as temporary:
        temporary.write_text("done")
        assert temporary.parent == target.parent
        assert not target.exists()
    assert target.read_text() == "done"
    assert list(target.parent.iterdir()) == [target]


def test_an_error_leaves_neither_the_file_nor_a_temporary_one(tmp_path):
    with pytest.raises(ZeroDivisionError):
        write_half(tmp_path / "file.txt")
    assert list(tmp_path.iterdir()) == []


def test_an_error_leaves_the_older_file_as_it_was(tmp_path):
    target = tmp_path / "file.txt"
    write_text(target, "old")
    with pytest.raises(ZeroDivisionError):
        write_half(target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def writing(target, text, sealed):
    """A job that waits in the middle of writing until it is asked for more."""
    with replacing(target, sealed) as temporary:
        temporary.write_text(text)
        yield


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("ends_first", ["earlier", "later"])
def test_of_two_jobs_that_write_a_file_the_later_one_does(tmp_path, ends_first, sealed):
    """As where a job lives on whose Snakemake was killed, beside the one that was started in its place."""
    target = tmp_path / "file.txt"
    earlier, later = writing(target, "earlier", sealed), writing(target, "later", sealed)
    next(earlier)
    next(later)
    if ends_first == "later":
        list(later)
    with pytest.raises(StudyError, match=r"file.txt is being written by a job that was started later"):
        list(earlier)
    list(later)
    assert intact(target).read_text() == "later"
    assert {path.name for path in tmp_path.iterdir()} - {".file.txt.sha256"} == {"file.txt"}


def test_an_error_in_an_hdf5_block_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError):
        write_half_hdf5(tmp_path / "file.h5")
    assert list(tmp_path.iterdir()) == []


def test_newlines_and_letters_are_written_as_given(tmp_path):
    write_text(tmp_path / "file.txt", "Farkaš\r\n1 × 1\n")
    assert (tmp_path / "file.txt").read_bytes() == "Farkaš\r\n1 × 1\n".encode()


# Damaged files


@pytest.mark.parametrize(
    "content", [b"", b"no HDF5 file", b"\x89HDF\r\n\x1a\n" + bytes(200)], ids=["empty", "text", "header alone"]
)
def test_a_damaged_hdf5_file_is_named(tmp_path, content):
    (tmp_path / "bad.h5").write_bytes(content)
    with pytest.raises(StudyError, match=r"bad\.h5 is damaged .*delete it"):
        list(store.representations(tmp_path / "bad.h5"))


@pytest.fixture(params=["sealed", "unsealed"])
def sealed(request) -> bool:
    """Files of ours have a seal; one that was copied alone, or made by an older version, has none."""
    return request.param == "sealed"


def damage(target: Path, content: bytes, sealed: bool) -> None:
    target.write_bytes(content)
    if not sealed:
        seal_of(target).unlink()


def test_an_hdf5_file_that_is_cut_short_is_named(tmp_path, activations, sealed):
    content = activations.read_bytes()
    damage(activations, content[: len(content) // 2], sealed)
    with pytest.raises(StudyError, match=r"activations\.h5 is damaged"):
        list(store.representations(activations))


def test_a_missing_hdf5_file_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"none\.h5 is missing; run snakemake"):
        store.read_labels(tmp_path / "none.h5")


def test_an_hdf5_file_damaged_inside_is_named(tmp_path):
    """A block of a compressed array overwritten: the file opens, the array does not read."""
    target = tmp_path / "data.h5"
    images = np.repeat((np.arange(400) % 256).astype(np.uint8), 900).reshape(400, 30, 30)
    dataset = Dataset({"train": (images, np.zeros(400, int))}, ["0"], 255, "made up", "0")
    store.write_data(target, PARAMS, provenance(), dataset)
    content = bytearray(target.read_bytes())
    with h5py.File(target) as file:
        at = file["train/images"].id.get_chunk_info(0).byte_offset
    content[at : at + 200] = b"\xff" * 200
    target.write_bytes(content)
    with pytest.raises(StudyError, match=r"data\.h5"):
        store.read_split(target, "train")


@pytest.mark.parametrize("content", [b"", b"no safetensors", bytes(100)], ids=["empty", "text", "zeros"])
def test_a_damaged_checkpoint_is_named(tmp_path, content):
    (tmp_path / "bad.safetensors").write_bytes(content)
    for read in (store.snapshot_epochs, store.checkpoint_provenance):
        with pytest.raises(StudyError, match=r"bad\.safetensors is damaged .*delete it"):
            read(tmp_path / "bad.safetensors")


def test_a_checkpoint_that_is_cut_short_is_named(tmp_path, sealed):
    target = tmp_path / "cut.safetensors"
    store.write_checkpoints(target, PARAMS, provenance(), {0: {"w": torch.zeros(100)}})
    damage(target, target.read_bytes()[:-10], sealed)
    with pytest.raises(StudyError, match=r"cut\.safetensors is (missing or )?damaged"):
        store.read_snapshot(target, 0)


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"none\.safetensors is missing"):
        store.snapshot_epochs(tmp_path / "none.safetensors")


def test_a_score_table_that_is_missing_or_damaged_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"scores\.parquet is missing"):
        store.read_score_table(tmp_path / "scores.parquet")
    (tmp_path / "scores.parquet").write_bytes(b"no table")
    with pytest.raises(StudyError, match=r"scores\.parquet"):
        store.read_score_table(tmp_path / "scores.parquet")


@pytest.mark.parametrize("content", [b"a note of somebody's", b"PAR1 cut short"])
def test_nobody_is_told_to_delete_a_file_that_may_not_be_of_a_study(tmp_path, content):
    """The runs of another study, or a file of somebody's that was named by mistake."""
    (tmp_path / "runs.parquet").write_bytes(content)
    with pytest.raises(StudyError) as error:
        store.read_runs(tmp_path / "runs.parquet")
    told = str(error.value)
    assert told.startswith(f"{tmp_path}/runs.parquet is damaged")
    assert told.endswith("; name the runs.parquet of a study, or delete this one and run its study again")


def test_runs_that_are_not_what_was_written_are_told_with_their_own_advice(tmp_path):
    with replacing(tmp_path / "runs.parquet", sealed=True) as temporary:
        pd.DataFrame({"value": [1.0]}).to_parquet(temporary)
    pd.DataFrame({"value": [2.0]}).to_parquet(tmp_path / "runs.parquet")
    with pytest.raises(StudyError, match=r"it is not what was written; name the runs\.parquet of a study, or delete this one"):
        store.read_runs(tmp_path / "runs.parquet")


def test_a_score_table_of_another_version_is_not_called_damaged(tmp_path):
    table = pd.DataFrame({column: ["x"] for column in store.SCORE_TABLE_COLUMNS if column != "draw"})
    table.to_parquet(tmp_path / "scores.parquet")
    with pytest.raises(
        StudyError, match=r"scores\.parquet lacks draw: another version of layerscope wrote it; run snakemake again"
    ):
        store.read_score_table(tmp_path / "scores.parquet")


# There and back


def test_the_packages_that_a_kind_declares_are_in_the_provenance(tmp_path):
    """Of the package's own and of a person's own; a package that is not installed is left out."""
    (tmp_path / "mine.py").write_text("ENGINE = {'packages': ('jsonschema', 'no-such-package')}")
    code = {"embedding.mine": str(tmp_path / "mine.py")}
    of_engine = {name: packages(kind_source("embedding", name, code), "ENGINE") for name in ("umap", "pca", "mine")}
    assert of_engine == {"umap": ("umap-learn",), "pca": (), "mine": ("jsonschema", "no-such-package")}
    told = {name: set(provenance(packages=found)["versions"]) for name, found in of_engine.items()}
    assert told["mine"] - told["pca"] == {"jsonschema"}
    assert "umap-learn" not in told["pca"]


def test_what_made_a_file_is_read_back(tmp_path):
    made_by = provenance(threads=3, seeds=[1, 2], status="diverged", reason="too fast")
    with store.create_hdf5(tmp_path / "file.h5", "neighbors", PARAMS, made_by):
        pass
    assert store.file_params(tmp_path / "file.h5") == PARAMS
    assert store.file_provenance(tmp_path / "file.h5") == made_by
    with store.open_hdf5(tmp_path / "file.h5") as file:
        assert file.attrs["schema"] == store.SCHEMA["neighbors"]


def test_equal_params_are_spelt_one_way():
    assert canonical_json({"b": 1, "a": [1.0, None]}) == canonical_json({"a": [1.0, None], "b": 1}) == '{"a":[1.0,null],"b":1}'


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_datasets(tmp_path, dtype):
    generator = np.random.default_rng(0)
    splits = {
        split: (generator.integers(0, 256, (n, 3, 4, 5)).astype(dtype), generator.integers(0, 2, n))
        for split, n in (("train", 30), ("validation", 1), ("test", 7))
    }
    store.write_data(tmp_path / "d.h5", PARAMS, provenance(), Dataset(splits, ["ant", "čmelák"], 16, "made up", "00"))
    for split, (images, labels) in splits.items():
        read, read_labels = store.read_split(tmp_path / "d.h5", split)
        np.testing.assert_array_equal(read, images)
        np.testing.assert_array_equal(read_labels, labels)
        assert (read.dtype, read_labels.dtype) == (np.dtype(dtype), np.int64)
    described = store.describe_data(tmp_path / "d.h5")
    assert (described.classes, described.white) == (["ant", "čmelák"], 16.0)
    images = splits["train"][0].astype(np.float64)
    np.testing.assert_allclose(described.mean, images.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(described.deviation, images.std(axis=(0, 2, 3)))
    for rows in (np.array([0, 3, 29]), np.arange(5, 9), np.array([7]), np.array([], int)):
        np.testing.assert_array_equal(store.read_images(tmp_path / "d.h5", "train", rows), splits["train"][0][rows])
    assert store.split_names(tmp_path / "d.h5") == ["train", "validation", "test"]


def test_a_split_that_is_not_there_is_named_beside_those_that_are(tmp_path):
    splits = {"train": (np.zeros((3, 2), np.uint8), np.zeros(3, int))}
    store.write_data(tmp_path / "d.h5", PARAMS, provenance(), Dataset(splits, ["0"], 1, "made up", "00"))
    with pytest.raises(StudyError, match=r"d\.h5 has no split 'validation'; it has: train"):
        store.read_split(tmp_path / "d.h5", "validation")


def test_the_same_content_gives_the_same_bytes(tmp_path):
    generator = np.random.default_rng(0)
    splits = {"train": (generator.random((50, 6, 6)).astype(np.float32), np.arange(50))}
    dataset = Dataset(splits, ["0"], 1, "made up", "00")
    snapshots = {0: {"w": torch.arange(6.0), "b": torch.ones(2)}, 12: {"w": torch.zeros(6), "b": torch.ones(2)}}
    for name in ("a", "b"):
        store.write_data(tmp_path / name / "d.h5", PARAMS, provenance(), dataset)
        store.write_checkpoints(tmp_path / name / "c.safetensors", PARAMS, provenance(), snapshots)
    for name in ("d.h5", "c.safetensors"):
        assert digest(tmp_path / "a" / name) == digest(tmp_path / "b" / name)


def test_checkpoints(tmp_path):
    snapshots = {
        epoch: {"steps.conv1.map.weight": torch.rand(2, 3) + epoch, "count": torch.tensor(epoch)} for epoch in (0, 5, 12000)
    }
    store.write_checkpoints(tmp_path / "c.safetensors", PARAMS, provenance(status="diverged", reason="r"), snapshots)
    assert store.snapshot_epochs(tmp_path / "c.safetensors") == [0, 5, 12000]
    for epoch, state in snapshots.items():
        read = store.read_snapshot(tmp_path / "c.safetensors", epoch)
        assert state.keys() == read.keys()
        assert all(torch.equal(state[name], read[name]) for name in state)
    assert store.checkpoint_provenance(tmp_path / "c.safetensors")["reason"] == "r"


def test_spectra_come_by_phase_step_and_depth(tmp_path):
    generator = np.random.default_rng(0)
    spectra = [
        Spectrum("evaluation", step, epoch, layer, depth, "linear", 60, generator.random(4))
        for step, epoch in ((1000, 10), (20, 1))
        for depth, layer in enumerate(["zeta", "alpha", "output"], start=1)
    ]
    store.write_spectra(tmp_path / "s.h5", PARAMS, provenance(), spectra)
    read = list(store.spectra(tmp_path / "s.h5"))
    assert [(one.step, one.epoch, one.layer) for one in read] == [
        (step, epoch, layer) for step, epoch in ((20, 1), (1000, 10)) for layer in ("zeta", "alpha", "output")
    ]
    np.testing.assert_array_equal(read[0].eigenvalues, spectra[3].eigenvalues)
    assert (read[0].phase, read[0].samples, read[0].depth) == ("evaluation", 60, 1)


def test_tables_of_rows(tmp_path):
    rows = [{"a": 0.1, "b": None}, {"a": float("nan"), "b": 'x, "y"'}, {"a": 1e-300, "b": ""}]
    write_rows(tmp_path / "t.csv", ("a", "b"), rows)
    assert (tmp_path / "t.csv").read_text() == 'a,b\n0.1,\nnan,"x, ""y"""\n1e-300,\n'
    assert [row["a"] for row in read_rows(tmp_path / "t.csv")] == ["0.1", "nan", "1e-300"]


def test_tables_of_a_frame_keep_empty_text_and_missing_numbers(tmp_path):
    frame = pd.DataFrame({"layer": ["", "hidden1"], "filter": ["", "007"], "mean": [np.nan, 0.1]})
    store.write_frame(tmp_path / "t.csv", frame)
    pd.testing.assert_frame_equal(store.read_frame(tmp_path / "t.csv"), frame, check_dtype=False)


# Representations


@pytest.fixture
def activations(tmp_path):
    """Epochs 0 and 10 of a network whose layers' names do not sort by depth."""
    generator = np.random.default_rng(0)
    with store.create_hdf5(tmp_path / "activations.h5", "activations", PARAMS, provenance()) as file:
        file["labels"], file["index"] = np.arange(6) % 2, np.arange(6) * 10
        for epoch in (10, 0):
            group = file.create_group(store.epoch_name(epoch))
            for depth, (layer, shape) in enumerate({"zeta": (6, 3, 2, 2), "conv": (6, 2, 1, 1), "alpha": (6, 5)}.items(), 1):
                stored = store.write_array(group, layer, shape, "float32", generator.random(shape).astype(np.float32))
                stored.attrs["depth"] = depth
            file[f"predictions/{store.epoch_name(epoch)}"] = np.arange(6)
            file[f"losses/{store.epoch_name(epoch)}"] = np.arange(6, dtype=np.float32)
    return tmp_path / "activations.h5"


def test_without_a_view_whole_layers_come_by_epoch_and_depth(activations):
    found = list(store.representations(activations))
    assert [(one.epoch, one.layer, one.depth) for one in found] == [
        (epoch, layer, depth) for epoch in (0, 10) for depth, layer in enumerate(["zeta", "conv", "alpha"], 1)
    ]
    assert [one.array.shape for one in found[:3]] == [(6, 12), (6, 2), (6, 5)]
    assert {one.filter for one in found} == {None}


def test_epochs_come_in_their_order_beyond_9999(tmp_path):
    with store.create_hdf5(tmp_path / "a.h5", "activations", PARAMS, provenance()) as file:
        for epoch in (0, 9999, 10000, 100000):
            stored = store.write_array(file, f"{store.epoch_name(epoch)}/x", (2, 2), "float32")
            stored.attrs["depth"] = 1
    assert [one.epoch for one in store.representations(tmp_path / "a.h5")] == [0, 9999, 10000, 100000]


def test_a_view_chooses_epochs_layers_and_filters(activations):
    view = View.from_params({"epochs": [10, 99], "whole": ["alpha", "zeta"], "filters": {"zeta": [2, 0], "conv": None}})
    found = list(store.representations(activations, view))
    assert [one.name for one in found] == [
        "epoch0010/zeta/whole",
        "epoch0010/zeta/filter0002",
        "epoch0010/zeta/filter0000",
        "epoch0010/conv/filter0000",
        "epoch0010/conv/filter0001",
        "epoch0010/alpha/whole",
    ]
    with h5py.File(activations) as file:
        np.testing.assert_array_equal(found[1].array, file["epoch0010/zeta"][:, 2].reshape(6, 4))


def test_a_layer_without_maps_has_no_filters(activations):
    view = View([0], [], {"alpha": None})
    assert list(store.representations(activations, view)) == []


def test_a_filter_that_is_not_there_is_named(activations):
    with pytest.raises(StudyError, match=r"activations\.h5: layer zeta has 3 filters, none is 3"):
        list(store.representations(activations, View([0], [], {"zeta": [3]})))


def test_labels_rows_and_predictions(activations):
    assert store.read_labels(activations).tolist() == [0, 1, 0, 1, 0, 1]
    assert store.read_index(activations).tolist() == [0, 10, 20, 30, 40, 50]
    assert [one.epoch for one in store.predictions(activations)] == [0, 10]


def test_rows_lie_together(tmp_path):
    with store.create_hdf5(tmp_path / "a.h5", "activations", PARAMS, provenance()) as file:
        stored = store.write_array(file, "x", (1000, 16, 12, 12), "float32")
        assert stored.chunks[1:] == (16, 12, 12)
        assert 64 * 1024 <= np.prod(stored.chunks) * 4 <= 1024 * 1024
        assert store.write_array(file, "few", (3, 2), "float32").chunks == (3, 2)
        assert store.write_array(file, "none", (0, 2), "float32").shape == (0, 2)


def test_embeddings_come_by_seed_epoch_depth_and_filter(tmp_path):
    parts = [("seed10/epoch0000/a/whole", 2), ("seed2/epoch0010/a/filter0010", 2), ("seed2/epoch0010/a/filter0002", 2)]
    parts += [("seed2/epoch0010/a/whole", 2), ("seed2/epoch0010/z/whole", 1), ("seed2/epoch0000/z/whole", 1)]
    with store.create_hdf5(tmp_path / "e.h5", "embedding", PARAMS, provenance()) as file:
        for name, depth in parts:
            file.create_dataset(name, data=np.full((4, 2), depth, np.float32)).attrs["depth"] = depth
    assert [f"seed{seed}/{one.name}" for seed, one in store.embeddings(tmp_path / "e.h5")] == [
        "seed2/epoch0000/z/whole",
        "seed2/epoch0010/z/whole",
        "seed2/epoch0010/a/whole",
        "seed2/epoch0010/a/filter0002",
        "seed2/epoch0010/a/filter0010",
        "seed10/epoch0000/a/whole",
    ]


# Every bit counts


@pytest.mark.parametrize("name", ["a.h5", "c.safetensors", "t.csv", "s.parquet"])
def test_one_flipped_bit_anywhere_is_noticed(tmp_path, name):
    readers = {
        "a.h5": store.read_labels,
        "c.safetensors": lambda file: store.read_snapshot(file, 0),
        "t.csv": read_rows,
        "s.parquet": store.read_score_table,
    }
    target = tmp_path / name
    with store.create_hdf5(tmp_path / "a.h5", "activations", PARAMS, provenance()) as file:
        store.write_observations(file, np.arange(10), np.arange(10))
    store.write_checkpoints(tmp_path / "c.safetensors", PARAMS, provenance(), {0: {"w": torch.zeros(100)}})
    write_rows(tmp_path / "t.csv", ["a", "b"], [{"a": 1, "b": 0.5}] * 10)
    with replacing(tmp_path / "s.parquet", sealed=True) as temporary:
        pd.DataFrame({column: [0.5] for column in store.SCORE_TABLE_COLUMNS}).to_parquet(temporary)
    readers[name](target)
    content = target.read_bytes()
    for at in np.linspace(0, len(content) - 1, 40, dtype=int):
        target.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        with pytest.raises(StudyError, match=rf"{re.escape(name)} is damaged: .*; delete it and run snakemake again"):
            readers[name](target)


def test_a_damaged_seal_is_damage(tmp_path):
    write_rows(tmp_path / "t.csv", ["a"], [{"a": 1}])
    seal_of(tmp_path / "t.csv").write_bytes(b"\xff")
    with pytest.raises(StudyError, match=r"t\.csv is damaged"):
        read_rows(tmp_path / "t.csv")


# Names


def test_paths_have_their_wildcards_open_or_filled():
    assert store.pattern("s", "embedding") == "results/s/{source}/{sample}/embeddings/{embedding}.h5"
    run = store.run_folder("digits", "mlp", "relu", 3)
    assert store.path("s", "checkpoints", run=run) == "results/s/runs/digits/mlp/relu/seed3/checkpoints.safetensors"
    assert store.network_keys(store.path("s", "history", run=run)) == {
        "dataset": "digits",
        "architecture": "mlp",
        "activation": "relu",
        "seed": 3,
    }


def test_a_study_named_runs_does_not_hide_its_runs():
    run = store.run_folder("digits", "mlp", "relu", 3)
    assert store.network_keys(store.path("runs", "history", run=run))["dataset"] == "digits"


def test_downloads_lie_where_the_environment_says(monkeypatch):
    monkeypatch.setenv("LAYERSCOPE_DATA", "/somewhere")
    assert store.download_folder() == Path("/somewhere")
    monkeypatch.setenv("LAYERSCOPE_DATA", "")
    assert store.download_folder() == Path("results/data")


@pytest.mark.parametrize("module", ["store", "study.load", "study.file", "jobs.entry", "jobs.jobs", "files.sources", "selection"])
def test_reading_a_study_loads_no_heavy_library(module):
    """Every job of Snakemake parses the rules anew."""
    code = (
        f"import sys, layerscope.{module}; print([m for m in ('h5py', 'numpy', 'torch', 'pandas', 'scipy') if m in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(PACKAGE)}, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"
