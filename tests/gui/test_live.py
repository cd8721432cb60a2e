"""Live in Blender's window: the preview follows the keys before Enter, and a slider before the mouse lets go."""

from __future__ import annotations

import pytest
from window import Window

pytestmark = pytest.mark.gui


def see(window: Window, size: float) -> None:
    """Wait for a preview of this size, in metres."""
    sizes = "[max(obj.dimensions) for obj in bpy.data.objects if obj.name == 'LATTE3D Preview']"
    window.wait_for(f"[size for size in {sizes} if abs(size - {size}) < 1e-4]")


@pytest.fixture
def live(window: Window) -> Window:
    window.use_looks()
    window.run("bpy.context.scene.latte3d.prompt, bpy.context.scene.latte3d.alpha = 'a ball', 0.25")
    return window


def test_it_follows_every_key(live: Window) -> None:
    """The stand-in's preview is a decimetre tall for each letter of the prompt."""
    live.press("latte3d.live")
    see(live, 0.6025)
    x, y = live.find("a ball")
    live.click(x, y)
    live.key("End")
    live.type("oo")
    see(live, 0.8025)
    live.type("n")
    see(live, 0.9025)
    live.key("BackSpace", "BackSpace")
    see(live, 0.7025)
    live.key("Escape")  # gives up what was typed, and the preview goes back
    see(live, 0.6025)
    live.fill("a ball", "a big balloon")
    see(live, 1.3025)
    live.press("latte3d.generate")
    live.wait_for("[obj.name for obj in bpy.data.objects] == ['a big balloon']")
    live.fill("a big balloon", "a cup")
    see(live, 0.5025)
    live.press("latte3d.live")
    live.wait_for("[obj.name for obj in bpy.data.objects] == ['a big balloon']")


def test_it_follows_a_slider_that_is_dragged(live: Window) -> None:
    live.press("latte3d.live")
    see(live, 0.6025)
    x, y = live.find("0.25")
    with live.held(x, y):
        seen = [live.ask("bpy.context.scene.latte3d.alpha")]
        for step in range(1, 4):
            live.move(x + 12 * step, y)
            alpha = live.ask("bpy.context.scene.latte3d.alpha")
            see(live, 0.6 + alpha / 100)
            seen.append(alpha)
        assert seen[-1] != seen[0], "the mouse is still down"
    live.press("latte3d.live")
    live.wait_for("not bpy.data.objects")


def test_it_follows_the_blend(live: Window) -> None:
    live.new_file("blend")
    live.use_looks()
    live.run("""
        bpy.context.scene.latte3d.prompt = "a ball"
        bpy.context.scene.latte3d_blend.prompt_b, bpy.context.scene.latte3d_blend.factor = "an egg", 0.125
    """)
    live.run("bpy.ops.latte3d.live(mode='BLEND')")
    see(live, 1.0125)
    x, y = live.find("0.125")
    with live.held(x, y):
        for step in range(1, 4):
            live.move(x + 12 * step, y)
        factor = live.ask("bpy.context.scene.latte3d_blend.factor")
        assert factor != 0.125
        see(live, 1.0 + factor / 10)
