"""Contact sheets that nobody picked: prompts drawn from a library's captions by a fixed seed."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from latte3d_core.api import Latte3D
from latte3d_core.data.manifest import Asset
from latte3d_core.errors import SettingError
from latte3d_core.render.preview import Camera, contact_sheet, render_mesh

log = logging.getLogger(__name__)


def pick_prompts(assets: Sequence[Asset], categories: int, per_category: int, seed: int) -> list[str]:
    """``per_category`` captions from each of the ``categories`` largest categories.

    Raises:
        SettingError: the assets do not have so many categories of that size.
    """
    by_category: dict[str, list[Asset]] = {}
    for asset in assets:
        by_category.setdefault(asset.category, []).append(asset)
    ranked = sorted(by_category.items(), key=lambda item: (-len(item[1]), item[0]))
    chosen = [members for _, members in ranked if len(members) >= per_category][:categories]
    if len(chosen) < categories:
        raise SettingError(f"The assets have only {len(chosen)} categories with {per_category} members or more.")
    rng = np.random.default_rng(seed)
    prompts = []
    for members in chosen:
        for index in rng.choice(len(members), per_category, replace=False):
            captions = members[index].captions
            prompts.append(captions[rng.integers(len(captions))])
    return prompts


def sheet(model: Latte3D, prompts: Sequence[str], alpha: float | None = None, columns: int = 8) -> np.ndarray:
    """One generated object a prompt, seen from the front right; (H, W, 3) uint8."""
    pictures = []
    for prompt in prompts:
        mesh = model.generate(prompt, alpha=alpha)
        for warning in mesh.warnings:
            log.warning("%s: %s", prompt, warning)
        pictures.append(render_mesh(mesh, Camera(distance=4.8), size=224))
    return contact_sheet(pictures, prompts, columns)
