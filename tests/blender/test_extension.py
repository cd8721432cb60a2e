"""The extension in Blender: registration, panels, operators, and what they write into the scene."""

from __future__ import annotations

import importlib
import json
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import fake_core
import numpy as np
import pytest
from support import MODULE, ROOT, Extension, in_a_new_blender

from latte3d_blender.packing import build_extension

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")


def coordinates(mesh: Any) -> np.ndarray:
    flat = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3)


def wait_for(condition: Any, extension: Extension) -> None:
    """Timers do not run in the module: turn the timer's crank by hand, as Blender's main loop would."""
    end = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < end, "it never came to it"
        extension.timer.tick()
        time.sleep(0.02)


def submit(extension: Extension, prompt: str = "a ball", **settings: Any) -> Any:
    """Start a job the way the button in a window does: without waiting."""
    return extension.session.jobs().submit(extension.generate.GenerateTask(prompt, **settings))


# --- registration ------------------------------------------------------------------------------------------------


def test_enabling_is_quick_and_imports_nothing_heavy(tmp_path: Path) -> None:
    """In a process of its own, since this one has imported everything by now."""
    script = f"""
        import sys
        import bpy
        before = set(sys.modules)
        bpy.ops.extensions.package_install_files(
            repo="user_default", filepath={str(build_extension(ROOT, tmp_path))!r}, enable_on_install=True)
        assert {MODULE!r} in bpy.context.preferences.addons
        new = {{name.partition(".")[0] for name in set(sys.modules) - before}}
        print("NEW", sorted(new))
        bpy.ops.preferences.addon_disable(module={MODULE!r})
        assert not hasattr(bpy.types.Scene, "latte3d")
    """
    run = in_a_new_blender(script, tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("NEW")]
    assert "bl_ext" in line
    for package in ("torch", "transformers", "latte3d_core", "open3d", "xatlas", "numpy"):
        assert f"'{package}'" not in line


@pytest.mark.skipif(
    bpy.app.version < (4, 3, 0),
    reason="Blender 4.2 as a module crashes at exit after any property that has had an update function",
)
def test_a_script_that_leaves_the_extension_enabled_ends(tmp_path: Path) -> None:
    """Blender as a module waits for ever for its own lock if a Python function is still among its handlers. So the
    extension takes itself out first; that Blender disables it afterwards does no harm."""
    script = f"""
        import bpy
        bpy.ops.extensions.package_install_files(
            repo="user_default", filepath={str(build_extension(ROOT, tmp_path))!r}, enable_on_install=True)
        bpy.ops.latte3d.cancel.poll()
        print("END")
    """
    run = in_a_new_blender(script, tmp_path)
    assert run.returncode == 0 and "END" in run.stdout.splitlines(), run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr


def test_register_and_unregister_leave_no_trace(installed: ModuleType) -> None:
    def traces() -> tuple[Any, ...]:
        handlers = bpy.app.handlers
        lines = (handlers.render_init, handlers.render_complete, handlers.render_cancel, handlers.load_pre)
        return (
            sorted(name for name in dir(bpy.types) if name.startswith("LATTE3D")),
            hasattr(bpy.types.Scene, "latte3d"),
            [len(line) for line in lines],
            bool(dir(bpy.ops.latte3d)),
        )

    enabled = traces()
    kinds = [name.partition("_")[2][:2] for name in enabled[0]]
    assert kinds.count("PT") >= 3
    assert kinds.count("OT") >= 9
    assert enabled[1]
    bpy.ops.preferences.addon_disable(module=MODULE)
    disabled = traces()
    assert disabled[:2] == ([], False)
    assert disabled[2] == [count - 1 for count in enabled[2]]
    bpy.ops.preferences.addon_enable(module=MODULE)
    assert traces() == enabled


def test_names_follow_blenders_rules(installed: ModuleType, extension: Extension) -> None:
    modules = [importlib.import_module(f"{MODULE}.{name}") for name in installed.MODULES]
    for module in (module for module in modules if hasattr(module, "CLASSES")):
        for cls in module.CLASSES:
            assert re.match("LATTE3D_(OT|PT|MT|UL|PG|AP|FH)_[a-z]", cls.__name__)
            assert getattr(cls, "bl_label", "A")[0].isupper()
    for name in dir(bpy.ops.latte3d):
        kind = getattr(bpy.ops.latte3d, name).get_rna_type()
        assert kind.description, name
        assert not kind.description.endswith(".")
        for prop in kind.properties:
            assert prop.identifier == "rna_type" or prop.description, (name, prop.identifier)
    groups = [bpy.ops.latte3d.generate.get_rna_type(), bpy.context.scene.latte3d.bl_rna]
    for name in extension.operators.SETTINGS:
        for group in groups:
            assert group.properties[name].description
            assert not group.properties[name].description.endswith(".")


# --- the object --------------------------------------------------------------------------------------------------


