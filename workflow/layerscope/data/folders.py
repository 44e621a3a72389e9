"""Where the pictures of each class and split lie below a person's folder."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from layerscope.data.class_names import check_class_names
from layerscope.errors import StudyError

SUFFIXES = (
    ".png .jpg .jpeg .jpe .jfif .bmp .gif .tif .tiff .webp .ppm .pgm .pbm".split()  # noqa: SIM905 (read at a glance)
)
SPLITS = {"train": ("train", "training"), "validation": ("val", "valid", "validation"), "test": ("test", "testing")}
# What archives and file managers leave behind.
LEFT_BEHIND = ("__MACOSX", "Thumbs.db", "desktop.ini")


@dataclass
class Pictures:
    """The picture files of a folder. by_split: split → (class, file), by class and then by path. notes: what was left out.

    A folder without splits of its own has `train` alone.
    """

    classes: list[str]
    by_split: dict[str, list[tuple[str, Path]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def pictures_below(root: Path, where: str) -> Pictures:
    """The pictures below a folder that has one subfolder a class, or folders train, test and perhaps val that have.

    Subfolders of a class folder are read too. Hidden files and folders are skipped; all else that is left out is noted.
    where: the start of messages. Raises StudyError for a single class, for a class that only another split has, for names that no
    figure can show, and for links that leave the folder.
    """
    parts = _parts(root, where)
    found = Pictures([])
    listed: dict[str, dict[str, list[Path]]] = {}
    for split, folder in parts.items():
        listed[split] = {}
        beside = [child for child in _children(folder) if not child.is_dir()]
        _note_left_out(beside, f"directly in {folder}", found.notes)
        for of_class in (child for child in _children(folder) if child.is_dir()):
            _refuse_what_leaves(of_class, root, where)
            files = list(_below(of_class, root, where))
            pictures = sorted(file for file in files if file.suffix.lower() in SUFFIXES)
            _note_left_out([file for file in files if file.suffix.lower() not in SUFFIXES], f"in {of_class}", found.notes)
            if pictures:
                listed[split][of_class.name] = pictures
            else:
                found.notes.append(f"{of_class} holds no pictures and is left out")
    if parts["train"] != root:
        beside = [child for child in _children(root) if child not in parts.values()]
        _note_left_out(beside, f"beside {parts['train']}", found.notes)
    for split, by_class in listed.items():
        if not by_class and split != "train":
            raise StudyError(f"{where}: {parts[split]} holds no pictures in subfolders; fill it, or remove it")
    classes = sorted(listed["train"])
    if not classes:
        kinds = ", ".join(SUFFIXES)
        raise StudyError(f"{where}: no images ({kinds}) in subfolders of {parts['train']}; one subfolder a class is wanted")
    if len(classes) < 2:
        raise StudyError(f"{where}: {parts['train']} has pictures of {classes[0]} only; one subfolder for each class is wanted")
    found.classes = check_class_names(classes, f"{where}: the folders in {parts['train']}")
    for split, by_class in listed.items():
        unseen = [name for name in by_class if name not in classes]
        if unseen:
            raise StudyError(
                f"{where}: {parts[split]} has the class {unseen[0]} ({len(by_class[unseen[0]])} pictures), which "
                f"{parts['train']} has not: no network can learn it; add training pictures, or remove the folder"
            )
        found.notes += [f"the class {name} has no pictures in {parts[split]}" for name in classes if name not in by_class]
        found.by_split[split] = [(name, file) for name in classes for file in by_class.get(name, [])]
    return found


def _parts(root: Path, where: str) -> dict[str, Path]:
    """Split → its folder; the whole folder as `train` where it has no splits."""
    folders = [child for child in _children(root) if child.is_dir()]
    named: dict[str, Path] = {}
    for folder in folders:
        if folder.name.lower() in named and any(folder.name.lower() in spellings for spellings in SPLITS.values()):
            raise StudyError(f"{where}: {named[folder.name.lower()]} and {folder} may be the same split; keep one")
        named[folder.name.lower()] = folder
    parts: dict[str, Path] = {}
    for split, spellings in SPLITS.items():
        fitting = [named[spelling] for spelling in spellings if spelling in named]
        if len(fitting) > 1:
            raise StudyError(f"{where}: {fitting[0]} and {fitting[1]} may both be the {split} split; keep one")
        parts.update((split, folder) for folder in fitting)
    # A class may be called train: what holds pictures and no folders is no split.
    if not parts or not any(child.is_dir() for folder in parts.values() for child in _children(folder)):
        return {"train": root}
    if set(parts) == {"train"}:
        return parts
    if "train" not in parts or "test" not in parts:
        missing = "train" if "train" not in parts else "test"
        there = " and ".join(folder.name for folder in parts.values())
        remedy = f"rename {parts['validation'].name} to test, or make" if missing == "test" else "make"
        raise StudyError(f"{where}: {root} has the folders {there}, and none called {missing}; {remedy} a folder {missing}")
    return parts


def _children(folder: Path) -> list[Path]:
    return sorted(child for child in folder.iterdir() if not child.name.startswith(".") and child.name not in LEFT_BEHIND)


def _below(folder: Path, root: Path, where: str) -> Iterator[Path]:
    for child in _children(folder):
        _refuse_what_leaves(child, root, where)
        if child.is_dir():
            yield from _below(child, root, where)
        else:
            yield child


def _refuse_what_leaves(child: Path, root: Path, where: str) -> None:
    """Raise StudyError for a link to a folder or to a file elsewhere, and for what is neither file nor folder."""
    leaves = child.is_symlink() and (child.is_dir() or not child.resolve().is_relative_to(root.resolve()))
    if leaves or not (child.is_dir() or child.is_file()):
        raise StudyError(f"{where}: {child} is no file of its own, or a link that leaves {root}; put the picture itself there")


def _note_left_out(files: list[Path], place: str, notes: list[str]) -> None:
    if files:
        kinds = sorted({file.suffix.lower() or file.name for file in files})
        notes.append(f"{len(files)} files {place} are left out ({', '.join(kinds[:5])}{', ...' if len(kinds) > 5 else ''})")
