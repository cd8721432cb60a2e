"""Live: when the next preview is asked for, and the object that shows it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import fake_looks
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Extension
from test_extension import coordinates, drawn, texts

from latte3d_blender.live import QUIET, Follower, PreviewTask

pytest.importorskip("torch", reason="these tasks run on the core, which needs torch")

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

NAME = "LATTE3D Preview"


@pytest.fixture
def looks(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> Any:
    """As ``extension``, with a generator that gives fields, and with Live as in a window; off again afterwards."""
    fake_looks.install(monkeypatch)
    extension.session.open_session(extension.worker.ThreadBackend(fake_looks.load))
    extension.live_ui.switch("OFF")
    yield extension
    extension.live_ui.switch("OFF")


def follow(looks: Extension, condition: Any, mode: str = "PROMPT") -> None:
    """Turn Live's crank, as Blender's main loop would, until ``condition``."""
    if looks.live_ui.mode() != mode:
        looks.live_ui.switch(mode)
    end = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < end, "it never came to it"
        looks.live_ui.tick()
        time.sleep(0.01)


def shown() -> Any:
    return bpy.data.objects.get(NAME)


def calm(looks: Extension, seconds: float = 2 * QUIET) -> None:
    """Let some time pass in which nothing should happen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        looks.live_ui.tick()
        time.sleep(0.01)


# --- when ---------------------------------------------------------------------------------------------------------


def wish(number: int) -> PreviewTask:
    return PreviewTask(f"wish {number}")


def test_a_wish_must_stand_for_a_moment() -> None:
    follower = Follower()
    assert follower.look(wish(1), 0.0, False) is None
    assert follower.look(wish(1), 0.9 * QUIET, False) is None
    assert follower.look(wish(1), QUIET, False) == wish(1)
    assert follower.look(wish(1), 9.0, False) is None, "once"


def test_typing_is_waited_for_while_something_is_worked_on() -> None:
    follower = Follower()
    follower.look(wish(0), 0.0, False)
    assert follower.look(wish(0), 1.0, False) == wish(0)
    for number in range(1, 10):
        assert follower.look(wish(number), 1.0 + number * 0.1, True) is None
    assert follower.look(wish(9), 1.91 + QUIET, True) == wish(9), "and then the old work is given up"


def test_dragging_shows_what_can_be_shown() -> None:
    follower = Follower()
    asked = [
        (number, task.prompt)
        for number in range(100)
        if (task := follower.look(wish(number), number * 0.02, False)) is not None
    ]
    assert len(asked) >= 1.98 // (QUIET + 0.04)
    assert all(prompt == f"wish {number}" for number, prompt in asked), "always the newest"


def test_back_to_what_is_shown_is_no_wish() -> None:
    follower = Follower()
    follower.look(wish(1), 0.0, False)
    follower.look(wish(1), 1.0, False)
    assert follower.look(wish(2), 1.1, False) is None
    assert follower.look(wish(1), 1.12, False) is None
    assert follower.look(wish(1), 5.0, False) is None
    follower.renew()
    assert follower.look(wish(1), 6.0, False) is None
    assert follower.look(wish(1), 6.0 + QUIET, False) == wish(1)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0.0, 0.3), st.booleans()), max_size=60))
def test_the_last_wish_always_gets_its_turn(steps: list[tuple[int, float, bool]]) -> None:
    follower, now, asked = Follower(), 0.0, None
    for number, pause, busy in steps:
        now += pause
        task = follower.look(wish(number), now, busy)
        assert task is None or (task == wish(number) and task != asked)
        asked = task or asked
    if steps:
        last = wish(steps[-1][0])
        asked = follower.look(last, now + 1.0, True) or asked
        assert asked == last


# --- the object ---------------------------------------------------------------------------------------------------


def test_a_rough_object_follows_the_settings(looks: Extension) -> None:
    scene = bpy.context.scene
    scene.cursor.location = (1.0, 2.0, 3.0)
    follow(looks, lambda: shown() is not None)
    obj = shown()
    assert tuple(obj.location) == (1.0, 2.0, 3.0)
    assert (obj.hide_render, obj.hide_select, obj.select_get()) == (True, True, False)
    assert np.ptp(coordinates(obj.data), axis=0).max() == pytest.approx(2.0, rel=1e-5)
    assert all(polygon.use_smooth for polygon in obj.data.polygons)
    before, mesh = coordinates(obj.data), obj.data
    scene.latte3d.seed = 7
    scene.cursor.location = (0.0, 0.0, 0.0)
    follow(looks, lambda: len(obj.data.vertices) and not np.allclose(coordinates(obj.data), before))
    assert shown() == obj and obj.data == mesh, "the same blocks are used again"
    assert tuple(obj.location) == (0.0, 0.0, 0.0)
    assert [len(blocks) for blocks in (bpy.data.objects, bpy.data.meshes, bpy.data.materials)] == [1, 1, 1]


