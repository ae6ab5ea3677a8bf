from __future__ import annotations

from pathlib import Path

from benchmarks.results import write_result
from benchmarks.trust import trust


def test_only_what_was_measured_is_told(tmp_path: Path) -> None:
    assert trust(tmp_path) == []
    write_result("coverage", {"percent": 97.25}, tmp_path)
    assert trust(tmp_path)[-1] == "| lines of `vlae_codec` that the tests run | 97.2 % |"
    write_result("fuzz", {"done": 1000, "failures": [{}], "slowest_s": 0.1, "peak_mib": 99.6}, tmp_path)
    write_result("startup", {"processes": {"import x": {"median_s": 0.125}}}, tmp_path)
    environments = {"3.10, oldest libraries": {"passed": 1234, "failed": []}, "3.9": {"missing": True}}
    write_result("versions", {"environments": environments}, tmp_path)
    assert trust(tmp_path)[-1] == "| tests under Python 3.10, oldest libraries: passed, failed | 1,234, 0 |"
    rows = trust(tmp_path)[4:-1]
    assert [row.split(" | ")[1].rstrip(" |") for row in rows] == ["0.12", "1,000", "1", "0.10; 100", "97.2 %"]
