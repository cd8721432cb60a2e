"""What it takes to make something of this file again: the model that made it, and the mesh that it was made after."""

from __future__ import annotations

from typing import Any

import bpy

from . import model_files, preferences, variants
from .blocks import reference
from .mesh_arrays import MeshCopy
from .mesh_copy import Refused, copy_mesh, heading, refusal
from .provenance import Provenance, StyleRecord
from .stylize import ReshapeTask
from .translations import tr


def model_of(operator: Any, context: bpy.types.Context, name: str, how: Provenance | StyleRecord) -> tuple[str, str]:
    """The device, and the model that made ``name``; the chosen one, with a report, where that is not known."""
    device, chosen = preferences.read(context)
    known = model_files.find_by_digest(how.digest, preferences.models(context))
    if known is None and how.digest:
        message = tr("“{name}” was made with another model ({model}): the result will differ. Import that model first.")
        operator.report({"WARNING"}, message.format(name=name, model=how.model or how.digest[:8]))
    return device, known or chosen


def copy_in_look(context: bpy.types.Context, obj: bpy.types.Object, keep_colours: bool, source: str) -> MeshCopy:
    """The mesh of an object, in the colours of the look ``source`` if they are to be kept.

    Arguments:
        source: see ``variants.key_of``.

    Raises:
        Refused: it cannot be used; the message is one sentence for the artist.
    """
    if not keep_colours:
        return copy_mesh(context, obj, keep_colours=False)
    index = variants.find(obj, source)
    entries = obj.latte3d_variants.entries
    if index is None or (entries and variants.fault(obj, entries[index])):
        message = tr("The style of “{name}” whose colours were kept is gone: choose another look and stylize it anew.")
        raise Refused(message.format(name=obj.name))
    with variants.wearing(obj, index):
        return copy_mesh(context, obj, keep_colours=True)


def reshape_again(
    context: bpy.types.Context, obj: bpy.types.Object, how: Provenance, seed: int, **common: Any
) -> ReshapeTask:
    """The task that makes an object again which was made after another one.

    Arguments:
        how: what it says of itself, with ``reshaped``. seed: in place of its own. common: other fields of the task.

    Raises:
        Refused: the other one is gone, or cannot be used; the message is one sentence for the artist.
    """
    record = how.reshaped
    assert record is not None
    original = bpy.data.objects.get((record.original, None))  # of this file, not of a library
    if original is None:
        message = tr(
            "“{original}”, which “{name}” was made after, is not in this file: bring it back under that name, or "
            "stylize another mesh with Reshape Too."
        )
        raise Refused(message.format(original=record.original, name=obj.name))
    why = refusal(original)
    if why:
        raise Refused(why)
    if not original.evaluated_get(context.evaluated_depsgraph_get()).is_evaluated:
        message = tr("“{original}”, which “{name}” was made after, is disabled or in another scene: show it first.")
        raise Refused(message.format(original=original.name, name=obj.name))
    return ReshapeTask(
        prompt=how.prompt, seed=seed, keep_colours=record.keep_colours, source=record.source,
        texture_size=how.texture_size, target=reference(original),
        mesh=copy_in_look(context, original, record.keep_colours, record.source), alpha=how.alpha, faces=how.faces,
        unwrap=how.unwrap, turn=heading(original), **common,
    )  # fmt: skip
