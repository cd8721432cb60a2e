"""The job machine and its two back ends, without Blender."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import fake_core
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latte3d_blender.child import NICENESS
from latte3d_blender.generate import GenerateTask
from latte3d_blender.jobs import (
    HISTORY,
    Advanced,
    Emit,
    Event,
    Failed,
    Finished,
    JobQueue,
    JobState,
    Line,
    Started,
    Stopped,
)
from latte3d_blender.prepare import prepare
from latte3d_blender.process import ProcessBackend
from latte3d_blender.worker import SWITCH, ThreadBackend, explain

RESULT = prepare(fake_core.textured_ball())


class ByHand:
    """A back end that does what the test says."""

    def __init__(self) -> None:
        self.log: list[Any] = []

    def attach(self, line: Line, emit: Emit) -> None:
        self.line, self.emit = line, emit

    def wake(self) -> None:
        pass

    def cancel(self, job_id: int) -> None:
        self.log.append(("cancel", job_id))

    def pause(self) -> None:
        self.log.append("pause")

    def resume(self) -> None:
        self.log.append("resume")

    @property
    def resting(self) -> bool:
        return True

    def close(self, timeout: float) -> bool:
        self.log.append("close")
        return True

    def begin(self) -> int:
        """Take the next job up; there must be one."""
        assert self.line.ids, "the test would wait for ever"
        taken = self.line.take()
        assert taken is not None
        self.say(taken[0], Started())
        return taken[0]

    def say(self, job_id: int, *events: Event) -> None:
        for event in events:
            self.emit(job_id, event)


def until(condition: Callable[[], bool], jobs: JobQueue | None = None, seconds: float = 60.0) -> None:
    """Wait for the worker; fails only if it never comes to it."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the worker never got there"
        if jobs is not None:
            jobs.drain(timeout=0.02)
        else:
            time.sleep(0.01)


@pytest.fixture(params=[ThreadBackend, ProcessBackend])
def working(request: pytest.FixtureRequest) -> Any:
    jobs = JobQueue(request.param(fake_core.load))
    yield jobs
    assert jobs.close()


@pytest.fixture
def separate() -> Any:
    jobs = JobQueue(ProcessBackend(fake_core.load))
    yield jobs
    assert jobs.close()


def test_a_job_goes_through_its_states() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    job = jobs.submit(GenerateTask("a ball"))
    assert (job.state, jobs.active) == (JobState.QUEUED, job)
    backend.say(job.id, Started(), Advanced("network", 0.4), Advanced("text", 0.2))
    assert jobs.drain() == [job]
    assert (job.state, job.stage, job.fraction) == (JobState.RUNNING, "text", 0.4), "the bar must not walk back"
    backend.say(job.id, Finished(RESULT))
    jobs.drain()
    assert (job.state, jobs.active, jobs.waiting, jobs.last) == (JobState.DONE, None, [job], job)
    assert jobs.take(job) is RESULT
    assert jobs.take(job) is None
    assert jobs.waiting == []


def test_cancel_holds_at_once_and_late_news_is_ignored() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    job = jobs.submit(GenerateTask("a ball"))
    backend.begin()
    jobs.drain()
    jobs.cancel(job)
    assert (job.state, jobs.active, backend.log) == (JobState.CANCELLED, None, [("cancel", job.id)])
    backend.say(job.id, Finished(RESULT))
    assert jobs.drain() == []
    assert (job.state, job.result) == (JobState.CANCELLED, None)


STEPS = st.one_of(
    st.tuples(st.just("submit"), st.sampled_from(["", "", "herd"])),
    st.tuples(st.sampled_from(["begin", "finish", "fail", "drain"]), st.none()),
    st.tuples(st.sampled_from(["cancel", "retry", "take"]), st.integers(0, 9)),
    st.tuples(st.just("move"), st.tuples(st.integers(0, 9), st.sampled_from([-2, -1, 1]))),
    st.tuples(st.sampled_from(["cancel_group", "clear"]), st.none()),
)


