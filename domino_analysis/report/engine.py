"""Runs one notebook in a process that is already warm: a papermill engine without a kernel process.

What cells say is told to nbclient, which papermill's own engine uses: it writes what that engine writes,
but for what no two runs share (process numbers, random identifiers, times) and for the order between
what a cell prints and what it writes as errors.
"""

import io
from contextlib import redirect_stderr, redirect_stdout

import pandas
from ipykernel.compiler import XCachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from papermill.engines import Engine
from traitlets.config import Config


class _Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **_):
        kind = "update_display_data" if update else "display_data"
        self.shell.tell(kind, data=data, metadata=metadata or {}, transient=transient)

    def clear_output(self, wait=False):
        self.shell.tell("clear_output", wait=wait)


class _Hook(DisplayHook):
    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        self.shell.tell("execute_result", data=format_dict, metadata=md_dict or {}, execution_count=self.prompt_count)


class _Stream(io.TextIOBase):
    """What a cell prints, told as it comes."""

    encoding = "UTF-8"

    def __init__(self, name: str, shell: "_Shell"):
        self.name, self.shell = name, shell

    def write(self, text: str) -> int:
        last = self.shell.place[0].outputs[-1:]
        if last and last[0].get("name") == self.name and not self.shell.client.clear_before_next_output:
            last[0]["text"] += text
        elif text:
            self.shell.tell("stream", name=self.name, text=text)
        return len(text)


class _Shell(InteractiveShell):
    """IPython without terminal or history, which tells what cells say in the messages of a kernel."""

    compiler_class = XCachingCompiler  # names the file of a cell as a kernel does
    displayhook_class = _Hook
    display_pub_class = _Publisher
    system = InteractiveShell.system_piped

    def tell(self, kind: str, **content: object) -> None:
        """Give a message of a kernel to nbclient, which changes the outputs of the notebook."""
        message = {"msg_type": kind, "header": {"msg_type": kind}, "content": content, "parent_header": {}}
        self.client.process_message(message, *self.place)

    def _showtraceback(self, etype, evalue, stb):
        self.tell("error", ename=etype.__name__, evalue=str(evalue), traceback=list(stb))


class WarmEngine(Engine):
    """papermill engine « domino »: cells run in the current process, one notebook per process.

    Attributes
    ----------
    ran : NotebookNode
        The notebook of the last run as it is now, whole or stopped by an error.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **_):
        """Run each code cell in turn and keep its outputs; stop at the first that fails."""
        pandas.set_option("display.max_columns", 20)  # what pandas takes in a kernel
        _Shell.clear_instance()
        shell = _Shell.instance(config=Config(HistoryManager={"enabled": False, "hist_file": ":memory:"}))
        shell.client, cls.ran = NotebookClient(nb_man.nb), nb_man.nb
        for index, cell in enumerate(nb_man.nb.cells):
            nb_man.cell_start(cell, index)
            if cell.cell_type == "code" and cell.source.strip():
                shell.place, cell.outputs, shell.client.clear_before_next_output = (cell, index), [], False
                with redirect_stdout(_Stream("stdout", shell)), redirect_stderr(_Stream("stderr", shell)):
                    result = shell.run_cell(cell.source, store_history=True)
                cell.execution_count = result.execution_count
                if not result.success:
                    nb_man.cell_exception(cell, index, exception=result.error_in_exec)
                    break
            nb_man.cell_complete(cell, index)
