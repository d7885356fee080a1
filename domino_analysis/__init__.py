"""From the sheets of an evening meeting to the diagnostic of a territory (programme DOMINO).

The modules, in the order of the flow; each imports only from those before it.
"""

__all__ = [
    "paths", "schema", "child", "load", "workbook", "clean", "territory",
    "census", "indicators", "sensitivity", "agreement", "trace", "comparison", "privacy",
    "text", "figures", "sections", "example", "report", "cli",
]  # fmt: skip
