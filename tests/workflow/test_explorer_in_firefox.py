"""The explorer in Firefox: it opens from the file system, draws, selects in all panels at once, saves, and asks no host."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from explorer_page import INK, POINT

marionette = pytest.importorskip("marionette_driver.marionette", reason="marionette_driver is not installed")

# The program itself, in the folder of the installation: what a PATH has may be a script that starts it.
PLACES = ("firefox-esr", "firefox", "/usr/lib/firefox-esr/firefox-esr", "/usr/lib/firefox/firefox", "/opt/firefox/firefox")
INSTALLED = [Path(found).resolve() for found in map(shutil.which, PLACES) if found]
FIREFOX = os.environ.get("LAYERSCOPE_FIREFOX") or next(
    (one for one in INSTALLED if (one.parent / "application.ini").exists()), None
)
pytestmark = [
    pytest.mark.study,
    pytest.mark.xdist_group("study"),
    pytest.mark.skipif(FIREFOX is None, reason=f"no browser: install Firefox ({', '.join(PLACES)} are looked for)"),
]


class Firefox:
    """A page that is open in Firefox, what it said, and what it saved."""

    def __init__(self, folder: Path):
        self.saved = folder / "saved"
        self.saved.mkdir()
        self.said = folder / "said.txt"
        self.driver = marionette.Marionette(
            bin=str(FIREFOX),
            headless=True,
            gecko_log=str(self.said),
            # Any free port: browsers of other tests run beside this one.
            port=0,
            prefs={
                "browser.download.folderList": 2,
                "browser.download.dir": str(self.saved),
                "devtools.console.stdout.content": True,
            },
        )
        self.driver.start_session()
        self.driver.set_window_rect(width=1280, height=900)

    def evaluate(self, function: str, *arguments):
        # By the page's own `eval`: another sees no constants of its scripts.
        return self.driver.execute_script(
            "return window.eval(arguments[0])(...arguments[1])", [function, arguments], sandbox=None
        )

    def wait_for(self, expression: str) -> None:
        for _ in range(400):
            if self.evaluate(f"() => Boolean({expression})"):
                return
            time.sleep(0.05)
        raise AssertionError(f"the page never came to this: {expression}")

    def texts(self, selector: str) -> list[str]:
        return self.evaluate("(selector) => Array.from(document.querySelectorAll(selector), (one) => one.innerText)", selector)

    def choose(self, name: str, value: str) -> None:
        choose = """(name, value) => {
            document.getElementById(name).value = value;
            document.getElementById(name).dispatchEvent(new Event("change", {bubbles: true}));
        }"""
        self.evaluate(choose, name, value)

    def pointer(self):
        return marionette.ActionSequence(self.driver, "pointer", "mouse", {"pointerType": "mouse"})

    def wait_for_saved(self, *endings: str) -> dict[str, Path]:
        """The saved files by their endings, once none is being written."""
        for _ in range(200):
            saved = {one.suffix: one for one in self.saved.iterdir()}
            if {*saved} == {*endings} and all(one.stat().st_size for one in saved.values()):
                return saved
            time.sleep(0.1)
        raise AssertionError(f"saved are {sorted(saved)}, not {sorted(endings)}")

    def wrong(self) -> list[str]:
        """Errors and warnings of the page itself, and what it asked of hosts."""
        said = self.said.read_text(encoding="utf-8", errors="replace")
        # Texts and errors of the page stand in quotes and parentheses; what Firefox says of itself does not.
        from_page = re.findall(r'^(?:console\.(?:error|warn): (?:"|\(new ).*|JavaScript error: (?:file|data):.*)$', said, re.M)
        asked = self.evaluate("() => performance.getEntriesByType('resource').map((one) => one.name)")
        return from_page + [one for one in asked if not one.startswith(("file:", "data:", "blob:"))]


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    opened = Firefox(tmp_path)
    yield opened
    opened.driver.quit()


def test_a_person_looks_selects_and_saves(finished_study: Path, firefox: Firefox):
    firefox.driver.navigate((finished_study / "results/tiny/explorer/index.html").as_uri())
    firefox.wait_for("document.body.dataset.ready")
    titles = ["input", "hidden1", "hidden2", "output", "hidden1", "hidden2", "output"]
    assert firefox.texts("#panels figcaption b") == titles
    assert all(firefox.evaluate(INK, panel) > 300 for panel in range(7))

    row, label = firefox.evaluate(
        "() => { const {rows, classes, labels} = layerscope.look().sample; return [rows[7], classes[labels[7]]]; }"
    )
    x, y = map(round, firefox.evaluate(POINT, [2, row]))
    firefox.pointer().pointer_move(x - 3, y).pointer_move(x, y, duration=50).perform()
    firefox.wait_for("document.querySelector('#observation dl')")
    assert firefox.texts("#observation dd")[:2] == [f"{row} of test", label]
    firefox.pointer().pointer_move(x, y).pointer_down(0).pointer_up(0).perform()
    firefox.wait_for("document.querySelector('#selection .observation')")
    assert firefox.evaluate("() => layerscope.state.rows") == [row]
    faded = [firefox.evaluate(INK, panel) for panel in range(7)]

    box = """() => {
        const {left, top, width} = document.querySelectorAll(".holder")[1].getBoundingClientRect();
        return [left, top, width];
    }"""
    left, top, side = map(round, firefox.evaluate(box))
    around = firefox.pointer().pointer_move(left + 2, top + 2).pointer_down(0)
    for across, down in ((side - 2, 2), (side - 2, side - 2), (2, side - 2), (2, 4)):
        around.pointer_move(left + across, top + down, duration=50)
    around.pointer_up(0).perform()
    firefox.wait_for("layerscope.look().selected.length === 100")
    assert firefox.texts("#selection h3") == ["100 selected"]
    assert all(firefox.evaluate(INK, panel) > before for panel, before in enumerate(faded))

    for button in ("table", "png", "svg"):
        firefox.evaluate("(name) => document.getElementById(name).click()", button)
    saved = firefox.wait_for_saved(".csv", ".png", ".svg")
    assert len(saved[".csv"].read_text().splitlines()) == 101
    assert saved[".png"].read_bytes().startswith(b"\x89PNG")
    assert saved[".svg"].read_text().count("<image") == len(titles)

    firefox.choose("architecture", "cnn")
    firefox.wait_for("layerscope.look().network.architecture === 'cnn' && layerscope.shownPanels()[1].layer === 'conv1'")
    assert all(firefox.evaluate(INK, panel) > 300 for panel in range(firefox.evaluate("() => layerscope.shownPanels().length")))
    assert firefox.wrong() == []
