"""One HTML file with all tables, figures and sheets inside, from the committed results.

Run as `python -m benchmarks.report OUT` or `vlae-bench --html OUT`; OUT/index.html needs no other file.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

import click
import markdown

from benchmarks.render import PAGES, body
from benchmarks.results import FOLDER
from benchmarks.tables import ROOT, Lines
from vlae_cli.common import exit_on_error, force_option
from vlae_codec.errors import VlaeError
from vlae_codec.io.files import write_whole

TITLES = {"docs/results.md": "Results", "models/README.md": "Models", "docs/sets.md": "Sets side by side"}
KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
SOURCE = re.compile(r'src="([^"]+)"')
STYLE = """
body { font: 15px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 } td, th { padding: .25em .7em; border-bottom: 1px solid #ddd }
th { text-align: left } tr:hover { background: #f4f7fa }
code { background: #f2f2f2; padding: 0 .2em }
img { max-width: 100%; image-rendering: pixelated; display: block; margin: 1em 0 } nav a { margin-right: 1.5em }
"""


def report() -> str:
    """Format the whole page."""
    parts = ["<!doctype html>", '<html lang="en"><head><meta charset="utf-8">']
    parts += ["<title>vlae-codec: what was measured</title>", f"<style>{STYLE}</style></head><body>"]
    parts += ["<h1>vlae-codec: what was measured</h1>", "<nav>"]
    parts += [f'<a href="#{number}">{title}</a>' for number, title in enumerate(TITLES.values())] + ["</nav>"]
    for number, (page, title) in enumerate(TITLES.items()):
        parts.append(f'<h1 id="{number}">{title}</h1>')
        parts.append(to_html(body(PAGES[page], FOLDER), (ROOT / page).parent))
    return "\n".join([*parts, "</body></html>", ""])


def to_html(lines: Lines, folder: Path) -> str:
    """Return the HTML of Markdown, its pictures inside it.

    Args:
        lines: of Markdown.
        folder: what the pictures' paths start from.

    Raises:
        VlaeError: a picture is not there.
    """
    text = markdown.markdown("\n".join(lines), extensions=["tables"])
    return SOURCE.sub(lambda found: f'src="{embedded(folder / found[1])}"', text)


def embedded(path: Path) -> str:
    """Return a picture as an address that holds all of it.

    Raises:
        VlaeError: it is not there.
    """
    if not path.is_file():
        raise VlaeError(f"{path.name}: the picture that a table shows is not there; draw it again")
    return f"data:{KINDS[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


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
