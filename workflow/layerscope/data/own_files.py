"""A person's own files: where they are looked for, and which of them a dataset is made from."""

from pathlib import Path


def find_own(path: str, downloads: Path) -> Path | None:
    """The file or folder of that path in the working directory, or else below the download folder; None if there is none."""
    return next((found for found in (Path(path), downloads / path) if found.exists()), None)


def own_files(path: str, downloads: Path) -> list[str]:
    """The file of that path, or all files below the folder of that path, hidden ones left out; none where nothing is there."""
    found = find_own(path, downloads)
    if found is None or found.is_file():
        return [] if found is None else [str(found)]
    below = (file for file in found.rglob("*") if not any(part.startswith(".") for part in file.relative_to(found).parts))
    return sorted(str(file) for file in below if file.is_file())
