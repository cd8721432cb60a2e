"""Populating: lists, sentences and places without Blender; then whole runs in it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT, Extension

from latte3d_blender import places, populate, sentences, wishes
from latte3d_blender.sentences import Box, Relation
from latte3d_blender.wishes import Place, PopulateError, Wish

try:
    import bpy
except ImportError:
    bpy = None
needs_bpy = pytest.mark.skipif(bpy is None, reason="bpy (Blender as a module) is not installed")

seeds = st.integers(0, 2**31 - 1)


# --- lists -------------------------------------------------------------------------------------------------------


def test_plain_text_with_counts_comments_and_gaps() -> None:
    found = wishes.read_text("# my list\r\nred chair\n\n 3 x oak   tree \n2× lamp\n2x4 plank\n", "list")
    assert [(wish.prompt, wish.count) for wish in found] == [
        ("red chair", 1), ("oak tree", 3), ("lamp", 2), ("2x4 plank", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_with_places(delimiter: str) -> None:
    rows = ["Prompt,Count,Seed,X,Y,Z,Yaw,Scale,Note", "a red chair,2,7,,,,,,x", "", '"a! b\nc",,,1,2.5,,90,2,']
    found = wishes.read_text("\n".join(rows).replace(",", delimiter).replace("!", delimiter), "list.csv")
    assert found[0] == Wish("a red chair", 2, 7, None)
    prompt, place = found[1].prompt, found[1].place
    assert prompt == " ".join(f"a{delimiter} b c".split())
    assert place is not None
    assert (place.location, place.scale) == ((1.0, 2.5, 0.0), (2.0, 2.0, 2.0))
    np.testing.assert_allclose(place.rotation, (math.sqrt(0.5), 0, 0, math.sqrt(0.5)))


def test_json_and_json_lines_say_the_same() -> None:
    entries: list[Any] = ["a chair", {"prompt": "a lamp", "count": 3, "seed": 5}, {"Prompt": "a bed", "x": 1, "y": 2}]
    lines = "\n\n".join(json.dumps(entry) for entry in entries)
    expected = (Wish("a chair"), Wish("a lamp", 3, 5), Wish("a bed", place=wishes.upright(1.0, 2.0, 0.0)))
    assert wishes.read_text(json.dumps(entries), "a.json") == expected
    assert wishes.read_text(json.dumps({"prompts": entries}), "a.JSON") == expected
    assert wishes.read_text(lines, "a.jsonl") == expected


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.txt", b"", "holds no prompt"),
        ("a.txt", b"\n# only this\n", "holds no prompt"),
        ("a.txt", b"a chair\n" + b"x" * 10_000_000 + b"\n", "Line 2 of “a.txt” has 10,000,000 characters"),
        ("a.txt", b"a chair\na lamp\ncaf\xe9\n", "Line 3 of “a.txt” is not UTF-8"),
        ("a.txt", "a chair".encode("utf-16"), "Line 1 of “a.txt” is not UTF-8"),
        ("a.txt", b"0 x chair", "Line 1 of “a.txt” has the count “0”"),
        ("a.txt", b"9999 x chair\n9999 x lamp", "19,998 objects"),
        ("a.csv", b"name,count\na chair,2", "Line 1 of “a.csv” names no column “prompt”"),
        ("a.csv", b"prompt,count\na chair,2\n,3", "Line 3 of “a.csv” has no prompt"),
        ("a.csv", b"count,prompt\n2", "Line 2 of “a.csv” has no prompt"),
        ("a.csv", b"prompt,count\na chair,many", "Line 2 of “a.csv” has the count “many”"),
        ("a.csv", b"prompt,count\na chair,1.5", "give a whole number"),
        ("a.csv", b"prompt,x\na chair,1", "Line 2 of “a.csv” gives only one of x and y"),
        ("a.csv", b"prompt,x,y\na chair,nan,0", "has the x “nan”"),
        ("a.csv", b"prompt,x,y,scale\na chair,0,0,-1", "has the scale “-1”"),
        ("a.csv", b"prompt,x,y,count\na chair,0,0,2", "2 objects in one place"),
        ("a.csv", b"prompt,count\na chair, red,2", "Line 2 of “a.csv” has 3 columns"),
        ("a.csv", b"prompt\n" + b"x" * 10_000_000, "Line 2 of “a.csv” is not CSV"),
        ("a.json", b'["a chair",\n "a lamp"\n', "Line 3 of “a.json” is not JSON"),
        ("a.json", b'{"a": 1}', "begins no list"),
        ("a.json", b'["a chair", 3]', "Entry 2 of “a.json” is neither"),
        ("a.json", b"[" * 100_000, "“a.json”"),
        ("a.jsonl", b'"a chair"\n{"prompt": 3}\n', "Line 2 of “a.jsonl” has no prompt"),
        ("a.jsonl", b'"a chair"\n\n{"prompt"\n', "Line 3 of “a.jsonl” is not JSON"),
        ("a.jsonl", b'{"prompt": "a", "seed": true}', "has the seed “True”"),
        ("a.jsonl", b'{"prompt": "a", "count": [1]}', "has the count “[1]”"),
        ("a.csv", b'prompt,count\na chair,"one\n\nor two"', "has the count “one or two”"),
        ("a.csv", b"prompt,count\na chair," + b"many " * 20, f"has the count “{('many ' * 8)[:39]}…”"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_a_bad_line_is_one_sentence_that_names_it(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(PopulateError) as caught:
        wishes.read_file(path)
    message = str(caught.value)
    assert words in message
    assert message.endswith(".") and "\n" not in message and len(message) < 250


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(PopulateError, match=r"cannot be opened \(No such file"):
        wishes.read_file(tmp_path / "none.txt")
    with pytest.raises(PopulateError, match="cannot be opened"):
        wishes.read_file(tmp_path)


@given(st.text(), st.sampled_from(["a.txt", "a.csv", "a.json", "a.jsonl"]))
def test_any_text_is_read_or_refused(text: str, name: str) -> None:
    try:
        found = wishes.read_text(text, name)
    except PopulateError:
        return
    assert all(wish.prompt.strip() == wish.prompt != "" and wish.count >= 1 for wish in found)


@pytest.mark.parametrize(("name", "prompt"), [("red chair.001", "red chair"), ("oak_tree", "oak tree"), ("V.1", "V.1")])
def test_prompts_in_names(name: str, prompt: str) -> None:
    assert wishes.from_names([(name, Place())])[0].prompt == prompt


# --- sentences ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "things", "notes"),
    [
        ("a wooden table with two chairs and a lamp",
         [("a wooden table", 1, "free", -1), ("a chair", 2, "around", 0), ("a lamp", 1, "beside", 0)], 1),
        ("A wooden table with two chairs and a lamp on it.",
         [("a wooden table", 1, "free", -1), ("a chair", 2, "around", 0), ("a lamp", 1, "on", 0)], 0),
        ("a black and white cat on a red sofa",
         [("a black and white cat", 1, "on", 1), ("a red sofa", 1, "free", -1)], 0),
        ("a table with four legs beside a bed",
         [("a table with four legs", 1, "beside", 1), ("a bed", 1, "free", -1)], 0),
        ("two trees behind a house, and a dog in front of it",
         [("a tree", 2, "behind", 1), ("a house", 1, "free", -1), ("a dog", 1, "front", 1)], 0),
        ("four chairs around a round table with a vase on it and a cat under the table",
         [("a chair", 4, "around", 1), ("a round table", 1, "free", -1), ("a vase", 1, "on", 1),
          ("a cat", 1, "under", 1)], 0),
        ("a lamp between two sofas", [("a lamp", 1, "free", -1), ("a sofa", 2, "beside", 0)], 0),
        ("a table between a chair and a shelf",
         [("a table", 1, "free", -1), ("a chair", 1, "left", 0), ("a shelf", 1, "right", 0)], 0),
        ("a lamp on a table beside a sofa",
         [("a lamp", 1, "on", 1), ("a table", 1, "beside", 2), ("a sofa", 1, "free", -1)], 0),
        ("On the desk, a computer and a mug",
         [("a desk", 1, "free", -1), ("a computer", 1, "on", 0), ("a mug", 1, "on", 0)], 0),
        ("a bus surrounded by 6 people", [("a bus", 1, "free", -1), ("a person", 6, "around", 0)], 0),
        ("a pair of shoes under a bench", [("a pair of shoes", 1, "under", 1), ("a bench", 1, "free", -1)], 0),
        ("chairs around a table", [("a chair", 3, "around", 1), ("a table", 1, "free", -1)], 1),
        ("a table and a tree", [("a table", 1, "free", -1), ("a tree", 1, "free", -1)], 1),
        ("a car inside a garage", [("a car", 1, "beside", 1), ("a garage", 1, "free", -1)], 1),
        ("a cat on a dog under the cat", [("a cat", 1, "on", 1), ("a dog", 1, "free", -1)], 1),
        ("a house at night", [("a house at night", 1, "free", -1)], 0),
        ("ein roter Stuhl", [("ein roter stuhl", 1, "free", -1)], 0),
        ("two unicorns beside an hourglass",
         [("a unicorn", 2, "beside", 1), ("an hourglass", 1, "free", -1)], 0),
        ("an orange on a used LED screen",
         [("an orange", 1, "on", 1), ("a used led screen", 1, "free", -1)], 0),
        ("three led lamps", [("an led lamp", 3, "free", -1)], 0),
    ],
)  # fmt: skip
def test_sentences(sentence: str, things: list[tuple[str, int, str, int]], notes: int) -> None:
    scene = sentences.read(sentence)
    assert [(thing.prompt, thing.count, thing.relation.value, thing.ground) for thing in scene.things] == things
    assert len(scene.notes) == notes, scene.notes
    assert all(note.endswith(".") for note in scene.notes)


def test_a_sentence_is_read_where_the_core_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The panel reads it while it draws; that the core is missing is for the jobs to say."""
    monkeypatch.setitem(sys.modules, "latte3d_core.data.articles", None)
    assert sentences.read("a chair").things[0].prompt == "a chair"


