"""What is said where nobody can ask Blender for a translation comes out in German where it is shown, and only there."""

from __future__ import annotations

import errno
import itertools
import os
import re
import string
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from support import MODULE, ROOT, Extension

bpy = pytest.importorskip("bpy", reason="bpy (Blender as a module) is not installed")

import worker_messages  # noqa: E402 - after bpy, as all here
from test_doctor import model_of_format  # noqa: E402
from test_extension import drawn, texts  # noqa: E402
from test_translations import german_code, leave_language  # noqa: E402
from worker_messages import GAP  # noqa: E402

from latte3d_blender import translations  # noqa: E402
from latte3d_blender.doctor import FAULT, OK, Finding  # noqa: E402
from latte3d_blender.german import GERMAN  # noqa: E402
from latte3d_blender.german_worker import SENTENCES  # noqa: E402
from latte3d_blender.packing import DEVELOPMENT_MODULES  # noqa: E402
from latte3d_blender.translations import retold  # noqa: E402

#: What the system says of files; no source has these words.
REASONS = {
    os.strerror(number)
    for number in (errno.EEXIST, errno.EISDIR, errno.ENOSPC, errno.ENOENT, errno.ENOTDIR, errno.EPERM, errno.EACCES,
                   errno.EROFS)
}  # fmt: skip

#: Names that are filled in by the sources themselves.
PROPER = {"torch", "glibc", "macOS"}


def look_up(text: str) -> str:
    """What Blender does with the table, in German."""
    return GERMAN.get(text, SENTENCES.get(text, text))


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    """German in the modules as they are imported from the project."""
    monkeypatch.setattr(translations, "tr", look_up)


@pytest.fixture
def german_blender(extension: Extension, monkeypatch: pytest.MonkeyPatch) -> Iterator[Extension]:
    """The extension in a Blender that is set to German; the module from PyPI has no languages, so there every module
    looks up by hand."""
    code = german_code()
    if code is not None:
        with leave_language():
            bpy.context.preferences.view.language = code
            yield extension
        return
    said = extension.translations.Said

    def tr(text: str) -> str:
        return text if isinstance(text, said) else said(look_up(text), text)

    for name, module in list(sys.modules.items()):
        if name.startswith(f"{MODULE}.") and hasattr(module, "tr"):
            monkeypatch.setattr(module, "tr", tr)
    yield extension


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    return worker_messages.collect(worker_messages.sources(ROOT, DEVELOPMENT_MODULES))


def filled(text: str) -> str:
    """A sentence that was found, with something without letters in its gaps."""
    numbers = itertools.count(1)
    return "".join(f"«{next(numbers)}»" if part == GAP else part for part in text)


def gaps(sentence: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None]


def test_the_finder_finds_sentences_of_all_places(found: dict[str, str]) -> None:
    for text in (
        "There is not enough memory: lower the texture size or the faces, or choose CPU in the preferences.",
        "The time must be more than 0 seconds.",
        f"The model file {GAP} has format {GAP}, this version reads format {GAP}; update the program.",
        "A new UV map was added because the mesh has none.",
        "A new UV layout was made because parts of the UVs lie over each other.",
        f"{GAP} lacks {GAP} and {GAP} more: choose the whole runtime pack that is made for this Blender and system.",
        f"Package {GAP}",
        "Folders",
        "face budget",
        f"Read as: {GAP}",
        f"The installation met an unexpected fault ({GAP}): send the report to the authors.",
    ):
        assert text in found, text
    assert len(found) > 150


