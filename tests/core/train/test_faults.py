"""Faults of the machine: a run that is killed at any moment goes on to what it would have been, and a full disk costs
what could not be written, not what was there. All with real processes."""

from __future__ import annotations

import os
import signal
import sys
import time
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from latte3d_core.data.prepare import Prepared
from latte3d_core.data.samples import SampleSettings
from latte3d_core.errors import OutputError
from latte3d_core.files import remove_leftovers, write_atomically
from latte3d_core.presets import tiny
from latte3d_core.train.pretrain import Pretrainer, PretrainSettings
from latte3d_core.train.sketch import SketchSettings
from latte3d_core.train.trainer import read_log

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such signals and limits there")

SETTINGS = PretrainSettings(
    sketch=SketchSettings(steps=8, batch=8, warmup=2, save_every=1),
    steps=40, batch=2, warmup=2, save_every=1, samples=SampleSettings(near=64, band=32, uniform=32),
)  # fmt: skip


def _train(prepared: list[Prepared], folder: Path) -> None:
    torch.set_num_threads(1)
    for _ in Pretrainer(prepared, folder, tiny(), SETTINGS).run():
        pass


def _done(folder: Path) -> int:
    """Steps in the logs of the sketch and of what comes after it."""
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.jsonl"))


def _steps_saved(folder: Path) -> dict[str, int]:
    """The step of each state; reading fails if one is not whole."""
    steps = {}
    for path in folder.glob("*.safetensors"):
        assert all(torch.isfinite(v).all() for v in load_file(path).values())
        with safe_open(str(path), "pt") as stored:
            steps[path.stem] = int(stored.metadata()["step"])
    return steps


def _ended(process: BaseProcess, seconds: float = 120) -> int | None:
    process.join(seconds)
    process.kill()
    process.join()
    return process.exitcode


def test_a_run_killed_again_and_again_ends_where_it_should(
    prepared: list[Prepared], children: ForkServerContext, tmp_path: Path
) -> None:
    whole, folder, rng = tmp_path / "whole", tmp_path / "killed", np.random.default_rng(3)
    reference = children.Process(target=_train, args=(prepared, whole))
    reference.start()
    before: dict[str, int] = {}
    for _ in range(6):
        process = children.Process(target=_train, args=(prepared, folder))
        goal = sum(before.values()) + int(rng.integers(1, 7))
        process.start()
        while _done(folder) < goal and process.is_alive():
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.02))
        process.kill()
        assert _ended(process) == -signal.SIGKILL
        after = _steps_saved(folder)
        assert all(after.get(name, 0) >= step for name, step in before.items())
        assert _done(folder) - sum(after.values()) <= 1  # a step is logged, then saved
        before = after
    assert before["state"] > 0  # the kills reached both runs
    process = children.Process(target=_train, args=(prepared, folder))
    process.start()
    assert _ended(process) == 0 and _ended(reference) == 0

    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in whole.iterdir())
    for path in whole.glob("*.safetensors"):
        found = load_file(folder / path.name)
        assert all(torch.equal(value, found[name]) for name, value in load_file(path).items())
    for path in whole.glob("*.jsonl"):
        lines = [[{k: v for k, v in r.items() if k != "samples_per_s"} for r in read_log(p)]
                 for p in (path, folder / path.name)]  # fmt: skip
        assert lines[0] == lines[1]
    assert _steps_saved(folder) == {"sketch": 8, "state": 40} and _done(folder) == 48


def _die_before_the_new_file_is_in_place(path: Path) -> None:
    os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
    write_atomically(path, b"new")


def test_what_a_killed_writer_left_is_removed(children: ForkServerContext, tmp_path: Path) -> None:
    path, other = tmp_path / "state[1].safetensors", tmp_path / ".state1.safetensors.7.tmp"
    write_atomically(path, b"old")
    other.touch()
    process = children.Process(target=_die_before_the_new_file_is_in_place, args=(path,))
    process.start()
    assert _ended(process) == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 3 and path.read_bytes() == b"old"
    remove_leftovers(path)
    assert sorted(tmp_path.iterdir()) == [other, path]


def _train_until_files_may_not_grow(prepared: list[Prepared], folder: Path, limit: int) -> None:
    """Three steps, then every write beyond ``limit`` bytes of a file fails, as on a full disk."""
    import resource

    torch.set_num_threads(1)
    run = Pretrainer(prepared, folder, tiny(), SETTINGS)
    list(run.run(until=3))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        list(run.run())
    except OutputError as error:
        (folder / "sentence.txt").write_text(str(error))


def test_a_full_disk_leaves_the_last_state_whole(
    prepared: list[Prepared], children: ForkServerContext, tmp_path: Path
) -> None:
    process = children.Process(target=_train_until_files_may_not_grow, args=(prepared, tmp_path, 40_000))
    process.start()
    assert _ended(process) == 0
    assert (tmp_path / "state.safetensors").stat().st_size > 40_000
    assert _steps_saved(tmp_path) == {"sketch": 8, "state": 3}
    names = ["log.jsonl", "sentence.txt", "sketch.jsonl", "sketch.safetensors", "state.safetensors"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    sentence = (tmp_path / "sentence.txt").read_text()
    assert sentence == (
        f"{tmp_path / 'state.safetensors'} cannot be written: {os.strerror(27)}; free space or choose another place."
    )
    # With space again it goes on.
    assert Pretrainer(prepared, tmp_path, tiny(), SETTINGS).step == 3
