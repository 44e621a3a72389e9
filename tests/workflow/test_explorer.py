"""The explorer in a real browser: it opens from the file system, draws, selects in all panels at once, and asks no host."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from checkout import TINY, finished, snakemake
from explorer_page import INK, POINT

from layerscope import results
from layerscope.explorer.scripts import write_script

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

# A browser of the system, by any name that distributions give it, or the one that LAYERSCOPE_CHROMIUM names.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = os.environ.get("LAYERSCOPE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = [
    pytest.mark.study,
    pytest.mark.xdist_group("study"),
    pytest.mark.skipif(CHROMIUM is None, reason=f"no browser: install Chromium ({', '.join(NAMES)} are looked for)"),
]
NETWORK = "samples/digits/some.js"
HOSTILE = ["<img src=x onerror=alert(1)>", "</script><b>bold</b>", "\"'`${1}", "قط", "a\u202eb", *"56789"]


class Opened:
    """A page that is open, and all that went wrong in it."""

    def __init__(self, page):
        self.page = page
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None)
        page.on(
            "request", lambda request: self.wrong.append(request.url) if not request.url.startswith(("file:", "data:")) else None
        )
        page.on("dialog", lambda dialog: (self.wrong.append(dialog.message), dialog.dismiss()))

    def open(self, folder: Path, view: str = "") -> None:
        self.page.goto(f"{(folder / 'index.html').as_uri()}{view}")
        self.page.wait_for_selector("body[data-ready]", timeout=60_000)

    def point(self, panel: int, row: int) -> tuple[float, float]:
        """Where a panel draws an observation."""
        return tuple(self.page.evaluate(POINT, [panel, row]))

    def ink(self, panel: int) -> int:
        """How many pixels a panel has that are not white."""
        return self.page.evaluate(INK, panel)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with sync_api.sync_playwright() as playwright:
        # Root, as in a container, has no sandbox. Scroll bars take room, as they do in front of a person.
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"], ignore_default_args=["--hide-scrollbars"]
        )
        yield launched
        launched.close()


@pytest.fixture
def opened(browser) -> Iterator[Opened]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(20_000)
    yield Opened(page)
    page.close()


def test_a_person_looks_at_a_network_and_then_at_another(finished_study: Path, opened: Opened):
    page, folder = opened.page, finished_study / "results/tiny/explorer"
    opened.open(folder)

    titles = page.locator("#panels figcaption b").all_inner_texts()
    assert titles == ["input", "hidden1", "hidden2", "output", "hidden1", "hidden2", "output"]
    assert page.locator("#panels h2").all_inner_texts() == ["trained (epoch 2)", "untrained (epoch 0)"]
    assert all(opened.ink(panel) > 300 for panel in range(7))

    row = page.evaluate("layerscope.look().sample.rows[7]")
    label = page.evaluate("layerscope.look().sample.classes[layerscope.look().sample.labels[7]]")
    page.mouse.move(*opened.point(2, row))
    page.wait_for_selector("#observation dl")
    told = page.locator("#observation dd").all_inner_texts()
    assert told[:2] == [f"{row} of test", label]
    assert page.locator("#observation .card canvas").count() == 1
    assert page.locator("#observation .strip").count() == 2

    page.mouse.click(*opened.point(2, row))
    page.wait_for_selector("#selection .observation")
    assert page.locator("#selection .observation").get_attribute("data-row") == str(row)
    faded = [opened.ink(panel) for panel in range(7)]

    x, y, side, _ = page.locator(".holder").nth(1).bounding_box().values()
    page.mouse.move(x + 2, y + 2)
    page.mouse.down()
    for across, down in ((side - 2, 2), (side - 2, side - 2), (2, side - 2), (2, 4)):
        page.mouse.move(x + across, y + down, steps=3)
    page.mouse.up()
    page.wait_for_function("layerscope.look().selected.length === 100")
    assert page.inner_text("#selection h3") == "100 selected"
    assert all(opened.ink(panel) > before for panel, before in enumerate(faded)), "one panel does not show what another selected"

    page.select_option("#only", "wrong")
    wrong = page.evaluate("layerscope.look().drawn.length")
    assert page.inner_text("#drawn") == f"{wrong} of 100 shown"
    assert 0 < wrong < 100

    page.select_option("#architecture", "cnn")
    page.wait_for_function("layerscope.look().network.architecture === 'cnn' && layerscope.shownPanels()[1].layer === 'conv1'")
    page.select_option("#part", "conv1")
    page.wait_for_function("layerscope.shownPanels().length === 6")
    assert page.locator("#panels figcaption b").all_inner_texts()[:3] == [f"conv1, filter {number}" for number in range(3)]
    assert opened.wrong == []


TWO_DATASETS = """
study: two
seeds: 1
datasets:
  digits: {source: sklearn, test: 120}
  three: {from: digits, classes: ["3", "8", "1"]}
