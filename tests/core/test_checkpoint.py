"""The model file: what goes in comes out, and nothing else is let in."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from latte3d_core import checkpoint
from latte3d_core.checkpoint import load_checkpoint, read_header
from latte3d_core.config import ModelConfig, from_json, to_json
from latte3d_core.data.colours import NAMED_COLOURS, nearest_name
from latte3d_core.errors import CheckpointError, SettingError
from latte3d_core.model.templates import SIDE, decode_octree, encode_octree
from latte3d_core.presets import paper, tiny


def _with_header(source: Path, target: Path, change) -> None:
    """A copy of a model file with an edited header."""
    data = source.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    entries = json.loads(data[8 : 8 + length])
    header = json.loads(entries["__metadata__"]["latte3d"])
    change(header)
    entries["__metadata__"]["latte3d"] = json.dumps(header)
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)
    target.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


def test_weights_survive_in_half_precision(tiny_run, tiny_file: Path) -> None:
    loaded = load_checkpoint(tiny_file)
    for key, value in tiny_run.ema.items():
        torch.testing.assert_close(loaded.net.state_dict()[key], value.half().float())
    assert loaded.info["step"] == 60 and loaded.info["licences"] == {"CC0-1.0": 6}
    assert "nobody" in (tiny_file.parent / loaded.info["attribution"]).read_text()


def test_templates_give_back_their_asset(tiny_model, prepared) -> None:
    sentences = tiny_model.text.encode([p.asset.captions[0] for p in prepared])[2].numpy()
    for index, item in enumerate(prepared):
        assert tiny_model.templates.choose(sentences[index], sentences[index], 0)[0] == index
        points, colors = tiny_model.templates.points(index, 500)
        targets = item.load()
        distance = np.linalg.norm(points[:, None] - targets.points.astype(np.float32)[None], axis=-1)
        # 2,048 samples of a side of the box lie 0.03 apart.
        assert distance.min(1).max() < 0.1 and np.median(distance.min(1)) < 0.04
        nearest = targets.point_colors[distance.argmin(1)] / 255
        assert np.abs(colors - nearest).mean() < 0.02


def test_templates_take_the_colour_that_is_asked_for(tiny_model) -> None:
    for index in range(len(tiny_model.templates)):
        plain, own = tiny_model.templates.points(index, 400)
        moved, colors = tiny_model.templates.points(index, 400, colours=["purple"])
        np.testing.assert_array_equal(plain, moved)
        assert np.abs(np.median(colors, 0) - NAMED_COLOURS["purple"]).max() < 0.1
        kept = tiny_model.templates.points(index, 400, colours=[nearest_name(np.median(own, 0))])[1]
        np.testing.assert_array_equal(kept, own)


def test_seeds_choose_among_near_templates_and_are_stable(tiny_model) -> None:
    sentence = tiny_model.text.encode(["a ball"])[2][0].numpy()
    picks = [tiny_model.templates.choose(sentence, sentence, seed)[0] for seed in range(12)]
    assert picks == [tiny_model.templates.choose(sentence, sentence, seed)[0] for seed in range(12)]


@given(st.integers(0, 10**6), st.floats(0.001, 0.4), st.sampled_from([2, 4, 8, 16]))
def test_octrees_round_trip(seed: int, density: float, side: int) -> None:
    grid = np.random.default_rng(seed).random((side,) * 3) < density
    grid[0, 0, 0] = True
    np.testing.assert_array_equal(decode_octree(encode_octree(grid), side), np.flatnonzero(grid.ravel()))


@given(st.binary(max_size=60))
def test_octrees_of_rubbish_are_refused(data: bytes) -> None:
    try:
        cells = decode_octree(data, SIDE)
    except CheckpointError:
        return
    assert len(cells) == 0 or cells.max() < SIDE**3


@pytest.mark.parametrize("share", [0.0, 0.00002, 0.1, 0.5, 0.999])
def test_a_truncated_file_says_so(tiny_file: Path, tmp_path: Path, share: float) -> None:
    data = tiny_file.read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(CheckpointError, match=r"truncated|not a LATTE3D") as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)


def test_one_changed_bit_is_found(tiny_file: Path, tmp_path: Path) -> None:
    data = bytearray(tiny_file.read_bytes())
    data[-1000] ^= 1
    (tmp_path / "bit.safetensors").write_bytes(data)
    with pytest.raises(CheckpointError, match="altered"):
        load_checkpoint(tmp_path / "bit.safetensors")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda h: h.update(format=4), "update the program"),
        (lambda h: h.update(format=2), "newer model file"),
        (lambda h: h.update(format="x"), "newer model file"),
        (lambda h: h.pop("format"), "not a LATTE3D"),
        (lambda h: h["config"].update(colour_planes=3), "does not fit this version"),
        (lambda h: h["config"]["unet"].update(channels=[8, 8]), "does not fit this version"),
        (lambda h: h.pop("categories"), "does not fit this version"),
    ],
)
def test_headers_of_other_versions(tiny_file: Path, tmp_path: Path, change, word: str) -> None:
    path = tmp_path / "other.safetensors"
    _with_header(tiny_file, path, change)
    with pytest.raises(CheckpointError, match=word):
        load_checkpoint(path)


@pytest.mark.parametrize("data", [b"hello", b"\x80\x04\x95" + b"x" * 100, b"PK\x03\x04" * 20, b"\xff" * 64, b"\0" * 64])
def test_foreign_files(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "foreign.pt"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"not a LATTE3D|truncated"):
        read_header(path)


def test_a_safetensors_file_of_something_else(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(3)}, str(tmp_path / "other.safetensors"))
    with pytest.raises(CheckpointError, match="not a LATTE3D"):
        load_checkpoint(tmp_path / "other.safetensors")


def test_a_missing_file_lists_what_ships(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="names that ship") as caught:
        load_checkpoint(tmp_path / "nowhere.safetensors")
    for shipped in checkpoint.WEIGHTS.glob("*.safetensors"):
        assert shipped.stem in str(caught.value)


@pytest.mark.parametrize("config", [tiny(), paper()])
def test_settings_round_trip_through_json(config: ModelConfig) -> None:
    assert from_json(ModelConfig, json.loads(json.dumps(to_json(config)))) == config


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"unet": {"chanels": [1]}}, "'channels'"),
        ({"name": 3}, "type str"),
        ({"unet": 5}, "group"),
        ({"share_encoders": 1}, "type bool"),
        ({"unet": {"blocks": True}}, "type int"),
        ({"unet": {"channels": 3}}, "a list"),
    ],
)
def test_wrong_settings_are_named(data: dict, word: str) -> None:
    with pytest.raises(SettingError, match=word):
        from_json(ModelConfig, data)
