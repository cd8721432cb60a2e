"""The texts of the interface in other languages. English is in the code, where the texts are used.

Blender looks names, tooltips, labels and whole reports up by itself. A sentence that is put together goes through
``tr`` first, with its gaps in braces: ``tr("{count} jobs").format(count=3)``.

What is said on the worker, in ``Task.run`` and by the core, stays English: nothing there may ask Blender.

No bpy at the top, see ``tasks``.
"""

import sys
from typing import Any

from .german import GERMAN

#: Blender's language codes, with the texts. Some versions name the country, some do not.
LANGUAGES = {"de_DE": GERMAN, "de": GERMAN}

#: Blender looks names of operators up in a context of their own.
CONTEXTS = ("*", "Operator")


def tr(text: str) -> str:
    """``text`` in the language of the interface; as it is where there is no translation. On the main thread only."""
    # Looked up, not imported: a process without Blender is not to load one.
    bpy: Any = sys.modules.get("bpy")
    return text if bpy is None else bpy.app.translations.pgettext_iface(text)


def table() -> dict[str, dict[tuple[str, str], str]]:
    """All texts, as ``bpy.app.translations.register`` wants them."""
    return {
        language: {(context, text): translated for text, translated in texts.items() for context in CONTEXTS}
        for language, texts in LANGUAGES.items()
    }


def register() -> None:
    import bpy

    bpy.app.translations.register(__package__, table())


def unregister() -> None:
    import bpy

    bpy.app.translations.unregister(__package__)
