"""The measures against closed forms, and the whole report on a toy library."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from latte3d_core.data.gltf import HALF_EXTENT, load_glb
from latte3d_core.data.materials import MATERIALS
from latte3d_core.data.prepare import Prepared
from latte3d_core.errors import CheckpointError
from latte3d_core.eval import report, scorer
from latte3d_core.eval.geometry import occupancy_iou, occupancy_of, surface_scores
from latte3d_core.eval.looks import Looks, look_at_asset, look_at_fields
from latte3d_core.eval.prompts import JUDGED, colour_prompts, material_prompts
from latte3d_core.eval.protocol import CAMERAS, GRID, LOOK_SIZE
from latte3d_core.eval.scorer import load_scorer, save_scorer, train_scorer
from latte3d_core.mesh.isosurface import extract


def _ball_grid(radius: float, side: int = GRID + 1) -> np.ndarray:
    axis = np.linspace(-1, 1, side)
    return np.sqrt(axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2) - radius


def _on_a_sphere(radius: float, count: int = 4096) -> tuple[np.ndarray, np.ndarray]:
    normals = np.random.default_rng(1).standard_normal((count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return normals * radius, normals


def test_iou_of_two_balls_is_the_ratio_of_their_volumes() -> None:
    small, large = (occupancy_of(_ball_grid(r)) for r in (0.6, 0.8))
    assert occupancy_iou(small, large) == pytest.approx((0.6 / 0.8) ** 3, abs=0.01)
    assert occupancy_iou(large, large) == 1.0
    nothing = np.zeros_like(large)
    assert occupancy_iou(nothing, large) == 0.0 and occupancy_iou(nothing, nothing) == 1.0


def test_surface_scores_of_concentric_balls() -> None:
    ball = extract(_ball_grid(0.7, 65).astype(np.float32))
    exact = surface_scores(ball, *_on_a_sphere(0.7))
    # Two sets of 4,096 random samples of a sphere of this size lie about 0.02 apart.
    assert exact["chamfer"] < 0.05 and exact["f@0.05"] > 0.99 and exact["normals"] > 0.99
    off = surface_scores(ball, *_on_a_sphere(0.8))
    assert off["chamfer"] == pytest.approx(0.2, abs=0.02) and off["f@0.05"] == 0.0 and off["normals"] > 0.98
    nothing = surface_scores(None, *_on_a_sphere(0.8))
    assert np.isnan(nothing["chamfer"]) and nothing["f@0.05"] == 0.0


def test_a_look_sees_colours_where_the_object_is(asset_folder: Path) -> None:
    ball = load_glb(asset_folder / "ball.glb")
    looks = look_at_asset(ball)
    assert looks.colors.shape == (len(CAMERAS), LOOK_SIZE, LOOK_SIZE, 3)
    # The ball's outline: a disc of the angular radius asin(r / distance).
    camera = CAMERAS[0]
    edge = np.tan(np.arcsin(HALF_EXTENT / camera.distance)) / np.tan(np.radians(camera.fov / 2))
    assert looks.mask.mean() == pytest.approx(np.pi / 4 * edge**2, abs=0.02)
    assert (looks.colors[~looks.mask] == 0).all()
    assert np.ptp(looks.colors[looks.mask], axis=0).max() <= 2  # the ball has one colour, and no light in it
    rows = looks.shade[0, :, LOOK_SIZE // 2]
    assert rows[LOOK_SIZE // 4] > rows[-LOOK_SIZE // 4]  # lit from above
    striped = look_at_asset(ball, MATERIALS["stripes"].two_tone(np.array([1.0, 0, 0]), np.array([0, 0, 1.0])))
    assert set(map(tuple, striped.colors[striped.mask])) == {(255, 0, 0), (0, 0, 255)}


def test_a_generated_object_is_seen_in_its_field_s_colours(tiny_model) -> None:
    fields = tiny_model.fields("a red box")
    looks = look_at_fields(fields, tiny_model.surface(fields)[0])
    assert looks.mask.any() and looks.colors[looks.mask].any()


def _coloured_looks(count: int, seed: int) -> tuple[list[Looks], list[str]]:
    rng = np.random.default_rng(seed)
    looks, labels = [], []
    for index in range(count):
        mask = np.zeros((2, 16, 16), bool)
        mask[:, 4:12, 4:12] = True
        colors = np.where(mask[..., None], np.eye(3)[index % 3] * rng.uniform(120, 255), 0).astype(np.uint8)
        looks.append(Looks(colors, mask * np.uint8(200), mask))
        labels.append(("red", "green", "blue")[index % 3])
    return looks, labels


def test_a_scorer_learns_and_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorer, "BATCH", 16)
    trained = train_scorer(*_coloured_looks(60, 0), epochs=6)
    looks, labels = _coloured_looks(30, 1)
    assert [trained.ranking(one)[0] for one in looks] == labels
    save_scorer(trained, tmp_path / "scorer.safetensors")
    again = load_scorer(tmp_path / "scorer.safetensors")
    assert again.names == ("blue", "green", "red")
    np.testing.assert_array_equal(again.features(looks[0]), trained.features(looks[0]))
    (tmp_path / "scorer.safetensors").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="trained anew"):
        load_scorer(tmp_path / "scorer.safetensors")


def test_prompts_take_every_colour_and_material_in_turn() -> None:
    colours = colour_prompts(24)
    assert {name for _, name in colours} == {name for _, name in colours[:12]} and colours == colour_prompts(24)
    assert all(name in prompt for prompt, name in colours)
    materials = material_prompts(len(JUDGED))
    assert [name for _, name in materials] == list(JUDGED) and len(JUDGED) >= 15


def test_the_whole_report(
    prepared: list[Prepared], tiny_model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scorer, "EPOCHS", 1)
    monkeypatch.setattr(report, "MIN_MEMBERS", 1)
    monkeypatch.setattr(report, "SEEDS", 2)
    bench = report.Evaluation(tiny_model, prepared[:4], prepared[4:], tmp_path, limit=2)
    result = report.evaluate(bench)
    table = report.write_report(result, bench, tmp_path)
    stored = json.loads((tmp_path / "report.json").read_text())
    assert stored["model_sha256"] == tiny_model.checkpoint.digest
    assert {"reconstruction", "text", "words", "memory", "colours", "materials", "stylized", "seeds", "alpha"} <= set(
        stored
    )
    assert "reconstruction, points" in table and "ceilings" in table
    sheets = {p.name for p in tmp_path.glob("sheet_*.png")}
    assert sheets == {f"sheet_{n}.png" for n in ("heldout", "colours", "materials", "stylized", "seeds", "alpha")}
    renders = stored["text"]["renders"]["default"]
    assert renders["network"] == "category scorer, classes: 1" and renders["pictures"] == 8
    assert min(renders[name] for name in ("render_fid", "mask_fid")) >= 0 and 0 <= renders["mask_iou"] <= 1
    assert stored["text"]["agreement"] == {"measured": False}
    lines = table.splitlines()
    assert any(line.startswith("pictures, default") and "mask KID" in line for line in lines)
    assert any(line.startswith("text-image agreement") and "not measured" in line for line in lines)
    numbers = stored["reconstruction"]["points"]
    assert 0 <= numbers["iou"] <= 1 and 0 <= numbers["f@0.05"] <= 1 and numbers["chamfer"] > 0
    again = dataclasses.replace(bench, pictures={})
    assert report.scorers(again)[2] == result["ceilings"]  # from the cache
