"""The plan of a run that fills a scene, and the task that makes one object of it. No bpy and no NumPy at the top.

A plan says what stands where, and nothing about how far the run has come: that can be seen in the scene. It is kept
with the run's collection, so a run can be taken up again in another session.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .generate import GenerateTask, made
from .sentences import Box, Relation, Scene, Shape, Spot, Thing, arrange
from .tasks import Placed
from .translations import tr
from .wishes import SEED_MAX, Place, PopulateError, Wish, upright

if TYPE_CHECKING:
    from .jobs import Job
    from .prepare import PreparedObject

#: Version of the plan's JSON.
FORMAT = 1


@dataclass(frozen=True)
class Look:
    """The settings of every object of a run, as in ``GenerateTask``."""

    alpha: float | None = None
    faces: int = 5000
    texture_size: int = 1024
    unwrap: str = "fast"
    size_m: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """An object to make. Equal recipes make equal objects, so each is made once."""

    prompt: str
    seed: int


@dataclass(frozen=True)
class Item:
    """One object of the scene: the index of its recipe, and its place."""

    recipe: int
    place: Place


@dataclass(frozen=True)
class Plan:
    """What stands where.

    Attributes:
        run: names the run for good, whatever its collection is called.
        title: what the artist knows it by.
        look, recipes, items: what is made. Where ``scene`` is given, its things' objects are the items in order.
        scene: a described scene, whose places depend on how large the things turn out; its middle is ``origin``.
        origin: metres.
        notes: sentences about what was asked for and cannot be.
    """

    run: str
    title: str
    look: Look
    recipes: tuple[Recipe, ...]
    items: tuple[Item, ...]
    scene: Scene | None = None
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    notes: tuple[str, ...] = ()

    def users(self, recipe: int) -> list[int]:
        """Indices of the items that show a recipe."""
        return self._users.get(recipe, [])

    @cached_property
    def _users(self) -> dict[int, list[int]]:
        users: dict[int, list[int]] = {}
        for index, item in enumerate(self.items):
            users.setdefault(item.recipe, []).append(index)
        return users

    def places(self, shapes: Sequence[Shape | None]) -> list[Place]:
        """Where the items stand, given the shapes of the recipes as far as they are made."""
        if self.scene is None:
            return [item.place for item in self.items]
        first, at = [], 0
        for thing in self.scene.things:
            first.append(self.items[at].recipe)
            at += thing.count
        x, y, z = self.origin
        spots = arrange(self.scene, [shapes[recipe] or Box() for recipe in first])
        return [
            upright(x + spot.x, y + spot.y, z + spot.z, spot.yaw, item.place.scale[0])
            for item, spot in zip(self.items, _flat(spots), strict=True)
        ]

    def to_json(self) -> str:
        things = () if self.scene is None else self.scene.things
        data = {
            "format": FORMAT,
            "run": self.run,
            "title": self.title,
            "look": asdict(self.look),
            "recipes": [[recipe.prompt, recipe.seed] for recipe in self.recipes],
            "items": [
                [item.recipe, *item.place.location, *item.place.rotation, *item.place.scale] for item in self.items
            ],
            "scene": [[thing.prompt, thing.count, thing.relation.value, thing.ground] for thing in things],
            "origin": self.origin,
            "notes": self.notes,
        }
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Raises PopulateError if ``text`` is no plan of this format."""
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise ValueError
            things = tuple(_thing(row) for row in data["scene"])
            plan = cls(
                run=str(data["run"]),
                title=str(data["title"]),
                look=Look(**data["look"]),
                recipes=tuple(Recipe(str(prompt), int(seed)) for prompt, seed in data["recipes"]),
                items=tuple(_item(row) for row in data["items"]),
                scene=Scene(things) if things else None,
                origin=_numbers(data["origin"], 3),
                notes=tuple(str(note) for note in data["notes"]),
            )
            sound = bool(plan.items) and all(0 <= item.recipe < len(plan.recipes) for item in plan.items)
            # A thing is said to stand at one that exists; that it is in no circle, the arrangement finds out.
            sound = sound and all(-1 <= thing.ground < len(things) for thing in things)
            if not sound or (things and len(plan.places([None] * len(plan.recipes))) != len(plan.items)):
                raise ValueError
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise PopulateError(tr("The plan of this collection cannot be read: populate the scene anew.")) from error
        return plan


def _flat(spots: Sequence[Sequence[Spot]]) -> list[Spot]:
    return [spot for group in spots for spot in group]


