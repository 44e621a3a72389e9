"""Nothing that is read runs code, leaves its folder, or takes the machine with it: files made to do so, and what is said of them.

Code that runs leaves a mark, a file. What is not to be read holds a secret, and what is not to be written a keepsake.
"""

import gzip
import io
import json
import os
import pickle
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
import yaml
from figure_files import made
from PIL import Image
from pyarrow import parquet
from safetensors.torch import save_file
from score_rows import OF_LAYER, UNTRAINED
from score_rows import written as written_scores

from layerscope import store
from layerscope.data.sources import images, npz, torchvision
from layerscope.errors import StudyError
from layerscope.figures import dataset_strip
from layerscope.figures.shared.sheet import set_title
from layerscope.figures.shared.style import apply_style, save
from layerscope.files.csv_tables import read_rows
from layerscope.files.provenance import canonical_json, provenance
from layerscope.files.seals import seal_of
from layerscope.files.unfinished import Resumable
from layerscope.files.whole import write_text
from layerscope.jobs.jobs import Jobs
from layerscope.stages import figure, table
from layerscope.store.reads import Reads
from layerscope.study.load import load_study
from layerscope.training.resume import STATE, UnfinishedTraining

PROJECT = Path(__file__).parents[2]
SECRET = 4711.0
KEEPSAKE = b"a keepsake"
STUDY = {
    "study": "odd",
    "seeds": 1,
    "device": "cpu",
    "datasets": {"mine": {"source": "npz", "path": "mine.npz", "shape": [4, 4], "classes": 2}},
    "architectures": {"mlp": {"family": "mlp", "hidden": [3]}},
    "grids": [{"datasets": ["mine"], "architectures": ["mlp"], "activations": ["relu"]}],
    "training": {"default": {"epochs": 1}},
    "samples": {"look": {"split": "test", "choose": "all"}},
    "scores": {"accuracy": {}},
    "figures": {"curves": {"kind": "training_curves"}},
}
PICTURES = {"path": "mine", "size": [4, 4], "colour": False, "test": 2}


