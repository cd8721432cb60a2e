"""The job machine and the thread back end, without Blender."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import fake_core
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latte3d_blender.jobs import (
    HISTORY,
    Advanced,
    Emit,
    Event,
    Failed,
    Finished,
    JobQueue,
    JobRequest,
    JobState,
    Started,
    Stopped,
)
from latte3d_blender.prepare import prepare
from latte3d_blender.worker import ThreadBackend, explain

RESULT = prepare(fake_core.textured_ball())


class ByHand:
    """A back end that does what the test says."""

    def __init__(self) -> None:
        self.emit: dict[int, Emit] = {}
        self.log: list[Any] = []

    def start(self, job_id: int, request: JobRequest, emit: Emit) -> None:
        self.emit[job_id] = emit

    def cancel(self, job_id: int) -> None:
        self.log.append(("cancel", job_id))

    def pause(self) -> None:
        self.log.append("pause")

    def resume(self) -> None:
        self.log.append("resume")

    def close(self, timeout: float) -> bool:
        self.log.append("close")
        return True

    def say(self, job_id: int, *events: Event) -> None:
        for event in events:
            self.emit[job_id](job_id, event)


def until(condition: Callable[[], bool], jobs: JobQueue | None = None, seconds: float = 60.0) -> None:
    """Wait for the worker; fails only if it never comes to it."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the worker never got there"
        if jobs is not None:
            jobs.drain(timeout=0.02)
        else:
            time.sleep(0.01)


@pytest.fixture
def threaded() -> Any:
    jobs = JobQueue(ThreadBackend(lambda request: fake_core.Latte3D()))
    yield jobs
    assert jobs.close()


def test_a_job_goes_through_its_states() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    job = jobs.submit(JobRequest("a ball"))
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
    job = jobs.submit(JobRequest("a ball"))
    backend.say(job.id, Started())
    jobs.drain()
    jobs.cancel(job)
    assert (job.state, jobs.active, backend.log) == (JobState.CANCELLED, None, [("cancel", job.id)])
    backend.say(job.id, Finished(RESULT))
    assert jobs.drain() == []
    assert (job.state, job.result) == (JobState.CANCELLED, None)


@given(st.lists(st.sampled_from(["start", "advance", "finish", "fail", "stop", "cancel"]), max_size=12))
def test_a_final_state_is_final(steps: list[str]) -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    job = jobs.submit(JobRequest("a ball"))
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
    waiting = jobs.submit(JobRequest("kept"))
    backend.say(waiting.id, Finished(RESULT))
    jobs.drain()
    for number in range(HISTORY + 10):
        jobs.cancel(jobs.submit(JobRequest(str(number))))
    assert waiting in jobs.jobs
    assert len(jobs.jobs) == HISTORY + 1


def test_drop_all_forgets_results_too() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    done, running = jobs.submit(JobRequest("a")), jobs.submit(JobRequest("b"))
    backend.say(done.id, Finished(RESULT))
    jobs.drain()
    jobs.drop_all("Another file.")
    assert (done.state, done.result, done.message) == (JobState.CANCELLED, None, "Another file.")
    assert (running.state, running.message) == (JobState.CANCELLED, "Another file.")


def test_close_cancels_and_closes_the_back_end() -> None:
    backend = ByHand()
    jobs = JobQueue(backend)
    job = jobs.submit(JobRequest("a ball"))
    assert jobs.close()
    assert job.state is JobState.CANCELLED
    assert backend.log == [("cancel", job.id), "close"]


def test_thread_makes_objects_one_after_the_other_with_one_model(threaded: JobQueue) -> None:
    before = threading.active_count()
    first, second = threaded.submit(JobRequest("one", seed=7)), threaded.submit(JobRequest("two"))
    until(lambda: threaded.active is None, threaded)
    assert [first.state, second.state] == [JobState.DONE, JobState.DONE]
    assert first.result is not None
    assert first.result.properties["latte3d_seed"] == 7
    assert first.result.name == "one"
    assert set(first.timings) >= {"network", "bake"}
    assert threading.active_count() <= before + 1


