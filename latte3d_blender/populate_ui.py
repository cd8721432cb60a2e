"""Populate: the settings, the operators and the panel. What is planned is in ``populate``, how it is drawn is here."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from . import populate_undo, preferences, properties, sentences, session, timer
from .arguments import asked
from .generate import GenerateTask
from .jobs import Job, JobQueue
from .jobs_panel import with_left
from .panels import SidebarPanel, wrapped
from .populate import Look, Plan, PopulateTask, cast, given_places, scene_places, tasks
from .submit import possible, ready, submit
from .translations import tr
from .wishes import MAX_OBJECTS, Place, PopulateError, Wish, check_total, from_names, read_file, read_text
from .wording import duration, quantity, shortened

if TYPE_CHECKING:
    from .sentences import Scene

#: Longest text that the panel counts the prompts of, in lines, and from how many on it does so between two drawings.
COUNTED_LINES, AT_ONCE = 2000, 50

SOURCE_ITEMS = [
    ("SENTENCE", "Sentence", "A line such as “a table with two chairs and a lamp on it”"),
    ("TEXT", "Text", "One prompt a line in Blender's Text Editor; “3 x red chair” makes three"),
    ("FILE", "File", "A list on disk: plain text, CSV, JSON or JSON Lines"),
    ("EMPTIES", "Empties", "The names of the selected empties"),
]

PLACEMENT_ITEMS = [
    ("GIVEN", "As Described", "Where the sentence, the list or the empties themselves say"),
    ("EMPTIES", "Empties", "One object at each selected empty, with its rotation and scale"),
    ("GRID", "Grid", "In rows around the 3D cursor"),
    ("CURVE", "Curve", "At equal distances along the selected curves"),
    ("SURFACE", "Surface", "Strewn over the selected mesh objects"),
]

#: The settings of a run, in the order of the panel; all are arguments of the operator, too.
SETTINGS = (
    "source", "text", "filepath", "sentence", "placement", "objects", "spacing", "columns", "density", "distance",
    "slope", "align", "drop", "mix", "yaw", "scale_min", "scale_max", "variants", "seed",
)  # fmt: skip
LOOK = ("alpha", "faces", "texture_size", "unwrap")


def _listed(settings: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """A file is looked into when it is chosen, since drawing must not touch files."""
    try:
        settings.listed = _count_text(read_file(Path(bpy.path.abspath(settings.filepath))))
    except PopulateError as error:
        settings.listed = str(error)


def _settings(stored: bool) -> dict[str, Any]:
    """The properties of a run: for the scene (``stored``), or as arguments of the operator, which are not kept."""
    more: dict[str, Any] = {} if stored else {"options": {"SKIP_SAVE"}}
    low: dict[str, Any] = {"min": 0.0} if stored else {"soft_min": 0.0}

    def number(name: str, default: int, text: str, least: int, most: int) -> IntProperty:
        limits = {"min": least, "max": most} if stored else {"soft_min": least, "soft_max": most}
        return IntProperty(name=name, description=text, default=default, **limits, **more)

    path: dict[str, Any] = {**more, **({"update": _listed} if stored else {})}
    return {
        "source": EnumProperty(
            name="From", description="Where the prompts come from", items=SOURCE_ITEMS, default="SENTENCE", **more
        ),
        "filepath": StringProperty(
            name="File", description="A list of prompts: .txt, .csv, .json or .jsonl", subtype="FILE_PATH", **path
        ),
        "sentence": StringProperty(
            name="Sentence", description="A scene in a few words", default="a wooden table with two chairs", **more
        ),
        "placement": EnumProperty(
            name="Place", description="Where the objects stand", items=PLACEMENT_ITEMS, default="GIVEN", **more
        ),
        "objects": number(
            "Objects", 0, "How many in all; 0 for as many as the list says, or for the density where it does not say",
            0, MAX_OBJECTS,
        ),
        "spacing": FloatProperty(
            name="Spacing", description="Distance between neighbours", default=3.0, subtype="DISTANCE", **low, **more
        ),
        "columns": number("Columns", 0, "Objects in a row of the grid; 0 for a square", 0, 1000),
        "density": FloatProperty(
            name="Density", description="Objects on each square metre", default=0.2, precision=3, **low, **more
        ),
        "distance": FloatProperty(
            name="Distance", description="Least distance between two objects", default=1.0, subtype="DISTANCE",
            **low, **more,
        ),
        "slope": FloatProperty(
            name="Steepest Slope", description="Surface that is steeper than this stays empty",
            default=0.785398, subtype="ANGLE", **low, **more,
        ),
        "align": BoolProperty(
            name="Align", description="Lean with the surface, or face along the curve, instead of standing straight",
            **more,
        ),
        "drop": BoolProperty(
            name="Drop to Ground", description="Let the bottoms touch what is beneath, or above where nothing is",
            **more,
        ),
        "mix": BoolProperty(
            name="Mix", description="Spread the prompts at random, instead of in the order of the list", default=True,
            **more,
        ),
        "yaw": FloatProperty(
            name="Random Turn", description="Range of the random turn about the vertical", subtype="ANGLE",
            default=0.0, **low, **more,
        ),
        "scale_min": FloatProperty(
            name="Scale Min", description="Least random scale", default=1.0, soft_min=0.1, **more
        ),
        "scale_max": FloatProperty(
            name="Max", description="Greatest random scale", default=1.0, soft_max=10.0, **more
        ),
        "variants": number("Variants", 1, "Different objects of each prompt; the rest repeats them", 1, 100),
        "seed": number("Seed", 0, "Another seed, other shapes and other places", 0, properties.SEED_MAX),
    }  # fmt: skip


def _is_run(_: bpy.types.PropertyGroup, collection: bpy.types.Collection) -> bool:
    return "latte3d_populate" in collection


class LATTE3D_PG_populate(bpy.types.PropertyGroup):
    """``scene.latte3d_populate``: what the panel edits."""

    __annotations__ = {
        **_settings(stored=True),
        "text": PointerProperty(name="Text", description="Text with one prompt a line", type=bpy.types.Text),
        "listed": StringProperty(name="Listed", description="What was found in the file", options={"HIDDEN"}),
        "collection": PointerProperty(
            name="Run", description="Collection of an earlier run", type=bpy.types.Collection, poll=_is_run
        ),
    }


# --- planning ----------------------------------------------------------------------------------------------------


def _plan(context: bpy.types.Context, values: dict[str, Any], look: Look, names: str) -> Plan:
    """What the settings ask for.

    Raises:
        PopulateError: it cannot be done, or some setting is out of range.
    """
    _check(values)
    wishes, scene = _wishes(context, values, names)
    seed, notes = values["seed"], list(scene.notes) if scene is not None else []
    origin = tuple(context.scene.cursor.location)
    described = values["placement"] == "GIVEN" and scene is not None
    if described and scene is not None:
        places = scene_places(scene, origin)
    else:
        places, more = _places(context, values, wishes, names)
        scene, notes = None, more
    if values["drop"] and values["placement"] != "SURFACE":
        from .populate_scene import dropped

        if described:
            (ground,), lost = dropped(context, [Place(origin)], align=False)
            origin = ground.location
            places = scene_places(scene, origin) if scene is not None else places
        else:
            places, lost = dropped(context, places, values["align"] and values["placement"] != "CURVE")
        if lost:
            message = tr("There is no ground under {places}: what stands there stays in the air.")
            notes.append(message.format(places=quantity(lost, "place")))
    mix = values["mix"] and values["placement"] != "GIVEN"
    recipes, items = cast(wishes, places, seed=seed, variants=values["variants"], mix=mix)
    # The notes are the plan's from here on.
    scene = None if scene is None else replace(scene, notes=())
    return Plan(uuid.uuid4().hex, _title(values, wishes), look, recipes, items, scene, origin, tuple(notes))


def _check(values: dict[str, Any]) -> None:
    """Scripts may give what the panel's sliders would not."""
    for name in ("spacing", "density", "distance", "yaw", "slope"):
        if not 0.0 <= values[name] < 1e9:
            message = tr("{name} cannot be {value:g}: give 0 or more.")
            raise PopulateError(message.format(name=_label(name), value=values[name]))
    if not 0.0 < values["scale_min"] <= values["scale_max"] < 1e6:
        raise PopulateError(tr("The least scale must be above 0 and not above the greatest: change one of them."))
    for name, least, most in (("objects", 0, MAX_OBJECTS), ("columns", 0, MAX_OBJECTS), ("variants", 1, MAX_OBJECTS),
                              ("seed", 0, properties.SEED_MAX)):  # fmt: skip
        if not least <= values[name] <= most:
            message = tr("{name} cannot be {value:,}: give a number from {least} to {most:,}.")
            raise PopulateError(message.format(name=_label(name), value=values[name], least=least, most=most))


