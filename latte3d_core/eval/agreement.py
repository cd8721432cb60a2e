"""Do pictures agree with the prompts they were made from? Cosine similarity and recall in a shared embedding."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Matcher(Protocol):
    """A network that embeds pictures and texts in one space."""

    @property
    def name(self) -> str:
        """As the report calls it."""

    @property
    def size(self) -> int:
        """Side of the pictures that it sees best, pixels."""

    def embed_pictures(self, pictures: np.ndarray) -> np.ndarray:
        """pictures (N, S, S, 4) RGBA or (N, S, S, 3) RGB, uint8; returns unit vectors (N, E)."""

    def embed_prompts(self, prompts: list[str]) -> np.ndarray:
        """Unit vectors (P, E)."""


def agreement(pictures: np.ndarray, prompts: np.ndarray, own: np.ndarray) -> dict[str, float]:
    """Mean cosine between each view and its prompt, and the share of views whose nearest prompt is their own
    (recall@1 over all prompts, the measure of ScaleDreamer).

    Arguments:
        pictures: (N, V, E) unit vectors of the views of N objects.
        prompts: (P, E) unit vectors of the prompts, each once: two objects of one prompt share a row.
        own: (N,) int, the row of each object's prompt.
    """
    similar = pictures @ prompts.T
    right = np.take_along_axis(similar, own[:, None, None], axis=2)
    return {"cosine": float(right.mean()), "recall@1": float((similar.argmax(-1) == own[:, None]).mean())}