def test_reading_a_sentence_brings_in_no_heavy_package() -> None:
    """It is read while the panel is drawn, on the main thread."""
    heavy = {"bpy", "torch", "numpy", "open3d", "transformers"}
    code = f"""
        import sys
        from latte3d_blender import sentences
        assert sentences.read("an hourglass").things[0].prompt == "an hourglass"
        print(*sorted({heavy} & set(sys.modules)))
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stdout.strip()) == (0, ""), run.stdout + run.stderr


@pytest.mark.parametrize("sentence", ["", " ,. ", "it", "and with on"])
def test_a_sentence_without_things_is_refused(sentence: str) -> None:
    with pytest.raises(PopulateError, match="names nothing"):
        sentences.read(sentence)


def test_a_crowd_is_refused() -> None:
    with pytest.raises(PopulateError, match="at most 10,000"):
        sentences.read("999999 chairs")


@pytest.mark.parametrize(
    ("many", "one"),
    [("chairs", "chair"), ("boxes", "box"), ("berries", "berry"), ("houses", "house"), ("glasses", "glass"),
     ("knives", "knife"), ("people", "person"), ("buses", "bus"), ("sheep", "sheep"), ("grass", "grass"),
     ("benches", "bench"), ("shoes", "shoe"), ("tomatoes", "tomato"), ("vases", "vase"), ("cactus", "cactus")],
)  # fmt: skip
def test_singular(many: str, one: str) -> None:
    assert sentences.singular(many) == one


WORDS = """a an the two six some chair chairs table lamp on under with and , beside it around between in front of
    behind left surrounded by black wooden legs is standing at them"""
words = st.sampled_from(WORDS.split())
scenes = st.lists(words, min_size=1, max_size=25).map(" ".join)


@given(scenes)
def test_no_sentence_leads_in_a_circle(sentence: str) -> None:
    try:
        scene = sentences.read(sentence)
    except PopulateError:
        return
    for index, thing in enumerate(scene.things):
        assert thing.count >= 1 and thing.prompt
        assert (thing.ground < 0) == (thing.relation is Relation.FREE)
        seen, at = {index}, thing.ground
        while at >= 0:
            assert at not in seen
            seen.add(at)
            at = scene.things[at].ground


@settings(deadline=None)
@given(scenes, st.lists(st.tuples(*[st.floats(0.05, 5.0)] * 3), min_size=25, max_size=25))
def test_what_stands_on_the_floor_does_not_overlap(sentence: str, sizes: list[tuple[float, float, float]]) -> None:
    try:
        scene = sentences.read(sentence)
    except PopulateError:
        return
    spots = sentences.arrange(scene, [Box(size) for size in sizes[: len(scene.things)]])
    assert [len(group) for group in spots] == [thing.count for thing in scene.things]

    def carried(index: int) -> bool:
        while index >= 0:
            if scene.things[index].relation in (Relation.ON, Relation.UNDER):
                return True
            index = scene.things[index].ground
        return False

    boxes = []
    for index, group in enumerate(spots):
        for spot in group if not carried(index) else []:
            assert spot.z == 0.0
            c, s = abs(math.cos(spot.yaw)), abs(math.sin(spot.yaw))
            w, d = sizes[index][0] / 2, sizes[index][1] / 2
            boxes.append((spot.x, spot.y, c * w + s * d, s * w + c * d))
    for a in range(len(boxes)):
        for b in range(a):
            dx, dy = (abs(boxes[a][i] - boxes[b][i]) - boxes[a][i + 2] - boxes[b][i + 2] for i in (0, 1))
            assert max(dx, dy) > -1e-6


def test_where_the_words_put_things() -> None:
    table, chair, lamp = Box((2.0, 1.0, 0.75)), Box((0.5, 0.5, 1.0)), Box((0.3, 0.3, 0.6))
    scene = sentences.read("a table with two chairs and a lamp on it")
    (_,), (right, left), (top,) = sentences.arrange(scene, [table, chair, lamp])
    assert (top.x, top.y, top.z) == (0.0, 0.0, 0.75)
    assert right.x > 1.25 and left.x == pytest.approx(-right.x)
    for spot in (right, left):
        front = (math.sin(spot.yaw), -math.cos(spot.yaw))
        assert front[0] * spot.x + front[1] * spot.y < 0.0, "it faces the table"
    for words_, sign in (("in front of", -1), ("behind", 1)):
        (spot,), _ = sentences.arrange(sentences.read(f"a chair {words_} a table"), [chair, table])
        assert spot.x == 0.0 and sign * spot.y > 0.75
    (spot,), _ = sentences.arrange(sentences.read("a lamp to the left of a table"), [lamp, table])
    assert spot.x < -1.15
    (cup,), (plate,), _ = sentences.arrange(sentences.read("a cup beside a plate on a table"), [lamp, lamp, table])
    assert cup.z == plate.z == 0.75 and 0.3 < cup.x - plate.x < 0.5, "on the table, too"
    (low,), _ = sentences.arrange(sentences.read("a lamp under a table"), [lamp, table])
    assert (low.x, low.y, low.z) == (0.0, 0.0, 0.0)
    (tall,), _ = sentences.arrange(sentences.read("a chair under a table"), [chair, table])
    assert tall.y < -0.75, "it does not fit under"
    first, second = sentences.arrange(sentences.read("two lamps on two tables"), [lamp, table])
    assert [(lamp_.x, lamp_.z) for lamp_ in first] == [(table_.x, 0.75) for table_ in second]


# --- places ------------------------------------------------------------------------------------------------------


def hill(cells: int = 12, size: float = 20.0) -> np.ndarray:
    """A wavy ground whose slope goes from flat to steep: (T, 3, 3)."""
    line = np.linspace(-size / 2, size / 2, cells + 1)
    x, y = np.meshgrid(line, line, indexing="ij")
    points = np.stack([x, y, 3.0 * np.sin(x / 3.0) * np.cos(y / 4.0)], axis=-1)
    a, b, c, d = points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]
    return np.concatenate([np.stack([a, b, c], -2).reshape(-1, 3, 3), np.stack([a, c, d], -2).reshape(-1, 3, 3)])


HILL = hill()


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(1, 80), st.floats(0.0, 4.0), st.floats(25.0, 90.0))
def test_scattering_keeps_distance_and_slope(seed: int, count: int, distance: float, slope: float) -> None:
    given_ = {"seed": seed, "count": count, "distance": distance, "slope": slope}
    points, normals, wanted = places.scatter(HILL, **given_)
    assert wanted == count >= len(points) >= 1
    assert (normals[:, 2] >= math.cos(math.radians(slope)) - 1e-6).all()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + np.eye(len(points)) * 1e9
    assert apart.min() >= distance - 1e-9
    again = places.scatter(HILL, **given_)
    np.testing.assert_array_equal(points, again[0])
    # Each point lies in one of the triangles: its volume with it is nothing, and its three parts make up the whole.
    for point in points[:5]:
        parts = sum(
            np.linalg.norm(np.cross(HILL[:, i] - point, HILL[:, (i + 1) % 3] - point), axis=1) for i in range(3)
        )
        whole = np.linalg.norm(np.cross(HILL[:, 1] - HILL[:, 0], HILL[:, 2] - HILL[:, 0]), axis=1)
        assert (parts - whole).min() < 1e-9


def test_scattering_is_even_over_the_area() -> None:
    """Two squares, one with nine times the area of the other, cut into unlike triangles."""
    small = np.array([[[0, 0, 0], [1, 0, 0], [1, 1, 0]], [[0, 0, 0], [1, 1, 0], [0, 1, 0]]], float)
    points, _, wanted = places.scatter(np.concatenate([small, small * 3 + [10, 0, 0]]), seed=1, density=500.0)
    assert wanted == len(points) == 5000
    assert (points[:, 0] > 5).mean() == pytest.approx(0.9, abs=0.02)
    large = points[points[:, 0] > 5] - [10, 0, 0]
    np.testing.assert_allclose(large.mean(axis=0), (1.5, 1.5, 0.0), atol=0.05)


def test_what_does_not_fit_is_told() -> None:
    points, _, wanted = places.scatter(HILL, seed=0, count=500, distance=5.0)
    assert wanted == 500 and 5 <= len(points) < 60
    wall = np.array([[[0, 0, 0], [1, 0, 0], [0, 0, 1]]], float)
    with pytest.raises(PopulateError, match="flatter than 45°"):
        places.scatter(wall, seed=0, slope=45.0)
    with pytest.raises(PopulateError, match="at most 10,000"):
        places.scatter(HILL, seed=0, density=1e6)
    with pytest.raises(PopulateError, match="flatter"):
        places.scatter(np.zeros((3, 3, 3)), seed=0)


def rotated(rotation: tuple[float, ...], vector: tuple[float, float, float]) -> np.ndarray:
    """By the definition: q v q*."""
    q = np.array([rotation])
    turned = places.multiply(places.multiply(q, np.array([(0.0, *vector)])), q * [1, -1, -1, -1])
    return turned[0, 1:]


@given(seeds, st.integers(1, 20), st.floats(0.0, 6.28), st.floats(0.1, 1.0), st.floats(1.0, 5.0))
def test_standing(seed: int, count: int, yaw: float, low: float, high: float) -> None:
    normals = np.random.default_rng(seed).normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    normals[0] = (0.0, 0.0, -1.0)
    found = places.stand(np.zeros((count, 3)), seed=seed, normals=normals, yaw=yaw, scale=(low, high))
    for place, normal in zip(found, normals, strict=True):
        np.testing.assert_allclose(rotated(place.rotation, (0, 0, 1)), normal, atol=1e-6)
        assert low - 1e-9 <= place.scale[0] == place.scale[2] <= high + 1e-9
    straight = places.stand(np.zeros((count, 3)), seed=seed, yaw=yaw)
    for place in straight:
        np.testing.assert_allclose(rotated(place.rotation, (0, 0, 1)), (0, 0, 1), atol=1e-9)
        assert 2 * abs(math.atan2(place.rotation[3], place.rotation[0])) <= yaw / 2 + 1e-9
    assert straight == places.stand(np.zeros((count, 3)), seed=seed, yaw=yaw)


@given(st.integers(1, 60), st.integers(0, 9), st.floats(0.5, 5.0))
def test_grids(count: int, columns: int, spacing: float) -> None:
    points = places.grid(count, (1.0, 2.0, 3.0), spacing, columns)
    assert points.shape == (count, 3)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + np.eye(count) * 1e9
    assert apart.min() >= spacing - 1e-9
    assert (points[:, 2] == 3.0).all()
    assert len(np.unique(points[:, 0].round(6))) == min(count, columns or math.ceil(math.sqrt(count)))


@given(st.integers(1, 50))
def test_along_a_curve(count: int) -> None:
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn), turn * 0], axis=1)
    line = np.array([[0, 0, 0], [0, 0, 0], [6.28, 0, 0]], float)  # a little shorter than the circle
    points, ways = places.along([(circle, True), (line, False)], count)
    assert len(points) == count
    np.testing.assert_allclose(np.linalg.norm(ways, axis=1), 1.0)
    on_circle = points[: (count + 1) // 2]
    np.testing.assert_allclose(np.linalg.norm(on_circle, axis=1), 1.0, atol=1e-3)
    if len(on_circle) > 1:
        steps = np.linalg.norm(on_circle - np.roll(on_circle, 1, axis=0), axis=1)
        assert np.ptp(steps) < 2e-3, "evenly, over the end as well"
    place = places.stand(points[-1:], seed=0, directions=ways[-1:])[0]
    np.testing.assert_allclose(rotated(place.rotation, (0, -1, 0)), ways[-1], atol=1e-6)


def test_a_curve_without_length() -> None:
    with pytest.raises(PopulateError, match="no length"):
        places.along([(np.zeros((3, 3)), False)], 3)


# --- plans -------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30).filter(any), st.integers(0, 500))
def test_shares_are_just(weights: list[int], count: int) -> None:
    shares = populate.share([float(weight) for weight in weights], count)
    assert sum(shares) == count
    for weight, part in zip(weights, shares, strict=True):
        assert abs(part - weight / sum(weights) * count) < 1.0 + 1e-9
    assert populate.share([float(weight) for weight in weights], sum(weights)) == weights


lists = st.lists(
    st.builds(Wish, st.sampled_from(["a", "b", "c", "d"]), st.integers(1, 9), st.none() | st.integers(0, 2)),
    min_size=1,
    max_size=12,
)


@given(lists, st.integers(1, 80), seeds, st.integers(1, 4), st.booleans())
def test_everything_is_made_once_and_stands_everywhere(
    listed: list[Wish], count: int, seed: int, variants: int, mix: bool
) -> None:
    spots = [wishes.upright(float(at), 0.0, 0.0) for at in range(count)]
    recipes, items = populate.cast(listed, spots, seed=seed, variants=variants, mix=mix)
    assert [item.place for item in items] == spots
    assert len(set(recipes)) == len(recipes), "equal recipes are one"
    assert {item.recipe for item in items} == set(range(len(recipes))), "none is made for nothing"
    assert (recipes, items) == populate.cast(listed, spots, seed=seed, variants=variants, mix=mix)
    total = sum(wish.count for wish in listed)
    for prompt in "abcd":
        shown = sum(recipes[item.recipe].prompt == prompt for item in items)
        asked = sum(wish.count for wish in listed if wish.prompt == prompt)
        lines = sum(wish.prompt == prompt for wish in listed)
        assert abs(shown - asked / total * count) <= lines
    plan = populate.Plan("run", "Populate: x", populate.Look(), recipes, items, notes=("A note.",))
    assert populate.Plan.from_json(plan.to_json()) == plan
    assert sorted(index for recipe in range(len(recipes)) for index in plan.users(recipe)) == list(range(count))


def test_a_described_scene_goes_into_a_plan_and_comes_back() -> None:
    plan = described("two lamps on a table")
    again = populate.Plan.from_json(plan.to_json())
    assert again == plan
    shapes = [None, Box((1.0, 1.0, 0.4))]
    assert {place.location[2] for place in again.places(shapes)[:2]} == {5.4}
    assert {place.location[2] for place in again.places([None, None])[:2]} == {6.0}


def described(sentence: str) -> populate.Plan:
    scene, origin = sentences.read(sentence), (1.0, 2.0, 5.0)
    recipes, items = populate.cast(
        sentences.wishes(scene), populate.scene_places(scene, origin), seed=0, variants=1, mix=False
    )
    # Notes are of the plan, not of the scene.
    return populate.Plan("run", "t", populate.Look(), recipes, items, replace(scene, notes=()), origin, scene.notes)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: [],
        lambda data: {**data, "format": 2},
        lambda data: {**data, "items": []},
        lambda data: {**data, "items": [[7, *[0.0] * 10]]},
        lambda data: {**data, "items": [[0, 1.0]]},
        lambda data: {**data, "look": {"colour": 1}},
        lambda data: {**data, "scene": [["a", 1, "within", 0]]},
        lambda data: {**data, "scene": [["a", 1, "on", 4]]},
        lambda data: {**data, "scene": [["a", 1, "on", 0], ["b", 2, "free", -1]]},
        lambda data: {key: value for key, value in data.items() if key != "run"},
    ],
)
def test_a_spoilt_plan_is_one_sentence(spoil: Any) -> None:
    data = json.loads(described("two lamps on a table").to_json())
    with pytest.raises(PopulateError, match="populate the scene anew"):
        populate.Plan.from_json(json.dumps(spoil(data)))


def test_a_list_must_give_all_places_or_none() -> None:
    with pytest.raises(PopulateError, match="no place for “b”"):
        populate.given_places([Wish("a", place=Place()), Wish("b")])


# --- in Blender --------------------------------------------------------------------------------------------------


def text(*lines: str, name: str = "list") -> str:
    block = bpy.data.texts.new(name)
    block.write("\n".join(lines))
    return str(block.name)


def collection() -> Any:
    return bpy.context.scene.latte3d_populate.collection


def empty(name: str, location: tuple[float, float, float] = (0.0, 0.0, 0.0), **more: Any) -> Any:
    obj = bpy.data.objects.new(name, None)
    obj.location = location
    for key, value in more.items():
        setattr(obj, key, value)
    bpy.context.scene.collection.objects.link(obj)
    obj.select_set(True)
    bpy.context.view_layer.update()
    return obj


def turn(extension: Extension, until: Any) -> None:
    end = time.monotonic() + 60.0
    while not until():
        assert time.monotonic() < end, "it never came to it"
        extension.timer.tick()
        extension.populate_undo.tick()
        time.sleep(0.02)


def in_a_window(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let operators return at once, as they do there."""
    app = SimpleNamespace(background=False, python_args=bpy.app.python_args)
    for module in (extension.submit, extension.populate_ui):
        names = ("ops", "data", "types", "context", "path")
        monkeypatch.setattr(module, "bpy", SimpleNamespace(app=app, **{name: getattr(bpy, name) for name in names}))


