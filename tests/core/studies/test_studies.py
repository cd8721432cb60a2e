"""Studies at the smallest scale: every variant runs, is taken up again, and its numbers can be told apart."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from latte3d_core.checkpoint import load_checkpoint
from latte3d_core.config import TextConfig
from latte3d_core.data.gltf import load_glb
from latte3d_core.data.prepare import Prepared
from latte3d_core.eval.looks import look_at_asset
from latte3d_core.eval.scorer import Scorer, train_scorer
from latte3d_core.presets import tiny
from latte3d_core.prior.model import PriorConfig, PriorNet
from latte3d_core.prior.views import SetSettings, prepare_view_sets
from latte3d_core.studies import lab as lab_module
from latte3d_core.studies.alpha import ALPHAS, study_alpha
from latte3d_core.studies.amortisation import study_amortisation
from latte3d_core.studies.combinations import Combinations, study_combinations
from latte3d_core.studies.lab import Lab, as_table, keep, measured
from latte3d_core.studies.stages import study_stages
from latte3d_core.train.guidance import DistillationSettings
from latte3d_core.train.refine import RefineSettings
from latte3d_core.train.sketch import SketchSettings


@pytest.fixture(scope="module")
def scorer(prepared: list[Prepared]) -> Scorer:
    looks = [look_at_asset(load_glb(p.asset.path)) for p in prepared]
    return train_scorer(looks, [p.asset.category for p in prepared], epochs=1)


@pytest.fixture
def bench(prepared: list[Prepared], scorer: Scorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setattr(lab_module, "_SKETCH", SketchSettings(steps=2, batch=4))
    sets = prepare_view_sets(prepared, tmp_path / "sets", SetSettings(size=16), workers=1)
    torch.manual_seed(0)
    prior = PriorNet(PriorConfig(text=TextConfig(), size=16, channels=(8, 16), heads=1, condition=8)).eval()
    return Lab(tmp_path / "runs", prepared, sets, prepared[:3], prior, scorer, tiny(), 2, 2, 2)


def test_stages(bench: Lab) -> None:
    rows = dict(study_stages(bench))
    assert len(rows) == 22
    for name, row in rows.items():
        assert 0 <= row.mask_iou <= 1 and math.isfinite(row.prior) and 0 <= row.category <= 1, name
        assert math.isfinite(row.render_kid) and math.isfinite(row.mask_kid), name
    assert rows["stage 1, sphere"] != rows["without pretraining, sphere"]
    assert rows["stage 2, sphere"].mask_iou == rows["stage 1, sphere"].mask_iou  # shapes stay
    table = as_table(rows)
    assert table.count("\n") == 23 and "| mask iou |" in table
    keep(bench, "stages", rows)
    kept = json.loads((bench.folder / "stages.json").read_text(encoding="utf-8"))
    assert kept["stage 1, sphere"]["prior"] == rows["stage 1, sphere"].prior
    again = dict(study_stages(bench))  # finished runs are taken up, not made anew
    assert again == rows


def test_alpha_gives_equal_steps_in_all(bench: Lab) -> None:
    rows = dict(study_alpha(bench))
    assert len(rows) == 2 * len(ALPHAS)
    lines = lambda run: (bench.folder / run / "log.jsonl").read_text(encoding="utf-8").count("\n")  # noqa: E731
    assert lines("alpha-all") == sum(lines(f"alpha-{a}") for a in ALPHAS)


def test_amortisation(bench: Lab, tiny_file: Path) -> None:
    settings = RefineSettings(seconds=100, steps=4, check_every=2, size=16, ray_steps=8, grid_side=33, geometry=True)
    net = load_checkpoint(tiny_file).net
    rows = dict(study_amortisation(net, bench.held_out, settings))
    assert list(rows) == [p.asset.captions[0] for p in bench.held_out]
    for race in rows.values():
        assert race.amortised_end <= race.amortised_start and race.ball_end <= race.ball_start
        assert (race.ball_level_step >= 0) == (race.ball_end <= race.amortised_start)


def test_a_prior_that_knows_the_asset_leads_there(bench: Lab, tiny_file: Path) -> None:
    item = next(p for p in bench.training if p.asset.id == "ball")
    settings = RefineSettings(
        seconds=100, steps=60, check_every=10, size=16, ray_steps=24, learning_rate=0.05, geometry=True, patience=99
    )
    net = load_checkpoint(tiny_file).net
    race = dict(study_amortisation(net, [item], settings))["a blue ball"]
    assert race.amortised_end < 0.7 * race.amortised_start


def test_combinations_are_measured_apart(bench: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from latte3d_core.studies import combinations

    monkeypatch.setattr(combinations, "_PAIRS", 6)
    rows = dict(study_combinations(bench, 3, 2))
    assert set(rows) == {"before", "after"}
    for row in rows.values():
        assert all(0 < v < 1 for v in dataclasses.astuple(row))
    assert rows["before"] != rows["after"]
    assert isinstance(rows["before"], Combinations)


def test_points_of_the_asset_are_followed(bench: Lab, tiny_file: Path) -> None:
    net = load_checkpoint(tiny_file).net
    own, sphere = measured(bench, net, 1.0, True), measured(bench, net, 0.0, False)
    assert own.mask_iou > sphere.mask_iou
    assert not np.isnan(own.category)


def test_the_guidance_is_the_default_one(bench: Lab) -> None:
    assert bench.guidance().settings == DistillationSettings()
