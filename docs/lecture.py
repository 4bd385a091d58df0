"""Execute docs/lecture.ipynb and write it as one page that needs no network: `make lecture`.

    python docs/lecture.py docs/_build/lecture.html

The page holds its figures, its style and its equations (MathML), and no script.
"""

import sys
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from latex2mathml.converter import convert
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

NOTEBOOK = Path(__file__).with_suffix(".ipynb")
SECONDS = 600
"""After this time a single cell is given up."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""

STYLE = """
body { margin: 0; background: #fff; color: #1a1a1a; font: 18px/1.55 system-ui, "Segoe UI", Roboto, Arial, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.5rem 5rem; }
h1 { font-size: 2.2rem; line-height: 1.2; }
h2 { margin-top: 4rem; border-top: 3px solid #0072b2; padding-top: .8rem; font-size: 1.6rem; }
a { color: #005a8f; }
.highlight, pre { font: 15px/1.45 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
.input_area .highlight { background: #f5f6f7; border-left: 4px solid #c8ccd0; padding: .6rem 1rem; overflow-x: auto; }
pre { margin: 0; white-space: pre-wrap; }
.input_area pre { white-space: pre; }
.output { margin: .8rem 0 1.6rem; overflow-x: auto; }
img { max-width: 100%; height: auto; }
code { font-size: .92em; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem; text-align: left; vertical-align: top; }
thead th { border-bottom: 1px solid #1a1a1a; }
.dataframe, .dataframe th, .dataframe td { border: 0; }
.dataframe th, .dataframe td { border-bottom: 1px solid #c8ccd0; }
.dataframe td, .dataframe thead th { text-align: right; }
details { margin: .5rem 0; font-size: .9rem; }
math { font-size: 1.08em; }
math[display="block"] { margin: 1rem 0; font-size: 1.15em; }
@media print { h2 { break-before: page; } .input_area, .output { break-inside: avoid; } }
"""


class Renderer(IPythonRenderer):
    """Markdown as HTML, with equations as MathML, which browsers show without a script."""

    def inline_math(self, body: str) -> str:
        return convert(body)

    def block_math(self, body: str) -> str:
        return convert(body, display="block")


def markdown(source: str) -> str:
    return MarkdownWithMath(Renderer(escape=False, exclude_anchor_links=True)).render(source)


def executed(notebook: NotebookNode) -> NotebookNode:
    """Execute a notebook in a folder of its own, and return it with its outputs."""
    with TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            resources={"metadata": {"path": folder}},
            extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it would warn of other users of this machine
        )
        done: NotebookNode = client.execute()
    return done


def page(notebook: NotebookNode) -> str:
    """Return an executed notebook as HTML."""
    exporter = HTMLExporter(template_name="basic", filters={"markdown2html": markdown})
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    body, _ = exporter.from_notebook_node(notebook)
    title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
    style = STYLE + HtmlFormatter(style="default").get_style_defs(".highlight")
    return PAGE.format(title=escape(title), style=style, body=body)


if __name__ == "__main__":
    output = Path(sys.argv[1])
    output.parent.mkdir(parents=True, exist_ok=True)
    print(f"executing {NOTEBOOK.name}, which takes one to two minutes", flush=True)
    output.write_text(page(executed(nbformat.read(NOTEBOOK, as_version=4))), encoding="utf-8")
    print(output)