@needs_bpy
def test_the_size_of_the_preferences_holds_for_the_whole_run(extension: Extension) -> None:
    preferences = bpy.context.preferences.addons[extension.preferences.__package__].preferences
    preferences.size = "UNIT"
    try:
        bpy.ops.latte3d.populate(
            source="TEXT", text=text("a ball", "an egg"), placement="GRID", mix=False, texture_size=64
        )
    finally:
        preferences.size = "REAL"
    bpy.data.objects.remove(bpy.data.objects["an egg"])
    bpy.ops.latte3d.populate_resume()
    bpy.context.view_layer.update()
    sizes = [max(obj.dimensions) for obj in collection().objects]
    assert sizes == pytest.approx([1.0, 1.0], rel=1e-4), "what is made later is as large as the rest"


@needs_bpy
def test_two_hundred_places_share_forty_meshes(extension: Extension) -> None:
    bpy.ops.mesh.primitive_plane_add(size=80)
    name = text(*(f"5 x thing {at}" for at in range(40)))
    bpy.ops.latte3d.populate(
        source="TEXT",
        text=name,
        placement="SURFACE",
        distance=2.0,
        yaw=6.28,
        scale_min=0.5,
        texture_size=64,
    )
    objects = list(collection().objects)
    assert len(objects) == 200
    assert len({obj.data for obj in objects}) == 40
    assert len(bpy.data.materials) == 40
    assert {obj.data.users for obj in objects} == {5}
    points = np.array([obj.location for obj in objects])
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + np.eye(200) * 1e9
    assert apart.min() >= 2.0 - 1e-5
    np.testing.assert_allclose(points[:, 2], 0.0, atol=1e-6)
    assert all(0.5 <= obj.scale[0] <= 1.0 for obj in objects)
    assert objects[0]["latte3d_prompt"].startswith("thing")
    assert len(extension.session.jobs().members(collection().name)) == 40


