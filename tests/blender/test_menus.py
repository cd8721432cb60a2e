"""Entries in Blender's menus, dropped files, and the preferences with what they change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import fake_core
import numpy as np
import pytest
from support import MODULE, Extension

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

from test_extension import Recorder, coordinates  # noqa: E402 - needs bpy


@pytest.fixture
def preferences(extension: Extension) -> Iterator[Any]:
    """The stored preferences, put back afterwards."""
    stored = bpy.context.preferences.addons[MODULE].preferences
    names = [name for name in stored.bl_rna.properties.keys() if name not in ("rna_type", "bl_idname")]  # noqa: SIM118
    before = {name: getattr(stored, name) for name in names}
    yield stored
    for name, value in before.items():
        setattr(stored, name, value)


def entries(draw: Any) -> list[tuple[str, str]]:
    said: list[tuple[str, str]] = []
    draw(SimpleNamespace(layout=Recorder(said), ENTRIES=getattr(draw, "ENTRIES", ())), bpy.context)
    return said


# --- menus ---


def test_the_menus_have_our_entries_while_the_extension_is_on(installed: ModuleType, extension: Extension) -> None:
    def ours() -> list[int]:
        names = [name for name, _ in places]
        return [
            sum(draw.__module__.startswith(MODULE) for draw in getattr(bpy.types, name)._dyn_ui_initialize())
            for name in names
        ]

    places = extension.menus_ui.PLACES
    assert ours() == [1, 1, 1]
    bpy.ops.preferences.addon_disable(module=MODULE)
    assert ours() == [0, 0, 0]
    bpy.ops.preferences.addon_enable(module=MODULE)


def test_the_entries_lead_to_operators(extension: Extension) -> None:
    said = [entry for _, draw in extension.menus_ui.PLACES for entry in entries(draw)]
    assert ("operator", "latte3d.add_object") in said
    assert ("operator", "latte3d.stylize_dialog") in said
    menu = extension.menus_ui.LATTE3D_MT_object
    found: list[tuple[str, str]] = []
    menu.draw(SimpleNamespace(layout=Recorder(found), ENTRIES=menu.ENTRIES), bpy.context)
    for name in ("regenerate", "vary", "mark_asset", "save_to_library"):
        assert ("operator", f"latte3d.{name}") in found


def test_what_is_not_there_is_not_in_the_menu(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> None:
    menu = extension.menus_ui.LATTE3D_MT_object
    found: list[tuple[str, str]] = []
    monkeypatch.setattr(extension.menus_ui, "registered", lambda name: name == "vary")
    menu.draw(SimpleNamespace(layout=Recorder(found), ENTRIES=menu.ENTRIES), bpy.context)
    assert found == [("operator", "latte3d.vary")]


def test_add_makes_an_object(extension: Extension) -> None:
    assert bpy.ops.latte3d.add_object(prompt="an egg", seed=3) == {"FINISHED"}
    assert bpy.context.object.name == "an egg"
    assert bpy.context.object["latte3d_seed"] == 3
    with pytest.raises(RuntimeError, match="The prompt is empty"):
        bpy.ops.latte3d.add_object(prompt="")


def test_stylize_from_the_menu_says_what_it_needs(extension: Extension) -> None:
    with pytest.raises(RuntimeError, match="Select one or more mesh objects"):
        bpy.ops.latte3d.stylize_dialog(prompt="gold")
    bpy.ops.mesh.primitive_cube_add()
    with pytest.raises(RuntimeError, match="The style is empty"):
        bpy.ops.latte3d.stylize_dialog(prompt=" ")


# --- dropped files ---


def test_a_dropped_list_fills_the_scene(extension: Extension, tmp_path: Path) -> None:
    (tmp_path / "größe.txt").write_text("a ball\n2 x an egg\n", encoding="utf-8")
    dropped = {"directory": str(tmp_path), "files": [{"name": "größe.txt"}]}
    assert bpy.ops.latte3d.drop_prompts(**dropped) == {"FINISHED"}
    names = sorted(obj["latte3d_prompt"] for obj in bpy.data.objects if obj.type == "MESH")
    assert names == ["a ball", "an egg", "an egg"]
    places = {tuple(round(value, 3) for value in obj.matrix_world.translation) for obj in bpy.data.objects}
    assert len(places) == 3, "a list without places stands on a grid"


def test_every_list_that_populate_reads_can_be_dropped(extension: Extension) -> None:
    from latte3d_blender.wishes import FORMATS

    endings = extension.menus_ui.LATTE3D_FH_prompts.bl_file_extensions.split(";")
    assert set(endings) == {".txt", *FORMATS}


def test_a_dropped_list_that_says_where(extension: Extension, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("prompt,x,y\na ball,5,6\n")
    bpy.ops.latte3d.drop_prompts(filepath=str(tmp_path / "list.csv"))
    (obj,) = [obj for obj in bpy.data.objects if obj.type == "MESH"]
    assert tuple(obj.matrix_world.translation)[:2] == (5, 6)


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "."), (b"prompt,x\na ball,1,2,3\n", "Line 2"), (b"\xff\xfe\x00", ".")]
)
def test_a_list_that_cannot_be_read_is_a_sentence(
    extension: Extension, tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(RuntimeError, match=words) as caught:
        bpy.ops.latte3d.drop_prompts(filepath=str(tmp_path / "list.csv"))
    assert "Traceback" not in str(caught.value)
    assert len(bpy.data.objects) == 0
    with pytest.raises(RuntimeError, match="one list of prompts at a time"):
        bpy.ops.latte3d.drop_prompts(files=[{"name": "a.txt"}, {"name": "b.txt"}])


def write_obj(path: Path) -> None:
    vertices, faces, _, _ = fake_core.ball(rings=6, segments=8)
    lines = [f"v {x} {y} {z}" for x, y, z in vertices] + [f"f {a} {b} {c}" for a, b, c in faces + 1]
    path.write_text("\n".join(lines))


def test_a_dropped_mesh_is_imported_and_selected(extension: Extension, tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_cube_add()
    write_obj(tmp_path / "thing.obj")
    assert bpy.ops.latte3d.drop_mesh(filepath=str(tmp_path / "thing.obj")) == {"FINISHED"}
    (obj,) = bpy.context.selected_objects
    assert obj.name == "thing" == bpy.context.object.name
    bpy.ops.export_scene.gltf(filepath=str(tmp_path / "thing.glb"), use_selection=True)
    bpy.ops.latte3d.drop_mesh(directory=str(tmp_path), files=[{"name": "thing.glb"}, {"name": "thing.obj"}])
    assert len(bpy.context.selected_objects) == 2


def test_a_mesh_file_that_cannot_be_read_is_a_sentence(extension: Extension, tmp_path: Path) -> None:
    (tmp_path / "bad.glb").write_bytes(b"nothing of the kind")
    for path in (tmp_path / "bad.glb", tmp_path / "missing.obj"):
        with pytest.raises(RuntimeError):
            bpy.ops.latte3d.drop_mesh(filepath=str(path))
    with pytest.raises(RuntimeError, match="No file was given"):
        bpy.ops.latte3d.drop_mesh()
    (tmp_path / "empty.obj").write_text("v 0 0 0\n")
    with pytest.raises(RuntimeError, match="no mesh"):
        bpy.ops.latte3d.drop_mesh(filepath=str(tmp_path / "empty.obj"))


def test_only_the_3d_view_takes_files(extension: Extension) -> None:
    for name in ("LATTE3D_FH_prompts", "LATTE3D_FH_meshes"):
        handler = getattr(extension.menus_ui, name)
        module, operator = handler.bl_import_operator.split(".")
        kind = getattr(getattr(bpy.ops, module), operator).get_rna_type()
        assert {"filepath", "directory", "files"} <= set(kind.properties.keys())
        for area, taken in (("VIEW_3D", True), ("IMAGE_EDITOR", False)):
            assert handler.poll_drop(SimpleNamespace(area=SimpleNamespace(type=area))) is taken
        assert not handler.poll_drop(SimpleNamespace(area=None))


# --- preferences ---


def test_threads_reach_the_worker(extension: Extension, preferences: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    extension.run("a ball")
    assert asked == [], "0 leaves torch alone"
    preferences.threads = 3
    extension.run("a ball")
    extension.run("a ball")
    assert asked == [3]
    assert extension.session.jobs().last.task.threads == 3
    preferences.threads = 0
    extension.run("a ball")
    assert asked == [3, torch.get_num_threads()]


def test_the_size_of_new_objects(extension: Extension, preferences: Any) -> None:
    preferences.size = "UNIT"
    points = coordinates(extension.run("a ball").data)
    assert np.ptp(points, axis=0).max() == pytest.approx(1.0, rel=1e-5)
    preferences.size = "REAL"
    points = coordinates(extension.run("a ball").data)
    assert np.ptp(points, axis=0).max() == pytest.approx(fake_core.SIZE_M, rel=1e-5)


def test_new_files_begin_with_the_budgets_of_the_preferences(
    extension: Extension, preferences: Any, tmp_path: Path
) -> None:
    bpy.context.scene.latte3d.faces = 777
    preferences.faces, preferences.texture_size = 12_000, "2048"
    assert bpy.context.scene.latte3d.faces == 777, "what somebody has chosen stays"
    assert bpy.context.scene.latte3d.texture_size == "2048"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "x.blend"))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    assert (bpy.context.scene.latte3d.faces, bpy.context.scene.latte3d.texture_size) == (12_000, "2048")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "x.blend"))
    assert bpy.context.scene.latte3d.faces == 777


def test_free_memory_lets_go_of_the_model(extension: Extension) -> None:
    first = extension.run("a ball")["latte3d_load"]
    assert extension.run("a ball")["latte3d_load"] == first
    assert bpy.ops.latte3d.free_memory() == {"FINISHED"}
    assert extension.run("a ball")["latte3d_load"] == first + 1
    task = extension.generate.GenerateTask
    extension.session.jobs().submit(task("SLOW ball"))
    with pytest.raises(RuntimeError, match="cancel them first, or wait"):
        bpy.ops.latte3d.free_memory()
    extension.session.jobs().cancel_all()


def test_free_memory_ends_the_separate_process(separate: Extension) -> None:
    separate.run("a ball")
    backend = separate.session.jobs()._backend
    child = backend._child._process
    assert child.poll() is None
    bpy.ops.latte3d.free_memory()
    assert child.poll() is not None
    assert separate.run("a ball").name.startswith("a ball")


def test_a_model_is_chosen_and_chosen_back(extension: Extension, preferences: Any, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no model file"):
        bpy.ops.latte3d.choose_model(filepath=str(tmp_path / "none.safetensors"))
    (tmp_path / "mine.safetensors").touch()
    preferences.model_folder = str(tmp_path)
    bpy.ops.latte3d.choose_model(filepath=str(tmp_path / "mine.safetensors"))
    assert Path(preferences.model) == tmp_path / "mine.safetensors"
    assert extension.preferences.seen.digest == ""
    said: list[tuple[str, str]] = []
    menu = extension.models_ui.LATTE3D_MT_models
    menu.draw(SimpleNamespace(layout=Recorder(said)), bpy.context)
    assert len(said) == 2
    bpy.ops.latte3d.choose_model()
    assert extension.preferences.read(bpy.context)[1] == "small"
    bpy.ops.latte3d.choose_device(device="cpu")
    assert preferences.device == "cpu"


def test_import_checks_copies_and_chooses(extension: Extension, preferences: Any, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from latte3d_core.checkpoint import save_checkpoint
    from latte3d_core.model.latte import LatteNet
    from latte3d_core.model.templates import Templates
    from latte3d_core.presets import tiny

    nothing, ends = np.zeros(0, np.uint8), np.zeros(0, np.int64)
    templates = Templates(
        categories=(), shape_bytes=nothing, shape_ends=ends, color_bytes=nothing, color_ends=ends,
        palettes=np.zeros((0, 8, 3), np.uint8), embeddings=np.zeros((0, 384), np.int8),
        captions=np.zeros(0, np.int32), owners=np.zeros(0, np.int32),
    )  # fmt: skip
    source, folder = tmp_path / "mine.safetensors", tmp_path / "models"
    for seed in (0, 1):
        torch.manual_seed(seed)
        digest = save_checkpoint(source, LatteNet(tiny()), templates, {"name": "tiny"})
        preferences.model_folder = str(folder)
        for _ in range(2):
            assert bpy.ops.latte3d.import_model(filepath=str(source)) == {"FINISHED"}
        assert extension.preferences.seen.digest == digest
    assert sorted(path.name for path in folder.iterdir()) == ["mine 2.safetensors", "mine.safetensors"]
    assert Path(preferences.model).name == "mine 2.safetensors"
    data = bytearray(source.read_bytes())
    data[-5] ^= 255
    (tmp_path / "altered.safetensors").write_bytes(data)
    (tmp_path / "foreign.safetensors").write_bytes(b"no model at all")
    for name, words in (("altered", "altered"), ("foreign", "not a LATTE3D model file"), ("none", "No model file")):
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.latte3d.import_model(filepath=str(tmp_path / f"{name}.safetensors"))
    assert len(list(folder.iterdir())) == 2, "nothing of it stays"


def test_the_folders_are_measured(extension: Extension, preferences: Any, tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(bytes(2_500_000))
    (tmp_path / "other.bin").write_bytes(bytes(9_000_000))
    preferences.model_folder = str(tmp_path)
    assert bpy.ops.latte3d.measure_storage() == {"FINISHED"}
    assert extension.preferences.seen.models == "2.5 MB"
    assert extension.preferences.seen.history.endswith("kB")
