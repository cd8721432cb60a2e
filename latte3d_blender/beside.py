"""Stands a new object beside the one it was made after."""

from __future__ import annotations

import bpy
from mathutils import Matrix, Vector

from .insert import insert_object
from .later import np
from .prepare import PreparedObject


def stand_beside(
    context: bpy.types.Context,
    original: bpy.types.Object,
    prepared: PreparedObject,
    base: tuple[float, float, float],
    turn: float,
    gap: float,
) -> bpy.types.Object:
    """Put ``prepared`` into the original's collections, to its right: along the scene's X axis.

    Arguments:
        base: its origin, from that of the original. turn: about the vertical axis, in radians, of ``base`` too.
        gap: between the two, as a share of the new one's width.
    """
    turned = Matrix.Rotation(turn, 3, "Z")
    place = original.matrix_world.translation + turned @ Vector(base)
    across = prepared.vertices.astype(np.float64) @ np.array(turned[0])
    right = max((original.matrix_world @ Vector(corner)).x for corner in original.bound_box)
    place.x = right + gap * float(np.ptp(across)) - float(across.min())
    obj = insert_object(context, prepared, tuple(place))
    obj.rotation_euler.z = turn
    homes = [home for home in original.users_collection if home.is_editable]
    for home in homes:
        if obj.name not in home.objects:
            home.objects.link(obj)
    for home in obj.users_collection if homes else ():
        if home not in homes:
            home.objects.unlink(obj)
    return obj
