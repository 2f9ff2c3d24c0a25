"""The look of Careful: templates, components, charts and the one palette that console and public site share.

`templates(world)` renders pages, `static()` serves the files they link, `charts` draws. Colours are named in
`static/tokens.css` only; a state is always a shape and a word before it is a colour.
"""

from careful.entrypoints.look import charts
from careful.entrypoints.look.renderer import LookRenderer, asset, query, static, templates

__all__ = ["LookRenderer", "asset", "charts", "query", "static", "templates"]
