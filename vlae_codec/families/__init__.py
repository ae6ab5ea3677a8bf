"""Families of models, each in a folder of its own, and what is the same for all of them."""

from . import registry
from .bilevel.family import BilevelFamily
from .page.family import PageFamily
from .photo.family import PhotoFamily
from .windowed.family import WindowedFamily

for _family in (BilevelFamily(), PhotoFamily(), WindowedFamily(), PageFamily()):
    registry.register(_family)
