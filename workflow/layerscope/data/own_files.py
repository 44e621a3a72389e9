"""The user's own data files: where they are searched, and which of them make up a dataset."""

from pathlib import Path


def find_own(path: str, downloads: Path) -> Path | None:
    """Find a file or folder in the working directory, or else below the download folder; None if it is in neither."""
    return next((found for found in (Path(path), downloads / path) if found.exists()), None)


def own_files(path: str, downloads: Path) -> list[str]:
    """The file at a path, or all files below a folder that are not hidden, sorted; empty if there is nothing at the path."""
    found = find_own(path, downloads)
    if found is None or found.is_file():
        return [] if found is None else [str(found)]
    below = (file for file in found.rglob("*") if not any(part.startswith(".") for part in file.relative_to(found).parts))
    return sorted(str(file) for file in below if file.is_file())
