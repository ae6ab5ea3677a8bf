"""Words that product code and pages do without: nicknames of the field's terms, and programs that see, know or ask."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PERSONS = r"hears?|heard|asks?|asked|told|tells|knows|knew|sees|wants|nobody|somebody|whoever"
NICKNAMES = (
    r"faithful|chosen codes?|dials?|shrinks?|shrunk|enlarged?|sealed|unseal|colour models?|models? of black and white"
    r"|quantisation widths?|mean picture|drifts?"
)
AVOIDED = re.compile(rf"\b(?:{PERSONS}|{NICKNAMES})\b", re.IGNORECASE)
"""The words of docs/glossary.md take their place."""
VOCABULARY = ROOT / "models/vlae_models/data/drawn/fonts.py"
"""Has the words of texts that are drawn."""


def avoided(path: Path) -> list[str]:
    lines = enumerate(path.read_text().splitlines(), 1)
    named = ((number, line) for number, line in lines if AVOIDED.search(line) or AVOIDED.search(parted(line)))
    return [f"{path.relative_to(ROOT)}:{number}: {line.strip()}" for number, line in named]


def parted(line: str) -> str:
    """A line with spaces between the words of its names."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", line)


def test_product_code_uses_the_terms_of_the_field() -> None:
    folders = [ROOT / "vlae_codec", ROOT / "models/vlae_models", ROOT / "cli/vlae_cli"]
    paths = [path for folder in folders for path in folder.rglob("*.py") if path != VOCABULARY]
    found = [line for path in paths for line in avoided(path)]
    assert len(paths) > 150 and not found, "\n".join(found)


def test_pages_do_too() -> None:
    pages = [*(ROOT / "docs").glob("*.md"), *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG"))]
    found = [line for path in pages for line in avoided(path)]
    assert len(pages) > 10 and not found, "\n".join(found)


def test_an_avoided_word_is_found() -> None:
    assert avoided(VOCABULARY)
