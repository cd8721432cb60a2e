"""Writing a textured mesh as one binary glTF 2.0 file (.glb), with nothing but NumPy and Pillow.

glTF and the core share the frame (+Y up, front +Z) and the winding; the file is in metres and stands on the ground.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import secrets
import struct
from pathlib import Path
from typing import Any

import numpy as np

from latte3d_core.errors import DependencyError, OutputError
from latte3d_core.mesh import geometry
from latte3d_core.mesh.types import TexturedMesh

#: Numbers that the glTF 2.0 specification gives a meaning.
_FLOAT, _UNSIGNED_INT = 5126, 5125
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963
_LINEAR, _LINEAR_MIPMAP_LINEAR, _CLAMP_TO_EDGE = 9729, 9987, 33071
_MAGIC, _JSON_CHUNK, _BIN_CHUNK = 0x46546C67, 0x4E4F534A, 0x004E4942


def to_metres(vertices: np.ndarray, size_m: float) -> np.ndarray:
    """Core vertices (V, 3) in metres: the largest dimension is ``size_m``, the base's centre is at the origin.

    Returns:
        (V, 3) float32, +Y up, front +Z, lowest y = 0.
    """
    place = vertices.astype(np.float64)
    low, high = place.min(axis=0), place.max(axis=0)
    base = np.array([(low[0] + high[0]) / 2.0, low[1], (low[2] + high[2]) / 2.0])
    return ((place - base) * (size_m / max(float((high - low).max()), 1e-9))).astype(np.float32)


def _png(image: np.ndarray) -> bytes:
    try:
        from PIL import Image
    except ImportError as error:
        raise DependencyError(
            "The package pillow, which writes textures, is not installed; run: pip install pillow"
        ) from error
    stream = io.BytesIO()
    # Level 3 is four times as quick as the default 6, for a file a few per cent larger.
    Image.fromarray(image).save(stream, "PNG", compress_level=3)
    return stream.getvalue()


class _Buffer:
    """The file's binary chunk and the views into it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, data: bytes, **extra: Any) -> int:
        """Append bytes at a multiple of 4; the number of their view."""
        self.data += b"\0" * (-len(self.data) % 4)
        self.views.append({"buffer": 0, "byteOffset": len(self.data), "byteLength": len(data), **extra})
        self.data += data
        return len(self.views) - 1

    def add_array(self, array: np.ndarray, kind: str, target: int, bounds: bool = False) -> int:
        """Append an array (N, k) of float32 or uint32; the number of its accessor."""
        view = self.add(array.astype(array.dtype.newbyteorder("<")).tobytes(), target=target)
        component = _FLOAT if array.dtype == np.float32 else _UNSIGNED_INT
        accessor: dict[str, Any] = {"bufferView": view, "componentType": component, "count": len(array), "type": kind}
        if bounds:
            accessor |= {"min": array.min(axis=0).tolist(), "max": array.max(axis=0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def _encode(textured: TexturedMesh) -> bytes:
    """The bytes of the whole file."""
    # glTF knows one UV per vertex: split where a vertex has several.
    uv = textured.uvs.reshape(-1, 2).astype(np.float32)
    index = textured.faces.ravel()
    order = np.lexsort((uv[:, 1], uv[:, 0], index))
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (index[order][1:] != index[order][:-1]) | (uv[order][1:] != uv[order][:-1]).any(axis=1)
    corner = np.empty(len(order), dtype=np.uint32)
    corner[order] = np.cumsum(fresh) - 1
    first = order[fresh]  # one face corner for each vertex of the file
    vertices = to_metres(textured.vertices, textured.size_m)
    normals = geometry.vertex_normals(textured.mesh)

    buffer = _Buffer()
    attributes = {
        "POSITION": buffer.add_array(vertices[index[first]], "VEC3", _ARRAY_BUFFER, bounds=True),
        "NORMAL": buffer.add_array(normals[index[first]], "VEC3", _ARRAY_BUFFER),
        "TEXCOORD_0": buffer.add_array(
            np.stack([uv[first, 0], 1.0 - uv[first, 1]], axis=1).astype(np.float32), "VEC2", _ARRAY_BUFFER
        ),
    }
    indices = buffer.add_array(corner, "SCALAR", _ELEMENT_ARRAY_BUFFER)
    images = [("base_color", textured.base_color)]
    material: dict[str, Any] = {
        "name": textured.name,
        "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0.0, "roughnessFactor": 0.8},
    }
    if textured.normal_map is not None:
        images.append(("normal", textured.normal_map))
        material["normalTexture"] = {"index": 1}
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "LATTE3D for Blender", "extras": dict(textured.provenance)},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": textured.name, "mesh": 0, "extras": dict(textured.provenance)}],
        "meshes": [
            {
                "name": textured.name,
                "primitives": [{"attributes": attributes, "indices": indices, "material": 0}],
            }
        ],
        "materials": [material],
        "images": [
            {"name": f"{textured.name} {name}", "mimeType": "image/png", "bufferView": buffer.add(_png(image))}
            for name, image in images
        ],
        "textures": [{"source": i, "sampler": 0} for i in range(len(images))],
        "samplers": [
            {
                "magFilter": _LINEAR,
                "minFilter": _LINEAR_MIPMAP_LINEAR,
                "wrapS": _CLAMP_TO_EDGE,
                "wrapT": _CLAMP_TO_EDGE,
            }
        ],
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [{"byteLength": len(buffer.data)}],
    }
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    binary = bytes(buffer.data) + b"\0" * (-len(buffer.data) % 4)
    chunks = struct.pack("<II", len(text), _JSON_CHUNK) + text + struct.pack("<II", len(binary), _BIN_CHUNK) + binary
    return struct.pack("<III", _MAGIC, 2, 12 + len(chunks)) + chunks


def _write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` entirely or not at all: to a temporary name beside it first, then renamed."""
    half = path.with_name(f".{path.stem[:40]}-{secrets.token_hex(4)}.part")
    try:
        with half.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError as error:
        raise OutputError(_reason(path, error)) from error
    finally:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            half.unlink(missing_ok=True)


def _reason(path: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"The disk is full, so {path.name} could not be saved in {path.parent}; free some space and try again."
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return f"{path} cannot be written because the folder is protected; choose another place."
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return f"{path} cannot be written because there is no folder {path.parent}; make it or choose another place."
    if isinstance(error, IsADirectoryError):
        return f"{path} cannot be written because it is a folder; choose another name."
    return f"{path} could not be written ({error.strerror or error}); choose another place."


def save_glb(textured: TexturedMesh, path: str | Path) -> Path:
    """Write a textured mesh as .glb: metres, +Y up, standing on y = 0, textures embedded as PNG.

    Arguments:
        textured: the mesh; its provenance goes into the file's ``asset.extras`` and the node's ``extras``.
        path: the file, ending in .glb; its folder exists.

    Returns:
        the path.

    Raises:
        OutputError: another suffix, or the file cannot be written; nothing half-written stays behind, and a file
            that was there before is untouched. DependencyError: Pillow is not installed.
    """
    path = Path(path)
    if path.suffix.lower() != ".glb":
        raise OutputError(f"Models are saved as .glb, so {path.name!r} does not fit; choose a name that ends in .glb.")
    if not len(textured.faces):
        raise OutputError("The mesh has no faces, so there is nothing to save.")
    _write_whole(path, _encode(textured))
    return path
