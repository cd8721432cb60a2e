"""The comparison of sizes: every variant of ``small`` can be built and run, and the measure tells good from bad."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from latte3d_core.data.prepare import Prepared
from latte3d_core.model.latte import LatteNet
from latte3d_core.presets import small, tiny
from latte3d_core.train.ablation import VARIANTS, ablate, as_table, measured
from latte3d_core.train.pretrain import Pretrainer, PretrainSettings
from latte3d_core.train.sketch import SketchSettings


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_a_network_of_its_own(name: str) -> None:
    config = VARIANTS[name](small())
    assert (config == small()) == (name == "as it is")
    with torch.device("meta"):
        LatteNet(config)


def test_variants_are_trained_and_measured(prepared: list[Prepared], tmp_path: Path) -> None:
    settings = PretrainSettings(steps=2, batch=2, sketch=SketchSettings(steps=0))
    chosen = {name: VARIANTS[name] for name in ("as it is", "planes of 12 channels")}
    rows = list(ablate(prepared[:4], prepared[4:], tiny(), settings, tmp_path, chosen))
    assert [r.variant for r in rows] == list(chosen)
    assert rows[0].parameters != rows[1].parameters
    assert all(r.forward_ms > 0 and 0 <= r.iou <= 1 for r in rows)
    assert as_table(rows).count("\n") == 3


def test_the_measure_sees_what_was_learned(prepared: list[Prepared], tiny_run: Pretrainer, tmp_path: Path) -> None:
    learned = measured("a", tiny_run, prepared)
    fresh = measured("b", Pretrainer(prepared, tmp_path, tiny(), tiny_run.settings), prepared)
    assert learned.sdf < 0.7 * fresh.sdf and learned.iou > fresh.iou
