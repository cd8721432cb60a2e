"""Unwrap one mesh with xatlas, in a process of its own.

Started by ``unwrap.py`` as a file, isolated (``python -I``), so it imports nothing of this project and is told where
its packages are:

    python -I xatlas_worker.py IN.npz OUT.npy RESOLUTION PADDING PATH...

IN.npz holds ``vertices`` (V, 3) float32 and ``faces`` (F, 3) uint32; OUT.npy receives (F, 3, 2) float32 texel
coordinates divided by the atlas's longer side. PATH... are folders to import numpy and xatlas from.
"""

import sys
from pathlib import Path


def main(source: str, target: str, resolution: str, padding: str, *paths: str) -> None:
    sys.path.extend(paths)
    import numpy as np
    import xatlas

    with np.load(source) as data:
        vertices, faces = data["vertices"], data["faces"]
    atlas = xatlas.Atlas()
    atlas.add_mesh(vertices, faces)
    options = xatlas.PackOptions()
    options.resolution = int(resolution)
    options.padding = int(padding)
    options.bilinear = True
    options.blockAlign = True
    atlas.generate(pack_options=options)
    _, corners, uvs = atlas.get_mesh(0)
    uvs = uvs * np.array([atlas.width, atlas.height], dtype=np.float32) / max(atlas.width, atlas.height)
    # Written beside the target and renamed, so that the parent never reads half a file.
    half = Path(target).with_suffix(".part.npy")
    np.save(half, uvs[corners].astype(np.float32))
    half.replace(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
