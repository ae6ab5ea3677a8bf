"""A collection by two nodes of Ray: a worker dies, then a node is lost, and the bytes are those of one process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from vlae_codec.collections import Collection
from vlae_codec.collections.inputs import Batch, Files, keep_batch
from vlae_codec.collections.jobs import Job
from vlae_codec.collections.parts import PartDone, PartTask

ray = pytest.importorskip("ray")
pytest.importorskip("ray.data")
from ray.cluster_utils import Cluster  # noqa: E402

from vlae_codec.engines import ray as engine  # noqa: E402

pytestmark = pytest.mark.slow
OPTIONS: dict[str, Any] = {"effort": 1}


@pytest.fixture
def cluster() -> Iterator[Any]:
    node = {"num_cpus": 2, "object_store_memory": 1 << 27}
    found = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    found.add_node(**node)
    ray.init(address=found.address, log_to_driver=False)
    yield found
    ray.shutdown()
    found.shutdown()


def test_nothing_is_lost(cluster: Any, digits: list[Path], tmp_path: Path) -> None:
    marker = tmp_path / "killed"

    def work(task: PartTask, batch: Batch) -> PartDone:
        if batch.read()[0][0] == "2.png" and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return keep_batch(task, batch)

    assert len([node for node in ray.nodes() if node["Alive"]]) == 2
    batches = [Files((path.name, f"again/{path.name}"), (str(path), str(path))) for path in digits]
    job = Job(tmp_path / "set.vlz", "mnist", OPTIONS)
    done = []
    for one in engine.spread(partial(work, job.task), batches, 3):
        done.append(one)
        if len(done) == 5:
            cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
    report = job.finish(done)
    assert marker.exists()
    assert (report.pictures, report.failed) == (20, ())
    plain = Job(tmp_path / "plain.vlz", "mnist", OPTIONS)
    plain.finish([keep_batch(plain.task, batch) for batch in batches])
    assert (tmp_path / "set.vlz").read_bytes() == (tmp_path / "plain.vlz").read_bytes()
    assert len(Collection(tmp_path / "set.vlz")) == 20
