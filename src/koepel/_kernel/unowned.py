"""Arrays without a reference count, for use inside compiled loops.

Numba counts references with atomic operations at nearly every call that is passed an array: half of a
night's time, and more on several threads that share one scenario. The same array with its owner left
out costs nothing to pass. Whoever calls `unowned` keeps the owner alive until the last use.
"""

from numba import types
from numba.extending import intrinsic


def _stripped(context, builder, kind, value):
    """The value with every array's owner set to null, tuples searched through."""
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = context.get_constant_null(types.MemInfoPointer(types.voidptr))
        array.parent = context.get_constant_null(types.pyobject)
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        for at, part in enumerate(kind):
            inner = _stripped(context, builder, part, builder.extract_value(value, at))
            value = builder.insert_value(value, inner, at)
    return value


@intrinsic
def unowned(typing_context, value):
    """The same array, or (named) tuple of arrays, without ownership."""

    def codegen(context, builder, signature, args):
        return _stripped(context, builder, signature.args[0], args[0])

    return value(value), codegen
