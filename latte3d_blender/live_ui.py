"""The live preview: an object that is in the scene while Live is on, and never in a saved file or a render.

A timer compares what the panel says with what was last asked for. Reading a handful of settings costs nothing, and it
sees every change: typing, dragging, undo, scripts.
"""

import time
from dataclasses import dataclass, field
from typing import Any

import bpy
from bpy.app.handlers import persistent
from bpy.props import EnumProperty
from mathutils import Color

from . import blocks, preferences, session, timer
from .jobs import Job, JobQueue, JobState
from .live import Follower, PreparedPreview, PreviewTask
from .panels import SidebarPanel, stage_text, wrapped
from .submit import possible, ready, submit
from .tasks import BlockRef
from .translations import tr

#: Seconds between two looks at the settings.
INTERVAL = 0.05
NAME = "LATTE3D Preview"
#: The custom property that tells our blocks from the artist's.
MARK = "latte3d_live"
COLOR_NAME = "Color"

MODES = [
    ("OFF", "Off", "No preview"),
    ("PROMPT", "Prompt", "The preview follows the prompt, the seed and the shape strength"),
    ("BLEND", "Blend", "The preview follows the blend of the two prompts"),
]


@dataclass
class _Live:
    """What is so while Live is on.

    Attributes:
        mode: identifier of ``MODES``.
        job: the one preview that is being made.
        shown: the object, while there is one.
        trouble: why there is no preview, as a sentence.
        placed: numbers of the jobs whose objects have been seen in the scene.
    """

    mode: str = "OFF"
    follower: Follower = field(default_factory=Follower)
    job: Job | None = None
    shown: BlockRef | None = None
    trouble: str = ""
    placed: frozenset[int] = frozenset()


_live = _Live()


def mode() -> str:
    """Identifier of ``MODES``."""
    return _live.mode


def wish(context: bpy.types.Context, mode: str) -> PreviewTask:
    """The preview that fits the settings of the moment."""
    scene = _scene(context)
    settings, ends = scene.latte3d, scene.latte3d_blend
    device, model = preferences.read(context)
    size_m = preferences.size_m(context)
    blended = {"prompt_b": ends.prompt_b, "factor": ends.factor} if mode == "BLEND" else {}
    return PreviewTask(
        settings.prompt, settings.seed, settings.alpha, size_m=size_m, device=device, model=model, **blended
    )


def _scene(context: bpy.types.Context) -> bpy.types.Scene:
    """A timer runs without a window, and then the context may name no scene of the artist's."""
    window = context.window or next(iter(context.window_manager.windows), None)
    return context.scene if window is None else window.scene


def _lacking(task: PreviewTask, mode: str) -> str:
    """What is still to be typed, as a sentence."""
    if not task.prompt.strip():
        return "Type what to make."
    if mode == "BLEND" and not task.prompt_b.strip():
        return "Type what to blend into."
    return ""


def tick() -> float | None:
    """One look at the settings. Returns the seconds to the next, or None when Live is off."""
    jobs = session.jobs()
    if _live.mode == "OFF" or jobs is None:
        return None
    timer.tick()  # takes in news and places what has come, the preview too
    _settle(jobs)
    if timer.obstacle(bpy.context):
        return INTERVAL
    wanted = wish(bpy.context, _live.mode)
    _live.trouble = _lacking(wanted, _live.mode) or _live.trouble
    if _lacking(wanted, _live.mode):
        _drop(jobs)
        return INTERVAL
    task = _live.follower.look(wanted, time.monotonic(), _live.job is not None)
    if task is not None:
        _drop(jobs)
        _live.trouble = ""
        ready(bpy.context)
        _live.job = jobs.submit(task)
        while jobs.move(_live.job, -1):  # nobody waits for a preview behind a batch
            pass
        timer.redraw()
    return INTERVAL


def _settle(jobs: JobQueue) -> None:
    """See how the preview's job has ended, and whether a full result has come that replaces the preview."""
    job = _live.job
    if job is not None and job.state.final:
        if job.waiting:  # an obstacle came up meanwhile; nobody needs to be told that a preview waits
            _live.follower.renew()
        elif job.state is JobState.FAILED:
            _live.trouble = job.message
        elif job.state is JobState.CANCELLED:
            _live.trouble = "Cancelled: change something to see it again."
        _drop(jobs)
        timer.redraw()
    placed = frozenset(other.id for other in jobs.jobs if other.names)
    if placed - _live.placed:
        remove()
    _live.placed = placed
    if _live.shown is not None and blocks.find(_live.shown.kind, _live.shown.name, _live.shown.uid) is None:
        _live.shown = None  # undone, or deleted by hand
        _live.follower.renew()


def _drop(jobs: JobQueue) -> None:
    """Give the preview's job up; the list of jobs does not tell of it."""
    if _live.job is not None:
        jobs.take(_live.job)
        jobs.cancel(_live.job)
        if _live.job in jobs.jobs:
            jobs.jobs.remove(_live.job)
    _live.job = None


# --- the object ---------------------------------------------------------------------------------------------------


def show(context: bpy.types.Context, prepared: PreparedPreview) -> None:
    """Let the preview look like this, at the 3D cursor. A few milliseconds."""
    scene = _scene(context)
    obj = None if _live.shown is None else blocks.find(_live.shown.kind, _live.shown.name, _live.shown.uid)
    if obj is None:
        remove()
        obj = _make()
        scene.collection.objects.link(obj)
        _live.shown = blocks.reference(obj)
    mean = Color(prepared.colors[:, :3].mean(axis=0)).from_srgb_to_scene_linear()
    _fill(obj.data, prepared)
    obj.location = scene.cursor.location
    obj.color = obj.active_material.diffuse_color = (*mean, 1.0)  # for Solid view


