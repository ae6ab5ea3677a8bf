"""Fonts of the machine, sorted by what they are used for, and text made of common words."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
MONO = re.compile("mono|code|consol|courier|hack", re.IGNORECASE)
SERIF = re.compile("serif|roman|times|garamond|caladea|stix|georgia", re.IGNORECASE)
SIGNS = re.compile("^cm|^STIX(Siz|NonUni)|emoji|symbol|math|display", re.IGNORECASE)
"""Fonts of signs, some of which call them letters."""
SLANTED = re.compile("italic|oblique|-it|[0-9]it", re.IGNORECASE)
KINDS = ("sans", "serif", "mono")

_TEXT = (
    "the of and to in is that for it was on are as with at be this from have or by one had not but what all were "
    "when we there can an your which their said if do will each about how up out them then she many some so these "
    "would other into has more her two like him see time could no make than first been its who now people my made "
    "over did down only way find use may water long little very after words called just where most know get "
    "through back much before go good new write our used me man too any day same right look think also around "
    "another came come work three word must because does part even place well such here take why things help put "
    "years different away again off went old number great tell men say small every found still between name "
    "should home big give air line set own under read last never us left end along while might next sound below "
    "saw something thought both few those always looked show large often together asked house world going want "
    "school important until form food keep children feet land side without boy once animals life enough took "
    "sometimes four head above kind began almost live page got earth need far hand high year mother light parts "
    "country father let night following picture being study second eyes soon times story boys since white days "
    "ever paper hard near sentence better best across during today others however sure means knew it's try told "
    "young miles sun ways thing whole hear example heard several change answer room sea against top turned learn "
    "point city play toward five using himself usually money seen didn't car morning given ship Zürich café naïve "
    "façade Ångström señor quantity exchange jazz"
)
WORDS = _TEXT.split()


def find_fonts(folders: Iterable[str | Path] | None = None) -> list[Path]:
    """Font files with Latin letters, in the order of their paths: the machine's, and those that matplotlib brings."""
    if folders is None:
        spec = importlib.util.find_spec("matplotlib")
        shipped = [Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"] if spec and spec.origin else []
        folders = [*FOLDERS, *shipped]
    files = [path for folder in folders for path in Path(folder).rglob("*") if path.suffix.lower() in (".ttf", ".otf")]
    return [path for path in sorted(files) if _is_latin(path)]


class Fonts:
    """Fonts by kind; Pillow's own where there is none of a kind.

    Args:
        paths: font files.
    """

    def __init__(self, paths: Iterable[Path]):
        self.kinds: dict[str, list[Path]] = {kind: [] for kind in KINDS}
        for path in paths:
            kind = "mono" if MONO.search(path.name) else "serif" if SERIF.search(path.name) else "sans"
            self.kinds[kind].append(path)

    def choose(self, rng: np.random.Generator, kind: str) -> Path | None:
        """Choose a font of a kind ("sans", "serif", "mono"); families of many files are not chosen more often."""
        families: dict[str, list[Path]] = {}
        for path in self.kinds[kind]:
            families.setdefault(re.split(r"[-_]|(?=Bold|Italic)", path.stem)[0], []).append(path)
        if not families:
            return None
        family = families[list(families)[rng.integers(len(families))]]
        upright = [path for path in family if not SLANTED.search(path.stem)]
        family = upright if upright and rng.random() < 0.8 else family
        return family[rng.integers(len(family))]


@lru_cache(maxsize=256)
def sized(path: Path | None, size: int) -> Font:
    """Return a font of a size in pixels."""
    return ImageFont.load_default(size) if path is None else ImageFont.truetype(str(path), size)


def words(rng: np.random.Generator, count: int) -> list[str]:
    """Return common words, some as names, some numbers among them, with commas and full stops."""
    out = []
    start = True
    for chance in rng.random(count):
        word = WORDS[rng.integers(len(WORDS))]
        if chance < 0.04:
            word = str(rng.integers(10 ** rng.integers(1, 5)))
        elif start or chance < 0.08:
            word = word[0].upper() + word[1:]
        start = 0.88 < chance < 0.96
        out.append(word + ("." if start else "," if chance >= 0.96 else ""))
    return out


def phrase(rng: np.random.Generator, most: int = 3) -> str:
    """Return a label of one to `most` words."""
    text = " ".join(words(rng, int(rng.integers(1, most + 1)))).rstrip(".,")
    return text[0].upper() + text[1:]


def _is_latin(path: Path) -> bool:
    if SIGNS.search(path.name):
        return False
    try:
        font = sized(path, 24)
        shapes = [bytes(font.getmask(letter)) for letter in "\uffffagMéÅ"]
    except OSError:
        return False
    return len(set(shapes)) == len(shapes)
