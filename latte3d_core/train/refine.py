"""Refinement (paper, section 4.3: test-time optimisation): one result made better by a prior, from the amortised start.

What moves are the planes, volumes and given colours of this one object, which are plain tensors once the networks have
answered; the networks stay as they are, so refining one prompt harms no other. A refined object is ``Planes`` like any
other, and the road to a mesh is the same.

Two ways, after the two stages. ``geometry=False``: the surface is found once and only its colours move, under a prior
that sees depth. ``geometry=True``: shape and colours move, rendered as a volume.

How good a state is, is measured apart from the steps: by the prior's ``energy`` on views, times and noise that are
drawn once and stay. The best state measured so far is what comes back, whenever and however the work ends.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latte3d_core.api import Fields
from latte3d_core.errors import SurfaceError
from latte3d_core.model.latte import LatteNet, Planes
from latte3d_core.prior.views import SetSettings, draw_orbit
from latte3d_core.progress import Progress
from latte3d_core.render.surface import EmbreeRasteriser, Rasteriser
from latte3d_core.train.eikonal import field_eikonal
from latte3d_core.train.guidance import Guidance, Rendered, distillation_loss
from latte3d_core.train.stage1 import render_views
from latte3d_core.train.stage2 import see_surface, surface_of


@dataclass(frozen=True)
class RefineSettings:
    """How one object is refined.

    Attributes:
        seconds, steps: it ends when the first of them is used up.
        learning_rate: of Adam, on the planes.
        geometry: move the shape too.
        eikonal_weight: with ``geometry``, of the term that keeps distances distances (``eikonal.py``).
        check_every: steps between two measurements; patience: it also ends after so many of them without a better one.
        probes: sets of views that a measurement looks at.
        size: pixels along an edge of a picture; ray_steps: points along a ray (with ``geometry``).
        grid_side: points along an edge of the grid in which the surface is found (without).
    """

    seconds: float = 30.0
    steps: int = 400
    learning_rate: float = 0.01
    geometry: bool = False
    eikonal_weight: float = 0.1
    check_every: int = 10
    patience: int = 6
    probes: int = 4
    size: int = 64
    ray_steps: int = 48
    grid_side: int = 129
    seed: int = 0


@dataclass(frozen=True)
class Measure:
    """After ``step`` steps and ``seconds``, measurements included, the prior's mean energy was ``error``."""

    step: int
    seconds: float
    error: float


@dataclass(frozen=True)
class Refined:
    """The best state that was measured, its measure, and all measures in order (the first is the start's)."""

    planes: Planes
    best: Measure
    history: tuple[Measure, ...]


def refine(
    net: LatteNet,
    start: Planes,
    prompt: str,
    guidance: Guidance,
    settings: RefineSettings | None = None,
    progress: Progress | None = None,
    rasterise: Rasteriser | None = None,
) -> Refined:
    """Refine one object.

    Arguments:
        net: the networks whose heads read the planes; not changed.
        start: planes of one object, on the networks' device; not changed.
        guidance: a prior; one that sees depth unless ``settings.geometry``.
        progress: its ``cancel`` ends the work early, and the best state so far comes back as usual.

    Raises:
        SurfaceError: there is no surface to paint, without ``settings.geometry``.
    """
    s = settings or RefineSettings()
    progress = progress or Progress()
    device, begin = start.geometry.device, time.perf_counter()
    planes, moving = _loose(start, s.geometry)
    see = _renderer(net, planes, s, rasterise or EmbreeRasteriser())
    optimizer = torch.optim.Adam(moving, lr=s.learning_rate, betas=(0.9, 0.99))
    rng = np.random.default_rng([s.seed, 13])
    probes = [(torch.from_numpy(draw_orbit(SetSettings(), rng))[None], n) for n in range(s.probes)]

    def measured(step: int) -> Measure:
        with torch.no_grad():
            errors = []
            for cameras, number in probes:
                seen = see(cameras.to(device), torch.Generator(device).manual_seed(number))
                late = (number + 0.5) / s.probes
                errors.append(guidance(seen, [prompt], late, [torch.Generator().manual_seed(number)]).log["energy"])
        return Measure(step, time.perf_counter() - begin, float(np.mean(errors)))

    history = [measured(0)]
    best, kept, waited = history[0], [x.detach().clone() for x in moving], 0
    for step in range(1, s.steps + 1):
        if progress.cancelled or time.perf_counter() - begin > s.seconds or waited >= s.patience:
            break
        cameras = torch.from_numpy(draw_orbit(SetSettings(), rng))[None].to(device)
        noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        seen = see(cameras, torch.Generator(device).manual_seed(noise.initial_seed()))
        # Noise is annealed over what there will be of the run, which time may end before the steps do.
        done = max(step / s.steps, min(1.0, (time.perf_counter() - begin) / s.seconds))
        loss = distillation_loss(seen, guidance(seen, [prompt], done, [noise]))
        if s.geometry and s.eikonal_weight:
            generator = torch.Generator(device).manual_seed(noise.initial_seed() + 1)
            loss = loss + s.eikonal_weight * field_eikonal(net, planes, [generator])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(moving, 1.0)
        optimizer.step()
        if step % s.check_every == 0 or step == s.steps:
            history.append(measured(step))
            waited += 1
            if history[-1].error < best.error:
                best, waited = history[-1], 0
                kept = [x.detach().clone() for x in moving]
    with torch.no_grad():
        for tensor, value in zip(moving, kept, strict=True):
            tensor.copy_(value)
    return Refined(planes.map(torch.Tensor.detach), best, tuple(history))


