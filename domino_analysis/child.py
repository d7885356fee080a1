"""Runs functions in processes of their own, with a time limit and a memory limit.

A hostile workbook can end the process that reads it, and a notebook the process that runs it:
here only that child ends, and its reason comes back as an exception. The children come from a
warm fork server where the system has one, and are spawned elsewhere.
"""

import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import connection
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple


class ChildError(Exception):
    """A function did not come back: ``reason`` is ``temps``, ``mémoire``, ``arrêt`` or ``erreur``."""

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail


class Task(NamedTuple):
    """One call to make in a child: a name for the caller, a function of a module, its arguments."""

    name: str
    function: Callable[..., Any]
    arguments: tuple = ()


METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
CONTEXT = multiprocessing.get_context(METHOD)
"""How children start: from a warm fork server where the system has one."""


def warm(*modules: str) -> None:
    """Name the modules that the fork server imports once for all; before the first child only."""
    CONTEXT.set_forkserver_preload(list(modules))


# What reads a folder, unless the caller names other modules: JupyterLab too reads one fast.
warm("python_calamine", "domino_analysis.load")


def _start(process) -> None:
    """Start a child that does not run the caller's script again, as multiprocessing would."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        process.start()
    finally:
        sys.modules["__main__"] = main


def _limit_memory(megabytes: int) -> None:
    """Bound what this process may take from now on; it leaves no core file (Linux)."""
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _work(sender: connection.Connection, task: Task, megabytes: int | None) -> None:
    # What a library prints as it dies (Rust's panics) is no message for a facilitator.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        if megabytes is not None and sys.platform.startswith("linux"):
            _limit_memory(megabytes)
        sender.send(task.function(*task.arguments))
    except MemoryError:
        sender.send(ChildError("mémoire"))
    except BaseException as error:
        sender.send(ChildError("erreur", f"{type(error).__name__}: {error}\n{traceback.format_exc()}"))


def _receive(receiver: connection.Connection, process) -> Any:
    try:
        return receiver.recv()
    except (EOFError, OSError):
        process.join()
        return ChildError("arrêt", f"code {process.exitcode}")


def run_all(
    tasks: Iterable[Task], jobs: int = 1, seconds: float = 300, megabytes: int | None = None
) -> Iterator[tuple[Task, Any]]:
    """Results of tasks as they come, each a value or a `ChildError`.

    Parameters
    ----------
    tasks : iterable of Task
        The calls to make; arguments and results must be picklable.
    jobs : int
        How many children live at once.
    seconds : float
        Time limit of one call, in seconds.
    megabytes : int, optional
        Memory that one call may take beyond what its process had at the start (Linux).

    Yields
    ------
    (Task, value or ChildError)
    """
    waiting, running = list(tasks)[::-1], {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                task = waiting.pop()
                receiver, sender = CONTEXT.Pipe(duplex=False)
                process = CONTEXT.Process(target=_work, args=(sender, task, megabytes), daemon=True)
                _start(process)
                sender.close()
                running[receiver] = (task, process, time.monotonic() + seconds)
            next_end = min(end for _, _, end in running.values())
            ready = connection.wait(list(running), max(0.0, next_end - time.monotonic()))
            for receiver, (task, process, end) in list(running.items()):
                if receiver in ready:
                    value = _receive(receiver, process)
                elif time.monotonic() >= end:
                    process.kill()
                    value = ChildError("temps", f"{seconds:g} s")
                else:
                    continue
                del running[receiver]
                process.join(5)
                receiver.close()
                yield task, value
    finally:
        for _, process, _ in running.values():
            process.kill()


def run(function: Callable[..., Any], *arguments, **limits) -> Any:
    """Value of one call made in a child; raises `ChildError` when it does not come back.

    Examples
    --------
    >>> run(sorted, [3, 1, 2])
    [1, 2, 3]
    """
    ((_, value),) = run_all([Task("", function, arguments)], **limits)
    if isinstance(value, ChildError):
        raise value
    return value
