"""A stand-in for the generator: answers in milliseconds with a textured ball, and can fail or dawdle on demand.

The prompt is the remote control: "FAIL ..." raises a Latte3DError, "CRASH ..." an unexpected one, "SLOW ..." works
until it is cancelled, "STUCK ..." works and does not listen, "DIE ..." ends the whole process.
"""

from __future__ import annotations

import os
import sys
import time
import types
from typing import ClassVar

import numpy as np

from latte3d_core.errors import PromptError
from latte3d_core.mesh.types import TexturedMesh
from latte3d_core.progress import STAGES, Progress

SIZE_M = 4.4
RINGS, SEGMENTS = 24, 48


def ball(texture_size: int = 64, rings: int = RINGS, segments: int = SEGMENTS) -> tuple[np.ndarray, ...]:
    """A closed ellipsoid of half axes (1, 0.5, 0.25) off centre in the core frame: vertices, faces, uvs, texture."""
    theta = np.linspace(0, np.pi, rings + 1)[1:-1]
    phi = np.arange(segments) / segments * 2 * np.pi
    grid = np.stack(
        [
            np.sin(theta)[:, None] * np.cos(phi),
            np.broadcast_to(np.cos(theta)[:, None], (rings - 1, segments)),
            -np.sin(theta)[:, None] * np.sin(phi),
        ],
        axis=-1,
    ).reshape(-1, 3)
    vertices = np.concatenate([grid, [[0, 1, 0], [0, -1, 0]]]) * [0.8, 0.4, 0.2] + [0.1, 0.2, 0.05]
    top, bottom = len(grid), len(grid) + 1
    at = np.arange((rings - 1) * segments).reshape(rings - 1, segments)
    right = np.roll(at, -1, axis=1)
    faces = np.concatenate(
        [
            np.stack([at[:-1], at[1:], right[1:]], -1).reshape(-1, 3),
            np.stack([at[:-1], right[1:], right[:-1]], -1).reshape(-1, 3),
            np.stack([np.full(segments, top), at[0], right[0]], -1),
            np.stack([np.full(segments, bottom), right[-1], at[-1]], -1),
        ]
    )
    uvs = np.clip(vertices[faces][..., :2] * 0.5 + 0.5, 0, 1)
    texture = np.zeros((texture_size, texture_size, 3), np.uint8)
    texture[: texture_size // 2] = (200, 30, 20)  # the upper half of the picture
    texture[texture_size // 2 :] = (20, 40, 180)
    return vertices.astype(np.float32), faces.astype(np.int32), uvs.astype(np.float32), texture


def textured_ball(name: str = "ball", prompt: str = "a ball", texture_size: int = 64, **more: object) -> TexturedMesh:
    vertices, faces, uvs, texture = ball(texture_size)
    normal = np.zeros_like(texture)
    normal[:] = (128, 128, 255)
    provenance = {"prompt": prompt, "seed": 3, "alpha": 0.5, "model_sha256": "ab" * 32, "settings": {"faces": 5000}}
    provenance.update(more)
    return TexturedMesh(vertices, faces, uvs, texture, normal, name=name, size_m=SIZE_M, provenance=provenance)


class Latte3D:
    """Same face as ``latte3d_core.Latte3D``."""

    loads = 0
    #: Seconds that each stage of what is slow takes.
    patience = 600.0
    #: As of the real one: how many points of a mesh it is shown, and what it says about itself.
    net = types.SimpleNamespace(config=types.SimpleNamespace(point=types.SimpleNamespace(points=512)))
    provenance: ClassVar[dict[str, object]] = {"model_sha256": "ab" * 32}

    def __init__(self) -> None:
        Latte3D.loads += 1
        self.number = Latte3D.loads

    @classmethod
    def from_pretrained(cls, path_or_name: str = "small", device: str = "auto") -> Latte3D:
        return cls()

    def generate(
        self,
        prompt: str,
        seed: int = 0,
        alpha: float | None = None,
        faces: int = 5000,
        texture_size: int = 1024,
        unwrap: str = "fast",
        progress: Progress | None = None,
        points: np.ndarray | None = None,
        colors: np.ndarray | None = None,
    ) -> TexturedMesh:
        progress = progress or Progress()
        if not prompt.strip():
            raise PromptError("The prompt is empty: type what to make.")
        if prompt.startswith("FAIL"):
            raise PromptError("This prompt cannot be read: use other words.")
        if prompt.startswith("CRASH"):
            raise ZeroDivisionError("on purpose")
        if prompt.startswith("DIE"):
            sys.stderr.write("These were my last words.")
            sys.stderr.flush()
            os._exit(7)
        for stage in list(STAGES)[1:]:
            if prompt.startswith("STUCK") and stage == "network":
                time.sleep(60.0)
            with progress.stage(stage):
                deadline = time.monotonic() + (self.patience if prompt.startswith("SLOW") else 0.0)
                while time.monotonic() < deadline:
                    progress.check(0.5)
                    time.sleep(0.01)
        mesh = textured_ball(prompt, prompt, min(texture_size, 256), seed=seed, alpha=alpha, load=self.number)
        warnings = ("The fallback was used.",) if prompt.startswith("WARN") else ()
        return TexturedMesh(
            **{**vars(mesh), "warnings": warnings, "seconds": dict(progress.seconds)},
        )

    def fields(
        self,
        prompt: str,
        seed: int,
        alpha: float,
        points: np.ndarray,
        colors: np.ndarray | None,
        progress: Progress,
    ) -> types.SimpleNamespace:
        """Red, green and blue grow with x, y and z; with colours, their mean everywhere."""
        with progress.stage("network"):
            if prompt.startswith("FAIL"):
                raise PromptError("This prompt cannot be read: use other words.")

        def color(at: np.ndarray) -> np.ndarray:
            return at * 0.5 + 0.5 if colors is None else np.broadcast_to(colors.mean(axis=0), at.shape)

        asked = {"prompt": prompt, "seed": seed, "alpha": alpha}
        return types.SimpleNamespace(color=color, provenance=asked, points=points)


def load(task: object) -> Latte3D:
    """What a back end takes for ``load``; found by its name in the separate process, too."""
    return Latte3D()


def install() -> None:
    """Put the stand-in where ``latte3d_core`` looks for its generator."""
    module = types.ModuleType("latte3d_core.api")
    module.Latte3D = Latte3D  # type: ignore[attr-defined]
    module.Fields = object  # type: ignore[attr-defined]
    sys.modules["latte3d_core.api"] = module