def test_the_object_stands_at_the_cursor_in_metres(extension: Extension) -> None:
    bpy.context.scene.cursor.location = (1.0, 2.0, 3.0)
    obj = extension.run("a ball")
    assert tuple(obj.location) == (1.0, 2.0, 3.0)
    assert tuple(obj.scale) == (1.0, 1.0, 1.0)
    points = coordinates(obj.data)
    low, high = points.min(axis=0), points.max(axis=0)
    # The stand-in is 1.6 wide (x), 0.8 tall (core y), 0.4 deep (core z).
    np.testing.assert_allclose(high - low, np.array([1.6, 0.4, 0.8]) / 1.6 * fake_core.SIZE_M, rtol=1e-4)
    assert low[2] == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_allclose((low + high)[:2], 0.0, atol=1e-5)


def test_mesh_is_what_the_core_made(extension: Extension) -> None:
    vertices, faces, uvs, _ = fake_core.ball()
    mesh = extension.run("a ball").data
    assert (len(mesh.vertices), len(mesh.polygons)) == (len(vertices), len(faces))
    assert len(mesh.edges) == len(vertices) + len(faces) - 2, "closed, of genus 0"
    corners = np.empty(3 * len(faces), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    np.testing.assert_array_equal(corners.reshape(-1, 3), faces)
    assert mesh.validate() is False, "nothing to correct"
    assert [layer.name for layer in mesh.uv_layers] == ["UVMap"]
    assert mesh.uv_layers["UVMap"].active_render
    flat = np.empty(6 * len(faces), np.float32)
    mesh.uv_layers["UVMap"].uv.foreach_get("vector", flat)
    np.testing.assert_array_equal(flat.reshape(-1, 3, 2), uvs)
    centre = coordinates(mesh).mean(axis=0)
    outwards = np.array([np.dot(polygon.normal, np.array(polygon.center) - centre) for polygon in mesh.polygons])
    assert (outwards > 0).all()
    sharp = mesh.attributes.get("sharp_face")
    assert sharp is None or not any(value.value for value in sharp.data)


def test_material_and_images(extension: Extension) -> None:
    obj = extension.run("a ball", texture_size=64)
    (material,) = obj.data.materials
    tree = material.node_tree
    (shader,) = [node for node in tree.nodes if node.type == "BSDF_PRINCIPLED"]
    (output,) = [node for node in tree.nodes if node.type == "OUTPUT_MATERIAL"]
    assert output.inputs["Surface"].links[0].from_node == shader
    base = shader.inputs["Base Color"].links[0].from_node
    bump = shader.inputs["Normal"].links[0].from_node
    normal = bump.inputs["Color"].links[0].from_node
    assert (bump.type, bump.space, bump.uv_map) == ("NORMAL_MAP", "TANGENT", "UVMap")
    assert tree.nodes.active == base
    assert material.diffuse_color[0] > material.diffuse_color[1], "Solid view shows it reddish"
    assert base.image.colorspace_settings.name == "sRGB"
    assert normal.image.colorspace_settings.name == "Non-Color"
    for image in (base.image, normal.image):
        assert image.packed_file is not None
        assert tuple(image.size) == (64, 64)
        assert not image.is_dirty
    pixels = np.array(base.image.pixels[:]).reshape(64, 64, 4)
    # Blender's rows start at the bottom: blue half of the stand-in's picture first.
    np.testing.assert_allclose(pixels[0, 0, :3] * 255, (20, 40, 180), atol=0.6)
    np.testing.assert_allclose(pixels[-1, 0, :3] * 255, (200, 30, 20), atol=0.6)


def test_no_normal_map_no_node(extension: Extension) -> None:
    from dataclasses import replace

    prepared = extension.prepare.prepare(replace(fake_core.textured_ball(), normal_map=None))
    obj = extension.insert.insert_object(bpy.context, prepared, (0.0, 0.0, 0.0))
    assert [node.type for node in obj.data.materials[0].node_tree.nodes if node.type == "NORMAL_MAP"] == []


def test_provenance_is_on_the_object_and_survives_saving(extension: Extension, tmp_path: Path) -> None:
    obj = extension.run("ein rotes Ei 🥚", seed=12, alpha=0.25)
    name, before = obj.name, coordinates(obj.data)
    path = str(tmp_path / "größe.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    assert name not in bpy.data.objects
    bpy.ops.wm.open_mainfile(filepath=path)
    obj = bpy.data.objects[name]
    assert obj["latte3d_prompt"] == "ein rotes Ei 🥚"
    assert obj["latte3d_seed"] == 12
    assert obj["latte3d_alpha"] == 0.25
    assert obj["latte3d_model_sha256"] == "ab" * 32
    assert json.loads(obj["latte3d_settings"]) == {"faces": 5000}
    np.testing.assert_array_equal(coordinates(obj.data), before)
    nodes = obj.data.materials[0].node_tree.nodes
    images = [node.image for node in nodes if node.type == "TEX_IMAGE"]
    assert len(images) == 2
    assert all(image.packed_file is not None and image.size[0] == 256 for image in images)
    assert nodes["Base Color"].image.pixels[0] == pytest.approx(20 / 255, abs=1e-3)


@pytest.mark.parametrize("prompt", ["红色跑车", "🐉🐉🐉", "x" * 1000, "a\tb\nc\x07d", "ünï/cödé: \\ “quotes” %s {}"])
def test_odd_prompts_make_objects_with_names(extension: Extension, prompt: str) -> None:
    obj = extension.run(prompt)
    assert obj.name
    assert prompt.startswith(obj.name[:10])
    assert obj["latte3d_prompt"] == prompt


def test_the_newest_object_is_selected_and_active(extension: Extension) -> None:
    first, second = extension.run("a ball"), extension.run("a ball")
    assert first.name != second.name
    assert bpy.context.view_layer.objects.active == second
    assert bpy.context.selected_objects == [second]


def test_a_hidden_collection_still_takes_the_object(extension: Extension) -> None:
    collection = bpy.data.collections.new("Away")
    bpy.context.scene.collection.children.link(collection)
    layer = bpy.context.view_layer.layer_collection.children["Away"]
    bpy.context.view_layer.active_layer_collection = layer
    layer.exclude = True
    obj = extension.run("a ball")
    assert obj.users_collection, "in some collection, whichever Blender makes the active one"


# --- undo, modes, files ------------------------------------------------------------------------------------------


def test_one_undo_step_named_after_the_object(extension: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="before")
    extension.run("a ball")
    assert len(bpy.data.objects) == 2
    bpy.ops.ed.undo()
    assert [obj.name for obj in bpy.data.objects] == ["Cube"]
    bpy.ops.ed.redo()
    assert sorted(obj.name for obj in bpy.data.objects) == ["Cube", "a ball"]
    assert bpy.data.objects["a ball"].data.materials[0].node_tree.nodes["Base Color"].image.packed_file is not None


def test_undo_and_redo_neither_lose_nor_double_a_job(extension: Extension) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="cube")
    slow = submit(extension, "SLOW ball")
    queued, ready = submit(extension, "an egg"), submit(extension, "a pear")
    wait_for(lambda: slow.stage == "text", extension)
    bpy.ops.ed.undo()
    assert [job.id for job in extension.session.jobs().open] == [slow.id, queued.id, ready.id]
    bpy.ops.ed.redo()
    extension.session.jobs().cancel(slow)
    while not ready.waiting:
        extension.session.jobs().drain(timeout=0.1)
    bpy.ops.ed.undo()
    wait_for(lambda: not extension.session.jobs().waiting, extension)
    assert sorted(obj.name for obj in bpy.data.objects) == ["a pear", "an egg"]
    bpy.ops.ed.undo()
    extension.timer.tick()
    assert [obj.name for obj in bpy.data.objects] == ["an egg"], "what was undone does not come back by itself"


def test_undo_during_a_job_does_no_harm(extension: Extension) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="cube")
    job = submit(extension, "SLOW ball")
    wait_for(lambda: job.stage == "text", extension)
    bpy.ops.ed.undo()
    extension.session.jobs().cancel(job)
    after = submit(extension)
    wait_for(lambda: after.state.final and not after.waiting, extension)
    assert [obj.name for obj in bpy.data.objects] == ["a ball"]


