"""Stage 2 (paper, section 3.3): shapes frozen, surfaces rendered, T's planes twice as fine, and a prior that sees the
depth of what was rendered and may change only its colours.

G answers as stage 1 left it, to the last bit: what it shares with T is frozen too. With ``own_encoder`` T first gets a
copy of what they share and trains that copy, as in the paper; it then costs a second way down in every forward pass, so
the default leaves it out.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from latte3d_core.config import ModelConfig
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.prompt_sets import PromptLine
from latte3d_core.errors import SettingError, SurfaceError
from latte3d_core.field.grid import sdf_grid
from latte3d_core.mesh.isosurface import extract
from latte3d_core.model.latte import Conditions, LatteNet, Planes
from latte3d_core.model.text import CaptionCache, TextEncoder
from latte3d_core.prior.model import GREY
from latte3d_core.prior.views import SetSettings, draw_orbit
from latte3d_core.render.surface import Rasteriser, SurfaceViews, render_surface
from latte3d_core.train.guidance import Guidance, Rendered, distillation_loss
from latte3d_core.train.pairs import Pair, PairSource, check_alpha, conditions_of
from latte3d_core.train.trainer import Trainer, run_info

log = logging.getLogger(__name__)

#: Modules that T alone uses.
_OWN = ("texture_decoder.", "color_head.", "color_film.", "texture_detail.")
#: Modules that G and T share, and the names of T's own.
_SHARED = {"points.": "texture_points.", "volume.": "texture_volume.", "encoder.": "texture_encoder."}


@dataclass(frozen=True)
class Stage2Settings:
    """How stage 2 trains.

    Attributes:
        steps, batch: length of the run and prompts per step, each seen in four views.
        learning_rate, warmup, weight_decay, ema, save_every, accumulate: as in stage 0.
        alpha: of every sample; None: drawn from U(0, 1).
        dummy_share: share of samples that see the dummy sphere.
        detail: width of the residual perceptron behind T's finer planes; 0: none, for the comparison.
        own_encoder: give T its own copy of the way down and train it.
        grid_side: points along an edge of the grid in which the surface is found: 33, 65, 129.
        size: pixels along an edge of a picture.
    """

    steps: int = 1000
    batch: int = 2
    learning_rate: float = 3e-4
    warmup: int = 20
    weight_decay: float = 0.0
    ema: float = 0.99
    accumulate: int = 1
    alpha: float | None = None
    dummy_share: float = 0.3
    detail: int = 64
    own_encoder: bool = False
    grid_side: int = 65
    size: int = 64
    save_every: int = 100
    seed: int = 0


@dataclass(frozen=True)
class SurfaceBatch:
    """Conditions and prompts of B samples, their cameras (B, 4, 4), a generator of noise for each, and the finished
    share of the run."""

    given: Conditions
    prompts: list[str]
    cameras: Tensor
    generators: list[torch.Generator]
    progress: float


def stage2_config(config: ModelConfig, detail: int, own_encoder: bool) -> ModelConfig:
    """What stage 2 makes of a stage-1 configuration."""
    return dataclasses.replace(config, texture_detail=detail, share_encoders=config.share_encoders and not own_encoder)


def stage2_net(net: LatteNet, detail: int, own_encoder: bool) -> LatteNet:
    """A network that answers as ``net`` does, with what stage 2 adds. Fresh weights come from torch's global
    generator."""
    grown = LatteNet(stage2_config(net.config, detail, own_encoder))
    weights = net.state_dict()
    if not grown.config.share_encoders and net.config.share_encoders:
        for shared, own in _SHARED.items():
            weights |= {own + k[len(shared) :]: v for k, v in net.state_dict().items() if k.startswith(shared)}
    grown.load_state_dict(weights, strict=False)
    return grown


def of_texture(name: str) -> bool:
    """Whether a parameter is T's alone."""
    return name.startswith((*_OWN, *_SHARED.values()))