class Model:
    """What the queue should do, in lists and words, with a worker that is told to begin and to end."""

    def __init__(self) -> None:
        self.states: dict[int, str] = {}
        self.groups: dict[int, str] = {}
        self.line: list[int] = []
        self.taken: int | None = None
        self.news: list[tuple[int, str]] = []
        self.placed: set[int] = set()
        self.next = 1

    def submit(self, group: str) -> None:
        self.states[self.next], self.groups[self.next] = "queued", group
        self.line.append(self.next)
        self.next += 1

    def cancel(self, job: int) -> None:
        if self.states[job] in ("queued", "running"):
            self.states[job] = "cancelled"
            self.line = [other for other in self.line if other != job]

    def may_retry(self, job: int) -> bool:
        state = self.states[job]
        return state in ("failed", "cancelled") or (state == "done" and job in self.placed)


@given(st.lists(STEPS, max_size=40))
def test_any_sequence_of_buttons_and_news_does_what_the_model_does(steps: list[tuple[str, Any]]) -> None:
    backend, model = ByHand(), Model()
    jobs = JobQueue(backend)
    for step, argument in steps:
        known = sorted(job.id for job in jobs.jobs)
        index = argument[0] if isinstance(argument, tuple) else argument
        job = jobs.get(known[index % len(known)]) if isinstance(index, int) and known else None
        if step == "submit":
            jobs.submit(GenerateTask("a ball", group=argument))
            model.submit(argument)
        elif step == "begin" and model.line and model.taken is None:
            model.taken = model.line.pop(0)
            model.news.append((model.taken, "running"))
            assert backend.begin() == model.taken, "the next is the queue's first"
        elif step in ("finish", "fail") and model.taken is not None:
            backend.say(model.taken, Finished(RESULT) if step == "finish" else Failed("No.", "trace"))
            model.news.append((model.taken, "done" if step == "finish" else "failed"))
            model.taken = None
        elif step == "drain":
            jobs.drain()
            for number, state in model.news:
                if model.states.get(number) in ("queued", "running"):
                    model.states[number] = state
            model.news = []
        elif step == "cancel" and job is not None:
            jobs.cancel(job)
            model.cancel(job.id)
        elif step == "retry" and job is not None:
            if model.may_retry(job.id):
                jobs.retry(job)
                model.submit(model.groups.pop(job.id))
                del model.states[job.id]
            else:
                with pytest.raises(ValueError, match="has not ended"):
                    jobs.retry(job)
        elif step == "take" and job is not None and job.waiting:
            assert jobs.take(job) is RESULT
            model.placed.add(job.id)
        elif step == "move" and job is not None:
            at = model.line.index(job.id) if job.id in model.line else None
            to = None if at is None else at + argument[1]
            fits = at is not None and to is not None and 0 <= to < len(model.line)
            assert jobs.movable(job, argument[1]) is fits
            assert jobs.move(job, argument[1]) is fits
            if fits and at is not None and to is not None:
                model.line[at], model.line[to] = model.line[to], model.line[at]
        elif step == "cancel_group":
            jobs.cancel_group("herd")
            for number, group in model.groups.items():
                if group == "herd":
                    model.cancel(number)
        elif step == "clear":
            jobs.clear_finished()
            for number in [number for number in model.states if model.may_retry(number)]:
                del model.states[number], model.groups[number]

        assert backend.line.ids == model.line
        remembered = {job.id: job.state.value for job in jobs.jobs}
        assert remembered.items() <= model.states.items()
        forgotten = model.states.keys() - remembered.keys()
        assert all(model.may_retry(number) for number in forgotten), "only what has ended may be forgotten"
        unfinished = [job.id for job in jobs.open]
        assert unfinished == [number for number in [model.taken, *model.line] if number in unfinished] or model.news
        assert len({job.id for job in jobs.jobs}) == len(jobs.jobs)
        herd, members = jobs.progress("herd"), [job for job in jobs.jobs if job.task.group == "herd"]
        assert (herd.total if herd else 0) == len(members)
        if herd is not None:
            assert herd.open == sum(not job.state.final for job in members)
            assert 0.0 <= herd.fraction <= 1.0