def test_edit_mode_is_left_by_scripts(extension: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode="EDIT")
    obj = extension.run("a ball")
    assert bpy.context.mode == "OBJECT"
    assert bpy.context.view_layer.objects.active == obj
    assert len(bpy.data.objects["Cube"].data.vertices) == 8


def test_in_a_window_the_object_waits_for_object_mode(extension: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode="EDIT")
    job = submit(extension)
    wait_for(lambda: job.waiting, extension)
    assert extension.timer.obstacle(bpy.context) == "until you leave Edit Mode"
    assert extension.timer.tick() == extension.timer.INTERVAL, "it keeps looking"
    assert "a ball" not in bpy.data.objects
    assert bpy.context.mode == "EDIT_MESH"
    bpy.ops.object.mode_set(mode="OBJECT")
    assert extension.timer.tick() is None
    assert "a ball" in bpy.data.objects


def test_place_now_leaves_edit_mode(extension: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode="EDIT")
    job = submit(extension)
    wait_for(lambda: job.waiting, extension)
    bpy.ops.latte3d.insert(job_id=job.id)
    assert (bpy.context.mode, job.waiting) == ("OBJECT", False)
    with pytest.raises(RuntimeError, match="not there any more"):
        bpy.ops.latte3d.insert(job_id=job.id)


def test_opening_a_file_stops_the_job(extension: Extension) -> None:
    job = submit(extension, "SLOW ball")
    wait_for(lambda: job.stage == "text", extension)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    assert job.state is extension.jobs.JobState.CANCELLED
    assert "another file" in job.message
    assert extension.timer.tick() is None
    assert len(bpy.data.objects) == 0


def test_nothing_of_a_running_job_is_saved(extension: Extension, tmp_path: Path) -> None:
    job = submit(extension, "SLOW ball")
    wait_for(lambda: job.stage == "text", extension)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "x.blend"))
    extension.session.jobs().cancel(job)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "x.blend"))
    assert bpy.ops.latte3d.generate.poll()
    stored = bpy.context.scene.latte3d.bl_rna.properties.keys()
    assert set(stored) - {"rna_type", "name"} == set(extension.operators.SETTINGS)


