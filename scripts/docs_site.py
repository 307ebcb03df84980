"""What MkDocs does besides (``hooks`` of mkdocs.yml): pages of files outside ``docs/``, and links.

The documents are read in the repository too, where links such as ``../CONTRIBUTING.md`` or
``../tests/api/test_flow.py`` lead somewhere. On the site the first becomes a link to the page of
that file, and the second, whose file has no page, its text alone.
"""

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "project"
# Files of the repository's root that are pages of the site.
PAGES = ("README.ja.md", "CONTRIBUTING.md", "DECISIONS.md", "CHANGELOG.md")
INSTEAD = {"README.md": "index.md"} | {name: f"{FOLDER}/{name}" for name in PAGES}
# A fence, or code within a line: what looks like a link there is none. Links may have code in them.
CODE = re.compile(r"^```.*?^```[^\n]*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK = re.compile(
    r"(?P<link>(?P<image>!?)\[(?P<text>[^\]\n]*)\]\((?P<target>(?![a-z]+:|#|/)[^)\s#]+)(?P<anchor>#[^)\s]*)?\))|"
    + CODE.pattern,
    CODE.flags,
)
# What tests know a block by stands behind its language, where MkDocs takes nothing.
WORDS = re.compile(r"^(```\w+) .*$", re.MULTILINE)
# Browsers show the end of a line as a space, which Japanese has none of.
WRAP = re.compile(r"(?<=[\u3001-\u9fff\uff01-\uff60])\n(?=[\u3001-\u9fff\uff01-\uff60])")


def on_files(files: Files, config: Any) -> Files:
    for name in PAGES:
        content = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, INSTEAD[name], content=content))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    uri = page.file.src_uri
    is_from_root = uri.startswith(f"{FOLDER}/")
    written_in = "" if is_from_root else f"docs/{os.path.dirname(uri)}"
    return unwrapped(relinked(plain(markdown), written_in, os.path.dirname(uri)))


def plain(markdown: str) -> str:
    """Return the text with nothing but the language at the head of its code blocks."""
    return WORDS.sub(r"\1", markdown)


def relinked(markdown: str, written_in: str, shown_in: str) -> str:
    """Return the text with its links as the site has them.

    Args:
        written_in: folder of the file, below the repository's root.
        shown_in: folder of the page, below ``docs/``.
    """

    def changed(found: re.Match[str]) -> str:
        if found["link"] is None:
            return found.group()
        target = os.path.normpath(os.path.join(written_in, found["target"]))
        uri = uri_of(target)
        if uri is not None:
            place = os.path.relpath(uri, shown_in or ".")
            return f"{found['image']}[{found['text']}]({place}{found['anchor'] or ''})"
        return found["text"] if (ROOT / target).exists() else found.group()

    return LINK.sub(changed, markdown)


def unwrapped(markdown: str) -> str:
    """Return the text without the ends of lines within a Japanese sentence."""
    pieces, end = [], 0
    for code in CODE.finditer(markdown):
        pieces += [WRAP.sub("", markdown[end : code.start()]), code.group()]
        end = code.end()
    return "".join([*pieces, WRAP.sub("", markdown[end:])])


def uri_of(target: str) -> str | None:
    """Return the page of a file of the repository, by its path there; None: it has none."""
    if target in INSTEAD:
        return INSTEAD[target]
    return target.removeprefix("docs/") if target.startswith("docs/") else None
