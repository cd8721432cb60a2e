"""Scorers: small convolutional networks that name what they see, trained on pictures of real assets.

Generation is judged by networks that never saw a generated picture. Their own share of right answers on assets that
they did not see either is the ceiling that generated objects are measured against.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latte3d_core.errors import CheckpointError
from latte3d_core.eval.looks import Looks
from latte3d_core.eval.protocol import BATCH, EPOCHS, LOOK_SIZE, SEED
from latte3d_core.files import write_atomically

log = logging.getLogger(__name__)

#: Shares of red, green and blue in the brightness of a picture (Rec. 709).
_BRIGHTNESS = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


class ScorerNet(nn.Module):
    """Four strided convolutions and a plain one, a mean over the picture, one linear layer."""

    def __init__(self, classes: int, widths: Sequence[int] = (32, 64, 128, 192)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((5, *widths[:-1]), widths, strict=True):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.GroupNorm(8, after), nn.SiLU()]
        layers += [nn.Conv2d(widths[-1], widths[-1], 3, padding=1), nn.GroupNorm(8, widths[-1]), nn.SiLU()]
        self.body = nn.Sequential(*layers)
        self.last = nn.Linear(widths[-1], classes)

    def features(self, pictures: Tensor) -> Tensor:
        """pictures (N, 5, S, S) in [-0.5, 0.5]; returns (N, width)."""
        return self.body(pictures).mean((2, 3))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.last(F.dropout(self.features(pictures), 0.3, self.training))


@dataclass(frozen=True)
class Scorer:
    """A trained network and the names of its classes."""

    net: ScorerNet
    names: tuple[str, ...]

    def ranking(self, looks: Looks) -> list[str]:
        """Class names by falling mean log-likelihood over the views."""
        with torch.inference_mode():
            scores = F.log_softmax(self.net(torch.from_numpy(looks.channels())), 1).mean(0)
        return [self.names[i] for i in scores.argsort(descending=True).tolist()]

    def features(self, looks: Looks) -> np.ndarray:
        """(V, width) float32 of each view, for distances between sets of pictures."""
        with torch.inference_mode():
            return self.net.features(torch.from_numpy(looks.channels())).numpy()


@dataclass(frozen=True)
class ScorerFeatures:
    """A scorer's network as a ``FeatureNet``: what it sees in any picture of an object.

    A picture has no channel for the bare shape, so its brightness stands in. Where a picture has no alpha, all that is
    not black is the object, as in a mask.
    """

    scorer: Scorer
    size: int = LOOK_SIZE

    @property
    def name(self) -> str:
        return f"category scorer, classes: {len(self.scorer.names)}"

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """(N, width) float32."""
        parts = [self._some(pictures[begin : begin + BATCH]) for begin in range(0, len(pictures), BATCH)]
        return np.concatenate(parts)

    def _some(self, pictures: np.ndarray) -> np.ndarray:
        colors = pictures[..., :3] / np.float32(255)
        mask = pictures[..., 3:] / np.float32(255) if pictures.shape[-1] == 4 else colors.any(-1, keepdims=True)
        colors = colors * mask
        channels = np.concatenate([colors, (colors @ _BRIGHTNESS)[..., None], mask], -1) - np.float32(0.5)
        with torch.inference_mode():
            return self.scorer.net.features(torch.from_numpy(channels).permute(0, 3, 1, 2)).numpy()


def train_scorer(looks: Sequence[Looks], labels: Sequence[str], seed: int = SEED, epochs: int | None = None) -> Scorer:
    """Learn to tell the labels apart, from every view by itself. Mirrored pictures are shown too."""
    names = tuple(sorted(set(labels)))
    torch.manual_seed(seed)
    net = ScorerNet(len(names))
    index = torch.tensor([names.index(label) for label in labels])
    weights = 1 / torch.bincount(index, minlength=len(names)).clamp(min=1).float().sqrt()
    rng = np.random.default_rng(seed)
    views = len(looks[0].mask)
    steps = (epochs or EPOCHS) * (len(looks) * views // BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=max(2, steps))
    net.train()
    for _ in range(max(1, steps)):
        which, view = rng.integers(len(looks), size=BATCH), rng.integers(views, size=BATCH)
        picture = np.stack([_one(looks[w], v) for w, v in zip(which, view, strict=True)])
        if rng.random() < 0.5:
            picture = picture[..., ::-1].copy()
        loss = F.cross_entropy(net(torch.from_numpy(picture)), index[which], weights, label_smoothing=0.05)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return Scorer(net.eval(), names)


def _one(looks: Looks, view: int) -> np.ndarray:
    part = slice(view, view + 1)
    return Looks(looks.colors[part], looks.shade[part], looks.mask[part]).channels()[0]


def save_scorer(scorer: Scorer, path: Path) -> None:
    from safetensors.torch import save

    tensors = {k: v.contiguous() for k, v in scorer.net.state_dict().items()}
    write_atomically(path, save(tensors, {"names": json.dumps(scorer.names)}))


def load_scorer(path: Path) -> Scorer:
    """Raises CheckpointError where the file cannot be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), "pt") as stored:
            names = tuple(json.loads((stored.metadata() or {})["names"]))
            net = ScorerNet(len(names))
            net.load_state_dict({key: stored.get_tensor(key) for key in stored.keys()})  # noqa: SIM118 - not a dict
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"The scorer {path} cannot be read; delete it, and it is trained anew.") from error
    return Scorer(net.eval(), names)
