"""Several processes that train one network, each on its share of every batch; torchrun starts them.

Gradients are averaged here after the backward pass, not by torch's DistributedDataParallel: that wrapper hears of the
end of ``forward`` alone, and these networks are called through several methods (the planes, then ``sdf`` and ``color``
at places that depend on the stage). What it would gain, exchange during the backward pass, is little for gradients of
thirty megabytes.

Without torchrun every function here returns at once, and ``torch.distributed`` is not even imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, nn

from latte3d_core.errors import CheckpointError, SettingError

#: How long a process waits for the others. Long, because the first may prepare a library or draw pictures meanwhile;
#: that one has died is torchrun's to notice.
_PATIENCE = timedelta(hours=24)


@dataclass(frozen=True)
class World:
    """The processes of a run.

    Attributes:
        rank: number of this one, from 0; size: how many there are.
        joined: they are joined by ``torch.distributed``, even if there is but one.
    """

    rank: int = 0
    size: int = 1
    joined: bool = False

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes files and prints."""
        return self.rank == 0

    def wait(self) -> None:
        """Until all processes are here."""
        if self.joined:
            import torch.distributed as dist

            dist.all_reduce(torch.zeros(1))  # on the CPU: a waiting GPU would spin

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """The first process goes through the body alone, then the others do, and find what it has made."""
        if not self.first:
            self.wait()
        yield
        if self.first:
            self.wait()

    def agree(self, step: int, tensors: Sequence[Tensor]) -> None:
        """Take over the first process's ``tensors``, in place.

        Raises:
            CheckpointError: it has taken up a state of another step than this process has.
        """
        if not self.joined:
            return
        import torch.distributed as dist

        of_first = torch.tensor([step])
        dist.broadcast(of_first, 0)
        if step != of_first:
            raise CheckpointError(
                f"Process {self.rank} found a state of step {step}, the first process one of step {int(of_first)}; "
                "give all processes one output folder on storage that they share."
            )
        for tensor in tensors:
            dist.broadcast(tensor, 0)

    def average_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replace each gradient by its mean over the processes; one that is missing on some of them counts as zero
        there."""
        if not self.joined:
            return
        import torch.distributed as dist

        owners = torch.tensor([float(p.grad is not None) for p in parameters])
        dist.all_reduce(owners)
        # What no process has a gradient of must stay without one, else weight decay would reach it.
        used = [p for p, count in zip(parameters, owners.tolist(), strict=True) if count]
        for dtype in dict.fromkeys(p.dtype for p in used):
            group = [p for p in used if p.dtype == dtype]
            flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in group])
            dist.all_reduce(flat)
            flat /= self.size
            for parameter, part in zip(group, flat.split([p.numel() for p in group]), strict=True):
                parameter.grad = part.view_as(parameter)

    def averages(self, numbers: dict[str, float]) -> dict[str, float]:
        """The mean of each number over the processes; all must have the same names."""
        if not self.joined:
            return numbers
        import torch.distributed as dist

        values = torch.tensor(list(numbers.values()), dtype=torch.float64)
        dist.all_reduce(values)
        return dict(zip(numbers, (values / self.size).tolist(), strict=True))

    def leave(self) -> None:
        """Part from the others when all is done."""
        if self.joined:
            import torch.distributed as dist

            dist.destroy_process_group()


def join_world(device: torch.device) -> World:
    """The processes that torchrun started beside this one, joined at the first call; without torchrun, this one alone.

    Tensors on the CPU are exchanged by gloo, those on CUDA devices by NCCL. There ``device`` must be plain "cuda",
    which from here on means the device of this process, number LOCAL_RANK.

    Raises:
        SettingError: another kind of device, fewer devices than processes, or torchrun's variables are not complete.
    """
    if "WORLD_SIZE" not in os.environ:
        return World()
    import torch.distributed as dist

    if not dist.is_initialized():
        _open_group(device)
    return World(dist.get_rank(), dist.get_world_size(), joined=True)


def _open_group(device: torch.device) -> None:
    import torch.distributed as dist

    if device.type not in ("cpu", "cuda"):
        raise SettingError(f"Several processes train on the CPU or on CUDA devices, not on {device.type!r}.")
    backend = "gloo"
    if device.type == "cuda":
        own, count = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
        if own >= count:
            raise SettingError(
                f"There are more processes than the {count} CUDA devices of this machine; start torchrun with "
                f"--nproc_per_node {count}."
            )
        torch.cuda.set_device(own)
        backend = "cpu:gloo,cuda:nccl"
    try:
        dist.init_process_group(backend, timeout=_PATIENCE)
    except (ValueError, RuntimeError) as error:
        raise SettingError(
            f"WORLD_SIZE is set, but the processes cannot be joined ({error}); start them with torchrun."
        ) from error
