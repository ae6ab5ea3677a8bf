"""`vlae-bench`: measure models again, and rewrite every table and figure; works in a checkout of the repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from .common import exit_on_error, force_option, version_option

EPILOG = """\b
Examples:
  vlae-bench                              rewrites the tables in the pages from benchmarks/results
  vlae-bench --html out/                  one HTML file with all tables, figures and sheets
  vlae-bench omniglot --data ~/sets       measures a model again first (an hour)
"""
MEASUREMENTS = ("evaluate", "rate_table", "class_kept", "lossless")


@click.command(epilog=EPILOG)
@version_option
@click.argument("models", nargs=-1)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), envvar="VLAE_DATA")
@click.option("--html", type=click.Path(path_type=Path), help="Folder for a report of one file, index.html.")
@force_option
@exit_on_error
def main(models: tuple[str, ...], data: Path | None, html: Path | None, force: bool) -> None:
    """Rewrite tables and figures from the results in the repository; measure MODELS anew first, if any are named."""
    from vlae_codec.errors import VlaeError

    if not Path("benchmarks", "render.py").is_file():
        raise VlaeError(f"{Path.cwd()}: no benchmarks/ here; run this in a checkout of vlae-codec's repository")
    if models and data is None:
        raise click.UsageError("to measure models, --data has to name the folder of the data sets")
    for name in MEASUREMENTS if models else ():
        run(name, *models, "--data", str(data))
    run("render")
    if html:
        run("report", str(html), *(["--force"] if force else []))


def run(name: str, *arguments: str) -> None:
    """Run one of the repository's measurements; its failure ends the command."""
    code = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments]).returncode
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
