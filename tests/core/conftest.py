"""Small real things that many tests share: an asset folder made of primitives, and a model file of the preset
``tiny``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

CAPTIONS = {
    "box": ["a red box", "a crate"],
    "ball": ["a blue ball", "a sphere"],
    "cone": ["a green cone"],
    "ring": ["a yellow ring", "a golden ring"],
    "bowl": ["an open bowl"],
    "pole": ["a tall grey pole"],
}


def primitive(name: str):
    """A coloured trimesh primitive; the bowl is an open half sphere, single-sided."""
    import trimesh

    mesh = {
        "box": lambda: trimesh.creation.box((1, 0.6, 0.4)),
        "ball": lambda: trimesh.creation.icosphere(3, 0.7),
        "cone": lambda: trimesh.creation.cone(0.5, 1.2),
        "ring": lambda: trimesh.creation.torus(0.6, 0.2),
        "bowl": lambda: _lower_half(trimesh.creation.icosphere(3, 1.0)),
        "pole": lambda: trimesh.creation.cylinder(0.1, 2.0),
    }[name]()
    colour = np.random.default_rng(len(name)).integers(30, 220, 3)
    mesh.visual = trimesh.visual.ColorVisuals(mesh, vertex_colors=np.tile([*colour, 255], (len(mesh.vertices), 1)))
    return mesh


def _lower_half(ball):
    ball.update_faces(ball.triangles_center[:, 1] < 0)
    ball.remove_unreferenced_vertices()
    return ball


@pytest.fixture(scope="session")
def asset_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six captioned GLB files with a manifest."""
    folder = tmp_path_factory.mktemp("assets")
    rows = []
    for name, captions in CAPTIONS.items():
        primitive(name).export(str(folder / f"{name}.glb"))
        rows.append({"id": name, "file": f"{name}.glb", "captions": captions, "category": "prop", "licence": "CC0-1.0",
                     "author": "nobody", "source": f"tests:{name}"})  # fmt: skip
    (folder / "manifest.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def small_targets():
    """Target settings that take milliseconds an asset."""
    from latte3d_core.data.targets import TargetSettings

    return TargetSettings(surface_points=2048, near_queries=2000, band_queries=1000, uniform_queries=1000)


@pytest.fixture(scope="session")
def prepared(asset_folder: Path, small_targets, tmp_path_factory: pytest.TempPathFactory):
    """The folder's assets, prepared."""
    from latte3d_core.data.prepare import gather, prepare

    assets, problems = gather([asset_folder])
    assert not problems
    items, skipped = prepare(assets, tmp_path_factory.mktemp("cache"), small_targets, workers=1)
    assert not skipped
    return items


@pytest.fixture(scope="session")
def tiny_run(prepared, tmp_path_factory: pytest.TempPathFactory):
    """A stage-0 run of the preset ``tiny`` after a few dozen steps: enough for a surface, not for a likeness."""
    from latte3d_core.data.samples import SampleSettings
    from latte3d_core.presets import tiny
    from latte3d_core.train.pretrain import Pretrainer, PretrainSettings
    from latte3d_core.train.sketch import SketchSettings

    settings = PretrainSettings(
        sketch=SketchSettings(steps=300, batch=32, warmup=5, share=1.0),
        steps=60, batch=6, warmup=5, learning_rate=5e-3, ema=0.9, save_every=1000,
        samples=SampleSettings(near=256, band=128, uniform=128),
    )  # fmt: skip
    run = Pretrainer(prepared, tmp_path_factory.mktemp("run"), tiny(), settings)
    for _ in run.run():
        pass
    return run


@pytest.fixture(scope="session")
def tiny_file(tiny_run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run's model file."""
    from latte3d_core.train.export import export, templates_of

    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    export(tiny_run, templates_of(tiny_run), path)
    return path


@pytest.fixture(scope="session")
def tiny_model(tiny_file: Path):
    from latte3d_core import Latte3D

    return Latte3D.from_pretrained(tiny_file, "cpu")
