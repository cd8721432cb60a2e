"""Study 1: the parts of stages 1 and 2, left out one at a time (paper, tables 3, 4 and B.4)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from latte3d_core.model.latte import LatteNet
from latte3d_core.prior.train import own_pictures
from latte3d_core.prior.views import PreparedSets, ViewSets
from latte3d_core.render.surface import EmbreeRasteriser
from latte3d_core.studies.lab import Lab, Scores, measured
from latte3d_core.train import image_loss
from latte3d_core.train.guidance import Rendered, TargetGuidance
from latte3d_core.train.stage2 import Stage2Settings, Stage2Trainer

#: What is asked of every variant: alpha, and whether it is shown the asset's points.
ASKED = ((0.5, True), (0.5, False))


def known_views(sets: Sequence[PreparedSets]) -> TargetGuidance:
    """A prior that cannot be wrong: it knows the training assets' own views from the cameras that are asked for.

    Arguments:
        sets: the views that the run draws its cameras from.
    """
    known: dict[bytes, tuple[ViewSets, int]] = {}
    for views in (prepared.load() for prepared in sets):
        for index, cameras in enumerate(views.cameras):
            known[cameras.tobytes()] = views, index

    def views_of(seen: Rendered) -> torch.Tensor:
        pictures = [own_pictures(*known[cameras.tobytes()]) for cameras in seen.cameras.cpu().numpy()]
        return torch.from_numpy(np.stack(pictures)).to(seen.rgb.device)

    return TargetGuidance(views_of)


def study_stages(lab: Lab) -> Iterator[tuple[str, Scores]]:
    """One row for each variant and question."""
    start = lab.pretrained()
    apart = dataclasses.replace(lab.config, share_encoders=False)
    whole = lab.stage1("stage1", start)
    variants = {
        "stage 0 alone": lambda: lab.stage1("stage1-none", start, steps=1, learning_rate=0.0),
        "stage 1": lambda: whole,
        # From random weights the sharp density's gradient reaches nowhere: they get the soft one of stage 0.
        "without pretraining": lambda: lab.stage1("stage1-scratch", None, sharpness=image_loss.SHARPNESS),
        "without masks": lambda: lab.stage1("stage1-no-masks", start, mask_weight=0.0),
        "without annealing": lambda: lab.stage1("stage1-no-annealing", start, dummy_end=0.0),
        "without the eikonal term": lambda: lab.stage1("stage1-no-eikonal", start, eikonal_weight=0.0),
        "and with a soft density": lambda: lab.stage1(
            "stage1-soft", start, eikonal_weight=0.0, sharpness=image_loss.SHARPNESS
        ),
        "a prior that cannot be wrong": lambda: lab.stage1("stage1-known", start, guidance=known_views(lab.sets)),
        "separate encoders": lambda: lab.stage1("stage1-apart", lab.pretrained(apart, "stage0-apart"), apart),
        "stage 2": lambda: stage2(lab, whole, "stage2", 64),
        "stage 2 without finer planes": lambda: stage2(lab, whole, "stage2-plain", 0),
    }
    for name, make in variants.items():
        net = make()
        for alpha, points in ASKED:
            yield f"{name}, {'its points' if points else 'sphere'}", measured(lab, net, alpha, points)


def stage2(lab: Lab, net: LatteNet, name: str, detail: int) -> LatteNet:
    """The averaged network of a finished stage-2 run."""
    settings = Stage2Settings(steps=lab.steps, batch=lab.batch, detail=detail)
    run = Stage2Trainer(
        lab.training, lab.guidance(depth=True), EmbreeRasteriser(), lab.folder / name, net, "stage1", settings
    )
    for _ in run.run():
        pass
    return run.averaged()