def test_the_line_gives_out_in_the_order_it_was_put_into() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    one, two, three = (jobs.submit(GenerateTask(name)) for name in ("one", "two", "three"))
    assert jobs.move(three, -1)
    assert not jobs.move(one, -1)
    assert jobs.open == [one, three, two]
    assert [backend.begin() for _ in range(3)] == [one.id, three.id, two.id]
    assert not jobs.move(two, -1), "what has been begun stays where it is"


def test_retry_makes_a_new_job_and_forgets_the_old() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    job = jobs.submit(GenerateTask("a ball", seed=4))
    with pytest.raises(ValueError, match="has not ended"):
        jobs.retry(job)
    backend.say(backend.begin(), Failed("No.", "trace"))
    jobs.drain()
    again = jobs.retry(job)
    assert (again.task, again.state, jobs.jobs) == (job.task, JobState.QUEUED, [again])


def test_a_group_is_counted_cancelled_and_retried_as_one() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    herd = jobs.new_group("Herd")
    members = [jobs.submit(GenerateTask(str(number), group=herd)) for number in range(HISTORY + 30)]
    alone = jobs.submit(GenerateTask("alone"))
    assert jobs.new_group("Herd") == "Herd (2)"
    for number in range(HISTORY + 10):
        backend.say(backend.begin(), Failed("No.", "trace") if number % 2 else Finished(RESULT))
    jobs.drain()
    backend.say(backend.begin(), Advanced("bake", 0.5))
    jobs.drain()
    progress = jobs.progress(herd)
    assert progress is not None
    half = (HISTORY + 10) // 2
    assert (progress.done, progress.failed, progress.open) == (half, half, 20), "none is forgotten while others wait"
    assert progress.fraction == pytest.approx((2 * half + 0.5) / len(members))
    jobs.cancel_group(herd)
    assert jobs.open == [alone]
    assert backend.line.ids == [alone.id]
    for job in jobs.waiting:
        jobs.take(job)
    again = jobs.retry_failed(herd)
    assert again
    assert [job.id for job in jobs.open] == [alone.id, *(job.id for job in again)]


def test_a_group_is_forgotten_as_a_whole_or_not_at_all() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    herd = jobs.new_group("Herd")
    for number in range(HISTORY + 30):
        jobs.submit(GenerateTask(str(number), group=herd))
        backend.say(backend.begin(), Finished(RESULT) if number else Failed("No.", "trace"))
    jobs.drain()
    for job in jobs.waiting:
        jobs.take(job)

    def one_more() -> None:
        jobs.submit(GenerateTask("alone"))
        backend.say(backend.begin(), Failed("No.", "trace"))
        jobs.drain()

    for _ in range(HISTORY - 1):
        one_more()
        progress = jobs.progress(herd)
        assert progress is not None and (progress.total, progress.failed) == (HISTORY + 30, 1)
    one_more()
    assert jobs.progress(herd) is None and len(jobs.jobs) == HISTORY


@dataclass(frozen=True)
class OtherTask(GenerateTask):
    """Another kind, for the estimate."""


def test_the_time_left_is_the_mean_of_the_kind() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    job = jobs.submit(GenerateTask("a ball"))
    assert jobs.seconds_left([job]) is None
    for seconds in (2.0, 4.0):
        number = backend.begin()
        jobs.drain()
        done = jobs.get(number)
        assert done is not None
        assert done.started is not None
        done.started -= seconds + 60.0
        backend.say(number, Finished(RESULT, load_seconds=60.0))
        jobs.drain()
        jobs.submit(GenerateTask("a ball"))
        jobs.submit(GenerateTask("a ball"))
    queued = jobs.open
    assert jobs.seconds_left(queued) == pytest.approx(3.0 * len(queued), abs=0.5)
    backend.begin()
    jobs.drain()
    assert queued[0].started is not None
    queued[0].started -= 2.0
    assert jobs.seconds_left(queued[:1]) == pytest.approx(1.0, abs=0.5)
    queued[0].started -= 20.0
    assert jobs.seconds_left(queued[:1]) == 0.0, "late, but not less than nothing"
    assert jobs.seconds_left([*queued, jobs.submit(OtherTask("a cube"))]) is None, "nothing is known of this kind"


