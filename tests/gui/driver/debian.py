"""A Debian in a folder of its own, with Blender, Xvfb, openbox and xdotool in it, for systems that have none.

It takes root rights, debootstrap and unshare, 330 MB from the Debian mirror that apt uses already, 1.5 GB of disk space
and two minutes. Nothing stays mounted: each command runs in a mount namespace of its own, so the folder can be deleted
at any time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

#: With numpy, without which half of Blender's own add-ons fail, and with what Blender 5 asks for at its start.
PACKAGES = (
    "blender", "python3-numpy", "python3-zstandard", "python3-requests", "python3-cattr", "xvfb", "openbox", "xdotool",
    "libgl1", "libgl1-mesa-dri", "libegl1", "libegl-mesa0", "fonts-dejavu-core", "ca-certificates",
)  # fmt: skip

#: What dpkg leaves out. Of all languages only Blender's German is needed.
SKIPPED = """path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
path-include=/usr/share/locale/languages
path-include=/usr/share/locale/de/LC_MESSAGES/blender.mo
"""

#: Free disk space in bytes without which nothing is begun.
SPACE = 3e9

#: In the folder for as long as it is unfinished.
UNFINISHED = "latte3d-unfinished"

_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

#: Mounts what a system needs and the folders to be shown, then becomes the command. Arguments: root, folders, --,
#: command.
_ENTER = """
root=$1
shift
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys" 2>/dev/null || true
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
    mkdir -p "$root$1"
    mount --rbind "$1" "$root$1"
    shift
done
shift
exec chroot "$root" "$@"
"""


class DebianError(Exception):
    """It cannot be made; the message says why."""


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "latte3d-gui"


def ready(root: Path) -> bool:
    return (root / "usr" / "bin" / "blender").exists() and not (root / UNFINISHED).exists()


def inside(root: Path, command: Sequence[str], *shown: Path) -> list[str]:
    """The command line that runs ``command`` in the Debian.

    Arguments:
        shown: folders of this system that are seen there under the same path; the first is the current one.
    """
    variables = ["HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    proxies = ("http_proxy", "https_proxy", "no_proxy")
    variables += [f"{name}={os.environ[name]}" for name in proxies if name in os.environ]
    folders = [str(folder.resolve()) for folder in shown]
    enter = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", _ENTER, "sh", str(root), *folders, "--"]
    return [*enter, "env", "--ignore-environment", f"--chdir={(folders or ['/'])[0]}", *variables, *command]


def make(root: Path, suite: str) -> None:
    """Make the Debian; an unfinished one is made anew.

    Raises:
        DebianError: something is missing, or a step fails.
    """
    mirror = check(root)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    (root / UNFINISHED).touch()
    # A suite that is newer than debootstrap is made as the newest one that it knows.
    known = Path("/usr/share/debootstrap/scripts")
    script = known / (suite if (known / suite).exists() else "sid")
    words = ["debootstrap", "--variant=minbase", "--include=ca-certificates", f"--keyring={_KEYS}"]
    _run(["unshare", "--mount", "--propagation", "private", *words, suite, str(root), mirror, str(script)], root)
    (root / "usr" / "sbin" / "policy-rc.d").write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")  # start no service
    (root / "usr" / "sbin" / "policy-rc.d").chmod(0o755)
    (root / "etc" / "mtab").unlink(missing_ok=True)
    (root / "etc" / "mtab").symlink_to("/proc/self/mounts")  # Blender asks there which disks there are
    (root / "etc" / "resolv.conf").write_bytes(Path("/etc/resolv.conf").read_bytes())
    (root / "etc" / "apt" / "apt.conf.d" / "90latte3d").write_text(_apt_settings(), encoding="utf-8")
    (root / "etc" / "dpkg" / "dpkg.cfg.d" / "latte3d").write_text(SKIPPED, encoding="utf-8")
    _run(inside(root, ["apt-get", "update", "-q"]), root)
    install = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-qy", "--no-install-recommends"]
    _run(inside(root, [*install, *PACKAGES]), root)
    _run(inside(root, ["apt-get", "clean"]), root)
    (root / "tmp" / ".X11-unix").mkdir(exist_ok=True)
    (root / "tmp" / ".X11-unix").chmod(0o1777)
    (root / UNFINISHED).unlink()


def check(root: Path) -> str:
    """The mirror's address, if everything is there that ``make`` needs.

    Raises:
        DebianError: something is missing.
    """
    if os.getuid() != 0:
        raise DebianError("it takes root rights.")
    for program in ("debootstrap", "unshare", "chroot", "apt-config", "apt-get"):
        if not shutil.which(program):
            raise DebianError(f"{program} is missing.")
    if not _KEYS.exists():
        raise DebianError("the package debian-archive-keyring is missing.")
    mounting = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        raise DebianError("mount namespaces are not allowed here.")
    if root.exists() and any(root.iterdir()) and not (root / UNFINISHED).exists():
        raise DebianError(f"{root} holds something else: name another folder in LATTE3D_GUI_ROOT.")
    above = next(folder for folder in (root, *root.parents) if folder.exists())
    if shutil.disk_usage(above).free < SPACE:
        raise DebianError(f"{SPACE / 1e9:.0f} GB of free disk space are needed in {above}.")
    # apt knows its sources best, in whatever format they are written.
    listed = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    addresses = subprocess.run(listed, capture_output=True, text=True, check=False).stdout.split()
    mirror = next((address for address in addresses if address.rstrip("/").endswith("/debian")), "")
    if not mirror:
        raise DebianError("apt's sources name no Debian mirror.")
    return mirror


def _apt_settings() -> str:
    """The settings of this system's apt without which its mirror cannot be reached or is refused."""
    lines = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False).stdout.splitlines()
    kept = ("Acquire::Check-Valid-Until ", "Acquire::http::Proxy", "Acquire::https::Proxy")
    return "".join(f"{line}\n" for line in lines if line.startswith(kept))


def _run(command: Sequence[str], root: Path) -> None:
    log = root.with_name(f"{root.name}.log")
    with log.open("ab") as sink:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, check=False)
    if done.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        told = [line for line in lines if line.startswith(("E: ", "W: "))] or lines
        raise DebianError(f"{(told or ['a step fails'])[-1].removeprefix('E: ').rstrip('.')} (all of it in {log}).")
