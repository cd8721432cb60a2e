"""Objects into the Asset Browser: picture, tags, author and licence; and into asset libraries on the disk."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, StringProperty

from . import assets, atomic, preferences
from .artist_mesh import colors_at
from .later import np
from .mesh_copy import Refused, copy_mesh
from .picture import draw
from .prepare import to_blender_frame
from .provenance import read
from .translations import tr

#: Side of an asset's picture in pixels, as large as Blender's own.
PICTURE_SIZE = 256


def _objects() -> CollectionProperty:
    return CollectionProperty(
        name="Objects",
        description="Names of the objects; none for those that are selected",
        type=bpy.types.OperatorFileListElement,
        options={"SKIP_SAVE"},
    )


def _chosen(operator: Any, context: bpy.types.Context) -> list[bpy.types.Object]:
    """The operator's objects; reports what stands in the way of one of them, and leaves it out."""
    names = [item.name for item in operator.objects]
    objects = [bpy.data.objects.get(name) for name in names] if names else list(context.selected_objects)
    usable = []
    for name, obj in zip(names or [obj.name for obj in objects if obj], objects, strict=True):
        if obj is None:
            operator.report({"WARNING"}, tr("There is no object “{name}”: it is left out.").format(name=name))
        elif obj.library is not None:
            message = tr("“{name}” belongs to another file: make it local first, or mark it there.")
            operator.report({"WARNING"}, message.format(name=name))
        else:
            usable.append(obj)
    if not usable:
        operator.report({"ERROR"}, "There is nothing to mark: select objects of this file.")
    return usable


def _filed(obj: bpy.types.Object) -> bool:
    """Whether ``obj`` is an asset in a catalogue that the artist chose, which stays."""
    ours = ("00000000-0000-0000-0000-000000000000", assets.CATALOG_ID)
    return obj.asset_data is not None and obj.asset_data.catalog_id not in ours


def mark(context: bpy.types.Context, obj: bpy.types.Object, catalog: str = assets.CATALOG_ID) -> None:
    """Make ``obj`` an asset, with all that is known about it; an asset keeps the texts that the artist gave it."""
    obj.asset_mark()
    data = obj.asset_data
    how = read(obj)
    if how is not None:
        data.description = data.description or how.prompt
        for word in assets.tags(how.prompt):
            data.tags.new(word, skip_if_exists=True)
    author, licence = preferences.credits(context)
    data.author = data.author or author
    data.license = data.license or licence
    if not _filed(obj):
        data.catalog_id = catalog
    pixels = picture(context, obj)
    if pixels is not None:
        shown = obj.preview_ensure()
        shown.image_size = (PICTURE_SIZE, PICTURE_SIZE)
        # Blender's rows begin at the bottom.
        shown.image_pixels_float.foreach_set(pixels[::-1].astype(np.float32).ravel() / np.float32(255))


def picture(context: bpy.types.Context, obj: bpy.types.Object) -> np.ndarray | None:
    """(S, S, 4) uint8 of an object, row 0 at the top; None if it is no mesh or has no faces."""
    if obj.type != "MESH":
        return None
    try:
        surface = copy_mesh(context, obj, keep_colours=True).triangulated().shown
    except Refused:
        return None
    colours = surface.colours

    def look(faces: np.ndarray, weights: np.ndarray) -> np.ndarray:
        if colours is None:
            return np.full((len(faces), 3), 0.8, np.float32)
        corner = np.einsum("nk,nkc->nc", weights, colours.corner[faces])
        place = np.einsum("nk,nkc->nc", weights, colours.uvs[faces])
        return colors_at(colours, faces, corner[:, None], place[:, None])[:, 0]

    return draw(to_blender_frame(surface.vertices, 1.0), surface.triangles, look, PICTURE_SIZE)


class LATTE3D_OT_mark_asset(bpy.types.Operator):
    """Show the object in the Asset Browser, with a picture, tags from its prompt, author and licence"""

    bl_idname = "latte3d.mark_asset"
    bl_label = "Mark as Asset"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {"objects": _objects()}

    def execute(self, context: bpy.types.Context) -> set[str]:
        objects = _chosen(self, context)
        if not objects:
            return {"CANCELLED"}
        catalog = assets.CATALOG_ID if all(map(_filed, objects)) else self._catalog(context)
        for obj in objects:
            mark(context, obj, catalog)
        if len(objects) > 1:
            message = tr("{count} objects are assets now").format(count=len(objects))
        else:
            message = tr("“{name}” is an asset now").format(name=objects[0].name)
        self.report({"INFO"}, message)
        return {"FINISHED"}

    def _catalog(self, context: bpy.types.Context) -> str:
        """The number of our catalogue where Blender looks for those of the open file. It is put in there where the
        artist keeps catalogues: in a library, or in a folder that has some already."""
        libraries = context.preferences.filepaths.asset_libraries
        home = assets.home_of(bpy.data.filepath, (bpy.path.abspath(library.path) for library in libraries))
        if home is None or not (home[1] or (home[0] / assets.CATALOG_FILE).is_file()):
            return assets.CATALOG_ID
        try:
            return add_catalog(home[0])
        except OSError as error:
            message = tr(
                "The catalog cannot be written into {folder}, so the assets are unassigned: {reason}; free space or "
                "check its rights."
            )
            self.report({"WARNING"}, message.format(folder=home[0], reason=error.strerror))
            return assets.CATALOG_ID


