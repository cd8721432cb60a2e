"""Variations: the grid of small pictures, and making the chosen ones."""

from __future__ import annotations

from typing import Any

import fake_looks
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Extension
from test_extension import drawn, texts, wait_for

from latte3d_blender.variations import GAP, MOST, PATIENCE, SEEDS, Grid, Thumbnail, in_a_row, parse_seeds

pytest.importorskip("torch", reason="these tasks run on the core, which needs torch")

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")


@pytest.fixture
def looks(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> Extension:
    """As ``extension``, with a generator that gives fields, too."""
    fake_looks.install(monkeypatch)
    extension.session.open_session(extension.worker.ThreadBackend(fake_looks.load))
    return extension


def look(template: int | None, width: float = 1.0) -> Thumbnail:
    return Thumbnail(np.zeros((4, 4, 4), np.uint8), template, width)


# --- the plan -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("0", [0]), ("0, 4, 7-9", [0, 4, 7, 8, 9]), ("3 3;3,2-3", [3, 2]), (f"{SEEDS - 1}", [SEEDS - 1])],
)
def test_seeds_are_read(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", " , ", "-3", "1.5", "x", "9-7", f"{SEEDS}", "1-", "0-40", "0-35 99", "١x"])
def test_what_is_no_list_of_seeds_is_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z“].*\.$"):
        parse_seeds(text)


