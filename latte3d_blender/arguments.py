"""Operators that start from the scene's settings: what a script gives goes before, the scene has the rest."""

from collections.abc import Iterable
from typing import Any

import bpy


def asked(operator: bpy.types.Operator, names: Iterable[str], stored: bpy.types.PropertyGroup) -> dict[str, Any]:
    """The settings ``names``: the operator's arguments where given, else those of ``stored``.

    A texture size comes out as a number of pixels, whichever of the two had it.
    """
    given = operator.properties
    values = {name: getattr(operator if given.is_property_set(name) else stored, name) for name in names}
    if "texture_size" in values:
        values["texture_size"] = int(values["texture_size"])
    return values
