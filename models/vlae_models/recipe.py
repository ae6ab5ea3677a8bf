"""A recipe: every setting that is needed to train one model again, read from one TOML file."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from vlae_codec.autoregressive.order import Window
from vlae_codec.errors import ModelError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from importlib.abc import Traversable

WINDOWS = {
    "none": Window(0, 0, 0),
    "4x2": Window(1, 2, 1),
    "5x3": Window(2, 2, 2),
    "7x4": Window(3, 3, 3),
    "13x7": Window(6, 6, 6),
}
"""The decoder's windows by the paper's names."""

STACKS: dict[str, tuple[int, ...]] = {"six-3x3": (1,) * 6, "full": (1, 1, 2, 4, 8, 11)}
"""Windows of a stack of 3x3 layers, by the layers' dilations: six rows and columns, and all of a 28x28 image's past.

They are for studies and cannot be exported."""


@dataclass(frozen=True)
class ModelConfig:
    """Shapes of the networks.

    Attributes:
        window: the pixels above and to the left that the decoder reads, a key of `WINDOWS` or `STACKS`;
            "none" is the factorised decoder of a plain VAE.
        latent: dimensions of z; 0 is the local decoder without latents.
        prior_blocks: z is cut into this many equal blocks, each Gaussian given those before it.
        prior_hidden: width of the prior's two hidden layers.
        flow_posterior: the prior's flow belongs to the posterior instead: the decoder reads its standard normal
            noise (an inverse autoregressive flow; for studies, cannot be exported).
        coarse: channels at a quarter of the image's side (7x7 for 28x28).
        fine: channels at half of the image's side (14x14).
        hidden: width of the fully connected layer between maps and latent.
        features: channels of the full-size feature map that z is decoded to.
        local: width of the local decoder.
        local_layers: 1x1 residual layers of the local decoder.
        labels: classes of a label y that prior and decoder read; 0 for a model without labels.
    """

    window: str = "7x4"
    latent: int = 32
    prior_blocks: int = 4
    prior_hidden: int = 128
    flow_posterior: bool = False
    coarse: int = 64
    fine: int = 32
    hidden: int = 384
    features: int = 12
    local: int = 48
    local_layers: int = 3
    labels: int = 0

    def __post_init__(self) -> None:
        if self.labels < 0 or (self.labels and not self.latent):
            raise ModelError("labels are not negative, and a model with labels has latents")
        if self.window not in WINDOWS and self.window not in STACKS:
            raise ModelError(f"window {self.window!r} is unknown; known: {', '.join([*WINDOWS, *STACKS])}")
        if self.prior_blocks < 1 or self.latent % self.prior_blocks:
            raise ModelError(f"{self.latent} latent dimensions do not split into {self.prior_blocks} equal blocks")


@dataclass(frozen=True)
class Schedule:
    """What the trainings of all kinds of models have in common.

    Attributes:
        updates: optimiser steps; a time budget may end training earlier.
        batch: samples a step: images, crops or pixels.
        rate: learning rate of Adam or Adamax, held for `hold` of the training, then decayed to zero.
        hold: fraction of the training at the full learning rate.
        average: decay of the averaged (released) weights.
        kl_floor: KL, in the unit that the log has, below which soft free bits ease the KL's weight (Chen et al.,
            appendix C); 0 switches them off.
        seed: of weights, batches and noise.
    """

    updates: int = 20000
    batch: int = 8
    rate: float = 0.001
    hold: float = 0.5
    average: float = 0.999
    kl_floor: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        if self.updates < 1 or self.batch < 1 or self.seed < 0 or not 0 <= self.hold <= 1:
            raise ModelError("recipe: updates and batch start at 1, seed at 0, and hold lies in 0 ... 1")


@dataclass(frozen=True)
class TrainConfig(Schedule):
    """How a bilevel model is trained.

    Attributes:
        muon: learning rate of the matrices of hidden layers by Muon, which fades with the other one; 0 for Adamax.
        free_bits: nats per latent dimension that cost nothing during `free_updates` steps.
        free_updates: steps with free bits.
        kl_weight: what the KL's weight may rise to, as the learning rate fades, while the KL is
            above its floor; at 1 the released model is an optimum of the bound.
        auxiliary: weight of a factorised decoder on the same features, which keeps global
            structure in z (Lucas and Verbeek, auxiliary-guided autoregressive VAE); it fades
            with the learning rate.
        dropout: of the fully connected layers.
        init: released model (name or folder) whose weights training starts from; "" for none.
        ink: set of the same pictures in grey, whose training images are drawn anew each time in place of the recipe's;
            "" for the set of the recipe.
        mirror: turn half of the training images left to right, drawn anew each time.
        shift: move each training image by up to this many pixels, drawn anew each time.
        label: weight of -log q(y|x), of models with labels.
        edit: weight of -log q(y'|x') of the auxiliary decoder's mean image x' of an image's noise under any label y'.
        style: weight of how far what is drawn of this noise under y' and under y is apart in thickness and slant, each
            within its class.
        use_valid: train on the validation images too (for the released run).
    """

    batch: int = 100
    rate: float = 0.002
    muon: float = 0.0
    hold: float = 0.6
    free_bits: float = 0.1
    free_updates: int = 2000
    kl_weight: float = 1.0
    auxiliary: float = 0.0
    dropout: float = 0.0
    init: str = ""
    ink: str = ""
    mirror: bool = False
    shift: int = 0
    label: float = 1.0
    edit: float = 0.0
    style: float = 0.0
    use_valid: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shift < 0:
            raise ModelError("recipe: shift starts at 0")


ModelT = TypeVar("ModelT")
TrainT = TypeVar("TrainT")
T = TypeVar("T")


@dataclass(frozen=True)
class Recipe(Generic[ModelT, TrainT]):
    """A named model, its data, the shapes of its networks and how it is trained."""

    name: str
    data: str
    model: ModelT
    train: TrainT
    description: str = ""


@dataclass(frozen=True)
class Kind(Generic[ModelT, TrainT]):
    """A kind of model: the `kind` of its recipes ("" if they name none), and what their two tables hold."""

    name: str
    model: type[ModelT]
    train: type[TrainT]


BilevelRecipe = Recipe[ModelConfig, TrainConfig]
BILEVEL = Kind("", ModelConfig, TrainConfig)


def kind_of(name: str) -> str:
    """Return the kind of a recipe, by name or path.

    Raises:
        ModelError: there is no such recipe, or it is not TOML.
    """
    return str(_read_tree(find_recipe(name)).get("kind", ""))


def load_recipe(name: str, kind: Kind[ModelT, TrainT]) -> Recipe[ModelT, TrainT]:
    """Load a recipe by the name of a shipped one or by the path of a TOML file.

    Raises:
        ModelError: no such recipe, not TOML, of another kind, or a key that is unknown, missing or of the wrong type.
    """
    return read_recipe(find_recipe(name), kind)


def read_recipe(file: Traversable | Path, kind: Kind[ModelT, TrainT]) -> Recipe[ModelT, TrainT]:
    """Read the recipe in a TOML file.

    Raises:
        ModelError: as of `load_recipe`.
    """
    return parse_recipe(_read_tree(file), kind)


def parse_recipe(tree: Mapping[str, Any], kind: Kind[ModelT, TrainT]) -> Recipe[ModelT, TrainT]:
    """Parse the recipe in a TOML tree; tables that are missing have their defaults.

    Raises:
        ModelError: of another kind, or a key that is unknown, missing or of the wrong type.
    """
    values = {"model": {}, "train": {}, "kind": "", **tree}
    for key, wanted in (("name", str), ("data", str), ("description", str), ("model", dict), ("train", dict)):
        if not isinstance(values.get(key, wanted()), wanted):
            raise ModelError(f"recipe: {key} = {values[key]!r} should be {'a table' if wanted is dict else 'a string'}")
    if (found := values.pop("kind")) != kind.name:
        raise ModelError(f"recipe: kind = {found!r} should be {kind.name!r}")
    values |= {"model": _build(kind.model, values["model"]), "train": _build(kind.train, values["train"])}
    recipe: Recipe[ModelT, TrainT] = _build(Recipe, values)
    return recipe


def write_recipe(path: Path, name: str) -> None:
    """Write the text of a recipe, found as by `load_recipe`, to a file.

    Raises:
        ModelError: there is no such recipe.
        OSError: the recipe cannot be read, or the file cannot be written.
    """
    path.write_text(find_recipe(name).read_text(encoding="utf-8"), encoding="utf-8")


def find_recipe(name: str) -> Traversable | Path:
    """Where a recipe lies: a shipped one by its name, any other by the path of its .toml file.

    Raises:
        ModelError: no shipped recipe has the name.
    """
    if name.endswith(".toml"):
        return Path(name)
    shipped = resources.files("vlae_models") / "recipes" / f"{name}.toml"
    if not shipped.is_file():
        raise ModelError(f"no recipe is called {name!r}; shipped: {', '.join(list_recipes())}; or give a .toml file")
    return shipped


def _read_tree(file: Traversable | Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ModelError: the file cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{file}: cannot be read as a recipe: {error}") from error


def list_recipes() -> list[str]:
    """Names of the shipped recipes."""
    folder = resources.files("vlae_models") / "recipes"
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml"))


def _build(kind: type[T], values: dict[str, Any]) -> T:
    """Build a dataclass of these values; keys not named keep their defaults.

    Raises:
        ModelError: a key is unknown or missing, or a value is of the wrong type or out of range.
    """
    defaults: dict[str, Any] = {entry.name: entry.default for entry in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key, value in values.items():
        if key not in defaults:
            raise ModelError(f"recipe: unknown key {key!r}; known: {', '.join(defaults)}")
        default = defaults[key]
        if isinstance(default, (bool, int, float, str)) and not _fits(value, default):
            raise ModelError(f"recipe: {key} = {value!r} should be of type {type(default).__name__}")
    try:
        return kind(**values)
    except TypeError as error:
        raise ModelError(f"recipe: {error}") from error


def _fits(value: object, default: object) -> bool:
    if isinstance(default, float):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value) is type(default)