class LATTE3D_OT_save_to_library(bpy.types.Operator):
    """Write the object as an asset into a library on the disk, a file of its own; the open file stays as it is"""

    bl_idname = "latte3d.save_to_library"
    bl_label = "Save to Library"

    __annotations__ = {
        "library": StringProperty(
            name="Library",
            description="Name of an asset library of the preferences; empty for the first one",
            options={"SKIP_SAVE"},
        ),
        "name": StringProperty(
            name="File Name",
            description="Name of the file without its ending; empty for the name of the object",
            options={"SKIP_SAVE"},
        ),
        "together": BoolProperty(
            name="One File",
            description="Write all objects into one file, instead of one file each",
            default=False,
            options={"SKIP_SAVE"},
        ),
        "objects": _objects(),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not len(context.preferences.filepaths.asset_libraries):
            cls.poll_message_set(tr("There is no asset library: add one in Edit > Preferences > File Paths"))
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        libraries = context.preferences.filepaths.asset_libraries
        asked = self.properties
        asked.library = asked.library or libraries[0].name
        if not asked.name and context.object is not None:
            asked.name = context.object.name
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop_search(self, "library", context.preferences.filepaths, "asset_libraries", text="Library")
        layout.prop(self, "name")
        layout.prop(self, "together")

    def execute(self, context: bpy.types.Context) -> set[str]:
        folder = self._folder(context)
        objects = _chosen(self, context) if folder is not None else []
        if folder is None or not objects:
            return {"CANCELLED"}
        groups = [objects] if self.together else [[obj] for obj in objects]
        try:
            catalog = add_catalog(folder)
            paths = [save(context, group, folder, self.name or group[0].name, catalog) for group in groups]
        except (OSError, RuntimeError) as error:
            message = tr("The library folder {folder} cannot be written: {reason}; free space or check its rights.")
            reason = getattr(error, "strerror", None) or " ".join(str(error).split())
            self.report({"ERROR"}, message.format(folder=folder, reason=reason))
            return {"CANCELLED"}
        self.report({"INFO"}, tr("Saved as {path}").format(path=", ".join(path.name for path in paths)))
        return {"FINISHED"}

    def _folder(self, context: bpy.types.Context) -> Path | None:
        libraries = context.preferences.filepaths.asset_libraries
        library = libraries.get(self.library) if self.library else next(iter(libraries), None)
        if library is None:
            message = tr("There is no asset library “{name}”: add it in Edit > Preferences > File Paths.")
            self.report({"ERROR"}, message.format(name=self.library))
            return None
        folder = Path(bpy.path.abspath(library.path))
        if not folder.is_dir():
            message = tr("The folder of the library “{name}” is not there: {path}; connect it, or change its path.")
            self.report({"ERROR"}, message.format(name=library.name, path=folder))
            return None
        return folder


def add_catalog(folder: Path) -> str:
    """Put our catalogue into a folder's list, if it is not there yet; returns its number. Raises OSError."""
    file = (folder / assets.CATALOG_FILE).resolve()  # a link stays one
    there = file.is_file()
    text = file.read_bytes().decode("utf-8", "surrogateescape") if there else ""
    wanted, number = assets.with_catalog(text)
    if wanted != text:
        rights = file.stat().st_mode if there else None
        atomic.write(file, wanted.encode("utf-8", "surrogateescape"), flush=True)
        if rights is not None:  # others may write this file, too
            with contextlib.suppress(OSError):
                file.chmod(stat.S_IMODE(rights))
    return number


def save(
    context: bpy.types.Context, objects: Sequence[bpy.types.Object], folder: Path, name: str, catalog: str
) -> Path:
    """Write objects as assets into a new file of ``folder``. In the open file they stay what they were.

    Raises:
        OSError, RuntimeError: the file cannot be written.
    """
    fresh = [obj for obj in objects if obj.asset_data is None]
    try:
        for obj in fresh:
            mark(context, obj, catalog)
        path = assets.free_path(folder, name)
        # Under another ending first: nobody is to find half a file.
        temporary = path.with_suffix(".blend.tmp")
        try:
            bpy.data.libraries.write(
                str(temporary), set(objects), path_remap="RELATIVE_ALL", fake_user=True, compress=True
            )
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    finally:
        for obj in fresh:
            obj.asset_clear()
    return path


CLASSES = (LATTE3D_OT_mark_asset, LATTE3D_OT_save_to_library)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
