"""A turntable strip: the object from four sides, rendered with Cycles on the processor, side by side in one PNG.

For headless runs and documentation; not part of the extension. Changes the scene: save it first.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from latte3d_blender.png import encode_png

#: Turns of the object about the vertical axis, in degrees. The first shows front and one side.
YAWS = (35.0, 125.0, 215.0, 305.0)
#: How far the camera looks down, in degrees.
ELEVATION = 18.0
#: The half angle of the view: a portrait lens, so that small things do not look like toys seen from too near.
HALF_VIEW = math.radians(12.0)
#: Share of the picture that the object fills.
FILL = 0.86
#: Colour behind the object, sRGB 0..1, at the bottom and at the top of the picture.
BACKGROUND = ((0.90, 0.90, 0.91), (0.97, 0.97, 0.98))


@dataclass(frozen=True)
class View:
    """The camera, which stays where it is while the object turns: unit axes (3,), aim (3,) and distance in metres."""

    aim: np.ndarray
    distance: float
    right: np.ndarray
    up: np.ndarray
    forward: np.ndarray

    def project(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) points in metres to (N, 2) in the picture, [0, 1] from the left and from the top."""
        relative = points - self.aim
        depth = relative @ self.forward + self.distance
        plane = np.stack([relative @ self.right, -(relative @ self.up)], axis=1) / depth[:, None]
        return plane / (2 * math.tan(HALF_VIEW)) + 0.5


def render_strip(obj: bpy.types.Object, path: Path, size: int = 512, samples: int = 12) -> None:
    """Write four views of ``obj`` as one PNG of 4·``size`` by ``size`` pixels.

    Light: a soft sun from the upper left and a bright even sky. The view transform is Khronos PBR Neutral, which keeps
    the texture's own colours. The floor is only a shadow, painted afterwards: a real floor fills the picture with
    pixels to trace, and with its denoising takes ten times as long as the object.
    """
    scene = bpy.context.scene
    obj.location = (0.0, 0.0, 0.0)
    points = _vertices(obj.data)
    centres, areas = _faces(obj.data, points)
    turns = [_turn(math.radians(yaw)) for yaw in YAWS]
    view = frame([points @ turn.T for turn in turns])
    _set_camera(scene, view)
    _set_light(scene)
    _set_render(scene, size, samples)
    pictures = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (yaw, turn) in enumerate(zip(YAWS, turns, strict=True)):
            obj.rotation_euler = (0.0, 0.0, math.radians(yaw))
            scene.render.filepath = str(Path(folder) / f"{number}.png")
            bpy.ops.render.render(write_still=True)
            shadow = floor_shadow(view, centres @ turn.T, areas, size)
            pictures.append(_compose(_load(Path(scene.render.filepath), size), shadow))
    path.write_bytes(encode_png(np.concatenate(pictures, axis=1), level=6))


def frame(clouds: Sequence[np.ndarray]) -> View:
    """The view from the front, a little from above, that is just far enough away for all (N, 3) point clouds."""
    low = min(float(points[:, 2].min()) for points in clouds)
    high = max(float(points[:, 2].max()) for points in clouds)
    aim = np.array([0.0, 0.0, (low + high) / 2])
    tilt = math.radians(ELEVATION)
    right = np.array([1.0, 0.0, 0.0])
    up = np.array([0.0, math.sin(tilt), math.cos(tilt)])
    forward = np.array([0.0, math.cos(tilt), -math.sin(tilt)])
    distance = 0.0
    for points in clouds:
        relative = points - aim
        side = np.maximum(np.abs(relative @ right), np.abs(relative @ up))
        distance = max(distance, float((side / (math.tan(HALF_VIEW) * FILL) - relative @ forward).max()))
    return View(aim, max(distance, 1e-3), right, up, forward)


def floor_shadow(view: View, centres: np.ndarray, areas: np.ndarray, size: int) -> np.ndarray:
    """How much of the sky the object takes from the floor, roughly: (size, size) in [0, 1].

    Arguments:
        centres, areas: (F, 3) metres and (F,) m², the faces' middles and areas.
    """
    height = max(float(centres[:, 2].max()), 1e-9)
    weights = areas / max(float(areas.sum()), 1e-12) * np.exp(-8.0 * centres[:, 2] / height)
    spots = np.rint(view.project(centres * [1.0, 1.0, 0.0]) * size).astype(int)
    inside = ((spots >= 0) & (spots < size)).all(axis=1)
    picture = np.zeros((size, size))
    np.add.at(picture, (spots[inside, 1], spots[inside, 0]), weights[inside])
    near = _blur(picture, size * 0.012)
    near = 1.0 - np.exp(-near / max(near.max() * 0.3, 1e-12))
    return np.clip(0.35 * near + 0.65 * _blur(near, size * 0.03), 0.0, 1.0)


