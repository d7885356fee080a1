"""Runs functions in processes of their own, with a time limit and a memory limit.

A hostile workbook can end the process that reads it, and a notebook the process that runs it:
here only that child ends, and its reason comes back as an exception. The children come from a
warm fork server where the system has one, and are spawned elsewhere.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from multiprocessing import connection
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple


class ChildError(Exception):
    """A function did not come back: ``reason`` is ``temps``, ``mémoire``, ``arrêt`` or ``erreur``."""

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail


class ClusterError(Exception):
    """No cluster answers, or it stopped to."""


class Task(NamedTuple):
    """One call to make in a child: a name for the caller, a function of a module, its arguments."""

    name: str
    function: Callable[..., Any]
    arguments: tuple = ()


Outcomes = Iterator[tuple[Task, Any]]
"""Tasks as they end, each with its value or a `ChildError`."""

START = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
CONTEXT = multiprocessing.get_context(os.environ.get("DOMINO_START") or START)
"""How children start: from a warm fork server where the system has one, unless ``DOMINO_START`` says ``spawn``."""


def warm(*modules: str) -> None:
    """Name the modules that the fork server imports once for all; before the first child only."""
    CONTEXT.set_forkserver_preload(list(modules))


def is_fork_server() -> bool:
    """Whether this process is the one that children are forked from."""
    return any("multiprocessing.forkserver" in argument for argument in sys.orig_argv)


# What reads a folder, unless the caller names other modules: JupyterLab too reads one fast.
warm("python_calamine", "domino_analysis.load")


_STARTING = threading.Lock()


def _start(process) -> None:
    """Start a child that does not run the caller's script again, as multiprocessing would.

    A worker of a cluster is a "daemon", to which multiprocessing refuses children: ours end with their parent.
    """
    with _STARTING, ExitStack() as after:
        own = multiprocessing.current_process()._config
        after.callback(own.update, daemon=own.pop("daemon", False))
        after.callback(sys.modules.update, __main__=sys.modules["__main__"])
        sys.modules["__main__"] = ModuleType("__main__")
        process.start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        if megabytes is not None and sys.platform.startswith("linux"):
            _limit_memory(megabytes)
        sender.send(task.function(*task.arguments))
    except MemoryError:
        sender.send(ChildError("mémoire"))
    except BaseException as error:
        sender.send(ChildError("erreur", f"{type(error).__name__}: {error}\n{traceback.format_exc()}"))


def _receive(receiver: connection.Connection, process) -> Any:
    with suppress(EOFError, OSError):
        return receiver.recv()
    process.join()
    return ChildError("arrêt", f"code {process.exitcode}")


def run_all(jobs: int, tasks: Iterable[Task], seconds: float = 300, megabytes: int | None = None) -> Outcomes:
    """Results of tasks as they come, each a value or a `ChildError`.

    Parameters
    ----------
    jobs : int
        How many children live at once.
    tasks : iterable of Task
        The calls to make, taken as their turn comes; arguments and results must be picklable.
    seconds : float
        Time limit of one call, in seconds.
    megabytes : int, optional
        Memory that one call may take beyond what its process had at the start (Linux).

    Yields
    ------
    (Task, value or ChildError)
    """
    waiting, running = iter(tasks), {}
    try:
        while True:
            for task in islice(waiting, jobs - len(running)):
                receiver, sender = CONTEXT.Pipe(duplex=False)
                process = CONTEXT.Process(target=_work, args=(sender, task, megabytes))
                running[receiver] = (task, process, time.monotonic() + seconds)
                _start(process)
                sender.close()
            if not running:
                return
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
            if process.is_alive():
                process.kill()


def run(function: Callable[..., Any], *arguments, **limits) -> Any:
    """Value of one call made in a child; raises `ChildError` when it does not come back.

    Examples
    --------
    >>> run(sorted, [3, 1, 2])
    [1, 2, 3]
    """
    ((_, value),) = run_all(1, [Task("", function, arguments)], **limits)
    if isinstance(value, ChildError):
        raise value
    return value


# ── on a cluster ────────────────────────────────────────────────────────────────────────────────


def run_on(cluster: str, modules: list[str], tasks: Iterable[Task], seconds: float, megabytes: int) -> Outcomes:
    """The same as `run_all` on the workers of a Dask scheduler, each call in a child of a worker.

    The call of a worker that is lost is made again on another one, three times at most.

    Parameters
    ----------
    cluster : str
        Address of the scheduler, such as ``tcp://10.0.0.1:8786``.
    modules : list of str
        What the fork server of each worker imports once for all.

    Raises
    ------
    ClusterError
        When no scheduler answers at this address, no worker comes to it within a minute, or it is lost.
    """
    from distributed import Client, as_completed

    try:
        client = Client(cluster, timeout=10, set_as_default=False)
        client.wait_for_workers(1, timeout=60)
    except (OSError, ValueError) as error:
        raise ClusterError(error) from None
    with client:

        def submit(task: Task) -> Any:
            named = f"{task.name}-{os.urandom(4).hex()}"
            future = client.submit(_run_there, task, modules, seconds, megabytes, key=named, pure=False)
            running[future] = task
            return future

        waiting, running = iter(tasks), {}
        first = [submit(task) for task in islice(waiting, 2 * sum(client.nthreads().values()))]
        done = as_completed(first, loop=client.loop)
        for future in done:
            task = running.pop(future)
            value = ChildError("arrêt", str(future.exception())) if future.status == "error" else future.result()
            done.update([submit(following) for following in islice(waiting, 1)])
            yield task, value


def _run_there(task: Task, modules: list[str], seconds: float, megabytes: int) -> Any:
    warm(*modules)
    logging.getLogger("distributed.worker").info("%s: started", task.name)
    ((_, value),) = run_all(1, [task], seconds, megabytes)
    return value
