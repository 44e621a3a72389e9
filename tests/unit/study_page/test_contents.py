"""The first page of a study has everything of it, and text of a person's own stays text."""

import csv
import re

import pytest
from matplotlib.figure import Figure

from layerscope.figures.shared.films import Film, save_film
from layerscope.figures.shared.style import save
from layerscope.study_page.contents import MOST_ROWS, _p, page

HOSTILE = "<script>alert('x')</script> \"quoted\" & قط"
FIGURE = {
    "name": "hit",
    "title": "",
    "description": "A score (docs/metrics.md). With `against` another.",
    "on": {"layer": ["a", "b"], "embedding": ["raw", "tsne"], "activation": "relu"},
    "formats": ["svg", "png"],
}
FILM = {"name": "moves", "title": "It moves", "description": "A film.", "on": {}, "formats": ["gif", "html"]}
TABLE = {"name": "separation", "title": HOSTILE, "description": "A table.", "on": {}}
CLAIM = {"claim": "better", "text": HOSTILE, "source": "me", "statistic": "spearman", "score": "hit", "expected": "positive"}
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
    (tmp_path / "figures").mkdir()

    def written(name, rows):
        with open(tmp_path / name, "w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return [str(tmp_path / name)]

    def make(networks=(NETWORK,), rows=(("input", "0.5"),), **told):
        table = written(
            "table.csv",
            [
                {"layer": layer, "dataset": "digits", "score": "hit", "hit": hit, "hit sd": "", "n_runs": "3"}
                for layer, hit in rows
            ],
        )
        told = {"study": "mine", "explorer": "explorer/index.html", "figures": [FIGURE, FILM], "tables": [TABLE], **told}
        told = {"labels": {"hit": "neighborhood hit"}, "statistics": {"spearman": "rank correlation"}, **told}
        drawn = Figure()
        drawn.suptitle(f"The hit of\n{HOSTILE}")
        save(drawn, tmp_path / "figures/hit.svg", tmp_path / "figures/hit.png")
        moving = Figure()
        moving.suptitle("It moves: قط")
        save_film(Film(moving, lambda number: None, frames=2, milliseconds=100), tmp_path / "figures/moves.gif")
        return page(told, tmp_path, written("claims.csv", [CLAIM]), table, written("networks.csv", list(networks)))

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
        '<td class="line">0.01</td>',
        "expected positive; 2 networks without a number left out",
        "<h3>It moves: قط</h3>",
        "<p>A score. Of layer a, b; embedding none (the layers themselves), t-SNE; activation ReLU.</p>",
        "A table. Of dataset digits.",
        "1 networks: 1 ok",
    ):
        assert said in text


def test_text_of_ones_own_is_no_markup(shown):
    text = shown()
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &#34;quoted&#34; &amp; قط") == 4


def test_a_picture_has_its_own_title_as_caption_and_as_text_in_its_place(shown):
    title = "The hit of &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &#34;quoted&#34; &amp; قط"
    text = shown()
    assert f'src="figures/hit.png" alt="{title}"' in text
    assert f"<h3>{title}</h3>" in text


def test_a_picture_without_a_title_has_its_name(tmp_path):
    (tmp_path / "figures").mkdir()
    save(Figure(), tmp_path / "figures/hit.svg", tmp_path / "figures/hit.png")
    assert "<h3>hit</h3>" in page(
        {"study": "mine", "explorer": "", "figures": [FIGURE], "tables": [], "labels": {}, "statistics": {}}, tmp_path, [], [], []
    )


def test_networks_that_ended_otherwise_are_named_first(shown):
    diverged = {**NETWORK, "seed": "1", "status": "diverged", "reason": "the loss of epoch 3 is not finite"}
    text = shown(networks=(NETWORK, diverged))
    first = text[text.index("Flagged, or made otherwise") : text.index("<details>")]
    assert "the loss of epoch 3 is not finite" in first
    assert first.count("notfine") == 1


def test_tables_and_claims_call_scores_by_their_labels(shown):
    text = shown()
    heads = re.findall(r"<th(?: title=\"([^\"]*)\")?>([^<]*)</th>", text[text.index('id="tables"') : text.index('id="networks"')])
    named = [("hit", "neighborhood hit"), ("hit sd", "neighborhood hit sd"), ("n_runs", "n runs")]
    assert heads == [("", "layer"), ("", "score"), *named]
    assert '<td class="line">input</td><td class="line" title="hit">neighborhood hit</td><td class="line">0.5</td>' in text
    assert "better: rank correlation of neighborhood hit, expected positive" in text


def test_a_long_table_is_cut_and_the_page_says_so(shown):
    text = shown(rows=[(f"layer{number}", "0.1") for number in range(MOST_ROWS + 7)])
    assert "7 more rows are in the files" in text
    assert text.count('<td class="line">0.1</td>') == MOST_ROWS


def test_a_study_without_an_explorer_links_none(shown):
    assert "explorer" not in shown(explorer="")
