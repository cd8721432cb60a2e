"""Stylization: the teacher's materials are learned, and what is held out is never shown."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from latte3d_core.checkpoint import load_checkpoint
from latte3d_core.data.materials import MATERIALS, marble, named_material
from latte3d_core.data.prepare import Prepared
from latte3d_core.data.prompt_sets import PromptLine
from latte3d_core.errors import PromptError
from latte3d_core.model.latte import LatteNet
from latte3d_core.render.surface import EmbreeRasteriser
from latte3d_core.train.guidance import Guidance, TargetGuidance
from latte3d_core.train.stylize import StylizeSettings, StylizeTrainer, combination_held_out

SETTINGS = StylizeSettings(
    steps=4, batch=2, warmup=1, detail=16, grid_side=33, size=16, save_every=100, places=256
)  # fmt: skip


@pytest.fixture(scope="module")
def before(tiny_file: Path) -> LatteNet:
    return load_checkpoint(tiny_file).net


def _run(
    prepared: list[Prepared], folder: Path, net: LatteNet, guidance: Guidance | None = None, lines=None, **changes
) -> StylizeTrainer:
    settings = dataclasses.replace(SETTINGS, **changes)
    return StylizeTrainer(prepared, guidance, EmbreeRasteriser(), folder, net, "origin", settings, lines=lines)


def test_the_teacher_alone_is_followed(prepared: list[Prepared], tmp_path: Path, before: LatteNet) -> None:
    run = _run(prepared, tmp_path, before, steps=200, learning_rate=1e-2)

    @torch.no_grad()
    def error() -> float:
        step, errors = run.step, []
        for run.step in range(200, 210):
            errors.append(float(run.losses(run.batch())["teacher"]))
        run.step = step
        return float(np.mean(errors))

    start = error()
    list(run.run())
    assert error() < 0.88 * start


def test_beside_a_prior_both_are_heard(prepared: list[Prepared], tmp_path: Path, before: LatteNet) -> None:
    run = _run(prepared, tmp_path, before, TargetGuidance(torch.zeros(2, 4, 4, 16, 16)))
    record = list(run.run())[-1]
    assert record["teacher"] > 0 and record["distance"] > 0
    alone = _run(prepared, tmp_path / "alone", before)
    both, one = run.losses(run.batch()), alone.losses(alone.batch())
    assert set(both) - set(one) == {"distance", "energy"}


def test_held_out_combinations_are_never_drawn(prepared: list[Prepared], tmp_path: Path, before: LatteNet) -> None:
    ids = [p.asset.id for p in prepared]
    held = {(a, m) for a in ids for m in MATERIALS if combination_held_out(a, m)}
    assert 0.02 < len(held) / (len(ids) * len(MATERIALS)) < 0.25
    run = _run(prepared, tmp_path, before, steps=10**6)
    seen = set()
    for position in range(1200):
        pair, rng = run.pairs.draw(position, 0.0, 1.0), np.random.default_rng(position)
        _, pattern = run._style(pair, rng)
        seen.add((ids[pair.asset], next(m for m in MATERIALS if _is(m, pattern))))
    assert not seen & held
    assert len(seen) > 0.9 * (len(ids) * len(MATERIALS) - len(held))


def _is(material: str, pattern: object) -> bool:
    entry = MATERIALS[material]
    if entry.pattern is not None:
        return entry.pattern is pattern
    return getattr(pattern, "__qualname__", "").split(".")[0] == entry.two_tone.__name__


def test_the_samples_are_the_shapes_in_the_material(prepared: list[Prepared], tmp_path: Path, before: LatteNet) -> None:
    lines = [
        PromptLine(id="0", prompt="a ball made of marble", split="seen", slots={}, assets=("ball",)),
        PromptLine(id="1", prompt="a ball made of gold", split="unseen", slots={}, assets=("ball",)),
        PromptLine(id="2", prompt="a nice ball", split="seen", slots={}, assets=("ball", "nothing")),
    ]
    run = _run(prepared, tmp_path, before, lines=lines)
    ball = next(p for p in prepared if p.asset.id == "ball").load()
    seen = set()
    for run.step in range(4):
        batch = run.batch()
        for index, prompt in enumerate(batch.prompts):
            seen.add(prompt)
            places = batch.places[index].numpy()
            radius = np.linalg.norm(places, axis=1)
            assert np.abs(radius - np.linalg.norm(ball.points.astype(np.float32), axis=1).mean()).max() < 0.05
            taught = named_material(prompt) == "marble"
            assert batch.taught[index] == float(taught)
            if taught:
                expected = marble(places, places, places)
                assert np.abs(batch.colors[index].numpy() - expected).max() < 1e-5
    assert seen == {"a ball made of marble", "a nice ball"}
    with pytest.raises(PromptError, match="latte3d prompts"):
        _run(prepared, tmp_path / "none", before, lines=lines[1:2])