def _blur(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur with ``sigma`` in pixels, by Fourier transform with a margin against wrapping round."""
    size = picture.shape[0]
    padded = np.fft.rfft2(picture, (2 * size, 2 * size))
    rows, columns = np.fft.fftfreq(2 * size)[:, None], np.fft.rfftfreq(2 * size)[None]
    padded *= np.exp(-2.0 * (math.pi * sigma) ** 2 * (rows**2 + columns**2))
    return np.fft.irfft2(padded, (2 * size, 2 * size))[:size, :size].clip(0.0)


def _turn(angle: float) -> np.ndarray:
    """(3, 3) turn about +Z by ``angle`` radians."""
    return np.array([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]])


def _vertices(mesh: bpy.types.Mesh) -> np.ndarray:
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    return points.reshape(-1, 3).astype(np.float64)


def _faces(mesh: bpy.types.Mesh, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middles (F, 3) and areas (F,) of the faces of a triangle mesh."""
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    triangles = points[corners.reshape(-1, 3)]
    across = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    return triangles.mean(axis=1), np.linalg.norm(across, axis=1) / 2


def _set_camera(scene: bpy.types.Scene, view: View) -> None:
    data = bpy.data.cameras.new("Turntable")
    data.angle = 2 * HALF_VIEW
    data.clip_start, data.clip_end = view.distance * 0.01, view.distance * 20
    camera = bpy.data.objects.new("Turntable", data)
    camera.location = view.aim - view.forward * view.distance
    camera.rotation_euler = (math.radians(90.0 - ELEVATION), 0.0, 0.0)
    scene.collection.objects.link(camera)
    scene.camera = camera


def _set_light(scene: bpy.types.Scene) -> None:
    world = bpy.data.worlds.new("Sky")
    if bpy.app.version < (5, 0, 0):
        world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (0.92, 0.96, 1.0, 1.0)
    background.inputs["Strength"].default_value = 0.7
    # An even sky needs no light samples of its own, and its mirror image is only noise: both cost samples.
    world.cycles.sampling_method = "NONE"
    world.cycles_visibility.glossy = False
    scene.world = world
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.data.energy = 2.6
    sun.data.angle = math.radians(12.0)
    sun.data.color = (1.0, 0.96, 0.90)
    sun.rotation_euler = (math.radians(42.0), math.radians(-18.0), math.radians(-38.0))
    scene.collection.objects.link(sun)


def _set_render(scene: bpy.types.Scene, size: int, samples: int) -> None:
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x = render.resolution_y = size
    render.resolution_percentage = 100
    render.film_transparent = True
    render.use_persistent_data = True  # the four views differ by one turn only
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGBA"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.max_bounces = 1
    scene.cycles.use_adaptive_sampling = False
    # The denoiser takes longer than the samples that make it unnecessary, and some builds of Blender have none.
    scene.cycles.use_denoising = False
    scene.view_settings.view_transform = "Khronos PBR Neutral"


def _load(path: Path, size: int) -> np.ndarray:
    """A rendered PNG as (size, size, 4) float32 in [0, 1], row 0 at the top."""
    image = bpy.data.images.load(str(path))
    pixels = np.empty(size * size * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(size, size, 4)[::-1]


def _compose(picture: np.ndarray, shadow: np.ndarray) -> np.ndarray:
    """(H, W, 4) float with straight alpha over background and (H, W) shadow, as (H, W, 3) uint8."""
    height = picture.shape[0]
    bottom, top = np.array(BACKGROUND, np.float32)
    ramp = np.linspace(1.0, 0.0, height, dtype=np.float32)[:, None, None]
    behind = (top * ramp + bottom * (1.0 - ramp)) * (1.0 - 0.55 * shadow[..., None])
    alpha = picture[..., 3:]
    return np.rint((picture[..., :3] * alpha + behind * (1.0 - alpha)) * 255).clip(0, 255).astype(np.uint8)