def _numbers(values: Any, count: int) -> tuple[Any, ...]:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != count:
        raise ValueError
    return numbers


def _item(row: Any) -> Item:
    recipe, *numbers = row
    numbers = _numbers(numbers, 10)
    return Item(int(recipe), Place(numbers[:3], numbers[3:7], numbers[7:]))


def _thing(row: Any) -> Thing:
    prompt, count, relation, ground = row
    return Thing(str(prompt), int(count), Relation(relation), int(ground))


def share(weights: Sequence[float], count: int) -> list[int]:
    """Share ``count`` out in proportion to ``weights``: the largest remainders get what rounding leaves over.

    Each share is less than one away from its exact value. The sum of the weights must be above 0.
    """
    total = float(sum(weights))
    exact = [weight / total * count for weight in weights]
    shares = [int(value) for value in exact]
    rest = sorted(range(len(exact)), key=lambda index: (shares[index] - exact[index], index))
    for index in rest[: count - sum(shares)]:
        shares[index] += 1
    return shares


def cast(
    wishes: Sequence[Wish], places: Sequence[Place], *, seed: int, variants: int, mix: bool
) -> tuple[tuple[Recipe, ...], tuple[Item, ...]]:
    """Who stands where: each place gets an object, the prompts in proportion to their counts.

    Arguments:
        seed: of the objects whose wishes name none, and of the mixing.
        variants: how many different objects of each prompt take turns.
        mix: spread the prompts at random over the places, instead of in order.
    """
    chosen: list[tuple[str, int]] = []
    for wish, count in zip(wishes, share([wish.count for wish in wishes], len(places)), strict=True):
        first = seed if wish.seed is None else wish.seed
        chosen += [(wish.prompt, (first + number % max(1, variants)) % (SEED_MAX + 1)) for number in range(count)]
    if mix:
        random.Random(seed).shuffle(chosen)
    numbers: dict[tuple[str, int], int] = {}
    items = tuple(
        Item(numbers.setdefault(recipe, len(numbers)), place) for recipe, place in zip(chosen, places, strict=True)
    )
    return tuple(Recipe(*recipe) for recipe in numbers), items


def given_places(wishes: Sequence[Wish]) -> list[Place]:
    """The places that a list itself names.

    Raises:
        PopulateError: it does not do so for every wish.
    """
    places = [wish.place for wish in wishes if wish.place is not None]
    if len(places) < len(wishes):
        prompt = next(wish.prompt for wish in wishes if wish.place is None)
        message = tr("The list gives no place for “{prompt}”: add columns x and y, or choose another placement.")
        raise PopulateError(message.format(prompt=prompt))
    return places


def scene_places(scene: Scene, origin: tuple[float, float, float]) -> list[Place]:
    """A described scene before anything of it is made: things of one metre each."""
    x, y, z = origin
    spots = _flat(arrange(scene, [Box()] * len(scene.things)))
    return [upright(x + spot.x, y + spot.y, z + spot.z, spot.yaw) for spot in spots]


@dataclass(frozen=True)
class PopulateTask(GenerateTask):
    """Make one recipe of a plan, and stand it wherever the plan wants it.

    Attributes:
        plan: the whole of it, so that a collection that was lost to an undo can be made again.
        recipe: which one.
    """

    plan: Plan = field(kw_only=True, repr=False)
    recipe: int = field(kw_only=True)

    def place(self, context: Any, job: Job, result: PreparedObject) -> Placed:
        from . import populate_scene, populate_undo

        objects = populate_scene.put(context, self.plan, self.recipe, result)
        # One step for the whole run, made when it has ended, however it ends.
        populate_undo.watch(self.group, self.plan)
        names = tuple(obj.name for obj in objects)
        if len(names) == 1:
            return Placed(names, made(self.title, len(result.faces), job), undo=False)
        text = tr("“{name}” in {places:,} places: {faces:,} faces in {seconds:.1f}\N{NO-BREAK SPACE}s")
        text = text.format(name=self.title, places=len(names), faces=len(result.faces), seconds=job.seconds)
        return Placed(names, text, undo=False)


def tasks(plan: Plan, missing: Sequence[int], **common: Any) -> list[PopulateTask]:
    """A task for each recipe of ``missing``; ``common`` holds group, model and device."""
    return [
        PopulateTask(
            **asdict(plan.recipes[recipe]), **asdict(plan.look), cursor=plan.origin, plan=plan, recipe=recipe, **common
        )
        for recipe in missing
    ]
