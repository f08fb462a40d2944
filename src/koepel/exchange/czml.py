"""CZML for Cesium: the document packet first, then a packet for each thing; tracks move by the clock."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from koepel.exchange.clock import moment
from koepel.exchange.features import Feature
from koepel.exchange.geojson import wound

TAIL_S = 600
SPEED = 300  # how much faster than the clock Cesium plays
COLOURS = {
    "settlement": (27, 31, 36, 255), "asset": (122, 53, 112, 255), "launch area": (86, 96, 107, 255),
    "sensor": (157, 28, 79, 255), "fire unit": (157, 28, 79, 255), "region": (157, 28, 79, 90),
    "cell": (157, 28, 79, 90), "track": (59, 91, 146, 255),
}  # fmt: skip


def czml_text(features: Sequence[Feature], told: dict[str, Any], epoch: datetime) -> str:
    """A CZML document, one packet a line."""
    moving = [one for one in features if one.times_s is not None]
    head: dict[str, Any] = {"id": "document", "name": str(told["scenario"]), "version": "1.0"}
    head["description"] = _described(told)
    if moving:
        span = (min(float(one.times_s[0]) for one in moving), max(float(one.times_s[-1]) for one in moving))
        start, end = (moment(epoch, time_s) for time_s in span)
        head["clock"] = {"interval": f"{start}/{end}", "currentTime": start, "multiplier": SPEED, "range": "LOOP_STOP"}
    packets = [head, *(packet for k, one in enumerate(features) for packet in _packets(one, k, epoch))]
    lines = [json.dumps(packet, ensure_ascii=False, allow_nan=False) for packet in packets]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _described(facts: dict[str, Any]) -> str:
    """Facts as Cesium shows them, which takes a description for markup."""
    return "<br>".join(html.escape(f"{key}: {value}") for key, value in facts.items())


def _packets(one: Feature, number: int, epoch: datetime) -> list[dict[str, Any]]:
    """The packet of a thing; of an area one for each of its pieces."""
    base = {"id": f"{one.what} {number}", "name": one.name, "description": _described(one.facts)}
    colour = {"rgba": list(COLOURS[one.what])}
    if one.shape == "point":
        lat, lon = one.parts[0][0].round(6).tolist()
        dot = {"pixelSize": 7, "color": colour, "outlineColor": {"rgba": [255, 255, 255, 255]}, "outlineWidth": 1}
        return [base | {"position": {"cartographicDegrees": [lon, lat, 0.0]}, "point": dot}]
    if one.shape == "line":
        return [base | _moving(one, colour, epoch)]
    pieces = []
    for k, part in enumerate(one.parts):
        rings = [_degrees(wound(ring, outer=j == 0)[:-1]) for j, ring in enumerate(part)]
        polygon: dict[str, Any] = {"positions": {"cartographicDegrees": rings[0]}, "height": 0.0}
        if len(rings) > 1:
            polygon["holes"] = {"cartographicDegrees": rings[1:]}
        polygon["material"] = {"solidColor": {"color": colour}}
        pieces.append(base | {"id": f"{base['id']}.{k}", "polygon": polygon})
    return pieces


def _degrees(points: np.ndarray) -> list[float]:
    """Longitude, latitude and height 0, over and over."""
    flat = np.column_stack([points[:, 1], points[:, 0], np.zeros(len(points))])
    return flat.round(6).ravel().tolist()


def _moving(one: Feature, colour: dict[str, Any], epoch: datetime) -> dict[str, Any]:
    times = np.asarray(one.times_s, float)
    points = one.parts[0]
    height_m = np.full(len(times), one.height_m)
    line = np.column_stack([times.round(1), points[:, 1].round(6), points[:, 0].round(6), height_m])
    start, end = moment(epoch, float(times[0])), moment(epoch, float(times[-1]))
    return {
        "availability": f"{start}/{end}",
        "position": {
            "epoch": moment(epoch, 0.0),
            "interpolationAlgorithm": "LINEAR",
            "interpolationDegree": 1,
            "cartographicDegrees": line.ravel().tolist(),
        },
        "point": {"pixelSize": 5, "color": colour},
        "path": {
            "leadTime": 0, "trailTime": TAIL_S, "width": 1.5,
            "material": {"solidColor": {"color": colour}},
        },
    }  # fmt: skip
