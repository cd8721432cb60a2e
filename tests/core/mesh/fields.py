"""Analytic signed-distance grids for the mesh tests."""

from __future__ import annotations

import numpy as np


def axes(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y and z of every sample of a (size, size, size) grid over the core's cube."""
    line = np.linspace(-1.0, 1.0, size, dtype=np.float32)
    x, y, z = np.meshgrid(line, line, line, indexing="ij")
    return x, y, z


def sphere(size: int, radius: float = 0.6, centre: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    return np.sqrt(sum((axis - c) ** 2 for axis, c in zip(axes(size), centre, strict=True))) - radius


def torus(size: int, large: float = 0.6, small: float = 0.22) -> np.ndarray:
    x, y, z = axes(size)
    return np.sqrt((np.sqrt(x * x + z * z) - large) ** 2 + y * y) - small


def box(size: int, centre: tuple[float, float, float], half: tuple[float, float, float]) -> np.ndarray:
    outside = [np.abs(axis - c) - h for axis, c, h in zip(axes(size), centre, half, strict=True)]
    beyond = np.sqrt(sum(np.maximum(d, 0.0) ** 2 for d in outside))
    return beyond + np.minimum(np.maximum.reduce(outside), 0.0)


def blob(size: int) -> np.ndarray:
    """Four spheres melted together."""
    parts = [
        sphere(size, 0.5, (0.0, -0.2, 0.0)),
        sphere(size, 0.35, (0.35, 0.3, 0.1)),
        sphere(size, 0.3, (-0.4, 0.25, -0.2)),
        sphere(size, 0.25, (0.0, 0.55, 0.2)),
    ]
    return -np.log(sum(np.exp(-12.0 * part) for part in parts)) / 12.0


def plate(size: int) -> np.ndarray:
    """Thinner than one and a half grid steps at size 64."""
    return box(size, (0.0, 0.01, 0.0), (0.8, 0.02, 0.6))


def chair(size: int) -> np.ndarray:
    parts = [box(size, (0.0, -0.05, 0.0), (0.45, 0.05, 0.45)), box(size, (0.0, 0.45, -0.4), (0.45, 0.5, 0.05))]
    parts += [box(size, (0.4 * x, -0.5, 0.4 * z), (0.05, 0.45, 0.05)) for x in (-1, 1) for z in (-1, 1)]
    return np.minimum.reduce(parts)


def noise(size: int, waves: int = 7, seed: int = 0) -> np.ndarray:
    """Random caves in a ball: many handles, thin walls, loose pieces."""
    random = np.random.default_rng(seed)
    coarse = random.normal(size=(waves, waves, waves))
    place = np.linspace(0.0, waves - 1.0, size)
    low = np.minimum(place.astype(int), waves - 2)
    part = place - low
    for axis in range(3):
        weight = part.reshape([-1 if k == axis else 1 for k in range(3)])
        coarse = coarse.take(low, axis) * (1.0 - weight) + coarse.take(low + 1, axis) * weight
    return np.maximum(coarse * 0.3 + 0.05, sphere(size, 0.9))


def rods(size: int) -> np.ndarray:
    """Slanted rods about as thin as a grid step, some of them crossing."""
    random = np.random.default_rng(3)
    points = np.stack(axes(size), axis=-1)
    parts = []
    for _ in range(8):
        direction = random.normal(size=3)
        direction /= np.linalg.norm(direction)
        away = points - random.uniform(-0.3, 0.3, size=3)
        along = np.clip(away @ direction, -0.6, 0.6)
        parts.append(np.linalg.norm(away - along[..., None] * direction, axis=-1) - 0.02)
    return np.minimum.reduce(parts)


def lattice(size: int) -> np.ndarray:
    """A cage of straight bars: dozens of handles."""
    near = [np.abs((axis + 1.0) * 2.0 % 1.0 - 0.5) / 2.0 for axis in axes(size)]
    bars = [np.hypot(near[a], near[b]) - 0.04 for a, b in ((0, 1), (1, 2), (2, 0))]
    return np.maximum(np.minimum.reduce(bars), np.maximum.reduce([np.abs(axis) for axis in axes(size)]) - 0.8)


SHAPES = {
    "blob": blob,
    "torus": torus,
    "plate": plate,
    "chair": chair,
    "noise": noise,
    "rods": rods,
    "lattice": lattice,
}
