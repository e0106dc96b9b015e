"""The interval pictures: well-formed, inside their box, and without anything from the data but numbers and a label."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise.report.interval import HEIGHT, WIDTH, interval_svg

finite = st.floats(-1e300, 1e300)
end = st.none() | finite


def positions(svg: str) -> list[float]:
    found = []
    if not svg:
        return found
    for element in ET.fromstring(svg).iter():
        for name in ("x", "x1", "x2", "cx"):
            if name in element.attrib:
                found.append(float(element.attrib[name]))
        if element.tag == "rect":
            found.append(float(element.attrib["x"]) + float(element.attrib["width"]))
    return found


@given(finite, end, end, end, end)
def test_everything_is_drawn_inside_the_box(value, low, high, band_low, band_high):
    svg = interval_svg(
        {"value": value, "low": low, "high": high}, {"low": band_low, "high": band_high}, "reproduced", "label"
    )
    assert all(-0.1 <= x <= WIDTH + 0.1 for x in positions(svg))


def test_order_on_the_picture_is_order_of_the_numbers():
    svg = interval_svg({"value": 3, "low": 2, "high": 4}, {"low": 0, "high": 1}, "contradicted", "label")
    root = ET.fromstring(svg)
    band, span, dot = (root.find(f"*[@class='{name}']") for name in ("band", "span", "dot"))
    band_end = float(band.get("x")) + float(band.get("width"))
    assert band_end < float(span.get("x1")) < float(dot.get("cx")) < float(span.get("x2"))


def test_a_band_of_one_value_can_still_be_seen_off_the_measurement():
    svg = interval_svg({"value": 5, "low": 5, "high": 5}, {"low": 28, "high": 28}, "contradicted", "label")
    root = ET.fromstring(svg)
    band, dot = root.find("*[@class='band point']"), root.find("*[@class='dot']")
    assert float(band.get("width")) == 3
    assert float(dot.get("cx")) < float(band.get("x"))


def test_label_is_escaped_and_says_what_is_seen():
    svg = interval_svg({"value": 1, "low": 0, "high": 2}, None, "context", "a \"b\" <c> & 'd'")
    root = ET.fromstring(svg)
    assert root.get("aria-label") == "a \"b\" <c> & 'd'"
    assert (root.get("role"), root.get("height")) == ("img", str(HEIGHT))
    assert root.find("*[@class='band']") is None


@pytest.mark.parametrize(
    ("value", "end", "band"),
    [(None, None, None), (None, None, {"low": 0, "high": 1}), (28, 28, {"low": 28, "high": 28}), (28, 28, None)],
)
def test_where_there_is_nothing_to_see_there_is_no_picture(value, end, band):
    assert interval_svg({"value": value, "low": end, "high": end}, band, "inconclusive", "label") == ""