def test_another_back_end_can_take_over_when_nothing_is_open() -> None:
    first, second = ByHand(), ByHand()
    jobs = JobQueue(first)
    job = jobs.submit(GenerateTask("a ball"))
    with pytest.raises(ValueError, match="still open"):
        jobs.use(second)
    jobs.cancel(job)
    jobs.pause()
    assert jobs.use(second)
    assert first.log == ["pause", "close"]
    assert second.log == ["pause"]
    after = jobs.submit(GenerateTask("a ball"))
    second.say(second.begin(), Finished(RESULT))
    jobs.drain()
    assert (after.state, first.line.ids) == (JobState.DONE, [])


def test_a_back_end_that_is_still_busy_is_left_to_end_by_itself() -> None:
    begun, ready = threading.Event(), threading.Event()

    def load(task: object) -> Any:
        begun.set()
        ready.wait()
        return fake_core.load(task)

    jobs = JobQueue(ThreadBackend(load))
    assert not jobs.leaving
    job = jobs.submit(GenerateTask("a ball"))
    assert begun.wait(60)
    jobs.cancel(job)
    assert not jobs.release(timeout=0.0)
    assert jobs.leaving
    rested = threading.Event()

    def rest() -> None:
        with jobs.at_rest():
            rested.set()

    waiting = threading.Thread(target=rest)
    waiting.start()
    assert not rested.wait(0.1), "the old one still computes in this process"
    assert not jobs.close(timeout=0.0)
    ready.set()
    waiting.join(60)
    assert rested.is_set()
    until(lambda: not jobs.leaving)
    assert jobs.close()


@given(st.lists(st.sampled_from(["start", "advance", "finish", "fail", "stop", "cancel"]), max_size=12))
def test_a_final_state_is_final(steps: list[str]) -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    job = jobs.submit(GenerateTask("a ball"))
    events = {
        "start": Started(),
        "advance": Advanced("bake", 2.0),
        "finish": Finished(RESULT),
        "fail": Failed("No.", "trace"),
        "stop": Stopped(),
    }
    final = None
    for step in steps:
        if step == "cancel":
            jobs.cancel(job)
        else:
            backend.say(job.id, events[step])
            jobs.drain()
        assert 0.0 <= job.fraction <= 1.0
        if final is not None:
            assert job.state is final
        elif job.state.final:
            final = job.state
            assert final is {
                "finish": JobState.DONE,
                "fail": JobState.FAILED,
                "stop": JobState.CANCELLED,
                "cancel": JobState.CANCELLED,
            }.get(step)


def test_history_is_short_but_keeps_what_waits() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    waiting = jobs.submit(GenerateTask("kept"))
    backend.say(waiting.id, Finished(RESULT))
    jobs.drain()
    for number in range(HISTORY + 10):
        jobs.cancel(jobs.submit(GenerateTask(str(number))))
    assert waiting in jobs.jobs
    assert len(jobs.jobs) == HISTORY + 1


def test_drop_all_forgets_results_too() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    done, running = jobs.submit(GenerateTask("a")), jobs.submit(GenerateTask("b"))
    backend.say(done.id, Finished(RESULT))
    jobs.drain()
    jobs.drop_all("Another file.")
    assert (done.state, done.result, done.message) == (JobState.CANCELLED, None, "Another file.")
    assert (running.state, running.message) == (JobState.CANCELLED, "Another file.")


def test_close_cancels_and_closes_the_back_end() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    job = jobs.submit(GenerateTask("a ball"))
    backend.begin()
    queued = jobs.submit(GenerateTask("another"))
    assert jobs.close()
    assert job.state is queued.state is JobState.CANCELLED
    assert backend.log == [("cancel", job.id), "close"], "the back end never knew of the second"
    assert backend.line.take() is None


def test_objects_are_made_one_after_the_other_with_one_model(working: JobQueue) -> None:
    first, second = working.submit(GenerateTask("one", seed=7)), working.submit(GenerateTask("two"))
    until(lambda: working.active is None, working)
    assert [first.state, second.state] == [JobState.DONE, JobState.DONE]
    assert first.result is not None
    assert first.result.properties["latte3d_seed"] == 7
    assert first.result.name == "one"
    assert second.result is not None
    assert second.result.properties["latte3d_load"] == first.result.properties["latte3d_load"]
    assert set(first.timings) >= {"load", "network", "bake"}


