"""LATTE3D for Blender: textured objects from a line of text.

This file only registers. The submodules are imported inside ``register``, so that build tools, tests and the separate
process can import those without bpy from this package. Neither ``latte3d_core`` nor torch is imported here: the worker
does that at its first job.
"""

import atexit
from importlib import import_module

#: The modules that register something, in this order; each has ``register()`` and ``unregister()``. A feature adds its
#: own line before "jobs_panel" and touches no other shared file.
MODULES = (
    "translations",
    "properties",
    "preferences",
    "session",
    "operators",
    "job_operators",
    "panels",
    "variants",
    "stylize_ui",
    "style_ui",
    "thumbnails",
    "variations_ui",
    "live_ui",
    "blend_ui",
    "refine_ui",
    "populate_ui",
    "history_ui",
    "history_files",
    "models_ui",
    "runtime_ui",
    "doctor_ui",
    "assets_ui",
    "menus_ui",
    "command_line",
    "jobs_panel",
    "timer",
)


def register() -> None:
    """Add the classes, the settings and the handlers. Called by Blender when the extension is enabled."""
    import bpy

    from .translations import claim

    for name in MODULES:
        module = import_module(f".{name}", __package__)
        claim(getattr(module, "CLASSES", ()))
        module.register()
    if not bpy.app.binary_path:
        # A process that has Blender as a module never ends while Blender holds a Python function or class.
        atexit.register(unregister)


def unregister() -> None:
    """Undo ``register`` in reverse order; stops a running job and waits for its worker. Does nothing if that is done:
    as a module, Blender disables at its exit what took itself out just before."""
    import bpy

    atexit.unregister(unregister)
    if not hasattr(bpy.types, "LATTE3D_PT_main"):
        return
    for name in reversed(MODULES):
        import_module(f".{name}", __package__).unregister()
