"""The recipe of a windowed model: the shapes of its networks and how they are trained."""

from __future__ import annotations

from dataclasses import dataclass

from vlae_codec.errors import ModelError
from vlae_codec.families.windowed.model import SCALES, SHARPEST_PRIOR

from ..recipe import WINDOWS, Kind, Recipe, Schedule


@dataclass(frozen=True)
class WindowedConfig:
    """Shapes of the networks of a windowed model.

    Attributes:
        window: the pixels above and to the left that the decoder reads, a key of `WINDOWS`.
        grey_window: show the decoder only the grey values of its window, so that colour has to enter the code
            (Chen et al., section 4.3).
        patch: pixels of the picture's side to one of the latent grid's: 4, 8 or 16.
        latent: channels of the latent grid; 0 is the local decoder without latents.
        fine: channels at a quarter of the picture's side.
        fine_blocks: residual blocks there, in the encoder and in the synthesis.
        mid: channels at an eighth, if the patch is as large.
        coarse: channels at a sixteenth, if the patch is as large.
        linear_path: a linear path beside encoder and synthesis, which training starts as the principal components of
            patches: the model begins as a transform coder.
        features: channels of the full-size feature map that z is decoded to.
        local: width of the local decoder.
        local_layers: 1x1 residual layers of the local decoder.
        mixtures: logistic components of a pixel's distribution.
        prior_window: the positions of the latent grid that the prior reads.
        prior: width of the prior's network.
        prior_layers: its residual layers.
        prior_mixtures: logistic components of a latent's distribution.
        prior_sharper: powers of two by which these may be sharper than usual, 0 to 4: a latent that says nothing costs
            the less, and all can be less broad.
    """

    window: str = "7x4"
    grey_window: bool = False
    patch: int = 16
    latent: int = 24
    fine: int = 48
    fine_blocks: int = 1
    mid: int = 96
    coarse: int = 128
    linear_path: bool = False
    features: int = 16
    local: int = 80
    local_layers: int = 3
    mixtures: int = 4
    prior_window: str = "5x3"
    prior: int = 96
    prior_layers: int = 2
    prior_mixtures: int = 2
    prior_sharper: int = 0

    def __post_init__(self) -> None:
        for window in (self.window, self.prior_window):
            if window not in WINDOWS:
                raise ModelError(f"window {window!r} is unknown; known: {', '.join(WINDOWS)}")
        if self.patch not in SCALES:
            raise ModelError(f"a patch of {self.patch} is not supported; supported: {', '.join(map(str, SCALES))}")
        if not 0 <= self.prior_sharper <= SHARPEST_PRIOR:
            raise ModelError(f"prior_sharper should be 0 to {SHARPEST_PRIOR}")


@dataclass(frozen=True)
class WindowedTraining(Schedule):
    """How a windowed model is trained.

    Attributes:
        crop: side of a crop, pixels; a multiple of 16.
        turned: whether crops are also turned and put upside down; all are mirrored.
        positions: pixels of each crop at which the local decoder is trained.
        muon: learning rate of the matrices of hidden layers by Muon, which fades with the other one; 0 for Adam.
        muon_first: whether those include the layers that read windows.
        widest: quantisation step, as a power of two, of the coarsest code; widths are log-uniform.
        finest: the same of the finest code.
        base_weight: weight of the squared error (of 0 ... 255) of the base reconstruction, at width 1, against bits a
            pixel; it falls with the width squared, as the slope of rate against distortion does.
        base_grad_scale: factor of the base reconstruction's gradient to z; at 0 the bound alone decides what is in z.
        base_grad_decay: fade that factor with the learning rate, towards an optimum of the bound.
        decoder_grad_scale: factor of the local decoder's gradient to z. At 1 the bound is minimised; less of it leaves
            more of z to the base reconstruction, which is what counts at low rates.
        init: released windowed model (name, folder or fingerprint) whose weights training starts from; "" for none.
        init_local: the same for the local decoder alone.
        context_noise: share of crops whose context is noised, as it is while a picture is drawn.
        context_noise_range: largest standard deviation of that noise, pixel levels.
        grey: share of crops without colour.
    """

    crop: int = 128
    turned: bool = True
    positions: int = 3072
    muon: float = 0.0
    muon_first: bool = False
    widest: float = 3.5
    finest: float = -1.0
    base_weight: float = 0.007
    base_grad_scale: float = 1.0
    base_grad_decay: bool = False
    decoder_grad_scale: float = 1.0
    init: str = ""
    init_local: str = ""
    context_noise: float = 0.5
    context_noise_range: float = 24.0
    grey: float = 0.08

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.crop < 16 or self.crop % 16 or not 1 <= self.positions <= self.crop**2:
            raise ModelError("recipe: a crop's side is a multiple of 16, and positions are pixels of it")


WindowedRecipe = Recipe[WindowedConfig, WindowedTraining]
WINDOWED = Kind("windowed", WindowedConfig, WindowedTraining)
