"""The runtime that the lean zip of the extension lacks: what is there, and the buttons that install and remove it."""

from __future__ import annotations

import importlib
import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, StringProperty

from . import doctor, preferences, runtime_pack, session, storage, timer
from .panels import SidebarPanel, letters, wrapped
from .runtime_pack import Listener, RuntimePack, RuntimePackError
from .runtime_work import Installation
from .translations import english, retold, tr

log = logging.getLogger(__name__)

#: Width of the dialog before a download, at a scale of 1.
DIALOG = 500

#: What the progress bar says in each stage.
STAGES = {
    "download": "Downloading {done} of {total} MB",
    "copy": "Copying {done} of {total} MB",
    "check": "Checking {done} of {total} MB",
    "unpack": "Unpacking {done} of {total} MB",
}


@dataclass(frozen=True)
class Found:
    """What ``look`` found, for drawing, which must not look at files.

    Attributes:
        home: the extension's folder of the user; None where it is no extension, as when its modules are registered by
            hand: then there is no runtime.
        packs: the runtimes for this Blender, the smallest first; none in a full zip, which needs none.
        refusal: why there is none for this Blender, in a sentence.
        site: the folder of the runtime in use.
        current: it is one of ``packs``, not one of an older extension.
        fetched: bytes of the first pack that a download has left behind.
        kept: there is something that can be removed: a runtime, an older one, a download that broke off.
    """

    home: Path | None = None
    packs: tuple[RuntimePack, ...] = ()
    refusal: str = ""
    site: Path | None = None
    current: bool = False
    fetched: int = 0
    kept: bool = False

    @property
    def missing(self) -> bool:
        """Nothing can be generated yet."""
        return bool(self.packs or self.refusal) and self.site is None


@dataclass(frozen=True)
class Outcome:
    """How the last installation or removal ended.

    Attributes:
        text: one sentence, "" if there was none.
        well: it did what it was to do, or was cancelled.
        report: the technical side of a failure.
        restart: it holds only after a restart of Blender.
    """

    text: str = ""
    well: bool = True
    report: str = ""
    restart: bool = False


found = Found()
outcome = Outcome()
#: The newest job when ``outcome`` came about; 0 if there was none.
_job_before = 0
_installation: Installation | None = None
#: Removes at the start what older runtimes left.
_tidying: threading.Thread | None = None


def installation() -> Installation | None:
    """The one that runs; None if none does."""
    return _installation


def look() -> None:
    """Find out anew which runtimes there are for this Blender, and which one is in use."""
    global found
    try:
        # Not ``storage.user_folder``: where that cannot be written it is a temporary one.
        home = Path(bpy.utils.extension_path_user(__package__))
    except ValueError as error:
        log.debug("no user folder: %s", error)
        found = Found()
        return
    site, kept = runtime_pack.active(home), runtime_pack.kept(home)
    try:
        known = runtime_pack.read_packs(Path(__file__).parent)
        packs = runtime_pack.fitting(known) if known else ()
    except RuntimePackError as error:
        found = Found(home, refusal=str(error), site=site, kept=kept)
        return
    current = site is not None and site in [runtime_pack.installed(pack, home) for pack in packs]
    left = runtime_pack.fetched(packs[0], home) if packs else 0
    found = Found(home, packs, "", site, current, left, kept)


def verdict() -> tuple[str, str] | None:
    """(state, sentence) for the setup check; None where no runtime is needed."""
    if found.refusal:
        return doctor.FAULT, found.refusal
    if outcome.restart:
        return doctor.NOTE, tr("The runtime has changed: restart Blender.")
    if found.missing:
        return doctor.FAULT, tr("The packages that generation needs are not here yet: install the runtime.")
    if found.packs and not found.current:
        return doctor.NOTE, tr("The runtime was made for another version of LATTE3D: install the one for this version.")
    return (doctor.OK, tr("The runtime is installed.")) if found.packs else None