def _label(name: str) -> str:
    """What the panel calls a setting."""
    return tr(LATTE3D_PG_populate.bl_rna.properties[name].name)


def _wishes(context: bpy.types.Context, values: dict[str, Any], names: str) -> tuple[tuple[Wish, ...], Scene | None]:
    from .populate_scene import empty_places, targets

    match values["source"]:
        case "SENTENCE":
            scene = sentences.read(values["sentence"])
            return sentences.wishes(scene), scene
        case "TEXT":
            text = bpy.data.texts.get(values["text"])
            if text is None:
                message = tr("There is no text with the prompts: write one in the Text Editor and choose it.")
                raise PopulateError(message)
            return read_text(text.as_string(), text.name), None
        case "FILE":
            if not values["filepath"]:
                raise PopulateError(tr("No list is chosen: choose a text, CSV or JSON file."))
            return read_file(Path(bpy.path.abspath(values["filepath"]))), None
        case _:
            return from_names(empty_places(targets(context, names, ("EMPTY",), "empty"))), None


def _places(
    context: bpy.types.Context, values: dict[str, Any], wishes: tuple[Wish, ...], names: str
) -> tuple[list[Place], list[str]]:
    """The places, and sentences about what could not be done."""
    from . import places
    from .populate_scene import curves, empty_places, surface, targets

    # Objects named in a call serve the placement; where empties are the source they can serve only that.
    names = "" if values["source"] == "EMPTIES" and values["placement"] != "EMPTIES" else names
    count = values["objects"] or sum(wish.count for wish in wishes)
    check_total(count)
    chance = {"seed": values["seed"], "yaw": values["yaw"], "scale": (values["scale_min"], values["scale_max"])}
    match values["placement"]:
        case "GIVEN":
            return given_places(wishes), []
        case "EMPTIES":
            return [place for _, place in empty_places(targets(context, names, ("EMPTY",), "empty"))], []
        case "GRID":
            points = places.grid(count, tuple(context.scene.cursor.location), values["spacing"], values["columns"])
            return places.stand(points, **chance), []
        case "CURVE":
            points, ways = places.along(curves(targets(context, names, ("CURVE",), "curve")), count)
            return places.stand(points, directions=ways if values["align"] else None, **chance), []
    points, normals, wanted = places.scatter(
        surface(context, targets(context, names, ("MESH",), "mesh")),
        seed=values["seed"],
        count=values["objects"] or _said_count(wishes),
        density=values["density"],
        distance=values["distance"],
        slope=math.degrees(values["slope"]),
    )
    notes = []
    if len(points) < wanted:
        message = tr("Only {count:,} of {wanted:,} objects fit: lower Distance or raise Steepest Slope.")
        notes.append(message.format(count=len(points), wanted=wanted))
    return places.stand(points, normals=normals if values["align"] else None, **chance), notes


