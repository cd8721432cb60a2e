"""What populating reads from the scene and writes into it: empties, curves, surfaces; a collection of objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import bpy
from mathutils import Matrix, Quaternion, Vector

from .insert import make_material, make_mesh, target_collection
from .later import np
from .live_ui import MARK
from .places import multiply, tilts
from .populate import Item, Plan
from .prepare import PreparedObject
from .sentences import Shape
from .translations import tr
from .wishes import Place, PopulateError

#: Custom properties of the collection (the plan, its name, its notes for the panel) and of an object (its item).
PLAN, RUN, NOTES = "latte3d_populate", "latte3d_populate_run", "latte3d_populate_notes"
ITEM = "latte3d_populate_item"

#: Cells along each side of the map that says how high an object is where, and how many points are looked at for it.
_CELLS, _SAMPLES = 24, 20_000


# --- reading -----------------------------------------------------------------------------------------------------


#: What the placements need.
_NOUNS = {"empty": "empty", "curve": "curve", "mesh": "mesh"}


def targets(context: bpy.types.Context, names: str, kinds: tuple[str, ...], noun: str) -> list[bpy.types.Object]:
    """The objects to place at, by name: those in ``names``, one a line, or else the selected ones of ``kinds``.

    Raises:
        PopulateError: one does not exist or is of another kind, or there are none.
    """
    wanted = [name for name in names.split("\n") if name]
    if not wanted:
        found = [obj for obj in context.selected_objects if obj.type in kinds]
    else:
        missing = [name for name in wanted if name not in context.scene.objects]
        if missing:
            message = tr("There is no object “{name}” in the scene: name another one.")
            raise PopulateError(message.format(name=missing[0]))
        found = [context.scene.objects[name] for name in wanted]
        wrong = [obj.name for obj in found if obj.type not in kinds]
        if wrong:
            message = tr("The object “{name}” is no {noun}: name another one.")
            raise PopulateError(message.format(name=wrong[0], noun=tr(_NOUNS[noun])))
    if not found:
        raise PopulateError(tr("No {noun} is selected: select at least one.").format(noun=tr(_NOUNS[noun])))
    return sorted(found, key=lambda obj: obj.name)


def empty_places(objects: Sequence[bpy.types.Object]) -> list[tuple[str, Place]]:
    """Name, and location, rotation and scale in the world, of each object."""
    result = []
    for obj in objects:
        location, rotation, scale = obj.matrix_world.decompose()
        result.append((obj.name, Place(tuple(location), tuple(rotation), tuple(scale))))
    return result


def surface(context: bpy.types.Context, objects: Sequence[bpy.types.Object]) -> np.ndarray:
    """(T, 3, 3) triangles of mesh objects with their modifiers, world, counter-clockwise seen from outside."""
    depsgraph = context.evaluated_depsgraph_get()
    parts = [np.zeros((0, 3, 3))]
    for obj in objects:
        evaluated = obj.evaluated_get(depsgraph)
        points, corners = _triangles(evaluated.to_mesh())
        evaluated.to_mesh_clear()
        matrix = np.array(obj.matrix_world, float)
        world = points @ matrix[:3, :3].T + matrix[:3, 3]
        mirrored = np.linalg.det(matrix[:3, :3]) < 0.0
        parts.append(world[corners[:, ::-1] if mirrored else corners])
    triangles = np.concatenate(parts)
    if len(triangles) == 0:
        raise PopulateError(tr("The selected objects have no faces: select a surface."))
    return triangles


def _triangles(mesh: bpy.types.Mesh) -> tuple[np.ndarray, np.ndarray]:
    """(V, 3) vertices, and (T, 3) indices of the triangles of all faces."""
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    mesh.calc_loop_triangles()
    corners = np.empty(3 * len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("vertices", corners)
    return points.reshape(-1, 3).astype(float), corners.reshape(-1, 3)


def curves(objects: Sequence[bpy.types.Object]) -> list[tuple[np.ndarray, bool]]:
    """The splines of curve objects as points (P, 3) in the world, and whether each is closed.

    Blender makes them into lines itself, from a copy that has no thickness.
    """
    lines = []
    for obj in objects:
        data = obj.data.copy()
        data.dimensions = "3D"
        data.bevel_mode = "ROUND"
        data.bevel_depth = data.extrude = 0.0
        thin = bpy.data.objects.new("LATTE3D Line", data)
        try:
            mesh = thin.to_mesh()
            points = np.empty(3 * len(mesh.vertices), np.float32)
            mesh.vertices.foreach_get("co", points)
            edges = {tuple(edge.vertices) for edge in mesh.edges}
            thin.to_mesh_clear()
        finally:
            bpy.data.objects.remove(thin)
            bpy.data.curves.remove(data)
        matrix = np.array(obj.matrix_world, float)
        world = points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
        begin = 0
        for end in range(1, len(world) + 1):
            if (end - 1, end) in edges:
                continue
            lines.append((world[begin:end], (end - 1, begin) in edges or (begin, end - 1) in edges))
            begin = end
    return [(points, closed) for points, closed in lines if len(points) > 1]


def dropped(context: bpy.types.Context, places: Sequence[Place], align: bool) -> tuple[list[Place], int]:
    """Places moved straight down to the surface beneath, or up where there is only one above.

    Returns:
        the places, and how many have no surface over or under them and stay.
    """
    depsgraph = context.evaluated_depsgraph_get()
    result, lost = [], 0
    for place in places:
        for way, lift in ((-1.0, 1e-3), (1.0, 0.0)):
            start = Vector(place.location) + Vector((0.0, 0.0, lift))
            hit, point, normal = _ground(context.scene, depsgraph, start, way)
            if hit:
                rotation = place.rotation
                if align:
                    up = np.array([normal if normal.z >= 0.0 else -normal], float)
                    rotation = tuple(multiply(tilts(up), np.array([rotation]))[0].tolist())
                result.append(replace(place, location=tuple(point), rotation=rotation))
                break
        else:
            lost += 1
            result.append(place)
    return result, lost


def _ground(
    scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph, start: Vector, way: float
) -> tuple[bool, Vector, Vector]:
    """What lies straight above (1) or below (-1) of a point, but for the live preview, which does not stay."""
    while True:
        hit, point, normal, _, obj, _ = scene.ray_cast(depsgraph, start, (0.0, 0.0, way))
        if not hit or MARK not in obj:
            return hit, point, normal
        start = point + Vector((0.0, 0.0, way * 1e-4))


# --- the collection ----------------------------------------------------------------------------------------------


def find(run: str) -> bpy.types.Collection | None:
    """The collection of a run, whatever it is called by now."""
    return next((collection for collection in bpy.data.collections if collection.get(RUN) == run), None)


def plan_of(collection: bpy.types.Collection) -> Plan:
    """Raises PopulateError if the collection has no plan that can be read."""
    stored = collection.get(PLAN)
    if not isinstance(stored, str):
        message = tr("The collection “{name}” was not populated by LATTE3D: choose another one.")
        raise PopulateError(message.format(name=collection.name))
    return Plan.from_json(stored)


def ensure(context: bpy.types.Context, plan: Plan) -> bpy.types.Collection:
    """The collection of a run, made anew if it was undone or removed, and put back if it is in no scene."""
    collection = find(plan.run)
    if collection is None:
        collection = bpy.data.collections.new(plan.title)
        collection[RUN], collection[PLAN] = plan.run, plan.to_json()
        if plan.notes:
            collection[NOTES] = " ".join(plan.notes)
    if not any(collection in scene.collection.children_recursive for scene in bpy.data.scenes):
        target_collection(context).children.link(collection)
        context.scene.latte3d_populate.collection = collection
    return collection


def present(collection: bpy.types.Collection, plan: Plan) -> dict[int, bpy.types.Object]:
    """The objects of a run that are there, by the number of their item."""
    found: dict[int, bpy.types.Object] = {}
    for obj in collection.all_objects:
        number = obj.get(ITEM)
        if isinstance(number, int) and 0 <= number < len(plan.items) and obj.type == "MESH":
            found.setdefault(number, obj)
    return found


def put(context: bpy.types.Context, plan: Plan, recipe: int, prepared: PreparedObject | None) -> list[bpy.types.Object]:
    """Stand a recipe in all its places that are empty, as objects that share one mesh.

    What a sentence places is moved, now that the size of one more thing is known, unless the artist has moved it.

    Arguments:
        prepared: the recipe's object; None where one of its objects is there already and others are missing.
    """
    collection = ensure(context, plan)
    there = present(collection, plan)
    users = plan.users(recipe)
    model = next((there[index] for index in users if index in there), None)
    before = _places(plan, there)
    if model is not None:
        mesh, name = model.data, model.name
        properties = {key: value for key, value in model.items() if key.startswith("latte3d_")}
    elif prepared is not None:
        mesh, name, properties = make_mesh(prepared.name, prepared), prepared.name, dict(prepared.properties)
        mesh.materials.append(make_material(prepared.name, prepared))
    else:
        return []
    added = {}
    for index in users:
        if index in there:
            continue
        obj = bpy.data.objects.new(name, mesh)
        for key, value in properties.items():
            obj[key] = value
        obj[ITEM] = index
        collection.objects.link(obj)
        added[index] = obj
    after = _places(plan, there | added)
    for index, obj in added.items():
        _stand(obj, after[index])
    if plan.scene is not None:
        for index, obj in there.items():
            if after[index] != before[index] and _stands(obj, before[index]):
                _stand(obj, after[index])
    return [(there | added)[index] for index in users]


def missing(collection: bpy.types.Collection, plan: Plan) -> tuple[list[int], list[int]]:
    """Recipes of which no object is there, and recipes of which some are and some are not."""
    there = present(collection, plan)
    none, some = [], []
    for recipe in range(len(plan.recipes)):
        users = plan.users(recipe)
        gone = [index for index in users if index not in there]
        if len(gone) == len(users):
            none.append(recipe)
        elif gone:
            some.append(recipe)
    return none, some


def _places(plan: Plan, there: dict[int, bpy.types.Object]) -> list[Place]:
    if plan.scene is None:
        return plan.places([])
    shapes: list[Shape | None] = [None] * len(plan.recipes)
    for index, obj in there.items():
        recipe = plan.items[index].recipe
        if shapes[recipe] is None:
            shapes[recipe] = MeshShape(obj.data, plan.items[index])
    return plan.places(shapes)


def _stand(obj: bpy.types.Object, place: Place) -> None:
    obj.location = place.location
    obj.rotation_euler = Quaternion(place.rotation).to_euler()
    obj.scale = place.scale


def _stands(obj: bpy.types.Object, place: Place) -> bool:
    """Whether an object is where it was put."""
    wanted = Matrix.LocRotScale(Vector(place.location), Quaternion(place.rotation), Vector(place.scale))
    return all(math.dist(a, b) < 1e-4 for a, b in zip(obj.matrix_basis, wanted, strict=True))


class MeshShape:
    """How large a mesh is, and how high where: the highest of many points of its surface in each cell of a grid."""

    def __init__(self, mesh: bpy.types.Mesh, item: Item) -> None:
        points, corners = _triangles(mesh)
        triangles = points[corners] * item.place.scale[0]
        low, high = triangles.min(axis=(0, 1)), triangles.max(axis=(0, 1))
        # What stands in places of a sentence is centred on its origin; an artist may have moved the mesh since.
        reach = np.maximum(np.abs(low), np.abs(high))
        self.size = (2 * float(reach[0]), 2 * float(reach[1]), float(high[2]))
        doubled = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
        rng = np.random.default_rng(0)
        doubled += 1e-12  # a mesh without any area is still a mesh
        chosen = rng.choice(len(triangles), _SAMPLES, p=doubled / doubled.sum())
        weights = rng.dirichlet((1.0, 1.0, 1.0), _SAMPLES)
        samples = np.einsum("nk,nkc->nc", weights, triangles[chosen])
        self._step = 2 * np.maximum(reach[:2], 1e-6) / _CELLS
        self._heights = np.full((_CELLS, _CELLS), -np.inf)
        column, row = self._cells(samples[:, 0], 0), self._cells(samples[:, 1], 1)
        np.maximum.at(self._heights, (column, row), samples[:, 2])

    def support(self, x: float, y: float, width: float, depth: float) -> float:
        """The median over the footprint's inner half, where most things touch: of a chair the seat, not the back."""
        columns, rows = (
            slice(int(self._cells(np.array(at - side / 4), axis)), int(self._cells(np.array(at + side / 4), axis)) + 1)
            for axis, (at, side) in enumerate(((x, width), (y, depth)))
        )
        heights = self._heights[columns, rows]
        heights = heights[np.isfinite(heights)]
        return float(np.median(heights)) if len(heights) else self.size[2]

    def _cells(self, values: np.ndarray, axis: int) -> np.ndarray:
        return np.clip((values / self._step[axis] + _CELLS / 2).astype(int), 0, _CELLS - 1)