def test_the_finder_reads_all_ways_of_writing(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text(
        'WORDS = "from a name"\n'
        "@dataclass\nclass Thing:\n    name: str\n    told: str = ''\n\n"
        "def reason(x):\n    if x:\n        return f'it weighs {x:.1f} kg'\n    return 'it is there'\n\n"
        "def work(x, thing):\n"
        "    end = ' and more' if x else ''\n"
        "    made = Thing(x, f' (by {x})')\n"
        "    raise SettingError(f'One {x}{end}.')\n"
        "    raise CheckpointError('Two ' + ('a' if x else 'b'))\n"
        "    progress.warn(f'Three, because {reason(x)}.')\n"
        "    yield Finding(f'Check {x!r}', OK, f'Four{thing.told}: {thing.name or WORDS}.')\n"
        "    yield Finding('Five', OK, f\"Of {' or '.join(x)}\")\n"
        "    raise ValueError('for programmers')\n"
        "    log.debug('for authors')\n"
    )
    assert set(worker_messages.collect([source])) == {
        f"One {GAP}.", f"One {GAP} and more.", "Two a", "Two b", f"Three, because it weighs {GAP} kg.",
        "Three, because it is there.", f"Check {GAP}", f"Four: {GAP}.", f"Four (by {GAP}): {GAP}.",
        "Four: from a name.", f"Four (by {GAP}): from a name.", "Five", f"Of {GAP}", f"Of {GAP} or {GAP}",
    }  # fmt: skip


def test_every_sentence_is_known_and_none_is_left_over(found: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Told in a language that has no words, nothing but what was filled in is left of a sentence whose words are all
    in the table."""
    used: set[str] = set()

    def wordless(text: str) -> str:
        german = look_up(text)
        if german == text and text not in SENTENCES:
            return text
        used.add(text)
        parts = string.Formatter().parse(german)
        return "".join(f"{{{name}{':' * bool(form)}{form}}}" for _, name, form, _ in parts if name is not None)

    monkeypatch.setattr(translations, "tr", wordless)
    missing = []
    for text, where in found.items():
        # Of several sentences the first may be somebody else's.
        ways = [retold(filled(part)) for part in (text, text.removeprefix(f"{GAP} "))]
        if not any(PROPER.issuperset(re.findall(r"[^\W\d_]+", way)) for way in ways):
            missing.append(f"{where}: {text.replace(GAP, '{…}')!r}")
    assert not missing, "add to latte3d_blender/german_worker.py:\n" + "\n".join(missing)
    for reason in REASONS:
        assert retold(reason) == "", reason
    assert sorted(SENTENCES.keys() - used) == []


def test_no_text_is_in_both_tables() -> None:
    assert GERMAN.keys() & SENTENCES.keys() == set()


@pytest.mark.parametrize("sentence", sorted(SENTENCES))
def test_a_translation_fits_into_its_place(sentence: str) -> None:
    german = SENTENCES[sentence]
    assert german.strip() == german and german
    assert sorted(gaps(german)) == sorted(gaps(sentence))
    assert len(set(gaps(sentence))) == len(gaps(sentence))
    for text, forms in ((sentence, {"", None}), (german, {"", None, "retold"})):
        assert {form for _, _, form, _ in string.Formatter().parse(text)} <= forms
    for mark in (".", ":"):
        assert german.endswith(mark) == sentence.endswith(mark)
    assert "  " not in german


@pytest.mark.parametrize(
    "values",
    [
        ["7", "1,024", "0.35"],
        ["/home/zoë/models", r"C:\Users\Zoë\new", "\\\\server\\share"],
        ["{name}", "100 %", "a{0}b"],
        ["“quoted”", "two words", "(in brackets)"],
        ["one line\nand another", "", "ends in a stop."],
    ],
)
@pytest.mark.usefixtures("german")
def test_what_is_filled_in_comes_through(values: list[str]) -> None:
    for sentence, said in SENTENCES.items():
        names = gaps(sentence)
        given = dict(zip(names, itertools.cycle(values), strict=False))
        assert retold(sentence.format(**given)) == said.replace(":retold", "").format(**given)


@pytest.mark.usefixtures("german")
def test_words_of_the_program_in_a_gap_are_retold_too() -> None:
    assert retold("A new UV map was added because the mesh has none.") == (
        "Eine neue UV-Map kam dazu, weil das Mesh keine hat."
    )
    assert retold("The seed must lie between 0 and 9, not 12.") == (
        "Zwischen 0 und 9 muss der Startwert liegen, nicht bei 12."
    )
    assert retold(
        "numpy 1.2 in /a is used, not numpy 2.0 in /b (the extension “Ölfarbe” in /c brings numpy): if generation "
        "fails, disable the extension “Ölfarbe”, then restart Blender."
    ) == (
        "numpy 1.2 in /a wird benutzt, nicht numpy 2.0 in /b (die Erweiterung „Ölfarbe“ in /c bringt numpy mit): falls "
        "das Erzeugen scheitert, die Erweiterung „Ölfarbe“ ausschalten, dann Blender neu starten."
    )
    assert retold(
        "The guidance model cannot be read: reinstall the LATTE3D extension, or name the file of one of your own "
        "(The model file p.safetensors is truncated; copy or download it again.)"
    ).endswith("(Die Modelldatei p.safetensors ist abgeschnitten; noch einmal kopieren oder herunterladen.)")
    assert "(Keine Berechtigung)" in retold("/a cannot be read (Permission denied): get it again.")


@pytest.mark.usefixtures("german")
def test_what_an_artist_calls_something_stays() -> None:
    """“none” and “Memory” are words of the program too."""
    assert "„none“" in retold("The UV map “none” cannot carry the colours because x: choose Automatic for the UV Map.")
    assert "„Memory“" in retold("“Memory” is sound (checksum 0123).")


@pytest.mark.usefixtures("german")
def test_several_sentences_are_retold_one_after_the_other() -> None:
    truncated = "Die Modelldatei a.b.safetensors ist abgeschnitten; noch einmal kopieren oder herunterladen."
    assert retold(
        "The model file a.b.safetensors is truncated; copy or download it again. Reinstall the LATTE3D extension."
    ) == (f"{truncated} Die Erweiterung LATTE3D neu installieren.")
    died = (
        "Python ended during this check (exit status -6): reinstall the LATTE3D extension, and disable other add-ons "
        "that bring packages of their own."
    )
    words = "terminate called. Aborted. core dumped"
    assert retold(f"{died} {words}") == f"{SENTENCES[died.replace('-6', '{status}')].format(status=-6)} {words}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nobody has ever said this. Nor that.",
        "„ball“: 2,208 Flächen in 1.0 s",
        "2 Prompts, 3 Plätze, etwa 1 s",
        "The guidance model cannot be",
        "the UVs",
        "a car or a van",
        "{odd} {braces",
    ],
)
@pytest.mark.usefixtures("german")
def test_an_unknown_sentence_stays_as_it_is(text: str) -> None:
    assert retold(text) == text


@pytest.mark.usefixtures("german")
def test_a_long_text_takes_no_time() -> None:
    begin = time.perf_counter()
    for number in range(10):
        text = f"{number} " + "Nobody knows this, because it stops. " * 40
        assert retold(text) == text
    assert time.perf_counter() - begin < 2.0


def test_in_english_nothing_changes_and_nothing_is_looked_for(found: dict[str, str]) -> None:
    translations._pattern.cache_clear()
    translations._templates.cache_clear()
    translations.table()
    for text in found:
        assert retold(filled(text)) == filled(text)
    assert translations._pattern.cache_info().currsize == translations._templates.cache_info().currsize == 0


# --- in Blender --------------------------------------------------------------------------------------------------


def said(panel: Any) -> str:
    """What a panel says, in one line, whatever it breaks."""
    return " ".join(texts(drawn(panel)).split())


def test_a_failing_job_says_so_in_german(german_blender: Extension) -> None:
    with pytest.raises(RuntimeError, match="unerwarteten Fehler gestoßen"):
        bpy.ops.latte3d.generate(prompt="CRASH")
    words = "unerwarteten Fehler gestoßen (ZeroDivisionError)"
    assert words in said(german_blender.panels.LATTE3D_PT_main)
    job = german_blender.session.jobs().last
    assert job.message.startswith("LATTE3D met an unexpected fault")
    report = german_blender.job_operators.report_text(job)
    assert job.message in report and words not in report


def test_of_a_batch_the_first_reason_is_german(german_blender: Extension) -> None:
    tasks = [german_blender.generate.GenerateTask(prompt) for prompt in ("CRASH", "CRASH too")]
    reports: list[str] = []
    operator = SimpleNamespace(report=lambda kind, text: reports.append(text))
    german_blender.submit.submit(operator, bpy.context, *tasks)
    assert [text.startswith("2 von 2 gescheitert, zuerst: LATTE3D ist auf") for text in reports] == [True]


def test_a_warning_beside_the_result_is_german(german_blender: Extension) -> None:
    german_blender.run("a ball")
    job = german_blender.session.jobs().last
    job.warnings = ("Read as: a red car",)
    assert "Gelesen als: a red car" in said(german_blender.panels.LATTE3D_PT_main)
    assert "Read as: a red car" in german_blender.job_operators.report_text(job)


def test_what_was_made_is_german_and_english_in_the_report(german_blender: Extension) -> None:
    german_blender.run("a ball")
    assert "ball“: 2,208 Flächen in " in said(german_blender.panels.LATTE3D_PT_main)
    report = german_blender.job_operators.report_text(german_blender.session.jobs().last)
    assert "ball”: 2,208 faces in " in report and "Flächen" not in report


def test_why_a_result_cannot_be_placed_is_english_in_the_report(
    german_blender: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    def place(self: Any, context: Any, job: Any, result: Any) -> None:
        message = german_blender.job_operators.tr("The faces of “{name}” have changed meanwhile: stylize it anew.")
        raise german_blender.tasks.PlaceError(message.format(name="Zoë"))

    monkeypatch.setattr(german_blender.generate.GenerateTask, "place", place)
    with pytest.raises(RuntimeError, match="Die Flächen von „Zoë“ haben sich inzwischen geändert: neu stilisieren"):
        bpy.ops.latte3d.generate(prompt="a ball")
    report = german_blender.job_operators.report_text(german_blender.session.jobs().last)
    assert "The faces of “Zoë” have changed meanwhile: stylize it anew." in report


def test_how_it_stands_with_the_runtime_is_english_in_the_report(
    german_blender: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    ui: ModuleType = german_blender.runtime_ui
    outcome = ui.Outcome(ui.tr("The runtime is removed: {size} are free again.").format(size="41.0 MB"), restart=True)
    monkeypatch.setattr(ui, "outcome", outcome)
    monkeypatch.setattr(ui, "look", lambda: None)
    monkeypatch.setattr(ui, "found", ui.Found(Path("/nowhere"), kept=True))
    assert "Die Laufzeit ist entfernt: 41.0 MB sind wieder frei." in texts(drawn(ui.LATTE3D_PT_runtime)).replace(
        "\n", " "
    )
    report = german_blender.doctor_ui.report_text()
    assert "[NOTE] Runtime: The runtime has changed: restart Blender." in report
    assert "The runtime is removed: 41.0 MB are free again." in report
    assert german_blender.doctor_ui.patient(bpy.context).runtime == (
        "NOTE", "The runtime has changed: restart Blender.",
    )  # fmt: skip


def test_a_model_of_a_newer_format_is_german(german_blender: Extension, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    from latte3d_core.checkpoint import FORMAT

    path = model_of_format(tmp_path / "other.safetensors", FORMAT + 1)
    with pytest.raises(RuntimeError, match=f"hat das Format {FORMAT + 1}, diese Version liest Format {FORMAT}; das"):
        bpy.ops.latte3d.import_model(filepath=str(path))
    assert "das Programm aktualisieren" in said(german_blender.panels.LATTE3D_PT_main)


def test_a_row_of_the_setup_check_is_german(german_blender: Extension, monkeypatch: pytest.MonkeyPatch) -> None:
    ui = german_blender.doctor_ui
    findings = [
        Finding(
            "Package xatlas", FAULT, "The Python package “xatlas” is not here: it comes with the runtime, see above."
        ),
        Finding("User folder", OK, "/home/zoë can be written."),
        Finding("Disk", OK, "12 GB are free."),
    ]
    examination = SimpleNamespace(findings=findings, running=False, current="", stop=lambda: None)
    monkeypatch.setattr(ui, "_examination", examination)
    shown = said(ui.LATTE3D_PT_setup)
    row = ui.row_text(findings[-1])
    assert ui.retold(row) is row  # what is German already is not looked for again
    for words in (
        "Paket xatlas: Das Python-Paket „xatlas“ ist nicht da: es kommt mit der Laufzeit, siehe oben.",
        "Benutzerordner: In /home/zoë lässt sich schreiben.",
        "Platte: 12 GB sind frei.",
    ):
        assert words in shown
    report = ui.report_text()
    for finding in findings:
        assert f"[{finding.state}] {finding.check}: {finding.text}" in report
    examination.running, examination.current = True, "Memory"
    assert "Wird geprüft: Speicher …" in said(ui.LATTE3D_PT_setup)


def test_why_a_runtime_cannot_be_had_is_german(german_blender: Extension, monkeypatch: pytest.MonkeyPatch) -> None:
    ui: ModuleType = german_blender.runtime_ui
    refusal = (
        "LATTE3D is not supported on linux-riscv64, because its packages are made for linux-x64 only: use one of those."
    )
    monkeypatch.setattr(ui, "found", ui.Found(Path("/nowhere"), refusal=refusal))
    with pytest.raises(RuntimeError, match="Auf linux-riscv64 läuft LATTE3D nicht"):
        bpy.ops.latte3d.install_runtime(filepath="/nowhere")
    assert "Auf linux-riscv64 läuft LATTE3D nicht" in said(ui.LATTE3D_PT_runtime)
