"""Sets of views against sets of views: Render-FID, Render-KID, Mask-FID, Mask-KID and the overlap of masks.

Render distances compare what generated objects look like with what references look like; mask distances do so with
the silhouettes alone, which tell whether shapes are of the library's kind (the paper's Mask-FID). The network whose
features are compared is a parameter, and every number belongs to one network: distances of two networks, or of two
counts of pictures, do not compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from latte3d_core.errors import AssetError, SettingError
from latte3d_core.eval.distances import frechet_distance, kernel_distance
from latte3d_core.eval.geometry import occupancy_iou
from latte3d_core.eval.protocol import GROUND, SEED

#: Endings of the files that ``load_pictures`` reads.
PICTURE_ENDINGS = (".jpeg", ".jpg", ".png", ".webp")


class FeatureNet(Protocol):
    """A network whose features tell pictures apart."""

    @property
    def name(self) -> str:
        """As the report calls it."""

    @property
    def size(self) -> int:
        """Side of the pictures that it sees best, pixels."""

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """pictures (N, S, S, 4) RGBA or (N, S, S, 3) RGB, uint8 sRGB, row 0 at the top; returns (N, D) float."""


@dataclass(frozen=True)
class Distances:
    """Of two sets of features: the Fréchet and the kernel distance, and how many pictures a side they rest on."""

    pictures: int
    fid: float
    kid: float


@dataclass(frozen=True)
class Seen:
    """What a network makes of N pictures, so that the pictures need not be kept.

    Attributes:
        renders, masks: (N, D) float, features of the pictures and of their masks, white on black.
        cover: (N, S, S) bool, where at least half of the pixel is covered.
    """

    renders: np.ndarray
    masks: np.ndarray
    cover: np.ndarray


@dataclass(frozen=True)
class ViewScores:
    """Views of generated objects against views of references.

    Attributes:
        network: whose features they are; pictures: count on each side.
        render_fid, render_kid: distances of the pictures; mask_fid, mask_kid: of the masks.
        mask_iou: mean over pairs of masks; None where the sets are not paired.
    """

    network: str
    pictures: int
    render_fid: float
    render_kid: float
    mask_fid: float
    mask_kid: float
    mask_iou: float | None


def score_views(pictures: np.ndarray, references: np.ndarray, net: FeatureNet, paired: bool = False) -> ViewScores:
    """Compare views of generated objects with views of references, from the same cameras.

    Arguments:
        pictures, references: (N, S, S, 4) and (M, S, S, 4) uint8 RGBA, alpha 0 where nothing is. From the longer set
            as many as the shorter one has are drawn, by a fixed seed.
        paired: picture i and reference i show the same thing from the same side; then the masks' overlap is given.

    Raises:
        SettingError: other shapes, fewer than two pictures, or pairs of different counts or sizes.
    """
    return compare(see(pictures, net), see(references, net), net.name, paired)


def see(pictures: np.ndarray, net: FeatureNet) -> Seen:
    """Features and masks of pictures (N, S, S, 4) uint8 RGBA.

    Raises:
        SettingError: the pictures have another shape or type.
    """
    if pictures.ndim != 4 or pictures.shape[-1] != 4 or pictures.dtype != np.uint8:
        raise SettingError(f"Views must be (N, S, S, 4) uint8 RGBA, not {pictures.shape} {pictures.dtype}.")
    alpha = pictures[..., 3]
    return Seen(net(pictures), net(np.repeat(alpha[..., None], 3, axis=-1)), alpha >= 128)


def together(parts: Sequence[Seen]) -> Seen:
    """The views of several objects as one set."""
    return Seen(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("renders", "masks", "cover")))


def compare(generated: Seen, references: Seen, network: str, paired: bool = False) -> ViewScores:
    """As ``score_views``, of what a network has already seen."""
    if paired and generated.cover.shape != references.cover.shape:
        raise SettingError(
            f"Paired views must have one count and size, not {generated.cover.shape} and {references.cover.shape}."
        )
    renders = distances(generated.renders, references.renders)
    masks = distances(generated.masks, references.masks)
    overlap = mask_iou(generated.cover, references.cover) if paired else None
    return ViewScores(network, renders.pictures, renders.fid, renders.kid, masks.fid, masks.kid, overlap)


def distances(first: np.ndarray, second: np.ndarray) -> Distances:
    """Fréchet and kernel distance of features (N, D) and (M, D) at equal counts, drawn by a fixed seed."""
    count = min(len(first), len(second))
    first, second = (
        rows if len(rows) == count else rows[np.random.default_rng(SEED).permutation(len(rows))[:count]]
        for rows in (first, second)
    )
    return Distances(count, frechet_distance(first, second), kernel_distance(first, second))


def mask_iou(first: np.ndarray, second: np.ndarray) -> float:
    """Mean intersection over union of the pairs in two sets of masks (N, S, S) bool."""
    return float(np.mean([occupancy_iou(a, b) for a, b in zip(first, second, strict=True)]))


def on_ground(pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, S, S, 4) over the protocol's ground; (N, S, S, 3) are opaque and stay. Returns uint8 RGB."""
    if pictures.shape[-1] == 3:
        return pictures
    cover = pictures[..., 3:] / np.float32(255)
    return np.round(pictures[..., :3] * cover + GROUND * (1 - cover)).astype(np.uint8)


def load_pictures(folder: Path, size: int) -> np.ndarray:
    """The pictures of a folder in the order of their names: (N, size, size, 3) uint8 RGB, the middle square of each,
    resampled; transparent ones over the protocol's ground.

    Raises:
        AssetError: the folder holds fewer than two pictures, or a file that cannot be read as one.
    """
    from PIL import Image, ImageOps

    paths = sorted(p for p in folder.glob("*") if p.suffix.lower() in PICTURE_ENDINGS)
    if len(paths) < 2:
        raise AssetError(f"{folder} holds fewer than two pictures; give a folder of PNG, JPEG or WebP files.")
    pictures = []
    for path in paths:
        try:
            with Image.open(path) as image:
                square = ImageOps.fit(image.convert("RGBA"), (size, size), Image.Resampling.BICUBIC)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise AssetError(f"The picture {path} cannot be read; repair or remove it.") from error
        pictures.append(np.asarray(square))
    return on_ground(np.stack(pictures))
