"""The extension's page in the window of Blender's preferences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from window import ROOT, Window

pytestmark = pytest.mark.gui

#: An expression for Blender: where the window of the preferences is on the screen, y downwards; None without one.
FRAME = """next((
    [window.x, view()[0].height - window.y - window.height, window.width, window.height]
    for window in bpy.context.window_manager.windows if window.screen.areas[0].type == "PREFERENCES"
), None)"""

#: An expression for Blender: the job that ended last, if it was an import, as its state and message.
IMPORTED = """(lambda job: job and type(job.task).__name__ == "ImportModelTask" and [job.state.value, job.message])(
    jobs().last)"""


@dataclass(frozen=True)
class Page:
    """The open page.

    Attributes:
        frame: left, top, width and height of its window on the screen.
    """

    window: Window
    frame: tuple[int, int, int, int]

    def press(self, button: str, column: float = 0.6) -> None:
        """Click the first widget that copies ``button``; ``column`` is where across the window to look, in [0, 1]."""
        left, top, width, height = self.frame
        for y in range(top + 90, top + height, 14):
            if button in self.window.copied(left + column * width, y):
                self.window.click(left + column * width, y)
                return
        raise AssertionError(f"no button {button} in the preferences")

    def shot(self, name: str) -> None:
        left, top, width, height = self.frame
        self.window.shot(name, (left, top, left + width, top + height))


@pytest.fixture(scope="module")
def opened_page(real_session: Window) -> Iterator[Page]:
    window = real_session
    window.new_file()
    window.run("""
        bpy.context.preferences.active_section = "ADDONS"
        def show():
            with bpy.context.temp_override(window=view()[0]):
                bpy.ops.screen.userpref_show()
        later(show)
    """)
    left, top, width, height = window.wait_for(FRAME)
    window.settle()
    window.fill_at(left + 0.45 * width, top + 17, "LATTE3D")
    window.click(left + 183, top + 53)  # the triangle of the only add-on that is left
    yield Page(window, (left, top, width, height))
    window.run("""
        def close():
            for other in bpy.context.window_manager.windows:
                if other.screen.areas[0].type == "PREFERENCES":
                    with bpy.context.temp_override(window=other):
                        bpy.ops.wm.window_close()
        later(close)
    """)
    window.wait_for(f"not {FRAME}")


@pytest.fixture
def page(opened_page: Page) -> Page:
    opened_page.window.run("""
        jobs().clear_finished()
        module("preferences").choose_model(bpy.context, "")
    """)
    return opened_page


def test_a_model_that_cannot_be_imported_says_so_beside_the_button(page: Page) -> None:
    window = page.window
    (window.scratch / "broken.safetensors").write_bytes(b"no model")
    page.press("latte3d.import_model")
    window.choose_folder(window.scratch, file="broken.safetensors")
    state, message = window.wait_for(IMPORTED)
    assert state == "failed"
    page.shot("preferences_import_failed")
    window.run("bpy.context.window_manager.clipboard = ''")
    page.press("latte3d.copy_report")
    assert message in window.wait_for("bpy.context.window_manager.clipboard")


def test_a_model_is_imported_and_chosen(page: Page) -> None:
    window = page.window
    page.press("latte3d.import_model")
    window.choose_folder(ROOT / "latte3d_core" / "weights", file="small.safetensors")
    assert window.wait_for(IMPORTED) == ["done", "The model “small” is imported and chosen"]
    page.shot("preferences_imported")
    assert window.ask("module('preferences').read(bpy.context)[1]").endswith("small.safetensors")
    page.press("latte3d.free_memory")
    assert "The memory of the model is free" in window.reports()
