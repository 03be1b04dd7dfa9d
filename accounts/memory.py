"""How a process that lives long keeps its memory.

With what glibc does by itself, each buffer of a picture is asked of the system, zeroed page by
page, and given back: a quarter of what a job computes. And what was loaded at the start would be
looked through for garbage again and again, a third of a second in the midst of somebody's request.
"""

import ctypes
import gc

# mallopt(3): up to which size freed memory is kept for the next, how much of it, in how many places
_MMAP_THRESHOLD, _TRIM_THRESHOLD, _ARENA_MAX = -3, -1, -8
_KEPT = {_MMAP_THRESHOLD: 8 * 1024**2, _TRIM_THRESHOLD: 16 * 1024**2, _ARENA_MAX: 2}


def settle() -> None:
    """To be called once all is loaded, before threads start and before a fork."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt:
        for parameter, value in _KEPT.items():
            mallopt(parameter, value)
    gc.collect()
    gc.freeze()
