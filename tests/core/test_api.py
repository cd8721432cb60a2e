"""``Latte3D`` and the command line on a small real model: every mesh sound, every mistake one sentence."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from latte3d_core import Cancelled, Latte3D, Progress, PromptError, SettingError
from latte3d_core.api import _with_surface
from latte3d_core.cli import main
from latte3d_core.data.gltf import plain_triangles
from latte3d_core.data.nearest import nearest_points
from latte3d_core.data.targets import sample_surface
from latte3d_core.mesh.check import check, uv_overlap
from latte3d_core.mesh.types import Mesh
from latte3d_core.model.text import MAX_PROMPT, clean_prompt
from latte3d_core.preview import PreviewMesh, preview, thumbnail
from latte3d_core.progress import STAGES
from latte3d_core.sizes import real_size


@pytest.mark.parametrize(
    "prompt",
    [
        "a red box",
        "RED!!!",
        "🚗🔥",
        "一辆红色的汽车",
        "a\x00b\x07 ball\n\twith\u2028stripes",
        "x" * MAX_PROMPT,
        "&%$#@",
    ],
)
def test_any_text_gives_a_sound_mesh(tiny_model: Latte3D, prompt: str) -> None:
    mesh = tiny_model.generate(prompt, faces=600, texture_size=128)
    assert check(mesh.mesh).ok and 0 < len(mesh.faces) <= 600
    assert mesh.uvs.min() >= 0 and mesh.uvs.max() <= 1 and np.isfinite(mesh.uvs).all()
    assert uv_overlap(mesh.uvs, 512) <= 0.001
    assert mesh.base_color.shape == (128, 128, 3) and mesh.normal_map is not None
    assert set(mesh.seconds) == set(STAGES) - {"load"}
    json.dumps(dict(mesh.provenance))


@pytest.mark.parametrize("prompt", ["", "   \n\t ", "\x00\x01", "x" * 10_000, "\u200b"])
def test_prompts_that_are_none(tiny_model: Latte3D, prompt: str) -> None:
    with pytest.raises(PromptError) as caught:
        tiny_model.generate(prompt)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"alpha": -0.1}, {"alpha": 1.01}, {"alpha": float("nan")}, {"alpha": "much"}, {"seed": -1}, {"seed": 2**31},
        {"faces": 99}, {"faces": 10**6}, {"texture_size": 32}, {"texture_size": 9000}, {"unwrap": "magic"},
        {"seed": True},
    ],
)  # fmt: skip
def test_settings_out_of_range(tiny_model: Latte3D, settings: dict) -> None:
    with pytest.raises(SettingError) as caught:
        tiny_model.generate("a box", **settings)
    assert "\n" not in str(caught.value)


def test_the_same_call_gives_the_same_mesh_and_a_seed_another(tiny_model: Latte3D) -> None:
    first, again, other = (
        tiny_model.generate("a ball", seed=seed, faces=400, texture_size=64) for seed in (0, 0, 5)
    )  # fmt: skip
    np.testing.assert_array_equal(first.vertices, again.vertices)
    np.testing.assert_array_equal(first.base_color, again.base_color)
    assert first.vertices.shape != other.vertices.shape or not np.array_equal(first.vertices, other.vertices)


def test_alpha_zero_is_the_prompt_alone(tiny_model: Latte3D) -> None:
    fields = tiny_model.fields("a ball", alpha=0.0)
    assert fields.template is None
    points = np.random.default_rng(0).uniform(-0.8, 0.8, (100, 3)).astype(np.float32)
    given = tiny_model.fields("a ball", alpha=0.0, points=points)
    np.testing.assert_array_equal(fields.sdf(points), given.sdf(points))


def test_points_of_a_shape_are_followed(tiny_model: Latte3D) -> None:
    rng = np.random.default_rng(0)
    ball = rng.normal(size=(3000, 3))
    ball *= 0.6 / np.linalg.norm(ball, axis=1, keepdims=True)
    fields = tiny_model.fields("a thing", points=ball)
    assert fields.template is None
    assert fields.color(ball[:10]).shape == (10, 3) and fields.sdf(ball[:10]).shape == (10,)
    for bad in (np.zeros((0, 3)), np.zeros((5, 2)), np.full((5, 3), np.nan)):
        with pytest.raises(SettingError):
            tiny_model.fields("a thing", points=bad)
    with pytest.raises(SettingError, match="one to a point"):
        tiny_model.fields("a thing", points=ball, colors=ball[:5])
    for value in (-0.1, 255.0, np.nan):
        with pytest.raises(SettingError, match="between 0 and 1"):
            tiny_model.fields("a thing", points=ball, colors=np.full_like(ball, value))


@pytest.mark.parametrize("stage", [s for s in STAGES if s != "load"])
def test_cancel_is_heard_in_every_stage(tiny_model: Latte3D, stage: str) -> None:
    progress = Progress(lambda name, _: progress.cancel() if name == stage else None)
    with pytest.raises(Cancelled, match=stage):
        tiny_model.generate("a box", faces=300, texture_size=64, progress=progress)


def test_progress_only_rises_and_ends_at_one(tiny_model: Latte3D) -> None:
    seen: list[float] = []
    tiny_model.generate("a box", faces=300, texture_size=64, progress=Progress(lambda _, f: seen.append(f)))
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == pytest.approx(1.0)


def test_provenance_tells_own_shapes_apart(tiny_model: Latte3D) -> None:
    """Twice the same call says the same; other points, or colours with them, say something else."""
    ball = np.random.default_rng(0).normal(size=(600, 3))
    ball *= 0.6 / np.linalg.norm(ball, axis=1, keepdims=True)
    first, again, other, tinted = (
        tiny_model.fields("a ball", points=points, colors=colors).provenance
        for points, colors in ((ball, None), (ball, None), (ball * 0.9, None), (ball, np.abs(ball)))
    )
    assert first == again and first["shape"] != other["shape"]
    assert (first["colors_given"], tinted["colors_given"]) == (False, True)
    assert "shape" not in tiny_model.fields("a ball").provenance


def test_a_quick_look_is_small_and_sound(tiny_model: Latte3D) -> None:
    progress = Progress()
    fields = tiny_model.fields("a red box", progress=progress)
    mesh = preview(tiny_model, fields, faces=500, progress=progress)
    assert check(Mesh(mesh.vertices, mesh.faces)).ok and len(mesh.faces) <= 500
    np.testing.assert_array_equal(mesh.colors, fields.color(mesh.vertices))
    assert set(mesh.seconds) == {"text", "network", "field", "surface", "simplify", "bake"}
    assert json.loads(json.dumps(dict(mesh.provenance)))["prompt"] == "a red box"
    for faces in (50, 10**6):
        with pytest.raises(SettingError):
            preview(tiny_model, fields, faces)


@pytest.mark.parametrize("stage", ["field", "surface", "simplify", "bake"])
def test_cancel_is_heard_in_a_quick_look(tiny_model: Latte3D, stage: str) -> None:
    progress = Progress(lambda name, _: progress.cancel() if name == stage else None)
    with pytest.raises(Cancelled, match=stage):
        preview(tiny_model, tiny_model.fields("a box"), progress=progress)


def test_a_thumbnail_shows_the_mesh_and_fills_the_frame() -> None:
    """A square that faces the camera: red on its left, blue on its right, nothing around it."""
    vertices = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], dtype=np.float32) * 0.5
    colors = np.array([[1, 0, 0], [0, 0, 1], [0, 0, 1], [1, 0, 0]], dtype=np.float32)
    mesh = PreviewMesh(vertices, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32), colors)
    picture = thumbnail(mesh, 64, azimuth=0, elevation=0)
    assert picture.shape == (64, 64, 4) and picture.dtype == np.uint8
    rows, columns = np.nonzero(picture[..., 3] == 255)
    side = np.ptp(columns) + 1
    assert np.ptp(rows) + 1 == side and 64 / 2**0.5 - 4 < side < 64
    left, right = picture[32, columns.min() + 2], picture[32, columns.max() - 2]
    assert left[0] > 4 * left[2] and right[2] > 4 * right[0]
    near = thumbnail(dataclasses.replace(mesh, vertices=vertices / 3), 64, azimuth=0, elevation=0)
    np.testing.assert_allclose(near[..., 3], picture[..., 3], atol=64)
    with pytest.raises(SettingError):
        thumbnail(mesh, 4)


def test_a_quick_look_keeps_thin_parts() -> None:
    """The legs of a chair and the spokes of a bicycle are no thicker than the quick grid's cells."""
    model = Latte3D.from_pretrained("small", "cpu")
    for prompt in ("a wooden chair", "a bicycle"):
        fields = model.fields(prompt)
        quick, fine = preview(model, fields), model.finish(fields, texture_size=64)
        soup = plain_triangles(quick.vertices, quick.faces)
        points, _, _ = sample_surface(soup, 20_000, np.random.default_rng(0))
        gap, _ = nearest_points(points.astype(np.float32), fine.vertices)
        assert np.quantile(gap, 0.99) < 0.03
        assert len(quick.faces) <= 2000


