"""Answers as aligned text."""

from __future__ import annotations

from typing import Any


def number(value: Any) -> str:
    """A number without decimals, in groups of three; anything else as it is."""
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


def types_text(rows: list[dict[str, Any]]) -> str:
    """Types of the catalogue: each figure with its unit and meaning, and its source below."""
    lines: list[str] = []
    shown = None
    for row in rows:
        if row["type"] != shown:
            shown = row["type"]
            lines += ["", shown]
        low, high = row["low"], row["high"]
        figure = low if isinstance(low, str) else f"{low:g}" if high in (None, low) else f"{low:g} to {high:g}"
        unit = "" if row["unit"] in ("text", "1", "flag", "count") else f" {row['unit']}"
        lines.append(f"  {row['attribute']:24s} {figure + unit:22s} {row['description']}")
        if row["source"] != "definition":
            lines.append(f"  {'':24s} source: {row['source']}")
    return "\n".join(lines[1:])


def table(rows: list[dict[str, Any]]) -> str:
    """Rows in aligned columns, as wide as they need to be."""
    if not rows:
        return "none"
    cells = [[cell(name, row[name]) for name in row] for row in rows]
    numeric = [all(isinstance(row[name], int | float | None) for row in rows) for name in rows[0]]
    lined = [list(rows[0]), *cells]
    widths = [max(len(line[i]) for line in lined) for i in range(len(rows[0]))]
    lines = []
    for line in lined:
        parts = [c.rjust(w) if right else c.ljust(w) for c, w, right in zip(line, widths, numeric, strict=True)]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def cell(name: str, value: Any) -> str:
    """A value as it is printed in the column of this name."""
    if value is None:
        return "-"
    if name == "rate":
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