@needs_bpy
def test_empties_name_and_place(extension: Extension) -> None:
    empty("red chair.001", (1, 2, 3), rotation_euler=(0.1, 0.2, 0.3), scale=(2, 2, 2))
    empty("red chair.002", (4, 0, 0))
    empty("lamp", (0, 5, 0))
    bpy.ops.latte3d.populate(source="EMPTIES")
    objects = {tuple(round(v, 4) for v in obj.location): obj for obj in collection().objects}
    assert sorted(objects) == [(0, 5, 0), (1, 2, 3), (4, 0, 0)]
    first = objects[1, 2, 3]
    assert tuple(first.scale) == pytest.approx((2, 2, 2))
    assert tuple(first.rotation_euler) == pytest.approx((0.1, 0.2, 0.3), abs=1e-5)
    assert first.data == objects[4, 0, 0].data != objects[0, 5, 0].data
    assert first["latte3d_prompt"] == "red chair"
    assert len(bpy.data.objects) == 6, "the empties stay"


@needs_bpy
def test_a_list_at_named_empties_and_in_a_grid(extension: Extension) -> None:
    for at in range(3):
        empty(f"spot {at}", (at, 0, 0)).select_set(False)
    name = text("2 x a ball", "an egg")
    bpy.ops.latte3d.populate(source="TEXT", text=name, placement="EMPTIES", targets="spot 0\nspot 1\nspot 2", mix=False)
    assert [round(obj.location.x) for obj in collection().objects] == [0, 1, 2]
    bpy.context.scene.cursor.location = (10, 0, 1)
    bpy.ops.latte3d.populate(source="TEXT", text=name, placement="GRID", objects=4, spacing=2.0, variants=2)
    objects = collection().objects
    assert sorted(tuple(obj.location) for obj in objects) == [(9, -1, 1), (9, 1, 1), (11, -1, 1), (11, 1, 1)]
    assert {(obj["latte3d_prompt"], obj["latte3d_seed"]) for obj in objects} == {
        ("a ball", 0), ("a ball", 1), ("an egg", 0),
    }  # fmt: skip


