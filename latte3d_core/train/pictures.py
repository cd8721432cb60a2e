"""What a run looks like from outside: a plot of its losses and a contact sheet of the same 16 prompts, every so
often."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from latte3d_core.errors import Latte3DError
from latte3d_core.model.templates import Templates
from latte3d_core.render.preview import contact_sheet, render_mesh, save_png
from latte3d_core.train.pretrain import Pretrainer
from latte3d_core.train.trainer import read_log

log = logging.getLogger(__name__)

_COLOURS = {
    "loss": (40, 40, 45), "sdf": (200, 80, 30), "sign": (40, 110, 190), "color": (60, 150, 70), "image": (150, 70, 160),
}  # fmt: skip


class Pictures:
    """Draws ``sheet_<step>.png`` and ``losses.png`` into the folder of a run.

    The 16 prompts are captions of the run's own assets, picked by a hash of the ids, so that they never change.
    """

    def __init__(self, run: Pretrainer) -> None:
        self.run = run
        ranked = sorted(run.prepared, key=lambda p: hashlib.sha256(b"picture" + p.asset.id.encode()).digest())
        self._templates: Templates | None = None
        self.prompts = [p.asset.captions[min(1, len(p.asset.captions) - 1)] for p in ranked[:16]]

    def draw(self) -> Path:
        """The sheet's first two rows follow a template (alpha 1), the last two the prompt alone (alpha 0)."""
        from latte3d_core.api import Latte3D
        from latte3d_core.checkpoint import load_checkpoint
        from latte3d_core.train.export import export, templates_of

        file = self.run.folder / "preview.safetensors"
        if self._templates is None:
            self._templates = templates_of(self.run)
        export(self.run, self._templates, file)
        model = Latte3D(load_checkpoint(file))
        pictures, labels = [], []
        for alpha in (1.0, 0.0):
            for prompt in self.prompts:
                try:
                    mesh = model.generate(prompt, alpha=alpha, faces=3000, texture_size=256)
                    pictures.append(render_mesh(mesh))
                except Latte3DError as error:  # an early field may have no surface; the picture says so
                    log.warning("no picture of %r: %s", prompt, error)
                    pictures.append(np.zeros((192, 192, 4), dtype=np.uint8))
                labels.append(f"{prompt} (alpha {alpha:g})")
        path = self.run.folder / f"sheet_{self.run.step:06d}.png"
        save_png(contact_sheet(pictures, labels), path)
        save_png(plot_losses(read_log(self.run.log_file)), self.run.folder / "losses.png")
        return path


def plot_losses(records: Sequence[dict[str, float]], width: int = 900, height: int = 420) -> np.ndarray:
    """Losses over steps on a logarithmic axis, smoothed over a fiftieth of the run; (height, width, 3) uint8."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (width, height), (250, 250, 250))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(12)
    left, right, top, bottom = 60, width - 90, 20, height - 40
    steps = np.array([r["step"] for r in records], dtype=np.float64)
    window = max(1, len(records) // 50)
    curves = {}
    for name in (n for n in _COLOURS if n in records[0]):
        values = np.maximum([r[name] for r in records], 1e-6)
        curves[name] = np.convolve(values, np.ones(window) / window, mode="valid")
    low = min(np.log10(c.min()) for c in curves.values())
    high = max(np.log10(c.max()) for c in curves.values())
    span = max(high - low, 1e-3)
    for tick in np.arange(np.floor(low), np.ceil(high) + 0.5, 0.5):
        y = bottom - (tick - low) / span * (bottom - top)
        if top <= y <= bottom:
            draw.line([(left, y), (right, y)], fill=(225, 225, 225))
            draw.text((8, y - 7), f"{10**tick:.3g}", (90, 90, 90), font)
    reach = max(steps[-1] - steps[0], 1.0)
    for name, curve in curves.items():
        x = left + (steps[window - 1 :] - steps[0]) / reach * (right - left)
        y = bottom - (np.log10(curve) - low) / span * (bottom - top)
        draw.line([*zip(x.tolist(), y.tolist(), strict=True)], fill=_COLOURS[name], width=2)
        draw.text((right + 6, float(y[-1]) - 7), name, _COLOURS[name], font)
    draw.text((left, bottom + 12), f"step {steps[0]:.0f}", (90, 90, 90), font)
    draw.text((right - 60, bottom + 12), f"step {steps[-1]:.0f}", (90, 90, 90), font)
    return np.asarray(image)
