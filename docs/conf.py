"""How sphinx builds these pages: ``make docs``."""

from importlib.metadata import version as version_of

project = "koepel"
author = "The koepel developers"
copyright = "The koepel developers"
version = release = version_of("koepel")

extensions = ["myst_parser", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "koepel"