@given(st.text(alphabet="0123456789-,; x"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        seeds = parse_seeds(text)
    except ValueError:
        return
    assert 0 < len(seeds) == len(set(seeds)) <= MOST
    assert all(0 <= seed < SEEDS for seed in seeds)


@given(st.lists(st.floats(0.01, 100.0), max_size=20))
def test_objects_of_a_row_do_not_touch(widths: list[float]) -> None:
    places = in_a_row(widths)
    assert len(places) == len(widths)
    assert not places or places[0] == 0.0
    for k in range(1, len(places)):
        room = places[k] - widths[k] / 2 - (places[k - 1] + widths[k - 1] / 2)
        assert room == pytest.approx(GAP * max(widths[k - 1 : k + 1]), rel=1e-6)


def test_a_seed_that_shows_nothing_new_gives_way_to_another() -> None:
    grid = Grid.counted("a ball", 1.0, "g", 7, 3)
    assert list(grid.cells) == [7, 8, 9]
    assert grid.take(7, look(1)) is None
    assert grid.take(8, look(1)) == 10
    assert list(grid.cells) == [7, 9, 10]
    assert grid.take(9, look(2)) is None
    assert grid.take(10, look(None)) is None, "what cannot be told counts as new"
    assert grid.take(8, look(5)) is None, "late news of a seed that has gone"
    assert [cell.seed for cell in grid.cells.values() if cell.look is not None] == [7, 9, 10]


def test_a_seed_that_is_looked_at_again_keeps_its_place() -> None:
    """As when its job is retried."""
    grid = Grid.counted("a ball", 1.0, "g", 0, 2)
    assert (grid.take(0, look(1)), grid.take(1, look(2))) == (None, None)
    assert grid.take(1, look(2)) is None
    assert list(grid.cells) == [0, 1]


def test_trying_ends_when_nothing_new_comes() -> None:
    grid = Grid.counted("a ball", 1.0, "g", 0, 2)
    assert grid.take(0, look(1)) is None
    seed: int | None = 1
    tried = 0
    while seed is not None:
        seed, tried = grid.take(seed, look(1)), tried + 1
    assert tried == PATIENCE
    assert list(grid.cells) == [0]


def test_seeds_that_were_named_stay() -> None:
    grid = Grid.named("a ball", 1.0, "g", [3, 4])
    assert (grid.take(3, look(1)), grid.take(4, look(1))) == (None, None)
    assert list(grid.cells) == [3, 4]


def test_the_last_seed_is_followed_by_the_first() -> None:
    assert list(Grid.counted("a ball", 1.0, "g", SEEDS - 1, 2).cells) == [SEEDS - 1, 0]


# --- in Blender ---------------------------------------------------------------------------------------------------


def test_the_grid_holds_as_many_different_shapes_as_asked_for(looks: Extension) -> None:
    assert bpy.ops.latte3d.variations(prompt="a ball", count=4) == {"FINISHED"}
    grid = looks.variations_ui.grid()
    assert list(grid.cells) == [0, 1, 2, 3]
    assert len(bpy.data.objects) == len(bpy.data.meshes) == len(bpy.data.images) == 0, "nothing of it is in the file"
    # The stand-in has five shapes: no ninth can come, whatever is tried.
    bpy.ops.latte3d.variations(prompt="a ball", count=9)
    grid = looks.variations_ui.grid()
    assert [cell.look.template for cell in grid.cells.values()] == [0, 1, 2, 3, 4]
    bpy.ops.latte3d.variations(prompt="a ball", seeds="7, 2-3")
    assert list(looks.variations_ui.grid().cells) == [7, 2, 3]


def test_the_scenes_settings_hold_where_nothing_is_given(looks: Extension) -> None:
    scene = bpy.context.scene
    scene.latte3d.prompt, scene.latte3d.seed, scene.latte3d.alpha = "an egg", 12, 0.5
    scene.latte3d_variations.count = 2
    bpy.ops.latte3d.variations()
    grid = looks.variations_ui.grid()
    assert (grid.prompt, grid.alpha, list(grid.cells)) == ("an egg", 0.5, [12, 13])


def test_pictures_stand_upright(looks: Extension) -> None:
    bpy.ops.latte3d.variations(prompt="a ball", seeds="0")
    size = looks.variations.PICTURE
    picture = looks.thumbnails._pictures["variation 0"]
    pixels = np.array(picture.image_pixels_float[:]).reshape(size, size, 4)
    np.testing.assert_allclose(pixels[-1, 0], [1, 0, 0, 1])  # Blender's last row is the upper one
    np.testing.assert_allclose(pixels[0, 0], 0)
    looks.thumbnails.put("variation 0", np.zeros((8, 16, 4), np.uint8))
    assert tuple(looks.thumbnails._pictures["variation 0"].image_size) == (16, 8)
    bpy.ops.latte3d.clear_variations()
    assert len(looks.thumbnails._pictures) == 0
    assert looks.thumbnails.icon("variation 0") == 0


def test_the_chosen_ones_are_made_in_a_row(looks: Extension) -> None:
    bpy.context.scene.cursor.location = (1.0, 2.0, 3.0)
    bpy.ops.latte3d.variations(prompt="a ball", count=4)
    for seed in (3, 0, 2, 2):
        bpy.ops.latte3d.pick_variation(seed=seed)
    assert looks.variations_ui.grid().chosen == [0, 3]
    assert bpy.ops.latte3d.keep_selected(texture_size=64, faces=777) == {"FINISHED"}
    first, second = sorted(bpy.data.objects, key=lambda obj: obj.location.x)
    assert (first["latte3d_seed"], second["latte3d_seed"]) == (0, 3)
    assert tuple(first.location) == (1.0, 2.0, 3.0)
    widths = [looks.variations_ui.grid().cells[seed].look.width for seed in (0, 3)]
    assert second.location.x == pytest.approx(1.0 + sum(widths) / 2 + GAP * max(widths), rel=1e-5)
    assert tuple(second.location)[1:] == (2.0, 3.0)
    tasks = [job.task for job in looks.session.jobs().jobs if isinstance(job.task, looks.generate.GenerateTask)]
    assert [(task.faces, task.texture_size, task.alpha) for task in tasks] == [(777, 64, 1.0)] * 2
    assert looks.variations_ui.grid().chosen == [], "made once is enough"


def test_one_undo_step_for_each_object_and_none_for_the_pictures(looks: Extension) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.latte3d.variations(prompt="a ball", count=3)
    bpy.ops.latte3d.keep_selected(seeds="0-1")
    assert len(bpy.data.objects) == 2
    bpy.ops.ed.undo()
    assert len(bpy.data.objects) == 1
    bpy.ops.ed.undo()
    assert len(bpy.data.objects) == 0
    assert len(looks.variations_ui.grid().cells) == 3


def test_one_is_made_at_once(looks: Extension) -> None:
    bpy.context.scene.cursor.location = (4.0, 0.0, 0.0)
    bpy.ops.latte3d.variations(prompt="a ball", count=3)
    bpy.ops.latte3d.keep_variation(seed=2)
    (obj,) = bpy.data.objects
    assert (obj["latte3d_seed"], obj.location.x) == (2, 4.0)
    with pytest.raises(RuntimeError, match="Not all of these variations"):
        bpy.ops.latte3d.keep_variation(seed=77)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"prompt": " "}, "The prompt is empty"),
        ({"prompt": "a ball", "alpha": 0.0}, "Shape Strength 0 all seeds look the same"),
        ({"prompt": "a ball", "count": 0}, "between 1 and 36, not 0"),
        ({"prompt": "a ball", "seeds": "many"}, "“many” is no seed"),
        ({"prompt": "FAIL"}, "use other words"),
    ],
)
def test_mistakes_are_one_sentence(looks: Extension, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(RuntimeError, match=words):
        bpy.ops.latte3d.variations(**settings)


def test_without_a_grid_the_buttons_say_why(looks: Extension) -> None:
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    for name in ("pick_variation", "keep_variation", "keep_selected", "clear_variations"):
        with pytest.raises(RuntimeError, match="press Show Variations"):
            getattr(bpy.ops.latte3d, name)()
    bpy.ops.latte3d.variations(prompt="a ball", count=2)
    with pytest.raises(RuntimeError, match="No variation is chosen"):
        bpy.ops.latte3d.keep_selected()
    with pytest.raises(RuntimeError, match="No variation has the seed 9"):
        bpy.ops.latte3d.pick_variation(seed=9)


def test_a_new_grid_stops_the_old_one(looks: Extension) -> None:
    ui, jobs = looks.variations_ui, looks.session.jobs()
    tasks = [looks.variations.ThumbnailTask("SLOW ball", seed, 1.0, group="old") for seed in range(2)]
    ui._grid = Grid.named("SLOW ball", 1.0, "old", [0, 1])
    old = [jobs.submit(task) for task in tasks]
    bpy.ops.latte3d.variations(prompt="a ball", count=2)
    assert all(job.state is looks.jobs.JobState.CANCELLED for job in old)
    looks.variations_ui.receive(tasks[0], look(0))
    assert list(ui.grid().cells) == [0, 1]
    assert ui.grid().prompt == "a ball"


def test_opening_a_file_forgets_the_grid(looks: Extension) -> None:
    bpy.ops.latte3d.variations(prompt="a ball", count=2)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    assert looks.variations_ui.grid() is None
    assert len(looks.thumbnails._pictures) == 0


def test_the_panel_follows_the_grid(looks: Extension) -> None:
    panel = looks.variations_ui.LATTE3D_PT_variations
    said = drawn(panel)
    assert "Small pictures come first" in texts(said)
    assert ("operator", "latte3d.keep_selected") not in said
    bpy.ops.latte3d.variations(prompt="a ball", count=5)
    said = drawn(panel)
    assert said.count(("operator", "latte3d.pick_variation")) == 5
    assert ("operator", "latte3d.keep_selected") in said
    assert "Only one shape" not in texts(said)
    bpy.ops.latte3d.variations(prompt="ONE ball", count=5)
    assert "Only one shape suits these words" in texts(drawn(panel))


def test_the_panel_shows_what_is_still_to_come(looks: Extension) -> None:
    ui, jobs = looks.variations_ui, looks.session.jobs()
    ui._grid = Grid.named("SLOW ball", 1.0, "g", [0])
    job = jobs.submit(looks.variations.ThumbnailTask("SLOW ball", 0, 1.0, group="g"))
    wait_for(lambda: job.stage == "text", looks)
    assert "…" in texts(drawn(ui.LATTE3D_PT_variations))
    assert "Failed" not in texts(drawn(ui.LATTE3D_PT_variations))
    jobs.cancel(job)
    assert "Failed" in texts(drawn(ui.LATTE3D_PT_variations))


@pytest.mark.slow
def test_with_the_model_that_ships() -> None:
    """The stand-ins above have the shape of the real thing."""
    latte3d_core = pytest.importorskip("latte3d_core")
    pytest.importorskip("torch")
    from latte3d_blender.variations import PICTURE, ThumbnailTask
    from latte3d_core.progress import Progress

    model = latte3d_core.Latte3D.from_pretrained("small", "cpu")
    made = [ThumbnailTask("a wooden chair", seed).run(model, Progress()) for seed in (0, 1)]
    assert made[0].template != made[1].template
    for one in made:
        assert (one.pixels.shape, one.pixels.dtype) == ((PICTURE, PICTURE, 4), np.uint8)
        assert 0.05 < (one.pixels[..., 3] > 0).mean() < 0.95
        assert 0.2 < one.width < 1.2
