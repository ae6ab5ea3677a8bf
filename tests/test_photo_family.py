"""Files of the photo family: what comes back, from which device, at which size, and what is refused."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import vlae_codec
from vlae_codec.errors import FormatError, ImageError, OptionError, VlaeError
from vlae_codec.families import registry
from vlae_codec.families.photo import coding, transform
from vlae_codec.families.photo.container import parse_file, write_file
from vlae_codec.families.photo.model import PhotoModel
from vlae_codec.families.photo.rounding import choose
from vlae_codec.io.adjust import filled

Levels = NDArray[np.uint8]


def scene(height: int, width: int) -> Levels:
    """Waves of colour with an edge and some grain."""
    rows, columns = np.mgrid[:height, :width]
    waves = np.stack([np.sin(rows / 9) + np.cos(columns / 13), np.sin((rows + columns) / 17), np.cos(rows / 31)], 2)
    grain = np.random.default_rng(3).normal(0, 4, waves.shape)
    return np.asarray((120 + 50 * waves + 30 * (columns > width // 2)[:, :, None] + grain).clip(0, 255), np.uint8)


def model(device: str = "cpu") -> PhotoModel:
    info = registry.find_model("photo")
    assert info
    found = registry.load(info, PhotoModel, device)
    assert isinstance(found, PhotoModel)
    return found


def psnr(a: Levels, b: Levels) -> float:
    return float(10 * np.log10(255**2 / np.square(a.astype(float) - b).mean()))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (63, 65), (64, 64), (200, 130)])
def test_pictures_of_any_size_come_back(size: tuple[int, int]) -> None:
    original = scene(*size)
    shown = np.asarray(vlae_codec.decompress(vlae_codec.compress(original, quality=90)))
    assert shown.shape == original.shape and psnr(original, shown) > 25


def test_better_qualities_take_more_bytes_and_look_better() -> None:
    original = scene(128, 192)
    found = [vlae_codec.compress(original, quality=quality) for quality in (0, 25, 50, 75, 100)]
    assert sorted(map(len, found)) == list(map(len, found))
    quality = [psnr(original, np.asarray(vlae_codec.decompress(data))) for data in found]
    assert sorted(quality) == quality and quality[-1] > quality[0] + 5


def test_of_small_pictures_too_and_targets_give_the_best_that_fits() -> None:
    original = scene(53, 37)

    def shown(data: bytes) -> float:
        return psnr(original, np.asarray(vlae_codec.decompress(data)))

    found = [vlae_codec.compress(original, "photo", quality=quality) for quality in range(0, 100, 5)]
    sizes, quality = list(map(len, found)), list(map(shown, found))
    assert sorted(sizes) == sizes
    assert all(finer > coarser - 0.5 for coarser, finer in zip(quality, quality[1:], strict=False))
    for target in (60, 100, 200):
        data = vlae_codec.compress(original, "photo", target_bytes=target)
        best = max(one for one, size in zip(quality, sizes, strict=True) if size <= target)
        assert 0.75 * target < len(data) <= target and shown(data) > best - 0.2


def test_a_payload_takes_its_ideal_length() -> None:
    net, original = model(), scene(192, 256)
    latents = transform.analyse(net, original)
    coded = coding.push(net, latents, 150, 5)
    assert 8 * len(coded.payload) == pytest.approx(coded.ideal, abs=48)
    np.testing.assert_array_equal(coding.pop(net, coded.payload, 12, 16, 150), latents)


def test_numpy_and_torch_make_the_same_files_and_pictures() -> None:
    pytest.importorskip("torch")
    original = scene(150, 90)
    files = {vlae_codec.compress(original, quality=60, device=device) for device in ("cpu", "torch")}
    assert len(files) == 1
    (data,) = files
    ours, theirs = (np.asarray(vlae_codec.decompress(data, device=device)) for device in ("cpu", "torch"))
    np.testing.assert_array_equal(ours, theirs)


def test_bands_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    net, original = model(), scene(640, 128)
    whole = transform.analyse(net, original)
    latents = whole.copy()
    payload = coding.push(net, latents, 128, 1).payload
    picture = transform.synthesise(net, latents, 128, (640, 128))
    monkeypatch.setattr(transform, "BAND", 64 * 128)
    again = transform.analyse(net, original)
    np.testing.assert_array_equal(again, whole)
    assert coding.push(net, again, 128, 1).payload == payload
    np.testing.assert_array_equal(coding.pop(net, payload, 40, 8, 128), latents)
    done: list[int] = []
    shown = transform.synthesise(net, latents, 128, (640, 128), lambda rows, of: done.append(rows))
    np.testing.assert_array_equal(shown, picture)
    assert len(done) > 5 and sum(done) == 640


def test_grey_pictures_are_grey() -> None:
    original = scene(100, 100)[:, :, 0]
    image = vlae_codec.decompress(vlae_codec.compress(original, "photo", quality=80))
    assert image.mode == "L" and psnr(original, np.asarray(image)) > 25


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparency_comes_back_exactly(mode: str) -> None:
    rows, columns = np.mgrid[:80, :90]
    alpha = np.where((rows - 40) ** 2 + (columns - 45) ** 2 < 900, 255, (3 * rows % 120)).astype(np.uint8)
    alpha[:10] = 0
    original = Image.fromarray(np.dstack([scene(80, 90), alpha])).convert(mode)
    data = vlae_codec.compress(original, quality=80)
    assert vlae_codec.inspect(data).channels == len(mode)
    image = vlae_codec.decompress(data)
    assert image.mode == mode
    np.testing.assert_array_equal(np.asarray(image.getchannel("A")), alpha)
    vlae_codec.register_vlz_opener()
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        assert opened.mode == mode


def test_hidden_colours_cost_nothing() -> None:
    alpha = np.full((128, 128), 255, np.uint8)
    alpha[:, 64:] = 0
    noisy, plain = scene(128, 128), scene(128, 128)
    noisy[:, 64:] = np.random.default_rng(0).integers(0, 256, (128, 64, 3))
    np.testing.assert_array_equal(filled(noisy, alpha)[:, :64], noisy[:, :64])
    plain[:, 64:] = 0
    sizes = {len(vlae_codec.compress(np.dstack([one, alpha]), quality=80)) for one in (noisy, plain)}
    assert len(sizes) == 1


@pytest.mark.parametrize("target", [300, 900, 2500])
def test_targets_are_met_from_below(target: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    push = coding.push

    def counted(*given: Any) -> coding.Coded:
        tried.append(given[2])
        return push(*given)

    monkeypatch.setattr(coding, "push", counted)
    made = vlae_codec.compress(scene(256, 256), target_bytes=target)
    assert 0.96 * target <= len(made) <= target and len(tried) <= 8


def test_a_target_beyond_reach_says_what_is() -> None:
    with pytest.raises(ImageError, match="too few"):
        vlae_codec.compress(scene(256, 256), target_bytes=30)


def test_rounding_by_rate_saves_bits() -> None:
    net = model()
    y = transform.analyse(net, scene(192, 192))
    plain, chosen = (coding.push(net, y.copy(), 128, effort) for effort in (1, 5))
    assert 0.8 * plain.ideal < chosen.ideal < 0.995 * plain.ideal


def test_rounding_only_moves_towards_zero() -> None:
    rng = np.random.default_rng(0)
    values, means = rng.integers(-2000, 2000, (3, 500)), rng.integers(-20, 20, (3, 500))
    scales = rng.integers(0, 64, (3, 500), np.uint8)
    plain, chosen = (choose(values, means, scales, effort) for effort in (1, 9))
    moved = plain != chosen
    assert moved.any() and (np.abs(chosen) <= np.abs(plain)).all() and np.abs(chosen - plain).max() == 1


def test_damage_is_noticed_or_survived() -> None:
    data = vlae_codec.compress(scene(100, 70), quality=70)
    rng = np.random.default_rng(1)
    for _ in range(40):
        broken = bytearray(data)
        broken[rng.integers(len(data))] ^= 1 << rng.integers(8)
        with pytest.raises(VlaeError):
            vlae_codec.decompress(bytes(broken))
    for end in range(0, len(data), 7):
        with pytest.raises(VlaeError):
            vlae_codec.decompress(data[:end])


def test_damage_under_a_good_checksum_is_survived() -> None:
    net, file = model(), parse_file(vlae_codec.compress(scene(100, 70), quality=70))
    rng = np.random.default_rng(1)
    for _ in range(10):
        payload = bytearray(file.payload)
        payload[rng.integers(len(payload))] = rng.integers(256)
        made = write_file(net.fingerprint, file.__class__(b"", file.level, False, 100, 70, bytes(payload)))
        try:
            assert vlae_codec.decompress(made).size == (70, 100)
        except FormatError:
            continue


def test_a_model_of_the_other_family_is_damage() -> None:
    other = registry.find_model("page")
    file = parse_file(vlae_codec.compress(scene(64, 64)))
    with pytest.raises(FormatError, match="family"):
        vlae_codec.decompress(write_file(bytes.fromhex(other.fingerprint), file))


def test_a_small_file_cannot_ask_for_much_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert coding.least_payload(128, 64) == 96  # of 2048 x 1024 pixels
    monkeypatch.setattr(coding, "FREE_POSITIONS", 64)
    monkeypatch.setattr(coding, "POSITIONS_A_BYTE", 4)
    flat = np.full((512, 256, 3), (40, 90, 160), np.uint8)
    data = vlae_codec.compress(flat, "photo", quality=0)
    file = parse_file(data)
    assert np.abs(np.asarray(vlae_codec.decompress(data)).astype(int) - flat).mean() < 20
    short = file.__class__(b"", 0, False, 512, 256, file.payload[:50])
    with pytest.raises(FormatError, match="too few"):
        vlae_codec.decompress(write_file(model().fingerprint, short))


def test_sides_beyond_the_format_are_refused() -> None:
    for lossless in (False, True):
        with pytest.raises(ImageError, match="65536 is the most"):
            vlae_codec.compress(np.zeros((1, 65537, 3), np.uint8), lossless=lossless)


def test_what_does_nothing_is_refused() -> None:
    data = vlae_codec.compress(scene(64, 64), quality=100)
    with pytest.raises(OptionError, match="`temperature`: not for model stored"):
        vlae_codec.decompress(data, temperature=0.5)
    with pytest.raises(OptionError, match="`lossless`: not for model photo"):
        vlae_codec.compress(scene(64, 64), "photo", lossless=True)


@pytest.mark.parametrize("shape", [(1, 65_537, 3), (70_000, 1, 3)])
@pytest.mark.parametrize("options", [{}, {"model": "photo"}, {"lossless": True}])
def test_sides_beyond_the_format_are_refused_at_once(shape: tuple[int, int, int], options: dict[str, Any]) -> None:
    with pytest.raises(ImageError, match="65536 is the most"):
        vlae_codec.compress(np.zeros(shape, np.uint8), **options)