class Payload:
    """What leaves a mark when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


@pytest.fixture
def mark(tmp_path):
    return tmp_path / "mark"


@pytest.fixture
def folder(tmp_path):
    """Where the hostile file lies; the mark and what is not to be touched lie beside it."""
    made_here = tmp_path / "folder"
    made_here.mkdir()
    return made_here


def refusal(read):
    """The lines in which a file is refused, one after another."""
    with pytest.raises(StudyError) as raised:
        read()
    assert all(message.isprintable() for message in raised.value.messages), str(raised.value)
    message = " ".join(raised.value.messages)
    return message


# Code in files


def arrays(n=6, **others):
    """Those of an npz file: images without content, of two classes."""
    blank = {f"x_{split}": np.zeros((n, 4, 4)) for split in ("train", "test")}
    return {**blank, **{f"y_{split}": np.arange(n) % 2 for split in ("train", "test")}, **others}


def read_npz(folder):
    return npz.load("mine", {"path": "mine.npz"}, folder)


def pickled_labels(folder, payload):
    np.savez(folder / "mine.npz", **arrays(y_test=np.array([payload] * 6, dtype=object)))


def pickled_extension(folder, payload):
    """The column type that pyarrow before 14.0.1 unpickled (CVE-2023-47248)."""
    kind = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": pickle.dumps(payload)}
    table = pa.table([pa.array([1])], schema=pa.schema([pa.field("value", pa.int64(), metadata=kind)]))
    parquet.write_table(table, folder / "scores.parquet")


def pickled_object_attribute(folder, payload):
    with h5py.File(folder / "data.h5", "w") as file:
        file.attrs["params"] = np.void(pickle.dumps(payload))


def called_program(folder, payload):
    """A PostScript picture under the name of another kind; Pillow would hand it to a program named gs."""
    program = folder.parent / "bin" / "gs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {payload.mark}\n")
    program.chmod(0o755)
    for name in ("ant", "bee"):
        (folder / "mine" / name).mkdir(parents=True)
        Image.new("L", (4, 4)).save(folder / "mine" / name / "1.png", format="EPS")


def object_of_yaml(folder, payload):
    (folder / "study.yaml").write_text(f"study: !!python/object/apply:os.system ['touch {payload.mark}']\n")


def pickle_named(name, dump=pickle.dump):
    def write(folder, payload):
        with open(folder / name, "wb") as file:
            dump(payload, file)

    return write


def read_pictures(folder):
    return images.load("mine", {**PICTURES, "path": str(folder / "mine")}, folder)


CODE = {
    "an npz file of objects": (pickled_labels, read_npz, "mine.npz must hold the arrays"),
    "a pickle for an npz file": (pickle_named("mine.npz"), read_npz, "mine.npz is no npz file"),
    "a torch checkpoint": (
        pickle_named("checkpoints.safetensors", torch.save),
        lambda folder: store.snapshot_epochs(folder / "checkpoints.safetensors"),
        "checkpoints.safetensors is damaged",
    ),
    "a pickle for an HDF5 file": (
        pickle_named("data.h5"),
        lambda folder: store.read_labels(folder / "data.h5"),
        "data.h5 is damaged",
    ),
    "a pickle in an attribute of an HDF5 file": (
        pickled_object_attribute,
        lambda folder: store.file_params(folder / "data.h5"),
        "data.h5 is damaged",
    ),
    "a type of a Parquet column": (
        pickled_extension,
        lambda folder: store.read_score_table(folder / "scores.parquet"),
        "scores.parquet is damaged",
    ),
    "a picture that is a program": (called_program, read_pictures, "1.png is no readable image"),
    "an object of YAML": (object_of_yaml, lambda folder: load_study(folder / "study.yaml", {}), "is no valid YAML"),
}


@pytest.mark.parametrize(("write", "read", "said"), CODE.values(), ids=CODE)
def test_code_in_a_file_is_not_run(folder, mark, monkeypatch, write, read, said):
    monkeypatch.setenv("PATH", str(folder.parent / "bin"), prepend=os.pathsep)
    write(folder, Payload(mark))
    assert said in refusal(lambda: read(folder))
    assert not mark.exists()


def test_the_payload_would_leave_a_mark(mark):
    pickle.loads(pickle.dumps(Payload(mark)))
    assert mark.exists()


def test_a_pickle_for_the_state_of_a_training_is_none(folder, mark):
    pickle_named(STATE, torch.save)(folder, Payload(mark))
    assert UnfinishedTraining(folder, "mine").read() is None
    assert not mark.exists()


def test_a_pickle_for_finished_parts_is_thrown_away(folder, mark):
    pickle_named(".out.h5.partial")(folder, Payload(mark))
    with Resumable(folder / "out.h5", "mine") as parts:
        assert parts.get("a") is None
    assert not mark.exists()


# Downloads are opened when their checksums are those of the published files, not before


def archive_that_leaves(folder, mark):
    """Members that would lie above the folder, behind a link, or be a device."""
    with tarfile.open(folder / "cifar-10-binary.tar.gz", "w:gz") as packed:
        for name, kind, link in (
            (f"../{mark.name}", tarfile.REGTYPE, ""),
            (str(mark), tarfile.REGTYPE, ""),
            ("cifar-10-batches-bin/data_batch_1.bin", tarfile.SYMTYPE, "../../secret"),
            ("cifar-10-batches-bin/test_batch.bin", tarfile.CHRTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            packed.addfile(member, io.BytesIO(b""))


def pickled_matrix(folder, mark):
    (folder / "train_32x32.mat").write_bytes(pickle.dumps(Payload(mark)))


def packed_bomb(folder, mark):
    (folder / "MNIST" / "raw").mkdir(parents=True)
    for name in torchvision.SHA256["MNIST"]:
        (folder / "MNIST" / "raw" / f"{name}.gz").write_bytes(gzip.compress(bytes(2**20)))


DOWNLOADS = {
    "CIFAR10": (archive_that_leaves, "cifar-10-binary.tar.gz is not the published file: its MD5 is"),
    "SVHN": (pickled_matrix, "dataset 'SVHN' is missing"),
    "MNIST": (packed_bomb, "dataset 'MNIST' is missing"),
}


@pytest.mark.parametrize("name", DOWNLOADS)
def test_a_download_that_is_not_the_published_one_is_not_opened(folder, mark, monkeypatch, name):
    write, message = DOWNLOADS[name]
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    write(folder, mark)
    before = sorted(folder.rglob("*"))
    assert message in refusal(lambda: torchvision.load(name, {"name": name}, folder))
    assert sorted(folder.rglob("*")) == before
    assert not mark.exists()


# Pictures that are elsewhere, or nowhere


def ants_and_bees(folder):
    for name in ("ant", "bee"):
        (folder / "mine" / name).mkdir(parents=True)
        for number in range(3):
            Image.new("L", (4, 4), number).save(folder / "mine" / name / f"{number}.png")
    Image.new("L", (4, 4), 200).save(folder.parent / "secret.png")
    return folder / "mine"


def linked_folder(root):
    (root.parents[1] / "elsewhere").mkdir()
    shutil.move(root.parents[1] / "secret.png", root.parents[1] / "elsewhere" / "9.png")
    (root / "cow").symlink_to(root.parents[1] / "elsewhere")


ELSEWHERE = {
    "a link to a file": lambda root: (root / "bee" / "9.png").symlink_to(root.parents[1] / "secret.png"),
    "a link upwards": lambda root: (root / "bee" / "9.png").symlink_to("../../../secret.png"),
    "a link to a folder": linked_folder,
    "a link to nothing": lambda root: (root / "bee" / "9.png").symlink_to(root / "nowhere.png"),
    "a device": lambda root: (root / "bee" / "9.png").symlink_to("/dev/zero"),
    "a pipe": lambda root: os.mkfifo(root / "bee" / "9.png"),
}


@pytest.mark.parametrize("lay", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_picture_that_is_not_in_its_folder_is_refused(folder, lay):
    lay(ants_and_bees(folder))
    assert re.search(r"(9\.png|cow) is no file of its own, or a link that leaves", refusal(lambda: read_pictures(folder)))


def test_a_link_inside_the_folder_is_a_picture_of_it(folder):
    (ants_and_bees(folder) / "bee" / "9.png").symlink_to("../ant/0.png")
    assert sum(len(labels) for _, labels in read_pictures(folder).splits.values()) == 7


def test_the_folder_itself_may_be_anywhere(folder):
    ants_and_bees(folder).rename(folder.parent / "far")
    (folder / "mine").symlink_to(folder.parent / "far")
    assert read_pictures(folder).classes == ["ant", "bee"]


CLASS_NAMES = {
    "a formula of a spreadsheet": "=HYPERLINK(1)",
    "another": "@SUM(1)",
    "a third": "-1+cmd",
    "a formula of a figure": r"$\frac{$",
    "two lines": "ant\nbee",
    "a command to the terminal": "\x1b[2Jant",
    "letters from right to left": "ant\u202ebee",
    "bytes that are no text": "ant\udcff",
    "a name that legends hide": "_ant",
}


@pytest.mark.parametrize("name", CLASS_NAMES.values(), ids=CLASS_NAMES)
def test_a_folder_whose_name_is_no_name_of_a_class_is_refused(folder, name):
    root = ants_and_bees(folder)
    (root / "bee").rename(root / name)
    assert f"{name!r} cannot be the name of a class" in refusal(lambda: read_pictures(folder))


@pytest.mark.parametrize("name", ["-1", "+2.5", "n01440764", "cats & dogs", "T-shirt (red)", "Käfer", "熊", "<script>"[1:]])
def test_other_names_are_names(folder, name):
    root = ants_and_bees(folder)
    (root / "bee").rename(root / name)
    assert sorted(read_pictures(folder).classes) == sorted(["ant", name])


# HDF5 files that lead to others


@pytest.fixture
def secret(tmp_path):
    """An HDF5 file and a plain one that no file of a study is to read."""
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["labels"] = np.full(3, SECRET)
    (tmp_path / "secret.bin").write_bytes(np.full(3, SECRET).tobytes())
    return tmp_path / "secret.h5"


def external_link(file, secret):
    file["labels"] = h5py.ExternalLink(secret, "/labels")


def soft_link(file, secret):
    file["labels"] = h5py.SoftLink("/deep/er/labels")
    file["deep/er"] = h5py.ExternalLink(secret, "/")


def external_storage(file, secret):
    file.create_dataset("labels", shape=3, dtype="float64", external=[(secret.with_suffix(".bin"), 0, 24)])


def virtual_dataset(file, secret):
    layout = h5py.VirtualLayout(3, "float64")
    layout[:] = h5py.VirtualSource(secret, "labels", 3)
    file.create_virtual_dataset("labels", layout)


OUTSIDE = [external_link, soft_link, external_storage, virtual_dataset]


@pytest.mark.parametrize("lead", OUTSIDE)
def test_an_hdf5_file_that_leads_to_another_is_refused(folder, secret, lead):
    with h5py.File(folder / "data.h5", "w") as file:
        lead(file, secret)
        np.testing.assert_array_equal(file["labels"][:], SECRET)
    message = refusal(lambda: store.read_labels(folder / "data.h5"))
    assert "data.h5: " in message
    assert "leads to another file" in message


def test_an_hdf5_file_that_is_changed_is_looked_at_anew(folder, secret):
    with h5py.File(folder / "data.h5", "w") as file:
        file["labels"] = np.arange(3)
    np.testing.assert_array_equal(store.read_labels(folder / "data.h5"), np.arange(3))
    with h5py.File(folder / "data.h5", "a") as file:
        del file["labels"]
        external_link(file, secret)
    assert "leads to another file" in refusal(lambda: store.read_labels(folder / "data.h5"))


def test_links_within_a_file_are_followed(folder):
    with h5py.File(folder / "data.h5", "w") as file:
        file["there"] = np.arange(3)
        file["labels"] = h5py.SoftLink("/there")
    np.testing.assert_array_equal(store.read_labels(folder / "data.h5"), np.arange(3))


# Files that lead what is written elsewhere


def test_finished_parts_do_not_go_to_another_file(folder, secret):
    with Resumable(folder / "out.h5", "mine"):
        pass
    (folder / ".out.h5.partial" / "one.npz").symlink_to(secret)
    before = secret.read_bytes()
    with Resumable(folder / "out.h5", "mine") as parts:
        parts.keep("one", {"a": np.arange(3)}, {})
        assert list(parts.get("one")[0]) == ["a"]
    assert secret.read_bytes() == before


def test_finished_parts_do_not_go_through_a_link(folder, secret):
    (folder / ".out.h5.partial").symlink_to(secret)
    before = secret.read_bytes()
    with Resumable(folder / "out.h5", "mine") as parts:
        parts.keep("a", {"a": np.arange(3)}, {})
    assert secret.read_bytes() == before


def test_a_file_is_not_written_through_a_link(folder):
    kept = folder.parent / "keepsake"
    kept.write_bytes(KEEPSAKE)
    (folder / ".out.csv.01234567.writing").symlink_to(kept)
    (folder / "out.csv").symlink_to(kept)
    write_text(folder / "out.csv", "a,b\n")
    assert (folder / "out.csv").read_text() == "a,b\n"
    assert [path.name for path in folder.glob("*out.csv*")] == ["out.csv"]
    assert kept.read_bytes() == KEEPSAKE


# Names that would be paths, options or commands

NAMES = ["..", "../up", ".", "", "/etc/passwd", "a/b", "a b", "a;b", "$(touch mark)", "a\n", "a*", "{run}", "a" * 101]
NAMED = ["datasets", "architectures", "samples", "embeddings", "figures", "tables", "claims"]


def refused(name):
    return f"{name!r} is too long" if len(name) > 100 else f"{name!r} must match"


def written(folder, study):
    (folder / "study.yaml").write_text(yaml.safe_dump(study))
    return folder / "study.yaml"


@pytest.mark.parametrize("name", NAMES)
def test_a_study_s_name_stays_below_results(folder, name):
    for content, overrides in (({**STUDY, "study": name}, {}), (STUDY, {"study": name})):
        assert f"study: {refused(name)}" in refusal(lambda c=content, o=overrides: load_study(written(folder, c), o))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("block", NAMED)
def test_names_within_a_study_stay_below_its_folder(folder, block, name):
    entry = next(iter(STUDY.get(block, {"x": {}}).values()))
    message = refusal(lambda: load_study(written(folder, {**STUDY, block: {**STUDY.get(block, {}), name: entry}}), {}))
    assert f"study.yaml: {block}: {refused(name)}" in message


# Values without end


def laughs():
    """Ten values, ten times over, ten times: a file of a few hundred letters, ten thousand million values."""
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(lines)


BOMBS = {
    "aliases of aliases": (laughs(), "there are more than 100,000 values"),
    "blocks in blocks": (f"study: {'[' * 100_000}", "has blocks within blocks without end"),
    "itself": ("study: &a [*a]", "unconstructable recursive node"),
    "a large number": (f"study: odd\nseeds: {'9' * 400}", "seeds: the number is too large; at most 9223372036854775807"),
    "a large hexadecimal number": (f"study: odd\nseeds: 0x{'f' * 9000}", "seeds: the number is too large"),
    "a number of too many digits": (
        f"study: odd\nseeds: {'9' * 5000}",
        f"line 2: {'9' * 40} is no int",
    ),
    "a day that is none": ("study: 2024-99-99", "line 1: 2024-99-99 is no timestamp"),
    "a number that is none": ("study: !!int many", "line 1: many is no int"),
    "a truth that is none": ("study: !!bool perhaps", "line 1: perhaps is no bool"),
    "a command to the terminal": ('study: odd\ndevice: "\\e[2J"', "device: '\\x1b[2J' has characters that cannot be printed"),
    "half a letter": ('study: odd\ndevice: "\\ud800"', "device: '\\ud800' has characters that cannot be printed"),
    "a key that cannot be printed": ('study: odd\n"\\e[2J": 1', "\\x1b[2J: unknown key"),
}


@pytest.mark.parametrize(("text", "said"), BOMBS.values(), ids=BOMBS)
def test_a_study_file_without_end_is_refused(folder, text, said):
    (folder / "study.yaml").write_text(text)
    message = refusal(lambda: load_study(folder / "study.yaml", {}))
    assert said in message
    assert "study.yaml" in message


def changed_directory(folder, **changes):
    """An npz file whose directory says other things of its members than is true."""
    content = io.BytesIO()
    np.save(content, np.zeros((6, 4, 4)))
    with zipfile.ZipFile(folder / "mine.npz", "w") as packed:
        for name in arrays():
            packed.writestr(f"{name}.npy", content.getvalue())
        for member in packed.filelist:
            for key, value in changes.items():
                setattr(member, key, value)


def npz_of(**others):
    return lambda folder: np.savez(folder / "mine.npz", **arrays(**others))


def header_that_lies(folder):
    """An array of 2 TiB, of which the file has nothing."""
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "|u1", "fortran_order": False, "shape": (2**41, 1)})
    with zipfile.ZipFile(folder / "mine.npz", "w") as packed:
        for name in arrays():
            packed.writestr(f"{name}.npy", content.getvalue())


ARRAYS = {
    "more than the memory": (
        lambda folder: changed_directory(folder, file_size=2**50),
        "mine.npz unpacks to 4,194,304.0 GiB, this machine has",
    ),
    "an array of which nothing is there": (header_that_lies, "mine.npz must hold the arrays"),
    "a password": (lambda folder: changed_directory(folder, flag_bits=1), "mine.npz must hold the arrays"),
    "an unknown compression": (lambda folder: changed_directory(folder, compress_type=99), "mine.npz must hold the arrays"),
    "a label for which there are no classes": (
        npz_of(y_test=np.array([0, 1, 0, 1, 0, 2**40])),
        "y_test has 1 observations of 1099511627776, which y_train never has",
    ),
    "a label beyond 63 bits": (npz_of(y_train=np.full(6, 2**64 - 1, np.uint64)), "y_train holds 1.84467e+19; labels of at most"),
    "a label beyond all integers": (npz_of(y_train=np.full(6, 1e300)), "y_train holds 1e+300; labels of at most"),
    "text for images": (npz_of(x_train=np.full((6, 4), "a")), "x_train is <U1 (6, 4); numbers"),
    "one number for images": (npz_of(x_train=np.zeros(())), "x_train is float64 (); numbers"),
    "images without pixels": (npz_of(x_train=np.zeros((6, 0)), x_test=np.zeros((6, 0))), "observations of shape 0 hold nothing"),
    "complex numbers": (npz_of(x_train=np.zeros((6, 4, 4), complex)), "x_train is complex128"),
}


@pytest.mark.parametrize(("write", "said"), ARRAYS.values(), ids=ARRAYS)
def test_an_npz_file_without_end_is_refused(folder, write, said):
    write(folder)
    message = refusal(lambda: read_npz(folder))
    assert "dataset 'mine'" in message
    assert said in message


def vast_picture():
    """A GIF of 65,535 × 65,535 points in some thirty bytes."""
    return b"GIF89a" + b"\xff\xff\xff\xff\x00\x00\x00" + b",\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02D\x01\x00;"


def small_picture(kind):
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)).save(content, kind)
    return content.getvalue()


def broken_chunk():
    """A PNG whose points go on in a chunk that has no name."""
    content = small_picture("PNG")
    start = content.index(b"IDAT") - 4
    points = content[start + 8 : start + 8 + 200]
    first = struct.pack(">I", len(points)) + b"IDAT" + points + struct.pack(">I", zlib.crc32(b"IDAT" + points))
    return content[:start] + first + struct.pack(">I", 4) + b"\xff\xff\xff\xff" + bytes(8)


PICTURE_FILES = {
    "vast": (vast_picture(), "decompression bomb"),
    "cut short": (small_picture("PNG")[:300], "truncated"),
    "broken inside": (broken_chunk(), "broken PNG file"),
    "a drawing": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "it is none of PNG"),
    "a page": (b"<html></html>", "it is none of PNG"),
    "of another kind": (small_picture("TGA"), "it is none of PNG"),
    "empty": (b"", "it is none of PNG"),
}


@pytest.mark.parametrize(("content", "said"), PICTURE_FILES.values(), ids=PICTURE_FILES)
def test_a_picture_that_is_none_is_refused(folder, content, said):
    (ants_and_bees(folder) / "bee" / "9.png").write_bytes(content)
    message = refusal(lambda: read_pictures(folder))
    assert "dataset 'mine'" in message
    assert "9.png is no readable image" in message
    assert said in message


def test_an_array_larger_than_the_memory_ends_in_one_line(folder):
    """An HDF5 file of a few kilobytes that says it holds 8 PiB."""
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("labels", shape=2**50, dtype="int64", chunks=(1024,))
    stage = f"""
