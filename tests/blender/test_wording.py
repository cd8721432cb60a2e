"""Numbers and long texts as the interface says them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latte3d_blender.wording import duration, lines, quantity, shortened


def test_quantities_and_durations() -> None:
    assert [quantity(count, "prompt") for count in (0, 1, 1200)] == ["0 prompts", "1 prompt", "1,200 prompts"]
    assert [duration(seconds) for seconds in (0.2, 40.0, 150.0)] == ["about 1 s", "about 40 s", "about 2 min"]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("a red car", "a red car"),
        ("a  red\ncar", "a red car"),
        ("a red sports car", "a red sp…"),
        ("xxxxxxxxxxxxxx", "xxxxxxxx…"),
    ],
)
def test_long_texts_end_in_dots(text: str, short: str) -> None:
    assert shortened(text, 9) == short


def test_paths_break_behind_their_separators() -> None:
    path = "/home/somebody/.config/blender/5.2/extensions/.user/user_default/latte3d"
    found = lines(f"Nothing can be written into {path} (Permission denied): make the folder writable.", 34)
    assert "".join(found).replace(" ", "").count(path) == 1, "all of it is there"
    assert found[:3] == [
        "Nothing can be written into /home/",
        "somebody/.config/blender/5.2/",
        "extensions/.user/user_default/",
    ]
    windows = ["C:\\Users\\", "Somebody Else\\", "AppData\\Roaming"]
    assert lines("".join(windows), 16) == windows


def test_nothing_is_one_empty_line() -> None:
    assert lines("", 20) == [""]


@given(st.text(st.sampled_from("ab /\\-."), max_size=80), st.integers(2, 30))
def test_no_line_is_too_long_and_nothing_is_lost(text: str, letters: int) -> None:
    found = lines(text, letters)
    assert all(len(line) <= letters for line in found)
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