def test_the_model_is_loaded_again_only_when_it_changes(working: JobQueue) -> None:
    made = [working.submit(GenerateTask("a ball", model=model)) for model in ("small", "small", "other", "small")]
    until(lambda: working.active is None, working)
    loads = [job.result.properties["latte3d_load"] for job in made if job.result is not None]
    assert np.subtract(loads, loads[0]).tolist() == [0, 0, 1, 2]


def test_a_back_end_has_no_thread_before_its_first_job() -> None:
    before = threading.active_count()
    for backend in (ThreadBackend(fake_core.load), ProcessBackend(fake_core.load)):
        assert JobQueue(backend).close()
    assert threading.active_count() == before


def test_cancel_reaches_running_work(working: JobQueue) -> None:
    job = working.submit(GenerateTask("SLOW ball"))
    until(lambda: job.stage == "network" or job.stage == "text", working)
    working.cancel(job)
    after = working.submit(GenerateTask("a ball"))
    until(lambda: after.state.final, working)
    assert (job.state, after.state) == (JobState.CANCELLED, JobState.DONE)


def test_a_cancelled_job_in_the_line_is_never_begun(working: JobQueue) -> None:
    slow, never = working.submit(GenerateTask("SLOW ball")), working.submit(GenerateTask("CRASH"))
    until(lambda: slow.state is JobState.RUNNING, working)
    working.cancel(never)
    working.cancel(slow)
    last = working.submit(GenerateTask("a ball"))
    until(lambda: last.state.final, working)
    assert (never.state, never.report) == (JobState.CANCELLED, "")


def test_errors_become_one_sentence_and_a_report(working: JobQueue) -> None:
    known, fault, after = (working.submit(GenerateTask(prompt)) for prompt in ("FAIL", "CRASH", "a ball"))
    until(lambda: working.active is None, working)
    assert (known.state, known.message) == (JobState.FAILED, "This prompt cannot be read: use other words.")
    assert fault.state is JobState.FAILED
    assert "ZeroDivisionError" in fault.message
    assert "Traceback" not in fault.message
    assert "on purpose" in fault.report
    assert after.state is JobState.DONE, "a failure must not end the worker"


def test_pause_rests_and_resume_goes_on(working: JobQueue) -> None:
    working.pause()
    assert working.paused
    job = working.submit(GenerateTask("a ball"))
    assert working.drain(timeout=0.3) == [], "nothing may begin during a pause"
    assert job.state is JobState.QUEUED
    working.resume()
    until(lambda: job.state is JobState.DONE, working)


def test_a_pause_holds_a_job_in_its_middle(working: JobQueue) -> None:
    job = working.submit(GenerateTask("SLOW ball"))
    until(lambda: job.stage == "text", working)
    working.pause()
    while working.drain(timeout=0.3):  # what was on its way
        pass
    assert job.state is JobState.RUNNING
    working.resume()
    until(lambda: bool(working.drain(timeout=0.1)), working)
    working.cancel(job)


def test_at_rest_nothing_moves_and_afterwards_it_goes_on() -> None:
    """Of the thread alone: the other back end's work is in another process."""
    jobs = JobQueue(ThreadBackend(fake_core.load))
    job = jobs.submit(GenerateTask("SLOW ball"))
    while job.stage != "text":
        jobs.drain(timeout=0.1)
    with jobs.at_rest():
        jobs.drain()
        assert jobs.drain(timeout=0.3) == []
    jobs.cancel(job)
    other = jobs.submit(GenerateTask("a ball"))
    with jobs.at_rest():
        jobs.drain()
        assert jobs.drain(timeout=0.2) == []
    while not other.state.final:
        jobs.drain(timeout=0.1)
    assert other.state is JobState.DONE
    assert jobs.close()


