"""The extension's entries in Blender's menus, which F3 searches too, and files dropped onto the 3D view."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, StringProperty

from . import properties
from .operators import SETTINGS, LATTE3D_OT_generate
from .submit import possible
from .translations import tr
from .wishes import FORMATS, PopulateError, Wish, read_file

#: File endings that are taken when dropped, as Blender wants them.
PROMPT_FILES = ";".join((".txt", *FORMATS))
MESH_FILES = ".glb;.gltf;.obj"


def _run(operator: bpy.types.Operator, call: Any, **arguments: Any) -> set[str]:
    """Call another operator, and pass its complaint on as this one's."""
    try:
        done: set[str] = call("EXEC_DEFAULT", **arguments)
    except RuntimeError as error:
        # "Error: ..." or "Operator ... poll() failed, ..."
        operator.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
        return {"CANCELLED"}
    return done


class LATTE3D_OT_add_object(bpy.types.Operator):
    """Make a textured object from a prompt and put it at the 3D cursor"""

    bl_idname = "latte3d.add_object"
    bl_label = "LATTE3D Object…"
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = properties.operator_properties()

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        stored, asked = context.scene.latte3d, self.properties
        for name in SETTINGS:
            if not asked.is_property_set(name):
                value = getattr(stored, name)
                setattr(asked, name, int(value) if name == "texture_size" else value)
        return context.window_manager.invoke_props_dialog(self, width=400, confirm_text=tr("Generate"))

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        for name in ("prompt", "seed", "alpha"):
            layout.prop(self, name)

    execute = LATTE3D_OT_generate.execute


