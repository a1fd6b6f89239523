"""All benchmarks, one after the other: some five minutes on two cores.

uv run --group bench python benchmarks/run_all.py
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = ("log_throughput.py", "import_overhead.py", "product_read.py")


def main() -> int:
    """Run each in a process of its own; the exit code says whether all of them ran."""
    failed = []
    for name in PROGRAMS:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, str(HERE / name)], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
