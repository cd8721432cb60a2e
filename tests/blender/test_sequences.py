"""Whatever an artist does in whatever order: nothing is lost, nothing is left behind, and every job ends as it should.

Operators are called in random orders, as a window calls them (they return at once) and as a script does (they wait).
The worker is the real thread. Its generator is a stand-in that holds each job at its begin until the test lets it pass,
so the same sequence does the same on every machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fake_core
import fake_looks
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Extension

pytest.importorskip("torch", reason="these tasks run on the core, which needs torch")

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

from test_extension import drawn  # noqa: E402 - needs bpy

SEQUENCES, STEPS = 30, 24
#: Side of the textures, in pixels.
SIZE = 64
#: Modules whose operators ask whether there is a window.
ASKING = ("populate_ui", "submit", "variations_ui")
#: The extension's properties of a scene: settings, no work.
OF_A_SCENE = frozenset(
    {
        "latte3d", "latte3d_blend", "latte3d_history", "latte3d_populate", "latte3d_refine", "latte3d_stylize",
        "latte3d_variations",
    }
)  # fmt: skip
#: What a job says whose object, or whose object's old shape, is gone.
GONE, CHANGED, ANOTHER_FILE = "not in the file any more", "stylize it anew", "another file"

picks = st.integers(0, 99)
numbers = itertools.count()


class Gate:
    """Where jobs wait until they may pass; ``standing`` says whether one does."""

    def __init__(self) -> None:
        self.standing = False
        self._open, self._permits = False, 0
        self._lock = threading.Lock()
        self._passed: Any = None

    @property
    def open(self) -> bool:
        return self._open

    @open.setter
    def open(self, value: bool) -> None:
        with self._lock:
            self._open = value

    def let_one(self) -> None:
        with self._lock:
            self._permits += 1

    def _shut(self) -> bool:
        with self._lock:
            self.standing = not self._open and self._permits == 0
            if not self._open and not self.standing:
                self._permits -= 1
            return self.standing

    def hold(self, progress: Any) -> None:
        """Wait, as work that listens to Cancel and Pause. A job waits once, whatever else it asks of the generator."""
        if progress is self._passed:
            return
        try:
            with progress.stage("text"):
                while self._shut():
                    progress.check(0.5)
                    time.sleep(0.002)
        finally:
            self.standing = False
        self._passed = progress


class Held(fake_looks.Latte3D):
    """The generator behind the gate, for every kind of task."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    def generate(self, prompt: str, **settings: Any) -> Any:
        self.gate.hold(settings["progress"])
        return super().generate(prompt, **settings)

    def fields(  # type: ignore[override] # that of prompts, and with more arguments that of artists' own shapes
        self, prompt: str, seed: int, alpha: float | None, *shape: Any, progress: Any = None
    ) -> Any:
        self.gate.hold(shape[-1] if shape else progress)
        if shape:
            return fake_core.Latte3D.fields(self, prompt, seed, 1.0, *shape)
        return super().fields(prompt, seed, alpha, progress)


@dataclass(frozen=True)
class Facts:
    """What an object is to the artist: ``slots`` are (link, material), ``other`` is the look that is not shown."""

    name: str
    kind: str
    shape: str
    prompt: str
    seed: int
    slots: tuple[tuple[str, str], ...]
    styles: tuple[str, ...]
    shown: int
    other: str


@dataclass(frozen=True)
class Promise:
    """What placing a result should do.

    Attributes:
        new: prompt, and seed if it is known, of each new object.
        target: the object that changes.
        words: of the sentence with which the job has to end, "" if it succeeds.
        steps: undo steps.
    """

    new: tuple[tuple[str, int | None], ...] = ()
    target: int | None = None
    words: str = ""
    steps: int = 1


def action(possible: Callable[[Artist], Any] = lambda artist: True, **arguments: st.SearchStrategy[Any]) -> Any:
    """Marks a method as something that an artist may do when it is ``possible``, with these arguments."""

    def mark(method: Any) -> Any:
        method.possible, method.arguments = possible, arguments
        return method

    return mark


