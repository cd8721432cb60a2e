"""Every text of the interface has a German counterpart that fits into its place."""

from __future__ import annotations

import contextlib
import importlib
import pickle
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from support import MODULE, ROOT, Extension

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

import messages  # noqa: E402 - needs bpy
from test_extension import drawn, submit, texts, wait_for  # noqa: E402

from latte3d_blender import translations  # noqa: E402
from latte3d_blender.german import GERMAN  # noqa: E402
from latte3d_blender.german_worker import SENTENCES  # noqa: E402
from latte3d_blender.packing import DEVELOPMENT_MODULES  # noqa: E402


def german_code() -> str | None:
    """What this Blender calls German; None if it was built without languages, as the module from PyPI is."""
    if not bpy.app.build_options.international:
        return None
    with leave_language():
        for code in ("de_DE", "de"):
            with contextlib.suppress(TypeError):  # the choices are not known before
                bpy.context.preferences.view.language = code
                return code
    return None


@contextlib.contextmanager
def leave_language() -> Iterator[None]:
    """Whatever the body sets: afterwards Blender speaks as before."""
    view = bpy.context.preferences.view
    before = view.language
    try:
        yield
    finally:
        view.language = before


#: What is read in a terminal stays English, as Blender's own words there.
TERMINAL = frozenset({"command_line.py"})


@pytest.fixture(scope="module")
def sources() -> list[Path]:
    left_out = DEVELOPMENT_MODULES | TERMINAL
    return [path for path in sorted((ROOT / "latte3d_blender").glob("*.py")) if path.name not in left_out]


@pytest.fixture(scope="module")
def found(installed: ModuleType, sources: list[Path]) -> dict[str, str]:
    modules = [importlib.import_module(f"{MODULE}.{name}") for name in installed.MODULES]
    classes = [cls for module in modules for cls in getattr(module, "CLASSES", ())]
    return messages.collect(classes, sources)


def test_the_finder_finds_texts_of_all_kinds(found: dict[str, str]) -> None:
    """A finder that finds nothing would let everything pass."""
    for text in (
        "Generate",  # name of an operator
        "Throw the dice for another seed",  # tooltip
        "Shape Strength",  # property
        "Box charts, packed tightly; a fraction of a second",  # choice
        "Mesh and Textures",  # panel
        "No jobs yet",  # label
        "a red sports car",  # placeholder
        "Type what to make, then press Generate. The object will stand at the 3D cursor.",  # constant
        "Feeling out the shape",  # table
        "The history is empty",  # reason of a disabled button
        "The report is on the clipboard",  # report
        "Page {page} of {pages}",  # sentence with gaps
    ):
        assert text in found, text
    assert len(found) > 300


def test_the_finder_reads_all_ways_of_writing(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text(
        'ONE = "From a name"\nTABLE = {"a": "From a table"}\n'
        'layout.label(text="First" if x else "Second")\nself.report({"INFO"}, "A report")\n'
        'wrapped(layout, context, ONE)\ntr(TABLE.get(key))\nlayout.label(text=f"{x} pieces")\n'
        "layout.label(text=tr('Seed'))\nMORE = {'b': 'From another'}\ntr(MORE[key])\n"
        "layout.label(text=said or 'Nothing')\n"
    )
    texts, pieces = messages.written(source)
    assert {text for text, _ in texts} == {
        "From a name", "From a table", "First", "Second", "A report", "Seed", "From another", "Nothing",
    }  # fmt: skip
    assert pieces == ["source.py:7"]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('row.label(text=f"{count} jobs")', True),
        ('text = f"{title}: waits {obstacle}"\nrow.label(text=text)', True),
        ('def left():\n    return f", about {seconds:.0f} s left"', True),
        ('self.report({"ERROR"}, f"Nothing of “{group}” has failed.")', True),
        ('cls.poll_message_set(f"{name} is busy")', True),
        ('raise PopulateError(f"There is no “{name}”.")', True),
        ('raise ValueError(f"“{part}” is no seed.")', True),
        ("row.label(text=f\"{tr('Make Chosen')} ({chosen})\")", False),
        ('row.label(text=f"“{prompt}”")', False),
        ('text = tr("{count} jobs").format(count=3)', False),
        ('log.debug(f"job {number} failed")', False),
        ('raise ValueError(f"job {number} has not ended")', False),
        ('path = folder / f"{name}.png"', False),
        ('obj[f"latte3d_{key}"] = value', False),
    ],
)
def test_sentences_in_one_language_are_found_wherever_they_are(tmp_path: Path, code: str, found: bool) -> None:
    source = tmp_path / "source.py"
    source.write_text(code)
    assert bool(messages.written(source)[1]) == found


def test_no_sentence_is_put_together_in_one_language_only(sources: list[Path]) -> None:
    pieces = [where for path in sources for where in messages.written(path)[1]]
    assert not pieces, 'write tr("… {gap} …").format(gap=…):\n' + "\n".join(pieces)


def test_examples_of_prompts_stay_english() -> None:
    """A German prompt is not understood: nothing is to invite one."""
    for prompt in ("a red sports car", "a rusty old robot", "a blue van", "a wooden table with two chairs"):
        assert GERMAN[prompt] == prompt


