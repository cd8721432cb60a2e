"""A prior that tests know through and through. (It stands beside the conftest, which puts this folder on the path.)"""

from __future__ import annotations

import torch

from latte3d_core.train.guidance import Advice, Rendered


class Purple:
    """Wants every pixel of the object purple, and knows nothing of shapes."""

    colour = torch.tensor([0.2, -0.6, 0.6]).reshape(3, 1, 1)

    def __call__(
        self, seen: Rendered, prompts: list[str], progress: float, generators: list[torch.Generator]
    ) -> Advice:
        assert len(generators) == len(prompts)
        for generator in generators:  # as a real one does, so that a resumed run has to have the same noise
            torch.rand(3, generator=generator)
        direction = self.direction(seen)
        distance = float(direction.square().mean())
        return Advice(direction / direction[0].numel(), {"distance": distance, "energy": distance})

    def direction(self, seen: Rendered) -> torch.Tensor:
        """Away from what it wants, shaped as ``seen.pictures()``."""
        pictures = seen.pictures().detach()
        away = torch.zeros_like(pictures)
        away[:, :, :3] = (pictures[:, :, :3] - self.colour) * seen.opacity.detach()[:, :, None]
        return away
