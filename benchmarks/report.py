"""One HTML file with all tables, figures and sheets inside, from the committed results.

Run as `python -m benchmarks.report OUT` or `vlae-bench --html OUT`; OUT/index.html needs no other file.
"""

from __future__ import annotations

import base64
import re
from html import escape
from pathlib import Path

import click

from benchmarks.render import PAGES, body
from benchmarks.results import FOLDER
from benchmarks.tables import ROOT, Lines
from vlae_cli.common import exit_on_error, force_option
from vlae_codec.errors import VlaeError
from vlae_codec.io.files import write_whole

TITLES = {"docs/results.md": "Results", "models/README.md": "Models", "docs/sets.md": "Sets side by side"}
KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
NUMBER = re.compile(r"[-+]?\d|-$")
STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 } td, th { padding: .25em .7em; border-bottom: 1px solid #ddd }
th { text-align: left } .number { text-align: right } tr:hover { background: #f4f7fa }
code { background: #f2f2f2; padding: 0 .2em }
img { max-width: 100%; image-rendering: pixelated; display: block; margin: 1em 0 } nav a { margin-right: 1.5em }
"""


def report() -> str:
    """The whole page."""
    parts = ["<!doctype html>", '<html lang="en"><head><meta charset="utf-8">']
    parts += ["<title>vlae-codec: what was measured</title>", f"<style>{STYLE}</style></head><body>"]
    parts += ["<h1>vlae-codec: what was measured</h1>", "<nav>"]
    parts += [f'<a href="#{number}">{title}</a>' for number, title in enumerate(TITLES.values())] + ["</nav>"]
    for number, (page, title) in enumerate(TITLES.items()):
        parts.append(f'<h1 id="{number}">{title}</h1>')
        parts += to_html(body(PAGES[page], FOLDER), (ROOT / page).parent)
    return "\n".join([*parts, "</body></html>", ""])


def to_html(lines: Lines, folder: Path) -> list[str]:
    """HTML of the Markdown that the tables are made of: headings, tables, pictures, paragraphs.

    Args:
        lines: of Markdown.
        folder: what the pictures' paths start from.

    Raises:
        VlaeError: a picture is not there.
    """
    out: list[str] = []
    inside = False
    for line in lines:
        if line.startswith("|---"):
            continue
        if line.startswith("| "):
            tag = "td" if inside else "th"
            cells = "".join(cell_of(text, tag) for text in line[2:-2].split(" | "))
            out.append(("" if inside else "<table>") + f"<tr>{cells}</tr>")
            inside = True
            continue
        if inside:
            out.append("</table>")
            inside = False
        if found := PICTURE.fullmatch(line):
            out.append(picture(found[1], folder / found[2]))
        elif line.startswith("## "):
            out.append(f"<h2>{inline(line[3:])}</h2>")
        elif line:
            out.append(f"<p>{inline(line)}</p>")
    return [*out, "</table>"] if inside else out


def cell_of(text: str, tag: str) -> str:
    """A cell of a table; what begins like a number stands to the right."""
    side = ' class="number"' if NUMBER.match(text) else ""
    return f"<{tag}{side}>{inline(text)}</{tag}>"


def inline(text: str) -> str:
    """Bold and code inside a line."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", text)


def picture(title: str, path: Path) -> str:
    """The picture itself inside the page.

    Raises:
        VlaeError: it is not there.
    """
    if not path.is_file():
        raise VlaeError(f"{path.name}: the picture that a table shows is not there; draw it again")
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<img alt="{escape(title)}" title="{escape(title)}" src="data:{KINDS[path.suffix]};base64,{data}">'


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@force_option
@exit_on_error
def main(out: Path, force: bool) -> None:
    """Write OUT/index.html."""
    path = out / "index.html"
    if path.exists() and not force:
        raise VlaeError(f"{path}: exists; --force replaces it")
    text = report()
    out.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.encode())
    click.echo(f"{path}: {len(text):,} bytes")


if __name__ == "__main__":
    main()
