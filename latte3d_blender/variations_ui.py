"""The grid of variations: pictures of many seeds, of which the chosen ones are made in full and stand in a row.

The grid is not part of the file; it goes when another one is opened.
"""

from dataclasses import replace
from typing import Any

import bpy
from bpy.app.handlers import persistent
from bpy.props import IntProperty, PointerProperty, StringProperty

from . import preferences, properties, session, thumbnails, timer
from .arguments import asked
from .generate import GenerateTask
from .jobs import Job, JobQueue
from .panels import SidebarPanel, wrapped
from .submit import follow, possible, ready, submit
from .translations import tr
from .variations import MOST, Cell, Grid, Thumbnail, ThumbnailTask, in_a_row, parse_seeds

COLUMNS = 3
#: Size of a picture in the panel, in units of Blender's interface.
SCALE = 4.5
_PICTURES = "variation "

_COUNT = {"name": "Count", "description": "How many variations are shown, each with a shape of its own"}
_NO_GRID = "There are no variations to choose from: press Show Variations first."

_grid: Grid | None = None


def grid() -> Grid | None:
    """What the panel shows."""
    return _grid


def receive(task: ThumbnailTask, look: Thumbnail) -> None:
    """A picture has come; where it shows nothing new, another seed is looked at."""
    if _grid is None or _grid.group != task.group:
        return
    instead = _grid.take(task.seed, look)
    cell = _grid.cells.get(task.seed)
    if cell is not None and cell.look is look:
        thumbnails.put(f"{_PICTURES}{task.seed}", look.pixels)
    jobs = session.jobs()
    if instead is not None and jobs is not None:
        jobs.submit(replace(task, seed=instead))


def _clear() -> None:
    global _grid
    jobs = session.jobs()
    if _grid is not None and jobs is not None:
        jobs.cancel_group(_grid.group)
    _grid = None
    thumbnails.forget(_PICTURES)


def _unplaced(jobs: JobQueue, group: str) -> list[Job]:
    return [job for job in jobs.members(group) if not job.state.final or job.waiting]


def _has_grid(cls: type[bpy.types.Operator]) -> bool:
    if _grid is None:
        cls.poll_message_set("There are no variations yet: press Show Variations")
        return False
    return possible(cls)


def _full_settings(operator: bpy.types.Operator, context: bpy.types.Context) -> dict[str, Any]:
    return asked(operator, ("faces", "texture_size", "unwrap"), context.scene.latte3d)


def _mesh_properties() -> dict[str, Any]:
    every = properties.operator_properties()
    return {name: every[name] for name in ("faces", "texture_size", "unwrap")}


class LATTE3D_PG_variations(bpy.types.PropertyGroup):
    """``scene.latte3d_variations``."""

    __annotations__ = {"count": IntProperty(**_COUNT, default=9, min=1, max=MOST)}


