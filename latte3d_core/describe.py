"""What a configuration costs: parameters, memory and arithmetic, counted on the network itself."""

from __future__ import annotations

import torch

from latte3d_core.config import ModelConfig
from latte3d_core.model.latte import Conditions, LatteNet


def describe(config: ModelConfig) -> str:
    """Lines to read: parameters by part, memory of the weights, FLOPs of one forward pass and of a field query."""
    from torch.utils.flop_counter import FlopCounterMode

    # Shapes are enough to count with: the "meta" device computes nothing and holds nothing.
    with torch.device("meta"):
        net = LatteNet(config)
    parts: dict[str, int] = {}
    for name, parameter in net.named_parameters():
        part = name.split(".", 1)[0]
        parts[part] = parts.get(part, 0) + parameter.numel()
    total = sum(parts.values())
    queries = 100_000
    with FlopCounterMode(display=False) as forward:
        planes = net(_nothing(config))
    with FlopCounterMode(display=False) as query:
        net.sdf(planes, torch.zeros(1, queries, 3, device="meta"))
        net.color(planes, torch.zeros(1, queries, 3, device="meta"))
    output = sum(t.numel() for t in (planes.geometry, planes.texture, *planes.geometry_volumes))
    lines = [f"preset {config.name}: {total / 1e6:.2f} M parameters"]
    lines += [f"  {name:<18}{count / 1e6:>9.3f} M" for name, count in parts.items()]
    lines += [
        f"  weights           {total * 2 / 1e6:>9.1f} MB half, {total * 4 / 1e6:.1f} MB single precision",
        f"  output            {output * 4 / 1e6:>9.1f} MB planes and volumes of one object, single precision",
        f"  training state    {total * 16 / 1e6:>9.1f} MB weights, gradients and two moments, single precision",
        f"  forward pass      {forward.get_total_flops() / 1e9:>9.2f} GFLOP an object",
        f"  field query       {query.get_total_flops() / queries / 1e3:>9.2f} kFLOP a point (distance and colour)",
    ]
    return "\n".join(lines)


def _nothing(config: ModelConfig) -> Conditions:
    text, point = config.text, config.point
    zeros = lambda *shape: torch.zeros(*shape, device="meta")  # noqa: E731
    return Conditions(
        tokens=zeros(1, text.tokens, text.width), mask=zeros(1, text.tokens).bool(), sentence=zeros(1, text.width),
        points=zeros(1, point.points, 3), colors=zeros(1, point.points, 3), has_color=zeros(1), alpha=zeros(1),
    )  # fmt: skip
