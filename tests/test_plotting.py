"""Charts: what another processor does otherwise is not in the file, and what one sees is."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from reprise.plotting import figure, save

HREF = "{http://www.w3.org/1999/xlink}href"


def chart(path, noise: float = 0.0) -> str:
    x = np.linspace(0.1, 7, 60) * (1 + noise)
    with figure(path, 6, 3, ncols=2) as (_, (left, right)):
        left.semilogy(x, np.exp(x), "o-", label="rising")
        left.legend()
        right.scatter(x, np.sin(x), s=20 + x, c=x)
        right.fill_between(x, np.sin(x), alpha=0.2)
        right.axhline(1 / 3)
        right.set_ylabel("wide enough to move the axes", rotation=30)
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("noise", [1e-15, -1e-13, 1e-10])
def test_last_digits_of_what_is_drawn_are_not_in_the_file(tmp_path, noise):
    assert chart(tmp_path / "a.svg") == chart(tmp_path / "b.svg", noise)


def test_what_differs_to_the_eye_is_in_the_file(tmp_path):
    assert chart(tmp_path / "a.svg") != chart(tmp_path / "b.svg", 0.001)


def test_places_are_those_that_matplotlib_gives_to_half_a_hundredth_of_a_point(tmp_path, monkeypatch):
    rounded = chart(tmp_path / "a.svg")
    monkeypatch.setattr("reprise.plotting._settled", lambda svg: svg)
    exact = chart(tmp_path / "b.svg")
    number = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
    pairs = 0
    for ours, theirs in zip(ET.fromstring(rounded).iter(), ET.fromstring(exact).iter(), strict=True):
        assert ours.tag == theirs.tag
        for name in ("d", "x", "y", "width", "height", "transform", "style"):
            first, second = (number.findall(element.get(name, "")) for element in (ours, theirs))
            off = np.abs(np.array(first, float) - np.array(second, float))
            assert (off <= (0 if name == "style" else 0.00501)).all()
            pairs += len(first)
        scales = [re.findall(r"scale\([^)]*\)", element.get("transform", "")) for element in (ours, theirs)]
        assert scales[0] == scales[1]
    assert pairs > 1000
    assert len(rounded) < len(exact)


def test_every_reference_leads_to_its_own_part(tmp_path):
    root = ET.fromstring(chart(tmp_path / "a.svg"))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(set(ids)) == len(ids)
    parts = [name for name in ids if name.startswith("part-")]
    assert parts == [f"part-{place}" for place in range(1, len(parts) + 1)]
    text = ET.tostring(root, encoding="unicode")
    used = {element.get(HREF)[1:] for element in root.iter() if element.get(HREF, "").startswith("#")}
    clipped = set(re.findall(r"url\(#([^)]*)\)", text))
    assert clipped
    assert used | clipped <= set(ids)
    assert set(parts) <= used | clipped


def test_a_number_just_below_nothing_has_no_sign(tmp_path):
    with figure(tmp_path / "a.svg", 2, 2) as (drawn, ax):
        ax.plot([0, 1], [0, -1e-12])
        ax.set_ylim(0, 1)
        save(drawn, tmp_path / "b.svg")
    assert not re.search(r'[" ]-0[" \n)]', (tmp_path / "b.svg").read_text(encoding="utf-8"))