def test_a_render_lets_the_worker_rest(extension: Extension) -> None:
    jobs = extension.session.jobs()
    for handler in bpy.app.handlers.render_init:
        handler(bpy.context.scene)
    assert jobs.paused
    assert extension.timer.obstacle(bpy.context) == "until the render is done"
    for handler in bpy.app.handlers.render_complete:
        handler(bpy.context.scene)
    assert not jobs.paused
    jobs.pause()
    extension.timer.tick()
    assert not jobs.paused, "a render that ended without a word must not stop the worker for ever"


def test_a_result_that_cannot_be_placed_is_a_failure_with_a_report(extension: Extension, monkeypatch: Any) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no room")

    monkeypatch.setattr(extension.insert, "insert_object", broken)
    job = submit(extension)
    wait_for(lambda: job.state is extension.jobs.JobState.FAILED, extension)
    assert "could not be put into the scene" in job.message
    assert "no room" in job.report
    assert (job.fault, job.waiting) == (True, False)


# --- operators ---------------------------------------------------------------------------------------------------


def test_arguments_go_before_the_scenes_settings(extension: Extension) -> None:
    settings = bpy.context.scene.latte3d
    settings.prompt, settings.seed, settings.alpha, settings.texture_size = "a cube", 5, 0.75, "256"
    bpy.ops.latte3d.generate(seed=9)
    task = extension.session.jobs().last.task
    assert (task.prompt, task.seed, task.alpha, task.texture_size) == ("a cube", 9, 0.75, 256)


def test_errors_are_one_sentence(extension: Extension) -> None:
    with pytest.raises(RuntimeError, match="This prompt cannot be read: use other words") as caught:
        bpy.ops.latte3d.generate(prompt="FAIL")
    assert "Traceback" not in str(caught.value)
    with pytest.raises(RuntimeError, match="The prompt is empty"):
        bpy.ops.latte3d.generate(prompt="")
    with pytest.raises(RuntimeError, match="unexpected fault"):
        bpy.ops.latte3d.generate(prompt="CRASH")
    assert len(bpy.data.objects) == len(bpy.data.meshes) == len(bpy.data.images) == 0


def test_values_out_of_range_reach_the_core_unclamped(extension: Extension) -> None:
    bpy.ops.latte3d.generate(prompt="a ball", alpha=7.0, faces=-3, texture_size=64)
    task = extension.session.jobs().last.task
    assert (task.alpha, task.faces) == (7.0, -3)


def test_cancel_stops_one_job_and_cancel_all_the_rest(extension: Extension) -> None:
    states = extension.jobs.JobState
    assert (bpy.ops.latte3d.generate.poll(), bpy.ops.latte3d.cancel.poll()) == (True, False)
    first, second, third, fourth = (submit(extension, "SLOW ball") for _ in range(4))
    assert bpy.ops.latte3d.generate.poll(), "more can be asked for at any time"
    assert bpy.ops.latte3d.cancel(job_id=third.id) == {"FINISHED"}
    assert (first.state.final, third.state) == (False, states.CANCELLED)
    assert bpy.ops.latte3d.cancel() == {"FINISHED"}
    assert (first.state, second.state.final) == (states.CANCELLED, False), "the one that runs, when none is named"
    with pytest.raises(RuntimeError, match="ended already"):
        bpy.ops.latte3d.cancel(job_id=first.id)
    assert bpy.ops.latte3d.cancel_all() == {"FINISHED"}
    assert second.state is fourth.state is states.CANCELLED
    for operator in (bpy.ops.latte3d.cancel, bpy.ops.latte3d.cancel_all, bpy.ops.latte3d.move):
        with pytest.raises(RuntimeError, match="Nothing is being made"):
            operator()


def test_generate_waits_behind_others_and_their_results_stay_theirs(extension: Extension) -> None:
    other = submit(extension, "an egg")
    obj = extension.run("a ball")
    assert obj.name == "a ball"
    assert other.waiting, "placing it is the business of whoever asked for it"
    assert extension.timer.tick() is None
    assert "an egg" in bpy.data.objects


def test_jobs_change_places_and_come_in_the_new_order(extension: Extension) -> None:
    slow = submit(extension, "SLOW ball")
    wait_for(lambda: slow.stage == "text", extension)
    one, two = submit(extension, "one"), submit(extension, "two")
    assert bpy.ops.latte3d.move(job_id=two.id, direction="UP") == {"FINISHED"}
    with pytest.raises(RuntimeError, match="cannot be moved"):
        bpy.ops.latte3d.move(job_id=two.id, direction="UP")
    assert bpy.ops.latte3d.move(job_id=two.id, direction="DOWN") == {"FINISHED"}
    assert bpy.ops.latte3d.move(job_id=one.id, direction="DOWN") == {"FINISHED"}
    bpy.ops.latte3d.cancel(job_id=slow.id)
    wait_for(lambda: len(bpy.data.objects) == 2, extension)
    assert two.ended < one.ended