@needs_bpy
@pytest.mark.parametrize("kind", ["bezier_circle", "nurbs_path"])
def test_along_curves_in_blender(extension: Extension, kind: str) -> None:
    getattr(bpy.ops.curve, f"primitive_{kind}_add")(location=(5, 0, 0))
    bpy.context.object.data.bevel_depth = 0.3
    bpy.context.view_layer.update()
    kept = (len(bpy.data.objects), len(bpy.data.curves))
    bpy.ops.latte3d.populate(source="SENTENCE", sentence="a ball", placement="CURVE", objects=6, align=True)
    assert (len(bpy.data.objects), len(bpy.data.curves)) == (kept[0] + 6, kept[1])
    points = np.array([obj.location for obj in collection().objects]) - [5, 0, 0]
    if kind == "bezier_circle":
        np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1.0, atol=0.02)
        obj = collection().objects[0]
        bpy.context.view_layer.update()
        front = -np.array(obj.matrix_world.col[1][:3])
        assert abs(front @ points[0]) < 0.1, "it looks along the circle"
    else:
        np.testing.assert_allclose(points[:, 1:], 0.0, atol=1e-6)
        assert np.ptp(np.diff(points[:, 0])) < 0.05


@needs_bpy
def test_surfaces_with_modifiers_mirroring_and_slope(extension: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add(size=2, location=(0, 0, 3))
    cube = bpy.context.object
    cube.scale = (-3, 3, 1)
    array = cube.modifiers.new("a", "ARRAY")
    array.relative_offset_displace = (2, 0, 0)
    bpy.context.view_layer.update()
    bpy.ops.latte3d.populate(
        source="SENTENCE", sentence="a ball", placement="SURFACE", objects=30, distance=0.5, slope=0.1, align=True
    )
    points = np.array([obj.location for obj in collection().objects])
    assert len(points) == 30
    np.testing.assert_allclose(points[:, 2], 4.0, atol=1e-5)
    assert (points[:, 0] < -4).any() and (points[:, 0] > -4).any(), "on the modifier's copy as well"


@needs_bpy
def test_the_slope_is_an_angle_as_blender_has_them(extension: Extension) -> None:
    bpy.ops.mesh.primitive_plane_add(size=10, rotation=(math.radians(30), 0, 0))
    bpy.context.view_layer.update()
    wanted = {"sentence": "a ball", "placement": "SURFACE", "objects": 3}
    with pytest.raises(RuntimeError, match="flatter than 29°"):
        bpy.ops.latte3d.populate(**wanted, slope=math.radians(29))
    bpy.ops.latte3d.populate(**wanted, slope=math.radians(31), align=True)
    for obj in collection().objects:
        assert obj.rotation_euler.x == pytest.approx(math.radians(30), abs=1e-5)
        assert obj.location.z == pytest.approx(obj.location.y * math.tan(math.radians(30)), abs=1e-5)


@needs_bpy
def test_dropping_to_the_ground(extension: Extension) -> None:
    bpy.ops.mesh.primitive_plane_add(size=4, location=(0, 0, -2), rotation=(0.3, 0, 0))
    bpy.ops.mesh.primitive_cube_add(size=1, location=(0, 1, 1))
    bpy.context.object["latte3d_live"] = True  # a preview, which is no ground
    bpy.context.view_layer.update()
    for obj in bpy.context.selected_objects:
        obj.select_set(False)
    empty("a ball", (0, 1, 3))
    empty("an egg", (0, 0, -5))
    empty("a pear", (50, 0, 1))
    bpy.ops.latte3d.populate(source="EMPTIES", drop=True, align=True)
    found = {obj["latte3d_prompt"]: obj for obj in collection().objects}
    slope = math.tan(0.3)
    assert tuple(found["a ball"].location) == pytest.approx((0, 1, -2 + slope), abs=1e-5)
    assert tuple(found["an egg"].location) == pytest.approx((0, 0, -2), abs=1e-5)
    assert found["a ball"].rotation_euler.x == pytest.approx(0.3, abs=1e-5)
    assert tuple(found["a pear"].location) == (50, 0, 1)
    assert "no ground under 1 place" in collection()["latte3d_populate_notes"]


@needs_bpy
def test_a_sentence_stands_by_the_real_sizes(extension: Extension) -> None:
    bpy.context.scene.cursor.location = (1, 1, 0)
    bpy.ops.latte3d.populate(source="SENTENCE", sentence="a table with a lamp on it and two chairs")
    found: dict[str, list[Any]] = {}
    for obj in collection().objects:
        found.setdefault(obj["latte3d_prompt"], []).append(obj)
    (table,), (lamp,), chairs = found["a table"], found["a lamp"], found["a chair"]
    assert tuple(table.location) == (1, 1, 0)
    assert lamp.location.z == pytest.approx(table.dimensions.z, rel=0.1), "the stand-in is 2.2 m tall and rounded"
    assert len(chairs) == 2 and chairs[0].data == chairs[1].data
    for chair in chairs:
        assert 0.0 < abs(chair.location.x - 1) - (table.dimensions.x + chair.dimensions.y) / 2 < 0.5


@needs_bpy
def test_what_the_artist_moved_stays_there(extension: Extension) -> None:
    plan = described("a lamp on a table")
    prepared = extension.prepare.prepare(__import__("fake_core").textured_ball())
    (lamp,) = extension.populate_scene.put(bpy.context, plan, 0, prepared)
    bpy.context.view_layer.update()
    height = lamp.location.z
    extension.populate_scene.put(bpy.context, plan, 1, prepared)
    assert lamp.location.z > height, "the table is taller than thought"
    plan = replace(plan, run="other")
    (lamp,) = extension.populate_scene.put(bpy.context, plan, 0, prepared)
    lamp.location.z = 77.0
    bpy.context.view_layer.update()
    extension.populate_scene.put(bpy.context, plan, 1, prepared)
    assert lamp.location.z == 77.0


@needs_bpy
def test_heights_follow_the_mesh(extension: Extension) -> None:
    """A chair of boxes: seat at 0.5 with a backrest up to 1 at its rear edge."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (0, 1)], float)
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (1, 5, 7, 3), (0, 2, 6, 4)]
    seat, back = corners * [0.25, 0.25, 0.5], corners * [0.25, 0.02, 1.0] + [0, 0.23, 0]
    mesh = bpy.data.meshes.new("chair")
    faces = [tuple(at + offset for at in side) for offset in (0, 8) for side in sides]
    mesh.from_pydata(np.concatenate([seat, back]).tolist(), [], faces)
    shape = extension.populate_scene.MeshShape(mesh, populate.Item(0, Place()))
    assert shape.size == pytest.approx((0.5, 0.5, 1.0), abs=1e-6)
    assert shape.support(0, 0, 0.3, 0.4) == pytest.approx(0.5, abs=1e-6)
    assert shape.support(0, 0.23, 0.1, 0.02) == pytest.approx(1.0, abs=1e-6)


@needs_bpy
def test_one_undo_step_for_the_run(extension: Extension) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.latte3d.populate(source="SENTENCE", sentence="two balls and an egg", placement="GRID")
    assert len(bpy.data.objects) == 4
    bpy.ops.ed.undo()
    assert [obj.name for obj in bpy.data.objects] == ["Cube"]
    assert len(bpy.data.collections) == 0
    bpy.ops.ed.redo()
    assert len(bpy.data.objects) == 4
    assert len(collection().objects) == 3


@needs_bpy
@pytest.mark.parametrize("last", ["an egg", "FAIL egg"])
def test_the_step_is_made_however_the_run_ends(
    extension: Extension, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    bpy.ops.ed.undo_push(message="before")
    in_a_window(extension, monkeypatch)
    name = text("a ball", "SLOW ball", last)
    bpy.ops.ed.undo_push(message="text")
    bpy.ops.latte3d.populate(source="TEXT", text=name, placement="GRID", mix=False)
    turn(extension, lambda: len(collection().objects) == 1)
    assert extension.populate_undo.tick() is not None, "the run goes on"
    assert bpy.ops.latte3d.populate_cancel.poll()
    slow = extension.session.jobs().active
    turn(extension, lambda: slow.stage == "text")
    extension.session.jobs().cancel(slow)
    turn(extension, lambda: extension.session.jobs().active is None and not extension.session.jobs().waiting)
    assert extension.populate_undo.tick() is None
    made = len(collection().objects)
    assert made == (2 if last == "an egg" else 1)
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="cube")
    bpy.ops.ed.undo()
    assert len(collection().objects) == made, "undoing what came later leaves the run alone"
    bpy.ops.ed.undo()
    assert len(bpy.data.objects) == 0


@needs_bpy
def test_cancel_and_resume_make_what_is_missing(
    extension: Extension, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError, match="No scene is being populated"):
        bpy.ops.latte3d.populate_cancel()
    with monkeypatch.context() as window:
        in_a_window(extension, window)
        bpy.ops.latte3d.populate(
            source="TEXT", text=text("2 x a ball", "SLOW ball", "an egg"), placement="GRID", mix=False
        )
        turn(extension, lambda: len(collection().objects) == 2)
        with pytest.raises(RuntimeError, match="still going on"):
            bpy.ops.latte3d.populate_resume()
        bpy.ops.latte3d.populate_cancel(collection=collection().name)
        assert extension.session.jobs().open == []
    # Another session: the file alone knows what is missing.
    bpy.data.objects.remove(collection().objects[0])
    collection().name = "Renamed"
    plan = json.loads(collection()["latte3d_populate"])
    plan["recipes"] = [[prompt.replace("SLOW", "slow"), seed] for prompt, seed in plan["recipes"]]
    collection()["latte3d_populate"] = json.dumps(plan)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "half.blend"))
    extension.session.jobs().clear_finished()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "half.blend"))
    assert bpy.ops.latte3d.populate_resume(collection="Renamed") == {"FINISHED"}
    assert [job.task.prompt for job in extension.session.jobs().jobs] == ["slow ball", "an egg"], "the ball is there"
    objects = list(collection().objects)
    assert sorted(obj["latte3d_populate_item"] for obj in objects) == [0, 1, 2, 3]
    assert len({obj.data for obj in objects}) == 3
    wanted = {index: row[1:4] for index, row in enumerate(plan["items"])}
    for obj in objects:
        assert tuple(obj.location) == pytest.approx(tuple(wanted[obj["latte3d_populate_item"]]))
    assert bpy.ops.latte3d.populate_resume() == {"CANCELLED"}, "nothing is missing"
    bpy.data.objects.remove(next(obj for obj in objects if obj["latte3d_populate_item"] == 1))
    assert bpy.ops.latte3d.populate_resume() == {"FINISHED"}
    assert len(collection().objects) == 4
    assert len(extension.session.jobs().jobs) == 2, "a twin was there: nothing had to be made"


@needs_bpy
def test_failures_are_told_and_retried(extension: Extension) -> None:
    bpy.ops.latte3d.populate(source="TEXT", text=text("a ball", "FAIL egg"), placement="GRID", mix=False)
    jobs = extension.session.jobs()
    (group,) = {job.task.group for job in jobs.jobs}
    assert (jobs.progress(group).done, jobs.progress(group).failed) == (1, 1)
    assert len(collection().objects) == 1
    with pytest.raises(RuntimeError, match="use other words"):
        bpy.ops.latte3d.retry(group=group)


@needs_bpy
def test_a_run_survives_the_undo_of_its_collection(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mesh.primitive_cube_add()
    name = text("a ball", "SLOW ball", "an egg")
    bpy.ops.ed.undo_push(message="cube")
    in_a_window(extension, monkeypatch)
    bpy.ops.latte3d.populate(source="TEXT", text=name, placement="GRID", mix=False)
    turn(extension, lambda: len(collection().objects) == 1)
    bpy.ops.ed.undo()
    assert len(bpy.data.collections) == 0
    extension.session.jobs().cancel(extension.session.jobs().active)
    turn(extension, lambda: collection() is not None and len(collection().objects) == 1)
    turn(extension, lambda: extension.populate_undo.tick() is None)
    assert bpy.ops.latte3d.populate_resume.poll()
    none, some = extension.populate_scene.missing(collection(), extension.populate_scene.plan_of(collection()))
    assert (none, some) == ([0, 1], [])


@needs_bpy
def test_an_unlinked_collection_comes_back(extension: Extension) -> None:
    bpy.ops.latte3d.populate(sentence="a ball")
    bpy.data.objects.remove(collection().objects[0])
    bpy.context.scene.collection.children.unlink(collection())
    bpy.ops.latte3d.populate_resume()
    assert [obj.name for obj in bpy.context.scene.objects] == ["a ball"]


@needs_bpy
def test_another_file_gets_no_undo_step(extension: Extension) -> None:
    extension.populate_undo.watch("group", described("a lamp"))
    assert extension.populate_undo.tick() is None


@needs_bpy
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"source": "TEXT"}, "There is no text"),
        ({"source": "FILE"}, "No list is chosen"),
        ({"source": "FILE", "filepath": "/nowhere/list.csv"}, "cannot be opened"),
        ({"source": "EMPTIES"}, "No empty is selected"),
        ({"source": "SENTENCE", "sentence": ""}, "names nothing"),
        ({"sentence": "a ball", "placement": "CURVE"}, "No curve is selected"),
        ({"sentence": "a ball", "placement": "SURFACE", "targets": "nothing"}, "no object “nothing”"),
        ({"sentence": "a ball", "placement": "SURFACE", "targets": "spot"}, "“spot” is no mesh"),
        ({"sentence": "a ball", "placement": "GRID", "spacing": -1.0}, "Spacing cannot be -1"),
        ({"sentence": "a ball", "scale_min": 2.0}, "least scale"),
        ({"sentence": "a ball", "objects": 20_000}, "Objects cannot be 20,000"),
        ({"sentence": "a ball", "variants": 0}, "Variants cannot be 0"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(extension: Extension, arguments: dict[str, Any], words: str) -> None:
    empty("spot").select_set(False)
    with pytest.raises(RuntimeError, match=words) as caught:
        bpy.ops.latte3d.populate(**arguments)
    assert "Traceback" not in str(caught.value)
    assert len(bpy.data.collections) == 0
    with pytest.raises(RuntimeError, match="No run is chosen"):
        bpy.ops.latte3d.populate_resume()
    with pytest.raises(RuntimeError, match="no collection “x”"):
        bpy.ops.latte3d.populate_resume(collection="x")
    bpy.data.collections.new("y")
    with pytest.raises(RuntimeError, match="not populated by LATTE3D"):
        bpy.ops.latte3d.populate_resume(collection="y")


@needs_bpy
def test_a_dry_run_makes_nothing(extension: Extension, capfd: pytest.CaptureFixture[str]) -> None:
    assert bpy.ops.latte3d.populate(sentence="a table and six chairs", dry_run=True, objects=50) == {"FINISHED"}
    assert extension.session.jobs().jobs == []
    assert len(bpy.data.collections) == 0
    assert "2 prompts, 7 places" in capfd.readouterr().out


@needs_bpy
def test_a_separate_process_fills_the_scene_too(separate: Extension) -> None:
    bpy.ops.latte3d.populate(sentence="two balls beside an egg")
    assert len(collection().objects) == 3


# --- the panel ---------------------------------------------------------------------------------------------------


def drawn(extension: Extension) -> list[tuple[str, str]]:
    from test_extension import Recorder

    said: list[tuple[str, str]] = []
    extension.populate_ui.LATTE3D_PT_populate.draw(SimpleNamespace(layout=Recorder(said)), bpy.context)
    return said


def props(said: list[tuple[str, str]]) -> set[str]:
    return {name for kind, name in said if kind == "prop"}


@needs_bpy
def test_the_panel_shows_what_matters(extension: Extension) -> None:
    stored = bpy.context.scene.latte3d_populate
    said = drawn(extension)
    assert props(said) == {"source", "sentence", "placement", "drop", "variants", "seed"}
    assert ("operator", "latte3d.populate") in said
    stored.source, stored.placement = "TEXT", "SURFACE"
    assert props(drawn(extension)) == {
        "source", "text", "placement", "objects", "density", "distance", "slope", "align", "yaw", "scale_min",
        "scale_max", "mix", "variants", "seed",
    }  # fmt: skip
    stored.objects = 5
    assert "density" not in props(drawn(extension))
    stored.placement = "GRID"
    assert {"spacing", "columns", "drop"} < props(drawn(extension))
    assert "align" not in props(drawn(extension))
    stored.drop = True
    assert "align" in props(drawn(extension))


@needs_bpy
def test_the_panel_counts(extension: Extension, tmp_path: Path) -> None:
    stored = bpy.context.scene.latte3d_populate

    def line() -> str:
        return " ".join(text for kind, text in drawn(extension) if kind in ("label", "progress"))

    assert "2 prompts, 3 places" in line()
    stored.source = "TEXT"
    assert "Choose a text" in line()
    stored.text = bpy.data.texts[text(*(f"5 x thing {at}" for at in range(40)))]
    stored.placement = "GRID"
    assert "40 prompts, 200 places" in line()
    stored.placement = "SURFACE"
    assert "40 prompts, 200 places" in line(), "the list says how many"
    counted = stored.text
    stored.text = bpy.data.texts[text(*(f"thing {at}" for at in range(40)))]
    assert "40 prompts, as many places as fit" in line()
    stored.text = counted
    stored.objects = 30
    assert "30 prompts, 30 places" in line()
    stored.text.write("\n0 x chair")
    assert "Line 41 of “list” has the count" in line()
    stored.source = "FILE"
    assert "Choose a list" in line()
    path = tmp_path / "list.csv"
    path.write_text("prompt,count\na,2\nb,1")
    stored.filepath = str(path)
    assert "2 prompts, 3 objects" in line()
    path.write_text("wrong")
    stored.filepath = str(path)
    assert "names no column" in line()
    stored.source = "EMPTIES"
    assert "Select empties" in line()
    empty("a ball")
    assert "1 prompt, 30 places" in line()
    stored.placement = "GIVEN"
    assert "1 prompt, 1 place" in line()
    bpy.ops.latte3d.populate()
    assert ", about 1 s" in line()
    assert ("operator", "latte3d.populate_resume") in drawn(extension)


@needs_bpy
def test_a_long_text_is_not_counted_while_the_panel_is_drawn(
    extension: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, module, read = bpy.context.scene.latte3d_populate, extension.populate_ui, []
    real = module.read_text
    monkeypatch.setattr(module, "read_text", lambda *given: read.append(given) or real(*given))
    stored.source, stored.placement = "TEXT", "GRID"
    stored.text = bpy.data.texts[text(*(f"2 x thing {at}" for at in range(1500)))]

    def line() -> str:
        return " ".join(text for kind, text in drawn(extension) if kind in ("label", "progress"))

    assert "A long list: 1,500 lines." in line()
    assert "A long list" in line() and not read
    assert bpy.app.timers.is_registered(module.count_soon)
    module.count_soon()
    assert "1,500 prompts, 3,000 places" in line()
    stored.text.write("\nanother")
    assert "A long list: 1,501 lines." in line()
    assert len(read) == 1


@needs_bpy
def test_the_panel_follows_a_run(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_window(extension, monkeypatch)
    bpy.ops.latte3d.populate(source="TEXT", text=text("a ball", "SLOW ball"), placement="GRID", mix=False)
    turn(extension, lambda: len(collection().objects) == 1)
    said = drawn(extension)
    assert ("operator", "latte3d.populate_cancel") in said
    assert any(kind == "progress" and value.startswith("1 of 2") for kind, value in said)
    bpy.ops.latte3d.populate_cancel()
    assert ("operator", "latte3d.populate_resume") in drawn(extension)
