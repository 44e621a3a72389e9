"""Pictures as people have them: every mode and depth as a viewer shows it, and folders of every convention."""

import numpy as np
import pytest
from PIL import Image

from layerscope.data.pictures import Tally, Wanted, read_picture
from layerscope.data.sources import images
from layerscope.errors import StudyError


def read(picture_or_file, tmp_path, *, size=None, colour=False, resize="pad", ground=255, suffix="png", **saved):
    """A picture after it was saved and read again, and what was done to it."""
    file = picture_or_file
    if isinstance(picture_or_file, Image.Image):
        file = tmp_path / f"one.{suffix}"
        picture_or_file.save(file, **saved)
    if size is None:
        with Image.open(file) as picture:
            size = (picture.height, picture.width)
    tally = Tally()
    return read_picture(file, file.read_bytes(), Wanted(size, colour, resize, ground), "dataset 'mine'", tally), list(tally.done)


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_sixteen_bits_keep_their_full_range_and_equal_steps(tmp_path, suffix):
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    found, done = read(Image.fromarray(ramp), tmp_path, suffix=suffix)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.ravel(), np.arange(256), atol=1e-4)
    assert done == []


def test_sixteen_bits_in_colour_have_three_equal_channels(tmp_path):
    found, _ = read(Image.fromarray(np.full((4, 4), 257 * 9, np.uint16)), tmp_path, colour=True)
    np.testing.assert_allclose(found, np.full((3, 4, 4), 9))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_thirty_two_bits_are_refused_with_a_remedy(tmp_path, mode):
    with pytest.raises(StudyError, match=r"one\.tif has signed or 32-bit values.*save it with 8 or 16 bits, or .*npz"):
        read(Image.new(mode, (4, 4), 70_000), tmp_path, suffix="tif")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_pictures_are_turned_as_a_viewer_shows_them(tmp_path, orientation, suffix):
    """The upper left corner of what is shown is black, and its upper edge is the longer one."""
    shown = np.full((16, 32), 255, np.uint8)
    shown[:8, :8] = 0
    flips = {1: [], 2: ["x"], 3: ["x", "y"], 4: ["y"], 5: ["t"], 6: ["x", "t"], 7: ["x", "y", "t"], 8: ["y", "t"]}[orientation]
    stored = shown
    for step in flips if orientation in (1, 2, 3, 4, 5) else []:
        stored = {"x": stored[:, ::-1], "y": stored[::-1], "t": stored.T}[step]
    # Row 0 of what is stored is the right (6), right (7) or left (8) side of what is shown.
    stored = {6: np.rot90(shown, 1), 7: np.rot90(shown, 1)[:, ::-1], 8: np.rot90(shown, -1)}.get(orientation, stored)
    exif = Image.Exif()
    exif[0x0112] = orientation
    found, done = read(Image.fromarray(np.ascontiguousarray(stored)), tmp_path, size=(16, 32), suffix=suffix, exif=exif)
    assert np.abs(found.astype(int) - shown).max() < 40
    assert done == ([] if orientation == 1 else ["are turned as their camera noted"])


def drawing(mode):
    """A black line on a transparent ground."""
    picture = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    for column in range(8):
        picture.putpixel((column, 3), (0, 0, 0, 255))
    return picture.convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize(("ground", "colour"), [(255, False), (255, True), (90, False)])
def test_transparent_parts_lie_on_a_ground(tmp_path, mode, ground, colour):
    found, done = read(drawing(mode), tmp_path, colour=colour, ground=ground)
    expected = np.full((8, 8), ground)
    expected[3] = 0
    np.testing.assert_array_equal(found, np.broadcast_to(expected, found.shape))
    assert done == [f"are transparent in places, which are laid on the grey value {ground} (`ground`)"]


def test_one_transparent_colour_of_a_palette_lies_on_the_ground(tmp_path):
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([200, 0, 0, 10, 10, 10])
    picture.putpixel((0, 0), 0)
    found, _ = read(picture, tmp_path, transparency=0)
    assert (found[0, 0], found[1, 1]) == (255, 10)


def test_a_ground_nobody_sees_is_not_mentioned(tmp_path):
    assert read(Image.new("RGBA", (4, 4), (9, 9, 9, 255)), tmp_path)[1] == []


@pytest.mark.parametrize(
    ("mode", "suffix"), [("1", "png"), ("L", "bmp"), ("P", "gif"), ("RGB", "webp"), ("CMYK", "jpg"), ("L", "jfif")]
)
def test_every_mode_is_read_as_it_looks(tmp_path, mode, suffix):
    picture = Image.new("RGB", (8, 8), (255, 255, 255)).convert(mode)
    saved = {"format": "JPEG"} if suffix == "jfif" else {}
    assert (read(picture, tmp_path, suffix=suffix, **saved)[0] > 250).all()


