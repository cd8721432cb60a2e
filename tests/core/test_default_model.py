"""The model that ships: two hundred prompts, and not one mesh that a program would choke on."""

from __future__ import annotations

import json

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
    """The Chamfer distance from the surface to the template's points falls from the prompt alone to full strength."""
    distances = []
    for alpha in (0.0, 1.0):
        total = 0.0
        for noun in ("chair", "wolf", "pine tree", "sword"):
            template = model.fields(f"a {noun}", alpha=1.0).template
            assert template is not None
            points, _ = model.templates.points(template, 2000)
            surface = extract(model.fields(f"a {noun}", alpha=alpha).sdf_grid(65))
            total += surface_scores(surface, points, np.ones_like(points))["chamfer"]
        distances.append(total / 4)
    assert distances[1] < 0.3 * distances[0]
    assert distances[1] < 0.08


def test_the_file_is_small_and_says_where_it_comes_from() -> None:
    path = WEIGHTS / "small.safetensors"
    header = read_header(path)
    assert path.stat().st_size <= 40e6
    attribution = (WEIGHTS / header["attribution"]).read_text(encoding="utf-8")
    for licence in header["licences"]:
        assert licence in attribution
    assert sum(header["licences"].values()) == len(header["categories"])
    json.dumps(header)