class Artist:
    """One artist at work.

    Attributes:
        expected: the objects that are to be there, by their numbers.
        steps: the same for each undo step; the file is at number ``at``.
        known: data-blocks that belong to an object, or did.
        other, saved: objects of the two files on disk.
    """

    def __init__(self, extension: Extension, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.extension, self.folder, self.patch = extension, folder, patch
        self.gate = Gate()
        self.expected: dict[int, Facts] = {}
        self.steps: list[dict[int, Facts]] = []
        self.at = -1
        self.known: set[tuple[str, int]] = set()
        self.other: list[Facts] = []
        self.saved: list[Facts] = []

    def begin(self) -> None:
        extension, patch = self.extension, self.patch
        fake_looks.install(patch)
        patch.setattr(extension.refine_task, "guidance_of", lambda *_: fake_looks.no_guidance)
        patch.setattr(extension.timer, "PATIENCE", 60.0)
        patch.setattr(extension.timer, "push_undo", self.watched_push(extension.timer.push_undo))
        patch.setattr(extension.timer, "place", self.watched_place(extension.timer.place))
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        extension.session.open_session(extension.worker.ThreadBackend(lambda _: Held(self.gate)))
        self.opened()
        self.generate(queued=False, fails=False, seed=0)
        self.refine(queued=False, pick=0)
        bpy.ops.mesh.primitive_cube_add(location=(5, 0, 0))
        self.done(new=1)
        self.press("stylize", queued=False, prompt=self.word(), texture_size=SIZE)
        bpy.ops.wm.save_as_mainfile(filepath=str(self.folder / "other.blend"), copy=True)
        self.other = self.listed()

    def end(self) -> None:
        """With its objects gone, the file is empty but for what Blender's own clean-up takes."""
        self.jobs.cancel_all()
        bpy.data.batch_remove(bpy.data.objects[:])
        bpy.data.orphans_purge(do_recursive=True)
        assert self.blocks() == set()

    # --- what is so --------------------------------------------------------------------------------------------------

    @property
    def jobs(self) -> Any:
        return self.extension.session.jobs()

    def facts(self, obj: Any) -> Facts:
        digest = hashlib.sha256()
        if obj.type == "MESH":
            values = np.empty(3 * len(obj.data.vertices), np.float32)
            obj.data.vertices.foreach_get("co", values)
            digest.update(values.tobytes())
        styles, other = obj.latte3d_variants, self.extension.refined.other(obj)
        return Facts(
            name=obj.name,
            kind=obj.type,
            shape=digest.hexdigest(),
            prompt=obj.get("latte3d_prompt", ""),
            seed=obj.get("latte3d_seed", -1),
            slots=tuple((slot.link, slot.material.name if slot.material else "") for slot in obj.material_slots),
            styles=tuple(entry.name for entry in styles.entries),
            shown=styles.shown,
            other="" if other is None else other.name,
        )

    def observe(self) -> dict[int, Facts]:
        return {obj.session_uid: self.facts(obj) for obj in bpy.data.objects}

    def listed(self) -> list[Facts]:
        return sorted(self.observe().values(), key=lambda facts: facts.name)

    def blocks(self) -> set[tuple[str, int]]:
        """All data-blocks of the kinds that objects are made of."""
        kinds = ("meshes", "materials", "images")
        return {(kind, block.session_uid) for kind in kinds for block in getattr(bpy.data, kind)}

    def in_use(self) -> set[tuple[str, int]]:
        """Those that an artist can come to from the objects."""
        meshes: set[Any] = set()
        materials: set[Any] = set()
        for obj in bpy.data.objects:
            meshes |= {obj.data, self.extension.refined.other(obj)}
            materials |= {slot.material for slot in obj.material_slots}
            materials |= {slot.material for entry in obj.latte3d_variants.entries for slot in entry.slots}
        materials |= {material for mesh in meshes - {None} for material in mesh.materials}
        nodes = [node for material in materials - {None} for node in material.node_tree.nodes]
        images = {node.image for node in nodes if node.type == "TEX_IMAGE"}
        found = {"meshes": meshes, "materials": materials, "images": images}
        return {(kind, block.session_uid) for kind, used in found.items() for block in used - {None}}

    @staticmethod
    def workers() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "latte3d-worker"]

    def which(self, fits: Callable[[Any], Any]) -> list[Any]:
        return [obj for obj in bpy.data.objects if fits(obj)]

    def again(self, obj: Any) -> bool:
        how = self.extension.history_ui.read(obj)
        return how is not None and how.again

    def refinable(self, obj: Any) -> bool:
        with contextlib.suppress(ValueError):
            return self.extension.refine_ui.made_from(obj) is not None
        return False

    # --- how things are done -----------------------------------------------------------------------------------------

    def word(self) -> str:
        """One that is in no file yet, nor in memory that was another file's."""
        return f"ball{next(numbers):05}x"

    def select(self, obj: Any) -> None:
        for other in bpy.context.view_layer.objects.selected[:]:
            other.select_set(False)
        obj.select_set(True)
        bpy.context.view_layer.objects.active = obj

    def done(self, new: int = 0, changed: int | None = None, gone: int | None = None) -> None:
        """The artist has changed something, and Blender makes an undo step of it."""
        now = self.observe()
        self.compare(self.expected, now, new, changed, gone)
        self.expected = now
        self.extension.timer.push_undo("by hand")

    @staticmethod
    def compare(
        before: dict[int, Facts], now: dict[int, Facts], new: int, changed: int | None, gone: int | None = None
    ) -> None:
        """Nothing else has changed. (A mesh that had no slot for a style has one now, and so have all its objects.)"""
        assert before.keys() - now.keys() == {gone} - {None}
        assert len(now.keys() - before.keys()) == new
        painted = next((obj.data for obj in bpy.data.objects if obj.session_uid == changed), None)
        kin = {obj.session_uid for obj in bpy.data.objects if painted is not None and obj.data == painted}
        for uid in (before.keys() & now.keys()) - {changed}:
            was = before[uid]
            if uid in kin and not was.slots:
                was = replace(was, slots=now[uid].slots if {*now[uid].slots} == {("DATA", "")} else ())
            assert now[uid] == was

    def watched_push(self, push: Callable[[str], None]) -> Callable[[str], None]:
        """The extension's function, with a note of what each undo step holds."""

        def watched(message: str) -> None:
            push(message)
            self.at += 1
            self.steps[self.at :] = [self.observe()]

        return watched

    def watched_place(self, place: Callable[[int], None]) -> Callable[[int], None]:
        """The extension's function, with a look whether each result does what it should and nothing else."""

        def watched(job_id: int) -> None:
            job, before, at = self.jobs.get(job_id), self.observe(), self.at
            promise = self.promise(job.task, before)
            place(job_id)
            now = self.observe()
            self.known |= self.in_use()
            assert not job.fault, job.report
            if promise.words:
                assert job.state.value == "failed" and promise.words in job.message
                self.compare(before, now, 0, None)
                assert self.at == at
                return
            assert job.state.value == "done", job.message
            assert self.at == at + promise.steps
            self.compare(before, now, len(promise.new), promise.target)
            made = sorted((now[uid].prompt, now[uid].seed) for uid in now.keys() - before.keys())
            for (prompt, seed), (wanted, wanted_seed) in zip(made, sorted(promise.new, key=str), strict=True):
                assert prompt.startswith(wanted)
                assert wanted_seed in (None, seed)
            assert all(name in bpy.data.objects for name in job.names)
            if promise.target is not None and "RefinedTask" in repr(job.task):
                # Made anew and refined, an object that has let go of its first look does so again.
                self.known |= self.blocks()
            self.expected = now

        return watched

    def promise(self, task: Any, before: dict[int, Facts]) -> Promise:
        kind, target = type(task).__name__, getattr(task, "target", None)
        if kind == "VaryTask":
            return self.promise(task.work, before)
        if target is not None and target.uid not in before:
            return Promise(words=GONE)
        if kind == "StylizeTask":
            obj = bpy.data.objects[before[target.uid].name]
            same = task.mesh.base.same_faces(self.extension.mesh_copy.faces(obj.data))
            same = same and self.extension.refined.is_refined(obj) == task.refined
            return Promise(target=target.uid, words="" if same else CHANGED)
        if target is not None:
            return Promise(target=target.uid)
        if kind == "ThumbnailTask":
            return Promise(steps=0)
        if kind == "PopulateTask":
            scene, plan = self.extension.populate_scene, task.plan
            home = scene.find(plan.run)
            there = scene.present(home, plan) if home is not None else {}
            missing = [index for index in plan.users(task.recipe) if index not in there]
            return Promise(((task.prompt, task.seed),) * len(missing), steps=0)
        return Promise(((task.prompt, None if kind == "BlendTask" else task.seed),))

    @contextlib.contextmanager
    def window(self) -> Iterator[None]:
        """Operators return at once, as they do in a window."""
        app = SimpleNamespace(background=False, python_args=bpy.app.python_args)
        shown = SimpleNamespace(app=app, **{name: getattr(bpy, name) for name in ("context", "data", "ops", "types")})
        with pytest.MonkeyPatch.context() as patch:
            for name in ASKING:
                patch.setattr(getattr(self.extension, name), "bpy", shown)
            yield

    def press(self, button: str, queued: bool = True, **arguments: Any) -> None:
        """Call an operator; an error must be that of one of its jobs. A script lets all jobs pass meanwhile."""
        before = {job.id for job in self.jobs.jobs}
        self.gate.open = not queued
        try:
            with self.window() if queued else contextlib.nullcontext():
                getattr(bpy.ops.latte3d, button)(**arguments)
        except RuntimeError as error:
            failed = [job.message for job in self.jobs.jobs if job.id not in before and job.state.value == "failed"]
            if "Traceback" in str(error) or not any(message in str(error) for message in failed):
                raise
        finally:
            if not queued:
                self.until(lambda: self.jobs.active is None)
            self.gate.open = False
        # A picture that shows nothing new makes a job for another one, after that which was retried.
        waited = [job for job in self.jobs.jobs if job.id not in before and (button != "retry" or not job.task.group)]
        assert queued or all(job.state.final and not job.waiting for job in waited)

    def look(self) -> None:
        """What Blender's timers do."""
        self.extension.timer.tick()
        self.extension.populate_undo.tick()

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 60.0
        while not condition():
            assert time.monotonic() < end, "the worker never got there"
            self.jobs.drain(timeout=0.02)

    def opened(self) -> None:
        """Another file is there."""
        self.expected = self.observe()
        self.known = self.blocks()
        self.steps, self.at = [], -1
        self.extension.timer.push_undo("opened")

    def open_file(self, action: Callable[[], Any]) -> None:
        unplaced = [job for job in self.jobs.jobs if not job.state.final or job.waiting]
        action()
        assert all(job.state.value == "cancelled" and ANOTHER_FILE in job.message for job in unplaced)
        assert self.jobs.active is None and not self.jobs.waiting
        assert self.extension.variations_ui.grid() is None
        self.opened()

    # --- what the artist does ----------------------------------------------------------------------------------------

    @action(queued=st.booleans(), fails=st.sampled_from([False, False, False, True]), seed=st.integers(0, 2**31 - 1))
    def generate(self, queued: bool, fails: bool, seed: int) -> None:
        prompt = f"FAIL {self.word()}" if fails else self.word()
        self.press("generate", queued, prompt=prompt, seed=seed, texture_size=SIZE)

    @action(
        lambda artist: artist.which(artist.again),
        queued=st.booleans(),
        pick=picks,
        button=st.sampled_from(["regenerate", "vary"]),
    )
    def make_again(self, queued: bool, pick: int, button: str) -> None:
        found = self.which(self.again)
        self.press(button, queued, object=found[pick % len(found)].name)

    @action(
        lambda artist: artist.which(lambda obj: obj.type == "MESH"),
        queued=st.booleans(),
        pick=picks,
        uv=st.sampled_from(["auto", "new"]),
    )
    def stylize(self, queued: bool, pick: int, uv: str) -> None:
        found = self.which(lambda obj: obj.type == "MESH")
        self.select(found[pick % len(found)])
        self.press("stylize", queued, prompt=self.word(), texture_size=SIZE, uv=uv)

    @action(queued=st.booleans(), shape_keys=st.booleans())
    def blend(self, queued: bool, shape_keys: bool) -> None:
        ends = {"prompt": self.word(), "prompt_b": "an egg", "factor": 0.25}
        self.press("blend", queued, **ends, shape_keys=shape_keys, steps=3, texture_size=SIZE)

    @action(queued=st.booleans(), at_empties=st.booleans(), objects=st.integers(1, 3))
    def populate(self, queued: bool, at_empties: bool, objects: int) -> None:
        wanted = {"source": "SENTENCE", "sentence": "two balls and an egg", "placement": "GRID", "objects": objects}
        if at_empties:
            names = [self.word() for _ in range(objects)]
            for at, name in enumerate(names):
                empty = bpy.data.objects.new(name, None)
                empty.location.x = at
                bpy.context.scene.collection.objects.link(empty)
            self.done(new=objects)
            wanted = {"source": "EMPTIES", "targets": "\n".join(names)}
        self.press("populate", queued, **wanted, texture_size=SIZE)

    def runs(self) -> list[Any]:
        """Collections of runs that no job works on."""
        ui = self.extension.populate_ui
        found = [(home, home.get("latte3d_populate_run")) for home in bpy.data.collections]
        return [home for home, run in found if run and not ui._jobs_of(self.jobs, run)]

    @action(lambda artist: artist.runs(), pick=picks)
    def resume(self, pick: int) -> None:
        found, scene = self.runs(), self.extension.populate_scene
        home = found[pick % len(found)]
        plan = scene.plan_of(home)
        before = self.expected
        missing = len(plan.items) - len(scene.present(home, plan))
        self.press("populate_resume", queued=False, collection=home.name)
        now = self.observe()
        self.compare(before, now, missing, None)
        self.expected = now

    @action(queued=st.booleans())
    def show_variations(self, queued: bool) -> None:
        self.press("variations", queued, prompt=self.word(), count=2)

    @action(lambda artist: artist.cells(), queued=st.booleans(), keep=st.sampled_from([True, True, False]))
    def use_variations(self, queued: bool, keep: bool) -> None:
        seeds = ", ".join(str(cell.seed) for cell in self.cells() if cell.look is not None)
        if keep and seeds:
            self.press("keep_selected", queued, seeds=seeds, texture_size=SIZE)
        else:
            bpy.ops.latte3d.clear_variations()

    def cells(self) -> list[Any]:
        grid = self.extension.variations_ui.grid()
        return [] if grid is None else list(grid.cells.values())

    @action(lambda artist: artist.which(artist.refinable), queued=st.booleans(), pick=picks)
    def refine(self, queued: bool, pick: int) -> None:
        found = self.which(self.refinable)
        self.press("refine", queued, object=found[pick % len(found)].name, seconds=1.0)

    @action(
        lambda artist: artist.which(artist.extension.refined.other),
        pick=picks,
        button=st.sampled_from(["refine_revert", "refine_revert", "refine_keep"]),
    )
    def choose_look(self, pick: int, button: str) -> None:
        found = self.which(self.extension.refined.other)
        obj = found[pick % len(found)]
        looks = [obj.data, self.extension.refined.other(obj)]
        getattr(bpy.ops.latte3d, button)(object=obj.name)
        after = [obj.data, self.extension.refined.other(obj)]
        assert after == (looks[::-1] if button == "refine_revert" else [looks[0], None])
        # A style was painted for one of the two meshes.
        assert button != "refine_revert" or obj.latte3d_variants.shown == 0
        self.done(changed=obj.session_uid)

    @action(
        lambda artist: artist.which(lambda obj: obj.latte3d_variants.entries),
        pick=picks,
        index=picks,
        button=st.sampled_from(["switch", "switch", "rename", "delete", "compare"]),
    )
    def use_styles(self, pick: int, index: int, button: str) -> None:
        found = self.which(lambda obj: obj.latte3d_variants.entries)
        obj = found[pick % len(found)]
        self.select(obj)
        number = index % len(obj.latte3d_variants.entries)
        wanted: dict[str, Any] = {"index": number}
        match button:
            case "rename":
                wanted["name"] = self.word()
            case "delete":
                wanted["index"] = max(1, number)
            case "compare":
                wanted = {}
        if button == "compare":
            number = 0 if obj.latte3d_variants.shown else obj.latte3d_variants.previous
        worn = button in ("switch", "compare")
        if worn and self.extension.variants.fault(obj, obj.latte3d_variants.entries[number]):
            with pytest.raises(RuntimeError, match="was painted for"):
                getattr(bpy.ops.latte3d, f"variant_{button}")(**wanted)
        else:
            getattr(bpy.ops.latte3d, f"variant_{button}")(**wanted)
            assert not worn or obj.latte3d_variants.shown == number
        self.done(changed=obj.session_uid)

    @action(lambda artist: artist.jobs.open, pick=picks, button=st.sampled_from(["cancel", "cancel", "cancel_all"]))
    def cancel(self, pick: int, button: str) -> None:
        jobs = self.jobs.open
        wanted = [jobs[pick % len(jobs)]] if button == "cancel" else jobs
        getattr(bpy.ops.latte3d, button)(**({"job_id": wanted[0].id} if button == "cancel" else {}))
        assert [job for job in jobs if job.state.value == "cancelled"] == wanted

    def ended(self) -> list[Any]:
        return [job for job in self.jobs.jobs if job.state.final and not job.waiting]

    def repeatable(self) -> list[Any]:
        return [job for job in self.ended() if job.task.repeatable]

    @action(lambda artist: artist.repeatable(), pick=picks, queued=st.booleans())
    def retry(self, pick: int, queued: bool) -> None:
        job = self.repeatable()[pick % len(self.repeatable())]
        self.press("retry", queued, job_id=job.id)
        assert job not in self.jobs.jobs

    @action(lambda artist: artist.jobs.open, pick=picks, direction=st.sampled_from(["UP", "DOWN"]))
    def move(self, pick: int, direction: str) -> None:
        while len(self.jobs.open) < 4:
            self.generate(queued=True, fails=False, seed=0)
        self.settle()
        jobs = self.jobs.open
        at = pick % len(jobs)
        to = at + (1 if direction == "DOWN" else -1)
        # The first of them has been begun.
        fits = at > 0 and 0 < to < len(jobs)
        with contextlib.nullcontext() if fits else pytest.raises(RuntimeError, match="cannot be moved there"):
            bpy.ops.latte3d.move(job_id=jobs[at].id, direction=direction)
        if fits:
            jobs[at], jobs[to] = jobs[to], jobs[at]
        assert self.jobs.open == jobs

    @action(
        lambda artist: bpy.data.objects,
        pick=picks,
        what=st.sampled_from(["delete", "rename", "duplicate", "duplicate linked"]),
    )
    def work_by_hand(self, pick: int, what: str) -> None:
        obj = bpy.data.objects[pick % len(bpy.data.objects)]
        uid = obj.session_uid
        self.select(obj)
        match what:
            case "delete":
                bpy.ops.object.delete()
                self.done(gone=uid)
            case "rename":
                obj.name = f"Mine {self.word()}"
                self.done(changed=uid)
            case _:
                bpy.ops.object.duplicate(linked="linked" in what)
                self.done(new=1)

    @action(lambda artist: len(artist.steps) > 1, back=st.integers(0, 3), forth=st.integers(0, 3))
    def undo_and_redo(self, back: int, forth: int) -> None:
        ways = [(bpy.ops.ed.undo, -1)] * back + [(bpy.ops.ed.redo, 1)] * forth
        for operator, way in ways:
            if 0 <= self.at + way < len(self.steps):
                with self.jobs.at_rest():
                    operator()
                self.at += way
                self.expected = self.steps[self.at]
                assert self.observe() == self.expected

    @action()
    def save(self) -> None:
        path = self.folder / "saved.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False)
        self.saved = self.listed()
        again = shutil.copy(path, self.folder / "again.blend")  # Blender reads no lists from the open file
        with bpy.data.libraries.load(str(again)) as (stored, _):
            assert sorted(stored.objects) == [facts.name for facts in self.saved]
        kinds = (bpy.data.objects, bpy.data.meshes, bpy.data.materials, bpy.data.images)
        names = {block.name for kind in kinds for block in kind}
        said = repr((names, self.saved))
        data = path.read_bytes()
        for job in self.jobs.open + self.jobs.waiting:
            secret = getattr(job.task, "prompt", "")
            # Where something in the file bears the name already, its bytes say nothing.
            if "ball" in secret and type(job.task).__name__ != "PopulateTask" and secret not in said:
                assert secret.encode() not in data
        own = {key for key in bpy.context.scene.keys() if "latte3d" in key}  # noqa: SIM118 - not a dict
        assert own <= OF_A_SCENE

    @action(
        lambda artist: len(artist.steps) > 6, which=st.sampled_from(["saved", "other", "new"])
    )  # else there is little to leave
    def open(self, which: str) -> None:
        if which == "new" or (which == "saved" and not self.saved):
            self.open_file(lambda: bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True))
            assert self.expected == {}
            return
        self.open_file(lambda: bpy.ops.wm.open_mainfile(filepath=str(self.folder / f"{which}.blend")))
        assert self.listed() == (self.saved if which == "saved" else self.other)

    @action(lambda artist: artist.jobs.active, place=st.booleans())
    def let_one_finish(self, place: bool) -> None:
        """Without ``place`` its result waits, as while the artist is in Edit Mode."""
        job = self.jobs.active
        self.gate.let_one()
        self.until(lambda: job.state.final)
        if place:
            self.look()

    @action(lambda artist: artist.jobs.active or artist.jobs.waiting)
    def let_all_finish(self) -> None:
        self.gate.open = True
        while self.jobs.active is not None or self.jobs.waiting:
            self.until(lambda: self.jobs.active is None)
            self.look()
        self.gate.open = False
        assert self.extension.timer.tick() is None and self.extension.populate_undo.tick() is None

    @action(lambda artist: artist.workers() and artist.jobs.active is None)
    def free_memory(self) -> None:
        assert bpy.ops.latte3d.free_memory() == {"FINISHED"}

    @action(lambda artist: artist.blocks() != artist.in_use())
    def clean_up(self) -> None:
        """Blender's own File > Clean Up > Purge."""
        bpy.data.orphans_purge(do_recursive=True)
        assert self.blocks() == self.in_use()
        self.done()

    # --- what always holds -------------------------------------------------------------------------------------------

    def all_is_well(self) -> None:
        self.settle()
        self.the_objects_are_what_they_should_be()
        self.nothing_is_left_behind()
        self.the_jobs_know_what_is_so()
        self.the_panels_can_be_drawn()

    def the_objects_are_what_they_should_be(self) -> None:
        assert self.observe() == self.expected
        assert all(image.packed_file is not None and image.packed_file.size for image in bpy.data.images)
        for obj in bpy.data.objects:
            if obj.get("latte3d_prompt"):
                assert obj.type == "MESH" and obj.data.polygons and obj.data.uv_layers
                assert obj.material_slots and all(slot.material for slot in obj.material_slots)
                assert obj["latte3d_model_sha256"] == fake_looks.DIGEST
            styles = obj.latte3d_variants
            assert not styles.entries or not self.extension.variants.fault(obj, styles.entries[styles.shown])
            worn = styles.entries[styles.shown].slots if styles.entries else ()
            wanted = ("OBJECT", worn[0].material) if styles.shown else ("DATA", None)
            for slot in obj.material_slots:
                assert slot.link == wanted[0]
                assert slot.material == wanted[1] or not styles.shown

    def nothing_is_left_behind(self) -> None:
        """Every data-block belongs to an object, or did: no job that failed or was stopped leaves any."""
        used = self.in_use()
        self.known |= used
        assert self.blocks() <= self.known
        # What nobody can come to any more, no object may hold on to, or Blender would keep it for ever.
        kinds = ("meshes", "materials", "images")
        lost = [one for kind in kinds for one in getattr(bpy.data, kind) if (kind, one.session_uid) not in used]
        held = bpy.data.user_map(subset=lost) if lost else {}
        assert not [user for users in held.values() for user in users if user.id_type == "OBJECT"]

    def the_jobs_know_what_is_so(self) -> None:
        jobs = self.jobs
        running = [job for job in jobs.jobs if job.state.value == "running"]
        assert [job.id for job in jobs.open] == [job.id for job in running] + jobs._line.ids
        assert len(running) <= 1
        assert len(self.workers()) == 1 or not (self.workers() or running)
        for job in jobs.jobs:
            assert not job.fault, job.report
            assert job.result is None or job.waiting
            assert job.state.final == (job.ended is not None)
            assert job.message.endswith(".") or job.state.value != "failed"
            target = getattr(job.task, "target", None)
            if target is not None:
                found = self.extension.blocks.find(target.kind, target.name, target.uid)
                assert (found and found.name) == (
                    self.expected[target.uid].name if target.uid in self.expected else None
                )

    def the_panels_can_be_drawn(self) -> None:
        extension = self.extension
        for panel in (
            extension.panels.LATTE3D_PT_main,
            extension.jobs_panel.LATTE3D_PT_jobs,
            extension.variations_ui.LATTE3D_PT_variations,
            extension.refine_ui.LATTE3D_PT_refine,
            extension.populate_ui.LATTE3D_PT_populate,
            extension.history_ui.LATTE3D_PT_object,
        ):
            if not hasattr(panel, "poll") or panel.poll(bpy.context):
                drawn(panel)

    def settle(self) -> None:
        """Wait until the worker has nothing to do or stands at the gate."""

        def still() -> bool:
            job = self.jobs.active
            if job is None:
                return True
            stands = job.state.value == "running" and self.gate.standing
            self.jobs.drain()  # else it may be the next one that stands
            return stands and job is self.jobs.active

        self.until(still)