@pytest.mark.parametrize("value", [0.3, -0.3])
def test_a_field_without_a_surface_is_given_one(value: float) -> None:
    axis = np.linspace(-1, 1, 33, dtype=np.float32)
    radius = np.sqrt(sum(np.meshgrid(axis**2, axis**2, axis**2, indexing="ij")))
    progress = Progress()
    grid = _with_surface(value + 0.01 * radius, progress)
    assert (grid[2:-2, 2:-2, 2:-2] < 0).any()
    assert (grid[2:-2, 2:-2, 2:-2] > 0).any()
    assert len(progress.warnings) == 1


@pytest.mark.parametrize(
    ("prompt", "category", "low", "high"),
    [
        ("a red sports car", "", 3.5, 6), ("a wooden chair", "", 0.7, 1.2), ("two coffee mugs", "", 0.05, 0.2),
        ("a tiny house", "", 2, 5), ("a blorp", "fish", 0.2, 1), ("a blorp", "", 0.5, 2), ("a toy car", "", 0.2, 0.6),
        ("a table with a lamp", "", 1, 2),
    ],
)  # fmt: skip
def test_real_sizes(prompt: str, category: str, low: float, high: float) -> None:
    assert low <= real_size(prompt, category) <= high


def test_prompts_are_cleaned_the_same_way_everywhere() -> None:
    assert clean_prompt("  a\tred\x00 car \n") == "a red car"


