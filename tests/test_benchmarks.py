from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import kept
from benchmarks.backends import Outcome, differences
from benchmarks.class_kept import curves, efforts_before, settings
from benchmarks.classifier import binarise
from benchmarks.command_speed import IMPORTED
from benchmarks.digits import Digits, evenly, expected_log_likelihood, match
from benchmarks.figure import Curve, Panel, colours, draw_figure
from benchmarks.judged import Judged
from benchmarks.options import open_model
from benchmarks.photo_tables import photo_releases
from benchmarks.rate_table import groups_of, payloads, theory
from benchmarks.render import BEGIN, END, NOTHING, PAGES, body, put
from benchmarks.results import FOLDER, read_result, read_results, write_result
from benchmarks.tables import releases, table
from benchmarks.window_sweep import last_row
from vlae_codec.errors import VlaeError
from vlae_codec.model.networks import IntegerModel
from vlae_models.nets.vlae import VLAE
from vlae_models.recipe import BilevelRecipe, ModelConfig, TrainConfig
from vlae_models.release.export import export_arrays, model_info, write_model

CODE = {
    "bits": 24,
    "effort": 5,
    "payload_bits": 24.0,
    "class_kept": 0.9321,
    "class_kept_other_seed": 0.9,
    "pixel_errors": 0.07,
}
RESULTS: dict[str, dict[str, Any]] = {
    "classifier-digits": {"right": 0.9917, "images": 10000},
    "class_kept-mnist": {
        "model": "mnist",
        "images": 500,
        "rows": [{"model": "mnist", "code": "search", **CODE}],
        "efforts": [{"model": "mnist", "images": 50, "encode_seconds": 0.321, **CODE}],
    },
    "rates-mnist": {
        "model": "mnist",
        "codes": [
            {
                "code": "sample",
                "effort": 9,
                "images": 1000,
                "kl_bits": 19.2,
                "payload_bits": 22.3,
                "over_kl_bits": 3.1,
                "file_bytes": 11.0,
                "beyond_payload_bytes": 8,
            }
        ],
    },
    "command_speed": {
        "one": {"compress_seconds": 0.512, "decompress_seconds": 0.423},
        "many": [
            {
                "images": 1000,
                "effort": 5,
                "compress_images_per_second": 7.25,
                "decompress_images_per_second": 90.0,
            }
        ],
    },
    "backends-mnist-torch": {
        "model": "mnist",
        "other": "torch",
        "images": 1000,
        "differences": dict.fromkeys(Outcome._fields, 0),
    },
    "window_sweep": {
        "rows": [
            {
                "recipe": "window-4x2",
                "minutes": 7.0,
                "updates": 1234,
                "valid_neg_elbo_nats": 88.5,
                "test_kl_bits": 17.5,
                "bits": 24,
                "images": 500,
                "class_kept": 0.9,
                "class_kept_other_seed": 0.85,
            }
        ]
    },
}
for _model, _kl in (("mnist", 19.0), ("mnist-vae", 38.0)):
    RESULTS[f"evaluate-{_model}"] = {
        "model": _model,
        "set": "mnist-static",
        "images": 10000,
        "samples": 512,
        "nll_nats": 80.0,
        "nll_standard_error": 0.7,
        "nll_images": 1000,
        "neg_elbo_nats": 83.0,
        "kl_bits": _kl,
        "bits_per_pixel": 0.1472,
        "active_dims": 20,
    }
