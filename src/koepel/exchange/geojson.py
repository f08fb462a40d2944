"""GeoJSON by RFC 7946: longitude first, outer rings anticlockwise, cut where a line crosses the antimeridian."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from koepel.exchange.features import Feature

PLACES = 6  # decimals of a degree, about a tenth of a metre


def geojson_text(features: Sequence[Feature], told: dict[str, Any]) -> str:
    """A feature collection, one feature a line.

    Parameters
    ----------
    told
        What the whole is; stands as the foreign member ``koepel``.
    """
    lines = [json.dumps(_feature(one), ensure_ascii=False, allow_nan=False) for one in features]
    head = json.dumps({"type": "FeatureCollection", "koepel": told}, ensure_ascii=False, allow_nan=False)[:-1]
    return head + ', "features": [\n' + ",\n".join(lines) + "\n]}\n"


def _feature(one: Feature) -> dict[str, Any]:
    properties = {"feature": one.what, "name": one.name, **one.facts}
    if one.times_s is not None:
        properties |= {"times_s": np.round(one.times_s, 1).tolist(), "nominal_height_m": one.height_m}
    return {"type": "Feature", "geometry": _geometry(one), "properties": properties}


def _geometry(one: Feature) -> dict[str, Any]:
    if one.shape == "point":
        return {"type": "Point", "coordinates": _lon_lat(one.parts[0])[0]}
    if one.shape == "line":
        lines = [_lon_lat(part) for part in cut(one.parts[0])]
        if len(lines) == 1:
            return {"type": "LineString", "coordinates": lines[0] if len(lines[0]) > 1 else lines[0] * 2}
        return {"type": "MultiLineString", "coordinates": lines}
    polygons = [[_lon_lat(wound(ring, outer=k == 0)) for k, ring in enumerate(part)] for part in one.parts]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _lon_lat(points: np.ndarray) -> list[list[float]]:
    lon = (points[:, 1] + 180.0) % 360.0 - 180.0
    lon = np.where(points[:, 1] == 180.0, 180.0, lon)
    return np.column_stack([lon, points[:, 0]]).round(PLACES).tolist()


def wound(ring: np.ndarray, *, outer: bool) -> np.ndarray:
    """A closed ring the way RFC 7946 wants it: outer rings anticlockwise, holes clockwise.

    Examples
    --------
    >>> clockwise = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    >>> wound(clockwise, outer=True).tolist()
    [[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]
    """
    lat, lon = ring[:, 0], np.rad2deg(np.unwrap(np.deg2rad(ring[:, 1])))
    anticlockwise = float((lon[:-1] * lat[1:] - lon[1:] * lat[:-1]).sum()) > 0
    return ring if anticlockwise == outer else ring[::-1]


def cut(points: np.ndarray) -> list[np.ndarray]:
    """A line in pieces that do not cross the antimeridian, with a point on it at both sides of each cut.

    Examples
    --------
    >>> [part.tolist() for part in cut(np.array([[0.0, 179.0], [1.0, -179.0]]))]
    [[[0.0, 179.0], [0.5, 180.0]], [[0.5, -180.0], [1.0, -179.0]]]
    """
    pieces, piece = [], [points[0]]
    for a, b in pairwise(points):
        if abs(b[1] - a[1]) > 180.0:
            side = 180.0 if a[1] > 0 else -180.0
            share = (side - a[1]) / (b[1] + 2 * side - a[1])
            lat = a[0] + share * (b[0] - a[0])
            pieces.append(np.array([*piece, [lat, side]]))
            piece = [np.array([lat, -side])]
        piece.append(b)
    return [*pieces, np.array(piece)]