def test_the_model_is_loaded_again_only_when_it_changes() -> None:
    loads: list[tuple[str, str]] = []

    def load(request: JobRequest) -> fake_core.Latte3D:
        loads.append((request.model, request.device))
        return fake_core.Latte3D()

    jobs = JobQueue(ThreadBackend(load))
    for model in ("small", "small", "other", "small"):
        jobs.submit(JobRequest("a ball", model=model))
    until(lambda: jobs.active is None, jobs)
    assert jobs.close()
    assert [model for model, _ in loads] == ["small", "other", "small"]


def test_cancel_reaches_a_running_thread(threaded: JobQueue) -> None:
    job = threaded.submit(JobRequest("SLOW ball"))
    until(lambda: job.stage == "network" or job.stage == "text", threaded)
    threaded.cancel(job)
    after = threaded.submit(JobRequest("a ball"))
    until(lambda: after.state.final, threaded)
    assert (job.state, after.state) == (JobState.CANCELLED, JobState.DONE)


def test_a_cancelled_job_in_the_line_is_never_begun(threaded: JobQueue) -> None:
    slow, never = threaded.submit(JobRequest("SLOW ball")), threaded.submit(JobRequest("CRASH"))
    until(lambda: slow.state is JobState.RUNNING, threaded)
    threaded.cancel(never)
    threaded.cancel(slow)
    last = threaded.submit(JobRequest("a ball"))
    until(lambda: last.state.final, threaded)
    assert (never.state, never.report) == (JobState.CANCELLED, "")


def test_errors_become_one_sentence_and_a_report(threaded: JobQueue) -> None:
    known, fault, after = (threaded.submit(JobRequest(prompt)) for prompt in ("FAIL", "CRASH", "a ball"))
    until(lambda: threaded.active is None, threaded)
    assert (known.state, known.message) == (JobState.FAILED, "This prompt cannot be read: use other words.")
    assert fault.state is JobState.FAILED
    assert "ZeroDivisionError" in fault.message
    assert "Traceback" not in fault.message
    assert "on purpose" in fault.report
    assert after.state is JobState.DONE, "a failure must not end the worker"


def test_pause_rests_and_resume_goes_on(threaded: JobQueue) -> None:
    threaded.pause()
    assert threaded.paused
    job = threaded.submit(JobRequest("a ball"))
    until(lambda: job.stage == "text", threaded)
    assert threaded.drain(timeout=0.3) == [], "nothing may happen during a pause"
    assert job.state is JobState.RUNNING
    threaded.resume()
    until(lambda: job.state is JobState.DONE, threaded)


def test_cancel_works_during_a_pause(threaded: JobQueue) -> None:
    threaded.pause()
    job = threaded.submit(JobRequest("a ball"))
    until(lambda: job.stage == "text", threaded)
    threaded.cancel(job)
    threaded.resume()
    after = threaded.submit(JobRequest("a ball"))
    until(lambda: after.state.final, threaded)
    assert job.state is JobState.CANCELLED


def test_close_ends_the_thread_in_the_middle_of_a_job() -> None:
    jobs = JobQueue(ThreadBackend(lambda request: fake_core.Latte3D()))
    job = jobs.submit(JobRequest("SLOW ball"))
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


def test_a_request_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        JobRequest("a ball").seed = 2  # type: ignore[misc]


def test_results_hold_what_was_asked(threaded: JobQueue) -> None:
    job = threaded.submit(JobRequest("a ball", texture_size=32, alpha=0.25))
    until(lambda: job.state.final, threaded)
    assert job.result is not None
    assert job.result.properties["latte3d_alpha"] == 0.25
    assert np.isfinite(job.result.vertices).all()
