"""What digits keep by either code of z: the leaf that a tree search finds, and a true sample of q(z|x).

Run as `python -m benchmarks.code_choice --data FOLDER`, after `python -m benchmarks.classifier digits`. Relative
entropy coding sends a sample of q(z|x) whatever its effort, so that samples stand for its z here, without the search
for their numbers; its bits are in `rate_table`.
"""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.classifier import classify
from benchmarks.judged import load_judged
from benchmarks.kept import OTHER_SEED, Setting, measure
from benchmarks.options import images_option, open_model, set_of
from benchmarks.results import write_result
from vlae_cli.common import data_option, exit_on_error
from vlae_codec.latents.posterior import posterior_of, sample

MODEL = "mnist"


@click.command()
@data_option
@images_option(2000)
@exit_on_error
def main(data: Path, images: int) -> None:
    """Measure the default of the tree search beside samples."""
    model, judged = open_model(MODEL), load_judged(set_of(MODEL), data, images)
    found = measure(model, judged, Setting("search"))
    z = sample(posterior_of(model, judged.images), 0)
    drawn = [model.draw(z, seed) for seed in (0, OTHER_SEED)]
    kept = [round(float((classify(one, judged) == judged.labels).mean()), 4) for one in drawn]
    rows = [
        {
            "code": "search",
            "class_kept": found.class_kept,
            "class_kept_other_seed": found.class_kept_other_seed,
            "pixel_errors": found.pixel_errors,
        },
        {
            "code": "sample",
            "class_kept": kept[0],
            "class_kept_other_seed": kept[1],
            "pixel_errors": round(float((drawn[0] != judged.images).mean()), 4),
        },
    ]
    write_result("code_choice", {"model": MODEL, "images": len(judged.images), "rows": rows})
    for row in rows:
        click.echo(row)


if __name__ == "__main__":
    main()
