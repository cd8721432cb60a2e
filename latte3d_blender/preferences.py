"""Preferences of the extension: where to compute, with which model, and what new files and assets begin with."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent
from bpy.props import EnumProperty, IntProperty, StringProperty

from . import model_files, session, storage
from .properties import TEXTURE_ITEMS
from .translations import tr

DEFAULT_MODEL = "small"

REAL, UNIT = "REAL", "UNIT"

#: Settings of a scene that begin as the preferences say.
BUDGETS = ("faces", "texture_size")


DEVICE_ITEMS = [
    ("auto", "Automatic", "A graphics card if there is one that can be used, else the processor"),
    ("cpu", "CPU", "The processor"),
    ("cuda", "CUDA", "An NVIDIA graphics card"),
    ("mps", "MPS", "The graphics part of an Apple processor"),
]


@dataclass
class Seen:
    """What ``measure`` found, for drawing, which must not look at files.

    Attributes:
        models, history: space that the imported models and the prompt history take, in words; "" before the first look.
        digest: checksum of the chosen model, as its file says; "" if it is not known.
        imported: the models in the folder for models.
    """

    models: str = ""
    history: str = ""
    digest: str = ""
    imported: tuple[model_files.About, ...] = ()


seen = Seen()


def _model_changed(preferences: Any, context: bpy.types.Context) -> None:
    measure(context)


def _cache_changed(preferences: Any, context: bpy.types.Context) -> None:
    from . import history_ui  # here, since it needs this module

    history_ui.read_history(context)
    measure(context)


def _budget_changed(preferences: Any, context: bpy.types.Context) -> None:
    apply_budgets(context)


class LATTE3D_AP_preferences(bpy.types.AddonPreferences):
    """Edit > Preferences > Add-ons > LATTE3D."""

    bl_idname = __package__

    __annotations__ = {
        "device": EnumProperty(
            name="Device",
            description="What computes: the processor or a graphics card",
            items=DEVICE_ITEMS,
            default="auto",
        ),
        "threads": IntProperty(
            name="Threads",
            description="Processor threads to compute with; 0 leaves the choice to LATTE3D",
            default=0,
            min=0,
            soft_max=64,
            max=1024,
        ),
        "model": StringProperty(
            name="Model",
            description="A model file of your own (.safetensors); leave empty for the model that comes with LATTE3D",
            subtype="FILE_PATH",
            update=_model_changed,
        ),
        "model_folder": StringProperty(
            name="Model Folder",
            description="Where imported models are kept; leave empty for the folder of the extension",
            subtype="DIR_PATH",
            update=_model_changed,
        ),
        "cache_folder": StringProperty(
            name="Cache Folder",
            description=(
                "Where the prompt history and its pictures are kept; leave empty for the folder of the extension. "
                "What lies in the old folder stays there"
            ),
            subtype="DIR_PATH",
            update=_cache_changed,
        ),
        "backend": EnumProperty(
            name="Where to Compute",
            description="In Blender itself or in a program of its own; a change holds from when no job is open",
            items=[
                (
                    session.THREAD,
                    "In Blender",
                    "No time lost for starting and copying, but Blender stutters now and then",
                ),
                (
                    session.PROCESS,
                    "Separate Process",
                    "Blender stays smooth and out of harm's way, and Cancel always works within a second",
                ),
            ],
            default=session.PROCESS,
        ),
        "faces": IntProperty(
            name="Faces",
            description="Most triangles of a mesh, in new files",
            default=5000,
            min=100,
            max=200_000,
            soft_max=50_000,
            step=500,
            update=_budget_changed,
        ),
        "texture_size": EnumProperty(
            name="Texture",
            description="Width and height of the textures in pixels, in new files",
            items=TEXTURE_ITEMS,
            default="1024",
            update=_budget_changed,
        ),
        "size": EnumProperty(
            name="Size",
            description="How large generated objects are",
            items=[
                (REAL, "Real Size", "As large as the real thing: a cup 10 cm, a car 4.5 m"),
                (UNIT, "One Metre", "The largest side is one metre, whatever it is"),
            ],
            default=REAL,
        ),
        "author": StringProperty(name="Author", description="Who is named as the author of assets"),
        "license": StringProperty(name="Licence", description="The licence that is named in assets, such as CC0 1.0"),
        "runtime_address": StringProperty(
            name="Runtime Address",
            description="Web address of the folder that Download Runtime takes the packages from",
        ),
    }

    def draw(self, context: bpy.types.Context) -> None:
        from . import doctor_ui, models_ui, runtime_ui  # here, since they need this module

        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False

        column = layout.column()
        column.prop(self, "device")
        column.prop(self, "threads")
        column.row().prop(self, "backend", expand=True)
        _aside(layout).operator("latte3d.free_memory")

        column = layout.column()
        column.prop(self, "model", placeholder="The model that comes with LATTE3D")
        column.prop(self, "model_folder", placeholder="The folder of the extension")
        models_ui.draw_models(_aside(layout).column(align=True), context)
        row = _aside(layout)
        row.operator("latte3d.import_model", text="Import Model…")
        row.menu("LATTE3D_MT_models", text="Choose Model")
        models_ui.draw_import(layout.column(), context)

        column = layout.column()
        column.prop(self, "faces")
        column.prop(self, "texture_size")
        column.row().prop(self, "size", expand=True)

        column = layout.column()
        column.prop(self, "author")
        column.prop(self, "license", placeholder="CC0 1.0")

        layout.column().prop(self, "cache_folder", placeholder="The folder of the extension")
        _aside(layout).label(
            text=tr("Models: {models}, prompt history: {history}").format(
                models=seen.models or "–", history=seen.history or "–"
            ),
            translate=False,
        )
        row = _aside(layout)
        row.operator("latte3d.measure_storage")
        row.operator("latte3d.open_folder")
        row.operator("latte3d.clear_history")

        if runtime_ui.found.packs:
            layout.column().prop(self, "runtime_address", placeholder="https://")
        runtime_ui.draw(layout.column(), context)
        doctor_ui.draw_findings(layout.column(), context)


def _aside(layout: bpy.types.UILayout) -> Any:
    """A row under the values of the properties, not under their names."""
    split = layout.split(factor=0.4)
    split.label(text="")
    return split.row(align=True)


class LATTE3D_OT_measure_storage(bpy.types.Operator):
    """Look again how much space the files of the extension take on the disk"""

    bl_idname = "latte3d.measure_storage"
    bl_label = "Refresh Sizes"

    def execute(self, context: bpy.types.Context) -> set[str]:
        measure(context)
        return {"FINISHED"}


class LATTE3D_OT_open_folder(bpy.types.Operator):
    """Show the folder where the extension keeps its files"""

    bl_idname = "latte3d.open_folder"
    bl_label = "Open Folder"

    def execute(self, context: bpy.types.Context) -> set[str]:
        bpy.ops.wm.path_open(filepath=str(storage.user_folder()))
        return {"FINISHED"}


def read(context: bpy.types.Context) -> tuple[str, str]:
    """(device, model) as the core understands them. The defaults hold where the extension has no preferences entry,
    as when its modules are registered by hand in a test."""
    stored = _stored(context)
    if stored is None:
        return "auto", DEFAULT_MODEL
    path = stored.model.strip()
    return stored.device, bpy.path.abspath(path) if path else DEFAULT_MODEL


def backend(context: bpy.types.Context) -> str:
    """``session.THREAD`` or ``session.PROCESS``. Without a window nothing can stutter: there the thread is enough."""
    stored = _stored(context)
    if stored is None or (bpy.app.background and not stored.is_property_set("backend")):
        return session.THREAD
    chosen: str = stored.backend
    return chosen


def threads(context: bpy.types.Context) -> int:
    """For ``Task.threads``."""
    stored = _stored(context)
    return 0 if stored is None else stored.threads


def size_m(context: bpy.types.Context) -> float:
    """For ``GenerateTask.size_m``."""
    stored = _stored(context)
    return 1.0 if stored is not None and stored.size == UNIT else 0.0


def credits(context: bpy.types.Context) -> tuple[str, str]:
    """(author, licence) for assets."""
    stored = _stored(context)
    return ("", "") if stored is None else (stored.author, stored.license)


def model_folder(context: bpy.types.Context) -> Path:
    """Where imported models are kept."""
    stored = _stored(context)
    chosen = stored.model_folder.strip() if stored is not None else ""
    return Path(bpy.path.abspath(chosen)) if chosen else storage.user_folder() / storage.MODELS


def cache_folder(context: bpy.types.Context) -> Path:
    """Where the prompt history and its pictures are kept."""
    stored = _stored(context)
    chosen = stored.cache_folder.strip() if stored is not None else ""
    return Path(bpy.path.abspath(chosen)) if chosen else storage.user_folder()


def choose_model(context: bpy.types.Context, path: str) -> None:
    """Make new objects with the model file ``path``; with the one that comes with LATTE3D if it is empty."""
    stored = _stored(context)
    if stored is not None:
        stored.model = path


def models(context: bpy.types.Context) -> list[str]:
    """All models that are known, as the core understands them, the chosen one first."""
    paths = [str(path) for path in model_files.in_folder(model_folder(context))]
    return list(dict.fromkeys([read(context)[1], DEFAULT_MODEL, *paths]))


def choose_device(context: bpy.types.Context, device: str) -> None:
    """Compute on this device from the next object on."""
    stored = _stored(context)
    if stored is not None:
        stored.device = device


def runtime_address(context: bpy.types.Context) -> str:
    """The web folder that runtimes are downloaded from; "" if there is none.

    Where none was named and the extension came from a repository that ``build.py repository`` made, it is the folder
    beside that one.
    """
    stored = _stored(context)
    named = "" if stored is None else stored.runtime_address.strip()
    return named or _beside_the_zips(context)


def _beside_the_zips(context: bpy.types.Context) -> str:
    for repo in context.preferences.extensions.repos:
        found = re.fullmatch(r"(https?://.+)/lean/index\.json(\?.*)?", repo.remote_url) if repo.use_remote_url else None
        if found is not None and (__package__ or "").split(".")[1:2] == [repo.module]:
            return found[1] + "/runtime"
    return ""


def choose_runtime_address(context: bpy.types.Context, address: str) -> None:
    """Download runtimes from there, also the next time."""
    stored = _stored(context)
    if stored is not None:
        stored.runtime_address = address


def available(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """For ``poll`` of an operator that changes preferences: whether there are any; says why not."""
    if _stored(context) is None:
        cls.poll_message_set(tr("The extension has no preferences here: enable it in Edit > Preferences > Add-ons"))
        return False
    return True


def measure(context: bpy.types.Context) -> None:
    """Look at the folders and at the chosen model's file, for what is drawn about them."""
    folder = cache_folder(context)
    history = [folder / storage.HISTORY, *(folder / storage.PICTURES).glob("*.png")]
    seen.imported = tuple(map(model_files.about, model_files.in_folder(model_folder(context))))
    seen.models = storage.size_text(sum(model.size for model in seen.imported))
    seen.history = storage.size_text(storage.size_of(history))
    path = model_files.locate(read(context)[1])
    seen.digest = model_files.about(path).digest if path is not None else ""


