"""Effectors that do less as the other side adapts to them."""

from koepel._kernel.columns import E_PK, E_SOFT, KINDS
from koepel._kernel.compiled import inside


@inside
def fade(standing, r, effectors):
    """Tonight's kill probabilities and soft-kill rates, with what is left of them in a campaign."""
    if standing.day < 0:
        return
    for e in range(len(effectors)):
        left = standing.pk_left[r, e]
        for k in range(len(KINDS)):
            effectors[e, E_PK + k] *= left
        effectors[e, E_SOFT] *= left
