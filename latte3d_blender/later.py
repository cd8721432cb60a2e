"""NumPy, imported at its first use: enabling the extension should cost next to nothing, and where nothing else has
imported it yet NumPy alone takes a tenth of a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["np"]

if TYPE_CHECKING:
    import numpy as np
else:

    class _Later:
        """Stands for the module until something is asked of it."""

        def __getattr__(self, name: str) -> Any:
            import numpy

            value = getattr(numpy, name)
            setattr(self, name, value)
            return value

    np = _Later()
