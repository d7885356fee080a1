"""Runs one notebook in a process that is already warm: a papermill engine without a kernel process."""

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.io import capture_output
from nbformat.v4 import new_output
from papermill.engines import Engine
from traitlets.config import Config


class _Publisher(DisplayPublisher):
    """Keeps what cells display, as notebook outputs."""

    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **_):
        self.shell.cell_outputs.append(new_output("display_data", data, metadata=metadata or {}))


class _Hook(DisplayHook):
    """Keeps the value of a cell's last line, as a notebook output."""

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        self.shell.cell_outputs.append(
            new_output("execute_result", format_dict, metadata=md_dict or {}, execution_count=self.prompt_count)
        )


class _Shell(InteractiveShell):
    """IPython without terminal, history or colours."""

    displayhook_class = _Hook
    display_pub_class = _Publisher

    def __init__(self, **options):
        self.cell_outputs = []
        super().__init__(**options)

    def _showtraceback(self, etype, evalue, stb):
        self.cell_outputs.append(new_output("error", ename=etype.__name__, evalue=str(evalue), traceback=list(stb)))


def _shell() -> _Shell:
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "NoColor"
    _Shell.clear_instance()
    return _Shell.instance(config=config)


class WarmEngine(Engine):
    """papermill engine « domino »: cells run in the current process, one notebook per process."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **_):
        """Run each code cell in turn and keep its outputs; stop at the first that fails."""
        shell = _shell()
        for index, cell in enumerate(nb_man.nb.cells):
            nb_man.cell_start(cell, index)
            if cell.cell_type == "code" and cell.source.strip():
                shell.cell_outputs = []
                with capture_output(display=False) as said:
                    result = shell.run_cell(cell.source, store_history=True)
                streams = (("stdout", said.stdout), ("stderr", said.stderr))
                cell.outputs = [new_output("stream", name=n, text=t) for n, t in streams if t]
                cell.outputs += shell.cell_outputs
                cell.execution_count = result.execution_count
                if not result.success:
                    nb_man.cell_exception(cell, index, exception=result.error_in_exec)
                    break
            nb_man.cell_complete(cell, index)
