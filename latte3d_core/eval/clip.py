"""CLIP (arXiv 2103.00020) from a folder on disk in the layout of ``transformers``: a ``FeatureNet`` by its vision
tower, a ``Matcher`` by its shared embedding. The project ships none, and nothing is downloaded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from latte3d_core.errors import CheckpointError
from latte3d_core.eval.views import on_ground

#: Pictures or prompts a forward pass.
_BATCH = 32


class Clip:
    """A CLIP model with its tokenizer and image processor. Frozen, float32, in evaluation mode.

    Attributes:
        name: of the model's folder; size: side of the pictures that its vision tower reads.

    Raises:
        CheckpointError: the folder does not hold a whole CLIP model.
    """

    def __init__(self, folder: Path, device: torch.device | str = "cpu") -> None:
        from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

        _check(folder)
        try:
            self._tokenizer = CLIPTokenizer.from_pretrained(str(folder), local_files_only=True)
            self._processor = CLIPImageProcessorPil.from_pretrained(str(folder), local_files_only=True)
            model, found = CLIPModel.from_pretrained(
                str(folder), local_files_only=True, dtype=torch.float32, output_loading_info=True
            )
        except Exception as error:  # transformers and its parsers raise whatever a broken file leads to
            raise CheckpointError(f"The CLIP model in {folder} cannot be read; fetch its files again.") from error
        if found["missing_keys"]:
            # transformers would fill them with random numbers.
            raise CheckpointError(
                f"The CLIP model in {folder} lacks {len(found['missing_keys'])} of its weights; both towers are needed."
            )
        self._model = model.eval().requires_grad_(False).to(device)
        self.name: str = folder.resolve().name
        self.size: int = model.config.vision_config.image_size

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """(N, D) float32: the vision tower's pooled output, before the projection."""
        return np.concatenate([self._tower(some).cpu().numpy() for some in _batches(pictures)])

    def embed_pictures(self, pictures: np.ndarray) -> np.ndarray:
        rows = [self._model.visual_projection(self._tower(some)) for some in _batches(pictures)]
        return F.normalize(torch.cat(rows), dim=1).cpu().numpy()

    def embed_prompts(self, prompts: list[str]) -> np.ndarray:
        rows = []
        for begin in range(0, len(prompts), _BATCH):
            batch = self._tokenizer(
                prompts[begin : begin + _BATCH], padding=True, truncation=True, return_tensors="pt",
                max_length=self._model.config.text_config.max_position_embeddings,
            ).to(self._model.device)  # fmt: skip
            tower = self._model.text_model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
            rows.append(self._model.text_projection(tower.pooler_output))
        return F.normalize(torch.cat(rows), dim=1).cpu().numpy()

    def _tower(self, pictures: np.ndarray) -> Tensor:
        pixels = self._processor(list(on_ground(pictures)), return_tensors="pt", input_data_format="channels_last")
        return self._model.vision_model(pixel_values=pixels["pixel_values"].to(self._model.device)).pooler_output


def _batches(pictures: np.ndarray) -> list[np.ndarray]:
    return [pictures[begin : begin + _BATCH] for begin in range(0, len(pictures), _BATCH)]


def _check(folder: Path) -> None:
    """What ``transformers`` would only notice late, or replace by defaults."""
    try:
        kind = json.loads((folder / "config.json").read_bytes())["model_type"]
    except (OSError, ValueError, KeyError, TypeError):
        kind = None
    words = (folder / "tokenizer.json").is_file() or all((folder / n).is_file() for n in ("vocab.json", "merges.txt"))
    if kind != "clip" or not words:
        raise CheckpointError(
            f"{folder} holds no CLIP model; give a folder in the layout of transformers, with config.json, the "
            "weights, the tokenizer and the image processor."
        )
