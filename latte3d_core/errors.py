"""Everything that can go wrong on purpose, in one hierarchy.

Every message is one sentence that says what happened and what to do about it, fit to be shown to an
artist as it is. The command line prints it and exits with 1; Blender reports it. Anything that is not a
``Latte3DError`` is a bug and keeps its traceback.
"""


class Latte3DError(Exception):
    """Base of all errors a user can meet and mend."""


class PromptError(Latte3DError):
    """The prompt is empty, too long or holds nothing that can be read as text."""


class SettingError(Latte3DError):
    """A number or a choice lies outside its range."""


class CheckpointError(Latte3DError):
    """A model file is missing, truncated, altered, foreign or of a newer format."""


class AssetError(Latte3DError):
    """An asset or a manifest line cannot be used."""


class OutputError(Latte3DError):
    """A result cannot be written where it was asked for."""


class DependencyError(Latte3DError):
    """A package that this step needs is not installed."""


class SurfaceError(Latte3DError):
    """The field holds no surface that a mesh could be made of."""


class Cancelled(Exception):
    """Raised inside the core when the listener asked to stop. Not an error: nothing went wrong."""
