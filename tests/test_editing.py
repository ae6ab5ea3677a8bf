"""Edits of coded pictures, and the command that draws them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from small_models import exported, some_images

import vlae_codec
from vlae_codec.container.header import write_container, write_lossless
from vlae_codec.errors import FormatError, ModelError
from vlae_codec.families import registry
from vlae_codec.families.bilevel import codec, editing
from vlae_codec.latents.labelled import split_label
from vlae_codec.latents.payload import encode
from vlae_codec.model.networks import IntegerModel
from vlae_models.release.export import write_model

LABELS = 5
Run = Callable[..., Result]
Files = list[Path]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """Three files of a model with labels, of labels 0, 1 and 2."""
    monkeypatch.setenv("VLAE_MODELS", str(tmp_path / "models"))
    info, arrays = exported(labels=LABELS)
    write_model(tmp_path / "models" / "tiny", {k: v for k, v in info.items() if k != "fingerprint"}, arrays)
    model = registry.load(registry.find_model("tiny"), IntegerModel)
    paths = []
    for number, code in enumerate(encode(model, some_images(3), bits=24, effort=1, labels=np.arange(3))):
        paths.append(tmp_path / f"{number}.vlz")
        paths[-1].write_bytes(write_container(code.mode, model.fingerprint, code.payload))
    return paths


def codes(paths: Files) -> list[codec.OpenedFile]:
    return [editing.read_code(path.read_bytes()) for path in paths]


def path(code: codec.OpenedFile) -> int:
    """The number behind the label, which stands for the noise of z."""
    return split_label(registry.load(code.model, IntegerModel), code.payload)[1]


def pixels(path: Path) -> Any:
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


def test_another_label_holds_the_style(files: Files) -> None:
    code = codes(files)[1]
    edited = editing.with_label(code, 4)
    assert (editing.label_of(code), editing.label_of(edited)) == (1, 4)
    assert path(code) == path(edited)
    assert (np.diff(editing.latents([code, edited]), axis=0) != 0).any()
    assert editing.read_code(edited.lossy) == edited
    assert editing.with_label(edited, 1) == code


def test_a_cut_exact_file_is_not_edited(files: Files) -> None:
    code = codes(files)[0]
    whole = write_lossless(bytes.fromhex(code.model.fingerprint), code.payload, b"some pixels 0")
    assert editing.read_code(whole) == code
    with pytest.raises(FormatError, match="cut short"):
        editing.read_code(whole[:-1])


def test_another_style_holds_the_label(files: Files) -> None:
    code, style, _ = codes(files)
    edited = editing.with_style(code, style)
    assert editing.label_of(edited) == 0
    assert path(edited) == path(style)


def test_strength_shrinks_the_noise_of_a_style(files: Files) -> None:
    code = codes(files)[0]
    model = registry.load(code.model, IntegerModel).given(3)
    at = {s: editing.restyled([code], [code], [3], s)[:, :-LABELS] for s in (1.0, 0.9999, 0.5, 0.001)}
    np.testing.assert_allclose(at[0.9999], at[1.0], atol=40)
    noise = {s: model.noise_of(z) for s, z in at.items()}
    np.testing.assert_allclose(noise[0.5], noise[1.0] / 2, atol=40)
    assert np.abs(noise[0.001]).max() < 40


def test_the_ends_of_a_mix_are_the_files_and_its_steps_are_even(files: Files) -> None:
    first, last, _ = codes(files)
    z = editing.mixed(first, last, 5)
    np.testing.assert_array_equal(z[[0, -1]], editing.latents([first, last]))
    assert np.abs(np.diff(z, 2, axis=0)).max() <= 2  # of the rounding
    np.testing.assert_array_equal(z[:, -LABELS:].sum(axis=1), 1024)


def test_models_without_labels_mix_alone(files: Files, mnist: str) -> None:
    plain = editing.read_code(vlae_codec.compress(some_images(1)[0] * np.uint8(255), mnist, bits=8, effort=1))
    assert editing.label_of(plain) is None
    assert len(editing.mixed(plain, plain, 2)) == 2
    with pytest.raises(ModelError, match="no labels"):
        editing.with_label(plain, 0)
    with pytest.raises(ModelError, match="different models"):
        editing.mixed(plain, codes(files)[0], 3)
    with pytest.raises(ModelError, match="0 to 4"):
        editing.with_label(codes(files)[0], LABELS)


def test_the_command_draws_what_its_file_decompresses_to(run: Run, files: Files, tmp_path: Path) -> None:
    picture, file, decoded = tmp_path / "out.png", tmp_path / "out.vlz", tmp_path / "decoded.png"
    for edit in (("--class", 3), ("--style-of", files[2])):
        for out, strength in ((picture, ("--strength", 1)), (file, ())):
            result = run("edit", files[0], *edit, *strength, "-o", out, "--force")
            assert result.exit_code == 0, result.output
        assert run("decompress", file, "-o", decoded, "--force").exit_code == 0
        np.testing.assert_array_equal(pixels(picture), pixels(decoded))


def test_sheets_have_a_row_for_each_style_and_mixes_one_for_all_steps(run: Run, files: Files, tmp_path: Path) -> None:
    sheet, mix = tmp_path / "sheet.png", tmp_path / "mix.png"
    assert run("edit", *files[:2], "--sheet", "-o", sheet).exit_code == 0
    assert pixels(sheet).shape == (2 * 29 + 1, LABELS * 29 + 1)
    assert run("edit", "--mix", *files[:2], "--steps", 3, "-o", mix, "--scale", 2).exit_code == 0
    assert pixels(mix).shape == (57 + 1, 3 * 57 + 1)
    one = tmp_path / "one.png"
    assert run("edit", files[1], "--class", 2, "-o", one, "--seed", 0).exit_code == 0
    np.testing.assert_array_equal(pixels(sheet)[30:58, 59:87], pixels(one))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("--class", 1), 0),
        (("--class", 1, "--sheet"), 2),
        (("--class", 1, "--steps", 4), 2),
        (("--class", 1, "--strength", 0), 2),
        (("--class", LABELS), 1),
        (("--class", -1), 2),
        (("--style-of", "missing.vlz"), 1),
    ],
)
def test_wrong_use_is_told_and_writes_nothing(
    run: Run, files: Files, tmp_path: Path, arguments: tuple[object, ...], code: int
) -> None:
    out = tmp_path / "out.png"
    result = run("edit", files[0], *arguments, "-o", out)
    assert (result.exit_code, out.exists()) == (code, code == 0), result.output
    if code:
        assert result.stderr.strip()


def test_outputs_are_kept_and_files_hold_one_picture(run: Run, files: Files, tmp_path: Path) -> None:
    before = files[0].read_bytes()
    assert run("edit", files[0], "--class", 1, "-o", files[0], "--force").exit_code == 1
    assert run("edit", files[0], "--class", 1, "-o", files[1]).exit_code == 1
    assert files[0].read_bytes() == before
    file = tmp_path / "out.vlz"
    assert run("edit", files[0], "--sheet", "-o", file).exit_code == 2
    assert run("edit", *files, "--class", 1, "-o", file).exit_code == 2
    assert run("edit", files[0], "--class", 1, "-o", file, "--seed", 3).exit_code == 2
    assert run("edit", files[0], "--class", 1, "-o", file, "--strength", 1).exit_code == 2
    assert run("edit", "--mix", *files[:2], "-o", tmp_path / "a.png", "--strength", 1).exit_code == 2
    assert run("edit", "--mix", *files[:2], files[2], "-o", tmp_path / "a.png").exit_code == 2
    assert not file.exists()
    damaged = tmp_path / "damaged.vlz"
    damaged.write_bytes(before[:-1])
    result = run("edit", damaged, "--class", 1, "-o", tmp_path / "a.png")
    assert result.exit_code == 1 and "damaged.vlz" in result.stderr


def test_samples_of_a_class(run: Run, files: Files, tmp_path: Path) -> None:
    info = registry.find_model("tiny")
    in_turn, third = codec.draw_prior(info, 7), codec.draw_prior(info, 7, label=3)
    np.testing.assert_array_equal(in_turn[3], third[3])
    assert (in_turn != third).any()
    out = tmp_path / "sheet.png"
    assert run("sample", "-m", "tiny", "-n", 4, "--class", 3, "-o", out, "--scale", 1).exit_code == 0
    np.testing.assert_array_equal(pixels(out)[1:29, 30:58], 255 * third[1])
    assert run("sample", "-m", "tiny", "-n", 4, "--class", LABELS, "-o", tmp_path / "a.png").exit_code == 1
    assert run("sample", "-m", "mnist", "-n", 4, "--class", 1, "-o", tmp_path / "a.png").exit_code == 1
