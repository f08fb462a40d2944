"""KML 2.2, with tracks in time as Google's extension has them (``gx:Track``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from koepel.exchange.clock import moment
from koepel.exchange.features import Feature
from koepel.exchange.geojson import wound

KML = "http://www.opengis.net/kml/2.2"
GX = "http://www.google.com/kml/ext/2.2"
FOLDERS = {
    "region": "harm by region", "cell": "harm by cell", "settlement": "settlements", "asset": "assets",
    "launch area": "launch areas", "sensor": "sensors", "fire unit": "fire units", "track": "tracks",
}  # fmt: skip
COLOURS = {  # alpha, blue, green, red, as KML has them
    "settlement": "ff241f1b", "asset": "ff70357a", "launch area": "ff6b6056", "sensor": "ff4f1c9d",
    "fire unit": "ff4f1c9d", "region": "7f4f1c9d", "cell": "7f4f1c9d", "track": "ff925b3b",
}  # fmt: skip
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def kml_text(features: Sequence[Feature], told: dict[str, Any], epoch: datetime) -> str:
    """A KML document with a folder for each kind of thing."""
    ElementTree.register_namespace("", KML)
    ElementTree.register_namespace("gx", GX)
    root = Element(f"{{{KML}}}kml")
    document = SubElement(root, f"{{{KML}}}Document")
    _text(document, "name", str(told["scenario"]))
    _text(document, "description", "; ".join(f"{key}: {value}" for key, value in told.items()))
    for what, colour in COLOURS.items():
        _style(document, what, colour)
    for what, title in FOLDERS.items():
        own = [one for one in features if one.what == what]
        if own:
            folder = SubElement(document, f"{{{KML}}}Folder")
            _text(folder, "name", title)
            for one in own:
                _placemark(folder, one, epoch)
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _text(parent: Element, tag: str, text: str) -> Element:
    one = SubElement(parent, f"{{{KML}}}{tag}")
    one.text = _NOT_XML.sub("\ufffd", text)
    return one


def _style(document: Element, what: str, colour: str) -> None:
    style = SubElement(document, f"{{{KML}}}Style", id=what.replace(" ", "-"))
    for tag in ("IconStyle", "LineStyle", "PolyStyle"):
        part = SubElement(style, f"{{{KML}}}{tag}")
        _text(part, "color", colour)
        if tag == "LineStyle":
            _text(part, "width", "1.5")


def _placemark(folder: Element, one: Feature, epoch: datetime) -> None:
    mark = SubElement(folder, f"{{{KML}}}Placemark")
    _text(mark, "name", one.name)
    _text(mark, "styleUrl", f"#{one.what.replace(' ', '-')}")
    data = SubElement(mark, f"{{{KML}}}ExtendedData")
    for key, value in one.facts.items():
        item = SubElement(data, f"{{{KML}}}Data", name=key)
        _text(item, "value", f"{value}")
    if one.shape == "point":
        _text(SubElement(mark, f"{{{KML}}}Point"), "coordinates", _coordinates(one.parts[0]))
    elif one.shape == "line":
        _track(mark, one, epoch)
    else:
        _area(mark, one)


def _coordinates(points: np.ndarray) -> str:
    return " ".join(f"{lon:.6f},{lat:.6f}" for lat, lon in points)


def _track(mark: Element, one: Feature, epoch: datetime) -> None:
    """All moments first, then all places, as the schema of ``gx:Track`` has them."""
    track = SubElement(mark, f"{{{GX}}}Track")
    _text(track, "altitudeMode", "relativeToGround")
    for time_s in one.times_s:
        _text(track, "when", moment(epoch, float(time_s)))
    for lat, lon in one.parts[0]:
        SubElement(track, f"{{{GX}}}coord").text = f"{lon:.6f} {lat:.6f} {one.height_m:g}"


def _area(mark: Element, one: Feature) -> None:
    within = SubElement(mark, f"{{{KML}}}MultiGeometry")
    for part in one.parts:
        polygon = SubElement(within, f"{{{KML}}}Polygon")
        for k, ring in enumerate(part):
            boundary = SubElement(polygon, f"{{{KML}}}{'innerBoundaryIs' if k else 'outerBoundaryIs'}")
            line = SubElement(boundary, f"{{{KML}}}LinearRing")
            _text(line, "coordinates", _coordinates(wound(ring, outer=k == 0)))
