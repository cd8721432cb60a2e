"""Data-blocks of the open file, named in a way that survives undo, redo and renaming."""

from __future__ import annotations

import bpy

from .tasks import BlockRef, PlaceError
from .translations import tr

#: ``ID.id_type`` to the collection of ``bpy.data``, for the kinds that tasks refer to.
KINDS = {
    "COLLECTION": "collections",
    "IMAGE": "images",
    "MATERIAL": "materials",
    "MESH": "meshes",
    "OBJECT": "objects",
    "SCENE": "scenes",
}

_NOUNS = {
    "collections": "collection", "images": "image", "materials": "material", "meshes": "mesh", "objects": "object",
    "scenes": "scene",
}  # fmt: skip


def reference(block: bpy.types.ID) -> BlockRef:
    """How a task refers to ``block``. Raises KeyError for a kind that is not in ``KINDS``."""
    return BlockRef(KINDS[block.id_type], block.name, block.session_uid)


def find(kind: str, name: str, uid: int) -> bpy.types.ID | None:
    """The data-block that a task refers to, under whatever name it has now; None if it is not in the file any more.

    A block that took the name after the first was deleted has another uid, and is not taken for it.
    """
    blocks = getattr(bpy.data, kind)
    named = blocks.get(name)
    if named is not None and named.session_uid == uid:
        return named
    return next((block for block in blocks if block.session_uid == uid), None)


def require(ref: BlockRef) -> bpy.types.ID:
    """As ``find``, for a task that cannot do without.

    Raises:
        PlaceError: it is gone.
    """
    block = find(ref.kind, ref.name, ref.uid)
    if block is None:
        message = tr(
            "The {noun} “{name}” is not in the file any more: bring it back with Undo and press Retry, or start anew."
        )
        raise PlaceError(message.format(noun=tr(_NOUNS[ref.kind]), name=ref.name))
    return block
