"""What a study declares of a dataset, beside what the dataset is."""

from collections.abc import Mapping

from layerscope.data.axes import axes_of
from layerscope.errors import Mistakes


def check_declared(name: str, options: Mapping, sizes: Mapping) -> None:
    """Raise StudyError, with all mistakes, where a dataset is not what the study declares: `shape`, `n`, `classes`.

    sizes: shape, classes (none of a regression) and the number of observations by split, of the dataset. A shape may be declared
    as the file stores it.
    """
    mistakes = Mistakes()
    declared, found = options.get("shape"), list(sizes["shape"])
    if declared is not None and list(declared) != found:
        with mistakes.gathered():
            where = f"datasets.{name}.shape"
            axes = axes_of(declared, options.get("layout"), declared, where)
            if [size for size in (declared[axis] for axis in axes) if size != 1] != [size for size in found if size != 1]:
                mistakes.messages.append(f"{where} is {list(declared)}, but its observations are {found}; leave the key out")
    for split, n in (options.get("n") or {}).items():
        if n != sizes.get(split):
            mistakes.messages.append(
                f"datasets.{name}.n.{split} is {n}, but the split has {sizes.get(split, 0)} observations; leave the key out"
            )
    classes = options.get("classes")
    if classes is not None and classes != sizes.get("classes"):
        mistakes.messages.append(
            f"datasets.{name}.classes is {classes}, but there are {sizes.get('classes', 'none')}; leave the key out"
        )
    mistakes.refuse()