def refine_fields(
    fields: Fields,
    guidance: Guidance,
    settings: RefineSettings | None = None,
    progress: Progress | None = None,
) -> tuple[Fields, Refined]:
    """``refine`` for what ``Latte3D.fields`` gave; the refined fields go to ``Latte3D.finish`` like any other."""
    done = refine(fields.net, fields.planes, fields.prompt, guidance, settings, progress)
    return dataclasses.replace(fields, planes=done.planes), done


def _loose(start: Planes, geometry: bool) -> tuple[Planes, list[Tensor]]:
    """A copy of the planes, and which of its tensors move: T's planes, learned volume and film, the given colours
    (which T may keep as they are, whatever its planes say), and G's planes and volume if asked."""
    free = lambda x: x.detach().clone().float().requires_grad_(True)  # noqa: E731
    texture, film, learned = free(start.texture), free(start.texture_film), free(start.texture_volumes[0])
    given = [free(volume) for volume in start.given_colors]
    for volume in given:
        volume.register_hook(_of_colors)
    moving = [texture, film, learned, *given]
    changed = {
        "texture": texture, "texture_film": film, "texture_volumes": [learned, *start.texture_volumes[1:]],
        "given_colors": given,
    }  # fmt: skip
    if geometry:
        shape, volume = free(start.geometry), free(start.geometry_volumes[0])
        moving += [shape, volume]
        changed |= {"geometry": shape, "geometry_volumes": [volume, *start.geometry_volumes[1:]]}
    return dataclasses.replace(start, **changed), moving


def _of_colors(gradient: Tensor) -> Tensor:
    """Without the first channel, which says where there are points: these do not move."""
    return gradient * (torch.arange(gradient.shape[1], device=gradient.device) > 0)[:, None, None, None]


def _renderer(
    net: LatteNet, planes: Planes, s: RefineSettings, rasterise: Rasteriser
) -> Callable[[Tensor, torch.Generator], Rendered]:
    """Cameras (1, V, 4) and a generator of places along rays to pictures of the planes as they are at the moment."""
    if s.geometry:
        return lambda cameras, along: render_views(net, planes, cameras, s.size, s.ray_steps, [along])
    vertices, faces = surface_of(net, planes, s.grid_side)
    if not len(faces):
        raise SurfaceError("The object has no surface whose colours could be refined; try other words or another seed.")

    def see(cameras: Tensor, along: torch.Generator) -> Rendered:
        views = see_surface(net, planes, vertices, faces, cameras[0], s.size, rasterise)
        return Rendered(views.rgb[None], views.opacity[None], views.depth[None], cameras)

    return see