architectures: {mlp: {family: mlp, hidden: [6]}, unseen: {family: mlp, hidden: [4]}}
grids:
  - {datasets: [digits], architectures: [mlp, unseen]}
  - {datasets: [three], architectures: [mlp]}
training:
  default: {epochs: 2, snapshots: [0, 1, last]}
  overrides:
    - {on: {dataset: three}, epochs: 3}
samples: {look: {split: test, choose: all}}
representations: {whole: [hidden1, output]}
embeddings:
  pca: {method: pca, on: {architecture: mlp, layer: [input, hidden1], epoch: [first, last]}}
  late: {method: pca, on: {architecture: mlp, layer: [input, hidden1], epoch: last}}
scores:
  accuracy: {on: {sample: test}}
  silhouette: {on: {embedding: raw, epoch: [first, last]}}
  trustworthiness: {k: 5, on: {embedding: pca}}
figures: none
tables: none
"""


@pytest.mark.xdist_group("datasets")
def test_another_dataset_has_other_observations_and_snapshots(tmp_path_factory, opened: Opened):
    """Fewer points than before, at another last epoch; what is embedded of the last snapshot alone has no other beside it."""
    page = opened.page
    opened.open(finished(tmp_path_factory, "two_datasets", "two.yaml", TWO_DATASETS) / "results/two/explorer")
    assert page.inner_text("#about") == "120 observations of test. 2 of 3 snapshots of this network are in this embedding."
    assert page.locator("#panels h2").all_inner_texts() == ["trained (epoch 2)", "untrained (epoch 0)"]

    page.select_option("#dataset", "three")
    page.wait_for_function("layerscope.look().network.dataset === 'three' && layerscope.shownPanels()[0].view")
    n = page.evaluate("layerscope.look().sample.n")
    assert 10 < n < 120
    assert page.locator("#panels h2").all_inner_texts() == ["trained (epoch 3)", "untrained (epoch 0)"]
    assert all(opened.ink(panel) > 100 for panel in range(3))
    assert page.evaluate("layerscope.look().colours.map((of_panel) => of_panel.length)") == 3 * [n]
    page.wait_for_function("location.hash.includes('epoch=3')")

    x, y = opened.point(0, page.evaluate("layerscope.look().sample.rows[0]"))
    page.mouse.click(x, y)
    page.wait_for_function("document.querySelector('#scores h3').textContent === 'Scores of input'")
    told = dict(
        zip(page.locator("#observation dt").all_inner_texts(), page.locator("#observation dd").all_inner_texts(), strict=True)
    )
    assert told["as of"] == "trained (epoch 3)"
    of_network = page.locator("#scores tr.space th").all_inner_texts()[-1]
    assert of_network == "of the network, trained (epoch 3)"
    chosen = page.evaluate("layerscope.look().selected")
    page.mouse.dblclick(x + 40, y)
    page.wait_for_timeout(200)
    assert page.evaluate("layerscope.look().selected") == chosen

    label = page.evaluate("layerscope.look().sample.labels[0]")
    other = next(number for number in range(3) if number != label)
    page.select_option("#only", f"class/{other}")
    lines = page.evaluate("layerscope.selectionAsTable(layerscope.look())").splitlines()
    assert len(lines) == 1, "an observation that is left out is in the table"
    page.select_option("#only", "all")

    page.select_option("#embedding", "late")
    page.wait_for_function("layerscope.shownPanels().length === 2")
    assert page.locator("#panels h2").all_inner_texts() == ["trained (epoch 3)"]
    page.select_option("#dataset", "digits")
    page.wait_for_function("layerscope.look().network.dataset === 'digits' && layerscope.look().epoch === 2")
    assert opened.wrong == []


@pytest.mark.xdist_group("datasets")
def test_a_network_of_which_nothing_is_embedded_shows_its_scores(tmp_path_factory, opened: Opened):
    folder = finished(tmp_path_factory, "two_datasets", "two.yaml", TWO_DATASETS)
    page = opened.page
    opened.open(folder / "results/two/explorer")
    offered = page.locator("#architecture option").all_inner_texts()
    assert offered == ["MLP", "unseen (not embedded)"]
    page.select_option("#architecture", "unseen")
    page.wait_for_function("layerscope.look().network.architecture === 'unseen' && !layerscope.shownPanels().length")
    assert page.inner_text("#about") == "Nothing of this network is embedded."
    assert page.locator("#table").is_disabled()
    scores = results.open(folder / "results/two").scores()
    unseen = scores[(scores["architecture"] == "unseen") & (scores["epoch"] == 2)].set_index("layer")["value"]
    page.wait_for_function("document.querySelector('#scores h3').textContent.startsWith('Scores of hidden1')")
    told = [float(line.locator("td").nth(1).inner_text()) for line in page.locator("#scores tr.score").all()]
    assert told == pytest.approx([unseen["hidden1"], unseen[""]], rel=1e-3)

    page.select_option("#architecture", "mlp")
    page.wait_for_function("layerscope.shownPanels().length === 3 && layerscope.shownPanels()[0].view")
    assert page.input_value("#embedding") == "pca"
    assert opened.wrong == []


@pytest.mark.xdist_group("datasets")
@pytest.mark.parametrize(
    "view", ["only=class/3", "only=wrong&alone=hidden1", "score=pca/trustworthiness", "colour=loss&alone=hidden1", "rows=3.5"]
)
def test_what_was_chosen_before_keeps_no_scores_of_another_network(tmp_path_factory, opened: Opened, view: str):
    page = opened.page
    opened.open(
        finished(tmp_path_factory, "two_datasets", "two.yaml", TWO_DATASETS) / "results/two/explorer",
        f"#dataset=digits&architecture=mlp&{view}",
    )
    before = page.inner_text("#scores")
    page.select_option("#architecture", "unseen")
    other = "(before) => !layerscope.shownPanels().length && document.getElementById('scores').innerText !== before"
    page.wait_for_function(other, arg=before)
    if "alone" in view:
        assert page.locator("#panels figcaption b").all_inner_texts() == 2 * ["hidden1"]
    page.wait_for_function("location.hash.includes('architecture=unseen')")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.wait_for_function(other, arg=before)
    page.select_option("#architecture", "mlp")
    page.wait_for_function("layerscope.shownPanels().length && layerscope.shownPanels()[0].view")
    assert page.evaluate("layerscope.shownPanels().length") == (2 if "alone" in view else 3)
    if "alone" in view:
        page.locator(".enlarge").first.click()
        page.wait_for_function("layerscope.shownPanels().length === 3")
    kept, value = view.split("&")[0].split("=")
    assert page.evaluate("(key) => layerscope.state[key]", kept) == ([3, 5] if kept == "rows" else value)
    assert opened.wrong == []


@pytest.mark.xdist_group("datasets")
def test_a_selection_is_of_its_dataset(tmp_path_factory, opened: Opened):
    page = opened.page
    opened.open(
        finished(tmp_path_factory, "two_datasets", "two.yaml", TWO_DATASETS) / "results/two/explorer", "#dataset=digits&rows=3.5"
    )
    assert page.inner_text("#selection h3") == "2 selected"
    page.select_option("#dataset", "three")
    page.wait_for_function("layerscope.look().network.dataset === 'three' && layerscope.shownPanels()[0].view")
    assert page.locator("#selection h3").count() == 0
    assert "2 selected rows are not in what is shown now." in page.inner_text("#mended")
    page.select_option("#near", "none")
    assert page.inner_text("#mended") == ""


def test_snapshots_have_one_ramp_and_the_panel_pointed_at_stays(finished_study: Path, opened: Opened):
    """Untrained losses lie above those of the trained network: by one ramp they have other colours."""
    page, folder = opened.page, finished_study / "results/tiny/explorer"
    opened.open(folder, "#architecture=mlp&activation=relu&embedding=tsne&colour=loss&panel=2.hidden1")
    look = "(epoch) => Array.from(layerscope.look().source.predictions[epoch].losses)"
    losses = {epoch: page.evaluate(look, epoch) for epoch in (0, 2)}
    colours = page.evaluate("layerscope.look().colours")
    ramp = page.evaluate("layerscope.look().sample.ramp")
    panels = page.evaluate("layerscope.shownPanels().map((panel) => [panel.row, panel.layer])")
    rows = {epoch: colours[panels.index([row, "hidden1"])] for row, epoch in ((0, 2), (1, 0))}
    together = [(loss, ramp.index(colour)) for epoch in (0, 2) for loss, colour in zip(losses[epoch], rows[epoch], strict=True)]
    steps = [step for _, step in sorted(together)]
    assert steps == sorted(steps)
    legend = page.evaluate("layerscope.look().legend")
    assert (legend["low"], legend["high"]) == pytest.approx(tuple(np.quantile([*losses[0], *losses[2]], [0.02, 0.98])), rel=0.05)

    page.locator("#epoch").press("Home")
    page.wait_for_function("layerscope.look().epoch === 0 && layerscope.shownPanels()[1].view")
    assert page.inner_text("#scores h3").startswith("Scores of hidden1, untrained")
    page.wait_for_function("location.hash.includes('panel=0.hidden1')")
    assert opened.wrong == []


def test_a_panel_is_shown_alone_and_all_again(finished_study: Path, opened: Opened):
    page, folder = opened.page, finished_study / "results/tiny/explorer"
    opened.open(folder)
    side = page.evaluate("layerscope.shownPanels()[2].side")
    page.locator(".panel", has_text="hidden2").first.locator(".enlarge").click()
    page.wait_for_function("layerscope.shownPanels().length === 2 && layerscope.shownPanels()[1].view")
    assert page.evaluate("layerscope.shownPanels().map((panel) => [panel.layer, panel.epoch])") == [
        ["hidden2", 2],
        ["hidden2", 0],
    ]
    assert page.evaluate("layerscope.shownPanels()[0].side") > 1.5 * side
    tops = [panel.bounding_box()["y"] for panel in page.locator(".holder").all()]
    assert tops[0] == tops[1], "the two snapshots stand side by side"
    page.wait_for_function("location.hash.includes('alone=hidden2')")

    address = page.evaluate("location.hash")
    opened.open(folder, address)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    tops = [panel.bounding_box()["y"] for panel in page.locator(".holder").all()]
    assert tops[0] == tops[1]
    page.locator(".enlarge").first.click()
    page.wait_for_function("layerscope.shownPanels().length === 7")
    assert opened.wrong == []


def test_what_was_chosen_and_is_not_there_is_told(finished_study: Path, opened: Opened):
    page, folder = opened.page, finished_study / "results/tiny/explorer"
    opened.open(folder, "#embedding=nowhere&colour=unit/conv1/0&alone=conv9&epoch=1&drag=around&score=nothing")
    told = page.inner_text("#mended")
    assert "embedding: no nowhere here, t-SNE instead." in told
    assert "colour: no unit/conv1/0 here, class instead." in told
    assert "No snapshot of epoch 1 here: trained (epoch 2) instead." in told
    assert "conv9 is not embedded here: all panels are shown." in told
    assert "drag: no around here, selects instead." in told
    assert "No nothing here:" in told
    page.select_option("#colour", "loss")
    page.select_option("#architecture", "cnn")
    page.wait_for_function("layerscope.look().network.architecture === 'cnn' && layerscope.shownPanels()[1].layer === 'conv1'")
    assert page.inner_text("#mended") == "activation: no ReLU here, tanh instead. embedding: no t-SNE here, PCA instead."
    page.select_option("#colour", "unit/conv1/0")
    page.select_option("#architecture", "mlp")
    page.wait_for_function("layerscope.look().network.architecture === 'mlp' && layerscope.shownPanels()[1].layer === 'hidden1'")
    told = "activation: no tanh here, ReLU instead. colour: no filter 0 (activations in conv1) here, class instead."
    assert page.inner_text("#mended") == told
    assert opened.wrong == []


def test_the_table_of_a_selection_has_the_values_of_its_colours_once(finished_study: Path, opened: Opened):
    page, folder = opened.page, finished_study / "results/tiny/explorer"
    opened.open(folder, "#architecture=cnn&colour=unit/conv1/1")
    table = "layerscope.selectionAsTable(layerscope.look())"
    head, *lines = [line.split(",") for line in page.evaluate(table).splitlines()]
    ramp, colours = page.evaluate("layerscope.look().sample.ramp"), page.evaluate("layerscope.look().colours")
    for panel, epoch in ((1, 2), (4, 0)):
        place = head.index(f"mean of filter 1 of conv1 epoch {epoch}")
        steps = [ramp.index(colours[panel][row]) for row in np.argsort([float(line[place]) for line in lines], kind="stable")]
        assert steps == sorted(steps)
        assert len({*steps}) > 5
    page.select_option("#colour", "loss")
    assert page.evaluate(table).splitlines()[0].split(",").count("loss epoch 2") == 1
    assert opened.wrong == []


def test_a_view_can_be_sent_and_saved(finished_study: Path, opened: Opened, tmp_path: Path):
    page, folder = opened.page, finished_study / "results/tiny/explorer"
    opened.open(folder, "#embedding=moving&colour=correct&pictures=1&beside=0&rows=3.5&near=embedding")
    assert page.input_value("#embedding") == "moving"
    assert page.locator("#panels h2").count() == 1
    # Rows are written with 36 digits.
    expected = [row for row in (3, 5) if page.evaluate("(row) => layerscope.look().sample.placeOf.has(row)", row)]
    assert [int(one.get_attribute("data-row")) for one in page.locator("#selection .observation").all()] == expected
    before = page.evaluate("Array.from(layerscope.coordinates(layerscope.shownPanels()[0].embedding).x)")

    page.locator("#epoch").press("Home")
    page.wait_for_function(
        "layerscope.look().epoch === 0 && document.querySelector('#panels h2').textContent.startsWith('untrained')"
    )
    assert page.evaluate("Array.from(layerscope.coordinates(layerscope.shownPanels()[0].embedding).x)") != before
    page.wait_for_function("location.hash.includes('epoch=0')")
    address = page.evaluate("location.hash")
    assert "embedding=moving" in address
    assert "rows=" in address

    page.uncheck("#pictures")
    files = {}
    for button in ("table", "png", "svg"):
        with page.expect_download() as download:
            page.click(f"#{button}")
        files[button] = tmp_path / button
        download.value.save_as(files[button])
    lines = files["table"].read_text().splitlines()
    assert lines[0].startswith("row,split,label,predicted epoch 0,loss epoch 0,x hidden1 epoch 0")
    assert len(lines) == 1 + len(expected)
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    drawing = files["svg"].read_text()
    assert drawing.count("<image") == len(page.locator("#panels .panel").all())
    assert drawing.count("<path") > 50
    key = drawing[drawing.index('class="key"') :]
    assert all(f">{name}</text>" in key for name in ("right", "wrong"))
    assert opened.wrong == []


def test_points_are_coloured_by_a_score_of_each_observation_in_its_layer(study_copy: Path, opened: Opened):
    study = study_copy / TINY
    kept = "observations: {scores: [neighborhood_hit, accuracy], on: {architecture: mlp, seed: 0, embedding: [raw, run]}}"
    study.write_text(f"{study.read_text()}\n{kept}\n")
    assert snakemake(study_copy, "--cores", "2", "explorer").returncode == 0
    page = opened.page
    opened.open(study_copy / "results/tiny/explorer", "#colour=score/raw/neighborhood_hit")
    assert page.input_value("#colour") == "score/raw/neighborhood_hit"
    network = {"dataset": "digits", "architecture": "mlp", "activation": "relu", "seed": 0}
    kept = results.open(study_copy / "results/tiny")
    hits = {
        (one.epoch, one.layer): one.values
        for source in (network, "digits")
        for one in kept.observations(source, "some", "raw")
        if one.score == "neighborhood_hit"
    }
    panels = page.evaluate("layerscope.shownPanels().map((panel) => [panel.epoch, panel.layer])")
    ramp, colours = page.evaluate("layerscope.look().sample.ramp"), page.evaluate("layerscope.look().colours")
    for (epoch, layer), of_panel in zip(panels, colours, strict=True):
        order = np.argsort(hits[epoch, layer], kind="stable")
        places = [ramp.index(of_panel[place]) for place in order]
        assert places == sorted(places)
    head, *lines = [line.split(",") for line in page.evaluate("layerscope.selectionAsTable(layerscope.look())").splitlines()]
    for epoch, layer in panels:
        place = head.index(f"neighborhood hit {layer}" + ("" if layer == "input" else f" epoch {epoch}"))
        np.testing.assert_allclose([float(line[place]) for line in lines], hits[epoch, layer], atol=1 / 254)
    page.select_option("#colour", "score/run/accuracy")
    assert len({tuple(one) for one in page.evaluate("layerscope.look().colours.slice(1, 4)")}) == 1
    assert opened.wrong == []


def test_hostile_names_stay_text_on_a_telephone_too(finished_study: Path, opened: Opened, tmp_path: Path):
    folder = shutil.copytree(finished_study / "results/tiny/explorer", tmp_path / "explorer")
    [content] = re.findall(r'^layerscope\.received\("sample", "digits/some", (.*)\);$', (folder / NETWORK).read_text())
    write_script(str(folder / NETWORK), "sample", "digits/some", {**json.loads(content), "classes": HOSTILE})
    opened.page.set_viewport_size({"width": 390, "height": 844})
    opened.open(folder, "#pictures=1&rows=3")
    page = opened.page
    page.evaluate("document.getElementById('find').value = String(layerscope.look().sample.rows[0])")
    page.evaluate("document.getElementById('find').dispatchEvent(new Event('change'))")
    page.wait_for_selector("#observation dl")
    assert page.locator("#legend .key span").all_inner_texts() == HOSTILE
    assert page.locator("#legend img, #observation img, #selection img, #only img, body b b").count() == 0
    label = page.evaluate("layerscope.look().sample.labels[0]")
    assert page.locator("#observation dd").nth(1).inner_text() == HOSTILE[label]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.wrong == []