def test_retry_makes_it_again(extension: Extension) -> None:
    with pytest.raises(RuntimeError):
        bpy.ops.latte3d.generate(prompt="FAIL ball", seed=8)
    jobs = extension.session.jobs()
    failed = jobs.last
    with pytest.raises(RuntimeError, match="use other words"):
        bpy.ops.latte3d.retry(job_id=failed.id)
    again = jobs.last
    assert (again.id > failed.id, again.task, jobs.jobs) == (True, failed.task, [again])
    with pytest.raises(RuntimeError, match="not in the list"):
        bpy.ops.latte3d.retry(job_id=failed.id)
    submit(extension, "SLOW ball")
    with pytest.raises(RuntimeError, match="has not ended"):
        bpy.ops.latte3d.retry(job_id=jobs.active.id)
    jobs.cancel_all()
    ball = extension.run("a ball")
    bpy.ops.latte3d.retry(job_id=jobs.last.id)
    assert len(bpy.data.objects) == 2
    assert ball.name != bpy.data.objects[jobs.last.names[0]].name


def test_clear_leaves_what_is_open_and_what_waits(extension: Extension) -> None:
    with pytest.raises(RuntimeError, match="No job in the list has ended"):
        bpy.ops.latte3d.clear_finished()
    extension.run("a ball")
    waiting = submit(extension)
    jobs = extension.session.jobs()
    while not waiting.waiting:
        jobs.drain(timeout=0.1)
    running = submit(extension, "SLOW ball")
    bpy.ops.latte3d.clear_finished()
    assert jobs.jobs == [waiting, running]
    assert len(bpy.data.objects) == 1


def test_dice(extension: Extension) -> None:
    seeds = set()
    for _ in range(8):
        bpy.ops.latte3d.random_seed()
        seeds.add(bpy.context.scene.latte3d.seed)
    assert len(seeds) == 8
    assert all(0 < seed < 2**31 for seed in seeds)


def test_the_report_names_versions_settings_and_the_fault(extension: Extension) -> None:
    with pytest.raises(RuntimeError, match="nothing to report"):
        bpy.ops.latte3d.copy_report()
    with pytest.raises(RuntimeError):
        bpy.ops.latte3d.generate(prompt="CRASH it", seed=4)
    text = extension.job_operators.report_text(extension.session.jobs().last)
    for part in (bpy.app.version_string, "CRASH it", "seed=4", "ZeroDivisionError", "on purpose"):
        assert part in text
    assert bpy.ops.latte3d.copy_report() == {"FINISHED"}


def test_preferences_reach_the_job(extension: Extension) -> None:
    preferences = bpy.context.preferences.addons[MODULE].preferences
    try:
        preferences.device, preferences.model = "cpu", "/models/own.safetensors"
        extension.run("a ball")
        task = extension.session.jobs().last.task
        assert (task.device, Path(task.model).name) == ("cpu", "own.safetensors")
    finally:
        preferences.device, preferences.model = "auto", ""


# --- the separate process ----------------------------------------------------------------------------------------


def test_a_separate_process_makes_the_same_object(extension: Extension) -> None:
    inside = extension.run("a ball", seed=4)
    extension.session.open_session(extension.process.ProcessBackend(fake_core.load))
    outside = extension.run("a ball", seed=4)
    np.testing.assert_array_equal(coordinates(outside.data), coordinates(inside.data))
    images = [obj.data.materials[0].node_tree.nodes["Base Color"].image for obj in (inside, outside)]
    assert images[0].packed_file.data == images[1].packed_file.data
    assert outside["latte3d_seed"] == 4


def test_a_separate_process_that_dies_is_one_sentence(separate: Extension) -> None:
    with pytest.raises(RuntimeError, match="ended unexpectedly") as caught:
        bpy.ops.latte3d.generate(prompt="DIE")
    assert "Traceback" not in str(caught.value)
    assert "last words" in separate.job_operators.report_text(separate.session.jobs().last)
    assert separate.run("a ball").name == "a ball"


