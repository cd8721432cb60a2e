"""Prompt sets: what is drawn, which split it is in, and which shapes it is paired with."""

from __future__ import annotations

import itertools
import json
import math
import tracemalloc
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latte3d_core.batch import Item, read_prompts
from latte3d_core.cli import main
from latte3d_core.data.manifest import Asset
from latte3d_core.data.materials import MATERIALS, named_material
from latte3d_core.data.prompt_sets import (
    MAX_SHAPES,
    TEMPLATES,
    Grammar,
    Library,
    Permutation,
    PromptLine,
    PromptSetSettings,
    Template,
    builtin_slots,
    make_grammar,
    normal,
    products_of,
    prompt_lines,
    read_grammar,
    read_prompt_set,
    subject_names,
    write_prompt_set,
)
from latte3d_core.errors import OutputError, PromptError, SettingError
from latte3d_core.model.text import clean_prompt

ALL = PromptSetSettings(limit=None, captions=False)
NOBODY = Library([])
#: By the hold-out rule, which tests/core/data/test_manifest.py pins.
HELD_OUT = "asset-13"


def _asset(name: str, *captions: str, category: str = "prop") -> Asset:
    return Asset(name, Path(f"{name}.glb"), captions, category)


def _words(**slots: Sequence[str]) -> dict[str, dict[str, str]]:
    return {slot: {word: word for word in words} for slot, words in slots.items()}


def _key(line: PromptLine) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(line.slots.items()))


# Drawing --------------------------------------------------------------------------------------------------------------


@given(st.integers(1, 2000), st.integers(0, 5))
def test_a_permutation_is_a_bijection(size: int, seed: int) -> None:
    assert sorted(Permutation(size, seed)) == list(range(size))


