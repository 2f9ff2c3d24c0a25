"""The version that a tag of a repository names: `curl-8_4_0` is 8.4.0; pure.

Advisories that speak of commits list the tags that hold them. A tag's name is not a version: it carries the project's
name, and often other signs for dots.
"""

import re

_TAG = re.compile(
    r"(?:refs/tags/)?(?:[A-Za-z]+[-_./@]|[A-Za-z]{2,}[A-Za-z0-9+]*[-/@])*[A-Za-z]*(\d[0-9A-Za-z.,_~+-]*)", re.ASCII
)
_COMMIT = re.compile(r"(?=.*[a-f])[0-9a-f]{7,64}", re.ASCII)
_BETWEEN = re.compile(r"(?<=\d)[_-](?=\d)", re.ASCII)


def version_of_tag(tag: str) -> str:
    """Return the version in a tag's name, "" for a commit or where there is none; `_`, `-` between numbers are dots."""
    found = _TAG.fullmatch(tag.strip())
    if not found or _COMMIT.fullmatch(tag.strip()):
        return ""
    version = found[1]
    return version if "." in version else _BETWEEN.sub(".", version).replace("_", "")