def _said_count(wishes: tuple[Wish, ...]) -> int:
    """How many objects a list asks for; 0 if it only says which."""
    prompts, objects = _count(wishes)
    return objects if objects > prompts else 0


def _title(values: dict[str, Any], wishes: tuple[Wish, ...]) -> str:
    """What the collection is called; Blender takes at most 63 bytes."""
    match values["source"]:
        case "SENTENCE":
            name = " ".join(values["sentence"].split())
        case "TEXT":
            name = values["text"]
        case "FILE":
            name = Path(values["filepath"]).stem
        case _:
            name = wishes[0].prompt
    return tr("Populate: {name}").format(name=shortened(name, 40))


# --- looking -----------------------------------------------------------------------------------------------------


def _estimate(jobs: JobQueue, recipes: int) -> float | None:
    """Seconds that ``recipes`` objects will take, going by what was made last; None if nothing was."""
    for task in (PopulateTask("", plan=None, recipe=0), GenerateTask("")):  # type: ignore[arg-type]
        each = jobs.seconds_left([Job(0, task)])
        if each is not None:
            return each * recipes
    return None


def summary(jobs: JobQueue, prompts: int, objects: int | None) -> str:
    """As "40 prompts, 200 places, about 2 min". ``objects`` is None where only the surface can tell."""
    seconds = _estimate(jobs, prompts)
    places = tr("as many places as fit") if objects is None else quantity(objects, "place")
    return ", ".join([quantity(prompts, "prompt"), places, *([] if seconds is None else [duration(seconds)])])