def report_lines() -> list[str]:
    """For the report: the runtime, what is in it, and how the last work ended."""
    said = verdict()
    if said is None:
        return []
    lines = [f"Runtime in use: {found.site or 'none'}", f"[{said[0]}] Runtime: {english(said[1])}"]
    for pack in found.packs:
        lines.append(f"Runtime {pack.name}, checksum {pack.digest}, {pack.size} bytes to fetch:")
        lines += [f"  {wheel.file} {wheel.size} {wheel.sha256} {wheel.licence}" for wheel in pack.wheels]
    return [*lines, *filter(None, [english(outcome.text), outcome.report])]


def loaded() -> bool:
    """Whether modules of a runtime are in use in this Blender."""
    files = [vars(module).get("__file__") for module in list(sys.modules.values()) if hasattr(module, "__dict__")]
    named = [file for file in files if isinstance(file, str)]
    return found.home is not None and runtime_pack.loaded_from(found.home, named)


def _begin(operator: bpy.types.Operator, work: Callable[[Listener], Path]) -> set[str]:
    """Start an installation; the return value is the operator's. Without a window this waits for its end."""
    global _installation, outcome
    outcome = replace(outcome, text="", well=True, report="")
    before = _tidying

    def in_turn(listener: Listener) -> Path:
        if before is not None:
            before.join()  # it could take away what is being installed
        return work(listener)

    _installation = Installation(in_turn)
    if not bpy.app.background:
        bpy.app.timers.register(follow, first_interval=0.2, persistent=True)
        return {"FINISHED"}
    _installation.wait()
    _take_in()
    operator.report({"INFO" if outcome.well else "ERROR"}, retold(outcome.text))
    return {"FINISHED" if outcome.well else "CANCELLED"}


def follow() -> float | None:
    """The timer while an installation runs."""
    if _installation is None:
        return None
    if not _installation.running:
        _take_in()
    redraw()
    return 0.2 if _installation is not None else None


def _take_in() -> None:
    """What an installation that has ended means for this Blender."""
    global _installation, _job_before, outcome
    ended, _installation = _installation, None
    if ended is None:
        return
    _job_before = _newest_job()
    if ended.error:
        outcome = Outcome(ended.error, False, ended.report, outcome.restart)
    elif ended.site is None:
        outcome = Outcome(tr("Stopped; what was fetched is kept for the next time."), restart=outcome.restart)
    elif loaded():
        outcome = Outcome(tr("The runtime is installed: restart Blender to use it."), restart=True)
    else:
        _activate()
        outcome = Outcome(tr("The runtime is installed: press Generate."))
    look()


def _activate() -> None:
    if found.home is not None:
        runtime_pack.activate(found.home, sys.path)
    importlib.invalidate_caches()
    jobs = session.jobs()
    if jobs is not None and jobs.active is None:
        jobs.release()  # a separate process knows the path of its start only


def _newest_job() -> int:
    jobs = session.jobs()
    return jobs.jobs[-1].id if jobs is not None and jobs.jobs else 0


def redraw() -> None:
    """Ask for a redraw of the sidebars and of the preferences."""
    timer.redraw()
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()


def _possible(cls: type[bpy.types.Operator]) -> bool:
    """For ``poll``: whether a runtime can be installed; says why not."""
    if _installation is not None:
        cls.poll_message_set(tr("The runtime is being installed: wait, or cancel it"))
    elif found.refusal:
        cls.poll_message_set(retold(found.refusal).rstrip("."))
    elif not found.packs or found.home is None:
        cls.poll_message_set(tr("This LATTE3D brings everything along and needs no runtime"))
    else:
        return True
    return False


def _wanted(name: str) -> RuntimePack | None:
    return next((pack for pack in found.packs if pack.name == name), None)


def _home() -> Path:
    assert found.home is not None, "poll has seen to it"
    return found.home


def _refuses(operator: Any) -> bool:
    """Whether the arguments that both ways of installing share cannot be heeded; reports it."""
    if operator.runtime and _wanted(operator.runtime) is None:
        message = tr("There is no runtime {name}: choose one of {known}.")
        names = ", ".join(pack.name for pack in found.packs)
        operator.report({"ERROR"}, message.format(name=operator.runtime, known=names))
        return True
    if operator.again and loaded():
        operator.report({"ERROR"}, "The runtime is in use: restart Blender, then reinstall it before you generate.")
        return True
    return False


