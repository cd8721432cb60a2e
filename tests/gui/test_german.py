"""German in a full Blender: the panels, a job that fails, the setup check. Blender as a module has no languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from window import Window

pytestmark = pytest.mark.gui

#: An expression for Blender: the setup check.
CHECK = "module('doctor_ui').examination()"

#: Where Blender looks up the names of the extension's classes, and those of its settings.
CONTEXTS = """{
    **{
        name: getattr(bpy.types, name).bl_rna.translation_context
        for name in dir(bpy.types) if name.startswith(("LATTE3D_OT_", "LATTE3D_PT_", "LATTE3D_MT_"))
    },
    **{prop.identifier: prop.translation_context for prop in bpy.context.scene.latte3d.bl_rna.properties
       if prop.identifier in ("prompt", "seed", "alpha", "faces", "texture_size", "unwrap")},
}"""

#: Names of checks that are others in German.
ENGLISH = {"Folders", "Disk", "Memory", "Copies", "Packages", "Device", "Model", "Package torch"}


@pytest.fixture
def german(window: Window) -> Iterator[Window]:
    """Blender in German; afterwards in the language that it had."""
    window.hear("panels", "doctor_ui")
    with window.german():
        yield window
    assert window.ask("module('translations').tr('Generate')") == "Generate"


def retold(window: Window, text: str) -> str:
    return str(window.ask(f"module('translations').retold({text!r})"))


def test_the_panels(german: Window) -> None:
    told = german.said()
    assert "Auf Englisch eintippen, was entstehen soll, dann Erzeugen drücken." in told
    # What Blender's own German has other words for.
    names = "Unwrap", "Fast", "History", "Search", "Disk"
    assert german.ask(f"[module('translations').tr(name) for name in {names!r}]") == [
        "Abwickeln", "Schnell", "Verlauf", "Suchen", "Platte",
    ]  # fmt: skip
    contexts = german.ask(CONTEXTS)
    assert set(contexts.values()) == {"LATTE3D"}, contexts
    german.shot("german", "sidebar")
    german.new_file("stylize", "variations")
    german.shot("german_stylize", "sidebar")
    german.new_file("blend", "refine", "populate")
    german.shot("german_populate", "sidebar")


def test_sentences_that_are_made_elsewhere(german: Window) -> None:
    assert retold(german, "12 GB are free.") == "12 GB sind frei."
    assert retold(german, "The prompt has 900 characters; shorten it to 500 or fewer.") == (
        "Der Prompt hat 900 Zeichen; auf höchstens 500 kürzen."
    )
    assert retold(german, "The seed must lie between 0 and 9, not 12. Read as: a car") == (
        "Zwischen 0 und 9 muss der Startwert liegen, nicht bei 12. Gelesen als: a car"
    )
    assert retold(german, "Nobody has translated this.") == "Nobody has translated this."


@pytest.mark.parametrize(
    ("backend", "prompt", "english", "said"),
    [
        (
            "ThreadBackend",
            "CRASH",
            "LATTE3D met an unexpected fault (ZeroDivisionError): ",
            "LATTE3D ist auf einen unerwarteten Fehler gestoßen (ZeroDivisionError): ",
        ),
        (
            "ProcessBackend",
            "DIE",
            "The separate process of LATTE3D ended unexpectedly (exit status 7), ",
            "Der eigene Prozess von LATTE3D endete unerwartet (Status 7), ",
        ),
    ],
    ids=["crash", "die"],
)
def test_a_job_that_fails(german: Window, backend: str, prompt: str, english: str, said: str) -> None:
    """German in the panel; in the report, which goes to the authors, it stays English."""
    german.use_stand_in(backend)
    german.fill("a red sports car", prompt)
    german.press("latte3d.generate")
    german.wait_for("jobs().last and jobs().last.state.value == 'failed'")
    assert said in german.said()
    german.shot(f"german_{prompt.lower()}", "sidebar")
    german.press("latte3d.copy_report")
    assert english in german.wait_for("bpy.context.window_manager.clipboard")


def test_a_result_that_waits_names_the_mode_as_blender_does(german: Window) -> None:
    """And the report about it stays English."""
    german.run("""
        bpy.ops.mesh.primitive_cube_add()
        bpy.ops.object.mode_set(mode="EDIT")
    """)
    german.fill("a red sports car", "an egg")
    german.press("latte3d.generate")
    german.wait_for("jobs().waiting")
    assert "„an egg“ ist fertig und wartet, bis der Bearbeitungsmodus verlassen ist." in german.said()
    german.shot("german_waiting", "sidebar")
    german.press("latte3d.insert")
    german.wait_for("not jobs().waiting")
    assert "„an egg“: 2,208 Flächen in " in german.said()
    german.run("bpy.ops.latte3d.copy_report()")  # where all went well there is no button
    assert "“an egg”: 2,208 faces in " in german.wait_for("bpy.context.window_manager.clipboard")


def test_the_setup_check(german: Window) -> None:
    german.new_file("setup")
    german.press("latte3d.check_setup", upwards=True)
    german.wait_for(f"{CHECK} and not {CHECK}.running")
    told = german.said()
    rows = german.ask(f"[module('doctor_ui').row_text(finding) for finding in {CHECK}.findings]")
    assert len(rows) > 5 and all(row in told for row in rows)
    assert not [row for row in rows if row.partition(":")[0] in ENGLISH]
    german.point_at_view()  # Blender keeps a button that was grey under the pointer so until that leaves it
    german.shot("german_setup", "sidebar")
    # The report for the authors stays English.
    report = german.ask("module('doctor_ui').report_text()")
    assert "] Disk: " in report and " are free" in report
