"""Priors that users bring: real networks of diffusers, tiny and of random weights, in folders as they are published."""

from __future__ import annotations

import copy
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor

pytest.importorskip("diffusers", reason="diffusers (the extra priors) is not installed")

from diffusers import AutoencoderKL, ControlNetModel, DDPMScheduler, UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel

from latte3d_core.data.prepare import Prepared
from latte3d_core.errors import CheckpointError, DependencyError, SettingError
from latte3d_core.presets import tiny
from latte3d_core.prior.views import SetSettings, prepare_view_sets
from latte3d_core.render.preview import Camera
from latte3d_core.train.controlnet import DepthDenoiser, depth_pictures, load_depth_controlnet, view_words
from latte3d_core.train.diffusers_guidance import LatentGuidance, NoiseSchedule, PromptStates, load_schedule, resized
from latte3d_core.train.guidance import DistillationSettings, Rendered, distillation_loss
from latte3d_core.train.mvdream import (
    attend_across_views,
    camera_matrices,
    converted,
    load_mvdream,
    unet_config,
)
from latte3d_core.train.stage1 import Stage1Settings, Stage1Trainer

SIZE, SIDE, WIDTH = 24, 8, 16  # pixels of renders, of latents; channels of prompts
SETTINGS = DistillationSettings(scale=3.0)
#: A small network as the release of MVDream would describe it.
RELEASE = {
    "_class_name": "MultiViewUNetModel",
    "image_size": SIDE,
    "in_channels": 4,
    "out_channels": 4,
    "model_channels": 32,
    "channel_mult": [1, 2],
    "num_res_blocks": 1,
    "attention_resolutions": [1],
    "num_head_channels": 16,
    "transformer_depth": 1,
    "context_dim": WIDTH,
    "camera_dim": 16,
}
PLAIN = {
    **unet_config(RELEASE),
    "class_embed_type": None,
    "projection_class_embeddings_input_dim": None,
    "attention_head_dim": 2,
    "use_linear_projection": False,
}
BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}


# ------------------------------------------------------------------------------------------------------- folders


def _shared_parts(folder: Path) -> None:
    """Everything of a model but its network."""
    DDPMScheduler(**BETAS, prediction_type="epsilon").save_pretrained(folder / "scheduler")
    AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        norm_num_groups=4,
    ).save_pretrained(folder / "vae")
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "tokenizer").mkdir()
    for name, content in {
        "vocab.json": json.dumps({word: number for number, word in enumerate(words)}),
        "merges.txt": "#version: 0.2\n",
        "tokenizer_config.json": json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 12}),
    }.items():
        (folder / "tokenizer" / name).write_text(content, encoding="utf-8")
    last = len(words) - 1
    config = CLIPTextConfig(
        vocab_size=len(words), hidden_size=WIDTH, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=12, bos_token_id=last - 1, eos_token_id=last, pad_token_id=last,
    )  # fmt: skip
    CLIPTextModel(config).save_pretrained(folder / "text_encoder")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """mvdream, sd and controlnet."""
    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("priors")
    _shared_parts(root / "mvdream")
    shutil.copytree(root / "mvdream", root / "sd")
    UNet2DConditionModel(**unet_config(RELEASE)).save_pretrained(root / "mvdream" / "unet")
    plain = UNet2DConditionModel(**PLAIN)
    plain.save_pretrained(root / "sd" / "unet")
    controlnet = ControlNetModel.from_unet(plain, conditioning_embedding_out_channels=(8, 16))
    with torch.no_grad():
        for parameter in controlnet.parameters():  # a fresh one says nothing: its last layers are 0
            parameter.add_(0.1 * torch.randn_like(parameter))
    controlnet.save_pretrained(root / "controlnet")
    return root


@pytest.fixture(scope="module")
def mvdream(folders: Path) -> LatentGuidance:
    return load_mvdream(folders / "mvdream", SETTINGS)


@pytest.fixture(scope="module")
def controlnet(folders: Path) -> LatentGuidance:
    return load_depth_controlnet(folders / "sd", folders / "controlnet", SETTINGS)


@pytest.fixture(params=["mvdream", "controlnet"])
def guidance(request: pytest.FixtureRequest) -> LatentGuidance:
    return request.getfixturevalue(request.param)


