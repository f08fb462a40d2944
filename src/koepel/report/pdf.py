"""A page as PDF, laid out by WeasyPrint (extra ``pdf``): what the page shows on paper, with its pictures as vectors.

WeasyPrint draws the pictures inside a page without the style sheet of the page. So each element of a picture is
first given its own style, worked out from the sheet as a browser does it, in the light colours.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from koepel.errors import Fault, UsageError

SVG = "{http://www.w3.org/2000/svg}"
FONT = "'Liberation Sans', 'DejaVu Sans', sans-serif"
_VARIABLE = re.compile(r"var\((--[\w-]+)\)")
# what a style sheet may say of a part of a picture; all else is for the screen
_DRAWN = {
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "font-size",
    "font-weight", "text-anchor", "display", "opacity",
}  # fmt: skip


def write_pdf(page: str, path: Path) -> Path:
    """Write a page as PDF, and return its path. The same page makes the same bytes.

    Raises
    ------
    UsageError
        If WeasyPrint or the libraries it draws with are not installed, or the file cannot be written.
    """
    weasyprint = _weasyprint()
    document = weasyprint.HTML(string=_with_styled_pictures(page), base_url=None, url_fetcher=_nothing_is_fetched)
    content = document.write_pdf(pdf_identifier=b"koepel", pdf_tags=True)  # an own identifier would be drawn anew
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot be written ({error.strerror}); give a file in a folder that exists") from None
    return path


def check_pdf() -> None:
    """Refuse before the long work begins where no PDF can be written.

    Raises
    ------
    UsageError
        With what is missing.
    """
    _weasyprint()


def _weasyprint() -> Any:
    try:
        import weasyprint
    except ImportError:
        found, mend = "a PDF needs WeasyPrint, which is not installed", "pip install 'koepel[pdf]', or give .html"
        fault = Fault("", "", found, mend)
        raise UsageError("the report", [fault]) from None
    except OSError as error:  # its own libraries come from the system
        found = f"WeasyPrint finds no Pango to draw with ({str(error).splitlines()[0][:80]})"
        mend = "on Debian or Ubuntu: apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-liberation"
        raise UsageError("the report", [Fault("", "", found, f"{mend}; or give .html")]) from None
    return weasyprint


def _nothing_is_fetched(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"a page asks nothing of any network or disk; it asked for {url[:80]}")


def _with_styled_pictures(page: str) -> str:
    """The page with the style of every part of a picture written into it, and without its script."""
    from xml.etree import ElementTree

    import cssselect2
    import tinyhtml5

    root = tinyhtml5.parse(page, namespace_html_elements=False)
    named = {one.get("id"): one for one in root.iter() if one.get("id")}
    for parent in [one for one in root.iter() if any(child.tag == f"{SVG}use" for child in one)]:
        for k, child in enumerate(list(parent)):
            if child.tag == f"{SVG}use" and (found := named.get((child.get("href") or "")[1:])) is not None:
                parent[k] = deepcopy(found)  # a picture is drawn by itself and knows of no other
                del parent[k].attrib["id"]
    matcher, colours = _rules(next(root.iter("style")).text or "")
    for wrapper in cssselect2.ElementWrapper.from_html_root(root).iter_subtree():
        element = wrapper.etree_element
        if isinstance(element.tag, str) and element.tag.startswith(SVG):
            _style(element, wrapper, matcher, colours)
    _halos(root)
    for element in root.iter():
        if element.tag == "script":
            element.text = ""
        if isinstance(element.tag, str):
            element.tag = element.tag.removeprefix(SVG)
    return "<!doctype html>" + ElementTree.tostring(root, encoding="unicode", method="html")


def _rules(sheet: str) -> tuple[Any, dict[str, str]]:
    """The rules of a style sheet for pictures on paper, and the light colours by name."""
    import cssselect2
    import tinycss2

    matcher, colours = cssselect2.Matcher(), {}
    for selectors, declared in _blocks(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)):
        told = {one.lower_name: tinycss2.serialize(one.value).strip() for one in declared if one.type == "declaration"}
        if selectors.strip() == ":root":
            colours |= {name: value for name, value in told.items() if name.startswith("--")}
            continue
        own = {name: value for name, value in told.items() if name in _DRAWN}
        if not own:
            continue
        for selector in cssselect2.compile_selector_list(selectors):
            matcher.add_selector(selector, own)
    return matcher, colours


def _blocks(rules: list) -> Iterator[tuple[str, list]]:
    """Selectors and declarations of each rule that holds on paper."""
    import tinycss2

    for rule in rules:
        if rule.type == "qualified-rule":
            yield tinycss2.serialize(rule.prelude), tinycss2.parse_blocks_contents(rule.content)
        elif rule.type == "at-rule" and rule.lower_at_keyword == "media":
            if tinycss2.serialize(rule.prelude).strip() == "print":
                yield from _blocks(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))


def _style(element: Any, wrapper: Any, matcher: Any, colours: dict[str, str]) -> None:
    """Put what the sheet says of a part of a picture into its ``style``."""
    told: dict[str, str] = {}
    try:
        matches = sorted(matcher.match(wrapper), key=lambda match: match[:2])
    except Exception:  # a selector for the screen alone, as :hover, matches nothing on paper
        matches = []
    for *_, declared in matches:
        told |= declared
    if element.tag == f"{SVG}text":
        told.setdefault("font-size", "12.5px")
        told.setdefault("fill", "var(--ink)")
        told["font-family"] = FONT
    if told:
        light = {name: _VARIABLE.sub(lambda found: colours.get(found[1], ""), value) for name, value in told.items()}
        element.set("style", "; ".join(f"{name}: {value}" for name, value in light.items()))


def _halos(root: Any) -> None:
    """Draw the halo of a text before the text: a stroke would lie over the letters."""
    for parent in [one for one in root.iter() if any(child.tag == f"{SVG}text" for child in one)]:
        for k, child in reversed(list(enumerate(list(parent)))):
            style = child.get("style") or ""
            if child.tag != f"{SVG}text" or "stroke:" not in style:
                continue
            halo = deepcopy(child)
            halo.tail = None
            parent.insert(k, halo)
            child.set("style", f"{style}; stroke: none")
