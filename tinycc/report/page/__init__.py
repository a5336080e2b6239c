"""report.html: one file without a network, drawn from report.json."""

from tinycc.report.page.page import PAGE, page

__all__ = ["PAGE", "page"]
