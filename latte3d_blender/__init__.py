"""LATTE3D for Blender: textured objects from a line of text.

This file only registers. The submodules are imported inside ``register``, so that build tools and tests can import
those without bpy (``jobs``, ``worker``, ``prepare``, ``png``, ``packing``) from this package. Neither ``latte3d_core``
nor torch is imported here: the worker does that at the first press of Generate.
"""


def register() -> None:
    """Add the classes, the scene's settings and the handlers. Called by Blender when the extension is enabled."""
    from . import operators, panels, preferences, properties, session, timer

    properties.register()
    preferences.register()
    operators.register()
    panels.register()
    session.open_session()
    timer.register()


def unregister() -> None:
    """Undo ``register`` in reverse order; stops a running job and waits for its thread."""
    from . import operators, panels, preferences, properties, session, timer

    timer.unregister()
    session.close_session()
    panels.unregister()
    operators.unregister()
    preferences.unregister()
    properties.unregister()