def test_during_a_job_the_thread_lets_blender_have_the_lock_soon() -> None:
    usual = sys.getswitchinterval()
    jobs = JobQueue(ThreadBackend(fake_core.load))
    job = jobs.submit(GenerateTask("SLOW ball"))
    until(lambda: job.stage == "text", jobs)
    assert sys.getswitchinterval() == pytest.approx(SWITCH)
    jobs.cancel(job)
    assert jobs.close()
    assert sys.getswitchinterval() == usual


def test_cancel_works_during_a_pause(working: JobQueue) -> None:
    job = working.submit(GenerateTask("SLOW ball"))
    until(lambda: job.stage == "text", working)
    working.pause()
    working.cancel(job)
    working.resume()
    after = working.submit(GenerateTask("a ball"))
    until(lambda: after.state.final, working)
    assert job.state is JobState.CANCELLED


@pytest.mark.parametrize("backend", [ThreadBackend, ProcessBackend])
def test_close_ends_the_worker_in_the_middle_of_a_job(backend: Any) -> None:
    jobs = JobQueue(backend(fake_core.load))
    job = jobs.submit(GenerateTask("SLOW ball"))
    until(lambda: job.stage == "text", jobs)
    assert jobs.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "latte3d-worker"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("No module named 'torch'", name="torch"), ["“torch”", "not installed"]),
        (ModuleNotFoundError("No module named 'latte3d_core.api'", name="latte3d_core.api"), ["“latte3d_core”"]),
        (ImportError("libcudnn.so.9: cannot open", name="torch._C"), ["“torch”", "cannot be loaded"]),
        (MemoryError(), ["not enough memory"]),
        (KeyError("x"), ["KeyError", "report"]),
    ],
)
def test_every_error_has_a_sentence(error: Exception, words: list[str]) -> None:
    text = explain(error)
    assert all(word in text for word in words)
    assert text.endswith(".")
    assert "\n" not in text


def test_a_task_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        GenerateTask("a ball").seed = 2  # type: ignore[misc]


def test_results_hold_what_was_asked(working: JobQueue) -> None:
    job = working.submit(GenerateTask("a ball", texture_size=32, alpha=0.25))
    until(lambda: job.state.final, working)
    assert job.result is not None
    assert job.result.properties["latte3d_alpha"] == 0.25
    assert np.isfinite(job.result.vertices).all()


def test_the_next_job_is_chosen_when_the_last_one_ends(working: JobQueue) -> None:
    slow = working.submit(GenerateTask("SLOW ball"))
    until(lambda: slow.state is JobState.RUNNING, working)
    first, second = working.submit(GenerateTask("first")), working.submit(GenerateTask("second"))
    assert working.move(second, -1)
    working.cancel(slow)
    until(lambda: working.active is None, working)
    assert first.started is not None
    assert second.started is not None
    assert second.started < first.started


# --- the separate process ---


def test_work_that_does_not_listen_is_killed_and_the_next_job_gets_a_new_process(separate: JobQueue) -> None:
    stuck = separate.submit(GenerateTask("STUCK ball"))
    until(lambda: stuck.stage == "text", separate)
    separate.cancel(stuck)
    after = separate.submit(GenerateTask("a ball"))
    until(lambda: after.state.final, separate, seconds=30.0)
    assert (stuck.state, after.state) == (JobState.CANCELLED, JobState.DONE)


def test_a_death_is_a_sentence_with_last_words_and_the_next_job_works(separate: JobQueue) -> None:
    dead, after = separate.submit(GenerateTask("DIE")), separate.submit(GenerateTask("a ball"))
    until(lambda: separate.active is None, separate)
    assert dead.state is JobState.FAILED
    assert "exit status 7" in dead.message
    assert "\n" not in dead.message
    assert "These were my last words." in dead.report
    assert after.state is JobState.DONE


def test_a_process_that_cannot_be_started_is_a_sentence(tmp_path: Path) -> None:
    jobs = JobQueue(ProcessBackend(fake_core.load, [str(tmp_path / "no python")]))
    job = jobs.submit(GenerateTask("a ball"))
    until(lambda: job.state.final, jobs)
    assert job.state is JobState.FAILED
    assert "cannot be started" in job.message
    assert "choose “In Blender”" in job.message
    assert jobs.close()