def _count_text(wishes: tuple[Wish, ...]) -> str:
    prompts, objects = _count(wishes)
    return f"{quantity(prompts, 'prompt')}, {quantity(objects, 'object')}"


def _count(wishes: tuple[Wish, ...]) -> tuple[int, int]:
    return len({(wish.prompt, wish.seed) for wish in wishes}), sum(wish.count for wish in wishes)


@dataclass
class _Counting:
    """Long texts are counted between two drawings, by a timer.

    Attributes:
        asked: what is to be counted, a text and its name. known: what was counted last, and what came of it.
    """

    asked: tuple[str, str] | None = None
    known: tuple[tuple[str, str], tuple[int, int] | str] | None = None


_counting = _Counting()


def count_soon() -> None:
    """The timer: count what the panel has asked for, and draw it."""
    if _counting.asked is not None:
        _counting.known = _counting.asked, _counted("TEXT", *_counting.asked)
        _counting.asked = None
        timer.redraw()


def _counted_in_time(text: str, name: str) -> tuple[int, int] | str | None:
    """As ``_counted`` for a text; None where that would hold up the drawing, and then it is counted soon."""
    if text.count("\n") < AT_ONCE:
        return _counted("TEXT", text, name)
    if _counting.known is not None and _counting.known[0] == (text, name):
        return _counting.known[1]
    _counting.asked = text, name
    if not bpy.app.timers.is_registered(count_soon):
        bpy.app.timers.register(count_soon, first_interval=0.1)
    return None


@lru_cache(maxsize=8)
def _counted(source: str, text: str, name: str) -> tuple[int, int] | str:
    """Prompts and objects of a text or a sentence, or the sentence that says what is wrong with it."""
    try:
        return _count(sentences.wishes(sentences.read(text)) if source == "SENTENCE" else read_text(text, name))
    except PopulateError as error:
        return str(error)


def _preview(context: bpy.types.Context, jobs: JobQueue, settings: bpy.types.PropertyGroup) -> tuple[str, bool]:
    """One line about what the button would do, and whether it is a complaint."""
    empties: list[bpy.types.Object] = []
    if "EMPTIES" in (settings.source, settings.placement):
        empties = [obj for obj in context.selected_objects if obj.type == "EMPTY"]
    found: tuple[int, int] | str
    match settings.source:
        case "SENTENCE":
            found = _counted("SENTENCE", settings.sentence, "")
        case "TEXT":
            if settings.text is None:
                return tr("Choose a text with one prompt a line."), False
            if len(settings.text.lines) > COUNTED_LINES:
                return tr("A long list: {lines}.").format(lines=quantity(len(settings.text.lines), "line")), False
            counted = _counted_in_time(settings.text.as_string(), settings.text.name)
            if counted is None:
                return tr("A long list: {lines}.").format(lines=quantity(len(settings.text.lines), "line")), False
            found = counted
        case "FILE":
            return settings.listed or tr("Choose a list of prompts."), settings.listed.endswith(".")
        case _:
            if not empties:
                return tr("Select empties that are named after what shall stand there."), False
            found = len({obj.name.partition(".")[0] for obj in empties}), len(empties)
    if isinstance(found, str):
        return found, True
    prompts, objects = found
    places: int | None = objects if settings.placement == "GIVEN" else settings.objects or objects
    if settings.placement == "EMPTIES":
        places = len(empties)
    elif settings.placement == "SURFACE" and not settings.objects and objects <= prompts:
        places = None
    prompts *= settings.variants
    return summary(jobs, prompts if places is None else min(prompts, places), places), False


def _jobs_of(jobs: JobQueue, run: str) -> list[Job]:
    """The jobs of a run that are open, or whose result waits to be placed."""
    return [
        job
        for job in jobs.jobs
        if isinstance(job.task, PopulateTask) and job.task.plan.run == run and (not job.state.final or job.waiting)
    ]


def _collection(context: bpy.types.Context, name: str) -> bpy.types.Collection:
    """The collection called ``name``, or the one that the panel shows.

    Raises:
        PopulateError: there is none.
    """
    if not name:
        collection = context.scene.latte3d_populate.collection
        if collection is None:
            raise PopulateError(tr("No run is chosen: choose the collection of one in the panel."))
        return collection
    if name not in bpy.data.collections:
        raise PopulateError(tr("There is no collection “{name}”: name another one.").format(name=name))
    return bpy.data.collections[name]


