"""What objects say of themselves, the remembered prompts, small pictures, assets and libraries."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_core
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import Extension

from latte3d_blender import assets
from latte3d_blender.history import LIMIT, History
from latte3d_blender.picture import draw, texture_colors
from latte3d_blender.prepare import to_blender_frame
from latte3d_blender.provenance import BlendRecord, Provenance, RefineRecord, read

values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.lists(st.integers(), max_size=3)
)


# --- what an object says ---


@given(st.dictionaries(st.sampled_from(["latte3d_" + name for name in Provenance.__dataclass_fields__]), values))
def test_nothing_that_an_object_says_breaks_anything(properties: dict[str, Any]) -> None:
    how = read(properties)
    if how is None:
        prompt = properties.get("latte3d_prompt")
        assert not isinstance(prompt, str) or not prompt.strip()
        return
    assert 0 <= how.seed < 2**31
    assert 0.0 <= how.alpha <= 1.0
    assert 100 <= how.faces <= 200_000
    assert 64 <= how.texture_size <= 8192
    assert how.unwrap in ("fast", "careful")


def test_blends_and_refinements_are_read() -> None:
    said: dict[str, Any] = {"latte3d_prompt": "a ball to an egg", "latte3d_blend": 0.25}
    for name, prompt in (("start", "a ball"), ("end", "an egg")):
        said[f"latte3d_{name}"] = json.dumps({"prompt": prompt, "seed": 4, "alpha": 0.5})
    how = read(said)
    assert how is not None and how.again
    assert (how.seed, how.alpha, how.blend) == (4, 0.5, BlendRecord("a ball", "an egg", 0.25))
    how = read({**said, "latte3d_steps": 7})
    assert how is not None and how.blend is not None and how.blend.steps == 7
    record = json.dumps({"budget": 30.0, "reshape": True, "steps": 5})
    how = read({"latte3d_prompt": "a ball", "latte3d_refined": record})
    assert how is not None and how.again and how.refined == RefineRecord(30.0, True)


@given(
    st.dictionaries(
        st.sampled_from(["latte3d_" + name for name in ("blend", "steps", "start", "end", "refined")]),
        st.one_of(
            values,
            st.dictionaries(
                st.sampled_from(["prompt", "seed", "alpha", "budget", "reshape", "prior"]),
                st.one_of(values, st.just("a ball"), st.just(10**400)),
            ).map(json.dumps),
            st.just("[" * 9000),
        ),
    )
)
def test_no_record_of_a_blend_or_a_refinement_breaks_anything(properties: dict[str, Any]) -> None:
    how = read({"latte3d_prompt": "a ball", **properties})
    assert how is not None
    assert 0 <= how.seed < 2**31 and 0.0 <= how.alpha <= 1.0
    if how.blend is not None:
        assert how.blend.start.strip() and how.blend.end.strip()
        assert 0.0 <= how.blend.factor <= 1.0 and (how.blend.steps == 0 or 2 <= how.blend.steps <= 64)
    if how.refined is not None:
        assert 0.0 < how.refined.budget <= 3600.0 and how.refined.prior


def test_what_takes_more_than_a_prompt_says_so() -> None:
    said = {"latte3d_prompt": "a ball", "latte3d_seed": 4, "latte3d_model_sha256": "ab"}
    assert read(said) == Provenance("a ball", seed=4, digest="ab")
    for name in ("shape", "preview", "blend", "steps", "refined"):
        how = read({**said, f"latte3d_{name}": 1})
        assert how is not None and not how.again


# --- the file of the history ---


@pytest.fixture
def kept(tmp_path: Path) -> History:
    return History(tmp_path / "history.jsonl", tmp_path / "pictures", clock=lambda: 5.0)


def again(history: History) -> History:
    return History(history.file, history.pictures)


def prompts(history: History) -> list[str]:
    return [entry.how.prompt for entry in history.entries]


def test_the_newest_comes_first_and_everything_is_read_back(kept: History) -> None:
    first = kept.add(
        "egg", Provenance("ein rotes Ei 🥚\nmit Punkten", 12, 0.25, 800, 256, "careful", "small", "ab", "1")
    )
    kept.add("ball", Provenance("a ball"), b"picture")
    assert prompts(again(kept)) == ["a ball", "ein rotes Ei 🥚\nmit Punkten"]
    assert again(kept).entries == kept.entries
    assert kept.picture(kept.entries[0]).read_bytes() == b"picture"
    assert not kept.picture(first).exists()


def test_the_same_prompt_moves_to_the_front_and_keeps_its_picture(kept: History) -> None:
    one = kept.add("ball", Provenance("a ball"), b"one")
    kept.add("egg", Provenance("an egg"))
    kept.add("ball", Provenance("a ball", seed=1))
    two = kept.add("ball.001", Provenance("a ball"))
    assert (two.id, two.name) == (one.id, "ball.001")
    assert prompts(kept) == ["a ball", "a ball", "an egg"]
    assert kept.picture(two).read_bytes() == b"one"


def test_the_oldest_go_with_their_pictures(kept: History) -> None:
    for number in range(LIMIT + 3):
        kept.add("x", Provenance(f"number {number}"), b"p")
    assert len(kept.entries) == LIMIT
    assert prompts(kept)[-1] == "number 3"
    assert len(list(kept.pictures.iterdir())) == LIMIT


def test_forget_one_and_all(kept: History) -> None:
    one, two = (kept.add("x", Provenance(prompt), b"p") for prompt in ("one", "two"))
    assert kept.remove(one.id)
    assert not kept.remove(one.id)
    assert prompts(again(kept)) == ["two"]
    assert [path.stem for path in kept.pictures.iterdir()] == [two.id]
    kept.clear()
    assert again(kept).entries == ()
    assert list(kept.pictures.iterdir()) == []


def test_two_blenders_lose_nothing(kept: History) -> None:
    other = again(kept)
    kept.add("x", Provenance("one"))
    other.add("x", Provenance("two"))
    kept.add("x", Provenance("three"))
    assert prompts(kept) == ["three", "two", "one"]


def test_a_broken_file_is_kept_aside_with_a_word(kept: History) -> None:
    kept.add("x", Provenance("one"))
    good = kept.file.read_text(encoding="utf-8")
    kept.file.write_bytes(
        good.encode() + b'{"id": "../up", "name": "x", "made": 1, "how": {"prompt": "p"}}\n\xff{nonsense\n'
    )
    found = again(kept)
    assert prompts(found) == ["one"]
    assert "2 lines" in found.notice
    aside = [path for path in kept.file.parent.iterdir() if "broken" in path.name]
    assert len(aside) == 1
    assert aside[0].name in found.notice
    assert b"nonsense" in aside[0].read_bytes()
    assert again(kept).notice == "", "said once"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([b"{}", b"[]", b"null", b'{"how": 3}', b"[" * 5000])))
)
def test_no_content_of_the_file_breaks_the_history(tmp_path: Path, lines: list[bytes]) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(b"\n".join(lines))
    assert History(file, tmp_path / "pictures").entries == ()


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    history = History(tmp_path / "file" / "history.jsonl", tmp_path / "file" / "pictures")
    history.add("x", Provenance("one"), b"p")
    assert prompts(history) == ["one"], "it is still there for this session"
    assert "cannot be written" in history.notice


def test_a_write_that_breaks_off_leaves_the_old_file(kept: History, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.add("x", Provenance("one"))

    def no_space(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("latte3d_blender.history.os.replace", no_space)
    kept.add("x", Provenance("two"))
    monkeypatch.undo()
    assert prompts(again(kept)) == ["one"]
    assert [path.name for path in kept.file.parent.iterdir()] == ["history.jsonl"], "no leftovers"


def test_search_wants_all_words(kept: History) -> None:
    for prompt in ("a red car", "a blue car", "ein Käfer"):
        kept.add("x", Provenance(prompt))
    assert [entry.how.prompt for entry in kept.search("CAR red")] == ["a red car"]
    assert [entry.how.prompt for entry in kept.search("käfer")] == ["ein Käfer"]
    assert len(kept.search("  ")) == 3


# --- pictures ---


def look(color: tuple[float, float, float]) -> Any:
    return lambda faces, weights: np.broadcast_to(np.float32(color), (len(faces), 3))


def test_the_nearer_face_is_seen() -> None:
    square = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]], np.float64)
    vertices = np.concatenate([square, square * 0.5 + [0, -1, 0]])  # the small one is in front (-Y)
    faces = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    colors = lambda faces, weights: np.where(faces[:, None] < 2, [1.0, 0, 0], [0, 1.0, 0])  # noqa: E731
    seen = draw(vertices, faces, colors, 64)
    behind = draw(vertices, faces[::-1], lambda f, w: colors(3 - f, w), 64)
    np.testing.assert_array_equal(seen, behind)
    green = (seen[..., 1] > seen[..., 0]) & (seen[..., 3] > 250)
    red = (seen[..., 0] > seen[..., 1]) & (seen[..., 3] > 250)
    # Unlike the square behind, nothing hides the small one: it shows all of its quarter of the larger one's area.
    assert green.sum() / (green.sum() + red.sum()) == pytest.approx(0.25, abs=0.08)


def test_a_ball_is_a_disc_that_fills_the_picture() -> None:
    vertices, faces, _, _ = fake_core.ball()
    vertices = (vertices - [0.1, 0.2, 0.05]) / [0.8, 0.4, 0.2]  # a sphere
    alpha = draw(to_blender_frame(vertices, 1.0), faces, look((1, 1, 1)), 96)[..., 3] / 255
    assert alpha.sum() / 96**2 == pytest.approx(math.pi / 4 * 0.94**2, rel=0.02)
    rows, columns = np.nonzero(alpha > 0.5)
    assert abs(rows.mean() - 47.5) < 1 and abs(columns.mean() - 47.5) < 1


def test_colours_and_top_are_where_they_belong() -> None:
    vertices, faces, uvs, texture = fake_core.ball()
    picture = draw(to_blender_frame(vertices, 1.0), faces, texture_colors(uvs, texture), 64).astype(int)
    solid = picture[..., 3] == 255
    red = solid & (picture[..., 0] > picture[..., 2])
    assert red.any() and (solid & ~red).any()
    assert np.nonzero(red)[0].mean() < np.nonzero(solid & ~red)[0].mean(), "the upper half of the texture is on top"


@pytest.mark.parametrize(
    ("vertices", "faces"),
    [
        (np.zeros((0, 3)), np.zeros((0, 3), int)),
        (np.zeros((3, 3)), np.array([[0, 1, 2]])),
        (np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0.0]]), np.array([[0, 1, 2]])),
        (np.array([[np.nan, 0, 0], [1, 0, 0], [0, 0, 1]]), np.array([[0, 1, 2]])),
    ],
)
def test_poor_meshes_give_a_picture_all_the_same(vertices: np.ndarray, faces: np.ndarray) -> None:
    picture = draw(vertices, faces, look((1, 1, 1)), 16)
    assert picture.shape == (16, 16, 4) and picture.dtype == np.uint8


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    vertices, faces, uvs, texture = fake_core.ball()
    arguments = (to_blender_frame(vertices, 1.0), faces, texture_colors(uvs, texture), 48)
    whole = draw(*arguments)
    monkeypatch.setattr("latte3d_blender.picture.CHUNK", 700)
    np.testing.assert_array_equal(draw(*arguments), whole)


# --- tags and catalogues ---


def test_tags_are_the_words_that_say_something() -> None:
    assert assets.tags("A Red sports-car with a red roof, made of tin!") == ("red", "sports-car", "roof", "tin")
    assert assets.tags("ein grüner Käfer 12 x 3") == ("ein", "grüner", "käfer")
    assert assets.tags("the of a") == ()
    assert len(assets.tags(" ".join("abcdefghijklmnopqrstuvwxyz"[i : i + 2] for i in range(20)))) == assets.MAX_TAGS


def test_the_catalogue_is_added_once_and_others_stay() -> None:
    text, number = assets.with_catalog("")
    assert "VERSION 1" in text and number == assets.CATALOG_ID
    assert assets.with_catalog(text) == (text, number)
    others = "VERSION 1\n\n11111111-2222-3333-4444-555555555555:Trees/Old:Trees"
    text, number = assets.with_catalog(others)
    assert text.startswith(others + "\n") and text.endswith(f"{number}:LATTE3D:LATTE3D\n")
    mine = "VERSION 1\n11111111-2222-3333-4444-555555555555:LATTE3D:x\n"
    assert assets.with_catalog(mine) == (mine, "11111111-2222-3333-4444-555555555555")
    renamed = f"VERSION 1\n{assets.CATALOG_ID}:Props/Generated:x\n"
    assert assets.with_catalog(renamed) == (renamed, assets.CATALOG_ID), "the artist may call it as he likes"
    windows = "VERSION 1\r\n\r\n# note\r\n11111111-2222-3333-4444-555555555555:Trees:Trees\r\n"
    text, _ = assets.with_catalog(windows)
    assert text == f"{windows}{assets.CATALOG_ID}:LATTE3D:LATTE3D\r\n"


def test_catalogues_are_looked_for_where_blender_does(tmp_path: Path) -> None:
    inner, outer, other = tmp_path / "lib" / "inner", tmp_path / "lib", tmp_path / "library"
    file = str(inner / "x.blend")
    assert assets.home_of("", [str(outer)]) is None
    assert assets.home_of(file, ["", str(other), str(outer), str(inner)]) == (outer, True), "the first that has it"
    assert assets.home_of(file, [f"{outer}/"]) == (outer, True)
    assert assets.home_of(str(other / "x.blend"), [str(tmp_path / "lib")]) == (other, False)


@pytest.mark.parametrize("name", ["a ball", "../../etc/passwd", "con|?*", "x" * 300, "  ", "红色"])
def test_files_get_safe_and_free_names(tmp_path: Path, name: str) -> None:
    first = assets.free_path(tmp_path, name)
    first.touch()
    second = assets.free_path(tmp_path, name)
    assert first.parent == second.parent == tmp_path
    assert first != second
    assert second.stem == f"{first.stem} 2"


# --- in Blender ---

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

from test_extension import coordinates, drawn, texts  # noqa: E402 - needs bpy


@pytest.fixture
def fresh(extension: Extension) -> Iterator[Extension]:
    """The extension with an empty history, which is put away afterwards."""
    history = extension.history_ui.prompts()
    history.clear()
    yield extension
    history.clear()


def test_what_is_made_is_remembered_with_a_picture(fresh: Extension) -> None:
    fresh.run("a ball", seed=4, alpha=0.25)
    history = fresh.history_ui.prompts()
    (entry,) = history.entries
    assert (entry.name, entry.how.prompt, entry.how.seed, entry.how.alpha) == ("a ball", "a ball", 4, 0.25)
    image = bpy.data.images.load(str(history.picture(entry)))
    pixels = np.array(image.pixels[:]).reshape(image.size[1], image.size[0], 4)
    assert 0.1 < (pixels[..., 3] > 0.5).mean() < 0.9
    fresh.run("an egg")
    fresh.run("a ball", seed=4, alpha=0.25)
    assert prompts(history) == ["a ball", "an egg"]


def test_recall_fills_the_panel(fresh: Extension) -> None:
    fresh.run("a ball", seed=4, alpha=0.25)
    fresh.run("an egg", seed=7)
    entry = fresh.history_ui.prompts().entries[1]
    scene = bpy.context.scene.latte3d
    assert bpy.ops.latte3d.recall(entry=entry.id) == {"FINISHED"}
    assert (scene.prompt, scene.seed, scene.alpha) == ("a ball", 4, 0.25)
    bpy.ops.latte3d.recall()
    assert (scene.prompt, scene.seed) == ("an egg", 7)
    bpy.ops.latte3d.recall(object="a ball")
    assert scene.seed == 4
    bpy.ops.latte3d.forget(entry=entry.id)
    with pytest.raises(RuntimeError, match="not in the history any more"):
        bpy.ops.latte3d.recall(entry=entry.id)
    bpy.ops.latte3d.clear_history()
    with pytest.raises(RuntimeError, match="history is empty"):
        bpy.ops.latte3d.clear_history()
    assert len(bpy.data.objects) == 2, "objects stay"


def test_the_history_panel(fresh: Extension) -> None:
    panel = fresh.history_ui.LATTE3D_PT_history
    assert "will be listed here" in texts(drawn(panel))
    for seed in range(fresh.history_ui.ROWS + 2):
        fresh.run("a ball", seed=seed)
    said = drawn(panel)
    assert said.count(("operator", "latte3d.recall")) == fresh.history_ui.ROWS
    assert ("prop", "page") in said
    bpy.context.scene.latte3d_history.page = 2
    assert drawn(panel).count(("operator", "latte3d.recall")) == 2
    bpy.context.scene.latte3d_history.page = 99
    assert drawn(panel).count(("operator", "latte3d.recall")) == 2, "the last one, when there are fewer"
    bpy.context.scene.latte3d_history.search = "nothing like it"
    assert "No prompt has these words" in texts(drawn(panel))


def test_regenerate_keeps_the_place_and_the_rest(fresh: Extension) -> None:
    obj = fresh.run("a ball", seed=5)
    obj.name = "Mine"
    obj.location, obj.scale, obj.rotation_euler = (1, 2, 3), (2, 1, 1), (0, 0, 0.5)
    obj.modifiers.new("Thick", "SOLIDIFY")
    twin = bpy.data.objects.new("Twin", obj.data)
    bpy.context.scene.collection.objects.link(twin)
    before, points, materials = obj.data, coordinates(obj.data), len(bpy.data.materials)
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.latte3d.regenerate(object="Mine") == {"FINISHED"}
    obj = bpy.data.objects["Mine"]
    assert tuple(obj.location) == (1, 2, 3) and tuple(obj.scale) == (2, 1, 1)
    assert [modifier.name for modifier in obj.modifiers] == ["Thick"]
    assert obj.data != before and twin.data == before
    assert obj["latte3d_seed"] == 5
    assert len(bpy.data.materials) == materials + 1
    np.testing.assert_array_equal(coordinates(obj.data), points)
    bpy.ops.ed.undo()
    assert bpy.data.objects["Mine"].data == bpy.data.objects["Twin"].data


def test_regenerate_keeps_another_size(fresh: Extension) -> None:
    obj = fresh.run("a ball")
    obj.data.transform(((0.5, 0, 0, 0), (0, 0.5, 0, 0), (0, 0, 0.5, 0), (0, 0, 0, 1)))
    bpy.context.view_layer.update()
    size = tuple(obj.dimensions)
    bpy.ops.latte3d.regenerate()
    bpy.context.view_layer.update()
    assert tuple(bpy.context.object.dimensions) == pytest.approx(size, rel=1e-4)
    assert bpy.context.object == obj


def test_vary_stands_beside_it_with_another_seed(fresh: Extension) -> None:
    obj = fresh.run("a ball", seed=5)
    obj.location = (1, 2, 3)
    bpy.context.view_layer.update()
    bpy.ops.latte3d.vary(object=obj.name, seed=9)
    other = bpy.context.object
    assert other != obj and other["latte3d_seed"] == 9
    assert tuple(other.location)[1:] == (2, 3)
    bpy.context.view_layer.update()
    gap = (other.location.x - other.dimensions.x / 2) - (obj.location.x + obj.dimensions.x / 2)
    assert gap == pytest.approx(0.2 * other.dimensions.x, rel=1e-3)
    bpy.ops.latte3d.vary(object=obj.name)
    assert bpy.context.object["latte3d_seed"] not in (5, 9)


def test_objects_that_cannot_be_made_again_say_why(fresh: Extension) -> None:
    with pytest.raises(RuntimeError, match="no object in this file"):
        bpy.ops.latte3d.regenerate()
    bpy.ops.mesh.primitive_cube_add()
    for operator in (bpy.ops.latte3d.regenerate, bpy.ops.latte3d.vary, bpy.ops.latte3d.copy_prompt):
        with pytest.raises(RuntimeError, match="does not say how it was made"):
            operator()
        with pytest.raises(RuntimeError, match="no object “Nobody”"):
            operator(object="Nobody")
    bpy.context.object["latte3d_prompt"] = "a ball to a cube"
    bpy.context.object["latte3d_blend"] = 0.5
    with pytest.raises(RuntimeError, match="does not say all that it takes"):
        bpy.ops.latte3d.vary()
    assert bpy.ops.latte3d.copy_prompt() == {"FINISHED"}


def test_this_object_tells_how_it_was_made(fresh: Extension) -> None:
    panel = fresh.history_ui.LATTE3D_PT_object
    bpy.ops.mesh.primitive_cube_add()
    assert not panel.poll(bpy.context)
    obj = fresh.run("a small ball", seed=12, alpha=0.25)
    assert panel.poll(bpy.context)
    said = texts(drawn(panel))
    for part in ("a small ball", "12", "0.25", "abababab"):
        assert part in said
    fresh.preferences.seen.digest = "cd" * 32
    assert "another model" in texts(drawn(panel))
    fresh.preferences.seen.digest = "ab" * 32
    assert "another model" not in texts(drawn(panel))
    obj["latte3d_seed"], obj["latte3d_model_sha256"], obj["latte3d_alpha"] = "what", 3, [1, 2]
    drawn(panel)


def test_the_model_that_made_an_object_is_found_again(fresh: Extension, tmp_path: Path) -> None:
    preferences = bpy.context.preferences.addons[fresh.preferences.__package__].preferences
    header = json.dumps({"__metadata__": {"latte3d": json.dumps({"sha256": "ab" * 32})}}).encode()
    (tmp_path / "old.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    obj = fresh.run("a ball")
    try:
        preferences.model_folder = str(tmp_path)
        bpy.ops.latte3d.regenerate(object=obj.name)
        assert Path(fresh.session.jobs().last.task.model).name == "old.safetensors"
        preferences.model_folder = ""
        bpy.ops.latte3d.regenerate(object=obj.name)
        assert fresh.session.jobs().last.task.model == "small", "with a warning"
    finally:
        preferences.model_folder = ""


def test_an_asset_has_picture_tags_and_licence(fresh: Extension) -> None:
    preferences = bpy.context.preferences.addons[fresh.preferences.__package__].preferences
    obj = fresh.run("a red ball")
    try:
        preferences.author, preferences.license = "Ada", "CC0 1.0"
        assert bpy.ops.latte3d.mark_asset() == {"FINISHED"}
    finally:
        preferences.author = preferences.license = ""
    data = obj.asset_data
    assert (data.author, data.license, data.description) == ("Ada", "CC0 1.0", "a red ball")
    assert [tag.name for tag in data.tags] == ["red", "ball"]
    assert data.catalog_id == assets.CATALOG_ID
    side = fresh.assets_ui.PICTURE_SIZE
    assert tuple(obj.preview.image_size) == (side, side)
    pixels = np.array(obj.preview.image_pixels_float[:]).reshape(side, side, 4)
    shown = pixels[..., 3] > 0.99
    assert 0.1 < shown.mean() < 0.9
    red = shown & (pixels[..., 0] > pixels[..., 2])
    assert np.nonzero(red)[0].mean() > np.nonzero(shown & ~red)[0].mean(), "Blender's rows begin at the bottom"
    data.description = "my own words"
    bpy.ops.latte3d.mark_asset(objects=[{"name": obj.name}])
    assert data.description == "my own words"


def test_marking_leaves_out_what_is_not_there(fresh: Extension) -> None:
    with pytest.raises(RuntimeError, match="nothing to mark"):
        bpy.ops.latte3d.mark_asset()
    obj = fresh.run("a ball")
    assert bpy.ops.latte3d.mark_asset(objects=[{"name": "Nobody"}, {"name": obj.name}]) == {"FINISHED"}
    assert obj.asset_data is not None
    bpy.ops.object.empty_add()
    assert bpy.ops.latte3d.mark_asset() == {"FINISHED"}, "anything can be an asset, if without a picture"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "Bücher"
    folder.mkdir()
    libraries = bpy.context.preferences.filepaths.asset_libraries
    made = libraries.new(name="Mine", directory=str(folder))
    yield folder
    libraries.remove(made)


def test_a_library_file_can_be_linked_and_the_open_file_stays(fresh: Extension, library: Path) -> None:
    obj = fresh.run("a red ball")
    assert bpy.ops.latte3d.save_to_library(library="Mine") == {"FINISHED"}
    assert obj.asset_data is None
    assert sorted(path.name for path in library.iterdir()) == ["a red ball.blend", assets.CATALOG_FILE]
    assert f"{assets.CATALOG_ID}:LATTE3D:" in (library / assets.CATALOG_FILE).read_text()
    bpy.ops.latte3d.save_to_library(library="Mine", objects=[{"name": obj.name}], name="again")
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(library / "again.blend"), assets_only=True) as (source, target):
        target.objects = source.objects
    (obj,) = target.objects
    assert obj.asset_data.description == "a red ball"
    assert obj.asset_data.catalog_id == assets.CATALOG_ID
    assert obj["latte3d_prompt"] == "a red ball"
    assert obj.data.materials[0].node_tree.nodes["Base Color"].image.packed_file is not None


def marked_in(folder: Path) -> str:
    """Mark the active object in a file that is saved there, and return the number of its catalogue."""
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "open.blend"))
    assert bpy.ops.latte3d.mark_asset(objects=[{"name": bpy.context.object.name}]) == {"FINISHED"}
    number: str = bpy.context.object.asset_data.catalog_id
    return number


def test_marking_in_a_library_sees_to_the_catalogue(fresh: Extension, library: Path) -> None:
    fresh.run("a ball")
    inner = library / "props"
    inner.mkdir()
    listed = library / assets.CATALOG_FILE
    others = b"VERSION 1\r\n11111111-2222-3333-4444-555555555555:Trees \xff:Trees\r\n"
    listed.write_bytes(others)
    listed.chmod(0o666)
    assert marked_in(inner) == assets.CATALOG_ID
    assert [path.name for path in inner.iterdir()] == ["open.blend"]
    assert listed.read_bytes() == others + f"{assets.CATALOG_ID}:LATTE3D:LATTE3D\r\n".encode()
    assert listed.stat().st_mode & 0o777 == 0o666
    before = listed.stat().st_mtime_ns
    assert marked_in(inner) == assets.CATALOG_ID
    assert listed.stat().st_mtime_ns == before, "once is enough"
    listed.write_text("VERSION 1\n11111111-2222-3333-4444-555555555555:LATTE3D:x\n")
    assert marked_in(inner) == "11111111-2222-3333-4444-555555555555", "the library's own, for what is not filed yet"
    listed.write_text("VERSION 1\n")
    assert marked_in(inner) == "11111111-2222-3333-4444-555555555555"
    assert listed.read_text() == "VERSION 1\n", "a catalogue that the artist chose needs none of ours"


def test_marking_elsewhere_writes_only_where_there_are_catalogues(
    fresh: Extension, library: Path, tmp_path: Path
) -> None:
    obj = fresh.run("a ball")
    assert bpy.ops.latte3d.mark_asset() == {"FINISHED"}, "a file that is not saved has no place for catalogues"
    assert obj.asset_data.catalog_id == assets.CATALOG_ID
    folder = tmp_path / "project"
    folder.mkdir()
    assert marked_in(folder) == assets.CATALOG_ID
    assert [path.name for path in folder.iterdir()] == ["open.blend"]
    (folder / assets.CATALOG_FILE).write_text("VERSION 1\n")
    assert marked_in(folder) == assets.CATALOG_ID
    assert assets.CATALOG_ID in (folder / assets.CATALOG_FILE).read_text()
    assert list(library.iterdir()) == []


def test_a_catalogue_that_cannot_be_written_leaves_an_asset(
    fresh: Extension, library: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh.run("a ball")

    def no_space(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fresh.assets_ui.atomic, "write", no_space)
    assert marked_in(library) == assets.CATALOG_ID
    assert not (library / assets.CATALOG_FILE).exists()
    assert "No space left on device" in capsys.readouterr().out


def test_libraries_that_cannot_be_used_say_why(fresh: Extension, library: Path) -> None:
    fresh.run("a ball")
    with pytest.raises(RuntimeError, match="no asset library “Other”"):
        bpy.ops.latte3d.save_to_library(library="Other")
    (library / assets.CATALOG_FILE).mkdir()
    with pytest.raises(RuntimeError, match="cannot be written"):
        bpy.ops.latte3d.save_to_library(library="Mine")
    assert bpy.context.object.asset_data is None
    (library / assets.CATALOG_FILE).rmdir()
    library.rmdir()
    with pytest.raises(RuntimeError, match="is not there"):
        bpy.ops.latte3d.save_to_library(library="Mine")
