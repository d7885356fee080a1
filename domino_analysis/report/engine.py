"""Runs one notebook in a process that is already warm: a papermill engine without a kernel process."""

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.io import capture_output
from nbformat.v4 import new_output
from papermill.engines import Engine
from traitlets.config import Config

QUIET = {"HistoryManager": {"enabled": False, "hist_file": ":memory:"}, "InteractiveShell": {"colors": "NoColor"}}
"""IPython without history or colours."""


class WarmEngine(Engine):
    """papermill engine « domino »: cells run in the current process, one notebook per process."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **_):
        """Run each code cell in turn and keep its outputs; stop at the first that fails."""
        InteractiveShell.clear_instance()
        shell = InteractiveShell.instance(config=Config(QUIET))
        for index, cell in enumerate(nb_man.nb.cells):
            nb_man.cell_start(cell, index)
            if cell.cell_type == "code" and cell.source.strip():
                # The trap is set first: the shell would else take the cell's last value from the capture.
                with shell.display_trap, capture_output() as said:
                    result = shell.run_cell(cell.source, store_history=True)
                streams = (("stdout", said.stdout), ("stderr", said.stderr))
                cell.outputs = [new_output("stream", name=n, text=t) for n, t in streams if t]
                cell.outputs += [
                    new_output("display_data", o.data, metadata=o.metadata) for o in said.outputs if o.data
                ]
                cell.execution_count = result.execution_count
                if error := result.error_before_exec or result.error_in_exec:
                    cell.outputs.append(new_output("error", ename=type(error).__name__, evalue=str(error)))
                    nb_man.cell_exception(cell, index, exception=error)
                    break
            nb_man.cell_complete(cell, index)