import sys
from layerscope import store
from layerscope.commandline import run_stage, stage_parser
sys.argv = ["stage.py", "--params", "{{}}"]
run_stage(lambda _: store.read_labels({str(folder / "a.h5")!r}), stage_parser(""))
"""
    done = subprocess.run([sys.executable, "-c", stage], env=with_package(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("layerscope stage: out of memory (")


# Results that are not ours


def with_package():
    return {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}


def data_attributes(**attributes):
    def write(folder):
        with h5py.File(folder / "data.h5", "w") as file:
            file.attrs.update({"params": "{}", "provenance": "{}", **attributes})

    return write


def checkpoint(names=("epoch0000/weight",), metadata=None):
    return lambda folder: save_file({name: torch.zeros(2) for name in names}, folder / "c.safetensors", metadata=metadata)


def safetensors_header(text, size=None):
    content = text.encode()
    return lambda folder: (folder / "c.safetensors").write_bytes((size or len(content)).to_bytes(8, "little") + content)


def text_file(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def params_of(folder):
    return store.file_params(folder / "data.h5")


def made_by(folder):
    return store.checkpoint_provenance(folder / "c.safetensors")


def tensors(folder):
    return [store.read_snapshot(folder / "c.safetensors", epoch) for epoch in store.snapshot_epochs(folder / "c.safetensors")]


def rows_of(folder):
    return read_rows(folder / "t.csv")


def frame_of(folder):
    return store.read_frame(folder / "s.csv")


FOREIGN = {
    "params that are no JSON": (data_attributes(params="{'a': 1}"), params_of, "data.h5 is damaged"),
    "params that are no mapping": (data_attributes(params="[1]"), params_of, "data.h5 is damaged ([1] is no mapping)"),
    "params that are a number": (data_attributes(params=5), params_of, "data.h5 is damaged"),
    "params without end": (data_attributes(params="[" * 60_000), params_of, "data.h5 is damaged"),
    "classes that are no JSON": (
        data_attributes(classes="__import__('os')"),
        lambda folder: store.describe_data(folder / "data.h5"),
        "data.h5 is damaged",
    ),
    "an attribute that is not there": (
        data_attributes(),
        lambda folder: store.describe_data(folder / "data.h5"),
        "data.h5 is damaged",
    ),
    "checkpoints without metadata": (checkpoint(), made_by, "c.safetensors is damaged"),
    "metadata that are no JSON": (checkpoint(metadata={"layerscope": "os.system"}), made_by, "c.safetensors is damaged"),
    "metadata that are no mapping": (checkpoint(metadata={"layerscope": "[]"}), made_by, "c.safetensors is damaged"),
    "tensors of no epoch": (checkpoint(["weight"]), tensors, "c.safetensors is damaged"),
    "tensors of an epoch that is no number": (checkpoint(["../up/weight"]), tensors, "c.safetensors is damaged"),
    "a header larger than the file": (safetensors_header("{}", 2**62), tensors, "c.safetensors is damaged"),
    "tensors beyond the end": (
        safetensors_header(json.dumps({"a/b": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}})),
        tensors,
        "c.safetensors is damaged",
    ),
    "a table that is no text": (
        text_file("t.csv", b"a,b\n\xff\xfe,1\n"),
        rows_of,
        "t.csv is damaged",
    ),
    "a cell without end": (
        text_file("t.csv", b"a\n" + b"x" * 200_000),
        rows_of,
        "t.csv is damaged",
    ),
    "a summary that is no text": (text_file("s.csv", b"\xff\xfe"), frame_of, "s.csv is damaged"),
    "an empty summary": (text_file("s.csv", b""), frame_of, "s.csv is damaged"),
    "formulas for numbers": (
        text_file("s.csv", b"layer,mean\na,=1+1\n"),
        frame_of,
        "s.csv is damaged",
    ),
    "a table of other scores": (
        lambda folder: pd.DataFrame({"value": [1.0]}).to_parquet(folder / "s.parquet"),
        lambda folder: store.read_score_table(folder / "s.parquet"),
        "s.parquet is damaged",
    ),
}


@pytest.mark.parametrize(("write", "read", "said"), FOREIGN.values(), ids=FOREIGN)
def test_a_result_that_is_not_ours_is_named(folder, write, read, said):
    write(folder)
    message = refusal(lambda: read(folder))
    assert said in message
    assert "delete it and run snakemake again" in message


@pytest.mark.parametrize("metadata", [None, {"layerscope": "[]"}, {"layerscope": '{"identity": "mine"}'}])
def test_the_state_of_a_training_that_is_not_ours_is_none(folder, metadata):
    save_file({"a": torch.zeros(2)}, folder / STATE, metadata=metadata)
    assert UnfinishedTraining(folder, "mine").read() is None


def test_formulas_in_tables_are_text(folder):
    (folder / "t.csv").write_text("layer,mean\n=1+1,0.5\n")
    assert read_rows(folder / "t.csv") == [{"layer": "=1+1", "mean": "0.5"}]
    assert store.read_frame(folder / "t.csv")["layer"].tolist() == ["=1+1"]


# Titles and names are text wherever they are shown

TITLE = r"</script><script>alert(1)</script> $\frac{$ \input{/etc/passwd} & 50 % of a_b"


def written_tables(folder, title):
    names = dict.fromkeys(["metric", "dataset", "architecture", "activation", "sample", "space"], "a_b")
    rows = [{**OF_LAYER, **names, **state, "layer": layer} for layer in ("a_b", "b_c") for state in ({}, UNTRAINED)]
    [runs] = written_scores(folder, rows)["runs"]
    params = canonical_json({"options": {"kind": "tests", "title": title, "scores": ["a_b"], "control_networks": {}}})
    outputs = [part for name in ("csv", "md", "tex") for part in (f"--{name}", str(folder / f"t.{name}"))]
    table.main(table.parser().parse_args(["--params", params, "--runs", runs, *outputs]))
    return ((folder / f"t.{name}").read_text() for name in ("md", "tex"))


def test_a_title_is_text_in_markdown_and_latex(folder):
    markdown, latex = written_tables(folder, TITLE)
    assert "<" not in markdown
    assert "&lt;/script&gt;" in markdown
    [caption] = [line for line in latex.splitlines() if "caption" in line]
    assert r"\input" not in caption
    assert r"\$\textbackslash{}frac\{\$ \textbackslash{}input\{/etc/passwd\} \& 50 \% of a\_b: dataset a\_b" in caption


def test_a_title_of_two_lines_is_one_heading(folder):
    markdown, _ = written_tables(folder, "one\n\n# two")
    assert markdown.startswith("**one # two: ")


def test_a_title_is_text_in_the_page_of_a_film(folder):
    study = made(folder, np.arange(20) % 3)
    points = np.random.default_rng(0).normal(size=(20, 2))
    embedding = study.embedding({(epoch, "conv1", 1, None): points + epoch for epoch in (0, 5)})
    options = {"kind": "embedding_film", "title": TITLE, "snapshots": [0, 5], "on": {"layer": "conv1"}, "point_size": 2}
    options |= {"seconds": 1, "marked": False}
    params = canonical_json({"options": options})
    reads = ["--data", *study.data, "--embedding", embedding, "--activations", *study.activations({"conv1": points})]
    outputs = ["--outputs", *(str(folder / f"f.{name}") for name in ("gif", "html", "csv"))]
    figure.main(figure.parser().parse_args(["--params", params, *reads, *outputs]))
    page = (folder / "f.html").read_text()
    assert "<script" not in page
    assert page.count("&lt;/script&gt;") == 4


def test_titles_and_classes_are_text_in_figures(folder):
    made(folder, np.arange(6) % 3)
    with h5py.File(folder / "data.h5", "a") as file:
        file.attrs["classes"] = json.dumps(["<script>", "a & b", "\"'><"])
    seal_of(folder / "data.h5").unlink()
    apply_style()
    drawn, _ = dataset_strip.draw(Reads(data=[str(folder / "data.h5")]), {"images": 2, "title": ""})
    set_title(drawn, TITLE)
    save(drawn, folder / "f.svg", folder / "f.png")
    drawing = (folder / "f.svg").read_text()
    assert "<script" not in drawing
    assert "&lt;script&gt;" in drawing
    assert r"$\frac{$" in drawing


def test_the_params_of_jobs_do_not_end_the_script_that_the_report_puts_them_in():
    told = {"options": {"title": TITLE}}
    assert "<" not in canonical_json(told)
    assert json.loads(canonical_json(told)) == told


# Names of files that would be commands

COMMAND = 'it\'s "a"; touch mark; $(touch mark) `touch mark` {x} {{y}} {params.job} *.npz'


def snakemake(folder, snakefile, *arguments):
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile), "--cores", "1", *arguments]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_paths_in_a_study_and_its_own_are_no_commands(folder):
    without_braces = COMMAND.translate({ord(brace): None for brace in "{}"})
    np.savez(folder / without_braces, **arrays())
    study = {**STUDY, "datasets": {"mine": {**STUDY["datasets"]["mine"], "path": without_braces}}}
    written(folder, study).rename(folder / f"{COMMAND}.yaml")
    made_file = "results/odd/data/mine.h5"
    snakemake(folder, PROJECT / "Snakefile", made_file, "--configfile", f"{COMMAND}.yaml")
    assert store.split_names(folder / made_file) == ["train", "test"]
    assert not list(folder.rglob("mark"))


def test_a_file_that_snakemake_would_take_for_a_pattern_is_refused(folder):
    np.savez(folder / "{sample}.npz", **arrays())
    study = {**STUDY, "datasets": {"mine": {**STUDY["datasets"]["mine"], "path": str(folder / "{sample}.npz")}}}
    jobs = Jobs(load_study(written(folder, study), {}))
    assert "Snakemake takes the braces in" in refusal(jobs.reads.check_own_files)


def test_the_folder_of_the_project_is_no_command(folder):
    project = folder / "it's; touch mark"
    shutil.copytree(PROJECT / "workflow", project / "workflow", ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("Snakefile", "envs", "profiles"):
        source = PROJECT / part
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, project / part)
    numbers = project / "workflow" / "published" / "rauber.csv"
    columns = numbers.read_text(encoding="utf-8").splitlines()[0]
    numbers.write_text(f"{columns}\nfig1,mine,mlp,test,run,,trained,accuracy,0.9\n", encoding="utf-8")
    tables = {"beside": {"kind": "published_values", "published": "rauber"}}
    written(folder, {**STUDY, "tables": tables})
    np.savez(folder / STUDY["datasets"]["mine"]["path"], **arrays())
    shown = snakemake(folder, project / "Snakefile", "beside", "-n", "-p", "--configfile", "study.yaml")
    [command] = [line for line in shown.splitlines() if "layerscope.stages.table" in line]
    words = shlex.split(command)
    assert words[words.index("--published") + 1] == f"{project.name}/workflow/published/rauber.csv"


def test_provenance_of_made_files_is_read_back(folder):
    """What is refused above is no harm to what the project writes itself."""
    with store.create_hdf5(folder / "a.h5", "data", {"title": TITLE}, provenance()):
        pass
    assert store.file_params(folder / "a.h5") == {"title": TITLE}
