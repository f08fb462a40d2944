"""Things as a notebook shows them: small tables, a map, a line; HTML in which every text is only text.

No script, no style sheet, nothing fetched: each piece stands by itself in the output of a cell, and takes the
colours of the notebook round it. Fire units and sensors are counted, never drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from koepel.countries import Region, ukraine_regions
from koepel.projection import WIDTH, Sheet, sheet_round

SHOWN_WIDTH = 480  # of a map, in pixels
MOST_ROWS = 40
MOST_DOTS = 400
INK, FILL = "currentColor", "#9d1c4f"
CELL = 'style="text-align:right;padding:2px 10px"'
HEAD = 'style="text-align:left;padding:2px 10px 2px 0;font-weight:normal"'


def card(title: str, *parts: str, lead: str = "", note: str = "") -> str:
    """A titled piece of HTML.

    Parameters
    ----------
    parts
        HTML made here; the other texts are escaped.

    Examples
    --------
    >>> card("a < b", lead="")
    '<div><p><strong>a &lt; b</strong></p></div>'
    """
    head = f"<p><strong>{escape(title)}</strong>{' ' + escape(lead) if lead else ''}</p>"
    foot = f'<p style="opacity:.75;font-size:90%">{escape(note)}</p>' if note else ""
    return f"<div>{head}{''.join(parts)}{foot}</div>"


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "") -> str:
    """A table whose first column names its rows; past `MOST_ROWS` only how many more there are.

    Examples
    --------
    >>> "&lt;b&gt;" in table(["name", "n"], [("<b>", 3)])
    True
    """
    head = "".join(f"<th scope=col {CELL if k else HEAD}>{escape(str(one))}</th>" for k, one in enumerate(columns))
    body = "".join(
        f"<tr><th scope=row {HEAD}>{escape(text(first))}</th>"
        + "".join(f"<td {CELL}>{escape(text(one))}</td>" for one in others)
        + "</tr>"
        for first, *others in rows[:MOST_ROWS]
    )
    more = len(rows) - MOST_ROWS
    body += f"<tr><td colspan={len(columns)}>{more} more</td></tr>" if more > 0 else ""
    said = f'<caption style="text-align:left">{escape(caption)}</caption>' if caption else ""
    return f"<table>{said}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def text(value: Any) -> str:
    """A value in a cell; of a number four digits.

    Examples
    --------
    >>> text(45362881.0), text(0.018312), text(None), text(12345), text("<b>")
    ('45,360,000', '0.01831', '–', '12,345', '<b>')
    """
    if value is None:
        return "–"
    if isinstance(value, float | np.floating):
        if not math.isfinite(value):
            return "–"
        rounded = float(f"{value:.4g}")
        return f"{rounded:,.0f}" if abs(rounded) >= 1000 else f"{rounded:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def span(low: float | None, high: float | None) -> str:
    """An interval in a cell; nothing where there is none.

    Examples
    --------
    >>> span(1.25, 1250000.0), span(None, None)
    ('1.25 to 1,250,000', '')
    """
    return "" if low is None or low != low else f"{text(low)} to {text(high)}"


def country(
    dots: Sequence[tuple[str, tuple[float, float], float]],
    outline: Sequence[Region] = (),
    sums: Mapping[str, float] | None = None,
    label: str = "",
) -> str:
    """A map: an outline, and dots whose area is their weight.

    Parameters
    ----------
    dots
        Name, latitude and longitude in degrees, and weight of each.
    outline
        Regions of the country.
    sums
        By region, what makes it darker.
    label
        What the map shows, for who hears it.
    """
    rings = [ring for region in outline for ring in region.rings]
    places = np.array([at for _, at, _ in dots], float).reshape(-1, 2)
    if not rings and not len(places):
        return ""
    sheet = sheet_round(np.vstack(rings) if rings else places, 0.0 if rings else 18.0)
    most = max((sums or {}).values(), default=0.0)
    values = sums or {}
    drawn = [_region(one, sheet, values.get(one.name, 0.0), most, sums is not None) for one in outline]
    drawn += _dots(dots, sheet)
    high, title = SHOWN_WIDTH * sheet.height / WIDTH, escape(label)
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {sheet.height:g}" width="{SHOWN_WIDTH}" height="{high:.0f}" role="img" '
        f'aria-label="{title}" style="max-width:100%"><title>{title}</title>{"".join(drawn)}</svg>'
    )


def _region(region: Region, sheet: Sheet, value: float, most: float, told: bool) -> str:
    way = "".join(_way(sheet.on(ring)) for ring in region.rings)
    share = math.sqrt(value / most) if most > 0 else 0.0
    name = escape(f"{region.name}: {value:,.3g}" if told else region.name)
    fill = f'fill="{FILL}" fill-opacity="{0.04 + 0.8 * share:.2f}"'
    edge = f'stroke="{INK}" stroke-opacity=".35"'
    return f'<path d="{way}" fill-rule="evenodd" {fill} {edge}><title>{name}</title></path>'


def _way(points: np.ndarray) -> str:
    """A closed path to the whole unit, without points that fall together."""
    whole = points.round().astype(int)
    kept = whole[np.r_[True, (np.diff(whole, axis=0) != 0).any(axis=1)]]
    return "M" + "L".join(f"{x} {y}" for x, y in kept) + "Z" if len(kept) > 2 else ""


def _dots(dots: Sequence[tuple[str, tuple[float, float], float]], sheet: Sheet) -> list[str]:
    """The heaviest last, so that none hides another."""
    chosen = sorted(dots, key=lambda one: (-one[2], one[0]))[:MOST_DOTS]
    most = max((weight for *_, weight in chosen), default=0.0)
    told = []
    for (name, _, weight), (x, y) in zip(chosen, sheet.on([at for _, at, _ in chosen]) if chosen else (), strict=True):
        radius = max(1.8, 14.0 * math.sqrt(weight / most)) if most > 0 else 4.0
        title = escape(f"{name}: {weight:,.0f}" if most > 0 else name)
        told.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.1f}" fill="{INK}" fill-opacity=".55">'
                    f"<title>{title}</title></circle>")  # fmt: skip
    return told


def regions_named(names: Sequence[str]) -> tuple[Region, ...]:
    """The regions of an outline that koepel has, where most of these names are theirs."""
    regions = ukraine_regions()
    known = {region.name for region in regions}
    return regions if sum(name in known for name in names) > 0.5 * len(names) else ()


def line(values: Sequence[float], label: str) -> str:
    """A small line of values over time, from 0 up.

    Examples
    --------
    >>> line([3.0, 1.0], "stock").startswith('<svg')
    True
    """
    values = np.asarray(values, float)
    most = max(float(values.max(initial=0.0)), 1e-9)
    step = 140 / max(len(values) - 1, 1)
    way = "L".join(f"{k * step:.1f} {28 - 26 * value / most:.1f}" for k, value in enumerate(values))
    title = escape(label)
    return (
        f'<svg viewBox="0 0 142 30" width="142" height="30" role="img" aria-label="{title}"><title>{title}</title>'
        f'<path d="M{way}" fill="none" stroke="{INK}" stroke-width="1.5"/></svg>'
    )