@pytest.fixture
def many_steps(extension: Extension) -> Iterator[Extension]:
    """Undo goes back to the begin of the longest sequence."""
    edit = bpy.context.preferences.edit
    before, edit.undo_steps = edit.undo_steps, 256
    yield extension
    edit.undo_steps = before


@given(st.data())
@settings(max_examples=SEQUENCES)
def test_any_sequence_keeps_what_was_made(many_steps: Extension, tmp_path: Path, data: st.DataObject) -> None:
    actions = {name: method for name, method in vars(Artist).items() if hasattr(method, "possible")}
    with pytest.MonkeyPatch.context() as patch:
        artist = Artist(many_steps, tmp_path, patch)
        artist.begin()
        artist.all_is_well()
        for step in range(STEPS):
            names = [name for name in actions if actions[name].possible(artist)]
            # Turned at each step, since the first of a list is drawn far more often than the others.
            turned = [names[(at + 7 * step) % len(names)] for at in range(len(names))]
            name = data.draw(st.sampled_from(turned))
            arguments = {key: data.draw(values, key) for key, values in actions[name].arguments.items()}
            print(f"step {step}: {name} {arguments}")  # pytest shows it of a failure that comes only once
            actions[name](artist, **arguments)
            artist.all_is_well()
        artist.end()
