"""Refine: better looks in place, and the way back."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fake_looks
import numpy as np
import pytest
from support import Extension
from test_extension import coordinates, drawn, texts, wait_for

pytest.importorskip("torch", reason="these tasks run on the core, which needs torch")

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

from test_stylize import ListRecorder  # noqa: E402 - needs bpy


@pytest.fixture
def refining(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> fake_looks.Refining:
    """The stand-in for the refinement; with it the generator gives fields, and no prior is read."""
    stub = fake_looks.install(monkeypatch)
    monkeypatch.setattr(extension.refine_task, "guidance_of", lambda *_: fake_looks.no_guidance)
    extension.session.open_session(extension.worker.ThreadBackend(fake_looks.load))
    return stub


def generated(changes: dict[str, Any] | None = None) -> Any:
    """An object as Generate makes it, with some of its properties set otherwise; None takes one away."""
    bpy.ops.latte3d.generate(prompt="a ball", seed=5, alpha=0.5, texture_size=64)
    obj = bpy.context.view_layer.objects.active
    for key, value in (changes or {}).items():
        if value is None:
            del obj[f"latte3d_{key}"]
        else:
            obj[f"latte3d_{key}"] = value
    return obj


def test_the_object_keeps_everything_but_mesh_and_material(extension: Extension, refining: Any) -> None:
    obj = generated()
    obj.name, obj.location, obj.scale = "My Ball", (1.0, 2.0, 3.0), (2.0, 1.0, 1.0)
    obj.modifiers.new("Bend", "SIMPLE_DEFORM")
    before, material = obj.data, obj.active_material
    size = np.ptp(coordinates(before), axis=0).max()
    assert bpy.ops.latte3d.refine(seconds=3.0, reshape=True) == {"FINISHED"}
    assert (obj.name, tuple(obj.location), tuple(obj.scale)) == ("My Ball", (1.0, 2.0, 3.0), (2.0, 1.0, 1.0))
    assert [modifier.name for modifier in obj.modifiers] == ["Bend"]
    assert obj.data != before and obj.active_material != material
    assert np.ptp(coordinates(obj.data), axis=0).max() == pytest.approx(size, rel=1e-3)
    fields, settings = refining.asked
    assert (fields.prompt, fields.seed, fields.alpha) == ("a ball", 5, 0.5)
    assert (settings.seconds, settings.geometry) == (3.0, True)
    record = json.loads(obj["latte3d_refined"])
    assert record == {"budget": 3.0, "reshape": True, "prior": "prior", "steps": 50, "gain": 0.25}
    assert (obj["latte3d_prompt"], obj["latte3d_seed"]) == ("a ball", 5)
    assert "25% nearer to the prompt, as the guidance model judges it" in extension.session.jobs().last.message


def test_there_and_back(extension: Extension, refining: Any) -> None:
    obj = generated()
    before, material = obj.data, obj.active_material
    bpy.ops.latte3d.refine()
    after = obj.data
    bpy.ops.latte3d.refine_revert()
    assert (obj.data, obj.active_material) == (before, material)
    assert "latte3d_refined" not in obj
    bpy.ops.latte3d.refine_revert(object=obj.name)
    assert obj.data == after
    assert "latte3d_refined" in obj
    bpy.ops.latte3d.refine_keep()
    assert extension.refined.other(obj) is None
    assert before.users == 0
    with pytest.raises(RuntimeError, match="one look only"):
        bpy.ops.latte3d.refine_revert()


def test_the_old_look_can_be_the_one_to_keep(extension: Extension, refining: Any) -> None:
    obj = generated()
    before = obj.data
    bpy.ops.latte3d.refine()
    bpy.ops.latte3d.refine_revert()
    bpy.ops.latte3d.refine_keep()
    assert obj.data == before
    assert "latte3d_refined" not in obj
    bpy.ops.latte3d.refine()
    assert extension.refined.other(obj) == before


def test_refining_again_starts_from_the_first_look(extension: Extension, refining: Any) -> None:
    obj = generated()
    before = obj.data
    bpy.ops.latte3d.refine()
    once = obj.data
    bpy.ops.latte3d.refine()
    assert obj.data not in (before, once)
    assert extension.refined.other(obj) == before
    assert once.users == 0


def test_both_looks_survive_saving_undo_and_deletion(extension: Extension, refining: Any, tmp_path: Path) -> None:
    obj = generated()
    before = obj.data.name
    bpy.ops.ed.undo_push(message="made")
    bpy.ops.latte3d.refine()
    bpy.ops.ed.undo()
    obj = bpy.data.objects["a ball"]
    assert (obj.data.name, extension.refined.other(obj)) == (before, None)
    bpy.ops.ed.redo()
    obj = bpy.data.objects["a ball"]
    assert extension.refined.other(obj).name == before
    path = str(tmp_path / "x.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    obj = bpy.data.objects["a ball"]
    bpy.ops.latte3d.refine_revert(object="a ball")
    assert obj.data.name == before
    assert obj.active_material is not None
    bpy.data.objects.remove(obj)
    bpy.ops.outliner.orphans_purge(do_recursive=True)
    assert len(bpy.data.meshes) == len(bpy.data.materials) == len(bpy.data.images) == 0


def test_where_nothing_better_is_found_nothing_changes(extension: Extension, refining: Any) -> None:
    refining.better = False
    obj = generated()
    before = obj.data
    assert bpy.ops.latte3d.refine() == {"FINISHED"}
    assert obj.data == before
    assert extension.refined.other(obj) is None
    assert "stays as it is" in extension.session.jobs().last.message


def test_only_this_object_changes_where_others_share_its_mesh(extension: Extension, refining: Any) -> None:
    obj = generated()
    twin = bpy.data.objects.new("Twin", obj.data)
    bpy.context.scene.collection.objects.link(twin)
    before = obj.data
    bpy.ops.latte3d.refine()
    assert (obj.data != before, twin.data) == (True, before)
    bpy.ops.latte3d.refine_revert()
    assert obj.data == twin.data == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prompt": None}, "does not say how it was made"),
        ({"prompt": 7}, "does not say how it was made"),
        ({"model_sha256": None}, "does not say how it was made"),
        ({"model_sha256": "cd" * 32}, "made with another model"),
        ({"blend": 0.5}, "more than a prompt"),
    ],
)
def test_objects_that_cannot_be_refined_say_why(
    extension: Extension, refining: Any, changes: dict[str, Any], words: str
) -> None:
    obj = generated(changes)
    before = obj.data
    with pytest.raises(RuntimeError, match=words) as caught:
        bpy.ops.latte3d.refine()
    assert "Traceback" not in str(caught.value)
    assert obj.data == before


def test_without_an_object_it_says_so(extension: Extension, refining: Any) -> None:
    with pytest.raises(RuntimeError, match="No object is active"):
        bpy.ops.latte3d.refine()
    with pytest.raises(RuntimeError, match="no object “Nobody”"):
        bpy.ops.latte3d.refine(object="Nobody")
    with pytest.raises(RuntimeError, match="one look only"):
        bpy.ops.latte3d.refine_revert()
    bpy.ops.mesh.primitive_cube_add()
    with pytest.raises(RuntimeError, match="“Cube” does not say how it was made"):
        bpy.ops.latte3d.refine()


def test_an_object_that_goes_meanwhile_is_one_sentence(extension: Extension, refining: Any) -> None:
    obj = generated()
    task = extension.refine_task.RefineTask(
        target=extension.blocks.reference(obj), prompt="a ball", digest=fake_looks.DIGEST
    )
    job = extension.session.jobs().submit(task)
    bpy.data.objects.remove(obj)
    wait_for(lambda: job.state is extension.jobs.JobState.FAILED, extension)
    assert job.message.startswith("The object “a ball” is not in the file any more")


def test_cancel_ends_it_in_the_middle(extension: Extension, refining: Any) -> None:
    obj = generated()
    before = obj.data
    task = extension.refine_task.RefineTask(
        target=extension.blocks.reference(obj), prompt="slowly", digest=fake_looks.DIGEST
    )
    job = extension.session.jobs().submit(task)
    wait_for(lambda: job.stage == "refine", extension)
    bpy.ops.latte3d.cancel(job_id=job.id)
    after = extension.session.jobs().submit(extension.generate.GenerateTask("an egg", texture_size=64))
    wait_for(lambda: after.state.final and not after.waiting, extension)  # the worker is free again
    assert obj.data == before


def test_a_missing_prior_is_one_sentence(extension: Extension, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    fake_looks.install(monkeypatch)
    monkeypatch.setattr("latte3d_core.checkpoint.WEIGHTS", tmp_path)
    extension.session.open_session(extension.worker.ThreadBackend(fake_looks.load))
    generated()
    with pytest.raises(RuntimeError, match="guidance model cannot be read: reinstall"):
        bpy.ops.latte3d.refine()
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"no prior at all")
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.latte3d.refine(prior=str(other))


def test_the_time_runs_while_it_is_asked() -> None:
    from latte3d_blender.refine_task import Watched
    from latte3d_core.errors import Cancelled
    from latte3d_core.progress import REFINE, Progress, refining

    heard: list[float] = []
    progress = Progress(lambda stage, fraction: heard.append(fraction))
    progress.plan(refining(1e-9))
    watched = Watched(fake_looks.no_guidance, progress, 1e-9)
    with progress.stage(REFINE):
        watched(SimpleNamespace(), ["a ball"], 0.0, [])
    assert heard[1] == heard[2] > heard[0], "the time is over, and the share never more than the whole"
    progress.cancel()
    with pytest.raises(Cancelled):
        watched(SimpleNamespace(), ["a ball"], 0.0, [])


def test_the_bar_moves_with_the_time_and_says_how_much_is_left(extension: Extension, refining: Any) -> None:
    obj = generated()
    task = extension.refine_task.RefineTask(
        target=extension.blocks.reference(obj), prompt="slowly", digest=fake_looks.DIGEST, budget=10.0
    )
    jobs = extension.session.jobs()
    job = jobs.submit(task)
    assert jobs.seconds_left([job]) == pytest.approx(10.0), "known before any has been made"
    wait_for(lambda: job.stage == "refine", extension)
    begin, left = job.fraction, jobs.seconds_left([job])
    wait_for(lambda: job.fraction > begin + 0.02, extension)
    assert jobs.seconds_left([job]) < left
    said = texts(drawn(extension.jobs_panel.LATTE3D_PT_jobs))
    assert "Refining" in said and "s left" in said
    bpy.ops.latte3d.cancel(job_id=job.id)
    assert job.state is extension.jobs.JobState.CANCELLED, "at once, whatever the worker does"


def test_regenerate_refines_again_with_the_same_budget(extension: Extension, refining: Any) -> None:
    obj = generated()
    obj.name, obj.location = "My Ball", (1.0, 2.0, 3.0)
    size = np.ptp(coordinates(obj.data), axis=0).max()
    bpy.ops.latte3d.refine(seconds=7.0, reshape=True)
    obj.data.transform(((0.5, 0, 0, 0), (0, 0.5, 0, 0), (0, 0, 0.5, 0), (0, 0, 0, 1)))
    before = {obj.data, extension.refined.other(obj)}
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.latte3d.regenerate() == {"FINISHED"}
    obj = bpy.data.objects["My Ball"]
    assert refining.times == 2
    fields, settings = refining.asked
    assert (fields.prompt, fields.seed, fields.alpha) == ("a ball", 5, 0.5)
    assert (settings.seconds, settings.geometry) == (7.0, True)
    assert json.loads(obj["latte3d_refined"])["budget"] == 7.0
    assert tuple(obj.location) == (1.0, 2.0, 3.0)
    assert not before & {obj.data, extension.refined.other(obj)}, "both looks are made anew"
    for mesh in (obj.data, extension.refined.other(obj)):
        assert np.ptp(coordinates(mesh), axis=0).max() == pytest.approx(size / 2, rel=1e-3)
    bpy.ops.latte3d.refine_revert()
    assert "latte3d_refined" not in obj
    bpy.ops.latte3d.regenerate()
    assert refining.times == 2, "what is shown has not been refined"


def test_regenerate_of_a_look_that_was_kept_makes_that_one_only(extension: Extension, refining: Any) -> None:
    obj = generated()
    bpy.ops.latte3d.refine()
    bpy.ops.latte3d.refine_keep()
    bpy.ops.latte3d.regenerate()
    assert "latte3d_refined" in obj
    assert extension.refined.other(obj) is None


def test_regenerate_where_nothing_better_is_found_is_the_plain_object(extension: Extension, refining: Any) -> None:
    obj = generated()
    bpy.ops.latte3d.refine()
    old = obj.data
    refining.better = False
    assert bpy.ops.latte3d.regenerate() == {"FINISHED"}
    assert obj.data != old
    assert "latte3d_refined" not in obj
    assert extension.refined.other(obj) is None


def test_vary_refines_the_new_one(extension: Extension, refining: Any) -> None:
    obj = generated()
    bpy.ops.latte3d.refine(seconds=7.0)
    before = obj.data
    bpy.ops.latte3d.vary(seed=9)
    other = bpy.context.object
    assert other != obj and obj.data == before
    assert (other["latte3d_seed"], json.loads(other["latte3d_refined"])["budget"]) == (9, 7.0)
    assert extension.refined.other(other) is not None
    assert bpy.ops.latte3d.copy_prompt() == {"FINISHED"}
    bpy.ops.latte3d.recall(object=other.name)
    assert bpy.context.scene.latte3d_refine.seconds == 7.0


def test_a_prior_of_ones_own_has_to_be_named_again(extension: Extension, refining: Any) -> None:
    obj = generated()
    bpy.ops.latte3d.refine(prior="/somewhere/mine.safetensors")
    assert json.loads(obj["latte3d_refined"])["prior"] == "mine.safetensors", "a path is nobody's business"
    with pytest.raises(RuntimeError, match=r"guidance model of your own, mine\.safetensors"):
        bpy.ops.latte3d.regenerate()
    bpy.ops.latte3d.regenerate(prior="/elsewhere/mine.safetensors")
    assert extension.session.jobs().last.task.work.prior == "/elsewhere/mine.safetensors"


def test_styles_belong_to_the_look_that_they_were_painted_for(extension: Extension, refining: Any) -> None:
    obj = generated()
    bpy.ops.latte3d.refine()
    own = obj.active_material
    style = bpy.data.materials.new("Style")
    entries = obj.latte3d_variants.entries
    entries.add().name, entries.add().name = "Original", "Style"
    slot = entries[1].slots.add()
    slot.link, slot.material = "OBJECT", style
    extension.variants.show(obj, 1)
    assert obj.active_material == style
    bpy.ops.latte3d.refine_revert()
    assert obj.active_material not in (style, own), "the other look wears its own material"
    bpy.ops.latte3d.refine_revert()
    assert obj.active_material == own and len(entries) == 2
    bpy.ops.latte3d.regenerate()
    assert len(obj.latte3d_variants.entries) == 0
    assert obj.active_material not in (style, own, None)


def paint(extension: Extension, obj: Any, prompt: str) -> Any:
    """A style as Stylize gives it, on the UV map of the mesh that ``obj`` shows; returns its material."""
    from latte3d_blender.png import encode_png

    styled = extension.stylize.Styled(
        color=(0.5, 0.5, 0.5), base_png=encode_png(np.zeros((4, 4, 3), np.uint8)), normal_png=None, layer="UVMap",
        loop_uvs=None, properties={}, warnings=(), seconds={},
    )  # fmt: skip
    extension.variants.add_style(obj, prompt, styled)
    return obj.active_material


def test_a_style_of_the_other_look_is_refused_with_what_to_do(extension: Extension, refining: Any) -> None:
    """Both meshes have a UV map of the same name, but what is painted on one lies wrongly on the other."""
    obj = generated()
    bpy.ops.latte3d.refine()
    styles = obj.latte3d_variants
    rust = paint(extension, obj, "rust")
    bpy.ops.latte3d.refine_revert()
    own = obj.active_material
    for button in ("switch", "compare"):
        arguments: dict[str, Any] = {"index": 1} if button == "switch" else {}
        with pytest.raises(RuntimeError, match="“rust” was painted for the refined look: press Show Refined first"):
            getattr(bpy.ops.latte3d, f"variant_{button}")(**arguments)
        assert (obj.active_material, styles.shown) == (own, 0)
    styles.active = 1  # a click in the list
    assert (obj.active_material, styles.shown, styles.active) == (own, 0, 0)

    gold = paint(extension, obj, "gold")
    bpy.ops.latte3d.refine_revert()
    with pytest.raises(RuntimeError, match="“gold” was painted for the look before refining: press Show Before first"):
        bpy.ops.latte3d.variant_switch(index=2)
    bpy.ops.latte3d.variant_switch(index=1)
    assert obj.active_material == rust
    bpy.ops.latte3d.variant_switch(index=0)
    bpy.ops.latte3d.refine_revert()
    bpy.ops.latte3d.variant_switch(index=2)
    assert obj.active_material == gold


def test_the_list_shows_which_styles_do_not_fit_and_why(extension: Extension, refining: Any) -> None:
    obj = generated()
    bpy.ops.latte3d.refine()
    paint(extension, obj, "rust")

    def rows() -> list[bool]:
        styles, active = obj.latte3d_variants, []
        for index, entry in enumerate(styles.entries):
            layout = SimpleNamespace(active=True, prop=lambda *_, **__: None)
            draw = extension.stylize_ui.LATTE3D_UL_variants.draw_item
            draw(None, bpy.context, layout, styles, entry, 0, styles, "active", index)
            active.append(layout.active)
        return active

    def said() -> str:
        shown: list[tuple[str, str]] = []
        extension.stylize_ui.draw_styles(ListRecorder(shown), bpy.context, obj)
        return texts(shown)

    assert rows() == [True, True] and "press Show" not in said()
    bpy.ops.latte3d.refine_revert()
    assert rows() == [True, False] and "press Show Refined first" in said()


@pytest.mark.parametrize("revert", [False, True])
def test_with_the_other_look_its_styles_go(extension: Extension, refining: Any, revert: bool) -> None:
    """Nobody could wear them any more."""
    obj = generated()
    bpy.ops.latte3d.refine()
    paint(extension, obj, "rust")
    bpy.ops.latte3d.refine_revert()
    paint(extension, obj, "gold")
    if revert:
        bpy.ops.latte3d.refine_revert()
    bpy.ops.latte3d.refine_keep()
    names = [entry.name for entry in obj.latte3d_variants.entries]
    assert names == (["Original", "rust"] if revert else ["Original", "gold"])
    bpy.ops.latte3d.variant_switch(index=1)
    assert len([block for block in bpy.data.materials if block.name.endswith(("rust", "gold"))]) == 1


def test_styles_of_files_from_before_can_be_worn(extension: Extension, refining: Any) -> None:
    """They do not say which look they were painted for."""
    obj = generated()
    bpy.ops.latte3d.refine()
    rust = paint(extension, obj, "rust")
    obj.latte3d_variants.entries[1].property_unset("refined")
    bpy.ops.latte3d.refine_revert()
    bpy.ops.latte3d.variant_switch(index=1)
    assert obj.active_material == rust


def test_a_style_that_comes_when_the_other_look_is_shown_is_refused(extension: Extension, refining: Any) -> None:
    obj = generated()
    copy = extension.mesh_copy.copy_mesh(bpy.context, obj, False)
    task = extension.stylize.StylizeTask(prompt="rust", target=extension.blocks.reference(obj), mesh=copy)
    bpy.ops.latte3d.refine()
    with pytest.raises(extension.tasks.PlaceError, match="shows its other look meanwhile"):
        task.place(bpy.context, SimpleNamespace(seconds=1.0), SimpleNamespace(loop_uvs=None, layer="UVMap"))
    assert not obj.latte3d_variants.entries


def test_the_panel_offers_the_way_back(extension: Extension, refining: Any) -> None:
    panel = extension.refine_ui.LATTE3D_PT_refine
    assert "Select an object" in texts(drawn(panel))
    obj = generated()
    said = drawn(panel)
    assert obj.name in texts(said)
    assert ("operator", "latte3d.refine_revert") not in said
    bpy.ops.latte3d.refine()
    assert ("operator", "latte3d.refine_revert") in drawn(panel)
    bpy.ops.latte3d.refine_keep()
    assert ("operator", "latte3d.refine_revert") not in drawn(panel)


@pytest.mark.slow
def test_with_the_model_that_ships_and_a_prior_without_skill(tmp_path: Path) -> None:
    """The stand-ins above have the shape of the real thing."""
    latte3d_core = pytest.importorskip("latte3d_core")
    torch = pytest.importorskip("torch")
    from latte3d_blender.refine_task import RefineTask
    from latte3d_blender.tasks import BlockRef
    from latte3d_core.prior.checkpoint import save_prior
    from latte3d_core.prior.model import PriorConfig, PriorNet
    from latte3d_core.progress import Progress

    torch.manual_seed(0)
    prior = tmp_path / "prior.safetensors"
    save_prior(prior, PriorNet(PriorConfig(size=8, channels=(8, 16), heads=2, condition=16)), {})
    model = latte3d_core.Latte3D.from_pretrained("small", "cpu")
    task = RefineTask(
        target=BlockRef("objects", "stool", 0), prompt="a stool", digest=model.provenance["model_sha256"],
        faces=600, texture_size=64, budget=3.0, prior=str(prior),
    )  # fmt: skip
    made = task.run(model, Progress())
    assert (made.object is None) == (made.steps == 0)
    if made.object is not None:
        assert json.loads(made.object.properties["latte3d_refined"])["steps"] == made.steps
        assert made.gain > 0.0
