"""The first page of a study has everything of it, and text of a person's own stays text."""

import csv
import re

import pytest

from layerscope.study_page.contents import MOST_ROWS, _p, page

HOSTILE = "<script>alert('x')</script> \"quoted\" & قط"
FIGURE = {
    "name": "hit",
    "title": "",
    "description": "A score.",
    "on": {"layer": ["a", "b"], "seed": 0},
    "formats": ["svg", "png"],
}
FILM = {"name": "moves", "title": "It moves", "description": "A film.", "on": {}, "formats": ["gif", "html"]}
TABLE = {"name": "separation", "title": HOSTILE, "description": "A table.", "on": {}}
CLAIM = {"claim": "better", "text": HOSTILE, "source": "me", "statistic": "difference", "score": "hit", "expected": "positive"}
CLAIM |= {
    "estimate": "0.25",
    "interval_low": "0.1",
    "interval_high": "0.4",
    "units": "6",
    "p_holm": "0.0123",
    "verdict": "supported",
}
CLAIM |= {"note": "2 networks without a number left out"}
NETWORK = {
    "dataset": "digits",
    "architecture": "mlp",
    "activation": "relu",
    "seed": "0",
    "status": "ok",
    "reason": "",
    "unlike": "",
}


@pytest.mark.parametrize(
    ("p", "text"),
    [
        ("0.3", "0.30"),
        ("0.0503", "0.0503"),
        ("0.04996", "0.04996"),
        ("0.0042", "0.004"),
        ("1e-9", "< 0.001"),
        ("nan", "–"),
        ("", "–"),
    ],
)
def test_a_p_has_the_digits_that_decide(p, text):
    assert _p(p) == text


@pytest.fixture
def shown(tmp_path):
    def written(name, rows):
        with open(tmp_path / name, "w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return [str(tmp_path / name)]

    def make(networks=(NETWORK,), rows=(("input", "0.5"),), **told):
        table = written("table.csv", [{"layer": layer, "dataset": "digits", "hit": hit} for layer, hit in rows])
        told = {"study": "mine", "explorer": "explorer/index.html", "figures": [FIGURE, FILM], "tables": [TABLE], **told}
        return page(told, written("claims.csv", [CLAIM]), table, written("networks.csv", list(networks)))

    return make


def test_every_part_of_the_study_is_there(shown):
    text = shown()
    assert {*re.findall(r'(?:src|href)="([^#"][^"]*)"', text)} == {
        *("data:,", "explorer/index.html"),
        *("figures/hit.svg", "figures/hit.png", "figures/moves.gif", "figures/moves.html"),
        *("tables/separation.csv", "tables/separation.md", "tables/separation.tex"),
    }
    for said in (
        "1 supported",
        "0.25 [0.1, 0.4]",
        "<td>0.01</td>",
        "expected positive; 2 networks without a number left out",
        "It moves",
        "Of layer a, b; seed 0.",
        "All rows: dataset digits",
        "1 networks: 1 ok",
    ):
        assert said in text


def test_text_of_ones_own_is_no_markup(shown):
    text = shown()
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &#34;quoted&#34; &amp; قط") == 2


def test_networks_that_ended_otherwise_are_named_first(shown):
    diverged = {**NETWORK, "seed": "1", "status": "diverged", "reason": "the loss of epoch 3 is not finite"}
    text = shown(networks=(NETWORK, diverged))
    first = text[text.index("Flagged, or made otherwise") : text.index("<details>")]
    assert "the loss of epoch 3 is not finite" in first
    assert first.count("notfine") == 1


def test_a_long_table_is_cut_and_the_page_says_so(shown):
    text = shown(rows=[(f"layer{number}", "0.1") for number in range(MOST_ROWS + 7)])
    assert "7 more rows are in the files" in text
    assert text.count("<td>0.1</td>") == MOST_ROWS


def test_a_study_without_an_explorer_links_none(shown):
    assert "explorer" not in shown(explorer="")