# --- operators ---------------------------------------------------------------------------------------------------


def _run(operator: bpy.types.Operator, context: bpy.types.Context, plan: Plan, recipes: list[int]) -> set[str]:
    """Queue ``recipes`` of a plan; without a window this also waits and makes the undo step."""
    jobs = ready(context)
    if jobs is None:
        return {"CANCELLED"}
    device, model = preferences.read(context)
    group = jobs.new_group(plan.title)
    result = submit(operator, context, *tasks(plan, recipes, group=group, device=device, model=model))
    if bpy.app.background:
        populate_undo.tick()
    return result


class LATTE3D_OT_populate(bpy.types.Operator):
    """Make every object of the list once and stand it wherever it belongs, in a collection of its own"""

    bl_idname = "latte3d.populate"
    bl_label = "Populate"
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {
        **_settings(stored=False),
        "text": StringProperty(
            name="Text", description="Name of the text with one prompt a line", options={"SKIP_SAVE"}
        ),
        "targets": StringProperty(
            name="Targets",
            description="Names of the empties, curves or surfaces to place at, one a line; empty for the selected ones",
            options={"SKIP_SAVE"},
        ),
        "dry_run": BoolProperty(
            name="Estimate Only",
            description="Say how many objects would be made and how long it takes, and make nothing",
            options={"SKIP_SAVE"},
        ),
        **{name: prop for name, prop in properties.operator_properties().items() if name in LOOK},
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from . import populate_scene

        stored = context.scene.latte3d_populate
        values = asked(self, SETTINGS, stored)
        if not isinstance(values["text"], str):
            values["text"] = "" if values["text"] is None else values["text"].name
        look = Look(**asked(self, LOOK, context.scene.latte3d), size_m=preferences.size_m(context))
        jobs = session.jobs()
        try:
            plan = _plan(context, values, look, self.targets)
        except PopulateError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if jobs is None:
            return {"CANCELLED"}
        self.report({"INFO"}, summary(jobs, len(plan.recipes), len(plan.items)))
        if plan.notes:
            self.report({"WARNING"}, " ".join(plan.notes))
        if self.dry_run:
            return {"FINISHED"}
        populate_scene.ensure(context, plan)
        return _run(self, context, plan, list(range(len(plan.recipes))))


class LATTE3D_OT_populate_resume(bpy.types.Operator):
    """Make what is missing of this run: what failed, was cancelled, undone or deleted"""

    bl_idname = "latte3d.populate_resume"
    bl_label = "Resume"
    bl_options = {"REGISTER"}  # noqa: RUF012 - Blender wants a set

    __annotations__ = {
        "collection": StringProperty(
            name="Collection", description="Name of the run's collection; empty for the one in the panel",
            options={"SKIP_SAVE"},
        ),
    }  # fmt: skip

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return possible(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from . import populate_scene

        jobs = session.jobs()
        if jobs is None:
            return {"CANCELLED"}
        if context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        try:
            collection = _collection(context, self.collection)
            plan = populate_scene.plan_of(collection)
            if _jobs_of(jobs, plan.run):
                raise PopulateError(tr("This run is still going on: wait for it, or cancel it."))
            recipes, partial = populate_scene.missing(collection, plan)
        except PopulateError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not recipes and not partial:
            self.report({"INFO"}, "Nothing of this run is missing")
            return {"CANCELLED"}
        context.scene.latte3d_populate.collection = collection
        for recipe in partial:
            populate_scene.put(context, plan, recipe, None)
        if partial:
            populate_undo.watch("", plan)
        if recipes:
            return _run(self, context, plan, recipes)
        populate_undo.tick()
        return {"FINISHED"}


class LATTE3D_OT_populate_cancel(bpy.types.Operator):
    """Stop this run; what is made already stays, and Resume makes the rest"""

    bl_idname = "latte3d.populate_cancel"
    bl_label = "Cancel"

    __annotations__ = {
        "collection": StringProperty(
            name="Collection", description="Name of the run's collection; empty for all runs", options={"SKIP_SAVE"}
        ),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        jobs = session.jobs()
        if jobs is None or not any(isinstance(job.task, PopulateTask) for job in jobs.open):
            cls.poll_message_set("No scene is being populated")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs = session.jobs()
        if jobs is None:
            return {"CANCELLED"}
        open_jobs = [job for job in jobs.open if isinstance(job.task, PopulateTask)]
        if self.collection:
            try:
                run = _collection(context, self.collection).get("latte3d_populate_run")
            except PopulateError as error:
                self.report({"ERROR"}, str(error))
                return {"CANCELLED"}
            open_jobs = [job for job in open_jobs if isinstance(job.task, PopulateTask) and job.task.plan.run == run]
        for job in reversed(open_jobs):
            jobs.cancel(job)
        timer.redraw()
        return {"FINISHED"}


# --- panel -------------------------------------------------------------------------------------------------------


class LATTE3D_PT_populate(SidebarPanel, bpy.types.Panel):
    """A whole scene from a list."""

    bl_idname = "LATTE3D_PT_populate"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "Populate"
    bl_order = 40
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012 - Blender wants a set

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        settings = context.scene.latte3d_populate
        jobs = session.jobs()
        if jobs is None:
            return
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        draw_source(column, settings)
        draw_placement(column, settings)
        text, wrong = _preview(context, jobs, settings)
        notice = layout.column()
        notice.alert = wrong
        wrapped(notice, context, text, "ERROR" if wrong else "INFO")
        column = layout.column()
        column.scale_y = 1.5
        column.operator("latte3d.populate", icon="OUTLINER_OB_GROUP_INSTANCE")
        draw_run(layout, context, jobs, settings)


def draw_source(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Where the prompts come from."""
    layout.prop(settings, "source")
    if settings.source == "SENTENCE":
        row = layout.row()
        row.use_property_split = False
        row.prop(settings, "sentence", text="", placeholder="a wooden table with two chairs")
    elif settings.source == "TEXT":
        layout.prop(settings, "text")
    elif settings.source == "FILE":
        layout.prop(settings, "filepath")


def draw_placement(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    """Where they go, with the settings that matter there."""
    layout.prop(settings, "placement")
    placement = settings.placement
    names = {
        "GRID": ("objects", "spacing", "columns"),
        "CURVE": ("objects", "align"),
        "SURFACE": ("objects", "distance", "slope", "align"),
    }.get(placement, ())
    column = layout.column(align=True)
    for name in names:
        column.prop(settings, name)
        if name == "objects" and placement == "SURFACE" and not settings.objects:
            column.prop(settings, "density")
    if names:
        column.prop(settings, "yaw")
        column.prop(settings, "scale_min")
        column.prop(settings, "scale_max")
    if placement != "GIVEN":
        layout.prop(settings, "mix")
    if placement != "SURFACE":
        layout.prop(settings, "drop")
        if settings.drop and "align" not in names and settings.source != "SENTENCE":
            layout.prop(settings, "align")
    row = layout.column(align=True)
    row.prop(settings, "variants")
    row.prop(settings, "seed")


def draw_run(
    layout: bpy.types.UILayout, context: bpy.types.Context, jobs: JobQueue, settings: bpy.types.PropertyGroup
) -> None:
    """The run that was begun last, or an earlier one: how far it is, Cancel or Resume."""
    if settings.collection is None:
        return
    layout.prop(settings, "collection", text="")
    collection = settings.collection
    run = collection.get("latte3d_populate_run", "")
    coming = _jobs_of(jobs, run)
    if coming:
        group = jobs.progress(coming[0].task.group)
        if group is not None:
            row = layout.split(factor=0.7, align=True)
            text = tr("{done} of {total}").format(done=group.done, total=group.total)
            row.progress(factor=group.fraction, type="BAR", text=with_left(text, jobs, coming))
            row.operator("latte3d.populate_cancel").collection = collection.name
        return
    if notes := collection.get("latte3d_populate_notes"):
        wrapped(layout, context, notes, "INFO")
    layout.operator("latte3d.populate_resume", icon="FILE_REFRESH").collection = collection.name


CLASSES = (
    LATTE3D_PG_populate,
    LATTE3D_OT_populate,
    LATTE3D_OT_populate_resume,
    LATTE3D_OT_populate_cancel,
    LATTE3D_PT_populate,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.latte3d_populate = PointerProperty(type=LATTE3D_PG_populate)


def unregister() -> None:
    populate_undo.stop()
    if bpy.app.timers.is_registered(count_soon):
        bpy.app.timers.unregister(count_soon)
    _counting.asked = _counting.known = None
    del bpy.types.Scene.latte3d_populate
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