def apply_budgets(context: bpy.types.Context) -> None:
    """Let the scenes of the open file in which nobody has set the budgets begin with those of the preferences."""
    stored = _stored(context)
    if stored is None:
        return
    for scene in bpy.data.scenes:
        for name in BUDGETS:
            value = getattr(stored, name)
            default = scene.latte3d.bl_rna.properties[name].default
            if not scene.latte3d.is_property_set(name) and value != default:
                setattr(scene.latte3d, name, value)


def _stored(context: bpy.types.Context) -> Any:
    addon = context.preferences.addons.get(__package__)
    return None if addon is None else addon.preferences


@persistent
def _opened(*_: Any) -> None:
    apply_budgets(bpy.context)


def _first_look() -> None:
    measure(bpy.context)


CLASSES = (
    LATTE3D_AP_preferences,
    LATTE3D_OT_measure_storage,
    LATTE3D_OT_open_folder,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.app.handlers.load_post.append(_opened)
    # Not here: Blender gives no file and no preferences yet while it enables extensions.
    bpy.app.timers.register(_first_look, first_interval=0.0)


def unregister() -> None:
    if bpy.app.timers.is_registered(_first_look):
        bpy.app.timers.unregister(_first_look)
    bpy.app.handlers.load_post.remove(_opened)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
