"""A refined object keeps the mesh that it had before, with its material, so that one can look from one to the other.

The object itself holds on to it (a custom property that is a data-block), so it is saved with the object, copied with
it, found after renaming and undo, and goes when the object goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

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


def swap(obj: bpy.types.Object) -> None:
    """Show the other mesh, and keep this one. The object must have one, see ``other``."""
    shown, hidden = obj.data, other(obj)
    obj.data = hidden
    obj[OTHER] = shown
    _tell(obj)


def settle(obj: bpy.types.Object) -> None:
    """Keep what is shown, and let go of the other."""
    del obj[OTHER]
    _tell(obj)


def _tell(obj: bpy.types.Object) -> None:
    """The object says of itself what its mesh says."""
    if is_refined(obj):
        obj[REFINED] = obj.data[REFINED]
    elif REFINED in obj:
        del obj[REFINED]
