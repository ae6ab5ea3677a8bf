"""Collections: any number of .vlz files in one, appended and joined by many workers, any picture at hand.

>>> import numpy as np
>>> from vlae_codec.collections import Collection, encode_part
>>> part = encode_part([np.zeros((28, 28), np.uint8)] * 3, names=["a", "b", "c"])
>>> pictures = Collection(part)
>>> len(pictures), pictures.name(1), pictures[2].size
(3, 'b', (28, 28))
"""

from .encode import encode_part
from .reader import Collection
from .streams import read_stream
from .writer import append, join, recover

__all__ = ["Collection", "append", "encode_part", "join", "read_stream", "recover"]
