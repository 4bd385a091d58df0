"""The documentation as a site: `make docs` builds it into docs/_build, and every warning is an error.

The source is the whole repository, so that README.md, CONTRIBUTING.md and the pages here link to each other by the same
paths on a code host and on the site.
"""

from sphinx.application import Sphinx

from seqbench import __version__

project = "seqbench"
author = "The seqbench maintainers"
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
include_patterns = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/*.md"]
exclude_patterns = [".*", "**/.*", "build", "docs/_build", "results", "tests"]
myst_heading_anchors = 4

html_theme = "furo"
html_title = "seqbench"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["_extra"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
python_use_unqualified_type_names = True
# A type variable, and a class that is not public. Types of other libraries could be linked only with the network.
nitpick_ignore = [("py:class", "seqbench.tasks.language.model.State"), ("py:class", "seqbench.api.Asked")]
nitpick_ignore_regex = [(r"py:.*", r"(np|numpy|pd|pandas|pathlib|collections|typing|torch|pydantic)\b.*")]

default_role = "code"


def setup(app: Sphinx) -> None:
    """Leave the docstrings of attributes as they are: Napoleon takes the words before a colon for a type."""
    kept: dict[str, list[str]] = {}

    def keep(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
        if what == "attribute":
            kept[name] = lines.copy()

    def restore(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
        lines[:] = kept.get(name, lines)

    before, after = 400, 600  # Napoleon has the priority 500
    app.connect("autodoc-process-docstring", keep, before)
    app.connect("autodoc-process-docstring", restore, after)