def test_importing_the_package_is_cheap() -> None:
    code = (
        "import sys, latte3d_core; print([m for m in ('torch', 'transformers', 'open3d', 'numpy') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


# The command line -----------------------------------------------------------------------------------------------------


def _run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


QUICK = ("--faces", "300", "--texture-size", "64")


def test_generate_one(tiny_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import trimesh

    code, out, _ = _run(capsys, "generate", "a red box", "-o", tmp_path / "box.glb", "--model", tiny_file, *QUICK)
    assert code == 0
    assert "faces" in out
    loaded = trimesh.load_scene(str(tmp_path / "box.glb")).to_geometry()
    assert len(loaded.faces) > 50


def test_generate_from_a_shape(
    tiny_file: Path, asset_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import trimesh

    call = ("generate", "a box", "--model", tiny_file, "--shape", asset_folder / "ring.glb", *QUICK)
    assert _run(capsys, *call, "-o", tmp_path / "plain.glb")[0] == 0
    assert _run(capsys, *call, "-o", tmp_path / "kept.glb", "--keep-colours")[0] == 0
    size = trimesh.load_scene(str(tmp_path / "plain.glb")).extents
    assert size[2] < 0.8 * size[0]  # as flat as the ring, whose axis is z; a box of the library is not
    assert (tmp_path / "plain.glb").read_bytes() != (tmp_path / "kept.glb").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["generate"], "Give either a prompt"),
        (["generate", "a box"], "-o FILE.glb"),
        (["generate", "a box", "-o", "box.obj"], "must end in .glb"),
        (["generate", "a box", "-o", "no/such/folder/box.glb"], "does not exist"),
        (["generate", "  ", "-o", "box.glb"], "prompt is empty"),
        (["generate", "a box", "-o", "box.glb", "--model", "nothing"], "no model file 'nothing'"),
        (["generate", "a box", "-o", "box.glb", "--device", "abacus"], "device"),
        (["generate", "--prompts", "missing.jsonl", "--out", "out"], "cannot be read"),
        (["generate", "--prompts", "missing.jsonl"], "--out DIR"),
        (["generate", "--prompts", "missing.jsonl", "--out", "out", "--shape", "x.glb"], "goes with one prompt"),
        (["generate", "a box", "-o", "box.glb", "--shape", "missing.glb"], "missing.glb"),
        (["generate", "a box", "-o", "box.glb", "--keep-colours"], "goes with --shape"),
        (["generate", "a box", "-o", "box.glb", "--seed", "-1"], "--seed must be at least 0"),
        (["pretrain", "x", "--out", "run", "--seed", "-1"], "--seed must be at least 0"),
        (["pretrain", "x", "--out", "run", "--workers", "0"], "--workers must be at least 1"),
        (["pretrain", "x", "--out", "run", "--image-weight", "nan"], "--image-weight must be at least 0"),
        (["eval", "x", "--out", "run", "--cache", "cache", "--limit", "0"], "--limit must be at least 1"),
        (["sheet", "x", "--out", "x.png", "--per-category", "0"], "--per-category must be at least 1"),
        (["info", "--preset", "huge"], "no preset 'huge'"),
        (["info", "--model", "nothing"], "no model file"),
        (["pretrain", "no-such-folder", "--out", "run"], "No asset manifest"),
        (["eval", "no-such-folder", "--out", "run", "--cache", "cache"], "No asset manifest"),
    ],
)
def test_mistakes_get_one_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], tiny_file: Path,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    if "--device" in arguments:
        arguments = [*arguments, "--model", str(tiny_file)]
    code, _, err = _run(capsys, *arguments)
    assert code == 1
    assert sentence in err
    assert err.count("\n") == 1
    assert not list(tmp_path.rglob("*.glb"))


