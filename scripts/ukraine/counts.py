"""How many systems of each type there are, by which rule they are placed, and where the number comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Count:
    """One line of the order of battle.

    Parameters
    ----------
    layer
        Systems of one layer are dealt out in turn; those of ``grid:KM`` and ``even:KM`` are spread, with that reach.
    source
        Where the number comes from, or ``assumed``.
    first
        Number of the first of them; those to come are numbered on.
    """

    type: str
    number: int
    layer: str
    source: str
    first: int = 1


FIRE_UNITS = (
    Count("patriot", 8, "long", "8 held, 6 working in May 2025: N pravda.com.ua/eng/news/2025/05/4/7510551 (NYT); "
          "6 of 8 is the middle of the availability"),
    Count("samp-t", 2, "long", "assumed"),
    Count("s-300p", 8, "long", "assumed; about 50 batteries in 2022, about 60 launchers lost by mid-2023 and rounds "
          "running out since: N forbesjapan.com/articles/detail/64633; R extremnews.com 12d218e641c4572 (FT)"),
    Count("iris-t-slm", 7, "medium", "7 in July 2025: R deutsch.news-pravda.com/world/2025/07/25/433385.html"),
    Count("nasams", 7, "medium", "assumed"),
    Count("hawk", 3, "medium", "assumed"),
    Count("buk", 6, "medium", "assumed"),
    Count("iris-t-sls", 4, "short", "assumed"),
    Count("skynex", 2, "short", "2 bought: N presse-augsburg.de 835155; N mediafax.ro 23608036"),
    Count("vampire", 14, "grid:75", "14 sets: S vampyrismus.altervista.org (Wired)"),
    Count("gepard-section", 16, "grid:75", "more than 60 guns delivered by July 2025: R deutsch.news-pravda.com/world/"
          "2025/07/25/433385.html; as 16 sections of four, assumed"),
    Count("mobile-fire-area", 36, "even:75", "assumed; 'thousands of staff': N global.espreso.tv 2277-shahed"),
    Count("interceptor-drone-area", 24, "grid:75", "assumed; few had teams in June 2025, many a year later: "
          "availability 0.05 to 0.95"),
    Count("jammer-region", 36, "even:75", "assumed"),
    Count("fighter-patrol", 6, "grid:200", "assumed"),
    # to come: supply.fielding says when; placed after all others, so that those stay where they are
    Count("patriot", 2, "long", "to come: 10 expected: N pravda.com.ua/eng/news/2025/05/4/7510551 (NYT)", first=9),
    Count("iris-t-slm", 2, "medium", "to come: 8 and 9 of 12 promised: R deutsch.news-pravda.com/world/2025/07/25/"
          "433385.html", first=8),
)  # fmt: skip
SENSORS = (
    Count("surveillance-radar", 16, "even:150", "assumed"),
    Count("acoustic-region", 26, "even:75", "assumed"),
)
