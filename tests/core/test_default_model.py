"""The model that ships: two hundred prompts, and not one mesh that a program would choke on."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from latte3d_core import Latte3D
from latte3d_core.checkpoint import WEIGHTS, read_header
from latte3d_core.eval.geometry import surface_scores
from latte3d_core.mesh.check import check, uv_overlap
from latte3d_core.mesh.isosurface import extract

COLOURS = ("red", "blue", "green", "white", "dark grey", "golden")
NOUNS = (
    *("sports car", "chair", "pine tree", "castle", "sofa", "banana", "wolf", "sword", "lamp", "spaceship", "fish"),
    *("wooden fence", "barrel", "mushroom", "house", "rock", "bottle", "robot", "bookshelf", "sailing boat"),
)
ODD = (
    "x",
    "?",
    "🚗",
    "一只猫",
    "أسد",
    "the the the",
    "not a chair",
    "seventeen ideas about justice",
    "SELECT * FROM cars",
    "¡¿",
    "a",
)


def prompts() -> list[tuple[str, int, float]]:
    """200 (prompt, seed, alpha): plain ones, other seeds and strengths, and nonsense."""
    rng = np.random.default_rng(0)
    plain = [(f"a {COLOURS[i % 6]} {noun}", 0, 1.0) for i, noun in enumerate(NOUNS * 4)]
    varied = [(f"a {noun}", int(rng.integers(1, 1000)), float(rng.random())) for noun in NOUNS * 3]
    letters = "abcdefghijklmnopqrstuvwxyz     .,!-0123456789äßçж中"
    noise = ["q" + "".join(rng.choice(list(letters), rng.integers(1, 60))) for _ in range(60 - len(ODD))]
    return plain + varied + [(p, 0, 1.0) for p in (*ODD, *noise)]


@pytest.fixture(scope="module")
def model() -> Latte3D:
    return Latte3D.from_pretrained("small", "cpu")


@pytest.mark.parametrize("part", range(10))
def test_every_mesh_is_sound(model: Latte3D, part: int) -> None:
    cases = prompts()
    assert len(cases) == 200
    for prompt, seed, alpha in cases[part::10]:
        mesh = model.generate(prompt, seed=seed, alpha=alpha, faces=3000, texture_size=256)
        report = check(mesh.mesh)
        assert report.ok, (prompt, seed, alpha, report)
        assert np.isfinite(mesh.vertices).all()
        assert np.isfinite(mesh.uvs).all()
        assert mesh.uvs.min() >= 0
        assert mesh.uvs.max() <= 1
        assert uv_overlap(mesh.uvs, 256) <= 0.001, prompt
        assert np.abs(mesh.vertices).max() <= 1.001


def test_the_default_settings_give_what_they_promise(model: Latte3D) -> None:
    mesh = model.generate("a red sports car")
    assert 3000 < len(mesh.faces) <= 5000
    assert mesh.base_color.shape == (1024, 1024, 3)
    assert uv_overlap(mesh.uvs, 1024) <= 0.001
    assert mesh.provenance["model_sha256"] == model.checkpoint.digest


def test_shape_follows_the_template_more_with_alpha(model: Latte3D) -> None:
    """The Chamfer distance from the surface to the template's points falls from the prompt alone to full strength, and
    the silhouettes, seen along the axes, come closer with every step."""
    steps = (0.0, 0.25, 0.5, 0.75, 1.0)
    distances, overlaps = dict.fromkeys(steps, 0.0), dict.fromkeys(steps, 0.0)
    nouns = ("chair", "wolf", "pine tree", "sword", "car", "boat", "house", "robot", "dragon", "bed")
    for noun in nouns:
        template = model.fields(f"a {noun}", alpha=1.0).template
        assert template is not None
        points, _ = model.templates.points(template, 16384)
        thick = (points[:, None] + 0.01 * np.concatenate([np.eye(3), -np.eye(3)])).reshape(-1, 3)
        for alpha in steps:
            grid = model.fields(f"a {noun}", alpha=alpha).sdf_grid(129)
            surface = extract(np.ascontiguousarray(grid[::2, ::2, ::2]))
            distances[alpha] += surface_scores(surface, points, np.ones_like(points))["chamfer"] / len(nouns)
            inside = np.argwhere(grid < 0) / 64 - 1
            overlaps[alpha] += np.mean([_overlap(inside, thick, axis) for axis in range(3)]) / len(nouns)
    assert distances[1.0] < 0.3 * distances[0.0] and distances[1.0] < 0.08
    assert all(overlaps[a] < overlaps[b] for a, b in pairwise((0.0, 0.25, 0.5, 1.0))), overlaps
    assert overlaps[0.5] < overlaps[0.75] + 1e-3 < overlaps[1.0] + 2e-3, overlaps  # hardly a difference up there


def _overlap(one: np.ndarray, other: np.ndarray, axis: int, side: int = 64) -> float:
    """IoU of the silhouettes of two sets of points (N, 3), seen along an axis."""
    masks = np.zeros((2, side, side), dtype=bool)
    for mask, points in zip(masks, (one, other), strict=True):
        cell = np.clip(((points + 1) * side / 2).astype(int), 0, side - 1)
        u, v = (k for k in range(3) if k != axis)
        mask[cell[:, u], cell[:, v]] = True
    return float((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())


def test_the_file_is_small_and_says_where_it_comes_from() -> None:
    path = WEIGHTS / "small.safetensors"
    header = read_header(path)
    assert path.stat().st_size <= 40e6
    attribution = (WEIGHTS / header["attribution"]).read_text(encoding="utf-8")
    for licence in header["licences"]:
        assert licence in attribution
    assert sum(header["licences"].values()) == len(header["categories"])
    json.dumps(header)
