"""UV layouts: the promises, both ways of making them, and every way in which the child process can fail."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import fields
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latte3d_core.errors import Cancelled, SettingError
from latte3d_core.mesh import charts
from latte3d_core.mesh import unwrap as unwrapping
from latte3d_core.mesh.check import uv_overlap
from latte3d_core.mesh.clean import drop_small_components, smooth
from latte3d_core.mesh.isosurface import extract
from latte3d_core.mesh.pack import pack
from latte3d_core.mesh.raster_uv import cover_count, rasterise
from latte3d_core.mesh.simplify import simplify
from latte3d_core.mesh.types import Mesh
from latte3d_core.mesh.unwrap import unwrap
from latte3d_core.progress import Progress

#: A stand-in for the child process that sleeps for ever.
SLEEPER = "import time\ntime.sleep(60)\n"


def finished(name: str, faces: int = 1500, size: int = 56) -> Mesh:
    return simplify(smooth(drop_small_components(extract(fields.SHAPES[name](size)))), faces)


def uv_areas(uvs: np.ndarray) -> np.ndarray:
    edge1, edge2 = (uvs[:, k].astype(np.float64) - uvs[:, 0] for k in (1, 2))
    return (edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]) / 2.0


def areas(mesh: Mesh) -> np.ndarray:
    corner = mesh.vertices.astype(np.float64)[mesh.faces]
    return np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1) / 2.0


def assert_layout(mesh: Mesh, uvs: np.ndarray, size: int) -> None:
    assert uvs.shape == (len(mesh.faces), 3, 2)
    assert uvs.dtype == np.float32
    assert np.isfinite(uvs).all()
    assert uvs.min() >= 0.0
    assert uvs.max() <= 1.0
    assert np.abs(uv_areas(uvs)).min() > 0.0
    assert uv_overlap(uvs, size) <= 0.001


@pytest.mark.parametrize("name", fields.SHAPES)
def test_fast(name: str) -> None:
    mesh = finished(name)
    uvs = unwrap(mesh, "fast", 512)
    assert_layout(mesh, uvs, 512)
    assert (uv_areas(uvs) > 0.0).all()  # nothing is mirrored
    density = uv_areas(uvs) / areas(mesh)
    # Box projection shortens slopes and nothing else: density is between the steepest allowed and the full one.
    assert density.min() > 0.2 * density.max()


@pytest.mark.parametrize(("name", "share"), [("blob", 0.5), ("plate", 0.5), ("chair", 0.45), ("torus", 0.4)])
def test_the_texture_is_used(name: str, share: float) -> None:
    uvs = unwrap(finished(name, 3000), "fast", 1024)
    assert (cover_count(uvs, 1024) > 0).mean() > share


def test_neighbouring_charts_keep_their_distance() -> None:
    mesh = finished("blob")
    flat, chart, count = charts.cut(mesh, 512)
    uvs = pack(flat, chart, count, 512, padding=4)
    face, _, texel = rasterise(uvs, 512)
    owner = np.full(512 * 512, -1)
    owner[texel] = chart[face]
    owner = owner.reshape(512, 512)
    assert len(np.unique(chart)) > 1
    for step in (1, 2, 3):
        for one, two in ((owner[step:], owner[:-step]), (owner[:, step:], owner[:, :-step])):
            assert not ((one >= 0) & (two >= 0) & (one != two)).any()


def test_a_spiral_does_not_lie_on_itself() -> None:
    """A ramp that winds round twice, seen from above, covers itself; its floors must become charts of their own."""
    x, y, z = fields.axes(64)
    turn = np.arctan2(z, x) / (2.0 * np.pi)
    floor = np.minimum.reduce([np.abs(y - 0.5 * (turn + k)) for k in (-1.0, 0.0, 1.0)]) - 0.06
    ring = np.maximum(np.hypot(x, z) - 0.8, 0.35 - np.hypot(x, z))
    ramp = np.maximum(np.maximum(floor, ring), np.abs(y) - 0.8)
    mesh = simplify(smooth(drop_small_components(extract(ramp))), 2000)
    assert_layout(mesh, unwrap(mesh, "fast", 512), 512)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=8)
def test_fast_on_noise(seed: int) -> None:
    grid = np.random.default_rng(seed).normal(size=(9, 9, 9)).astype(np.float32)
    mesh = simplify(extract(grid), 1000)
    assert_layout(mesh, unwrap(mesh, "fast", 512), 512)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 40), size=st.sampled_from([64, 512]))
@settings(max_examples=25)
def test_packing_keeps_shapes(seed: int, count: int, size: int) -> None:
    """Single triangles of very different sizes: afterwards the same ones, to one scale, none touching."""
    random = np.random.default_rng(seed)
    flat = random.uniform(-1.0, 1.0, size=(count, 3, 2)) * np.exp(random.normal(size=(count, 1, 1))) + 5.0
    uvs = pack(flat, np.arange(count), count, size, padding=2)
    assert uvs.min() >= 0.0
    assert uvs.max() <= 1.0
    before = np.linalg.norm(flat - np.roll(flat, 1, axis=1), axis=2)
    after = np.linalg.norm(uvs.astype(np.float64) - np.roll(uvs, 1, axis=1), axis=2)
    scale = after.sum() / before.sum()
    np.testing.assert_allclose(after, before * scale, atol=1e-5)
    np.testing.assert_array_equal(np.sign(uv_areas(uvs)), np.sign(uv_areas(flat)))
    assert (cover_count(uvs, 512) <= 1).all()


@pytest.mark.parametrize("name", ["blob", "chair"])
def test_careful(name: str) -> None:
    mesh = finished(name, 800)
    progress = Progress()
    uvs = unwrap(mesh, "careful", 512, progress=progress)
    assert progress.warnings == []
    assert_layout(mesh, uvs, 512)
    assert not np.array_equal(uvs, unwrap(mesh, "fast", 512))


def assert_falls_back(word: str, **options: float) -> None:
    mesh = finished("torus", 400, 32)
    progress = Progress()
    uvs = unwrap(mesh, "careful", 256, progress=progress, **options)
    np.testing.assert_array_equal(uvs, unwrap(mesh, "fast", 256))
    assert len(progress.warnings) == 1
    assert word in progress.warnings[0]
    assert progress.warnings[0].endswith(".")


def worker(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    path = folder / "worker.py"
    path.write_text(code)
    monkeypatch.setattr(unwrapping, "_WORKER", path)


def test_deadline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    worker(monkeypatch, tmp_path, SLEEPER)
    begin = time.monotonic()
    assert_falls_back("longer than 0.2 s", deadline_s=0.2)
    assert time.monotonic() - begin < 30.0  # the child was killed, not waited for


def test_a_child_that_crashes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    worker(monkeypatch, tmp_path, "raise SystemExit(7)")
    assert_falls_back("code 7")


def test_a_child_that_writes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    worker(monkeypatch, tmp_path, "pass")
    assert_falls_back("could not be read")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("np.full((n, 3, 2), np.nan)", "not numbers"),
        ("np.full((n, 3, 2), 2.0)", "outside"),
        ("np.zeros((n, 3, 2))", "no place"),
        ("np.tile([[0, 0], [1, 0], [0, 1]], (n, 1, 1))", "twice"),
        ("np.zeros((n - 1, 3, 2))", "left faces out"),
    ],
)
def test_a_child_that_returns_rubbish(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, word: str) -> None:
    code = "import sys\nsys.path.extend(sys.argv[5:])\nimport numpy as np\nn = len(np.load(sys.argv[1])['faces'])\n"
    worker(monkeypatch, tmp_path, code + f"np.save(sys.argv[2], ({value}).astype(np.float32))\n")
    assert_falls_back(word)


def test_a_child_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    assert_falls_back("could not be started")


def test_xatlas_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = unwrapping.importlib.util.find_spec
    monkeypatch.setattr(unwrapping.importlib.util, "find_spec", lambda name: None if name == "xatlas" else found(name))
    assert_falls_back("xatlas is not installed")


def test_cancelling_kills_the_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    note = tmp_path / "started"
    worker(monkeypatch, tmp_path, f"open({str(note)!r}, 'w').close()\n{SLEEPER}")
    children = []
    start = unwrapping.subprocess.Popen

    class Watched(Progress):
        @property
        def cancelled(self) -> bool:
            return note.exists()

        def check(self, fraction: float | None = None) -> None:
            if note.exists():
                raise Cancelled

    def started(*args: object, **kwargs: object) -> object:
        children.append(start(*args, **kwargs))
        return children[-1]

    monkeypatch.setattr(unwrapping.subprocess, "Popen", started)
    with pytest.raises(Cancelled):
        unwrap(finished("torus", 400, 32), "careful", 256, progress=Watched())
    assert len(children) == 1
    assert children[0].returncode is not None


def test_unknown_method() -> None:
    with pytest.raises(SettingError, match="fast, careful"):
        unwrap(finished("torus", 400, 32), "quick")
