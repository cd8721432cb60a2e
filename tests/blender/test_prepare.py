"""Frame, size, origin, custom properties and PNG files, without Blender."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import fake_core
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from latte3d_blender.png import encode_png
from latte3d_blender.prepare import DEFAULT_NAME, average_color, custom_properties, prepare, to_blender_frame


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, i]].astype(float) for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def test_axes_follow_the_rule() -> None:
    """Right stays right, up (+Y) becomes +Z, front (+Z) becomes -Y."""
    box = np.array([[0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 4]], np.float32)
    right, up, front = (to_blender_frame(box, 4.0) - to_blender_frame(box, 4.0)[0])[1:]
    np.testing.assert_allclose(right, [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(up, [0, 0, 2], atol=1e-6)
    np.testing.assert_allclose(front, [0, -4, 0], atol=1e-6)


@given(
    st.integers(0, 10_000),
    st.floats(0.01, 100.0),
    st.floats(0.05, 1.0),
)
def test_size_and_origin_hold_for_any_shape(seed: int, size_m: float, extent: float) -> None:
    points = np.random.default_rng(seed).uniform(-extent, extent, (20, 3)).astype(np.float32)
    result = to_blender_frame(points, size_m)
    low, high = result.min(axis=0), result.max(axis=0)
    assert (high - low).max() == pytest.approx(size_m, rel=1e-4)
    assert low[2] == pytest.approx(0.0, abs=1e-6 * size_m)
    np.testing.assert_allclose((low + high)[:2], 0.0, atol=1e-5 * size_m)


def test_the_winding_stays_right() -> None:
    vertices, faces, _, _ = fake_core.ball()
    assert volume(vertices, faces) > 0
    assert volume(to_blender_frame(vertices, 2.0), faces) > 0


def test_the_average_colour_counts_area_and_is_linear() -> None:
    """Three quarters of the surface on white (texture's upper half), one on black."""
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 3, 0], [0, -1, 0]], np.float32)
    faces = np.array([[0, 1, 2], [0, 3, 1]])
    uvs = np.array([[[0, 0.6], [1, 0.6], [0, 1]], [[0, 0], [0, 0.1], [1, 0.4]]], np.float32)
    image = np.zeros((8, 8, 3), np.uint8)
    image[:4] = 255
    np.testing.assert_allclose(average_color(vertices, faces, uvs, image), 0.75, rtol=1e-6)
    image[:] = 128
    np.testing.assert_allclose(average_color(vertices, faces, uvs, image), 0.2158605, rtol=1e-5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-38, 1e-15, 1e15, 1e37])
def test_the_average_colour_is_the_same_in_all_units(scale: float) -> None:
    vertices = (np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]]) * scale).astype(np.float32)
    uvs = np.full((1, 3, 2), 0.5, np.float32)
    average = average_color(vertices, np.array([[0, 1, 2]]), uvs, np.full((4, 4, 3), 255, np.uint8))
    np.testing.assert_allclose(average, 1.0)
    assert average_color(vertices, np.array([[0, 0, 2]]), uvs, np.full((4, 4, 3), 255, np.uint8)) == (0, 0, 0)


def test_a_single_point_does_not_divide_by_zero() -> None:
    assert np.isfinite(to_blender_frame(np.ones((1, 3), np.float32), 1.0)).all()


def test_custom_properties_are_what_blender_can_hold() -> None:
    given_values = {"prompt": "球", "seed": 5, "big": 2**31, "alpha": 0.5, "on": True, "none": None, "list": [1, "é"]}
    properties = custom_properties(given_values)
    assert properties["latte3d_prompt"] == "球"
    assert properties["latte3d_seed"] == 5
    assert properties["latte3d_alpha"] == 0.5
    assert properties["latte3d_on"] is True
    for key in ("big", "none", "list"):
        assert json.loads(str(properties[f"latte3d_{key}"])) == given_values[key]


def test_an_object_always_has_a_name() -> None:
    assert prepare(replace(fake_core.textured_ball(), name="  ")).name == DEFAULT_NAME
    assert prepare(replace(fake_core.textured_ball(), name="a 🐉")).name == "a 🐉"


def test_no_normal_map_is_no_picture() -> None:
    assert prepare(replace(fake_core.textured_ball(), normal_map=None)).normal_png is None


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([3, 4]))))
def test_png_is_read_back_by_another_program(image: np.ndarray) -> None:
    reader = pytest.importorskip("PIL.Image")
    np.testing.assert_array_equal(np.asarray(reader.open(io.BytesIO(encode_png(image)))), image)


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 2), np.uint8)])
def test_png_refuses_other_arrays(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected"):
        encode_png(image)
