"""The loop itself, on as little as a stage can be: shares of a batch, what is not finite, logs and states."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor, nn

from latte3d_core.errors import Latte3DError, SettingError
from latte3d_core.train.parallel import World
from latte3d_core.train.sketch import SketchSettings
from latte3d_core.train.trainer import MAX_BAD_STEPS, Trainer, agreed, check_shares, read_log

SETTINGS = SketchSettings(steps=60, batch=4, warmup=2, ema=0.9, save_every=2)


class Line(Trainer[Tensor, nn.Linear]):
    """Learns to say 1. From step ``bad`` up to ``good`` its loss is infinite, or only its gradient is (``hidden``)."""

    bad, good, hidden = 0, 0, False

    def batch(self) -> Tensor:
        return torch.tensor([[p / 100] for p in self.positions()], dtype=torch.float32)

    def losses(self, batch: Tensor) -> dict[str, Tensor]:
        loss = (self.net(batch) - 1).square().mean()
        if self.bad <= self.step < self.good:
            # The root of zero is zero, but its slope is not a number.
            loss = loss + (self.net.weight * 0).abs().sqrt().sum() if self.hidden else loss / 0
        return {"loss": loss, "double": 2 * loss}


def _line(folder: Path, **changes: object) -> Line:
    torch.manual_seed(0)
    run = Line(nn.Linear(1, 1), folder, dataclasses.replace(SETTINGS, **changes), {"of": "tests"})
    run.autocast = False  # half precision would round a batch of one otherwise than one of four
    return run


@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.integers(0, 9))
def test_every_sample_is_drawn_once(size: int, accumulate: int, share: int, step: int) -> None:
    run = _line(Path("nowhere"), batch=size * accumulate * share, accumulate=accumulate)
    run.step, drawn = step, []
    for rank in range(size):
        run.world = World(rank, size)
        for run._micro_step in range(accumulate):
            drawn += list(run.positions())
    assert drawn == list(range(step * run.settings.batch, (step + 1) * run.settings.batch))


@given(st.integers(1, 64), st.integers(1, 9), st.integers(1, 5))
def test_a_batch_that_cannot_be_divided_is_refused(batch: int, size: int, accumulate: int) -> None:
    parts = size * accumulate
    if batch % parts == 0:
        check_shares("The run", batch, size, accumulate)
        return
    with pytest.raises(SettingError, match=f"multiple of {parts}, such as ") as caught:
        check_shares("The run", batch, size, accumulate)
    for fitting in str(caught.value).removesuffix(".").split("such as ")[1].split(" or "):
        assert abs(int(fitting) - batch) < parts
        check_shares("The run", int(fitting), size, accumulate)


def test_a_run_refuses_it_too(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="of 4, which cannot be divided evenly among 1 process of 3 micro-steps"):
        _line(tmp_path, accumulate=3)
    with pytest.raises(SettingError, match="at least 1"):
        _line(tmp_path, accumulate=0)
    _line(tmp_path, accumulate=3, steps=0)  # nothing to divide


def test_micro_steps_learn_the_same(tmp_path: Path) -> None:
    whole, parts = _line(tmp_path / "whole"), _line(tmp_path / "parts", accumulate=4)
    for one, other in zip(whole.run(), parts.run(), strict=True):
        for name in ("loss", "double", "grad", "lr"):
            assert other[name] == pytest.approx(one[name], rel=1e-3, abs=1e-6)
    torch.testing.assert_close(parts.net.weight, whole.net.weight, atol=1e-5, rtol=1e-4)


def test_in_how_many_parts_is_nothing_to_agree_in() -> None:
    @dataclasses.dataclass(frozen=True)
    class Outer:
        accumulate: int = 2
        inner: SketchSettings = SETTINGS

    assert agreed(Outer()) == agreed(Outer(1, dataclasses.replace(SETTINGS, accumulate=2)))
    assert agreed(Outer()) != agreed(Outer(2, dataclasses.replace(SETTINGS, batch=8)))
    assert "accumulate" not in agreed(Outer()) and agreed(Outer())["inner"]["batch"] == 4


@pytest.mark.parametrize("hidden", [False, True])
def test_a_bad_step_is_skipped_and_the_run_goes_on(tmp_path: Path, hidden: bool) -> None:
    run = _line(tmp_path)
    run.bad, run.good, run.hidden = 3, 6, hidden
    list(run.run(until=3))
    before = {k: v.clone() for k, v in (*run.net.state_dict().items(), *((f"ema.{k}", v) for k, v in run.ema.items()))}
    assert [run.train_step() for _ in range(3)] == [None] * 3
    for name, value in (*run.net.state_dict().items(), *((f"ema.{k}", v) for k, v in run.ema.items())):
        assert torch.equal(value, before[name]), name
    list(run.run())
    assert [r["step"] for r in read_log(run.log_file)] == [n for n in range(1, 61) if n not in (4, 5, 6)]
    assert all(torch.isfinite(v).all() for v in load_file(run.state_file).values())


def test_a_run_that_goes_bad_ends_with_its_last_good_state_on_disk(tmp_path: Path) -> None:
    run = _line(tmp_path, save_every=1)
    run.bad, run.good = 5, 1000
    with pytest.raises(Latte3DError, match=f"{MAX_BAD_STEPS} steps in a row without a finite loss"):
        list(run.run())
    stored = load_file(run.state_file)
    for name, value in run.net.state_dict().items():
        assert torch.isfinite(value).all() and torch.equal(stored[f"net.{name}"], value), name
    healthy = _line(tmp_path)
    assert healthy.step == 5
    list(healthy.run())
    whole = _line(tmp_path / "whole")
    list(whole.run())
    assert torch.equal(healthy.net.weight, whole.net.weight)


def test_what_a_run_without_a_state_had_logged_is_dropped(tmp_path: Path) -> None:
    list(_line(tmp_path, save_every=100).run(until=3))
    (tmp_path / "state.safetensors").unlink()
    run = _line(tmp_path)
    list(run.run(until=2))
    assert [r["step"] for r in read_log(run.log_file)] == [1, 2]
