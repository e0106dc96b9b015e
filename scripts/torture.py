"""What the repository promises about faults, tried: a table of what was done to it and what came of that.

    make torture                                    # minutes to an hour, by the machine
    python scripts/torture.py --kills 50 --studies all
    python scripts/torture.py --only disk,names     # parts of it

Kills are dealt to the real pipeline at scale smoke in a throw-away clone; everything else are tests of the suite, with
more and other random inputs (REPRISE_FUZZ). Exits with 1 where something was not as promised.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import psutil
import smoke

SMALL_KILLS = 20  # of the small pipeline
NAMES = "markup or escape or formula or terminal or option or printable or shown or names or pipes"
TESTS = {  # name -> promise, files, which of their tests
    "stages": ("SIGKILL of seven small stages, random instants", "repro/test_torture.py", "killed"),
    "disk": (
        "disk full under a pipeline and a training: told, nothing half-written, goes on",
        "repro/test_torture.py stages/test_full_disk.py",
        "full_disk",
    ),
    "folders": (
        "read-only folders, files cut short by a full disk",
        "repro/test_torture.py repro/test_run.py repro/test_filesystem.py test_files.py",
        "read_only or cut_short or emptied or cache_that or filesystem or test_files",
    ),
    "mlflow": ("MLflow locked, corrupt, deleted, read-only", "test_live.py test_tracking.py", ""),
    "together": (
        "two and eight repros at once",
        "repro/test_torture.py repro/test_run.py",
        "eight_at_once or two_at_once",
    ),
    "signals": ("Ctrl-C, SIGTERM, SIGHUP, stubborn stages", "repro/test_ending.py", ""),
    "nodes": ("nodes: killed, frozen, late, Ctrl-C, two runs at once", "repro/test_cluster.py", ""),
    "damaged": ("damaged intermediate files", "test_damaged.py test_yaml_files.py", ""),
    "inputs": ("fuzzed inputs of every other kind", "fuzz/test_inputs.py", ""),
    "pictures": ("fuzzed pictures", "fuzz/test_pictures.py", ""),
    "names": (
        "names that are markup, formulas, options, newlines",
        "report data/test_finder.py data/test_submission.py data/test_download.py "
        "test_gate.py test_files.py repro/test_display.py",
        NAMES,
    ),
    "weights": (
        "checkpoints and pickles: nothing in them runs",
        "test_networks.py test_loop.py data/test_cifar.py test_files.py",
        "pickle or planted or weights or checkpoint",
    ),
}


@dataclass
class Row:
    """A promise, how often it was tried and kept, what else was found wrong, and how long it took (s)."""

    promise: str
    tried: int
    what: str
    kept: int
    wrong: int
    seconds: float
    said: str = ""


def pipeline(kills: int, studies: str, seed: int) -> Row:
    """SIGKILL of `reprise repro -j 2` at scale smoke, everything or one process of it, and a look at what comes out."""
    start, rng = time.monotonic(), random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        whole, clone = (smoke.make_clone(Path(folder) / name, studies) for name in ("whole", "killed"))
        begin = time.monotonic()
        smoke.run(whole, *smoke.repro_command("-j", "2"))
        takes, wanted = time.monotonic() - begin, smoke.results(whole)
        dealt, kept, ended, said = 0, 0, 0, []
        found: dict[str, list[str]] = {"locks left": [], "temporary files left": [], "files that differ": []}
        while True:
            begun = subprocess.Popen(
                smoke.repro_command("-j", "2"), cwd=clone, env=smoke.environment(clone), stderr=subprocess.PIPE
            )
            # kills come closely enough that one whole run sees several, however long it takes
            wait = rng.uniform(0.0, max(takes / 4, 8.0)) if dealt < kills else None
            try:
                text = begun.communicate(timeout=wait)[1].decode(errors="replace")
            except subprocess.TimeoutExpired:
                deal(begun, rng)
                dealt += 1
                print(f"  kill {dealt} of {kills}", file=sys.stderr, flush=True)
                continue
            now = [smoke.locks(clone), smoke.left_over(clone), smoke.differences(wanted, smoke.results(clone))]
            for each, more in zip(found.values(), now, strict=True):
                each += more
            said += [text[-2000:]] if begun.returncode else []
            said += [smoke.unlike(whole / name, clone / name) for name in now[2][:3]]
            if begun.returncode == 0 and not any(now):
                kept = dealt  # up to here; after something went wrong no kill counts
            if dealt >= kills or begun.returncode or any(now):
                break
            ended += 1
            smoke.forget(clone)
    seconds, counts = time.monotonic() - start, {name: len(each) for name, each in found.items()}
    dealt_in = f"{dealt} kills dealt, {ended + 1} runs that ended, {seconds:.0f} s"
    print(", ".join([dealt_in, *(f"{name}: {count}" for name, count in counts.items())]))
    said += [f"{name}: {one}" for name, each in found.items() for one in each[:20]]
    promise = f"SIGKILL of repro -j 2 at smoke ({studies}; seed {seed}): ends with the same files, and nothing is left"
    wrong = sum(counts.values()) + (begun.returncode != 0)
    return Row(promise, dealt, "kills", kept, wrong, seconds, "\n".join(said))


def deal(process: subprocess.Popen, rng: random.Random) -> None:
    """Kills everything, the scheduler alone, or one of its processes and then the rest."""
    everybody = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    who = rng.choice(["all", "scheduler", "one"])
    first = everybody[:1] if who == "scheduler" else [rng.choice(everybody)] if who == "one" else everybody
    for each in first:
        if each.is_running():
            each.kill()
    if who == "one":
        time.sleep(rng.uniform(0.0, 1.0))
    process.kill()
    process.communicate()
    if who != "scheduler":
        for each in everybody:
            if each.is_running():
                each.kill()


def tests(name: str) -> Row:
    """Runs tests of the suite."""
    promise, files, which = TESTS[name]
    arguments = [f"tests/{file}" for file in files.split()] + (["-k", which] if which else [])
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        report = Path(folder) / "report.xml"
        more = {"REPRISE_FUZZ": "1", "REPRISE_KILLS": str(SMALL_KILLS), "PYTHONPATH": str(smoke.ROOT / "src")}
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
        done = subprocess.run(
            command, cwd=smoke.ROOT, env=os.environ | more, capture_output=True, text=True, check=False
        )
        cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
    tried = kept = wrong = 0
    for case in cases:
        inputs = [int(item.get("value")) for item in case.iter("property") if item.get("name") == "inputs"]
        failed = case.find("failure") is not None or case.find("error") is not None
        count = sum(inputs) if inputs else int(case.find("skipped") is None)
        tried, kept, wrong = tried + count, kept + count * (not failed), wrong + failed
    wrong += done.returncode not in (0, 1)
    what = "inputs" if tried > len(cases) else "cases"
    return Row(promise, tried, what, kept, wrong, time.monotonic() - start, done.stdout[-2000:] if wrong else "")


def main() -> int:
    """Does all of it, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="of the pipeline")
    parser.add_argument("--studies", default="few", help="all, few, or names with commas")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"), help="of the instants")
    parser.add_argument("--only", default="", help=f"some of: kills, {', '.join(TESTS)}")
    given = parser.parse_args()
    wanted = given.only.split(",") if given.only else ["kills", *TESTS]
    unknown = set(wanted) - {"kills", *TESTS}
    if unknown:
        parser.error(f"--only: no {', '.join(sorted(unknown))}; there are kills, {', '.join(TESTS)}")
    rows = []
    for name in wanted:
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows.append(pipeline(given.kills, given.studies, given.seed) if name == "kills" else tests(name))
        if rows[-1].said:
            print(rows[-1].said, file=sys.stderr)
    print("| promise | tried | as promised | seconds |\n|---|---:|---:|---:|")
    for row in rows:
        print(f"| {row.promise} | {row.tried} {row.what} | {row.kept} | {row.seconds:.0f} |")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10))
    print(f"\nThe largest process took {peak:.0f} MiB.")
    return int(any(row.wrong or not row.tried for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