RESULTS["evaluate-mnist-local"] = {
    "model": "mnist-local",
    "set": "mnist-static",
    "images": 10000,
    "samples": 1,
    "nll_nats": 91.5,
    "neg_elbo_nats": 91.5,
    "kl_bits": 0.0,
    "active_dims": 0,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> IntegerModel:
    """An untrained model in integers."""
    torch.manual_seed(0)
    config = ModelConfig(latent=8, prior_hidden=16, local=16, local_layers=1)
    recipe = BilevelRecipe("untrained", "mnist-static", config, TrainConfig())
    exported = export_arrays(VLAE(recipe.model).eval())
    folder = tmp_path_factory.mktemp("zoo") / "untrained"
    write_model(folder, model_info(recipe, exported.shifts), exported.arrays)
    return open_model(str(folder))


def some_digits(count: int, seed: int = 0) -> Digits:
    grey = np.random.default_rng(seed).choice(np.array([0, 20, 235, 255], np.uint8), (count, 28, 28))
    return Digits(grey, np.arange(count) % 10)


def test_a_binarisation_is_matched_with_its_original() -> None:
    grey = some_digits(40)
    random = np.random.default_rng(1)
    order = random.permutation(40)
    images = (random.random((40, 28, 28)) < grey.images[order] / 255).astype(np.uint8)
    found = match(images, grey)
    assert (found.original == order).all()
    assert (found.margin > 100).all()
    assert np.abs(found.log_likelihood - expected_log_likelihood(grey.images)[order]).max() < 60


def test_a_margin_is_to_another_class() -> None:
    image = (some_digits(1).images > 128).astype(np.uint8)
    other = 1 - image
    grey = Digits(np.concatenate([image, image, other]) * 255, np.array([3, 3, 8]))
    found = match(image, grey)
    assert found.original[0] == 0
    assert found.margin[0] > 1000


@pytest.mark.parametrize(("count", "total"), [(1, 10), (3, 10), (10, 10), (500, 10000), (20, 10)])
def test_evenly_covers_the_whole(count: int, total: int) -> None:
    indices = evenly(count, total)
    assert len(indices) == min(count, total) == len(set(indices.tolist()))
    assert indices.min() >= 0
    assert indices.max() < total
    assert abs(float(indices.mean()) - (total - 1) / 2) <= 1


def test_fresh_binarisations_move_by_a_pixel_at_most() -> None:
    grey = np.zeros((200, 28, 28), np.uint8)
    grey[:, 10, 20] = 255
    drawn = binarise(grey, np.random.default_rng(0)).numpy()[:, 0]
    assert (drawn.sum((1, 2)) == 1).all()
    assert (drawn[:, 9:12, 19:22].sum((1, 2)) == 1).all()
    assert len({tuple(place) for place in np.argwhere(drawn)[:, 1:].tolist()}) == 9


def test_results_hold_means_and_what_pages_show() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 2_000_000


def test_results_come_back_with_their_provenance(tmp_path: Path) -> None:
    write_result("one-a", {"figure": 1}, tmp_path)
    write_result("one-b", {"figure": 2}, tmp_path)
    result = read_result("one-a", tmp_path)
    assert result
    assert result["figure"] == 1
    assert {"date", "seconds", "commit", "versions", "cpu", "cores"} == result["metadata"].keys()
    assert "numpy" in result["metadata"]["versions"]
    assert [entry["figure"] for entry in read_results("one-", tmp_path)] == [1, 2]
    assert read_result("another", tmp_path) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one-a.json", "one-b.json"]


def test_differences_are_counted() -> None:
    numbers, pixels = np.zeros((2, 3), np.int64), np.zeros((2, 4, 4), np.uint8)
    one = Outcome(numbers, numbers, [b"a", b"b"], [b"c"], pixels, pixels)
    assert set(differences(one, one).values()) == {0}
    other = one._replace(posterior=numbers + 1, files=[b"a", b"x"], pixels=np.where(np.eye(4), 1, pixels))
    assert differences(one, other) == {
        "posterior": 6, "prior": 0, "files": 1, "sample_files": 0, "pixels": 8, "sample_pixels": 0,
    }  # fmt: skip


def test_what_is_kept_is_counted(model: IntegerModel, monkeypatch: pytest.MonkeyPatch) -> None:
    images, choices = (some_digits(4).images > 128).astype(np.uint8), np.tile(np.arange(10), (4, 1))
    digits = Judged(images, np.array([1, 2, 3, 4]), choices, "digits")
    monkeypatch.setattr(kept, "classify", lambda pictures, judged: np.array([1, 2, 3, 9]))
    for setting, bits in ((kept.Setting("search", 16, 1), 16), (kept.Setting("sample", None, 1), None)):
        found = kept.measure(model, digits, setting)
        assert (found.images, found.class_kept, found.class_kept_other_seed) == (4, 0.75, 0.75)
        assert bits is None or found.payload_bits == bits
        assert 0 <= found.pixel_errors <= 1
        assert found.kl_bits > 0
        assert kept.row("m", setting, found).keys() >= {"model", "code", "bits", "effort", "class_kept"}


def test_what_efforts_buy_stays_until_it_is_measured_again() -> None:
    assert efforts_before(None) == efforts_before({"efforts": []}) == {"efforts": []}
    when = {"date": "2026-01-01", "commit": "abc", "cpu": "any"}
    first = efforts_before({"efforts": [1], "metadata": {**when, "seconds": 3}})
    assert first == {"efforts": [1], "efforts_measured": when}
    assert efforts_before({**first, "metadata": {"date": "2027-01-01"}}) == first


def test_a_ceiling_is_what_no_code_comes_between(model: IntegerModel, monkeypatch: pytest.MonkeyPatch) -> None:
    images, choices = (some_digits(4).images > 128).astype(np.uint8), np.tile(np.arange(10), (4, 1))
    monkeypatch.setattr(kept, "classify", lambda pictures, judged: np.array([1, 2, 3, 9]))
    found = kept.ceiling(model, Judged(images, np.array([1, 2, 3, 4]), choices, "digits"))
    assert (found.class_kept, found.class_kept_best) == (0.75, 0.75)
    assert found.kl_bits == pytest.approx(theory(model, images)["kl_bits"], abs=0.01)
    assert found.distortion_bits > 0


def test_rates_have_their_theory_beside_them(model: IntegerModel) -> None:
    images = (some_digits(4).images > 128).astype(np.uint8)
    expected = theory(model, images)
    assert expected["images"] == 4
    assert expected["neg_elbo_bits"] > expected["kl_bits"] > 0
    assert 0 <= expected["active_dims"] <= expected["latent_dims"] == 8
    for code in ("search", "sample"):
        found = payloads(model, images, code, 1)
        assert found["kl_bits"] == pytest.approx(expected["kl_bits"], abs=0.01)
        assert found["over_kl_bits"] == pytest.approx(found["payload_bits"] - found["kl_bits"], abs=0.01)
        assert found["beyond_payload_bytes"] == 8
        assert sum(found["groups"].values()) == 4


def test_imported_modules_are_seen() -> None:
    lines = "import time:   12 |     34 | click", "import time: 1 | 2 |   numpy.core", "import time: 5 | 6 |   torch"
    assert IMPORTED.findall("\n".join(lines)) == ["click", "torch"]


def test_modes_are_counted() -> None:
    assert groups_of([1, 2, 1, 2, 2]) == {"1": 2, "2": 3}


def test_the_last_row_of_a_log(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("step,kl_nats\n500,9.5\n1000,12.25\n")
    assert last_row(tmp_path / "log.csv") == {"step": 1000.0, "kl_nats": 12.25}


def test_curves_become_a_figure() -> None:
    rows: list[dict[str, Any]] = [
        {"model": "m", "code": code, "bits": bits, "payload_bits": bits, "class_kept": 0.5 + bits / 100}
        for code in ("search", "sample")
        for bits in (40, 8, 24)
    ]
    rows.append({"model": "m", "code": "search", "bits": None, "payload_bits": 22.5, "class_kept": 0.9})
    found = curves([{"rows": rows}])
    assert [curve.name for curve in found[:2]] == ["m", "m, relative entropy coding"]
    assert found[2].points == ((22.5, 90.0),)
    assert np.allclose(found[0].points, [(8, 58), (24, 74), (40, 90)])
    assert found[1].dashed
    assert colours(found)[0] == colours(found)[1]
    assert len(settings((8, 24), samples=True)) == 6


def texts_of(svg: str) -> list[str | None]:
    return [item.text for item in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_a_figure_has_its_titles_and_names_and_is_the_same_each_time() -> None:
    panels = [
        Panel([Curve("a<b", ((1, 2), (3, 4))), Curve("c", ((2, 2),), dashed=True)], "bits", "kept", "left", top=100),
        Panel([Curve("d", ((0.02, 20), (1, 30)))], "rate", "quality", "right", rates=(0.02, 0.1, 1.0)),
    ]
    assert colours(panels[0].curves)[0] != colours(panels[0].curves)[1]
    drawn = draw_figure(panels)
    texts = texts_of(drawn)
    assert {"a<b", "c", "d", "bits", "kept", "left", "rate", "quality", "right", "100", "0.02", "0.10"} <= set(texts)
    assert draw_figure(panels) == drawn
    assert not any(line.endswith(" ") for line in drawn.splitlines())


def test_tables_are_markdown() -> None:
    assert table(("a", "b"), [("x", 1), ("y", 2)]) == ["| a | b |", "|---|---:|", "| x | 1 |", "| y | 2 |"]


def test_pages_say_when_nothing_was_measured(tmp_path: Path) -> None:
    of_the_zoo = (releases, photo_releases)
    for sections in PAGES.values():
        assert body([section for section in sections if section not in of_the_zoo], tmp_path) == NOTHING


def test_pages_show_what_was_measured(tmp_path: Path) -> None:
    for name, data in RESULTS.items():
        write_result(name, data, tmp_path)
    text = "\n".join(line for sections in PAGES.values() for line in body(sections, tmp_path))
    for figure in (
        "93.2 %",
        "99.17 %",
        "+3.10",
        "0.51",
        "7.2",
        "0.50 times",
        "512 x 1,000",
        "| - | 1 x 10,000 |",
        "window-4x2",
    ):
        assert figure in text, figure


def test_one_missing_measurement_leaves_one_table_out(tmp_path: Path) -> None:
    (tmp_path / "window_sweep.json").write_text(json.dumps(RESULTS["window_sweep"]))
    lines = body(PAGES["models/README.md"][3:], tmp_path)
    assert lines[0].startswith("Choice of window")


def test_figures_go_between_the_markers() -> None:
    page = f"# Title\n\n{BEGIN}\nold\n{END}\n\nmore\n"
    new = put(page, ["| new |"], "page")
    assert new == f"# Title\n\n{BEGIN}\n| new |\n{END}\n\nmore\n"
    assert put(new, ["| new |"], "page") == new


@pytest.mark.parametrize("page", ["no markers", BEGIN, f"{END} {BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_a_page_without_markers_is_refused(page: str) -> None:
    with pytest.raises(VlaeError, match=r"page\.md: needs"):
        put(page, [], "page.md")
