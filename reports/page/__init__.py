"""The report as one self-contained page of HTML: sentences, tables and figures that need no network."""