@pytest.mark.skipif(not hasattr(os, "nice"), reason="this system has no nice values")
def test_the_process_stands_back_behind_blender(separate: JobQueue) -> None:
    job = separate.submit(Niceness("a ball"))
    until(lambda: job.state.final, separate)
    assert job.state is JobState.DONE, job.report
    assert job.result is not None
    nice, idle = job.result.name.split()
    assert int(nice) == os.nice(0) + NICENESS
    assert sys.platform != "linux" or idle == "True"


def test_the_process_leaves_a_core_to_blender() -> None:
    pytest.importorskip("torch", reason="torch counts its threads")
    jobs = JobQueue(ProcessBackend(load_with_torch))
    done = []
    for jobs.threads in (0, 3, 0):
        done.append(jobs.submit(Counting("a ball")))
        until(lambda: done[-1].state.final, jobs)
        assert done[-1].result is not None, done[-1].report
    own, asked, again = (int(job.result.name) for job in done if job.result is not None)
    assert (asked, again) == (3, own)
    assert 1 <= own < max(2, os.cpu_count() or 1)
    assert jobs.close()


def load_with_torch(task: Any) -> Any:
    """The stand-in, as a generator that computes with torch."""
    import torch  # noqa: F401 - that it is there is what matters

    return fake_core.load(task)


def test_close_does_not_wait_for_work_that_does_not_listen() -> None:
    jobs = JobQueue(ProcessBackend(fake_core.load))
    job = jobs.submit(GenerateTask("STUCK ball"))
    until(lambda: job.stage == "text", jobs)
    assert jobs.close(timeout=10.0)


@dataclass(frozen=True)
class Niceness(GenerateTask):
    """Names its object after the nice value that it runs with, and whether it only gets what nobody else wants."""

    def run(self, generator: Any, progress: Any) -> Any:
        idle = hasattr(os, "SCHED_IDLE") and os.sched_getscheduler(0) == os.SCHED_IDLE
        return replace(super().run(generator, progress), name=f"{os.nice(0)} {idle}")


@dataclass(frozen=True)
class Counting(GenerateTask):
    """Names its object after the number of threads that torch computes with."""

    def run(self, generator: Any, progress: Any) -> Any:
        import torch

        return replace(super().run(generator, progress), name=str(torch.get_num_threads()))


@dataclass(frozen=True)
class Unsendable(GenerateTask):
    """Holds what cannot go to another process."""

    lock: Any = None


def test_what_cannot_be_sent_fails_alone(separate: JobQueue) -> None:
    bad = separate.submit(Unsendable("a ball", lock=threading.Lock()))
    after = separate.submit(GenerateTask("a ball"))
    until(lambda: separate.active is None, separate)
    assert bad.state is JobState.FAILED
    assert "pickle" in bad.report
    assert after.state is JobState.DONE


def test_big_arrays_go_there_and_back(separate: JobQueue) -> None:
    """More than any pipe holds, both ways."""
    job = separate.submit(GenerateTask("x" * 3_000_000))
    until(lambda: job.state.final, separate)
    assert job.result is not None
    assert len(job.result.properties["latte3d_prompt"]) == 3_000_000


def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    """A Blender that crashes closes nothing; the pipe's end must be enough."""
    script = """
        import os, sys
        sys.path[:0] = sys.argv[1:]
        import fake_core
        from latte3d_blender.generate import GenerateTask
        from latte3d_blender.jobs import JobQueue
        from latte3d_blender.process import ProcessBackend
        backend = ProcessBackend(fake_core.load)
        jobs = JobQueue(backend)
        job = jobs.submit(GenerateTask("STUCK ball"))
        while job.stage != "text":
            jobs.drain(timeout=0.1)
        print(backend._child._process.pid, flush=True)
        os._exit(1)
    """
    here = Path(__file__).parent
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(here.parents[1]), str(here)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    child = int(run.stdout)
    until(lambda: not is_running(child), seconds=20.0)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # An orphan that nobody has collected yet has ended all the same.
    status = Path(f"/proc/{pid}/stat")
    return not status.is_file() or ") Z " not in status.read_text()