def test_every_text_has_a_translation(found: dict[str, str]) -> None:
    missing = [f"{where}: {text!r}" for text, where in found.items() if text not in GERMAN]
    assert not missing, "add to latte3d_blender/german.py:\n" + "\n".join(missing)


def test_no_translation_is_left_over(found: dict[str, str]) -> None:
    assert [text for text in GERMAN if text not in found] == []


@pytest.mark.parametrize("text", sorted(GERMAN))
def test_a_translation_fits_into_its_place(text: str) -> None:
    german = GERMAN[text]

    def gaps(sentence: str) -> list[tuple[str, str | None]]:
        return sorted((name, form) for _, name, form, _ in string.Formatter().parse(sentence) if name is not None)

    assert german.strip() == german and german
    assert gaps(german) == gaps(text)
    # "min." may end in a full stop of its own.
    for mark in (".", ":", "…", "?"):
        assert german.endswith(mark) == text.endswith(mark) or german in ("Skalierung min.", "Max.")
    noun = text.isalpha() and text.islower()  # a capital in German wherever it stands
    assert noun or text[0].isupper() == german[0].isupper() or not text[0].isalpha() or not german[0].isalpha()
    assert "  " not in german


@pytest.fixture
def german_translations(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Blender that speaks German, as far as ``translations`` asks it."""
    blenders = {"Edit Mode": "Bearbeitungsmodus", "Fast": "Zügig", "Cube": "Würfel"}

    def look_up(text: str, context: str) -> str:
        return translations.table()["de_DE"].get((context, text), text if context != "*" else blenders.get(text, text))

    fake = SimpleNamespace(app=SimpleNamespace(translations=SimpleNamespace(pgettext_iface=look_up)))
    monkeypatch.setitem(sys.modules, "bpy", fake)


@pytest.mark.usefixtures("german_translations")
def test_a_text_remembers_its_english() -> None:
    waits = translations.tr("“{title}” is ready and waits {obstacle}.")
    until = translations.tr("until you leave {mode}").format(mode=translations.tr("Edit Mode"))
    said = waits.format(title="Zoë", obstacle=until)
    assert said == "„Zoë“ ist fertig und wartet, bis der Bearbeitungsmodus verlassen ist."
    assert translations.english(said) == "“Zoë” is ready and waits until you leave Edit Mode."
    assert translations.english("made of glass") == "made of glass"
    assert translations.tr(said) is said and translations.retold(said) is said
    copy = pickle.loads(pickle.dumps(said))
    assert type(copy) is str and copy == said


@pytest.mark.usefixtures("german_translations")
def test_blender_names_only_what_is_its_own() -> None:
    assert translations.tr("Fast") == "Schnell"
    assert translations.tr("Edit Mode") == "Bearbeitungsmodus"
    assert translations.retold("Cube") == "Cube"  # may be an artist's word


def test_the_table_is_what_blender_takes(extension: Extension) -> None:
    table = extension.translations.table()
    assert set(table) == {"de_DE", "de"}
    for language_texts in table.values():
        assert language_texts["LATTE3D", "Generate"] == language_texts["*", "Generate"] == "Erzeugen"
        assert len(language_texts) == 2 * len(GERMAN) + len(SENTENCES)
        assert set(SENTENCES.items()) <= {(text, said) for (context, text), said in language_texts.items()}
    for language in table:
        assert re.fullmatch("[a-z]{2}(_[A-Z]{2})?", language)
    assert extension.translations.tr("Nothing has been translated like this") == "Nothing has been translated like this"


def test_the_panels_speak_german(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module from PyPI has no languages, so the look-up is put in by hand; the sentences are the panels' own."""
    for module in (extension.panels, extension.jobs_panel, extension.timer, extension.stylize_ui, extension.populate_ui,
                   extension.generate, importlib.import_module(f"{MODULE}.wording")):  # fmt: skip
        monkeypatch.setattr(module, "tr", lambda text: GERMAN.get(text, text))
    extension.run("a ball")
    slow = submit(extension, "SLOW ball")
    submit(extension, "an egg")
    wait_for(lambda: slow.stage == "text", extension)
    said = texts(drawn(extension.jobs_panel.LATTE3D_PT_jobs))
    for words in ("2 Aufträge, ", "Der Prompt wird gelesen, fast fertig"):
        assert words in said
    extension.session.jobs().cancel_all()
    said = texts(drawn(extension.populate_ui.LATTE3D_PT_populate))
    assert "2 Prompts, 3 Plätze, etwa 1 s" in said.replace("\n", " ")
    extension.run("a ball")
    assert "2,208 Flächen in" in texts(drawn(extension.panels.LATTE3D_PT_main)).replace("\n", " ")


def test_german_is_shown_where_blender_can(extension: Extension) -> None:
    """The module from PyPI is built without languages, so this runs only in a full Blender."""
    code = german_code()
    if code is None:
        pytest.skip("this build of Blender has no languages")
    with leave_language():
        bpy.context.preferences.view.language = code
        assert extension.translations.tr("Free Memory") == "Speicher freigeben"
        assert extension.translations.retold("12 GB are free.") == "12 GB sind frei."
