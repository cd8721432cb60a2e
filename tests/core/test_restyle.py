"""An artist's own mesh: any mesh gets colours at its own places, or one sentence that says why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from latte3d_core import Cancelled, Latte3D, Progress, PromptError, SettingError
from latte3d_core.mesh import topology
from latte3d_core.mesh.check import check, uv_overlap
from latte3d_core.mesh.raster_uv import rasterise
from latte3d_core.mesh.topology import neighbours
from latte3d_core.mesh.types import Mesh
from latte3d_core.restyle import ArtistMesh, layout, placement, reshape, restyle, uv_fault

SIZE = 128


def of(shape: trimesh.Trimesh) -> ArtistMesh:
    return ArtistMesh(np.asarray(shape.vertices), np.asarray(shape.faces))


def grid(rows: int, columns: int, place: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> ArtistMesh:
    """A sheet of rows × columns squares, ``place`` (u, v) in [0, 1]² to (N, 3), with UVs u and v."""
    v, u = np.meshgrid(np.linspace(0, 1, rows + 1), np.linspace(0, 1, columns + 1), indexing="ij")
    number = np.arange(u.size).reshape(u.shape)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    faces = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])
    flat = np.stack([u.ravel(), v.ravel()], 1)
    return ArtistMesh(place(u.ravel(), v.ravel()), faces, flat[faces])


def plane(rows: int = 4, columns: int = 6) -> ArtistMesh:
    return grid(rows, columns, lambda u, v: np.stack([u, v, 0 * u], 1))


def moebius() -> ArtistMesh:
    """A band with half a twist, closed: the last column's vertices are the first one's, upside down."""

    def place(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        angle, wide = 2 * np.pi * u, v - 0.5
        radius = 1 + wide * np.cos(angle / 2)
        return np.stack([radius * np.cos(angle), wide * np.sin(angle / 2), radius * np.sin(angle)], 1)

    return replace(grid(3, 60, place), uvs=None)


def needle() -> ArtistMesh:
    return of(trimesh.creation.box((1e-4, 10, 1e-4)))


def two_far_apart() -> ArtistMesh:
    one, other = trimesh.creation.icosphere(2), trimesh.creation.box()
    return of(trimesh.util.concatenate([one, other.apply_translation([500, 0, 0])]))


def fan() -> ArtistMesh:
    """A 40-gon, triangulated from one corner."""
    angle = np.arange(40) * 2 * np.pi / 40
    rim = np.stack([np.cos(angle), np.sin(angle), 0 * angle], 1)
    return ArtistMesh(rim, np.stack([np.zeros(38, int), np.arange(1, 39), np.arange(2, 40)], 1))


def flat_faces() -> ArtistMesh:
    """A ball, and among its faces some that are a line, a point, and one that is used twice."""
    ball = of(trimesh.creation.icosphere(2))
    extra = [[0, 1, 1], [5, 5, 5], ball.triangles[7], [3, 9, 3]]
    return ArtistMesh(ball.vertices, np.concatenate([ball.triangles[:50], extra, ball.triangles[50:]]))


def unwelded() -> ArtistMesh:
    """A ball each of whose faces has vertices of its own."""
    ball = trimesh.creation.icosphere(3)
    return ArtistMesh(ball.vertices[ball.faces].reshape(-1, 3), np.arange(3 * len(ball.faces)).reshape(-1, 3))


def three_sheets() -> ArtistMesh:
    """Three sheets that meet in one edge, one of them wound the other way."""
    sheet = plane()
    turned = [sheet.vertices @ trimesh.transformations.rotation_matrix(k * 2.1, [0, 1, 0])[:3, :3].T for k in range(3)]
    faces = [sheet.triangles + k * len(sheet.vertices) for k in range(3)]
    faces[1] = faces[1][:, ::-1]
    return ArtistMesh(np.concatenate(turned), np.concatenate(faces))


def spiral() -> ArtistMesh:
    """A rolled sheet: seen from any side it lies over itself."""

    def place(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        angle = 6 * np.pi * u
        return np.stack([(0.3 + u) * np.cos(angle), v, (0.3 + u) * np.sin(angle)], 1)

    return replace(grid(2, 200, place), uvs=None)


def tiled() -> ArtistMesh:
    sheet = plane()
    return replace(sheet, uvs=sheet.uvs * 3)


def mirrored() -> ArtistMesh:
    """Two halves of a body on the same texels, as artists do it for symmetric things."""
    half = plane()
    other = half.vertices * [-1, 1, 1]
    return ArtistMesh(
        np.concatenate([half.vertices, other]),
        np.concatenate([half.triangles, half.triangles[:, ::-1] + len(other)]),
        np.concatenate([half.uvs, half.uvs[:, ::-1]]),
    )


def soup() -> ArtistMesh:
    rng = np.random.default_rng(0)
    corners = rng.uniform(-1, 1, (3000, 1, 3)) + rng.normal(size=(3000, 3, 3)) * 0.05
    return ArtistMesh(corners.reshape(-1, 3), np.arange(9000).reshape(-1, 3))


def shifted(mesh: ArtistMesh, scale: float, offset: float) -> ArtistMesh:
    return replace(mesh, vertices=np.asarray(mesh.vertices) * scale + offset)


AWKWARD: dict[str, tuple[Callable[[], ArtistMesh], bool]] = {
    "one triangle": (lambda: ArtistMesh(np.eye(3), np.array([[0, 1, 2]])), True),
    "plane": (plane, False),
    "fan": (fan, True),
    "Moebius strip": (moebius, True),
    "needle": (needle, True),
    "two far apart": (two_far_apart, True),
    "flat faces": (flat_faces, True),
    "duplicate vertices": (unwelded, True),
    "three sheets": (three_sheets, True),
    "spiral": (spiral, True),
    "tiled UVs": (tiled, True),
    "mirrored UVs": (mirrored, True),
    "soup": (soup, True),
    "turned inside out": (lambda: of(trimesh.creation.icosphere(2).apply_scale([-1, 1, 1])), True),
    "tiny units": (lambda: shifted(plane(), 1e-4, 0.01), False),
    "huge units": (lambda: shifted(plane(), 1e4, 1e5), False),
    "UVs without area": (lambda: replace(plane(), uvs=np.full((48, 3, 2), 0.5)), True),
    "UVs that are not numbers": (lambda: replace(plane(), uvs=np.full((48, 3, 2), np.nan)), True),
}


@pytest.fixture
def places(tiny_model: Latte3D, monkeypatch: pytest.MonkeyPatch) -> Latte3D:
    """The model with a field whose colour at a point is the point, so that a texture says where each texel lies."""
    fields = SimpleNamespace(color=lambda points: (points + 1) / 2, provenance={})
    monkeypatch.setattr(tiny_model, "fields", lambda *_: fields)
    return tiny_model


@pytest.mark.parametrize("name", AWKWARD)
def test_every_texel_has_the_colour_of_its_own_place(places: Latte3D, name: str) -> None:
    build, new_uvs = AWKWARD[name]
    mesh = build()
    result = restyle(places, mesh, "anything", texture_size=SIZE)
    assert result.new_uvs == new_uvs == bool(result.warnings)
    assert all(w.startswith("A new UV layout was made because ") and w.endswith(".") for w in result.warnings)
    assert result.base_color.shape == (SIZE, SIZE, 3) and result.base_color.dtype == np.uint8
    assert result.uvs.shape == (len(mesh.triangles), 3, 2) and result.uvs.min() >= 0 and result.uvs.max() <= 1
    assert uv_overlap(result.uvs, SIZE) <= 0.03
    if mesh.uvs is not None and not new_uvs:
        np.testing.assert_array_equal(result.uvs, mesh.uvs.astype(np.float32))
    corners = placement(mesh).to_core(mesh.vertices)[mesh.triangles]
    face, barycentric, texel = rasterise(result.uvs, SIZE)
    assert len(texel) > 0
    where = np.einsum("nk,nkc->nc", barycentric, corners[face])
    seen = result.base_color.reshape(-1, 3)[texel] / 255 * 2 - 1
    np.testing.assert_allclose(seen, where, atol=1.01 / 127.5)


def test_texels_are_those_of_the_real_field(tiny_model: Latte3D, monkeypatch: pytest.MonkeyPatch) -> None:
    """One triangle, each texel centre solved for by hand and asked by itself."""
    mesh = ArtistMesh(np.eye(3) * 4, np.array([[0, 1, 2]]), np.array([[[0.1, 0.1], [0.9, 0.2], [0.3, 0.8]]]))
    made: list[Any] = []
    ask = tiny_model.fields
    monkeypatch.setattr(tiny_model, "fields", lambda *given: made.append(ask(*given)) or made[-1])
    result = restyle(tiny_model, mesh, "a ball", texture_size=64)
    corners, compared = placement(mesh).to_core(mesh.vertices), 0
    for row in range(64):
        for column in range(64):
            place = np.array([(column + 0.5) / 64, 1 - (row + 0.5) / 64, 1])
            weight = np.linalg.solve(np.vstack([mesh.uvs[0].T, np.ones(3)]), place)
            if weight.min() > 1e-6:
                expected = made[0].color((weight @ corners)[None].astype(np.float32))[0] * 255
                np.testing.assert_allclose(result.base_color[row, column], expected, atol=0.51)
                compared += 1
    assert compared > 500


def test_a_hundred_thousand_faces(places: Latte3D) -> None:
    mesh = grid(250, 250, lambda u, v: np.stack([u, np.sin(9 * u) * np.cos(7 * v) / 4, v], 1))
    assert len(mesh.triangles) > 100_000
    assert not restyle(places, mesh, "hills", texture_size=256).new_uvs
    again = restyle(places, replace(mesh, uvs=None), "hills", texture_size=256)
    assert again.new_uvs and uv_overlap(again.uvs, 256) <= 0.03


def test_units_and_place_do_not_matter(tiny_model: Latte3D) -> None:
    """Powers of two leave every bit of a number but its exponent alone."""
    mesh = of(trimesh.creation.torus(1, 0.3))
    results = [restyle(tiny_model, shifted(mesh, s, 0), "a ring", texture_size=64) for s in (1.0, 2.0**-13, 2.0**13)]
    for other in results[1:]:
        np.testing.assert_array_equal(results[0].base_color, other.base_color)
        np.testing.assert_array_equal(results[0].uvs, other.uvs)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), scale=st.floats(-4, 4).map(lambda e: 10**e),
    offset=st.floats(-1e5, 1e5), thin=st.floats(0, 1),
)  # fmt: skip
def test_placement_goes_there_and_back(seed: int, scale: float, offset: float, thin: float) -> None:
    points = np.random.default_rng(seed).normal(size=(20, 3)) * [1, thin, thin] * scale + offset
    place = placement(ArtistMesh(points, np.arange(18).reshape(-1, 3)))
    core = place.to_core(points[:18])
    assert np.abs(core).max() == pytest.approx(0.9, abs=1e-5)
    np.testing.assert_allclose(core.max(axis=0) + core.min(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(place.from_core(core), points[:18], rtol=1e-6, atol=1e-6 * scale)


@pytest.mark.parametrize(
    ("mesh", "word"),
    [
        (ArtistMesh(np.eye(3), np.zeros((0, 3), int)), "no faces"),
        (ArtistMesh(np.zeros((0, 3)), np.zeros((0, 3), int)), "no faces"),
        (ArtistMesh(np.array([[0, 0, 0], [1, 0, 0], [0, np.nan, 0]]), np.array([[0, 1, 2]])), "finite"),
        (ArtistMesh(np.array([[0, 0, 0], [1, 0, 0], [0, np.inf, 0]]), np.array([[0, 1, 2]])), "finite"),
        (ArtistMesh(np.eye(3), np.array([[0, 1, 3]])), "not there"),
        (ArtistMesh(np.eye(3), np.array([[0, 1, -1]])), "not there"),
        (ArtistMesh(np.eye(3), np.array([[0.0, 1.0, 2.0]])), "not there"),
        (ArtistMesh(np.eye(3), np.array([[0, 1]])), "three vertex numbers"),
        (ArtistMesh(np.eye(2), np.array([[0, 1, 1]])), "x, y, z"),
        (ArtistMesh(np.ones((3, 3)), np.array([[0, 1, 2]])), "one point"),
        (ArtistMesh(np.eye(3), np.array([[0, 1, 1]])), "an area"),
        (replace(plane(), uvs=np.zeros((3, 3, 2))), "UVs"),
        (replace(plane(), material=np.zeros(3, int)), "slots"),
        (replace(plane(), colors=np.zeros((7, 3))), "colours"),
        (replace(plane(), colors=np.full((48, 3, 3), 255.0)), "between 0 and 1"),
        (replace(plane(), colors=np.full((48, 3, 3), np.nan)), "between 0 and 1"),
    ],
)
def test_meshes_that_are_none(tiny_model: Latte3D, mesh: ArtistMesh, word: str) -> None:
    for work in (restyle, reshape):
        with pytest.raises(SettingError, match=word) as caught:
            work(tiny_model, mesh, "a box", texture_size=64)
        assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "given", [{"texture_size": 8}, {"seed": -1}, {"seed": "x"}, {"material": 3}, {"texture_size": float("nan")}]
)
def test_settings_out_of_range(tiny_model: Latte3D, given: dict[str, Any]) -> None:
    with pytest.raises(SettingError):
        restyle(tiny_model, plane(), "a box", **given)
    with pytest.raises(PromptError):
        restyle(tiny_model, plane(), "  ")


@pytest.mark.parametrize("stage", ["text", "network", "unwrap", "bake"])
def test_cancel_is_heard_in_every_stage(tiny_model: Latte3D, stage: str) -> None:
    progress = Progress(lambda name, _: progress.cancel() if name == stage else None)
    with pytest.raises(Cancelled, match=stage):
        restyle(tiny_model, fan(), "a box", texture_size=64, progress=progress)


def test_progress_only_rises(tiny_model: Latte3D) -> None:
    seen: list[float] = []
    restyle(tiny_model, spiral(), "a box", texture_size=64, progress=Progress(lambda _, f: seen.append(f)))
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)


def test_one_material_slot_alone(places: Latte3D) -> None:
    sheet = plane()
    slots = np.arange(len(sheet.triangles)) % 2
    # Both slots use the whole texture, as two materials with a texture each do.
    uvs = np.concatenate([sheet.uvs, sheet.uvs[:, :, ::-1]])
    mesh = ArtistMesh(
        sheet.vertices, np.concatenate([sheet.triangles] * 2), uvs, material=np.repeat([0, 1], len(slots))
    )
    assert restyle(places, mesh, "x", texture_size=64).new_uvs
    one = restyle(places, mesh, "x", texture_size=64, material=1)
    assert not one.new_uvs and one.provenance["material"] == 1
    np.testing.assert_array_equal(one.uvs, uvs.astype(np.float32))
    bare = restyle(places, replace(mesh, uvs=None), "x", texture_size=64, material=1)
    assert bare.new_uvs and not bare.uvs[: len(slots)].any() and bare.uvs[len(slots) :].any()


def test_colours_are_shown_only_if_they_are_to_be_kept(tiny_model: Latte3D, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    ask = tiny_model.fields
    monkeypatch.setattr(tiny_model, "fields", lambda *given: shown.append(given[3:5]) or ask(*given))
    sheet = plane()
    colors = np.clip(sheet.vertices, 0, 1)
    for mesh, keep in (
        (replace(sheet, colors=colors), True), (replace(sheet, colors=colors[sheet.triangles]), True),
        (replace(sheet, colors=colors), False), (sheet, True),
    ):  # fmt: skip
        result = restyle(tiny_model, mesh, "a flag", texture_size=64, keep_colours=keep)
        assert bool(result.warnings) == (keep and mesh.colors is None)
    expected = shown[0][0] / 1.8 + [0.5, 0.5 * 4 / 4, 0]  # the sheet's u and v, which are its red and green
    for _, found in shown[:2]:
        np.testing.assert_allclose(found[:, :2], expected[:, :2], atol=1e-5)
    assert shown[2][1] is None and shown[3][1] is None


def test_points_are_drawn_by_area(tiny_model: Latte3D, monkeypatch: pytest.MonkeyPatch) -> None:
    """A square of two triangles beside one of a thousand: as many points on either."""
    shown: list[np.ndarray] = []
    ask = tiny_model.fields
    monkeypatch.setattr(tiny_model, "fields", lambda *given: shown.append(given[3]) or ask(*given))
    coarse, fine = plane(1, 1), plane(20, 25)
    both = ArtistMesh(
        np.concatenate([coarse.vertices, fine.vertices + np.array([3, 0, 0])]),
        np.concatenate([coarse.triangles, fine.triangles + len(coarse.vertices)]),
    )
    restyle(tiny_model, both, "two flags", texture_size=64)
    assert abs((shown[0][:, 0] < 0).mean() - 0.5) < 0.02


def test_provenance_is_enough_to_make_it_again(tiny_model: Latte3D) -> None:
    first, again = (restyle(tiny_model, fan(), "a red box", seed=4, texture_size=64) for _ in range(2))
    np.testing.assert_array_equal(first.base_color, again.base_color)
    assert first.provenance == again.provenance
    said = json.loads(json.dumps(dict(first.provenance)))
    assert said["prompt"] == "a red box" and said["seed"] == 4 and said["alpha"] == 1.0
    assert said["model_sha256"] == tiny_model.checkpoint.digest and said["new_uvs"] is True
    assert said["shape"] != restyle(tiny_model, plane(), "a red box", texture_size=64).provenance["shape"]


def test_reshape_stays_where_the_mesh_is(tiny_model: Latte3D) -> None:
    mesh = shifted(of(trimesh.creation.icosphere(3)), 250, 1000)
    made = reshape(tiny_model, mesh, "a ball", alpha=0.5, faces=600, texture_size=64)
    core = Mesh(placement(mesh).to_core(made.vertices), made.faces)
    assert check(core).ok and np.abs(core.vertices).max() <= 1.02
    assert made.size_m == pytest.approx(np.ptp(made.vertices, axis=0).max())
    assert made.provenance["alpha"] == 0.5 and made.provenance["reshape"] is True
    assert made.vertices.min() > 700 and made.vertices.max() < 1300
    json.dumps(dict(made.provenance))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-30, 1e30, 5e38])
def test_numbers_of_any_size_will_do(tiny_model: Latte3D, scale: float) -> None:
    mesh = of(trimesh.creation.icosphere(2, radius=0.5))
    large = replace(mesh, vertices=(mesh.vertices * scale).astype(np.float32))
    made = reshape(tiny_model, large, "a ball", faces=300, texture_size=64)
    assert np.isfinite(made.vertices).all() and 0.1 < made.size_m / scale < 2
    assert restyle(tiny_model, large, "a ball", texture_size=64).base_color.max() > 0


def test_faults_of_a_layout_have_names() -> None:
    sheet = plane()
    mesh = Mesh(sheet.vertices.astype(np.float32), sheet.triangles.astype(np.int32))
    uvs = sheet.uvs.astype(np.float32)
    assert uv_fault(mesh, uvs) is None
    assert uv_fault(mesh, uvs * np.float32(1 + 5e-5)) is None  # rounding
    half = uvs.copy()
    half[:10] = uvs[0, 0]
    tall = np.tile(np.array([[0, 0], [0, 1], [1e-7, 0]], dtype=np.float32), (5000, 1, 1))
    stack = Mesh(mesh.vertices, np.tile(mesh.faces[:1], (5000, 1)))
    for faces, flat, word in (
        (mesh, uvs * np.float32(np.nan), "not numbers"), (mesh, uvs + 1, "leave the texture"),
        (mesh, half, "no place"), (mesh, uvs * np.float32(0.05), "next to nothing"),
        (mesh, np.tile(uvs[:1], (len(uvs), 1, 1)) * 4, "over each other"),
        (mesh, np.abs(uvs * 2 - 1), "over each other"), (stack, tall, "next to nothing"),
        (stack, tall * [100, 1], "over each other"),
    ):  # fmt: skip
        assert word in (uv_fault(faces, flat) or "")


def faces_at_random(seed: int, count: int, vertices: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, vertices, (count, 3))


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 60), vertices=st.integers(3, 12))
@settings(deadline=None)
def test_neighbours_share_an_edge_and_are_mutual(seed: int, count: int, vertices: int) -> None:
    """On any faces at all: as many partners at an edge as there are half-edges of the rarer direction."""
    faces = faces_at_random(seed, count, vertices)
    across = neighbours(faces)
    met: dict[tuple[int, int], list[int]] = {}
    for f in range(count):
        for i in range(3):
            a, b = int(faces[f, i]), int(faces[f, (i + 1) % 3])
            if a != b:
                met.setdefault((min(a, b), max(a, b)), [0, 0])[int(a > b)] += 1
            other = across[f, i]
            if other != f:
                assert f in across[other]
                assert {a, b} <= set(faces[other].tolist())
    partners = int((across != np.arange(count)[:, None]).sum())
    assert partners <= 2 * sum(min(pair) for pair in met.values())
    plain = {(int(f[i]), int(f[(i + 1) % 3])) for f in faces for i in range(3)}
    if len(plain) == 3 * count and not any(a == b for a, b in plain):
        assert partners == 2 * sum(min(pair) for pair in met.values())


def test_neighbours_of_a_closed_mesh_are_its_twins() -> None:
    faces = np.asarray(trimesh.creation.torus(1, 0.3).faces)
    twin = topology.twins(faces)
    assert twin is not None
    np.testing.assert_array_equal(neighbours(faces), twin.reshape(-1, 3) // 3)


@pytest.mark.parametrize("size", [64, 512])
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 80), vertices=st.integers(3, 40))
@settings(max_examples=15, deadline=None)
def test_any_faces_get_a_layout(size: int, seed: int, count: int, vertices: int) -> None:
    places = np.random.default_rng(seed).uniform(-0.9, 0.9, (vertices, 3)).astype(np.float32)
    mesh = Mesh(places, faces_at_random(seed, count, vertices).astype(np.int32))
    uvs = layout(mesh, size)
    assert uvs.shape == (count, 3, 2) and np.isfinite(uvs).all() and uvs.min() >= 0 and uvs.max() <= 1
    assert uv_overlap(uvs, size) <= 0.03


def test_more_pieces_than_texels_still_have_places_of_their_own() -> None:
    corners = np.random.default_rng(0).uniform(-0.9, 0.9, (30_000, 3, 3)).astype(np.float32)
    uvs = layout(Mesh(corners.reshape(-1, 3), np.arange(90_000, dtype=np.int32).reshape(-1, 3)), 512)
    assert uv_overlap(uvs, 2048) == 0
    edge1, edge2 = uvs[:, 1] - uvs[:, 0], uvs[:, 2] - uvs[:, 0]
    assert (edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0] > 0).all()  # none is mirrored


@pytest.fixture(scope="module")
def model() -> Latte3D:
    return Latte3D.from_pretrained("small", "cpu")


@pytest.mark.parametrize(("colour", "channel"), [("red", 0), ("blue", 2)])
def test_the_colour_that_is_asked_for_is_the_colour_of_the_mesh(model: Latte3D, colour: str, channel: int) -> None:
    mesh = model.generate("a wooden chair", texture_size=64)
    result = restyle(model, ArtistMesh(mesh.vertices, mesh.faces), f"a {colour} chair", texture_size=256)
    colors = result.base_color.reshape(-1, 3)[rasterise(result.uvs, 256)[2]].mean(axis=0)
    others = np.delete(colors, channel)
    assert colors[channel] > others.max() + 50


def test_colours_that_the_prompt_does_not_change_stay(model: Latte3D) -> None:
    mesh = model.generate("a wooden chair", texture_size=64)
    colors = np.where(mesh.vertices[:, 1:2] > 0, [0.9, 0.5, 0.7], [0.2, 0.6, 0.5])
    given = ArtistMesh(mesh.vertices, mesh.faces, colors=colors)
    means = []
    for keep in (True, False):
        result = restyle(model, given, "a chair", texture_size=256, keep_colours=keep)
        face, _, texel = rasterise(result.uvs, 256)
        means.append(np.abs(result.base_color.reshape(-1, 3)[texel] / 255 - colors[mesh.faces[face, 0]]).mean())
    assert means[0] < 0.05 < means[1]