class Stage2Trainer(Trainer[SurfaceBatch, LatteNet]):
    """A stage-2 run in a folder: ``state.safetensors`` and ``log.jsonl``.

    Arguments:
        prepared: shapes whose captions, or the prompt set ``lines``, are trained on.
        guidance: a prior that sees depth; its settings are the caller's to keep over a resume.
        net: what stage 1 left (``load_checkpoint(...).net``); origin: its digest.
        rasterise: see ``render/surface.py``.

    Raises:
        SettingError: a setting is out of range.
        CheckpointError: the state in the folder cannot be taken up.
    """

    settings: Stage2Settings

    def __init__(
        self,
        prepared: Sequence[Prepared],
        guidance: Guidance | None,
        rasterise: Rasteriser,
        folder: str | Path,
        net: LatteNet,
        origin: str,
        settings: Stage2Settings,
        device: torch.device | str = "cpu",
        lines: Iterable[PromptLine] | None = None,
    ) -> None:
        check_alpha(settings.alpha)
        if settings.grid_side not in (33, 65, 129):
            raise SettingError(f"The side of the grid must be 33, 65 or 129, not {settings.grid_side}.")
        self.prepared, self.guidance, self.rasterise = list(prepared), guidance, rasterise
        self.cameras = SetSettings(size=settings.size)
        torch.manual_seed(settings.seed)
        self.net = stage2_net(net, settings.detail, settings.own_encoder).to(device)
        self.config = self.net.config
        for name, parameter in self.net.named_parameters():
            parameter.requires_grad_(of_texture(name))
        self.captions = CaptionCache(TextEncoder(self.config.text))
        self.pairs = PairSource(self.prepared, self.config.point.points, settings.seed, lines)
        info = {**run_info(self.config, settings, (p.cache for p in prepared)), "init": origin}
        super().__init__(self.net, folder, settings, info, device, trained=of_texture)

    def batch(self) -> SurfaceBatch:
        """The coming step's samples; everything random from (seed, position)."""
        s = self.settings
        pairs = [self.pairs.draw(p, s.dummy_share, s.alpha) for p in self.positions()]
        given = conditions_of(pairs, self.captions)
        return SurfaceBatch(given.to(self.device), [p.prompt for p in pairs], *self.views(pairs))

    def views(self, pairs: Sequence[Pair]) -> tuple[Tensor, list[torch.Generator], float]:
        """The last three of a ``SurfaceBatch`` of these samples."""
        cameras = torch.from_numpy(np.stack([draw_orbit(self.cameras, p.rng) for p in pairs]))
        generators = [torch.Generator().manual_seed(int(p.rng.integers(2**62))) for p in pairs]
        return cameras.to(self.device), generators, self.step / max(1, self.settings.steps - 1)

    def losses(self, batch: SurfaceBatch) -> dict[str, Tensor]:
        planes = self.net(batch.given)
        with torch.autocast(self.device.type, enabled=False):
            return self.distil(planes, batch)

    def distil(self, planes: Planes, batch: SurfaceBatch) -> dict[str, Tensor]:
        """What the prior says of the surfaces of all objects."""
        seen = self.see(planes, batch.cameras)
        assert self.guidance is not None
        advice = self.guidance(seen, batch.prompts, batch.progress, batch.generators)
        # The second term is zero: it keeps a batch without any surface differentiable.
        loss = distillation_loss(seen, advice) / len(batch.prompts) + 0 * planes.texture_film.sum()
        return {"loss": loss, **{name: torch.tensor(value) for name, value in advice.log.items()}}

    def see(self, planes: Planes, cameras: Tensor) -> Rendered:
        """The surfaces of B objects from cameras (B, V, 4)."""
        s, views = self.settings, []
        for index in range(len(cameras)):
            one = planes.one(index).map(torch.Tensor.float)
            vertices, faces = surface_of(self.net, one, s.grid_side)
            views.append(see_surface(self.net, one, vertices, faces, cameras[index], s.size, self.rasterise))
        stack = lambda name: torch.stack([getattr(v, name) for v in views])  # noqa: E731
        return Rendered(stack("rgb"), stack("opacity"), stack("depth"), cameras)


@torch.no_grad()
def surface_of(net: LatteNet, planes: Planes, side: int) -> tuple[Tensor, Tensor]:
    """The surface of one object: vertices (N, 3) float32 and faces (F, 3) int64, on the planes' device. None of either
    where the field holds no surface: such a sample teaches nothing, and must not end a run."""
    device = planes.geometry.device
    try:
        mesh = extract(sdf_grid(net, planes, side).float().cpu().numpy())
    except SurfaceError as error:
        log.warning("a sample without a surface: %s", error)
        return torch.zeros(0, 3, device=device), torch.zeros(0, 3, dtype=torch.int64, device=device)
    return torch.from_numpy(mesh.vertices).to(device), torch.from_numpy(mesh.faces).long().to(device)


def see_surface(
    net: LatteNet, planes: Planes, vertices: Tensor, faces: Tensor, cameras: Tensor, size: int, rasterise: Rasteriser
) -> SurfaceViews:
    """Pictures of one object's surface, in its own colours over the prior's grey, from cameras (V, 4)."""
    color = lambda places: net.color(planes, places[None])[0]  # noqa: E731
    return render_surface(rasterise, vertices, faces, cameras, size, color, GREY)
