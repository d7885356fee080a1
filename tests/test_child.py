"""A function that takes too much, or dies, ends alone and says why."""

import os
import subprocess
import sys
import time

import pytest

from domino_analysis.child import ChildError, Task, run, run_all


def take(megabytes: int) -> int:
    return len(bytearray(megabytes * 1024 * 1024))


def fail() -> None:
    raise ValueError("un détail")


def reason(function, *arguments, **limits) -> ChildError:
    with pytest.raises(ChildError) as caught:
        run(function, *arguments, **limits)
    return caught.value


def test_a_value_comes_back():
    assert run(sorted, [3, 1, 2]) == [1, 2, 3]


def test_an_answer_larger_than_a_pipe_comes_back():
    assert len(run(bytes, 3_000_000)) == 3_000_000


def test_a_call_that_lasts_too_long_ends_on_time():
    start = time.monotonic()
    assert reason(time.sleep, 60, seconds=0.5).reason == "temps"
    assert time.monotonic() - start < 10


def test_a_call_that_takes_too_much_memory_ends():
    assert reason(take, 900, megabytes=200).reason == "mémoire"
    assert run(take, 100, megabytes=200) == 100 * 1024 * 1024


def test_the_memory_of_the_caller_is_left_as_it_was():
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    run(sorted, [1], megabytes=200)
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_a_process_that_dies_is_told():
    assert reason(os._exit, 3).reason == "arrêt"
    assert reason(os.abort).reason == "arrêt"


def test_an_answer_that_cannot_be_sent_is_told():
    assert reason(os.scandir, ".").reason == "erreur"


def test_an_error_keeps_its_words():
    error = reason(fail)
    assert error.reason == "erreur"
    assert error.detail.startswith("ValueError: un détail")


def test_one_task_that_fails_leaves_the_others():
    tasks = [Task("a", sorted, ([2, 1],)), Task("b", os._exit, (1,)), Task("c", sorted, ([],))]
    results = {task.name: value for task, value in run_all(2, tasks)}
    assert (results["a"], results["c"]) == ([1, 2], [])
    assert results["b"].reason == "arrêt"


def test_the_main_module_is_left_as_it_was():
    main = sys.modules["__main__"]
    before = {name: vars(main).get(name, "absent") for name in ("__file__", "__spec__")}
    run(sorted, [])
    assert {name: vars(main).get(name, "absent") for name in before} == before


@pytest.mark.skipif(sys.platform == "win32", reason="no fork server")
@pytest.mark.parametrize(("warmed", "modules"), [((), "True True"), (("json",), "False False")])
def test_a_first_child_has_what_reads_a_folder_unless_others_are_named(warmed, modules):
    script = f"""
from domino_analysis.child import run, warm
if {warmed}: warm(*{warmed})
print(*(run(eval, f"'{{name}}' in __import__('sys').modules") for name in ("python_calamine", "domino_analysis.load")))
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", timeout=60)
    assert told.stdout.split() == modules.split(), told.stderr
