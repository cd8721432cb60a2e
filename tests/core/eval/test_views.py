"""Sets of views against sets of views."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latte3d_core.errors import AssetError, SettingError
from latte3d_core.eval.looks import Looks
from latte3d_core.eval.protocol import CAMERAS
from latte3d_core.eval.scorer import BATCH, Scorer, ScorerFeatures, ScorerNet
from latte3d_core.eval.views import distances, load_pictures, mask_iou, on_ground, score_views, see


class MeanColour:
    """Features that can be worked out by hand: the mean of each channel over the ground."""

    name, size = "mean colour", 16

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        return on_ground(pictures).mean((1, 2)) / 255


def _discs(count: int, seed: int, radius: float = 6.0) -> np.ndarray:
    """Coloured discs (count, 16, 16, 4) of varied size."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:16, :16] - 7.5
    radii = rng.uniform(radius - 2, radius, count)
    cover = x**2 + y**2 < radii[:, None, None] ** 2
    colors = rng.integers(0, 255, (count, 1, 1, 3)) * cover[..., None]
    return np.concatenate([colors, cover[..., None] * 255], -1).astype(np.uint8)


@pytest.fixture
def scorer_features() -> ScorerFeatures:
    return ScorerFeatures(Scorer(ScorerNet(3).eval(), ("a", "b", "c")), size=16)


def test_a_set_is_no_distance_from_itself(scorer_features: ScorerFeatures) -> None:
    views = _discs(24, 0)
    for net in (MeanColour(), scorer_features):
        scores = score_views(views, views[::-1], net)
        assert scores.pictures == 24 and scores.network == net.name and scores.mask_iou is None
        assert scores.render_fid == pytest.approx(0, abs=1e-5) and scores.mask_fid == pytest.approx(0, abs=1e-5)
        assert score_views(views, views, net, paired=True).mask_iou == 1.0


def test_colours_move_the_renders_and_shapes_move_the_masks(scorer_features: ScorerFeatures) -> None:
    views = _discs(32, 0)
    recoloured = views.copy()
    recoloured[..., :3] = views[..., 2::-1] // 3
    smaller = _discs(32, 0, radius=3.0)
    for net in (MeanColour(), scorer_features):
        other_colour, other_shape = (score_views(v, views, net, paired=True) for v in (recoloured, smaller))
        assert other_colour.render_fid > 1e-4 and other_colour.render_kid > 1e-4
        assert other_colour.mask_fid == pytest.approx(0, abs=1e-5) and other_colour.mask_iou == 1.0
        assert other_shape.mask_fid > 1e-3 and other_shape.mask_kid > 1e-4 and other_shape.mask_iou < 0.5


def test_masks_are_white_objects_on_black() -> None:
    views = np.zeros((4, 8, 8, 4), np.uint8)
    views[:, :, :2, 3] = 255  # a quarter is covered, by a black thing
    whole = views.copy()
    whole[2:, ..., 3] = 255  # two of them are covered whole
    np.testing.assert_allclose(see(views, MeanColour()).masks, 1 / 4)
    # In three equal channels: means 1/4 and 5/8, variances 0 and 3/16 (of 1/4, 1/4, 1, 1).
    scores = score_views(views, whole, MeanColour())
    assert scores.mask_fid == pytest.approx(3 * (3 / 8) ** 2 + 3 * 3 / 16)


def test_counts_are_made_equal_and_reported(scorer_features: ScorerFeatures) -> None:
    views = _discs(30, 0)
    scores = score_views(views, _discs(11, 1), scorer_features)
    assert scores.pictures == 11 and scores == score_views(views, _discs(11, 1), scorer_features)
    rows = np.arange(30.0)[:, None]
    assert distances(rows, rows[:11]).pictures == distances(rows[:11], rows).pictures == 11
    # The same rows are drawn for any two sets of those lengths.
    assert distances(rows, rows[:11]) == distances(rows, rows[:11][::-1])


def test_wrong_views_are_refused() -> None:
    views = _discs(4, 0)
    for wrong in (views[..., :3], views[0], views.astype(np.float32)):
        with pytest.raises(SettingError, match="uint8 RGBA"):
            score_views(wrong, views, MeanColour())
    with pytest.raises(SettingError, match="one count and size"):
        score_views(views, views[:3], MeanColour(), paired=True)
    with pytest.raises(SettingError, match="two pictures or more"):
        score_views(views[:1], views[:1], MeanColour())


def test_mask_iou_is_the_mean_over_pairs() -> None:
    first, second = np.zeros((2, 2, 4, 4), bool)
    first[0, :2], second[0, 1:3] = True, True  # a third
    first[1], second[1] = True, True
    assert mask_iou(first, second) == pytest.approx((1 / 3 + 1) / 2)


def test_a_scorer_sees_the_object_alone(scorer_features: ScorerFeatures) -> None:
    views = _discs(BATCH + 3, 0)
    features = scorer_features(views)
    assert features.shape == (len(views), 192) and np.ptp(features, axis=0).max() > 0
    hidden = views.copy()
    hidden[views[..., 3] == 0, :3] = 77  # colours where nothing is
    np.testing.assert_array_equal(scorer_features(hidden), features)
    np.testing.assert_allclose(scorer_features(views[-2:]), features[-2:], atol=1e-5)
    # Without alpha, black is nothing.
    masks = np.repeat(views[..., 3:], 3, -1)
    white = np.concatenate([masks, views[..., 3:]], -1)
    np.testing.assert_allclose(scorer_features(masks), scorer_features(white), atol=1e-5)


def test_looks_as_pictures() -> None:
    mask = np.zeros((1, 2, 2), bool)
    mask[0, 0] = True
    looks = Looks(np.full((1, 2, 2, 3), 200, np.uint8), np.full((1, 2, 2), 51, np.uint8), mask)
    pictures = looks.pictures()
    assert pictures.dtype == np.uint8 and pictures[0, 0, 0].tolist() == [40, 40, 40, 255]
    assert pictures[0, 1, 0, 3] == 0
    nothing = Looks.of_nothing(8)
    assert nothing.pictures().shape == (len(CAMERAS), 8, 8, 4) and not nothing.pictures().any()
    assert {f.name for f in dataclasses.fields(Looks)} == set(nothing.arrays())


def test_pictures_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="fewer than two"):
        load_pictures(tmp_path / "missing", 8)
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255  # the middle square is white
    Image.fromarray(wide).save(tmp_path / "b.png")
    Image.fromarray(np.zeros((12, 12, 4), np.uint8)).save(tmp_path / "A.PNG")  # clear: the ground shows
    Image.fromarray(np.full((9, 9), 40, np.uint8)).save(tmp_path / "c.png")
    (tmp_path / "notes.txt").write_text("not a picture")
    pictures = load_pictures(tmp_path, 8)
    assert pictures.shape == (3, 8, 8, 3)
    assert (pictures[0] == 255).all() and pictures[1, :, 2:-2].min() == 255 and (pictures[2] == 40).all()
    (tmp_path / "d.jpg").write_bytes(b"\xff\xd8broken")
    with pytest.raises(AssetError, match=r"d\.jpg cannot be read"):
        load_pictures(tmp_path, 8)