def test_the_preferences_choose_the_back_end(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> None:
    preferences = bpy.context.preferences.addons[MODULE].preferences
    made: list[Any] = []

    class Recorded(extension.process.ProcessBackend):  # type: ignore[misc, name-defined]
        def __init__(self, python: Any) -> None:
            super().__init__(fake_core.load, python)
            made.append(python)

    monkeypatch.setattr(extension.session, "ProcessBackend", Recorded)
    monkeypatch.setattr(extension.session, "ThreadBackend", lambda: extension.worker.ThreadBackend(fake_core.load))
    jobs = extension.session.open_session()
    extension.run("a ball")
    try:
        preferences.backend = "PROCESS"
        slow = submit(extension, "SLOW ball")
        extension.session.choose_backend("PROCESS")
        assert made == [], "not while a job is open"
        jobs.cancel(slow)
        extension.run("a ball")
        extension.run("a ball")
        assert made == [(sys.executable, *bpy.app.python_args)]
        assert jobs is extension.session.jobs()
        assert len(jobs.jobs) == 4, "the list is kept"
    finally:
        preferences.backend = "THREAD"


# --- tasks of other kinds ----------------------------------------------------------------------------------------


class Measured(SimpleNamespace):
    warnings = ("Measured in a hurry.",)
    seconds: ClassVar[dict[str, float]] = {"network": 0.1}


def mark_task(extension: Extension) -> type:
    """A kind of its own: writes a number on an object that exists already."""

    @dataclass(frozen=True)
    class MarkTask(extension.tasks.Task):  # type: ignore[misc, name-defined]
        target: Any
        undo: bool = True

        @property
        def title(self) -> str:
            return f"mark {self.target.name}"

        def run(self, generator: Any, progress: Any) -> Measured:
            with progress.stage("network"):
                return Measured(number=generator.number)

        def place(self, context: Any, job: Any, result: Measured) -> Any:
            obj = extension.blocks.require(self.target)
            obj["mark"] = result.number
            return extension.tasks.Placed((obj.name,), f"“{obj.name}” is marked", self.undo)

    return MarkTask


def test_another_kind_of_task_needs_nothing_of_the_machinery(extension: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.object
    task = mark_task(extension)(target=extension.blocks.reference(cube))
    job = extension.session.jobs().submit(task)
    wait_for(lambda: job.state.final and not job.waiting, extension)
    assert (job.names, job.message, job.warnings) == (("Cube",), "“Cube” is marked", ("Measured in a hurry.",))
    assert cube["mark"] > 0
    assert "Measured in a hurry." in texts(drawn(extension.panels.LATTE3D_PT_main))


def test_a_target_is_found_after_undo_redo_and_renaming(extension: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="cube")
    ref = extension.blocks.reference(bpy.context.object)
    assert (ref.kind, ref.name) == ("objects", "Cube")
    bpy.ops.mesh.primitive_uv_sphere_add()
    bpy.ops.ed.undo_push(message="sphere")
    bpy.ops.ed.undo()
    bpy.ops.ed.redo()
    bpy.data.objects["Cube"].name = "Renamed"
    assert extension.blocks.find(ref.kind, ref.name, ref.uid) == bpy.data.objects["Renamed"]
    bpy.ops.mesh.primitive_cube_add()
    assert bpy.context.object.name == "Cube"
    assert extension.blocks.find(ref.kind, ref.name, ref.uid).name == "Renamed", "not the one that took its name"
    for block in (bpy.context.scene, bpy.data.objects["Cube"].data, bpy.data.collections.new("Herd")):
        ref = extension.blocks.reference(block)
        assert extension.blocks.find(ref.kind, ref.name, ref.uid) == block
        assert extension.blocks.require(ref) == block


def test_a_target_that_is_gone_is_one_sentence(extension: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    task = mark_task(extension)(target=extension.blocks.reference(bpy.context.object))
    job = extension.session.jobs().submit(task)
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    bpy.ops.mesh.primitive_cube_add()
    wait_for(lambda: job.state is extension.jobs.JobState.FAILED, extension)
    assert job.message.startswith("The object “Cube” is not in the file any more")
    assert (job.fault, job.report) == (False, "")
    assert "mark" not in bpy.data.objects["Cube"]


def test_a_batch_can_do_with_one_undo_step(extension: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="cube")
    kind, ref = mark_task(extension), extension.blocks.reference(bpy.context.object)
    jobs = [extension.session.jobs().submit(kind(target=ref, undo=last, group="marks")) for last in (False, True)]
    wait_for(lambda: all(job.state.final and not job.waiting for job in jobs), extension)
    bpy.ops.ed.undo()
    assert "mark" not in bpy.data.objects["Cube"]
    bpy.ops.ed.redo()
    assert "mark" in bpy.data.objects["Cube"]


def test_submit_waits_for_a_batch_and_tells_how_many_failed(extension: Extension) -> None:
    reports: list[tuple[set[str], str]] = []
    operator = SimpleNamespace(report=lambda kind, text: reports.append((kind, text)))
    task = extension.generate.GenerateTask
    made = [task(prompt, group="herd") for prompt in ("a cow", "FAIL", "a hen")]
    assert extension.submit.submit(operator, bpy.context, *made) == {"FINISHED"}
    assert sorted(obj.name for obj in bpy.data.objects) == ["a cow", "a hen"]
    assert reports == [({"WARNING"}, "1 of 3 failed, the first: This prompt cannot be read: use other words.")]
    assert extension.submit.submit(operator, bpy.context, task("FAIL"), task("FAIL")) == {"CANCELLED"}
    assert reports[1][0] == {"ERROR"}
    assert extension.submit.submit(operator, bpy.context) == {"FINISHED"}, "nothing to do is done"


def test_a_batch_is_retried_and_stopped_by_name(extension: Extension) -> None:
    jobs, task = extension.session.jobs(), extension.generate.GenerateTask
    herd = jobs.new_group("herd")
    members = [jobs.submit(task(prompt, group=herd)) for prompt in ("a cow", "SLOW hen", "a pig")]
    alone = submit(extension)
    wait_for(lambda: members[1].stage == "text" and "a cow" in bpy.data.objects, extension)
    said = drawn(extension.jobs_panel.LATTE3D_PT_jobs)
    assert "herd 1 of 3" in texts(said)
    assert "a pig" not in texts(said), "one row for the batch"
    bpy.ops.latte3d.cancel_all(group=herd)
    assert [job.state.final for job in (*members, alone)] == [True, True, True, False]
    wait_for(lambda: not alone.waiting and alone.state.final, extension)
    said = drawn(extension.jobs_panel.LATTE3D_PT_jobs)
    assert ("operator", "latte3d.retry") in said
    jobs.jobs.remove(members[1])  # doing the slow one again would take its time
    bpy.ops.latte3d.retry(group=herd)
    assert "a pig" in bpy.data.objects
    with pytest.raises(RuntimeError, match="nothing to retry"):
        bpy.ops.latte3d.retry(group=herd)


def test_what_failed_of_a_batch_is_told_one_by_one(extension: Extension) -> None:
    jobs, task = extension.session.jobs(), extension.generate.GenerateTask
    prompts = ["a cow", *(f"FAIL {number}" for number in range(6))]
    herd = jobs.new_group("herd")
    members = [jobs.submit(task(prompt, group=herd)) for prompt in prompts]
    wait_for(lambda: all(job.state.final and not job.waiting for job in members), extension)
    said = texts(drawn(extension.jobs_panel.LATTE3D_PT_jobs))
    assert "1 of 7, 6 failed" in said and "a cow" not in said
    assert said.count("This prompt cannot be read") == 4
    assert "FAIL 0" in said and "FAIL 3" in said and "FAIL 4" not in said and "… and 2 more" in said
    copied = [
        each for each in drawn(extension.jobs_panel.LATTE3D_PT_jobs) if each == ("operator", "latte3d.copy_report")
    ]
    assert len(copied) == 4


# --- panels ------------------------------------------------------------------------------------------------------


class Recorder:
    """Stands for a UILayout, and refuses whatever the real one does not know: functions, arguments, icons, ids."""

    FUNCTIONS = bpy.types.UILayout.bl_rna.functions
    ICONS = frozenset(FUNCTIONS["label"].parameters["icon"].enum_items.keys())

    def __init__(self, said: list[tuple[str, str]]) -> None:
        self.__dict__["said"] = said

    def __setattr__(self, name: str, value: Any) -> None:
        assert name in bpy.types.UILayout.bl_rna.properties, name

    def __getattr__(self, name: str) -> Any:
        function = self.FUNCTIONS[name]

        def call(*args: Any, **kwargs: Any) -> Any:
            assert set(kwargs) <= set(function.parameters.keys()), (name, kwargs)
            assert kwargs.get("icon", "NONE") in self.ICONS
            if name in ("row", "column", "split", "box"):
                return Recorder(self.said)
            if name == "prop":
                data, prop = args
                assert prop in data.bl_rna.properties, prop
                self.said.append(("prop", prop))
            elif name == "operator":
                module, function_name = args[0].split(".")
                operator = getattr(getattr(bpy.ops, module), function_name)
                operator.get_rna_type()
                self.said.append(("operator", args[0]))
                return SimpleNamespace()
            elif name not in ("separator", "template_icon"):
                self.said.append((name, kwargs["text"]))
            return None

        return call


def drawn(panel: Any) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []
    panel.draw(SimpleNamespace(layout=Recorder(said)), bpy.context)
    return said


def texts(said: list[tuple[str, str]]) -> str:
    return " ".join(text for kind, text in said if kind in ("label", "progress"))


def test_the_panel_shows_every_setting_once(extension: Extension) -> None:
    said = drawn(extension.panels.LATTE3D_PT_main) + drawn(extension.panels.LATTE3D_PT_details)
    assert sorted(name for kind, name in said if kind == "prop") == sorted(extension.operators.SETTINGS)
    assert ("operator", "latte3d.generate") in said
    assert ("operator", "latte3d.random_seed") in said


def test_the_empty_panel_says_what_to_do(extension: Extension) -> None:
    assert "press Generate" in texts(drawn(extension.panels.LATTE3D_PT_main))


def test_the_panel_follows_a_job(extension: Extension) -> None:
    panel = extension.panels.LATTE3D_PT_main
    job = submit(extension, "SLOW ball")
    wait_for(lambda: job.stage == "text", extension)
    said = drawn(panel)
    assert ("operator", "latte3d.cancel") in said
    assert "Reading the prompt" in texts(said)
    assert ("operator", "latte3d.generate") in said, "more can be asked for at any time"
    extension.session.jobs().pause()
    assert "Resting" in texts(drawn(panel))
    bpy.ops.latte3d.cancel()
    assert "Cancelled." in texts(drawn(panel))
    extension.session.jobs().resume()

    extension.run("WARN ball")
    said = drawn(panel)
    assert "2,208 faces" in texts(said)
    assert "The fallback was used." in texts(said)
    assert ("operator", "latte3d.copy_report") in said

    with pytest.raises(RuntimeError):
        bpy.ops.latte3d.generate(prompt="FAIL")
    said = drawn(panel)
    assert "use other words" in texts(said)
    assert ("operator", "latte3d.copy_report") in said


def test_the_panel_says_why_a_result_waits(extension: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode="EDIT")
    job = submit(extension)
    wait_for(lambda: job.waiting, extension)
    said = drawn(extension.panels.LATTE3D_PT_main)
    assert "until you leave Edit Mode" in texts(said)
    assert ("operator", "latte3d.insert") in said


def test_every_stage_of_the_core_has_a_text(extension: Extension) -> None:
    from latte3d_core.progress import refining

    assert set(refining(1.0)) <= set(extension.panels.STAGE_TEXTS)


def test_preferences_draw(extension: Extension) -> None:
    said: list[tuple[str, str]] = []
    cls = extension.preferences.LATTE3D_AP_preferences
    stub = SimpleNamespace(layout=Recorder(said), bl_rna=bpy.context.preferences.addons[MODULE].preferences.bl_rna)
    cls.draw(stub, bpy.context)
    lean = {"runtime_address"}  # of the lean zip only: see test_runtime_ui
    stored = set(stub.bl_rna.properties.keys()) - {"rna_type", "bl_idname"} - lean
    assert sorted(name for kind, name in said if kind == "prop") == sorted(stored)


def test_the_list_of_jobs_follows_them(extension: Extension) -> None:
    panel = extension.jobs_panel.LATTE3D_PT_jobs
    assert texts(drawn(panel)) == "No jobs yet"
    extension.run("a ball")
    slow = submit(extension, "SLOW ball")
    wait_for(lambda: slow.stage == "text", extension)
    submit(extension, "an egg")
    said = drawn(panel)
    assert "2 jobs, " in texts(said), "one has been made, so the time left can be told"
    assert "SLOW ball Reading the prompt" in texts(said)
    assert texts(said).index("an egg") < texts(said).index("a ball"), "what is open comes first"
    assert said.count(("operator", "latte3d.cancel")) == 2
    assert ("operator", "latte3d.move") not in said, "a single one in line has nowhere to go"
    submit(extension, "a pear")
    assert drawn(panel).count(("operator", "latte3d.move")) == 2
    extension.session.jobs().cancel_all()
    assert drawn(panel).count(("operator", "latte3d.retry")) == 4


@dataclass
class Asked:
    """The arguments of a button, as Blender gives them to ``description``."""

    job_id: int
    group: str = ""
    bl_rna: ClassVar[Any] = SimpleNamespace(properties={"job_id": None, "group": None})


def test_a_long_prompt_is_cut_and_the_tips_have_the_whole_of_it(extension: Extension) -> None:
    prompt = "SLOW ball of wood and brass with a very long description " * 3
    slow = submit(extension, prompt)
    wait_for(lambda: slow.stage == "text", extension)
    queued, done = submit(extension, prompt), extension.session.jobs().new_group(prompt)
    said = drawn(extension.jobs_panel.LATTE3D_PT_jobs)
    titles = [text for kind, text in said if kind == "label" and text.startswith("SLOW")]
    assert len(titles) == 2
    for title in titles:
        assert title.endswith("…") and len(title) <= extension.panels.letters(bpy.context)
    assert all("SLOW" not in text for kind, text in said if kind == "progress"), "the bar is below the title"
    operators = extension.job_operators
    for job in (slow, queued):
        tip = operators.LATTE3D_OT_cancel.description(bpy.context, Asked(job.id))
        assert tip.startswith("Stop this job") and job.task.title in tip
    assert done in operators.LATTE3D_OT_retry.description(bpy.context, Asked(0, done))
    assert operators.LATTE3D_OT_cancel.description(bpy.context, Asked(0)) == operators.LATTE3D_OT_cancel.__doc__
    extension.session.jobs().cancel_all()


def test_a_long_list_is_cut_and_counted(extension: Extension) -> None:
    slow = submit(extension, "SLOW ball")
    for number in range(300):
        submit(extension, f"number {number}")
    wait_for(lambda: slow.stage == "text", extension)
    said = texts(drawn(extension.jobs_panel.LATTE3D_PT_jobs))
    rows = extension.jobs_panel.ROWS
    assert f"… and {301 - rows} more" in said
    assert f"number {rows - 2}" in said
    assert f"number {rows - 1}" not in said
    extension.session.jobs().cancel_all()


def test_feature_panels_stand_under_the_main_one(installed: ModuleType) -> None:
    modules = [importlib.import_module(f"{MODULE}.{name}") for name in installed.MODULES]
    panels = [cls for module in modules for cls in getattr(module, "CLASSES", ()) if issubclass(cls, bpy.types.Panel)]
    assert len(panels) >= 3
    for cls in panels:
        if cls.bl_idname != "LATTE3D_PT_main":
            assert cls.bl_parent_id == "LATTE3D_PT_main"
            assert cls.bl_order
