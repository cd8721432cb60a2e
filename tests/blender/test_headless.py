"""The whole road without a window, in a process of its own: prompt to .blend, .glb and .png, and what can go wrong."""

from __future__ import annotations

import importlib.util
import json
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latte3d_blender import headless

SCRIPT = Path(__file__).parent / "headless_with_fake.py"
needs_bpy = pytest.mark.skipif(
    importlib.util.find_spec("bpy") is None, reason="bpy (Blender as a module) is not installed"
)


def start(arguments: Sequence[str], tmp_path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), "run", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )


def png_size(path: Path) -> tuple[int, int]:
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    return width, height


def glb_json(path: Path) -> dict[str, list[dict[str, object]]]:
    data = path.read_bytes()
    magic, _, total, length, kind = struct.unpack("<IIIII", data[:20])
    assert (magic, kind, total) == (0x46546C67, 0x4E4F534A, len(data))
    content: dict[str, list[dict[str, object]]] = json.loads(data[20 : 20 + length])
    return content


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a red sports car", "a_red_sports_car"),
        ("  Ein GRÜNER Käfer!! ", "ein_gruner_kafer"),
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\con|?*", "c_con"),
        ("x" * 200, "x" * 60),
    ],
)
def test_file_names(prompt: str, name: str) -> None:
    assert headless.slug(prompt) == name


@given(st.text())
def test_every_prompt_has_a_safe_file_name(prompt: str) -> None:
    name = headless.slug(prompt)
    assert 0 < len(name) <= 60
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")


def test_prompts_without_a_letter_do_not_share_a_file() -> None:
    assert headless.slug("红色跑车") != headless.slug("🐉")


@needs_bpy
def test_from_prompt_to_files(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    settings = ["--seed", "3", "--alpha", "0.5", "--picture-size", "128"]  # a small picture: rendering takes longest
    run = start(["--prompt", "a red sports car", "--out", str(out), *settings], tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    files = sorted(path.name for path in out.iterdir())
    assert files == ["a_red_sports_car.blend", "a_red_sports_car.glb", "a_red_sports_car.png"]
    for name in files:
        assert str(out / name) in run.stdout
    assert "1,106 vertices, 2,208 faces" in run.stdout
    for word in ("load", "network", "bake", "save and render", "total"):
        assert word in run.stdout
    assert png_size(out / "a_red_sports_car.png") == (512, 128)

    content = glb_json(out / "a_red_sports_car.glb")
    assert len(content["meshes"]) == len(content["materials"]) == 1
    assert len(content["images"]) == 2
    assert content["nodes"][0]["extras"]["latte3d_seed"] == 3  # type: ignore[index]
    position = next(item for item in content["accessors"] if item.get("max") and len(item["max"]) == 3)  # type: ignore[arg-type]
    extent = np.subtract(position["max"], position["min"])  # type: ignore[arg-type]
    np.testing.assert_allclose(extent, [4.4, 2.2, 1.1], rtol=1e-3)  # +Y up again

    pillow = pytest.importorskip("PIL.Image")
    strip = np.asarray(pillow.open(out / "a_red_sports_car.png")).astype(int)
    red = (strip[..., 0] > 120) & (strip[..., 1] < 80)
    for view in range(4):
        part = red[:, 128 * view : 128 * (view + 1)]
        assert 0.05 < part.mean() < 0.7
        edges = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
        assert not edges.any(), "the object must lie inside the picture"


@needs_bpy
@pytest.mark.slow
@pytest.mark.parametrize("backend", ["thread", "process"])
def test_the_real_generator_answers(tmp_path: Path, backend: str) -> None:
    """The same road with the core itself, on an untrained model: whatever it looks like, it is an object."""
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
    torch.manual_seed(0)
    model = tmp_path / "tiny.safetensors"
    save_checkpoint(model, LatteNet(tiny()), templates, {"name": "tiny"})
    settings = ["--faces", "800", "--texture-size", "128", "--picture-size", "64", "--model", str(model)]
    settings += ["--backend", backend]
    run = subprocess.run(
        [sys.executable, headless.__file__, "run", "--prompt", "a car", "--out", str(tmp_path / "out"), *settings],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    content = glb_json(tmp_path / "out" / "a_car.glb")
    extras = content["nodes"][0]["extras"]
    assert extras["latte3d_prompt"] == "a car"  # type: ignore[index]
    assert extras["latte3d_faces"] == 800  # type: ignore[index]
    position = next(item for item in content["accessors"] if item.get("max") and len(item["max"]) == 3)  # type: ignore[arg-type]
    assert position["min"][1] == pytest.approx(0.0, abs=1e-4), "it stands on the floor"  # type: ignore[index]


@needs_bpy
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--prompt", "  "], "prompt is empty"),
        (["--prompt", "FAIL"], "use other words"),
        (["--prompt", "a ball", "--seed", "99999999999999"], "The seed 99999999999999 is too large"),
        (["--prompt", "a ball", "--picture-size", "0"], "picture size"),
    ],
)
def test_errors_are_one_sentence_and_leave_nothing(tmp_path: Path, arguments: list[str], words: str) -> None:
    run = start([*arguments, "--out", str(tmp_path / "a" / "b")], tmp_path)
    assert run.returncode == 1
    lines = run.stderr.splitlines()
    assert len(lines) == 1
    assert words in lines[0]
    assert "Traceback" not in run.stdout + run.stderr
    assert list(tmp_path.iterdir()) == []


@needs_bpy
def test_a_fault_of_the_program_shows_where_it_happened(tmp_path: Path) -> None:
    run = start(["--prompt", "CRASH", "--out", str(tmp_path / "a")], tmp_path)
    assert run.returncode == 1
    assert "on purpose" in run.stderr
    assert "unexpected fault" in run.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@needs_bpy
def test_a_file_in_the_way_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    run = start(["--prompt", "a ball", "--out", str(tmp_path / "file" / "out")], tmp_path)
    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1
    assert "--out" in run.stderr
    assert (tmp_path / "file").read_text() == "mine"


def test_an_unwritable_folder_is_refused_before_anything_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root nothing is unwritable, so the system's answer is put in by hand."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(headless.tempfile, "TemporaryDirectory", refuse)
    with (
        pytest.raises(headless.HeadlessError, match=r"Permission denied.*--out"),
        headless.output_folder(tmp_path / "x"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_nothing_stays_when_the_run_fails_halfway(tmp_path: Path) -> None:
    def half() -> None:
        with headless.output_folder(tmp_path / "a" / "b") as folder:
            (folder / "half.blend").write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert list(tmp_path.iterdir()) == []


def test_older_files_are_replaced_in_one_step(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.png").write_bytes(b"old")
    with headless.output_folder(out) as folder:
        (folder / "a.png").write_bytes(b"new")
        assert headless.publish(folder, out) == [out / "a.png"]
    assert [path.name for path in out.iterdir()] == ["a.png"]
    assert (out / "a.png").read_bytes() == b"new"
