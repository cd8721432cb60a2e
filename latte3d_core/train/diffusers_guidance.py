"""Distillation from latent diffusion models that users bring as a folder in the diffusers layout.

Here is what all of them share: reading the folder's parts, the noise schedule, prompts, and the way of a gradient from
latents back to rendered pictures. Which network answers, and what it is told beside the prompt, is a ``Denoiser``;
``train/mvdream.py`` and ``train/controlnet.py`` have one each.

Nothing is downloaded, and no code from a folder is run: networks are built from classes of the installed package, and
weights are read in the safetensors format alone.

These priors see colours, not cover, so their advice on the opacity channel is 0. Shapes still move, because the colours
of ``Rendered`` lie over mid-grey and so depend on the opacity.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from torch import Tensor

from latte3d_core.errors import CheckpointError, DependencyError, SettingError
from latte3d_core.train.guidance import Advice, DistillationSettings, Rendered, energy, pulled_back

#: Folders inside a model's folder.
PARTS = ("scheduler", "text_encoder", "tokenizer", "unet", "vae")
#: What a network of the diffusers layout may predict.
PREDICTIONS = ("epsilon", "v_prediction")
#: What of a scheduler's settings makes its noise schedule.
_BETAS = (
    "num_train_timesteps",
    "beta_start",
    "beta_end",
    "beta_schedule",
    "trained_betas",
    "rescale_betas_zero_snr",
)


@dataclass(frozen=True)
class NoiseSchedule:
    """How noise is mixed in, at T steps, and what the network predicts.

    Attributes:
        alpha_bar: (T,) share of the variance that is signal.
        prediction: one of ``PREDICTIONS``.
    """

    alpha_bar: Tensor
    prediction: str

    def steps(self, time: Tensor) -> Tensor:
        """Times (B,) in [0, 1], from clean to noise, as steps (B,) int64."""
        count = len(self.alpha_bar)
        return (time * count).long().clamp(0, count - 1)

    def signal_and_noise(self, steps: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """The factors of picture and noise at steps (B,), shaped to be multiplied with ``like`` (B, ...)."""
        kept = self.alpha_bar.to(like)[steps.to(like.device)].reshape(-1, *[1] * (like.dim() - 1))
        return kept.sqrt(), (1 - kept).sqrt()

    def add_noise(self, clean: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
        """Noisy latents (B, ...) at steps (B,)."""
        signal, strength = self.signal_and_noise(steps, clean)
        return signal * clean + strength * noise

    def clean_and_noise(self, noisy: Tensor, predicted: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
        """The clean latents and the noise that a prediction means."""
        signal, strength = self.signal_and_noise(steps, noisy)
        if self.prediction == "v_prediction":
            return signal * noisy - strength * predicted, strength * noisy + signal * predicted
        return (noisy - strength * predicted) / signal, predicted


class PromptStates:
    """A folder's text encoder with its answers kept on the CPU, so that each prompt is encoded once; oldest out beyond
    ``limit``."""

    def __init__(self, tokenizer: Any, encoder: Any, limit: int = 2048) -> None:
        self.tokenizer, self.encoder, self.limit = tokenizer, encoder, limit
        self._store: dict[str, Tensor] = {}

    @torch.no_grad()
    def __call__(self, prompts: Sequence[str]) -> Tensor:
        """Token states (N, L, W), on the encoder's device; padding is part of what these networks were trained on."""
        for prompt in dict.fromkeys(prompts):
            if prompt not in self._store:
                # One at a time, so that the last bits do not depend on the neighbours.
                tokens = self.tokenizer(
                    [prompt],
                    padding="max_length",
                    truncation=True,
                    max_length=self.tokenizer.model_max_length,
                    return_tensors="pt",
                ).to(self.encoder.device)
                self._store[prompt] = self.encoder(tokens["input_ids"]).last_hidden_state[0].cpu()
        rows = [self._store[prompt] for prompt in prompts]
        while len(self._store) > self.limit:
            del self._store[next(iter(self._store))]
        return torch.stack(rows).to(self.encoder.device)


