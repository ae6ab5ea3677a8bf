"""Families of models, each in a folder of its own, and what is the same for all of them."""

from . import known
from .bilevel.family import BilevelFamily
from .page.family import PageFamily
from .photo.family import PhotoFamily
from .stored.codec import INFO
from .stored.family import StoredFamily
from .windowed.family import WindowedFamily

known.register(BilevelFamily())
known.register(PhotoFamily())
known.register(WindowedFamily())
known.register(PageFamily())
known.register(StoredFamily(), INFO)
