"""Where units may stand: how many of each type, room of sites, conflicts, and units that stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from koepel.covering.program import Program, add_rows, new_solver, run
from koepel.errors import Fault, PlanError, UsageError


@dataclass(frozen=True, eq=False)
class Places:
    """What a placement must keep to.

    Attributes
    ----------
    counts
        Units of each type. Shape (types,).
    room
        Most units of each site. Shape (sites,).
    conflicts
        Pairs of sites of which only one is used. Shape (pairs, 2).
    kept
        Units that stand now. Shape (types, sites).
    moves
        How many of them need not stay.
    """

    counts: np.ndarray
    room: np.ndarray
    conflicts: np.ndarray
    kept: np.ndarray
    moves: int

    def allows(self, placed: np.ndarray) -> bool:
        """Whether units of shape (types, sites) may stand so."""
        used = placed.sum(axis=0) > 0
        return bool(
            (placed >= 0).all()
            and (placed.sum(axis=1) == self.counts).all()
            and (placed.sum(axis=0) <= self.room).all()
            and not (used[self.conflicts[:, 0]] & used[self.conflicts[:, 1]]).any()
            and self.kept.sum() - np.minimum(placed, self.kept).sum() <= self.moves
        )

    def neighbours(self) -> tuple[np.ndarray, np.ndarray]:
        """Sites in conflict with each site, by starts and sites."""
        n = len(self.room)
        a, b = self.conflicts.T
        pairs = sparse.csr_matrix((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, a])), shape=(n, n))
        return pairs.indptr.astype(np.int64), pairs.indices.astype(np.int64)


def read_places(types: int, sites: int, counts, per_site, conflicts, kept, most_moves) -> Places:
    """Check what a placement must keep to.

    Raises
    ------
    UsageError
        For arrays that do not fit together.
    PlanError
        For what cannot be kept to, each with what to relax.
    """
    counts, per_site = np.asarray(counts), np.asarray(per_site)
    room = np.broadcast_to(per_site, (sites,)) if per_site.ndim == 0 or per_site.shape == (sites,) else None
    pairs = np.asarray(list(conflicts), np.int64).reshape(-1, 2)
    stand = np.zeros((types, sites), np.int64) if kept is None else np.asarray(kept)
    wrong = []
    if counts.shape != (types,) or not _whole(counts):
        wrong.append(Fault("", "counts", f"found {counts.tolist()}", f"give {types} whole numbers of 0 or more"))
    if room is None or not _whole(room):
        wrong.append(Fault("", "per_site", f"shape {per_site.shape}", "give whole numbers, one or one for every site"))
    if pairs.size and (pairs.min() < 0 or pairs.max() >= sites or (pairs[:, 0] == pairs[:, 1]).any()):
        wrong.append(Fault("", "conflicts", "a pair that is none", f"give two sites from 0 to {sites - 1}"))
    if stand.shape != (types, sites) or not _whole(stand):
        wrong.append(Fault("", "kept", f"shape {stand.shape}", "give units of the shape (types, sites)"))
    if most_moves is not None and most_moves < 0:
        wrong.append(Fault("", "most_moves", f"found {most_moves}", "give 0 or more"))
    if wrong:
        raise UsageError("the placement", wrong)
    places = Places(
        counts.astype(np.int64), room.astype(np.int64), np.unique(np.sort(pairs, axis=1), axis=0),
        stand.astype(np.int64), int(most_moves or 0),
    )  # fmt: skip
    faults = _faults(places)
    if faults:
        raise PlanError("the placement", faults)
    return places


def _whole(numbers: np.ndarray) -> bool:
    """Whether all are whole and 0 or more."""
    return numbers.dtype.kind in "iufb" and bool((numbers >= 0).all() and (numbers == np.floor(numbers)).all())


def _faults(places: Places) -> list[Fault]:
    """What can be seen to be impossible without a search."""
    faults, stand = [], places.kept.sum(axis=0)
    if places.counts.sum() > places.room.sum():
        found = f"{places.counts.sum()} units, with room for {places.room.sum()}"
        faults.append(Fault("", "counts", found, "place fewer, add sites, or raise per_site"))
    if places.moves > 0:
        return faults
    for t in np.flatnonzero(places.kept.sum(axis=1) > places.counts):
        found = f"{places.kept[t].sum()} units of type {t} stay, with {places.counts[t]} to place"
        faults.append(Fault("", "kept", found, "raise counts, or give most_moves"))
    for s in np.flatnonzero(stand > places.room)[:5]:
        found = f"{stand[s]} units stay at site {s}, with room for {places.room[s]}"
        faults.append(Fault("", "kept", found, "raise per_site, or give most_moves"))
    for a, b in places.conflicts:
        if stand[a] and stand[b]:
            found = f"units stay at sites {a} and {b}, which are in conflict"
            faults.append(Fault("", "kept", found, "drop the conflict, or give most_moves"))
    return faults


def cliques(pairs: np.ndarray) -> list[list[int]]:
    """Sets of sites of which only one is used, that say all that the pairs say, and in parts more."""
    near: dict[int, set[int]] = {}
    for a, b in pairs.tolist():
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    left, found = {(a, b) for a, b in pairs.tolist()}, []
    for a, b in pairs.tolist():
        if (a, b) not in left:
            continue
        clique, common = [a, b], near[a] & near[b]
        while common:
            site = max(sorted(common), key=lambda s: len(near[s] & common))
            clique.append(site)
            common = common & near[site]
        clique.sort()
        left -= {(x, y) for i, x in enumerate(clique) for y in clique[i + 1 :]}
        found.append(clique)
    return found


def empty_program(places: Places, relax_counts: bool = False) -> Program:
    """Places as a program without an objective: the columns of types and sites, then those that help to count.

    They are, for a place where more units may stand than stood before, how many of them count as staying, and for a
    site in conflict where several units may stand, whether it is used.
    """
    types, sites = places.kept.shape
    n = types * sites
    most = np.minimum(places.room[None, :], places.counts[:, None]).ravel()
    kept = places.kept.ravel()
    tight = places.moves == 0 and not relax_counts
    low = np.where(kept > 0, kept, 0) if tight else np.zeros(n)
    over = np.flatnonzero((kept > 0) & (most > kept)) if places.moves > 0 else np.empty(0, int)
    many = np.unique(places.conflicts)
    many = many[places.room[many] > 1]
    solver, width = new_solver(), n + len(over) + len(many)
    upper = np.concatenate([most, kept[over], np.ones(len(many))]).astype(float)
    lower = np.concatenate([np.minimum(low, most), np.zeros(width - n)]).astype(float)
    solver.addCols(width, np.zeros(width), lower, upper, 0, *(np.empty(0, np.int32),) * 2, np.empty(0))
    by_type = sparse.kron(sparse.identity(types), np.ones((1, sites)))
    by_site = sparse.kron(np.ones((1, types)), sparse.identity(sites)).tocsr()
    add_rows(solver, _wide(by_type, width), np.zeros(types) if relax_counts else places.counts, places.counts)
    add_rows(solver, _wide(by_site, width), np.zeros(sites), places.room)
    _add_stay(solver, places, over, n, width)
    _add_conflicts(solver, places, by_site, many, n + len(over), width)
    return Program(solver, np.r_[np.arange(n), np.arange(n + len(over), width)])


def _wide(rows, width: int) -> sparse.csr_matrix:
    rows = sparse.csr_matrix(rows)
    return sparse.csr_matrix((rows.data, rows.indices, rows.indptr), shape=(rows.shape[0], width))


def _add_stay(solver, places: Places, over: np.ndarray, n: int, width: int) -> None:
    """So many units still stand where they stood."""
    kept = places.kept.ravel()
    stood = np.flatnonzero(kept)
    if places.moves == 0 or not len(stood):
        return
    counted = stood.copy()
    counted[np.isin(stood, over)] = n + np.arange(len(over))
    m = len(over)
    apart = sparse.csr_matrix(
        (np.r_[np.ones(m), -np.ones(m)], (np.r_[np.arange(m), np.arange(m)], np.r_[n + np.arange(m), over])),
        shape=(m, width),
    )
    add_rows(solver, apart, np.full(m, -np.inf), np.zeros(m))
    still = sparse.csr_matrix((np.ones(len(stood)), (np.zeros(len(stood), int), counted)), shape=(1, width))
    add_rows(solver, still, [max(kept.sum() - places.moves, 0)], [np.inf])


def _add_conflicts(solver, places: Places, by_site, many: np.ndarray, first: int, width: int) -> None:
    """At most one site of each clique is used."""
    at = {int(s): first + i for i, s in enumerate(many)}
    for s in many:
        row = _wide(by_site[s], width).tolil()
        row[0, at[int(s)]] = -float(places.room[s])
        add_rows(solver, row, [-np.inf], [0.0])
    for clique in cliques(places.conflicts):
        row = sparse.lil_matrix((1, width))
        for s in clique:
            if s in at:
                row[0, at[s]] = 1.0
            else:
                row[0, by_site[s].indices] = 1.0
        add_rows(solver, row, [-np.inf], [1.0])


def some_placement(places: Places, worth: np.ndarray, seconds: float) -> np.ndarray:
    """A placement that is allowed, of most worth if each unit were alone. Shape (types * sites,), int.

    Raises
    ------
    PlanError
        Where there is none, with what to relax.
    """
    program, n = empty_program(places), worth.size
    program.solver.changeColsCost(n, np.arange(n, dtype=np.int32), worth.astype(float))
    found = run(program, None, 1e-3 * float(np.abs(worth).max(initial=0)), seconds)
    if found.columns is not None:
        return np.rint(found.columns[:n]).astype(np.int64)
    if not found.infeasible:
        raise PlanError("the placement", [Fault("", "seconds", "no placement found in time", "give more seconds")])
    raise PlanError("the placement", [_why(places)])


def _why(places: Places) -> Fault:
    """What stands in the way, by the most units that could be placed otherwise."""
    n = places.kept.size
    free = Places(places.counts, places.room, places.conflicts, np.zeros_like(places.kept), 0)
    program = empty_program(free, relax_counts=True)
    program.solver.changeColsCost(n, np.arange(n, dtype=np.int32), np.ones(n))
    found = run(program, None, 0.5, 60.0)
    most = 0 if found.columns is None else int(np.rint(found.columns[:n].sum()))
    if most < places.counts.sum():
        text = f"{places.counts.sum()} units, of which {most} can stand without a conflict"
        return Fault("", "conflicts", text, f"place {places.counts.sum() - most} fewer, add sites, or drop conflicts")
    mend = "raise most_moves, drop conflicts, or keep fewer" if places.moves else "give most_moves, or keep fewer"
    return Fault("", "kept", "the units that stay leave no place for the others", mend)