class Denoiser(Protocol):
    """A frozen network that tells picture and noise apart.

    Attributes:
        side: of the latents that it takes.
    """

    side: int

    def told(self, prompt: str, cameras: Tensor) -> list[str]:
        """What it is told of each view of one object, seen by cameras (V, 4)."""
        ...

    def __call__(self, noisy: Tensor, steps: Tensor, states: Tensor, seen: Rendered) -> Tensor:
        """What it predicts of noisy latents (N, C, side, side) at steps (N,), with states (N, L, W) of the prompts.

        N counts the V views of the first object in ``seen``, then those of the second, and so on.
        """
        ...


class LatentGuidance:
    """Distillation through a latent diffusion model.

    The loss whose gradient is given is ``0.5 · mean((z - target)²)`` over the latents z of an object's views; latents
    are the mean of what the encoder says, which is deterministic.

    Arguments:
        vae: encodes pictures. The gradient runs through it, so it should be in single precision.
        negative: what the guided picture is led away from; empty: from the picture without a prompt.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        vae: Any,
        states: PromptStates,
        schedule: NoiseSchedule,
        settings: DistillationSettings,
        negative: str = "",
    ) -> None:
        self.denoiser, self.vae, self.states, self.schedule = denoiser, vae, states, schedule
        self.settings, self.negative = settings, negative
        self.side = denoiser.side * _reduction(vae)

    def __call__(
        self, seen: Rendered, prompts: Sequence[str], progress: float, generators: Sequence[torch.Generator]
    ) -> Advice:
        s, pictures = self.settings, seen.pictures().detach()[:, :, :3]
        with torch.no_grad():
            latents = torch.stack([self.encode(views) for views in pictures])
            steps = self.schedule.steps(s.times(progress, generators)).to(latents.device)
            noise = torch.stack([torch.randn(latents.shape[1:], generator=g) for g in generators]).to(latents)
            noisy = self.schedule.add_noise(latents, noise, steps)
            told = [t for p, cameras in zip(prompts, seen.cameras, strict=True) for t in self.denoiser.told(p, cameras)]
            own = guided = without = self._predict(noisy, steps, told, seen)
            if s.scale != 1:
                without = self._predict(noisy, steps, [self.negative] * len(told), seen)
                guided = without + s.scale * (own - without)
            clean, predicted = self.schedule.clean_and_noise(noisy, guided, steps)
            if s.form == "noise":
                _, strength = self.schedule.signal_and_noise(steps, latents)
                direction = strength.square() * (predicted - noise)
            else:
                if s.rescale > 0:
                    clean = pulled_back(clean, self.schedule.clean_and_noise(noisy, own, steps)[0], s.rescale)
                direction = latents - clean
            direction = direction / direction[0].numel()
            of_own, of_without = (self.schedule.clean_and_noise(noisy, x, steps)[1] for x in (own, without))
            measure = energy(noise, of_without, of_own, s.scale)
        # Object by object: the encoder's activations at full size are most of the memory this takes.
        by_rgb = torch.stack([self._pulled_back(*pair) for pair in zip(pictures, direction, strict=True)])
        gradient = torch.cat([by_rgb, torch.zeros_like(by_rgb[:, :, :1])], 2)
        return Advice(
            gradient,
            {
                "time": float(steps.float().mean()) / len(self.schedule.alpha_bar),
                "distance": float((latents - clean).square().mean()),
                "energy": measure,
                "rgb_norm": float(by_rgb.flatten(1).norm(dim=1).mean()),
            },
        )

    def encode(self, pictures: Tensor) -> Tensor:
        """Latents (N, C, side, side) of pictures (N, 3, S, S) in [-1, 1]; differentiable by the pictures."""
        posterior = self.vae.encode(resized(pictures, self.side).to(self.vae.dtype)).latent_dist
        return (posterior.mode() * self.vae.config.scaling_factor).to(pictures.dtype)

    def _predict(self, noisy: Tensor, steps: Tensor, told: list[str], seen: Rendered) -> Tensor:
        each = steps.repeat_interleave(noisy.shape[1])
        return self.denoiser(noisy.flatten(0, 1), each, self.states(told), seen).to(noisy).reshape(noisy.shape)

    def _pulled_back(self, pictures: Tensor, by_latents: Tensor) -> Tensor:
        """The gradient by pictures (V, 3, S, S) that one by their latents means."""
        with torch.enable_grad():
            pictures = pictures.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(self.encode(pictures), pictures, by_latents)
        return gradient


def resized(pictures: Tensor, side: int) -> Tensor:
    """Pictures (N, C, S, S) with ``side`` pixels along an edge; nothing is skipped on the way down."""
    return F.interpolate(pictures, size=(side, side), mode="bilinear", align_corners=False, antialias=True)


def _reduction(vae: Any) -> int:
    """How many pixels become one latent, along an edge."""
    return 2 ** (len(vae.config.block_out_channels) - 1)


# ------------------------------------------------------------------------------------------------ reading folders


def load_diffusers() -> Any:
    """The ``diffusers`` module.

    Raises:
        DependencyError: it is not installed, or does not start.
    """
    try:
        return importlib.import_module("diffusers")
    except ModuleNotFoundError as error:
        if error.name != "diffusers":
            raise DependencyError(f"diffusers does not start ({error}); install the package that it names.") from error
        raise DependencyError(
            'diffusers is not installed; install the extra that brings it: pip install "latte3d-core[priors]".'
        ) from error
    except ImportError as error:
        raise DependencyError(f"diffusers does not start ({error}); install the version that it names.") from error


def device_and_type(device: torch.device | str, half: bool) -> tuple[torch.device, torch.dtype]:
    """Where the networks that no gradient passes go, and their type.

    Raises:
        SettingError: half precision is asked for elsewhere than on CUDA.
    """
    device = torch.device(device)
    if half and device.type != "cuda":
        raise SettingError(f"Half precision of a prior needs a CUDA device, not {device.type}; leave it out.")
    return device, torch.float16 if half else torch.float32


def check_model_folder(folder: Path) -> None:
    """Raises CheckpointError unless the folder has all parts of a model."""
    if not folder.is_dir():
        raise CheckpointError(f"There is no folder {folder}; name a model's folder in the diffusers layout.")
    missing = [part for part in PARTS if not (folder / part).is_dir()]
    if missing and (folder / "config.json").is_file():
        raise CheckpointError(
            f"{folder} holds one network ({_kind(_read_json(folder / 'config.json'))}), not a whole model; name the "
            f"folder that has {', '.join(PARTS)} in it."
        )
    if missing:
        raise CheckpointError(
            f"{folder} lacks {', '.join(missing)}; name a model's folder in the diffusers layout, which has "
            f"{', '.join(PARTS)} in it."
        )


def read_config(folder: Path, *kinds: str, file: str = "config.json") -> dict[str, Any]:
    """What a part's folder says of itself.

    Arguments:
        kinds: names of the classes that can be used in this place; none: any.

    Raises:
        CheckpointError: there is no such file, it is not JSON, or of another kind.
    """
    if not (folder / file).is_file():
        raise CheckpointError(f"{folder} has no {file}; name a folder in the diffusers layout.")
    config = _read_json(folder / file)
    if kinds and _kind(config) not in kinds:
        raise CheckpointError(f"{folder} holds a {_kind(config)}; here a {' or '.join(kinds)} is needed.")
    return config


def load_network(network: type[Any], folder: Path, dtype: torch.dtype, **options: Any) -> Any:
    """A network from a part's folder, frozen, in evaluation mode, on the CPU.

    Arguments:
        network: a class of diffusers or transformers.
        options: for its ``from_pretrained``.

    Raises:
        CheckpointError: its weights are missing, incomplete, of other shapes or not in the safetensors format.
    """
    try:
        model, found = network.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, output_loading_info=True, dtype=dtype, **options
        )
    except (OSError, RuntimeError, TypeError, ValueError, SafetensorError) as error:
        raise CheckpointError(unreadable(folder)) from error
    if found["missing_keys"]:
        raise CheckpointError(unreadable(folder))
    return model.eval().requires_grad_(False)


def unreadable(folder: Path) -> str:
    """The sentence for weights that do not make the network that their folder describes."""
    return f"The weights in {folder} are missing or do not fit its config.json; get them again as safetensors files."


def load_shared(folder: Path, device: torch.device, dtype: torch.dtype) -> tuple[Any, PromptStates, NoiseSchedule]:
    """What all models have beside their network: the encoder of pictures (float32), that of prompts, the schedule.

    Raises:
        CheckpointError: a part is missing, damaged or of another kind.
        DependencyError: diffusers is not installed.
    """
    diffusers = load_diffusers()
    from transformers import CLIPTextModel, CLIPTokenizer

    read_config(folder / "vae", "AutoencoderKL")
    vae = load_network(diffusers.AutoencoderKL, folder / "vae", torch.float32, low_cpu_mem_usage=False)
    read_config(folder / "text_encoder", "CLIPTextModel")
    encoder = load_network(CLIPTextModel, folder / "text_encoder", dtype)
    words = folder / "tokenizer"
    try:
        # Of an empty folder transformers would make a tokenizer without words.
        if not ((words / "tokenizer.json").is_file() or (words / "vocab.json").is_file()):
            raise FileNotFoundError(words / "vocab.json")
        tokenizer = CLIPTokenizer.from_pretrained(str(words), local_files_only=True)
    except (OSError, TypeError, ValueError) as error:
        raise CheckpointError(f"{words} holds no CLIP tokenizer; get its files again.") from error
    return vae.to(device), PromptStates(tokenizer, encoder.to(device)), load_schedule(folder / "scheduler")


def load_schedule(folder: Path) -> NoiseSchedule:
    """The noise schedule that a scheduler's folder describes, whichever sampler it was made for.

    Raises:
        CheckpointError: there is none, or one of another family of models.
    """
    config = read_config(folder, file="scheduler_config.json")
    if "beta_schedule" not in config:
        raise CheckpointError(f"{folder} describes no noise schedule of betas; only models that have one can be used.")
    prediction = config.get("prediction_type", "epsilon")
    if prediction not in PREDICTIONS:
        raise CheckpointError(
            f"{folder} says the model predicts {prediction}; here {' or '.join(PREDICTIONS)} is read."
        )
    betas = {name: config[name] for name in _BETAS if name in config}
    try:
        alpha_bar = load_diffusers().DDPMScheduler(**betas).alphas_cumprod
    except (NotImplementedError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder} describes a noise schedule that diffusers cannot make ({error}).") from error
    return NoiseSchedule(alpha_bar, prediction)


def check_widths(folder: Path, unet: Any, vae: Any, states: PromptStates) -> None:
    """Raises CheckpointError unless a model's parts belong together."""
    config = unet.config
    if not isinstance(config.sample_size, int):
        raise CheckpointError(
            f"{folder / 'unet'} does not say how large its pictures are; set sample_size in its config.json."
        )
    if not config.in_channels == config.out_channels == vae.config.latent_channels:
        raise CheckpointError(
            f"In {folder}, unet takes {config.in_channels} channels and gives {config.out_channels}, but vae makes "
            f"{vae.config.latent_channels}; take all parts from one model that draws from words alone."
        )
    if config.cross_attention_dim != states.encoder.config.hidden_size:
        raise CheckpointError(
            f"In {folder}, unet reads prompts of width {config.cross_attention_dim}, but text_encoder gives "
            f"{states.encoder.config.hidden_size}; take all parts from one model."
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); get it again.") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds no settings; get it again.")
    return content


def _kind(config: dict[str, Any]) -> str:
    """The name of the class that a part was saved from: diffusers' way of saying it, or that of transformers."""
    return str(config.get("_class_name") or (config.get("architectures") or ["network of unknown kind"])[0])
