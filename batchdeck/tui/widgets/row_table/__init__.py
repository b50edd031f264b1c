"""One list for everything that comes in rows: batches, documents, pages, failures, log lines."""

from batchdeck.tui.widgets.row_table.describing import describe
from batchdeck.tui.widgets.row_table.rows import Align, Cell, Column, Cut, Key, RecordRows, RowSource
from batchdeck.tui.widgets.row_table.table import RowTable
from batchdeck.tui.widgets.row_table.view import Filter, RowView, Sort

__all__ = [
    "Align",
    "Cell",
    "Column",
    "Cut",
    "Filter",
    "Key",
    "RecordRows",
    "RowSource",
    "RowTable",
    "RowView",
    "Sort",
    "describe",
]
