"""The files of the explorer's page that are the same for every study: its own, and those of Bokeh."""

from pathlib import Path

PAGE = Path(__file__).parent / "page"
# In the order in which they are run.
SCRIPTS = (
    "data.js",
    "view.js",
    "address.js",
    "choices.js",
    "colours.js",
    "panels.js",
    "overlay.js",
    "observation.js",
    "curves.js",
    "export.js",
    "controls.js",
    "pointing.js",
    "main.js",
)


def own_file(part: str) -> str:
    """The text of one file of the page: explorer.js is all its scripts, one after another."""
    if part == "explorer.js":
        return "\n".join((PAGE / script).read_text(encoding="utf-8") for script in SCRIPTS)
    return (PAGE / part).read_text(encoding="utf-8")


def bokeh_file(part: str) -> str:
    """The text of one file of Bokeh's own JavaScript, from the installed package."""
    import bokeh

    return (Path(bokeh.__file__).parent / "server" / "static" / "js" / part).read_text(encoding="utf-8")
