"""Labels as people have them (numbers from anywhere, text, columns) as classes numbered from 0, with names."""

from collections.abc import Mapping, Sequence

import numpy as np

from layerscope.data.class_names import check_class_names
from layerscope.data.targets import SAY_SO
from layerscope.errors import StudyError

# Larger numbers with a point are no longer told from their neighbours.
LARGEST = 2**53
# So many observations of a class of their own each are no classes, as far as anybody can tell.
MANY = 20
# Messages name no more classes than this.
NAMED = 5


def numbered(
    given: Mapping[str, np.ndarray], names: Sequence[str] | None, where: str, notes: list[str], task: str | None = None
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Labels (n,) int64 from 0 by split, and the names of the classes.

    given: split, as messages call its labels → labels: whole numbers of any type, text or bytes, (n,) or (n, 1), `train` first.
    names: of the classes by number, or in the order that text labels get. Without them text gives the classes its own names,
    sorted, and numbers are numbered anew where some between 0 and the largest are not in use, with a line in notes; their names
    stay. where: the start of messages. task: as the study says it. Raises StudyError for labels that are no classes, for one-hot
    rows, for a single class, for a class of another split that no training observation has, and for numbers of which each of
    many training observations has its own, unless the study says that these are classes.
    """
    vectors = {split: label_vector(np.asarray(labels), f"{where}: {split}") for split, labels in given.items()}
    train = next(iter(vectors))
    kinds = {split: labels.dtype.kind == "U" for split, labels in vectors.items()}
    if len(set(kinds.values())) > 1:
        listed = ", ".join(f"{split} holds {'text' if is_text else 'numbers'}" for split, is_text in kinds.items())
        raise StudyError(f"{where}: {listed}; write all in one way")
    values = np.unique(vectors[train])
    if names is not None:
        classes = check_class_names([str(name) for name in names], f"{where}: classes")
        values = _by_name(values, classes, f"{where}: {train}", notes)
    else:
        classes = [str(value) for value in values]
        if kinds[train]:
            check_class_names(classes, f"{where}: {train}")
        elif len(classes) > 1 and classes != [str(number) for number in range(len(classes))]:
            notes.append(
                f"the labels in use, {_listed(classes)}, are numbered 0 to {len(classes) - 1}; the classes keep them as names"
            )
    if len(classes) < 2:
        raise StudyError(f"{where}: {train} holds one class only ({', '.join(classes)}); two or more are wanted")
    if len(values) == len(vectors[train]) >= MANY and not (kinds[train] or names or task):
        raise StudyError(
            f"{where}: each of the {len(values)} observations of {train} has a number of its own; {SAY_SO}, where they are "
            "classes `task: classification`"
        )
    places = {value: number for number, value in enumerate(values.tolist())}
    found = {}
    seen = set(np.unique(vectors[train]).tolist())
    without = [classes[place] for value, place in places.items() if value not in seen]
    if without:
        notes.append(f"{train} has no observation of {_listed(without)}")
    for split, labels in vectors.items():
        unseen = [value for value in np.unique(labels).tolist() if value not in seen]
        if unseen:
            count = int(np.isin(labels, unseen).sum())
            or_targets = "" if kinds[train] else f"; {SAY_SO}"
            raise StudyError(
                f"{where}: {split} has {count} observations of {_listed([str(value) for value in unseen])}, which {train} never "
                f"has: no network can learn it; add training observations, or leave these out{or_targets}"
            )
        found[split] = np.array([places[value] for value in labels.tolist()], dtype=np.int64)
    return found, classes


def label_vector(labels: np.ndarray, where: str) -> np.ndarray:
    """Labels (n,), int64 or text."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        shape = " × ".join(map(str, labels.shape)) or "a single value"
        if labels.ndim == 2 and labels.dtype.kind in "buif" and (np.sort(labels != 0, axis=1).sum(axis=1) == 1).all():
            raise StudyError(f"{where} holds one-hot rows ({shape}); hand over their argmax(axis=1), one label an observation")
        or_targets = f"; {SAY_SO}" if labels.ndim == 2 and labels.dtype.kind in "iuf" else ""
        raise StudyError(f"{where} is {shape}; one label for each observation is wanted{or_targets}")
    if not len(labels):
        raise StudyError(f"{where} is empty: that split has no observations")
    if labels.dtype.kind == "S":
        try:
            labels = np.char.decode(labels, "utf-8")
        except UnicodeDecodeError:
            raise StudyError(f"{where} holds bytes that are no UTF-8; save the labels as text") from None
    if labels.dtype.kind == "f":
        parted = labels[~(np.isfinite(labels) & (labels == np.round(labels)))]
        if len(parted):
            raise StudyError(f"{where} holds {parted[0]:g}; classes are whole numbers or text; {SAY_SO}")
    elif labels.dtype.kind not in "buiU":
        raise StudyError(f"{where} is {labels.dtype}; whole numbers or text are wanted, one for each observation")
    if labels.dtype.kind == "U":
        return labels
    largest = np.abs(labels.astype(np.float64)).max()
    if largest > LARGEST:
        raise StudyError(f"{where} holds {largest:g}; labels of at most {LARGEST:,} can be told apart, number the classes from 0")
    return labels.astype(np.int64)


def _by_name(values: np.ndarray, classes: list[str], where: str, notes: list[str]) -> np.ndarray:
    """The label of each class, in the order of their names. values: the labels in use, ascending."""
    if values.dtype.kind == "U":
        unknown = [str(value) for value in values if value not in classes]
        if unknown:
            raise StudyError(f"{where} has {_listed(unknown)}, which classes does not name; it names {_listed(classes)}")
        return np.array(classes)
    if values[0] == 1 and 1 < values[-1] < len(classes):
        raise StudyError(
            f"{where} has labels from 1 to {values[-1]}, and classes names {len(classes)}: whether label 1 is {classes[0]} or "
            f"{classes[1]} is not certain; number the classes from 0, and name as many as there are"
        )
    if values[0] >= 0 and values[-1] < len(classes):
        return np.arange(len(classes))
    if values[0] == 1 and values[-1] == len(classes):
        notes.append(f"the labels 1 to {len(classes)} are numbered from 0; label 1 is {classes[0]}")
        return np.arange(1, len(classes) + 1)
    raise StudyError(
        f"{where} has labels from {values[0]} to {values[-1]}, and classes names {len(classes)}; number the classes from 0 to "
        f"{len(classes) - 1}"
    )


def _listed(names: Sequence[str]) -> str:
    """The first few of some names."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
