"""Stand-ins for the runtime: two tiny packages, their list, and a server on this machine that has their wheels.

Nothing here needs Blender. (A test module must not be imported by another: it would run twice.)
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from latte3d_blender import runtime_pack
from latte3d_blender.runtime_pack import PackedWheel, RuntimePack

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def wheel_bytes(name: str, version: str, files: dict[str, bytes] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{name}/__init__.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{name}-{version}.dist-info/METADATA", f"Name: {name}\nVersion: {version}\n")
        for inner, data in (files or {}).items():
            archive.writestr(inner, data)
    return buffer.getvalue()


#: Two packages with names that no one else has; the second one is larger than a few network packets.
CONTENT = {
    "latte_alpha-1.0-py3-none-any.whl": wheel_bytes("latte_alpha", "1.0"),
    "latte_beta-2.0-py3-none-any.whl": wheel_bytes(
        "latte_beta", "2.0", {"latte_beta/data.bin": bytes(range(256)) * 4000}
    ),
}


def _unpacked(wheel: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def make_pack(content: Mapping[str, bytes] | None = None, accelerator: str = "cpu", python: str = HERE) -> RuntimePack:
    wheels = tuple(
        PackedWheel(name, hashlib.sha256(data).hexdigest(), len(data), _unpacked(data), "MIT")
        for name, data in sorted((content or CONTENT).items())
    )
    return RuntimePack(runtime_pack.this_platform(), python, accelerator, wheels)


PACK = make_pack()


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with the wheels, and one that is not asked for."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, data in CONTENT.items():
        (folder / name).write_bytes(data)
    (folder / "other-1.0-py3-none-any.whl").write_bytes(b"something else")
    return folder


class Server(ThreadingHTTPServer):
    """Serves files by their names; what it does wrong is set per test."""

    daemon_threads = True

    def __init__(self, content: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str | None]] = []
        self.break_after: list[int] = []  # bytes after which the next answers break off
        self.ranges = True
        self.content = dict(content)
        self.slow_from: int | None = None  # byte of a file from which on it hardly moves, until ``quick`` is set
        self.quick = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/runtime/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        name = self.path.rpartition("/")[2]
        self.server.requests.append((name, wanted))
        data = self.server.content.get(name)
        if data is None:
            self.send_error(404)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.server.ranges else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = start + self.server.break_after.pop(0) if self.server.break_after else len(data)
        with contextlib.suppress(ConnectionError):  # of a Blender that has cancelled
            while self.server.slow_from is not None and start < end and not self.server.quick.is_set():
                step = max(1, self.server.slow_from - start)
                self.wfile.write(data[start : min(start + step, end)])
                start += step
                self.server.quick.wait(0.05)
            self.wfile.write(data[start:end])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving(content: Mapping[str, bytes] = CONTENT) -> Iterator[Server]:
    """A server of files, by their names, on a thread of its own."""
    served = Server(content)
    thread = threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.quick.set()
        served.shutdown()
        served.server_close()
        thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(runtime_pack, "PAUSE", 0.0)
    # A proxy of the system's would not find a server on this machine.
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as served:
        yield served
