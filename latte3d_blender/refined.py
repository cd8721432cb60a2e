"""A refined object keeps the mesh that it had before, with its material, so that one can look from one to the other.

The object itself holds on to it (a custom property that is a data-block), so it is saved with the object, copied with
it, found after renaming and undo, and goes when the object goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from . import variants
from .insert import replace_object
from .refine_task import REFINED

if TYPE_CHECKING:
    from .prepare import PreparedObject

#: The custom property with the mesh that is not shown at the moment.
OTHER = "latte3d_other_mesh"


def other(obj: bpy.types.Object | None) -> bpy.types.Mesh | None:
    """The mesh that ``obj`` could show instead; None if there is none."""
    kept = None if obj is None else obj.get(OTHER)
    return kept if isinstance(kept, bpy.types.Mesh) else None


def is_refined(obj: bpy.types.Object) -> bool:
    """Whether ``obj`` shows its refined mesh."""
    return REFINED in obj.data


def put(obj: bpy.types.Object, prepared: PreparedObject) -> None:
    """Show the refined mesh, and keep the one before; of several refinements, the one before the first.

    Raises:
        PlaceError: the object belongs to a library file.
    """
    before = obj.data
    if is_refined(obj) and other(obj) is not None:
        before = other(obj)
    replace_object(obj, prepared)
    obj.data[REFINED] = prepared.properties[REFINED]
    obj[OTHER] = before


def renew(obj: bpy.types.Object, prepared: PreparedObject | None) -> None:
    """As ``put``, after ``obj`` itself has been made again; ``prepared`` is None where nothing better was found.

    An object whose other look was let go of gets none anew.
    """
    alone = is_settled(obj)
    if OTHER in obj:
        del obj[OTHER]
    if prepared is not None:
        put(obj, prepared)
        if alone:
            del obj[OTHER]
    _tell(obj)


def is_settled(obj: bpy.types.Object) -> bool:
    """Whether ``obj`` was refined and has let go of the look before."""
    return REFINED in obj and OTHER not in obj


def swap(obj: bpy.types.Object) -> None:
    """Show the other mesh, and keep this one. The object must have one, see ``other``.

    Styles belong to one of the two, so the object takes its own materials; the list stays for the way back.
    """
    shown, hidden = obj.data, other(obj)
    variants.show(obj, 0)
    obj.data = hidden
    obj[OTHER] = shown
    _tell(obj)


def settle(obj: bpy.types.Object) -> None:
    """Keep what is shown, and let go of the other and the styles that were painted for it."""
    variants.remove_unfit(obj)
    del obj[OTHER]
    _tell(obj)


def _tell(obj: bpy.types.Object) -> None:
    """The object says of itself what its mesh says."""
    if is_refined(obj):
        obj[REFINED] = obj.data[REFINED]
    elif REFINED in obj:
        del obj[REFINED]