def test_the_first_frame_is_read_and_that_is_said(tmp_path):
    frames = [Image.new("L", (4, 4), value) for value in (10, 200)]
    found, done = read(frames[0], tmp_path, suffix="gif", save_all=True, append_images=frames[1:])
    assert (found == 10).all()
    assert done == ["are animated or have several pages: the first frame is read"]


def test_colours_that_are_left_out_are_mentioned(tmp_path):
    _, [done] = read(Image.new("RGB", (4, 4), (200, 0, 0)), tmp_path)
    assert done.startswith("have colours, which are read as their grey values")
    assert read(Image.new("RGB", (4, 4), (7, 7, 7)), tmp_path)[1] == []


def test_sixteen_bits_a_colour_are_said_to_lose_eight(tmp_path):
    import struct
    import zlib

    rows = b"".join(b"\0" + struct.pack(">6H", *[513] * 6) for _ in range(2))
    chunks = [(b"IHDR", struct.pack(">2I5B", 2, 2, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    file = tmp_path / "deep.png"
    parts = [struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks]
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    found, done = read(file, tmp_path)
    assert (found == 2).all()
    assert done == ["have 16 bits a colour, of which the upper 8 are read"]


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_proportions_are_kept_by_padding_unless_one_asks_to_squash(tmp_path, mode):
    tall = Image.fromarray(np.zeros((20, 10), np.uint16)) if mode == "I;16" else Image.new(mode, (10, 20))
    padded, done = read(tall, tmp_path, size=(10, 10), ground=200)
    assert (padded[:, :2] == 200).all()
    assert (padded[:, 8:] == 200).all()
    assert (padded[:, 3:7] == 0).all()
    assert done == ["are resized to 10 × 10, padded with the grey value 200"]
    squashed, done = read(tall, tmp_path, size=(10, 10), resize="squash")
    assert (squashed == 0).all()
    assert done == ["are resized to 10 × 10, which changes their proportions"]


def test_sixteen_bits_of_which_zero_is_white_are_inverted(tmp_path):
    ramp = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    found, _ = read(Image.fromarray(ramp), tmp_path, suffix="tif", tiffinfo={262: 0})
    np.testing.assert_allclose(found.ravel(), 255 - np.arange(256), atol=1e-4)


def test_an_orientation_that_means_nothing_turns_nothing(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 9
    assert read(Image.new("L", (4, 8)), tmp_path, exif=exif)[1] == []


# Folders


def save(file, value=100, mode="L", size=(6, 4)):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(file)


@pytest.fixture
def folder(tmp_path):
    """Two classes of five pictures."""
    for label, name in enumerate(("ant", "bee")):
        for number in range(5):
            save(tmp_path / "mine" / name / f"{number}.png", 100 * label + number)
    return tmp_path / "mine"


def load(folder, **options):
    return images.load("mine", {"path": folder.name, **options}, folder.parent)


def found(folder, **options):
    return images.found_sizes("mine", {"path": folder.name, **options}, folder.parent)


def test_nothing_but_the_folder_is_needed(folder):
    dataset = load(folder)
    assert dataset.classes == ["ant", "bee"]
    assert {split: images.shape for split, (images, _) in dataset.splits.items()} == {"train": (8, 4, 6), "test": (2, 4, 6)}
    assert dataset.notes == ["2 of 10 pictures are held out as the test split"]
    assert found(folder) == {"shape": [4, 6], "classes": 2, "class_names": ["ant", "bee"], "train": 8, "test": 2}


def test_colours_are_kept_where_there_are_any(folder):
    save(folder / "ant" / "red.png", (200, 0, 0), "RGB")
    assert load(folder).splits["train"][0].shape[1:] == (3, 4, 6)
    assert found(folder)["shape"] == [3, 4, 6]
    assert found(folder, colour=False)["shape"] == [4, 6]


def test_large_pictures_are_shrunk_and_that_is_said(folder):
    for name in ("ant", "bee"):
        for number in range(9):
            save(folder / name / f"large{number}.png", size=(640, 480))
    dataset = load(folder)
    assert dataset.splits["train"][0].shape[1:] == (48, 64) == tuple(found(folder)["shape"])
    assert any("18 of 28 pictures are resized to 48 × 64" in note for note in dataset.notes)
    assert any("10 of 28 pictures are resized to 48 × 64, padded with the grey value 255" in note for note in dataset.notes)


def test_pictures_in_subfolders_belong_to_their_class(folder):
    save(folder / "ant" / "garden" / "deep" / "one.png", 55)
    assert found(folder)["train"] + found(folder)["test"] == 11
    assert sum(len(labels) for _, labels in load(folder).splits.values()) == 11


@pytest.mark.parametrize("hidden", [".ipynb_checkpoints", "__MACOSX", ".cache"])
def test_hidden_folders_are_no_classes(folder, hidden):
    save(folder / hidden / "one.png")
    save(folder / "ant" / hidden / "one.png")
    (folder / "ant" / ".DS_Store").write_bytes(b"")
    assert load(folder).classes == ["ant", "bee"]
    assert found(folder)["train"] == 8


def test_what_is_left_out_is_said(folder):
    (folder / "ant" / "notes.txt").write_text("none")
    (folder / "ant" / "photo.heic").write_bytes(b"")
    (folder / "labels.csv").write_text("none")
    (folder / "docs").mkdir()
    notes = "; ".join(load(folder).notes)
    assert "1 files directly in" in notes
    assert "(.csv)" in notes
    assert "(.heic, .txt)" in notes
    assert f"{folder / 'docs'} holds no pictures and is left out" in notes


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "Valid", "Testing"), ("train", "validation", "test")])
def test_folders_of_splits(tmp_path, names):
    for split, count in zip(names, (4, 3, 2), strict=True):
        for label, name in enumerate(("ant", "bee")):
            for number in range(count):
                save(tmp_path / "mine" / split / name / f"{number}.png", 100 * label + number)
    dataset = load(tmp_path / "mine")
    assert {split: len(labels) for split, (_, labels) in dataset.splits.items()} == {"train": 8, "validation": 6, "test": 4}
    assert found(tmp_path / "mine") == {
        "shape": [4, 6],
        "classes": 2,
        "class_names": ["ant", "bee"],
        "train": 8,
        "validation": 6,
        "test": 4,
    }


def test_a_class_that_training_has_not_is_named(tmp_path):
    for part in ("train/ant", "train/bee", "test/ant", "test/cow"):
        save(tmp_path / "mine" / part / "one.png")
    for look in (load, found):
        with pytest.raises(StudyError, match=r"test has the class cow \(1 pictures\), which .*train has not"):
            look(tmp_path / "mine")


def test_a_class_may_be_called_train(tmp_path):
    for part in ("train", "tram", "bus"):
        save(tmp_path / "mine" / part / "one.png")
        save(tmp_path / "mine" / part / "two.png")
    assert found(tmp_path / "mine", test=3)["classes"] == 3


def test_what_lies_beside_the_splits_is_said(tmp_path):
    for part in ("train/ant", "train/bee", "test/ant", "extra/ant"):
        save(tmp_path / "mine" / part / "one.png")
    assert any("1 files beside" in note for note in load(tmp_path / "mine").notes)


@pytest.mark.parametrize("look", [load, found])
def test_more_than_there_is_cannot_be_held_out(folder, look):
    with pytest.raises(StudyError, match="has 10 observations: 9 cannot be held out"):
        look(folder, test=9)


def test_a_class_without_test_pictures_is_noted(tmp_path):
    for part in ("train/ant", "train/bee", "test/ant"):
        save(tmp_path / "mine" / part / "one.png")
    assert any("the class bee has no pictures in" in note for note in load(tmp_path / "mine").notes)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (("train/ant", "train/bee", "val/ant"), "has the folders train and val, and none called test; rename val to test"),
        (("test/ant", "test/bee"), "has the folders test, and none called train"),
        (("train/ant", "train/bee", "test/ant", "val/ant", "valid/ant"), "may both be the validation split; keep one"),
        (("train/ant", "train/bee", "Train/ant", "test/ant"), "may be the same split; keep one"),
        (("ant",), "has pictures of ant only"),
        (("$x$", "y"), r"'\$x\$' cannot be the name of a class"),
    ],
)
def test_folders_that_cannot_be_read_with_certainty(tmp_path, parts, said):
    for part in parts:
        save(tmp_path / "mine" / part / "one.png")
    for look in (load, found):
        with pytest.raises(StudyError, match=f"dataset 'mine': .*{said}"):
            look(tmp_path / "mine")


def test_a_key_that_changes_nothing_is_said(tmp_path):
    for part in ("train/ant", "train/bee", "test/ant"):
        save(tmp_path / "mine" / part / "one.png")
    with pytest.raises(StudyError, match=r"datasets\.mine\.test changes nothing"):
        found(tmp_path / "mine", test=5)


def test_a_link_that_leaves_the_folder_is_refused(folder, tmp_path):
    save(tmp_path / "elsewhere" / "one.png")
    (folder / "ant" / "link.png").symlink_to(tmp_path / "elsewhere" / "one.png")
    with pytest.raises(StudyError, match="a link that leaves"):
        load(folder)