@pytest.mark.parametrize("size", [10**6, 2**64 + 13, 10**60])
def test_a_large_permutation_looks_random(size: int) -> None:
    drawn = list(itertools.islice(Permutation(size, 1), 1000))
    assert len(set(drawn)) == 1000 and min(drawn) >= 0 and max(drawn) < size
    tenths = [sum(10 * n // size == tenth for n in drawn) for tenth in range(10)]
    assert min(tenths) > 60 and max(tenths) < 140  # 100 ± 4 standard deviations
    ups = sum(b > a for a, b in itertools.pairwise(drawn))
    assert 400 < ups < 600
    assert drawn != list(itertools.islice(Permutation(size, 2), 1000))


@given(st.lists(st.integers(1, 5), max_size=4))
def test_numbers_stand_for_combinations(sizes: list[int]) -> None:
    slots = {f"s{n}": [f"w{n}{k}" for k in range(size)] for n, size in enumerate(sizes)}
    (product,) = products_of(make_grammar(["x " + " ".join(f"{{{slot}}}" for slot in slots)], _words(**slots)))
    assert product.size == math.prod(sizes)
    assert [product.digits(n) for n in range(product.size)] == list(itertools.product(*map(range, sizes)))
    rows = {product.anchor(row) for row in range(max(sizes, default=1))}
    assert {d for d in itertools.product(*map(range, sizes)) if product.is_anchor(d)} == rows


@st.composite
def _grammars(draw: st.DrawFn) -> Grammar:
    """One to four slots of one to five words; templates over any of them, each with a wording of its own."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    slots = {f"s{n}": [f"w{n}{k}" for k in range(size)] for n, size in enumerate(sizes)}
    choices = draw(st.lists(st.sets(st.sampled_from(sorted(slots))), min_size=1, max_size=4))
    texts = [f"t{n} " + " ".join(f"{{{slot}}}" for slot in sorted(chosen)) for n, chosen in enumerate(choices)]
    return make_grammar(texts, _words(**slots))


def _product(grammar: Grammar) -> set[tuple[tuple[str, str], ...]]:
    """Every combination, the slow way."""
    return {
        tuple(zip(template.slots, words, strict=True))
        for template in grammar.templates
        for words in itertools.product(*(grammar.slots[slot] for slot in template.slots))
    }


def _check(lines: Sequence[PromptLine]) -> None:
    """What holds of every set."""
    assert len({normal(line.prompt) for line in lines}) == len({line.id for line in lines}) == len(lines)
    splits = defaultdict(set)
    said: set[tuple[str, str]] = set()
    for line in lines:
        assert line.prompt == clean_prompt(line.prompt)
        splits[_key(line)].add(line.split)
        if line.split == "seen":
            said.update(line.slots.items())
        else:
            assert len(line.slots) > 1 and set(line.slots.items()) <= said
    assert all(len(found) == 1 for key, found in splits.items() if key)


@given(_grammars(), st.sampled_from([0.0, 0.1, 0.5, 0.95]), st.integers(0, 3))
def test_a_whole_set(grammar: Grammar, unseen: float, seed: int) -> None:
    chosen = replace(ALL, unseen=unseen, seed=seed)
    lines = list(prompt_lines(grammar, NOBODY, chosen))
    _check(lines)
    assert lines == list(prompt_lines(grammar, NOBODY, chosen))
    assert {_key(line) for line in lines} == _product(grammar)
    assert len(lines) == sum(math.prod(len(grammar.slots[s]) for s in t.slots) for t in grammar.templates)
    words = {(slot, name) for slot, names in grammar.slots.items() for name in names}
    assert {pair for line in lines if line.split == "seen" for pair in line.slots.items()} == words


@given(_grammars(), st.sampled_from([0.1, 0.6]), st.integers(0, 3), st.integers(0, 40))
def test_a_part_of_a_set(grammar: Grammar, unseen: float, seed: int, limit: int) -> None:
    whole = {_key(line): line.split for line in prompt_lines(grammar, NOBODY, replace(ALL, unseen=unseen))}
    lines = list(prompt_lines(grammar, NOBODY, replace(ALL, unseen=unseen, seed=seed, limit=limit)))
    _check(lines)
    part = {_key(line): line.split for line in lines}
    assert part.items() <= whole.items()  # another seed moves nothing to the other split
    assert len(part) <= limit
    assert len(part) >= min(limit, sum(split == "seen" for split in whole.values()))


@pytest.mark.parametrize("limit", range(9))
def test_words_that_an_unseen_prompt_needs_count_too(limit: int) -> None:
    slots = _words(a=[f"a{n}" for n in range(20)], b=[f"b{n}" for n in range(20)])
    for seed in range(10):
        chosen = replace(ALL, limit=limit, seed=seed, unseen=0.5)
        lines = list(prompt_lines(make_grammar(["{a} {b}"], slots), NOBODY, chosen))
        _check(lines)
        assert len(lines) == limit


def test_the_split_knows_names_and_not_wordings() -> None:
    slots = _words(a=[f"a{n}" for n in range(30)], b=[f"b{n}" for n in range(30)])
    first = {_key(x): x.split for x in prompt_lines(make_grammar(["{a} {b}"], slots), NOBODY, ALL)}
    slots["a"] = {name: f"very {name}" for name in slots["a"]}
    lines = list(prompt_lines(make_grammar(["{b} of {a}", "the {a}: {b}"], slots), NOBODY, replace(ALL, seed=9)))
    assert {_key(x): x.split for x in lines} == first
    assert len(lines) == 1800 and all("very a" in line.prompt for line in lines)
    assert 60 <= sum(split == "unseen" for split in first.values()) <= 120  # of 900
    more = {_key(x): x.split for x in prompt_lines(make_grammar(["{a} {b}"], slots), NOBODY, replace(ALL, unseen=0.3))}
    assert all(more[key] == "unseen" for key, split in first.items() if split == "unseen")


def test_prompts_that_come_out_the_same_are_one() -> None:
    slots = _words(size=["big", "Big ", "big  blue"], thing=["car", "blue car", "BLUE  car"])
    lines = list(prompt_lines(make_grammar(["a {size} {thing}", "A {size}  {thing}"], slots), NOBODY, ALL))
    _check(lines)
    assert sorted(normal(x.prompt) for x in lines) == ["a big blue blue car", "a big blue car", "a big car"]


def test_short_prompts_are_not_drowned_by_long_ones() -> None:
    slots = _words(a=[f"a{n}" for n in range(50)], b=[f"b{n}" for n in range(50)], c=[f"c{n}" for n in range(50)])
    grammar = make_grammar(["{a}", "{a} {b}", "{a} {b} {c}"], slots)
    lines = list(prompt_lines(grammar, NOBODY, replace(ALL, limit=300)))
    assert len(lines) == 300
    assert {n: sum(len(x.slots) == n for x in lines) for n in (1, 2, 3)}[1] == 50


_MANY = _words(**{f"s{n}": [f"word{n}-{k}" for k in range(1000)] for n in range(5)})


def test_a_hundred_thousand_lines_of_a_product_that_nothing_could_hold(tmp_path: Path) -> None:
    grammar = make_grammar(["a {s0} {s1} {s2} {s3} {s4}", "{s0} of {s1}"], _MANY)
    file = tmp_path / "set.jsonl"
    count = write_prompt_set(prompt_lines(grammar, NOBODY, PromptSetSettings()), file)
    assert count.total() == 100_000 and 9_000 < count["unseen"] < 11_000
    with file.open("rb") as stream:
        assert len({line.split(b",", 1)[0] for line in stream}) == 100_000  # the ids


def test_a_line_costs_little_memory() -> None:
    lines = prompt_lines(make_grammar(["a {s0} {s1} {s2} {s3} {s4}"], _MANY), NOBODY, replace(ALL, limit=20_000))
    for _ in itertools.islice(lines, 8000):  # by now most words were said
        pass
    tracemalloc.start()
    try:
        length = sum(len(line.prompt) for line in itertools.islice(lines, 4000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # 8 bytes of hash in an object of 41, and a set that may grow to its next size meanwhile.
    assert peak < 1.5e6 and length > 4000 * 45


# Words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phrase", ["an orange chair", "a chair", "a unicorn", "an LED lamp", 'an "old" car'])
def test_articles_before_slots_follow_the_sound(phrase: str) -> None:
    words = phrase.split(" ", 1)[1]
    for given_article in ("a", "an"):
        assert Template.parse(f"{given_article} {{x}} on a rug").fill({"x": words}) == f"{phrase} on a rug"
        assert Template.parse(f"{given_article.title()} {{x}}").fill({"x": words}) == phrase[0].upper() + phrase[1:]


def test_an_article_in_the_middle_and_one_that_is_none() -> None:
    template = Template.parse("a cat on a {colour} {thing}, {{really}}; plan a{thing}")
    assert template.slots == ("colour", "thing")
    assert template.fill({"colour": "orange", "thing": "box"}) == "a cat on an orange box, {really}; plan abox"


@pytest.mark.parametrize("text", ["a {", "a }", "{}", "{0}", "{a b}", "{a!r}", "{a:>9}", "{a.b}", "{a[0]}", "{a{b}}"])
def test_wrong_templates(text: str) -> None:
    with pytest.raises(PromptError, match="template"):
        Template.parse(text)


def test_the_built_in_words_mean_what_the_project_knows() -> None:
    slots = builtin_slots(["chair"])
    assert all(named_material(f"a chair {words}") == name for name, words in slots["material"].items())
    assert len(slots["material"]) == sum(m.two_tone is None for m in MATERIALS.values())
    grammar = make_grammar(TEMPLATES, slots)
    assert set(grammar.slots) == set(slots)  # each is of use
    lines = list(prompt_lines(grammar, NOBODY, replace(ALL, limit=3000)))
    _check(lines)
    prompts = {line.prompt for line in lines}
    assert {"a chair", "an orange chair", "a chair made of wood", "a chair covered in moss"} <= prompts
    assert not any("{" in prompt or " a orange" in prompt for prompt in prompts)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("[]", "object"),
        ("{}", "object"),
        ("{broken", "JSON"),
        ("[" * 100_000, "JSON"),
        ('{"template": ["a"]}', "object"),
        ('{"templates": []}', "'templates'"),
        ('{"templates": ["a", 3]}', "'templates'"),
        ('{"templates": ["a {x}"]}', "{x} has no words"),
        ('{"templates": ["a {subject}"]}', "folders"),
        ('{"templates": ["a {x}"], "slots": {"x": []}}', "'x'"),
        ('{"templates": ["a {x}"], "slots": {"x": "car"}}', "'x'"),
        ('{"templates": ["a {x}"], "slots": {"x": ["car", " "]}}', "'x'"),
        ('{"templates": ["a {x}"], "slots": {"x": {"car": 3}}}', "'x'"),
        ('{"templates": ["a {x}"], "slots": {"x": ["car"], "y": ["z"]}}', "'y'"),
        ('{"templates": ["a {x}"], "slots": ["x"]}', "'slots'"),
        ('{"templates": ["a {x"]}', "template"),
    ],
)
def test_wrong_template_files(row: str, word: str, tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    file.write_text(row, encoding="utf-8")
    with pytest.raises(PromptError) as caught:
        read_grammar(file, builtin_slots([]))
    assert word in str(caught.value) and str(caught.value).endswith(".")


def test_a_template_file_goes_over_the_built_in_words(tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    file.write_text('{"templates": ["a {colour} {subject}"], "slots": {"subject": {"cat": "house cat"}}}')
    grammar = read_grammar(file, builtin_slots(["dog"]))
    assert grammar.slots["subject"] == {"cat": "house cat"} and "red" in grammar.slots["colour"]
    file.write_text('{"slots": {"subject": ["cat"]}}')
    assert len(read_grammar(file, builtin_slots(["dog"])).templates) == len(TEMPLATES)
    with pytest.raises(PromptError, match="cannot be read"):
        read_grammar(tmp_path / "missing.json", {})


# The library ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("captions", "category", "names"),
    [
        (("a red box, in red and grey", "a low-poly box in red", "a wooden crate"), "prop", ("box",)),
        (("a Japanese lantern", "a garden lantern with legs"), "prop", ("Japanese lantern",)),
        (("a house that stands on a hill, with trees",), "building", ("building",)),
        (("two houses", "x"), "furniture-other", ()),
        (("a bowl of stew", "stew"), "food", ("bowl of stew",)),
        (("an orange",), "fruit", ("orange",)),
        (("a light wooden desk", "a flat plant", "an ice cream"), "food", ("food",)),
        (("a gold", "x" * 3000), "", ("gold",)),
    ],
)
def test_what_an_asset_is_called(captions: tuple[str, ...], category: str, names: tuple[str, ...]) -> None:
    assert subject_names(_asset("a", *captions, category=category)) == names


@pytest.fixture
def library() -> Library:
    """Twelve boxes and a held-out one, a ball, and a held-out vase."""
    boxes = [_asset(f"box-{n}", "a box", f"a red box, number {n}", category="container") for n in range(12)]
    return Library(
        [
            *(box for box in boxes if not box.held_out),
            _asset(HELD_OUT, "a box", "a rare box with hinges", category="container"),
            _asset("ball", "a blue ball", "a red ball"),
            _asset("asset-24", "a vase", category="vessel"),
        ]
    )


def test_held_out_shapes_are_never_paired_with_seen_prompts(library: Library) -> None:
    assert library.subjects == ["box", "ball"]  # no prompt is about a thing that only a held-out asset is
    grammar = make_grammar(TEMPLATES, builtin_slots(library.subjects))
    lines = list(prompt_lines(grammar, library, PromptSetSettings(limit=2000, unseen=0.4)))
    _check([line for line in lines if line.slots])
    kept = {"asset-24", HELD_OUT}
    assert all(kept.isdisjoint(line.assets) for line in lines if line.split == "seen")
    boxes = [line for line in lines if line.slots.get("subject") == "box"]
    assert any(HELD_OUT in line.assets for line in boxes if line.split == "unseen")
    assert all(len(line.assets) == len(set(line.assets)) == MAX_SHAPES for line in boxes)
    assert len({asset for line in boxes if line.split == "seen" for asset in line.assets}) > MAX_SHAPES
    assert {line.assets for line in lines if line.slots.get("subject") == "ball"} == {("ball",)}


def test_captions_are_prompts_too(library: Library) -> None:
    grammar = make_grammar(["a {x}"], _words(x=["thing"]))
    lines = {line.prompt: line for line in prompt_lines(grammar, library, PromptSetSettings())}
    assert lines["a blue ball"] == PromptLine(lines["a blue ball"].id, "a blue ball", "seen", {}, ("ball",))
    assert lines["a box"].split == "seen" and len(lines["a box"].assets) == MAX_SHAPES
    assert HELD_OUT not in lines["a box"].assets
    assert (lines["a vase"].split, lines["a vase"].assets) == ("unseen", ("asset-24",))
    assert (lines["a rare box with hinges"].split, lines["a rare box with hinges"].assets) == ("unseen", (HELD_OUT,))
    assert [line.prompt for line in prompt_lines(grammar, library, ALL)] == ["a thing"]


def test_a_caption_gives_way_to_an_unseen_prompt() -> None:
    colours = [f"hue-{n}" for n in range(40)]
    assets = [_asset(f"ball-{n}", f"A  {colour} ball") for n, colour in enumerate(colours)]
    slots = _words(colour=colours, subject=["ball", "box"])
    grammar = make_grammar(["a {colour} {subject}", "a {subject} in {colour}"], slots)
    lines = list(prompt_lines(grammar, Library(assets), PromptSetSettings(unseen=0.5)))
    assert len(lines) == 160 and all(line.slots for line in lines)
    assert any(line.split == "unseen" and line.slots["subject"] == "ball" for line in lines)


def test_words_of_a_template_file_find_shapes_by_category(library: Library) -> None:
    assert len(library.shapes("Container", "seen", 3)) == MAX_SHAPES
    assert library.shapes("vessel", "seen", 0) == () and library.shapes("vessel", "unseen", 0) == ("asset-24",)
    assert library.shapes("aeroplane", "unseen", 0) == ()


# Files ----------------------------------------------------------------------------------------------------------------


def _row(**changes: Any) -> bytes:
    row = {"id": "1", "prompt": "a red car", "split": "seen", "slots": {"colour": "red"}, "assets": ["car"], **changes}
    return json.dumps({key: value for key, value in row.items() if value is not None}).encode()


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_prompts = _texts.map(lambda text: clean_prompt(f"a {text}"))
_lines = st.builds(
    PromptLine, _texts, _prompts, st.sampled_from(["seen", "unseen"]), st.dictionaries(_texts, _texts, max_size=3),
    st.lists(_texts, max_size=8).map(tuple),
)  # fmt: skip


@given(lines=st.lists(_lines, max_size=4))
@settings(max_examples=50)
def test_what_is_written_is_read(lines: list[PromptLine], tmp_path: Path) -> None:
    count = write_prompt_set(lines, tmp_path / "set.jsonl")
    assert list(read_prompt_set(tmp_path / "set.jsonl")) == lines and count.total() == len(lines)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b"{broken", "JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"[1]", "object"),
        (b'{"id": "' + b"x" * 10_000_000 + b'"}', "megabyte"),
        *((_row(**{key: None}), f"'{key}'") for key in ("id", "prompt", "split", "slots", "assets")),
        (_row(id=3), "'id'"),
        (_row(prompt=["a car"]), "'prompt'"),
        (_row(prompt=" "), "empty"),
        (_row(prompt="x" * 3000), "shorten"),
        (_row(split="test"), "'split'"),
        (_row(split=["seen"]), "'split'"),
        (_row(slots=["red"]), "'slots'"),
        (_row(slots={"colour": 3}), "'slots'"),
        (_row(assets="car"), "'assets'"),
        (_row(assets=[3]), "'assets'"),
    ],
)
def test_a_bad_line_is_named_or_skipped(
    line: bytes, word: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "set.jsonl"
    file.write_bytes(b"\n" + _row() + b"\n\n" + line + b"\n \n" + _row(id="2"))
    stream = read_prompt_set(file)
    assert next(stream).slots == {"colour": "red"}
    with pytest.raises(PromptError, match=r"set\.jsonl line 4: ") as caught:
        next(stream)
    assert word in str(caught.value)
    assert [x.id for x in read_prompt_set(file, strict=False)] == ["1", "2"]
    assert len(caplog.records) == 1 and "line 4" in caplog.text


def test_nothing_half_written_stays(tmp_path: Path) -> None:
    (line,) = prompt_lines(make_grammar(["a {x}"], _words(x=["cat"])), NOBODY, ALL)

    def lines() -> Any:
        yield line
        raise PromptError("Too long.")

    with pytest.raises(PromptError):
        write_prompt_set(lines(), tmp_path / "set.jsonl")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_prompt_set([line], tmp_path / "file" / "set.jsonl")


@pytest.mark.parametrize(("name", "value"), [("unseen", 1.0), ("unseen", -0.1), ("unseen", math.nan), ("limit", -1)])
def test_settings_out_of_range(name: str, value: float) -> None:
    with pytest.raises(SettingError):
        PromptSetSettings(**{name: value})


# The command line -----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A manifest whose meshes nothing reads."""
    folder = tmp_path / "assets"
    folder.mkdir()
    captions: Mapping[str, list[str]] = {
        "car": ["a red car", "a low-poly car in red"], "boat": ["an old boat"], HELD_OUT: ["an odd car", "a car"],
    }  # fmt: skip
    rows = [{"id": name, "file": "x.glb", "captions": texts, "category": "prop"} for name, texts in captions.items()]
    (folder / "x.glb").write_bytes(b"x")
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def _run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["prompts", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = (tmp_path / name for name in ("1.jsonl", "2.jsonl", "3.jsonl"))
    code, out, _ = _run(capsys, folder, "--out", first, "--limit", 400)
    lines = list(read_prompt_set(first))
    assert code == 0 and f"{len(lines)} prompts" in out
    _check([line for line in lines if line.slots])
    by_prompt = {line.prompt: line for line in lines}
    assert by_prompt["an old boat"].assets == ("boat",) and by_prompt["an odd car"].split == "unseen"
    assert all(HELD_OUT not in line.assets for line in lines if line.split == "seen")
    assert _run(capsys, folder, "--out", second, "--limit", 400)[0] == 0
    assert second.read_bytes() == first.read_bytes()
    assert _run(capsys, folder, "--out", third, "--limit", 400, "--seed", 1, "--no-captions")[0] == 0
    other = list(read_prompt_set(third))
    assert all(line.slots for line in other) and third.read_bytes() != first.read_bytes()
    splits = {_key(line): line.split for line in lines}
    assert all(splits.get(_key(line), line.split) == line.split for line in other)
    items = list(read_prompts(first))  # what latte3d generate --prompts makes of it
    assert all(isinstance(item, Item) for item in items) and len(items) == len(lines)


def test_the_command_with_a_template_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    templates, out = tmp_path / "t.json", tmp_path / "set.jsonl"
    slots = {"subject": ["owl", "cat"], "colour": ["orange", "red", "blue"]}
    templates.write_text(json.dumps({"templates": ["a {colour} {subject}"], "slots": slots}))
    assert _run(capsys, "--templates", templates, "--out", out, "--limit", 0, "--unseen", 0.9)[0] == 0
    lines = list(read_prompt_set(out))
    assert {line.prompt for line in lines} == {
        "an orange owl", "an orange cat", "a red owl", "a red cat", "a blue owl", "a blue cat",
    }  # fmt: skip
    assert not any(line.assets for line in lines)
    assert {line.split for line in lines} == {"seen", "unseen"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name folders"),
        (["nowhere"], "No asset manifest"),
        (["--templates", "nowhere.json"], "cannot be read"),
        (["assets", "--unseen", "1"], "unseen"),
        (["assets", "--unseen", "nan"], "--unseen must be at least 0"),
        (["assets", "--limit", "-3"], "--limit must be at least 0"),
        (["assets", "--seed", "-3"], "--seed must be at least 0"),
    ],
)
def test_mistakes_get_one_sentence(
    arguments: list[str], sentence: str, folder: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(folder.parent)
    code, _, err = _run(capsys, *arguments, "--out", "set.jsonl")
    assert code == 1 and sentence in err and err.count("\n") == 1
    assert not (folder.parent / "set.jsonl").exists()