class LATTE3D_OT_stylize_dialog(bpy.types.Operator):
    """Give the selected meshes a new look from a prompt; asks for the prompt first"""

    bl_idname = "latte3d.stylize_dialog"
    bl_label = "Stylize with LATTE3D…"

    __annotations__ = {
        "prompt": StringProperty(
            name="Style", description="What the selected objects are to look like", options={"SKIP_SAVE"}
        ),
        "keep_colours": BoolProperty(
            name="Keep Colours",
            description="Start from the present colours, so that those stay which the style does not name",
            options={"SKIP_SAVE"},
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not any(obj.type == "MESH" for obj in context.selected_objects):
            cls.poll_message_set(tr("Select one or more mesh objects"))
            return False
        return possible(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        stored, asked = context.scene.latte3d_stylize, self.properties
        asked.prompt, asked.keep_colours = asked.prompt or stored.prompt, stored.keep_colours
        return context.window_manager.invoke_props_dialog(self, width=400, confirm_text=tr("Stylize"))

    def execute(self, context: bpy.types.Context) -> set[str]:
        return _run(self, bpy.ops.latte3d.stylize, prompt=self.prompt, keep_colours=self.keep_colours)


def _dropped() -> dict[str, Any]:
    """Arguments of an operator that Blender calls with dropped files; scripts give ``filepath``."""
    hidden = {"options": {"SKIP_SAVE", "HIDDEN"}}
    return {
        "filepath": StringProperty(name="File", description="The file to read", subtype="FILE_PATH", **hidden),
        "directory": StringProperty(
            name="Folder", description="The folder of the dropped files", subtype="DIR_PATH", **hidden
        ),
        "files": CollectionProperty(
            name="Files", description="The dropped files", type=bpy.types.OperatorFileListElement, **hidden
        ),
    }


def _paths(operator: Any) -> list[Path]:
    """The files that were dropped, or the one that was named."""
    folder = Path(bpy.path.abspath(operator.directory)) if operator.directory else Path()
    names = [folder / item.name for item in operator.files if item.name]
    return names or ([Path(bpy.path.abspath(operator.filepath))] if operator.filepath else [])


class LATTE3D_OT_drop_prompts(bpy.types.Operator):
    """Fill the scene with the objects of a list of prompts: where the list says, else as in the Populate panel"""

    bl_idname = "latte3d.drop_prompts"
    bl_label = "Populate from Prompts"

    __annotations__ = _dropped()

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        wishes = self._wishes()
        if not wishes:
            return {"CANCELLED"}
        count = sum(wish.count for wish in wishes)
        settings = context.scene.latte3d_populate
        settings.source, settings.filepath = "FILE", str(_paths(self)[0])
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=tr("Populate from Prompts"),
            message=tr("{count} objects will be made").format(count=count),
            confirm_text=tr("Populate"),
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        wishes = self._wishes()
        if not wishes:
            return {"CANCELLED"}
        placement = context.scene.latte3d_populate.placement
        if all(wish.place is not None for wish in wishes):
            placement = "GIVEN"
        elif placement == "GIVEN":
            placement = "GRID"
        arguments = {"source": "FILE", "filepath": str(_paths(self)[0]), "placement": placement}
        return _run(self, bpy.ops.latte3d.populate, **arguments)

    def _wishes(self) -> tuple[Wish, ...]:
        """What the list asks for; nothing, with a report, if it cannot be used."""
        paths = _paths(self)
        if len(paths) != 1:
            self.report({"ERROR"}, "Drop one list of prompts at a time: a text, CSV or JSON Lines file.")
            return ()
        try:
            return read_file(paths[0])
        except PopulateError as error:
            self.report({"ERROR"}, str(error))
            return ()


class LATTE3D_OT_drop_mesh(bpy.types.Operator):
    """Import the file, select what came, and ask for a style"""

    bl_idname = "latte3d.drop_mesh"
    bl_label = "Import and Stylize"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {
        **_dropped(),
        "prompt": StringProperty(
            name="Style",
            description="What the mesh is to look like; empty imports and asks later",
            options={"SKIP_SAVE"},
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != "OBJECT":
            cls.poll_message_set(tr("Leave the present mode first"))
            return False
        return possible(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        done = self.execute(context)
        if done == {"FINISHED"} and not self.prompt:
            bpy.ops.latte3d.stylize_dialog("INVOKE_DEFAULT")
        return done

    def execute(self, context: bpy.types.Context) -> set[str]:
        paths = _paths(self)
        if not paths:
            self.report({"ERROR"}, "No file was given: drop a .glb, .gltf or .obj file.")
            return {"CANCELLED"}
        meshes: list[bpy.types.Object] = []
        for path in paths:
            before = set(bpy.data.objects)
            importer = bpy.ops.wm.obj_import if path.suffix.lower() == ".obj" else bpy.ops.import_scene.gltf
            if _run(self, importer, filepath=str(path)) != {"FINISHED"}:
                return {"CANCELLED"}
            came = [obj for obj in bpy.data.objects if obj not in before and obj.type == "MESH"]
            meshes += [obj for obj in came if len(obj.data.polygons)]
        if not meshes:
            message = tr("There is no mesh with faces in {name}: drop another file.")
            self.report({"ERROR"}, message.format(name=paths[0].name))
            return {"CANCELLED"}
        for other in context.view_layer.objects.selected[:]:
            other.select_set(False)
        for obj in meshes:
            obj.select_set(True)
        context.view_layer.objects.active = meshes[0]
        if self.prompt:
            return _run(self, bpy.ops.latte3d.stylize, prompt=self.prompt)
        return {"FINISHED"}


class _OntoView:
    """Files are taken by the 3D view only."""

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"


class LATTE3D_FH_prompts(_OntoView, bpy.types.FileHandler):
    """Lists of prompts."""

    bl_idname = "LATTE3D_FH_prompts"
    bl_label = "LATTE3D: Populate from Prompts"
    bl_import_operator = "latte3d.drop_prompts"
    bl_file_extensions = PROMPT_FILES


class LATTE3D_FH_meshes(_OntoView, bpy.types.FileHandler):
    """Meshes to be stylized. Blender asks which one, where its own importer takes the file as well."""

    bl_idname = "LATTE3D_FH_meshes"
    bl_label = "LATTE3D: Import and Stylize"
    bl_import_operator = "latte3d.drop_mesh"
    bl_file_extensions = MESH_FILES


class LATTE3D_MT_object(bpy.types.Menu):
    """What can be done with objects."""

    bl_idname = "LATTE3D_MT_object"
    bl_label = "LATTE3D"

    #: Operators in their order; those of features that are not there are left out.
    ENTRIES = (
        "stylize_dialog", "regenerate", "vary", "refine", "copy_prompt", "", "mark_asset", "save_to_library",
    )  # fmt: skip

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        for name in self.ENTRIES:
            if not name:
                layout.separator()
            elif registered(name):
                layout.operator(f"latte3d.{name}")


def registered(name: str) -> bool:
    """Whether there is an operator latte3d.``name``."""
    return hasattr(bpy.types, f"LATTE3D_OT_{name}")


def _add_entry(menu: Any, context: bpy.types.Context) -> None:
    menu.layout.operator_context = "INVOKE_REGION_WIN"
    menu.layout.operator("latte3d.add_object", icon="MESH_MONKEY")


def _object_entry(menu: Any, context: bpy.types.Context) -> None:
    menu.layout.separator()
    menu.layout.menu("LATTE3D_MT_object", text="LATTE3D")


def _context_entry(menu: Any, context: bpy.types.Context) -> None:
    menu.layout.separator()
    menu.layout.operator_context = "INVOKE_DEFAULT"
    menu.layout.operator("latte3d.stylize_dialog")


#: Blender's menus and what is added to them.
PLACES = (
    ("VIEW3D_MT_mesh_add", _add_entry),
    ("VIEW3D_MT_object", _object_entry),
    ("VIEW3D_MT_object_context_menu", _context_entry),
)

CLASSES = (
    LATTE3D_OT_add_object,
    LATTE3D_OT_stylize_dialog,
    LATTE3D_OT_drop_prompts,
    LATTE3D_OT_drop_mesh,
    LATTE3D_FH_prompts,
    LATTE3D_FH_meshes,
    LATTE3D_MT_object,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    for name, draw in PLACES:
        getattr(bpy.types, name).append(draw)


def unregister() -> None:
    for name, draw in PLACES:
        getattr(bpy.types, name).remove(draw)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