def test_many_prompts_resume_and_report(tiny_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        b'{"id": "one", "prompt": "a red box"}',
        b'{"id": "two", "prompt": "a ball", "seed": 3, "alpha": 0.5}',
        b"",
        b"{broken",
        b'{"id": "../evil", "prompt": "a box"}',
        b'{"id": "one", "prompt": "again"}',
        b'{"id": "three"}',
        b'{"id": "four", "prompt": "   "}',
        b'{"id": "five", "prompt": "a box", "alpha": 7}',
        b'{"id": "six", "prompt": "' + b"x" * 1_100_000 + b'"}',
        b"\xff\xfe\xfd",
    ]
    file, out_folder = tmp_path / "prompts.jsonl", tmp_path / "out"
    file.write_bytes(b"\n".join(lines))
    call = ("generate", "--prompts", file, "--out", out_folder, "--model", tiny_file, *QUICK)
    code, out, err = _run(capsys, *call)
    assert code == 1
    assert sorted(p.name for p in out_folder.iterdir()) == ["one.glb", "two.glb"]
    assert "2 made, 0 already there, 8 failed" in out
    for word in ("line 4", "line 5", "twice", "'prompt' is missing", "four: ", "five: ", "megabyte", "line 11"):
        assert word in err
    before = (out_folder / "one.glb").stat().st_mtime_ns
    code, out, _ = _run(capsys, *call)
    assert "0 made, 2 already there" in out
    assert (out_folder / "one.glb").stat().st_mtime_ns == before


def test_bench_writes_what_it_promises(tiny_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from latte3d_core import bench

    model = Latte3D.from_pretrained(tiny_file, "cpu")
    result = bench.bench(model, runs=2, plain_runs=1, faces=300, texture_size=64)
    assert set(result["stages"]) == set(STAGES) - {"load"}
    assert result["total_s"] > 0
    assert result["plain_over_ours"] > 0
    assert "network" in bench.as_table(result)
    json.dumps(result)
    assert dataclasses.is_dataclass(model.checkpoint)


def test_pretrain_from_the_command_line(asset_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "broken.glb").write_bytes(b"not a mesh")
    (bad / "manifest.jsonl").write_text('{"id": "broken", "file": "broken.glb", "captions": ["x"]}\n{oops\n')
    call = ("pretrain", asset_folder, bad, "--out", tmp_path / "run", "--preset", "tiny", "--steps", 4, "--batch", 2,
            "--sketch-steps", 4, "--workers", 1, "--picture-every", 4)  # fmt: skip
    code, _, err = _run(capsys, *call)
    assert code == 1
    assert "line 2" in err
    assert "--skip-bad" in err
    code, _, err = _run(capsys, *call, "--skip-bad")
    assert code == 0
    assert "skipped" in err
    for name in (
        "tiny.safetensors",
        "tiny.ATTRIBUTION.md",
        "log.jsonl",
        "state.safetensors",
        "losses.png",
        "assets.json",
    ):
        assert (tmp_path / "run" / name).stat().st_size > 0
    assert list((tmp_path / "run").glob("sheet_*.png"))
    assert _run(capsys, "info", "--model", tmp_path / "run" / "tiny.safetensors")[0] == 0


def test_eval_from_the_command_line(
    asset_folder: Path,
    tiny_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from latte3d_core.data import manifest
    from latte3d_core.eval import report, scorer

    call = ("eval", asset_folder, "--cache", tmp_path / "cache", "--out", tmp_path / "report", "--limit", 1, "--model",
            tiny_file)  # fmt: skip
    monkeypatch.setattr(manifest, "HOLD_OUT_MODULUS", 1)  # all six assets are held out
    code, _, err = _run(capsys, *call)
    assert code == 1 and "both held-out assets and others" in err
    monkeypatch.setattr(manifest, "HOLD_OUT_MODULUS", 2)
    monkeypatch.setattr(scorer, "EPOCHS", 1)
    monkeypatch.setattr(report, "MIN_MEMBERS", 1)
    monkeypatch.setattr(report, "SEEDS", 2)
    code, out, _ = _run(capsys, *call)
    assert code == 0
    numbers = json.loads((tmp_path / "report" / "report.json").read_text())
    assert 0 <= numbers["reconstruction"]["points"]["iou"] <= 1
    assert (tmp_path / "report" / "sheet_heldout.png").stat().st_size > 1000
    assert "reconstruction, points" in out
