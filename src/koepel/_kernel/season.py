"""What a campaign asks of the kernels between its nights: luck by name, raids of a given intensity, what stands by."""

import numpy as np

from koepel._kernel.chance import SUPPLY, mixed, uniform
from koepel._kernel.columns import M_READY, M_RESERVE, U_UP
from koepel._kernel.compiled import entry
from koepel._kernel.night import run_key, study_figures, tables
from koepel._kernel.raids import group_count

_STUDY_SUPPLY = np.uint64(0x737570706C790001)


@entry
def supply_draws(seed, first_run, names, count, study, out):
    """Uniform draws of the supply side, by name.

    Parameters
    ----------
    names
        Keys of the names. Shape (n,), uint64.
    count
        Which draw of each name, as the day.
    study
        Whether runs 2k and 2k + 1 share it.
    out
        Filled in, shape (runs, n).
    """
    for r in range(len(out)):
        run = first_run + r
        key = mixed(run_key(seed, run // 2), _STUDY_SUPPLY) if study else run_key(seed, run)
        for i in range(len(names)):
            out[r, i] = uniform(key, names[i], SUPPLY, count)


@entry
def raid_counts(pattern, seed, first_run, day, intensity, scale, out):
    """How many of each group come in the night of a campaign.

    Parameters
    ----------
    intensity
        A standard normal for each run. Shape (runs,).
    scale
        What the medians are multiplied by. Shape (runs,).
    out
        Filled in, shape (runs, groups).
    """
    for r in range(len(out)):
        key = mixed(run_key(seed, first_run + r), np.uint64(day))
        for g in range(out.shape[1]):
            out[r, g] = group_count(pattern, key, g, intensity[r], scale[r])


@entry
def stands_by(setup, seed, first_run, ready, most, up):
    """What each magazine and unit may have in a run, as its study draws it.

    Parameters
    ----------
    ready, most
        Rounds ready at dusk, and all that find room on site; filled in, shape (runs, magazines).
    up
        Share of nights in service; filled in, shape (runs, units).
    """
    defence = setup.defence
    for r in range(len(ready)):
        values = study_figures(setup.figures, seed, first_run + r, setup.rules.doubt)
        figures = tables(values, setup.figures.at)
        for m in range(ready.shape[1]):
            row = figures.magazines[defence.magazine_row[m]]
            ready[r, m] = int(np.floor(row[M_READY] + 0.5))
            most[r, m] = ready[r, m] + int(np.floor(row[M_RESERVE] + 0.5))
        for u in range(up.shape[1]):
            up[r, u] = figures.units[defence.unit_row[u], U_UP]
