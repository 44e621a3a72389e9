"""Which files were made by other versions than most: packages that a file does not name are not compared."""

import pytest

from layerscope.files.provenance import unlike_versions


@pytest.mark.parametrize(
    ("versions", "places"),
    [
        ([{"numpy": "2.4"}, {"numpy": "2.4"}, {"numpy": "2.3"}], [2]),
        ([{"numpy": "2.4"}, {"numpy": "2.4", "umap-learn": "0.5"}, {"numpy": "2.4"}], []),
        ([{"numpy": "2.4", "torch": "2"}, {"numpy": "2.3", "torch": "2"}, {"numpy": "2.4", "torch": "1"}], [1, 2]),
        ([], []),
    ],
)
def test_versions_are_compared_package_by_package(versions, places):
    assert unlike_versions(versions) == places