def _make() -> bpy.types.Object:
    """An empty preview: not to be selected, rendered or taken for something of the artist's."""
    mesh = bpy.data.meshes.new(NAME)
    material = bpy.data.materials.new(NAME)
    if bpy.app.version < (5, 0, 0):  # from 5.0 on every material has nodes, and setting this only warns
        material.use_nodes = True
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Roughness"].default_value = 0.6
    colors = tree.nodes.new("ShaderNodeVertexColor")
    colors.layer_name = COLOR_NAME
    colors.location = (-300, 200)
    tree.links.new(colors.outputs["Color"], shader.inputs["Base Color"])
    mesh.materials.append(material)
    obj = bpy.data.objects.new(NAME, mesh)
    obj.hide_render = obj.hide_select = True
    for block in (obj, mesh, material):
        block[MARK] = True
    return obj


def _fill(mesh: bpy.types.Mesh, prepared: PreparedPreview) -> None:
    """Geometry and colours in place of those that are there."""
    mesh.clear_geometry()
    mesh.from_pydata(prepared.vertices, (), prepared.faces, shade_flat=False)
    colors = mesh.color_attributes.new(COLOR_NAME, "BYTE_COLOR", "POINT")
    colors.data.foreach_set("color_srgb", prepared.colors.ravel())
    mesh.color_attributes.active_color = colors


def remove() -> None:
    """Take the preview out of the file, and whatever an undo step has brought back of it."""
    _live.shown = None
    for collection in (bpy.data.objects, bpy.data.meshes, bpy.data.materials):
        for block in [block for block in collection if MARK in block]:
            collection.remove(block)


def switch(mode: str) -> None:
    """Begin to follow something else, or nothing."""
    jobs = session.jobs()
    if jobs is not None:
        _drop(jobs)
        _live.placed = frozenset(job.id for job in jobs.jobs if job.names)
    _live.mode, _live.follower, _live.trouble = mode, Follower(), ""
    if mode == "OFF":
        remove()
    elif not bpy.app.background and not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick)
    timer.redraw()


class LATTE3D_OT_live(bpy.types.Operator):
    """Show a rough object at the 3D cursor that follows what you type and drag; it is not rendered and not saved"""

    bl_idname = "latte3d.live"
    bl_label = "Live Preview"

    __annotations__ = {
        "mode": EnumProperty(
            name="Follow", description="What the preview follows", items=MODES, default="PROMPT", options={"SKIP_SAVE"}
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        switch(self.mode)
        if self.mode == "OFF" or not bpy.app.background:
            return {"FINISHED"}
        # Without a window there is nothing to follow: a script gets the preview of this moment.
        task = wish(context, self.mode)
        lacking = _lacking(task, self.mode)
        if lacking:
            self.report({"ERROR"}, lacking)
            return {"CANCELLED"}
        status = submit(self, context, task)
        jobs = session.jobs()
        if jobs is not None:
            _live.job = jobs.last
            _drop(jobs)
        return status


def draw_button(layout: bpy.types.UILayout, mode: str, text: str) -> None:
    """The switch for one of the modes."""
    on = _live.mode == mode
    layout.operator("latte3d.live", text=text, icon="HIDE_OFF", depress=on).mode = "OFF" if on else mode


def draw_state(layout: bpy.types.UILayout, context: bpy.types.Context, mode: str) -> None:
    """One line on how the preview stands; always there while it is on, so that nothing below jumps."""
    jobs = session.jobs()
    if _live.mode != mode or jobs is None:
        return
    obstacle = timer.obstacle(context)
    first = next((job for job in jobs.open if job.state is JobState.RUNNING), None)
    if obstacle:
        text = tr("The preview waits {obstacle}.").format(obstacle=obstacle)
    elif _live.trouble:
        text = tr(_live.trouble)
    elif _live.job is None:
        text = tr("The preview is up to date.")
    elif first is not None and first is not _live.job:
        text = tr("The preview waits until the present job is done.")
    else:
        text = tr(stage_text(_live.job)) + " …"
    wrapped(layout, context, text, "INFO")


class LATTE3D_PT_live(SidebarPanel, bpy.types.Panel):
    """The switch, right below Generate."""

    bl_idname = "LATTE3D_PT_live"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "Live Preview"
    bl_order = 5
    bl_options = {"HIDE_HEADER"}  # noqa: RUF012 - Blender wants a set

    def draw(self, context: bpy.types.Context) -> None:
        draw_button(self.layout, "PROMPT", "Live Preview")
        draw_state(self.layout, context, "PROMPT")


# --- files and undo -----------------------------------------------------------------------------------------------


@persistent
def _before_saving(*_: Any) -> None:
    """The file gets no preview; it comes back at the next tick."""
    if _live.shown is not None:
        _live.follower.renew()
    remove()


@persistent
def _after_loading(*_: Any) -> None:
    """Another file begins without a preview; one that an automatic backup has caught goes."""
    switch("OFF")


@persistent
def _after_undo(*_: Any) -> None:
    """A step may hold a preview that is not wanted any more."""
    shown = _live.shown
    if shown is None or blocks.find(shown.kind, shown.name, shown.uid) is None:
        if shown is not None:
            _live.follower.renew()
        remove()


def _handlers() -> list[tuple[list[Any], Any]]:
    handlers = bpy.app.handlers
    return [
        (handlers.save_pre, _before_saving),
        (handlers.load_post, _after_loading),
        (handlers.undo_post, _after_undo),
        (handlers.redo_post, _after_undo),
    ]


CLASSES = (LATTE3D_OT_live, LATTE3D_PT_live)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    for line, handler in _handlers():
        line.append(handler)


def unregister() -> None:
    switch("OFF")
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    for line, handler in _handlers():
        line.remove(handler)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