def _seen(batch: int = 2, views: int = 4, dtype: torch.dtype = torch.float32) -> Rendered:
    torch.manual_seed(1)
    cameras = torch.tensor([[[20.0 + 90 * v + 7 * b, 10.0 + b, 4.2, 32.0] for v in range(views)] for b in range(batch)])
    rgb = torch.rand(batch, views, 3, SIZE, SIZE, dtype=dtype)
    opacity = torch.rand(batch, views, SIZE, SIZE, dtype=dtype)
    return Rendered(rgb, opacity, 3 + 2 * torch.rand_like(opacity), cameras)


def _part(seen: Rendered, index: int) -> Rendered:
    return Rendered(**{name: value[index : index + 1] for name, value in vars(seen).items()})


def _generators(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


PROMPTS = ["a red box", "a ball"]


# ----------------------------------------------------------------------------------------------------- distillation


class OneLatent:
    """A network that knows one latent picture and leads exactly there: with a prompt; without one to 0."""

    side = SIDE

    def __init__(self, latent: Tensor, schedule: NoiseSchedule) -> None:
        self.latent, self.schedule, self.steps = latent, schedule, []

    def told(self, prompt: str, cameras: Tensor) -> list[str]:
        return [prompt] * len(cameras)

    def __call__(self, noisy: Tensor, steps: Tensor, states: Tensor, seen: Rendered) -> Tensor:
        self.steps.append(steps)
        clean = self.latent * states.reshape(-1, 1, 1, 1)
        signal, strength = self.schedule.signal_and_noise(steps, noisy)
        noise = (noisy - signal * clean) / strength
        return noise if self.schedule.prediction == "epsilon" else signal * noise - strength * clean


def _known(vae: Any, prediction: str = "epsilon", **settings: Any) -> tuple[LatentGuidance, Tensor]:
    """A guidance in double precision whose answer is known, with its latent picture (4, side, side)."""
    alpha_bar = DDPMScheduler(**BETAS).alphas_cumprod
    schedule = NoiseSchedule(alpha_bar, prediction)
    latent = torch.randn(4, SIDE, SIDE, dtype=torch.float64)
    states: Any = lambda told: torch.tensor([float(text != "") for text in told])  # noqa: E731
    settings = {"scale": 1.0, "rescale": 0.0, **settings}
    vae = copy.deepcopy(vae).double()
    return LatentGuidance(OneLatent(latent, schedule), vae, states, schedule, DistillationSettings(**settings)), latent


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("form", ["clean", "noise"])
def test_the_gradient_is_that_of_the_loss_over_latents(mvdream: LatentGuidance, form: str, prediction: str) -> None:
    guidance, latent = _known(mvdream.vae, prediction, form=form)
    seen = _seen(2, dtype=torch.float64)
    advice = guidance(seen, PROMPTS, 0.4, _generators(3, 4))
    # Read as noise, the difference is weighted by w(t) = 1 - alpha bar, times a(t) / s(t) of the noise it means.
    weight = torch.ones(2, dtype=torch.float64)
    if form == "noise":
        kept = guidance.schedule.alpha_bar.double()[
            guidance.schedule.steps(guidance.settings.times(0.4, _generators(3, 4)))
        ]
        weight = (1 - kept) * (kept / (1 - kept)).sqrt()

    def loss(pictures: Tensor, index: int) -> float:
        posterior = guidance.vae.encode(resized(pictures, guidance.side)).latent_dist
        z = posterior.mean * guidance.vae.config.scaling_factor
        return float(weight[index] * 0.5 * (z - latent).square().mean())

    pictures, step = seen.pictures()[:, :, :3], 1e-4
    for place in ((0, 0, 0, 3, 5), (0, 3, 2, 12, 12), (1, 1, 1, 23, 0), (1, 2, 0, 7, 18)):
        moved = [pictures.clone() for _ in range(2)]
        moved[0][place] += step
        moved[1][place] -= step
        slope = (loss(moved[0][place[0]], place[0]) - loss(moved[1][place[0]], place[0])) / (2 * step)
        assert float(advice.gradient[place]) == pytest.approx(slope, rel=1e-5, abs=1e-12)
    assert (advice.gradient[:, :, 3] == 0).all() and not advice.gradient.requires_grad
    assert advice.gradient.shape == seen.pictures().shape


def test_guidance_overshoots_and_is_pulled_back(mvdream: LatentGuidance) -> None:
    seen = _seen(1, dtype=torch.float64)
    distances = {}
    for rescale in (0.0, 1.0):
        guidance, latent = _known(mvdream.vae, scale=3.0, rescale=rescale)
        torch.manual_seed(5)
        guidance.denoiser.latent = torch.randn_like(latent)
        z = guidance.encode(seen.pictures()[0, :, :3])
        distances[rescale] = [
            guidance(seen, ["a"], 0.0, _generators(0)).log["distance"],
            float((z - (3 - 2 * rescale) * guidance.denoiser.latent).square().mean()),
        ]
    for found, expected in distances.values():
        assert found == pytest.approx(expected, rel=1e-6)


def test_colours_over_grey_hand_the_advice_on_to_shapes(mvdream: LatentGuidance) -> None:
    opacity = torch.rand(1, 4, SIZE, SIZE, requires_grad=True)
    rgb = opacity[:, :, None] * torch.rand(1, 4, 3, SIZE, SIZE) + (1 - opacity[:, :, None]) * 0.5
    seen = Rendered(rgb, opacity, torch.full_like(opacity, 4.0).detach(), _seen(1).cameras)
    advice = mvdream(seen, ["a"], 0.0, _generators(0))
    distillation_loss(seen, advice).backward()
    assert opacity.grad is not None and opacity.grad.abs().max() > 0


def test_views_of_an_object_share_one_time(mvdream: LatentGuidance) -> None:
    guidance, _ = _known(mvdream.vae)
    guidance(_seen(2, dtype=torch.float64), PROMPTS, 0.0, _generators(0, 1))
    (steps,) = guidance.denoiser.steps
    steps = steps.reshape(2, 4)
    assert (steps == steps[:, :1]).all() and steps[0, 0] != steps[1, 0]
    low, high = guidance.settings.first
    assert (steps >= 1000 * low - 1).all() and (steps <= 1000 * high).all()


def test_the_same_generators_give_the_same_answer(guidance: LatentGuidance) -> None:
    seen = _seen()
    first, again, other = (guidance(seen, PROMPTS, 0.3, _generators(*s)) for s in ((1, 2), (1, 2), (1, 3)))
    assert torch.equal(first.gradient, again.gradient) and first.log == again.log
    torch.testing.assert_close(first.gradient[0], other.gradient[0])
    assert not torch.allclose(first.gradient[1], other.gradient[1])
    assert first.gradient.isfinite().all() and (first.gradient[:, :, :3] != 0).any()


def test_each_object_has_its_own_prompt_cameras_and_noise(guidance: LatentGuidance) -> None:
    seen = _seen()
    whole = guidance(seen, PROMPTS, 0.3, _generators(1, 2)).gradient
    for index in range(2):
        alone = guidance(_part(seen, index), PROMPTS[index : index + 1], 0.3, _generators(1 + index)).gradient
        torch.testing.assert_close(whole[index : index + 1], alone, atol=1e-7, rtol=1e-3)
    other = guidance(seen, [PROMPTS[0], "something else"], 0.3, _generators(1, 2)).gradient
    torch.testing.assert_close(whole[0], other[0], atol=1e-7, rtol=1e-3)
    assert not torch.allclose(whole[1], other[1], atol=1e-7, rtol=1e-2)


def test_no_gradient_reaches_the_weights(guidance: LatentGuidance) -> None:
    seen = _seen(1)
    rgb = seen.rgb.requires_grad_()
    distillation_loss(seen, guidance(seen, PROMPTS[:1], 0.0, _generators(0))).backward()
    assert rgb.grad is not None and (rgb.grad != 0).any()
    networks = [v for v in vars(guidance.denoiser).values() if isinstance(v, torch.nn.Module)]
    for network in (*networks, guidance.vae, guidance.states.encoder):
        assert not network.training
        assert all(p.grad is None and not p.requires_grad for p in network.parameters())


def test_the_negative_prompt_counts(folders: Path, mvdream: LatentGuidance) -> None:
    seen, call = _seen(1), (PROMPTS[:1], 0.0)
    led_away = load_mvdream(folders / "mvdream", SETTINGS, negative="ugly")(seen, *call, _generators(0)).gradient
    assert not torch.allclose(led_away, mvdream(seen, *call, _generators(0)).gradient, atol=1e-8, rtol=1e-3)


def test_half_precision_stays_close(guidance: LatentGuidance) -> None:
    half = copy.deepcopy(guidance)
    for name, value in vars(half.denoiser).items():
        if isinstance(value, torch.nn.Module):
            setattr(half.denoiser, name, value.half())
    half.states.encoder.half()
    half.states._store.clear()
    seen = _seen(1)
    found, expected = (g(seen, PROMPTS[:1], 0.3, _generators(0)).gradient for g in (half, guidance))
    assert found.dtype == torch.float32
    assert (found - expected).norm() < 0.02 * expected.norm()


def test_each_prompt_is_encoded_once(mvdream: LatentGuidance) -> None:
    states, asked = PromptStates(mvdream.states.tokenizer, mvdream.states.encoder), []
    hook = states.encoder.register_forward_pre_hook(lambda *_: asked.append(1))
    first = states(["a", "b", "a"])
    assert first.shape == (3, 12, WIDTH) and len(asked) == 2
    assert torch.equal(first[0], first[2]) and not torch.equal(first[0], first[1])
    assert torch.equal(states(["b"])[0], first[1]) and len(asked) == 2
    states.limit = 1
    states(["c"])
    assert list(states._store) == ["c"]
    hook.remove()


@pytest.mark.parametrize("size", [8, 20, 24, 64])
def test_every_pixel_counts_when_pictures_shrink(size: int) -> None:
    pictures = torch.ones(1, 1, size, size, requires_grad=True)
    small = resized(pictures, SIDE)
    torch.testing.assert_close(small, torch.ones(1, 1, SIDE, SIDE))
    (weight,) = torch.autograd.grad(small.sum(), pictures)
    assert weight.min() > 0.2 * weight.mean()


# ---------------------------------------------------------------------------------------------------------- schedule


@given(step=st.integers(0, 999), prediction=st.sampled_from(["epsilon", "v_prediction"]))
def test_the_schedule_is_that_of_diffusers(step: int, prediction: str) -> None:
    reference = DDPMScheduler(**BETAS)
    schedule = NoiseSchedule(reference.alphas_cumprod, prediction)
    clean, noise = torch.randn(2, 2, 3, dtype=torch.float64)
    steps = torch.tensor([step, 999 - step])
    noisy = schedule.add_noise(clean, noise, steps)
    torch.testing.assert_close(noisy, reference.add_noise(clean, noise, steps))
    predicted = noise if prediction == "epsilon" else reference.get_velocity(clean, noise, steps)
    found = schedule.clean_and_noise(noisy, predicted, steps)
    torch.testing.assert_close(found, (clean, noise), atol=1e-5, rtol=1e-5)


def test_the_schedule_is_read_from_any_sampler(folders: Path, tmp_path: Path) -> None:
    settings = {**BETAS, "_class_name": "PNDMScheduler", "skip_prk_steps": True, "prediction_type": "v_prediction"}
    (tmp_path / "scheduler_config.json").write_text(json.dumps(settings), encoding="utf-8")
    schedule = load_schedule(tmp_path)
    assert schedule.prediction == "v_prediction" and load_schedule(folders / "sd" / "scheduler").prediction == "epsilon"
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    np.testing.assert_allclose(schedule.alpha_bar, np.cumprod(1 - betas), rtol=1e-4)
    assert schedule.steps(torch.tensor([0.0, 0.5, 1.0])).tolist() == [0, 500, 999]


# ----------------------------------------------------------------------------------------------------------- MVDream


@given(azimuth=st.floats(0, 360), elevation=st.floats(-80, 80), distance=st.floats(2, 6))
def test_mvdream_is_told_the_camera_that_renders(azimuth: float, elevation: float, distance: float) -> None:
    camera = Camera(azimuth, elevation, distance, 40.0)
    matrix = camera_matrices(torch.tensor([azimuth, elevation, distance, 40.0], dtype=torch.float64)).reshape(4, 4)
    rays = torch.from_numpy(camera.rays(5)).double()
    turned = rays.reshape(5, 5, 2, 3)[..., [2, 0, 1]]  # its X is our +Z, its Y our +X, its Z our +Y
    torch.testing.assert_close(matrix[:3, 3] * distance, turned[0, 0, 0], atol=1e-4, rtol=1e-4)
    across = (torch.arange(5) + 0.5) / 5 * 2 - 1
    y, x = torch.meshgrid(-across, across, indexing="ij")
    reach = np.tan(np.deg2rad(20.0))
    own = torch.stack([x * reach, y * reach, -torch.ones_like(x)], -1).double()
    directions = own / own.norm(dim=-1, keepdim=True) @ matrix[:3, :3].T
    torch.testing.assert_close(directions, turned[..., 1, :], atol=1e-4, rtol=1e-4)
    assert matrix[3].tolist() == [0, 0, 0, 1]


def _asked(unet: Any, noisy: Tensor, labels: Tensor) -> Tensor:
    steps, states = torch.full((len(noisy),), 500), torch.ones(len(noisy), 12, WIDTH)
    with torch.no_grad():
        return unet(noisy, steps, states, class_labels=labels, return_dict=False)[0]


def test_attention_runs_over_the_views_of_one_object(folders: Path) -> None:
    unet = UNet2DConditionModel.from_pretrained(folders / "mvdream" / "unet", low_cpu_mem_usage=False).eval()
    noisy, labels = torch.randn(8, 4, SIDE, SIDE), torch.randn(8, 16)
    plain = _asked(unet, noisy, labels)
    attend_across_views(unet, 1)
    torch.testing.assert_close(_asked(unet, noisy, labels), plain)

    unet = UNet2DConditionModel.from_pretrained(folders / "mvdream" / "unet", low_cpu_mem_usage=False).eval()
    attend_across_views(unet, 4)
    before = _asked(unet, noisy, labels)
    assert not torch.allclose(before, plain, atol=1e-4)
    changed = noisy.clone()
    changed[1] += 1
    difference = (_asked(unet, changed, labels) - before).abs().amax((1, 2, 3))
    assert (difference[:4] > 1e-4).all() and (difference[4:] < 1e-6).all()
    # Among four copies of a view, attention finds nothing that it would not find in one.
    copies, label = noisy[:1].expand(4, -1, -1, -1), labels[:1].expand(4, -1)
    torch.testing.assert_close(_asked(unet, copies, label)[:1], plain[:1], atol=1e-4, rtol=1e-3)


def test_mvdream_looks_at_the_cameras_and_wants_all_views(mvdream: LatentGuidance) -> None:
    seen = _seen(1)
    turned = Rendered(seen.rgb, seen.opacity, seen.depth, seen.cameras + torch.tensor([45.0, 0, 0, 0]))
    first, other = (mvdream(s, PROMPTS[:1], 0.0, _generators(0)).gradient for s in (seen, turned))
    assert not torch.allclose(first, other, atol=1e-8, rtol=1e-3)
    with pytest.raises(SettingError, match="4 views"):
        mvdream(_seen(1, views=2), PROMPTS[:1], 0.0, _generators(0))


def _release_names(config: dict[str, Any]) -> list[str]:
    """The names of a released network's weights, walked in the order in which its code builds it."""
    residual = ["in_layers.0", "in_layers.2", "emb_layers.1", "out_layers.0", "out_layers.3"]
    block = "transformer_blocks.0"
    attention = ["norm", "proj_in", "proj_out", *(f"{block}.norm{n}" for n in (1, 2, 3)), f"{block}.ff.net.0.proj",
                 f"{block}.ff.net.2", *(f"{block}.attn{n}.to_out.0" for n in (1, 2))]  # fmt: skip
    bare = [f"{block}.attn{n}.to_{name}" for n in (1, 2) for name in "qkv"]
    names: list[str] = []

    def add(place: str, paths: list[str], leaves: tuple[str, ...] = ("weight", "bias")) -> None:
        names.extend(f"{place}.{path}.{leaf}" for path in paths for leaf in leaves)

    def add_block(place: str, change: bool, attend: bool) -> None:
        add(f"{place}.0", residual + ["skip_connection"] * change)
        if attend:
            add(f"{place}.1", attention)
            add(f"{place}.1", bare, ("weight",))

    factors, layers = config["channel_mult"], config["num_res_blocks"]
    levels = len(factors)
    attends = [2**level in config["attention_resolutions"] for level in range(levels)]
    for place, paths in (("time_embed", ["0", "2"]), ("camera_embed", ["0", "2"]), ("out", ["0", "2"])):
        add(place, paths)
    add("input_blocks.0", ["0"])
    number = 1
    for level in range(levels):
        for layer in range(layers):
            add_block(f"input_blocks.{number}", layer == 0 and factors[level] != [1, *factors][level], attends[level])
            number += 1
        if level < levels - 1:
            add(f"input_blocks.{number}", ["0.op"])
            number += 1
    add("middle_block.0", residual)
    add("middle_block.1", attention)
    add("middle_block.1", bare, ("weight",))
    add("middle_block.2", residual)
    number = 0
    for level in reversed(range(levels)):
        for layer in range(layers + 1):
            add_block(f"output_blocks.{number}", True, attends[level])
            if level > 0 and layer == layers:
                add(f"output_blocks.{number}", [f"{2 if attends[level] else 1}.conv"])
            number += 1
    return names


@pytest.mark.parametrize("layers", [1, 2])
def test_the_release_is_renamed_as_diffusers_renames_its_kind(layers: int) -> None:
    config = {**RELEASE, "num_res_blocks": layers, "channel_mult": [1, 2, 2], "attention_resolutions": [1, 2]}
    numbered = {name: torch.tensor(float(number)) for number, name in enumerate(_release_names(config))}
    found = converted(numbered, layers)
    assert len(found) == len(numbered)
    unet = UNet2DConditionModel(**unet_config(config))
    assert found.keys() == unet.state_dict().keys()
    # Diffusers knows no camera embedding, but the same thing under another name.
    reference = convert_ldm_unet_checkpoint(
        {f"model.diffusion_model.{k.replace('camera_embed', 'label_emb.0')}": v for k, v in numbered.items()},
        {"layers_per_block": layers, "class_embed_type": "projection"},
    )
    assert found == reference
    with pytest.raises(KeyError, match="image_embed"):
        converted({"image_embed.latents": torch.zeros(1)}, layers)


def test_the_release_has_as_many_weights_as_stable_diffusion_and_a_camera() -> None:
    config = {**RELEASE, "image_size": 32, "model_channels": 320, "channel_mult": [1, 2, 4, 4], "num_res_blocks": 2,
              "attention_resolutions": [4, 2, 1], "num_head_channels": 64, "context_dim": 1024}  # fmt: skip
    with torch.device("meta"):
        unet = UNet2DConditionModel(**unet_config(config))
    camera = 16 * 1280 + 1280 + 1280 * 1280 + 1280
    assert sum(p.numel() for p in unet.parameters()) == 865_910_724 + camera


@pytest.fixture
def release(folders: Path, tmp_path: Path) -> Path:
    """The folder mvdream with its network as the release has it."""
    folder = tmp_path / "release"
    shutil.copytree(folders / "mvdream", folder)
    file = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    names = _release_names(RELEASE)
    renamed = converted(dict.fromkeys(names, torch.zeros(0)), 1)
    save_file({old: weights[new] for old, new in zip(names, renamed, strict=True)}, file)
    (folder / "unet" / "config.json").write_text(json.dumps(RELEASE), encoding="utf-8")
    return folder


def test_a_folder_with_the_release_gives_the_same_advice(release: Path, mvdream: LatentGuidance) -> None:
    seen = _seen(1)
    # Code that lies in a folder is not run.
    (release / "unet" / "mv_unet.py").write_text("raise RuntimeError('this was run')", encoding="utf-8")
    found, expected = (
        g(seen, PROMPTS[:1], 0.2, _generators(0)).gradient for g in (load_mvdream(release, SETTINGS), mvdream)
    )
    torch.testing.assert_close(found, expected, atol=1e-8, rtol=1e-4)


# -------------------------------------------------------------------------------------------------------- ControlNet


def test_views_have_names() -> None:
    at = lambda *azimuths: [view_words(a, 20.0) for a in azimuths]  # noqa: E731
    assert at(0, 44, 316, 360, -30) == ["front view"] * 5
    assert at(45, 90, 135, 225, 270, 315) == ["side view"] * 6
    assert at(136, 180, 224, -180) == ["back view"] * 4
    assert view_words(90, 61) == view_words(0, 90) == "overhead view"


@given(azimuth=st.floats(-360, 360), elevation=st.floats(-90, 90))
def test_left_and_right_have_the_same_names(azimuth: float, elevation: float) -> None:
    assert view_words(azimuth, elevation) == view_words(-azimuth, elevation)


def test_each_view_is_told_from_where_it_is_seen(controlnet: LatentGuidance) -> None:
    cameras = torch.tensor([[0.0, 10, 4, 32], [90, 10, 4, 32], [180, 10, 4, 32], [0, 80, 4, 32]])
    assert controlnet.denoiser.told("a box", cameras) == [
        "a box, front view", "a box, side view", "a box, back view", "a box, overhead view",
    ]  # fmt: skip


def test_near_is_bright_and_nothing_is_dark() -> None:
    reach = 3**0.5
    depth = torch.tensor([4.2 - reach, 4.2, 4.2 + reach, 4.2, 0.0]).reshape(1, 1, 1, 5)
    opacity = torch.tensor([1.0, 1.0, 1.0, 0.5, 0.0]).reshape(1, 1, 1, 5)
    cameras = torch.tensor([0.0, 0.0, 4.2, 32.0]).reshape(1, 1, 4)
    shown = depth_pictures(Rendered(torch.zeros(1, 1, 3, 1, 5), opacity, depth, cameras))
    assert shown.shape == (1, 3, 1, 5) and (shown[:, :1] == shown).all()
    torch.testing.assert_close(shown[0, 0, 0], torch.tensor([1.0, 0.5, 0.0, 0.25, 0.0]), atol=1e-6, rtol=0)


def test_the_controlnet_is_shown_depth(folders: Path, controlnet: LatentGuidance) -> None:
    seen = _seen(1)
    farther = Rendered(seen.rgb, seen.opacity, seen.depth + 0.5, seen.cameras)
    first, other = (controlnet(s, PROMPTS[:1], 0.0, _generators(0)).gradient for s in (seen, farther))
    assert not torch.allclose(first, other, atol=1e-8, rtol=1e-3)
    # Without strength there is plain Stable Diffusion left.
    silent = DepthDenoiser(controlnet.denoiser.unet, controlnet.denoiser.controlnet, 0.0)
    noisy, steps, states = torch.randn(4, 4, SIDE, SIDE), torch.full((4,), 300), torch.randn(4, 12, WIDTH)
    with torch.no_grad():
        plain = controlnet.denoiser.unet(noisy, steps, states, return_dict=False)[0]
        torch.testing.assert_close(silent(noisy, steps, states, seen), plain)
        assert not torch.allclose(controlnet.denoiser(noisy, steps, states, seen), plain, atol=1e-3)


# ------------------------------------------------------------------------------------------------------------ stage 1


@pytest.mark.parametrize("name", ["mvdream", "controlnet"])
def test_stage_1_takes_them(
    request: pytest.FixtureRequest, prepared: list[Prepared], tmp_path: Path, name: str
) -> None:
    two = prepared[:2]
    sets = prepare_view_sets(two, tmp_path / "sets", SetSettings(size=12), workers=1)
    settings = Stage1Settings(steps=2, batch=2, warmup=1, ray_steps=8, alpha=0.0)
    run = Stage1Trainer(two, sets, request.getfixturevalue(name), tmp_path / "run", tiny(), settings, None)
    before = {name: value.clone() for name, value in run.net.state_dict().items()}
    records = list(run.run())
    assert len(records) == 2 and all(np.isfinite([r["distance"], r["rgb_norm"], r["time"]]).all() for r in records)
    moved = {name for name, value in run.net.state_dict().items() if not torch.equal(value, before[name])}
    # Advice on colours over grey reaches both networks.
    assert {"sdf_head", "color_head"} <= {name.split(".")[0] for name in moved}


def test_the_commands_take_them(folders: Path, asset_folder: Path, tiny_file: Path, tmp_path: Path) -> None:
    from latte3d_core.cli import main

    short = ["--steps", "1", "--batch", "1", "--init", str(tiny_file), "--cache", str(tmp_path / "cache"), "--workers",
             "1", "--device", "cpu"]  # fmt: skip
    volume, surface = tmp_path / "volume", tmp_path / "surface"
    assert main(["train-volume", str(asset_folder), "--out", str(volume), "--preset", "tiny", "--prior",
                 str(folders / "mvdream"), *short]) == 0  # fmt: skip
    assert main(["train-surface", str(asset_folder), "--out", str(surface), "--grid-side", "33", "--prior",
                 str(folders / "sd"), "--controlnet", str(folders / "controlnet"), *short]) == 0  # fmt: skip
    for folder in (volume, surface):
        assert (folder / "tiny.safetensors").exists()
        assert '"rgb_norm"' in (folder / "log.jsonl").read_text(encoding="utf-8")


# ------------------------------------------------------------------------------------------------------------- errors


def _edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def _without(path: Path, name: str) -> None:
    weights = load_file(path)
    del weights[name]
    save_file(weights, path)


WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: shutil.rmtree(f), "There is no folder"),
        (lambda f: shutil.rmtree(f / "unet"), "lacks unet"),
        (lambda f: (f / "vae" / "config.json").unlink(), "vae has no config.json"),
        (lambda f: (f / "vae" / "config.json").write_text("{"), "cannot be read"),
        (lambda f: (f / "vae" / "config.json").write_text("[]"), "holds no settings"),
        (lambda f: _edit(f / "vae" / "config.json", _class_name="VQModel"), "holds a VQModel"),
        (lambda f: _edit(f / "text_encoder" / "config.json", architectures=["T5"]), "holds a T5"),
        (lambda f: _edit(f / "unet" / "config.json", _class_name="FluxModel"), "holds a FluxModel"),
        (lambda f: _edit(f / "unet" / "config.json", class_embed_type=None), "told no cameras"),
        (lambda f: (f / "unet" / WEIGHTS).unlink(), "weights in .*unet are missing"),
        (lambda f: (f / "unet" / WEIGHTS).write_bytes(b"no weights"), "weights in .*unet are missing"),
        (lambda f: _without(f / "unet" / WEIGHTS, "conv_in.weight"), "weights in .*unet are missing"),
        (lambda f: _edit(f / "unet" / "config.json", cross_attention_dim=32), "weights in .*unet are missing"),
        (lambda f: (f / "text_encoder" / "model.safetensors").write_bytes(b"none"), "weights in .*text_encoder"),
        (lambda f: _edit(f / "scheduler" / "scheduler_config.json", prediction_type="sample"), "predicts sample"),
        (lambda f: _edit(f / "scheduler" / "scheduler_config.json", beta_schedule="odd"), "cannot make"),
        (lambda f: (f / "scheduler" / "scheduler_config.json").write_text("{}"), "no noise schedule"),
        (lambda f: [p.unlink() for p in (f / "tokenizer").iterdir()], "no CLIP tokenizer"),
        (lambda f: _edit(f / "unet" / "config.json", sample_size=None), "how large"),
    ],
)  # fmt: skip
def test_a_spoilt_folder_is_named(folders: Path, tmp_path: Path, spoil: Callable[[Path], Any], message: str) -> None:
    folder = tmp_path / "spoilt"
    shutil.copytree(folders / "mvdream", folder)
    spoil(folder)
    with pytest.raises(CheckpointError, match=message):
        load_mvdream(folder, SETTINGS)


