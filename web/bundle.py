"""The page as one file that works from a disk, where browsers load neither modules nor anything beside the page."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"([^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:function\*?|class|const|let) (\w+))", re.MULTILINE)
NAMES = re.compile(r"^export \{([^}]*)\};\n", re.MULTILINE)
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob: 'wasm-unsafe-eval'; worker-src blob:;"
    " style-src 'unsafe-inline'; img-src blob: data:; base-uri 'none'; form-action 'none'"
)
START = """
const text = document.getElementById("bundle").textContent;
const script = (end) => URL.createObjectURL(new Blob([text + end], { type: "text/javascript" }));
globalThis.vlzWorker = () => new Worker(script('requireModule("page/worker.js");'));
document.head.append(Object.assign(document.createElement("script"), {
  src: script('requireModule("page/offline.js"); requireModule("page/main.js");'),
}));
"""


def bundle(folder: Path, entries: Iterable[str]) -> str:
    """Return a script with all modules that some need, each a function that `requireModule` calls once.

    Args:
        folder: of the modules.
        entries: paths of the first ones in it.
    """
    found: dict[str, str] = {}
    for entry in entries:
        _add(folder, entry, found)
    parts = [f"{path!r}: () => {{\n{body}}}" for path, body in found.items()]
    head = '"use strict";\nconst done = {};\nconst requireModule = (path) => (done[path] ??= modules[path]());\n'
    return head + "const modules = {\n" + ",\n".join(parts) + "\n};\n"


def _add(folder: Path, path: str, found: dict[str, str]) -> None:
    if path in found:
        return
    text = (folder / path).read_text()
    names = [match[2] for match in EXPORT.finditer(text)]
    names += [name.strip() for match in NAMES.finditer(text) for name in match[1].split(",")]

    def imported(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[2]))
        _add(folder, target, found)
        taken = (match[1] or "").replace(" as ", ": ")
        return f"const {{{taken}}} = requireModule({target!r});\n"

    body = NAMES.sub("", EXPORT.sub(r"\1", IMPORT.sub(imported, text)))
    found[path] = body.replace("import.meta.url", "location.href") + f"return {{ {', '.join(names)} }};\n"


def single_page(folder: Path, files: Mapping[str, bytes]) -> str:
    """Return the page as one file.

    Args:
        folder: of index.html, style.css and js.
        files: what lies beside the page, by path.
    """
    page = (folder / "index.html").read_text()
    page = re.sub(r'content="default-src[^"]*"', f'content="{POLICY}"', page)
    style = (folder / "style.css").read_text()
    page = page.replace('<link rel="stylesheet" href="style.css" />', f"<style>\n{style}</style>")
    script = bundle(folder / "js", ["page/offline.js", "page/main.js", "page/worker.js"])
    assert "</script" not in script
    parts = [f'<script type="text/plain" id="bundle">{script}</script>']
    parts += [
        f'<script type="text/plain" data-path="{path}">{base64.b64encode(data).decode()}</script>'
        for path, data in files.items()
    ]
    parts.append(f"<script>{START}</script>")
    page = page.replace('<script type="module" src="js/page/main.js"></script>', "")
    return page.replace("</body>", "\n".join(parts) + "\n</body>")