def test_its_colours_are_seen_in_all_views(looks: Extension) -> None:
    follow(looks, lambda: shown() is not None)
    obj = shown()
    colors = obj.data.color_attributes.active_color
    assert (colors.name, colors.domain) == ("Color", "POINT")
    np.testing.assert_allclose(colors.data[0].color_srgb[:], (0.75, 0.25, 0.25, 1.0), atol=0.01)
    (material,) = obj.data.materials
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    assert shader.inputs["Base Color"].links[0].from_node.layer_name == "Color"
    np.testing.assert_allclose(material.diffuse_color[:3], (0.5225, 0.0509, 0.0509), atol=0.001)


def test_off_takes_everything_away(looks: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    follow(looks, lambda: shown() is not None)
    looks.live_ui.switch("OFF")
    assert [obj.name for obj in bpy.data.objects] == ["Cube"]
    assert [len(blocks) for blocks in (bpy.data.meshes, bpy.data.materials)] == [1, 0]
    assert looks.live_ui.tick() is None


def test_nothing_of_it_gets_into_lists_and_undo(looks: Extension) -> None:
    bpy.ops.ed.undo_push(message="before")
    follow(looks, lambda: shown() is not None)
    assert looks.session.jobs().jobs == []
    assert looks.session.jobs().last is None
    assert not looks.session.jobs().waiting
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="cube")  # this step holds the preview
    looks.live_ui.switch("OFF")
    bpy.ops.ed.undo()
    bpy.ops.ed.redo()
    assert [obj.name for obj in bpy.data.objects] == ["Cube"], "it does not come back by Redo"


def test_it_comes_back_after_an_undo_that_took_it(looks: Extension) -> None:
    bpy.ops.ed.undo_push(message="before")
    follow(looks, lambda: shown() is not None)
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="cube")
    bpy.ops.ed.undo()
    follow(looks, lambda: shown() is not None)
    assert [obj.name for obj in bpy.data.objects] == [NAME]


def test_a_saved_file_has_no_preview(looks: Extension, tmp_path: Path) -> None:
    follow(looks, lambda: shown() is not None)
    path = str(tmp_path / "x.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)
    assert shown() is None
    follow(looks, lambda: shown() is not None)  # in the open file it comes back
    with bpy.data.libraries.load(path) as (saved, _):
        assert not [name for name in (*saved.objects, *saved.meshes, *saved.materials) if NAME in name]


def test_another_file_begins_without(looks: Extension, tmp_path: Path) -> None:
    follow(looks, lambda: shown() is not None)
    path = str(tmp_path / "x.blend")
    bpy.data.libraries.write(path, {bpy.context.scene, shown()})  # as an automatic backup would catch it
    bpy.ops.wm.open_mainfile(filepath=path)
    assert shown() is None
    assert len(bpy.data.meshes) == len(bpy.data.materials) == 0
    assert looks.live_ui.mode() == "OFF"


def test_the_full_result_takes_its_place(looks: Extension) -> None:
    bpy.context.scene.latte3d.prompt = "a ball"
    follow(looks, lambda: shown() is not None)
    bpy.ops.latte3d.generate(texture_size=64)
    follow(looks, lambda: shown() is None)
    calm(looks)
    assert [obj.name for obj in bpy.data.objects] == ["a ball"], "and it stays away until something changes"
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(bpy.app.tempdir) / "x.blend"))
    calm(looks)
    assert shown() is None
    bpy.context.scene.latte3d.seed = 3
    follow(looks, lambda: shown() is not None)


def test_it_comes_before_jobs_that_wait(looks: Extension) -> None:
    jobs, task = looks.session.jobs(), looks.generate.GenerateTask
    running = jobs.submit(task("SLOW ball"))
    waiting = [jobs.submit(task(f"number {k}", texture_size=64)) for k in range(3)]
    follow(looks, lambda: looks.live_ui._live.job is not None)
    assert jobs.open.index(looks.live_ui._live.job) == 1
    assert [job.task.prompt for job in jobs.open[2:]] == ["number 0", "number 1", "number 2"]
    assert "waits until the present job is done" in texts(drawn(looks.live_ui.LATTE3D_PT_live))
    jobs.cancel(running)
    follow(looks, lambda: shown() is not None)
    jobs.cancel_all()
    assert waiting