class LATTE3D_OT_variations(bpy.types.Operator):
    """Show small pictures of several shapes that suit the prompt, to choose from"""

    bl_idname = "latte3d.variations"
    bl_label = "Show Variations"

    __annotations__ = {
        **{name: properties.operator_properties()[name] for name in ("prompt", "seed", "alpha")},
        "count": IntProperty(**_COUNT, default=9, soft_min=1, soft_max=MOST, options={"SKIP_SAVE"}),
        "seeds": StringProperty(
            name="Seeds",
            description="Exactly these seeds, as in “0, 4, 7-9”; empty for as many as Count, from Seed on",
            options={"SKIP_SAVE"},
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        global _grid
        jobs = ready(context)
        if jobs is None:
            return {"CANCELLED"}
        values = asked(self, ("prompt", "seed", "alpha"), context.scene.latte3d)
        count = asked(self, ("count",), context.scene.latte3d_variations)["count"]
        prompt, alpha = values["prompt"], values["alpha"]
        try:
            named = parse_seeds(self.seeds) if self.seeds.strip() else None
            if not prompt.strip():
                raise ValueError(tr("The prompt is empty: type what to make."))
            if alpha == 0.0:
                raise ValueError(tr("At Shape Strength 0 all seeds look the same: raise Shape Strength."))
            if not 1 <= count <= MOST:
                raise ValueError(
                    tr("The count must lie between 1 and {most}, not {count}.").format(most=MOST, count=count)
                )
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        _clear()
        group = jobs.new_group(tr("Variations of {prompt}").format(prompt=" ".join(prompt.split())))
        if named is None:
            _grid = Grid.counted(prompt, alpha, group, values["seed"], count)
        else:
            _grid = Grid.named(prompt, alpha, group, named)
        device, model = preferences.read(context)
        size_m = preferences.size_m(context)
        made = [
            ThumbnailTask(prompt, seed, alpha, size_m, device=device, model=model, group=group)
            for seed in list(_grid.cells)
        ]
        status = submit(self, context, *made)
        while bpy.app.background and (late := _unplaced(jobs, group)):  # pictures that took the place of others
            status = follow(self, jobs, late)
        return status


class LATTE3D_OT_pick_variation(bpy.types.Operator):
    """Choose this variation, or leave it after all"""

    bl_idname = "latte3d.pick_variation"
    bl_label = "Choose"
    bl_options = {"INTERNAL"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {
        "seed": IntProperty(name="Seed", description="Seed of the variation", options={"SKIP_SAVE"}),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _has_grid(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        cell = _grid.cells.get(self.seed) if _grid is not None else None
        if cell is None:
            message = tr("No variation has the seed {seed}: choose one that the panel shows.")
            self.report({"ERROR"}, message.format(seed=self.seed))
            return {"CANCELLED"}
        cell.chosen = not cell.chosen
        timer.redraw()
        return {"FINISHED"}


class LATTE3D_OT_keep_variation(bpy.types.Operator):
    """Make this variation in full and put it at the 3D cursor"""

    bl_idname = "latte3d.keep_variation"
    bl_label = "Make This One"

    __annotations__ = {
        "seed": IntProperty(name="Seed", description="Seed of the variation", options={"SKIP_SAVE"}),
        **_mesh_properties(),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _has_grid(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        return _make(self, context, [self.seed])


class LATTE3D_OT_keep_selected(bpy.types.Operator):
    """Make the chosen variations in full and stand them in a row, from the 3D cursor to the right"""

    bl_idname = "latte3d.keep_selected"
    bl_label = "Make Chosen"

    __annotations__ = {
        "seeds": StringProperty(
            name="Seeds",
            description="Seeds of the variations, as in “0, 4, 7-9”; empty for those chosen in the panel",
            options={"SKIP_SAVE"},
        ),
        **_mesh_properties(),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _has_grid(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            seeds = parse_seeds(self.seeds) if self.seeds.strip() else [] if _grid is None else _grid.chosen
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not seeds:
            self.report({"ERROR"}, "No variation is chosen: click the numbers below the pictures first.")
            return {"CANCELLED"}
        return _make(self, context, seeds)


def _make(operator: bpy.types.Operator, context: bpy.types.Context, seeds: list[int]) -> set[str]:
    """Hand over the full objects, side by side from the 3D cursor along X."""
    jobs = session.jobs()
    if _grid is None or jobs is None:
        operator.report({"ERROR"}, _NO_GRID)
        return {"CANCELLED"}
    looks = [_grid.cells[seed].look for seed in seeds if seed in _grid.cells]
    widths = [look.width for look in looks if look is not None]
    if len(widths) < len(seeds):
        operator.report({"ERROR"}, "Not all of these variations have been looked at: choose some that the panel shows.")
        return {"CANCELLED"}
    x, y, z = context.scene.cursor.location
    device, model = preferences.read(context)
    name = tr("Chosen of {prompt}").format(prompt=" ".join(_grid.prompt.split()))
    group = jobs.new_group(name) if len(seeds) > 1 else ""
    shared = _full_settings(operator, context)
    shared |= {"size_m": preferences.size_m(context), "device": device, "model": model, "group": group}
    tasks = [
        GenerateTask(_grid.prompt, seed, _grid.alpha, cursor=(x + place, y, z), **shared)
        for seed, place in zip(seeds, in_a_row(widths), strict=True)
    ]
    for seed in seeds:
        _grid.cells[seed].chosen = False
    return submit(operator, context, *tasks)


class LATTE3D_OT_clear_variations(bpy.types.Operator):
    """Take the pictures away; what has been made of them stays"""

    bl_idname = "latte3d.clear_variations"
    bl_label = "Clear"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _has_grid(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        _clear()
        timer.redraw()
        return {"FINISHED"}


class LATTE3D_PT_variations(SidebarPanel, bpy.types.Panel):
    """Several shapes for one prompt."""

    bl_idname = "LATTE3D_PT_variations"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "Variations"
    bl_order = 20
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender wants a set

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(context.scene.latte3d_variations, "count")
        layout.operator("latte3d.variations", icon="VIEWZOOM")
        if _grid is None:
            wrapped(layout, context, tr("Small pictures come first; what you choose is made in full."), "INFO")
            return
        jobs = session.jobs()
        progress = None if jobs is None else jobs.progress(_grid.group)
        coming = progress is not None and progress.open > 0
        cells = list(_grid.cells.values())
        wrapped(layout, context, tr("“{name}”").format(name=_grid.prompt))
        for start in range(0, len(cells), COLUMNS):
            row = layout.row()
            for cell in cells[start : start + COLUMNS]:
                draw_cell(row.column(align=True), cell, coming)
            for _ in range(start + COLUMNS - len(cells)):
                row.column().template_icon(icon_value=0, scale=SCALE)
        if _grid.spare is not None and not coming and len(cells) == 1:
            wrapped(layout, context, tr("Only one shape suits these words: other words have more."), "INFO")
        row = layout.row(align=True)
        chosen = len(_grid.chosen)
        text = f"{tr('Make Chosen')} ({chosen})" if chosen else tr("Make Chosen")
        row.operator("latte3d.keep_selected", text=text, translate=False)
        row.operator("latte3d.clear_variations", text="", icon="X")


def draw_cell(layout: bpy.types.UILayout, cell: Cell, coming: bool) -> None:
    """A picture with the button that chooses it; before it comes, or where it failed, room for it and a sign."""
    layout.template_icon(icon_value=thumbnails.icon(f"{_PICTURES}{cell.seed}"), scale=SCALE)
    row = layout.row(align=True)
    if cell.look is None:
        row.label(text="…" if coming else "Failed", icon="SORTTIME" if coming else "ERROR")
        return
    icon = "CHECKBOX_HLT" if cell.chosen else "CHECKBOX_DEHLT"
    row.operator("latte3d.pick_variation", text=str(cell.seed), icon=icon, depress=cell.chosen).seed = cell.seed
    row.operator("latte3d.keep_variation", text="", icon="IMPORT").seed = cell.seed


@persistent
def _forget(*_: Any) -> None:
    """Another file was opened, and the work on the pictures has been stopped."""
    _clear()


CLASSES = (
    LATTE3D_PG_variations,
    LATTE3D_OT_variations,
    LATTE3D_OT_pick_variation,
    LATTE3D_OT_keep_variation,
    LATTE3D_OT_keep_selected,
    LATTE3D_OT_clear_variations,
    LATTE3D_PT_variations,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.latte3d_variations = PointerProperty(type=LATTE3D_PG_variations)
    bpy.app.handlers.load_post.append(_forget)


def unregister() -> None:
    _clear()
    bpy.app.handlers.load_post.remove(_forget)
    del bpy.types.Scene.latte3d_variations
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
