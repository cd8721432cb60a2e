"""The loop that every stage shares: steps, a schedule, averaged weights, a log, and a state to resume from exactly.

A stage says what a step learns from (``Trainer.batch``) and what its losses are; everything random comes from (seed,
position of the sample). So a run that was killed goes on as if nothing had been, and a batch may be divided among
processes (``parallel.py``) and micro-steps without changing what is learned: losses are means over samples, and the
gradients of equal shares are averaged.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from latte3d_core.config import to_json
from latte3d_core.errors import Latte3DError, OutputError, SettingError
from latte3d_core.files import remove_leftovers, write_atomically
from latte3d_core.train.parallel import join_world
from latte3d_core.train.schedule import learning_rate
from latte3d_core.train.state import load_state, save_state

log = logging.getLogger(__name__)

#: What a stage draws for a step, and what it trains.
Drawn = TypeVar("Drawn")
Net = TypeVar("Net", bound=nn.Module)

#: A run stops after this many steps in a row without a finite loss.
MAX_BAD_STEPS = 20


class RunSettings(Protocol):
    """What the loop asks of a stage's settings.

    Attributes:
        steps, batch: length of the run and samples per step, over all processes.
        accumulate: micro-steps that each process takes its share of a batch in, to need less memory.
        learning_rate: peak; linear warm-up over ``warmup`` steps, then cosine to 1 % of it.
        ema: decay of the averaged weights, which are the ones that ship; 0: the weights themselves.
        save_every: steps between two states on disk.
    """

    @property
    def steps(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def accumulate(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def warmup(self) -> int: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def ema(self) -> float: ...
    @property
    def save_every(self) -> int: ...


class Trainer(ABC, Generic[Drawn, Net]):
    """A run in a folder, by one process or by all that torchrun started (``world``), of which the first alone writes.

    Arguments:
        net: trained in place, on ``device``.
        info: JSON values that a state found in the folder must have been saved with.
        stem: names the state's file and the log, which beside ``state.safetensors`` is ``log.jsonl``.
        trained: which parameters, by name; default all.

    Raises:
        SettingError: the batch cannot be divided evenly, or the processes cannot be joined.
        CheckpointError: the state in the folder cannot be taken up.
    """

    def __init__(
        self,
        net: Net,
        folder: str | Path,
        settings: RunSettings,
        info: dict[str, Any],
        device: torch.device | str = "cpu",
        stem: str = "state",
        trained: Callable[[str], bool] = lambda name: True,
    ) -> None:
        self.net, self.folder, self.info = net, Path(folder), info
        self.settings: RunSettings = settings
        self.device = torch.device(device)
        self.world = join_world(self.device)
        if settings.steps:
            whose = "The run" if stem == "state" else f"The run of the {stem}"
            check_shares(whose, settings.batch, self.world.size, settings.accumulate)
        self.parameters = [parameter for name, parameter in net.named_parameters() if trained(name)]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=settings.learning_rate, betas=(0.9, 0.99), weight_decay=settings.weight_decay,
            fused=True,
        )  # fmt: skip
        self.ema = {k: v.detach().clone() for k, v in net.state_dict().items()}
        self.autocast = has_native_bf16(self.device)
        self.step = self._micro_step = 0
        self.state_file = self.folder / f"{stem}.safetensors"
        self.log_file = self.folder / ("log.jsonl" if stem == "state" else f"{stem}.jsonl")
        if self.state_file.exists():
            self.step = load_state(self.state_file, net, self.ema, self.optimizer, info)
            if self.world.first:
                log.info("%s: resumed at step %d", self.state_file.name, self.step)
        if self.world.first:
            remove_leftovers(self.state_file)
            self._trim_log()
        self.world.agree(self.step, [*net.state_dict().values(), *self.ema.values()])

    def positions(self) -> range:
        """The samples of the run, counted over all its batches, that this process draws for the coming micro-step."""
        s = self.settings
        share = s.batch // (self.world.size * s.accumulate)
        start = self.step * s.batch + (self.world.rank * s.accumulate + self._micro_step) * share
        return range(start, start + share)

    @abstractmethod
    def batch(self) -> Drawn:
        """What the coming micro-step learns from: the samples at ``positions()``."""

    @abstractmethod
    def losses(self, batch: Drawn) -> dict[str, Tensor]:
        """The losses of a batch as scalars, each a mean over its samples; the one named ``loss`` is minimised. May run
        under autocast."""

    def run(self, until: int | None = None) -> Iterator[dict[str, float]]:
        """Train up to step ``until`` (default: the end); saves on the way.

        Yields:
            One record of losses per step, on the first process alone: the others have nothing to print or draw.
        """
        stop = min(until or self.settings.steps, self.settings.steps)
        bad = 0
        while self.step < stop:
            begin = time.perf_counter()
            record = self.train_step()
            if record is None:
                bad += 1
                if self.world.first:
                    log.warning("step %d: the loss is not finite; skipped (%d in a row)", self.step, bad)
                if bad >= MAX_BAD_STEPS:
                    raise Latte3DError(
                        f"{bad} steps in a row without a finite loss; the last good state is {self.state_file}; "
                        "start another run from it with a lower learning rate."
                    )
            else:
                bad = 0
                record["samples_per_s"] = self.settings.batch / (time.perf_counter() - begin)
                if self.world.first:
                    self._append(record)
                    yield record
            # Not amid bad steps: should the run end with them, the state on disk is the one from before.
            if (not bad and self.step % self.settings.save_every == 0) or self.step == stop:
                self.save()

    def train_step(self) -> dict[str, float] | None:
        """One optimiser step; None if the loss or a gradient is not finite on any process (the weights stay as they
        were)."""
        s = self.settings
        rate = learning_rate(self.step, s.steps, s.learning_rate, s.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.net.train()
        self.optimizer.zero_grad(set_to_none=True)
        means: dict[str, Tensor] = {}
        for self._micro_step in range(s.accumulate):
            batch = self.batch()
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
                losses = self.losses(batch)
            (losses["loss"] / s.accumulate).backward()
            for name, value in losses.items():
                means[name] = means.get(name, 0) + value.detach() / s.accumulate
        self._micro_step = 0
        # A number that is not finite on one process is so on all of them from here on: they skip the step together.
        self.world.average_gradients(self.parameters)
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.step += 1
        if not torch.isfinite(norm):
            return None
        self.optimizer.step()
        # A young average follows faster, else it would still hold the random start after hundreds of steps.
        decay = min(s.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.ema.values()), list(self.net.state_dict().values()), 1 - decay)
        averaged = self.world.averages({name: float(value) for name, value in means.items()})
        return {"step": self.step, "lr": rate, "grad": float(norm), **averaged}

    def averaged(self) -> Net:
        """A copy of the network with the averaged weights, in evaluation mode, on the CPU."""
        net = copy.deepcopy(self.net).cpu()
        net.load_state_dict(self.ema)
        return net.eval()

    def save(self) -> None:
        """Write the state (the first process does); a crash at any moment leaves the old one or the new one."""
        if self.world.first:
            save_state(self.state_file, self.step, self.net, self.ema, self.optimizer, self.info)

    def _append(self, record: dict[str, float]) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.log_file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({k: float(f"{v:.6g}") for k, v in record.items()}) + "\n")
        except OSError as error:
            raise OutputError(f"The log {self.log_file} cannot be written: {error.strerror}.") from error

    def _trim_log(self) -> None:
        """Drop the lines of steps that will be run again, and the one that a crash left unfinished."""
        if not self.log_file.is_file():
            return
        kept = [json.dumps(r) for r in read_log(self.log_file) if r["step"] <= self.step]
        write_atomically(self.log_file, "".join(line + "\n" for line in kept).encode())


def run_info(config: Any, settings: Any, files: Iterable[Path]) -> dict[str, Any]:
    """What a state must agree in with the run that takes it up: the network, the data, and every setting but those that
    only say how long, how often and in how many parts. A longer run may take up a shorter one."""
    fixed = {k: v for k, v in agreed(settings).items() if k not in ("steps", "save_every", "picture_every")}
    return {"config": to_json(config), "settings": fixed, "data": digest_of(files)}


def agreed(settings: Any) -> dict[str, Any]:
    """Settings, and those within them, as JSON values without what says how a batch is divided."""

    def without(value: Any) -> Any:
        return {k: without(v) for k, v in value.items() if k != "accumulate"} if isinstance(value, dict) else value

    return without(to_json(settings))


def check_shares(whose: str, batch: int, processes: int, accumulate: int) -> None:
    """See that a batch can be divided evenly; ``whose`` it is begins the sentence if not.

    Raises:
        SettingError: it cannot; the sizes that fit are named.
    """
    if accumulate < 1:
        raise SettingError("accumulate must be at least 1.")
    parts = processes * accumulate
    if batch % parts:
        below = batch - batch % parts
        fitting = f"{below} or {below + parts}" if below else str(parts)
        raise SettingError(
            f"{whose} has batches of {batch}, which cannot be divided evenly among {processes} "
            f"process{'es' * (processes > 1)} of {accumulate} micro-step{'s' * (accumulate > 1)} each; "
            f"choose a multiple of {parts}, such as {fitting}."
        )


def digest_of(files: Iterable[Path]) -> str:
    """SHA-256 of the names of cache files, which tell their content."""
    return hashlib.sha256("\n".join(file.name for file in files).encode()).hexdigest()


def read_log(path: Path) -> list[dict[str, float]]:
    """The records of a run's log; none if there is no log. A last line that is not whole is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines[:-1]]


def has_native_bf16(device: torch.device) -> bool:
    """Whether the processor multiplies in bfloat16; emulated, it is several times slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    capability = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(capability.get("avx512_bf16") or capability.get("amx_bf16"))
