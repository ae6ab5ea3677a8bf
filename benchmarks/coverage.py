"""Which share of the lines of `vlae_codec` the tests run; `python -m benchmarks.coverage`, as CI does.

Slow tests are left out, so the real share is higher.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from benchmarks.results import write_result
from vlae_cli.common import exit_on_error
from vlae_codec.errors import VlaeError

ROOT = Path(__file__).resolve().parents[1]
LEAST = 95.0
"""Per cent."""


@click.command()
@click.argument("tests", nargs=-1)
@click.option("--keep", is_flag=True, help="Keep the figures in results/coverage.json.")
@click.option("--data", type=click.Path(path_type=Path), help="Report on this file of an earlier run, run nothing.")
@exit_on_error
def main(tests: tuple[str, ...], keep: bool, data: Path | None) -> None:
    """Run TESTS (by default all but the slow ones) and exit with 1 below 95 per cent."""
    with tempfile.TemporaryDirectory() as name:
        report = Path(name) / "report.json"
        measured = data or Path(name) / "data"
        environment = os.environ | {"COVERAGE_FILE": str(measured)}
        tool = [sys.executable, "-m", "coverage"]
        run = [*tool, "run", "--source", "vlae_codec", "-m", "pytest", "-q", "-m", "not slow", *tests]
        if data is None and subprocess.run(run, cwd=ROOT, env=environment).returncode:
            raise VlaeError("a test failed")
        subprocess.run([*tool, "json", "-q", "-o", str(report)], cwd=ROOT, env=environment, check=True)
        tree = json.loads(report.read_text())
    files = {
        Path(path).as_posix().split("vlae_codec/")[-1]: {
            "lines": one["summary"]["num_statements"],
            "missing": one["missing_lines"],
            "percent": round(one["summary"]["percent_covered"], 2),
        }
        for path, one in sorted(tree["files"].items())
    }
    percent = round(tree["totals"]["percent_covered"], 2)
    for path, row in files.items():
        if row["missing"]:
            click.echo(f"{path:40}{row['percent']:7.2f} %  missing {row['missing']}")
    click.echo(f"{'vlae_codec':40}{percent:7.2f} %")
    if keep:
        write_result("coverage", {"percent": percent, "lines": tree["totals"]["num_statements"], "files": files})
    if percent < LEAST:
        raise VlaeError(f"{percent} % of the lines are run, and {LEAST} % are required")


if __name__ == "__main__":
    main()
