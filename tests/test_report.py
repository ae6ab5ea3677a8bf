"""The HTML report holds everything itself; the single bit leaves its latent alone where the decoder can do without."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.report import to_html
from benchmarks.set_page import single_bit
from benchmarks.single_bit import train
from vlae_cli import bench
from vlae_codec.errors import VlaeError

LINES = [
    "## A & B",
    "",
    "Text with `code` and **weight** < 1.",
    "",
    "| a | b |",
    "|---|---:|",
    "| x | 1 |",
    "|  |  |",
    "",
    "![p](p.png)",
]


def test_markdown_becomes_html(tmp_path: Path) -> None:
    (tmp_path / "p.png").write_bytes(b"abc")
    html = to_html(LINES, tmp_path)
    for part in (
        "<h2>A &amp; B</h2>",
        "Text with <code>code</code> and <strong>weight</strong> &lt; 1.",
        "<td>x</td>",
        '<td style="text-align: right;">1</td>',
        '<img alt="p" src="data:image/png;base64,YWJj" />',
    ):
        assert part in html, part


def test_a_missing_picture_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(VlaeError, match=r"p\.png"):
        to_html(LINES, tmp_path)


def test_bench_says_where_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(bench.main, [])
    assert done.exit_code == 1 and "checkout" in done.output and done.output.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [("render",)]),
        (["--html", "out", "--force"], [("render",), ("report", "out", "--force")]),
        (
            ["mnist", "--data", "."],
            [*((name, "mnist", "--data", ".") for name in bench.MEASUREMENTS), ("render",)],
        ),
    ],
)
def test_bench_runs_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: list[tuple[str, ...]]
) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "render.py").touch()
    monkeypatch.chdir(tmp_path)
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(bench, "run", lambda *names: calls.append(names))
    assert CliRunner().invoke(bench.main, arguments).exit_code == 0
    assert calls == expected


def test_measuring_needs_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "render.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VLAE_DATA", raising=False)
    assert CliRunner().invoke(bench.main, ["mnist"]).exit_code == 2


def test_a_bit_that_the_decoder_can_copy_stays_out_of_the_code() -> None:
    with_window, without = train(True, 2600)[-1], train(False, 300)[-1]
    assert with_window[0] < 0.4 and with_window[1] == pytest.approx(1, abs=0.05)
    assert without[0] > 1


def test_no_section_before_the_bit_is_measured(tmp_path: Path) -> None:
    assert single_bit(tmp_path) == []