def test_a_newer_wish_ends_the_work_on_the_older(looks: Extension) -> None:
    bpy.context.scene.latte3d.prompt = "SLOW ball"
    live = looks.live_ui._live
    follow(looks, lambda: live.job is not None and live.job.stage == "text")
    old = live.job
    bpy.context.scene.latte3d.prompt = "a ball"
    follow(looks, lambda: shown() is not None)
    assert old.state is looks.jobs.JobState.CANCELLED
    assert looks.session.jobs().jobs == []


def test_in_edit_mode_it_rests(looks: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    follow(looks, lambda: shown() is not None)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.context.scene.latte3d.seed = 5
    calm(looks)
    assert looks.live_ui._live.job is None
    assert bpy.context.mode == "EDIT_MESH"
    assert "until you leave Edit Mode" in texts(drawn(looks.live_ui.LATTE3D_PT_live))
    bpy.ops.object.mode_set(mode="OBJECT")
    before = coordinates(shown().data)
    follow(looks, lambda: not np.allclose(coordinates(shown().data), before))


@pytest.mark.parametrize(
    ("mode", "prompt", "prompt_b", "words"),
    [
        ("PROMPT", "  ", "", "Type what to make."),
        ("BLEND", "a ball", " ", "Type what to blend into."),
        ("PROMPT", "FAIL", "", "use other words"),
    ],
)
def test_the_panel_says_why_there_is_none(looks: Extension, mode: str, prompt: str, prompt_b: str, words: str) -> None:
    bpy.context.scene.latte3d.prompt, bpy.context.scene.latte3d_blend.prompt_b = prompt, prompt_b
    panel = looks.live_ui.LATTE3D_PT_live if mode == "PROMPT" else looks.blend_ui.LATTE3D_PT_blend
    follow(looks, lambda: words in texts(drawn(panel)), mode)
    assert shown() is None
    bpy.context.scene.latte3d.prompt, bpy.context.scene.latte3d_blend.prompt_b = "a ball", "an egg"
    follow(looks, lambda: shown() is not None, mode)
    assert "up to date" in texts(drawn(panel))


def test_it_can_follow_the_blend(looks: Extension) -> None:
    scene = bpy.context.scene
    scene.latte3d.prompt, scene.latte3d_blend.prompt_b, scene.latte3d_blend.factor = "a ball", "an egg", 0.25
    follow(looks, lambda: shown() is not None, "BLEND")
    assert "up to date" not in texts(drawn(looks.live_ui.LATTE3D_PT_live)), "it is the other panel's"
    assert looks.live_ui.wish(bpy.context, "BLEND").factor == 0.25


def test_scripts_get_the_preview_of_the_moment(looks: Extension) -> None:
    bpy.context.scene.latte3d.prompt = "a ball"
    assert bpy.ops.latte3d.live() == {"FINISHED"}
    assert shown() is not None
    assert looks.session.jobs().jobs == []
    assert bpy.ops.latte3d.live(mode="OFF") == {"FINISHED"}
    assert shown() is None
    bpy.context.scene.latte3d.prompt = ""
    with pytest.raises(RuntimeError, match="Type what to make"):
        bpy.ops.latte3d.live()
    bpy.context.scene.latte3d.prompt = "FAIL"
    with pytest.raises(RuntimeError, match="use other words"):
        bpy.ops.latte3d.live()


@pytest.mark.slow
def test_with_the_model_that_ships() -> None:
    """The stand-ins above have the shape of the real thing."""
    latte3d_core = pytest.importorskip("latte3d_core")
    pytest.importorskip("torch")
    from latte3d_core.progress import Progress

    model = latte3d_core.Latte3D.from_pretrained("small", "cpu")
    for task in (PreviewTask("a red chair"), PreviewTask("a red chair", prompt_b="a blue sofa", factor=0.5)):
        made = task.run(model, Progress())
        assert 100 < len(made.faces) <= 2000
        assert made.colors.shape == (len(made.vertices), 4)
        assert (made.colors[:, 3] == 1).all()
        assert made.vertices[:, 2].min() == pytest.approx(0.0, abs=1e-5)