def test_parts_of_two_models_are_told_apart(folders: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(folders / "mvdream", folder)
    shutil.rmtree(folder / "unet")
    UNet2DConditionModel(**{**unet_config(RELEASE), "cross_attention_dim": 32}).save_pretrained(folder / "unet")
    with pytest.raises(CheckpointError, match="width 32, but text_encoder gives 16"):
        load_mvdream(folder, SETTINGS)
    shutil.rmtree(folder / "unet")
    UNet2DConditionModel(**{**unet_config(RELEASE), "in_channels": 9}).save_pretrained(folder / "unet")
    with pytest.raises(CheckpointError, match="takes 9 channels and gives 4"):
        load_mvdream(folder, SETTINGS)


def test_a_foreign_release_is_refused(release: Path) -> None:
    _edit(release / "unet" / "config.json", ip_dim=16)
    with pytest.raises(CheckpointError, match="without picture prompts"):
        load_mvdream(release, SETTINGS)
    _edit(release / "unet" / "config.json", ip_dim=0, model_channels=64)
    with pytest.raises(CheckpointError, match="do not fit"):
        load_mvdream(release, SETTINGS)


def test_the_wrong_folder_in_the_wrong_place(folders: Path, tmp_path: Path) -> None:
    sd, controlnet = folders / "sd", folders / "controlnet"
    load: Callable[[Path, Path], Any] = lambda a, b: load_depth_controlnet(a, b, SETTINGS)  # noqa: E731
    with pytest.raises(CheckpointError, match=r"one network \(ControlNetModel\), not a whole model"):
        load(controlnet, controlnet)
    with pytest.raises(CheckpointError, match="There is no folder"):
        load(sd, tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match=r"has no config\.json"):
        load(sd, sd)
    with pytest.raises(CheckpointError, match="UNet2DConditionModel; here a ControlNetModel"):
        load(sd, sd / "unet")
    with pytest.raises(CheckpointError, match="more than time and prompt"):
        load(folders / "mvdream", controlnet)
    with pytest.raises(CheckpointError, match="told no cameras"):
        load_mvdream(sd, SETTINGS)
    whole = tmp_path / "whole"
    shutil.copytree(sd, whole)
    (whole / "model_index.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CheckpointError, match="ControlNet alone"):
        load(sd, whole)
    other = UNet2DConditionModel(**{**PLAIN, "cross_attention_dim": 32})
    ControlNetModel.from_unet(other, conditioning_embedding_out_channels=(8, 16)).save_pretrained(tmp_path / "other")
    with pytest.raises(CheckpointError, match="made for another model"):
        load(sd, tmp_path / "other")


def test_half_precision_is_for_cuda(folders: Path) -> None:
    with pytest.raises(SettingError, match="CUDA"):
        load_mvdream(folders / "mvdream", SETTINGS, half=True)


def test_without_diffusers_the_extra_is_named(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(DependencyError, match=r"latte3d-core\[priors\]"):
        load_mvdream(folders / "mvdream", SETTINGS)
    with pytest.raises(DependencyError, match=r"latte3d-core\[priors\]"):
        load_depth_controlnet(folders / "sd", folders / "controlnet", SETTINGS)
