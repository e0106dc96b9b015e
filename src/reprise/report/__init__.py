"""The report: HTML, Markdown, figures, and the ledger in a terminal."""