def _runtime() -> Any:
    return StringProperty(
        name="Runtime",
        description="Name of the runtime, as linux-x64-cp311-cpu; empty for the one that fits best",
        options={"SKIP_SAVE"},
        search=lambda operator, context, typed: [pack.name for pack in found.packs],
    )


def _again() -> Any:
    return BoolProperty(
        name="Reinstall",
        description="Install it also if it is there already, in place of the old files",
        options={"SKIP_SAVE"},
    )


class LATTE3D_OT_install_runtime(bpy.types.Operator):
    """Install the packages that generation needs from a folder with their wheels, or from a zip; needs no network"""

    bl_idname = "latte3d.install_runtime"
    bl_label = "Install Runtime"  # the file browser's button has no room for more

    __annotations__ = {
        "filepath": StringProperty(
            name="Folder or Zip",
            description="The folder with the wheels, or the zip of a runtime pack",
            subtype="FILE_PATH",
            options={"SKIP_SAVE"},
        ),
        "filter_glob": StringProperty(
            name="Files",
            description="Names of the files that are shown",
            default="*.zip;*.whl",
            options={"HIDDEN", "SKIP_SAVE"},
        ),
        "runtime": _runtime(),
        "again": _again(),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _possible(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def draw(self, context: bpy.types.Context) -> None:
        """Beside the files."""
        wrapped(self.layout, context, "Choose the zip of the runtime, or open the folder with its wheels.", "INFO")
        draw_choice(self.layout, self, tr("Automatic"))
        if found.current:
            self.layout.prop(self, "again")

    def execute(self, context: bpy.types.Context) -> set[str]:
        if not self.filepath:
            self.report({"ERROR"}, "No folder was given: choose the folder or the zip with the runtime pack.")
            return {"CANCELLED"}
        if _refuses(self):
            return {"CANCELLED"}
        path = Path(bpy.path.abspath(self.filepath))
        source = path.parent if path.suffix == ".whl" else path
        pack = _wanted(self.runtime) or runtime_pack.choose(found.packs, source)
        user, again = _home(), self.again
        return _begin(self, lambda listener: runtime_pack.install_from(pack, source, user, listener, again=again))


class LATTE3D_OT_download_runtime(bpy.types.Operator):
    """Download the packages that generation needs, once you have agreed to their size and licences, and install them"""

    bl_idname = "latte3d.download_runtime"
    bl_label = "Download Runtime"

    __annotations__ = {
        "address": StringProperty(
            name="Address",
            description="Web address of the folder with the wheels; empty for the one in the preferences",
            options={"SKIP_SAVE"},
        ),
        "consent": BoolProperty(
            name="I Agree to Size and Licences",
            description="Nothing is downloaded unless you agree",
            options={"SKIP_SAVE"},
        ),
        "runtime": _runtime(),
        "again": _again(),
    }

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _possible(cls):
            return False
        if not bpy.app.online_access:
            cls.poll_message_set(retold(runtime_pack.OFFLINE).rstrip("."))
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.address:
            self.properties.address = preferences.runtime_address(context)
        return context.window_manager.invoke_props_dialog(self, width=DIALOG, confirm_text=tr("Download"))

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        draw_pack(layout, context, _wanted(self.runtime) or found.packs[0], DIALOG)
        draw_choice(layout, self, found.packs[0].name)
        layout.prop(self, "address", placeholder="https://")
        layout.prop(self, "consent")

    def execute(self, context: bpy.types.Context) -> set[str]:
        address = self.address.strip() or preferences.runtime_address(context)
        if not address:
            self.report({"ERROR"}, "No address was given: enter the web address of the folder with the runtime.")
            return {"CANCELLED"}
        preferences.choose_runtime_address(context, address)  # also where something else is amiss: for the next try
        if _refuses(self):
            return {"CANCELLED"}
        consent, online, again = self.consent, bool(bpy.app.online_access), self.again
        try:
            runtime_pack.check_download(address, consent=consent, online=online)
        except RuntimePackError as error:
            self.report({"ERROR"}, retold(str(error)))
            return {"CANCELLED"}
        pack, user = _wanted(self.runtime) or found.packs[0], _home()

        def work(listener: Listener) -> Path:
            return runtime_pack.download(
                pack, address, user, consent=consent, online=online, listener=listener, again=again
            )

        return _begin(self, work)


class LATTE3D_OT_cancel_runtime(bpy.types.Operator):
    """Stop the installation; what was downloaded is kept for the next time"""

    bl_idname = "latte3d.cancel_runtime"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if _installation is None:
            cls.poll_message_set(tr("No runtime is being installed"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        if _installation is not None:
            _installation.cancel()
        redraw()
        return {"FINISHED"}


class LATTE3D_OT_remove_runtime(bpy.types.Operator):
    """Delete the packages that generation needs, older ones and downloads that broke off; all can be had again"""

    bl_idname = "latte3d.remove_runtime"
    bl_label = "Remove Runtime"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        jobs = session.jobs()
        if _installation is not None:
            cls.poll_message_set(tr("The runtime is being installed: wait, or cancel it"))
        elif not found.kept:
            cls.poll_message_set(tr("No runtime is installed"))
        elif jobs is not None and jobs.active is not None:
            cls.poll_message_set(tr("Objects are being made: cancel them first, or wait"))
        else:
            return True
        return False

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        message = tr("{size} become free.").format(size=storage.size_text(runtime_pack.disk_use(_home())))
        return context.window_manager.invoke_confirm(self, event, message=message, confirm_text=tr("Remove"))

    def execute(self, context: bpy.types.Context) -> set[str]:
        global outcome
        jobs, home = session.jobs(), _home()
        size = storage.size_text(runtime_pack.disk_use(home))
        if jobs is not None:
            jobs.release()  # a separate process holds files of the runtime
        runtime_pack.deactivate(home, sys.path)
        try:
            gone = runtime_pack.remove(home, loaded())
        except RuntimePackError as error:
            runtime_pack.activate(home, sys.path)
            self.report({"ERROR"}, retold(str(error)))
            return {"CANCELLED"}
        if gone:
            outcome = Outcome(tr("The runtime is removed: {size} are free again.").format(size=size))
        else:
            text = tr("The runtime is switched off; its files, {size}, go when Blender is restarted.")
            outcome = Outcome(text.format(size=size), restart=True)
        self.report({"INFO"}, outcome.text)
        look()
        redraw()
        return {"FINISHED"}


def draw_pack(layout: bpy.types.UILayout, context: bpy.types.Context, pack: RuntimePack, dialog: int = 0) -> None:
    """What the artist should know before agreeing.

    Arguments:
        dialog: as in ``panels.letters``.
    """
    facts = runtime_pack.describe(pack)
    text = tr("{name}: {files} packages, {download} MB to get, {disk} MB on the disk")
    size = {"files": facts["files"], "download": facts["download_mb"], "disk": facts["disk_mb"]}
    names = ", ".join(facts["licences"])
    most = letters(context, dialog=dialog)
    wrapped(layout, context, text.format(name=pack.name, **size), "PACKAGE", most)
    # Capitals are wider than other letters.
    wrapped(layout, context, tr("Licences: {names}").format(names=names), "BLANK1", int(0.8 * most))
    wrapped(layout, context, tr("Checksum: {digest}").format(digest=pack.digest[:16]), "BLANK1", most)


def draw_choice(layout: bpy.types.UILayout, operator: bpy.types.Operator, otherwise: str) -> None:
    """Which runtime, where several fit this Blender; ``otherwise`` stands in the field while none is named."""
    if len(found.packs) > 1:
        layout.prop(operator, "runtime", placeholder=otherwise)


def draw(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """How it stands with the runtime, and the buttons. Nothing in an extension that needs none and has none."""
    if not (found.packs or found.refusal or found.kept):
        return
    if _installation is not None:
        draw_progress(layout, _installation)
        return
    said = verdict()
    if said is not None and not outcome.text:
        column = layout.column()
        column.alert = said[0] == doctor.FAULT
        wrapped(column, context, said[1], {doctor.OK: "CHECKMARK", doctor.NOTE: "INFO"}.get(said[0], "ERROR"))
    if outcome.text:
        column = layout.column()
        column.alert = not outcome.well
        wrapped(column, context, outcome.text, "INFO" if outcome.well else "ERROR")
    if not outcome.well:
        layout.operator("latte3d.copy_setup", icon="COPYDOWN")
    if found.missing and found.packs:
        draw_pack(layout, context, found.packs[0])
        if round(found.fetched / 1e6):
            text = tr("{done} MB of it are there already").format(done=f"{found.fetched / 1e6:,.0f}")
            wrapped(layout, context, text, "INFO")
        if not bpy.app.online_access:
            wrapped(layout, context, runtime_pack.OFFLINE, "INFO")
    draw_buttons(layout)


def draw_progress(layout: bpy.types.UILayout, running: Installation) -> None:
    """Bar with the stage's name, and Cancel below it: beside it there is no room for gigabytes."""
    news = running.news
    if running.cancelled:
        text = tr("Stopping …")
    else:
        text = tr(STAGES[news.stage]).format(done=f"{news.done / 1e6:,.0f}", total=f"{news.total / 1e6:,.0f}")
    column = layout.column(align=True)
    column.progress(factor=news.done / news.total if news.total else 0.0, type="BAR", text=text)
    column.operator("latte3d.cancel_runtime", icon="X")


def draw_buttons(layout: bpy.types.UILayout) -> None:
    """Those that install it, or make it anew, where there is one for this Blender; and the one that removes it."""
    if found.packs:
        column = layout.column(align=True)
        if found.current:
            column.operator("latte3d.install_runtime", text="Reinstall From Folder…").again = True
            column.operator("latte3d.download_runtime", text="Reinstall by Download…").again = True
        else:
            column.operator("latte3d.install_runtime", text="Install Runtime From Folder…", icon="FILE_FOLDER")
            column.operator("latte3d.download_runtime", text="Download Runtime…", icon="IMPORT")
    if found.kept:
        layout.operator("latte3d.remove_runtime", icon="TRASH")


class LATTE3D_PT_runtime(SidebarPanel, bpy.types.Panel):
    """There as long as the runtime is missing, and then until something is generated."""

    bl_idname = "LATTE3D_PT_runtime"
    bl_parent_id = "LATTE3D_PT_main"
    bl_label = "Runtime"
    bl_order = 5

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return found.missing or _installation is not None or (bool(outcome.text) and _newest_job() == _job_before)

    def draw(self, context: bpy.types.Context) -> None:
        draw(self.layout, context)


CLASSES = (
    LATTE3D_OT_install_runtime,
    LATTE3D_OT_download_runtime,
    LATTE3D_OT_cancel_runtime,
    LATTE3D_OT_remove_runtime,
    LATTE3D_PT_runtime,
)


def register() -> None:
    global _tidying
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    look()
    if found.home is None:
        return
    if found.packs:
        runtime_pack.activate(found.home, sys.path)
    if runtime_pack.left_over(found.home) and not loaded():
        # Gigabytes may have to go, and Blender waits for this function.
        _tidying = threading.Thread(target=runtime_pack.tidy, args=(found.home,), name="latte3d-tidy", daemon=True)
        _tidying.start()


def unregister() -> None:
    global _installation, outcome, found
    if bpy.app.timers.is_registered(follow):
        bpy.app.timers.unregister(follow)
    if _installation is not None:
        _installation.cancel()
        if not _installation.wait(10.0):
            log.warning("LATTE3D: the runtime is still being installed; it stops at its next step")
        _installation = None
    if found.home is not None:
        runtime_pack.deactivate(found.home, sys.path)
    found, outcome = Found(), Outcome()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
