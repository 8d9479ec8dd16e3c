"""`make mutate`: mutation testing (mutmut) of the `protocol/` packages, by the tests of them that are pure functions.

Each service is copied to `.mutation/<service>`, where mutmut changes one expression at a time and runs the tests that
reach it. A run that follows another tries only what has changed and what survived; `make clean` makes it forget the
rest. The survivors are written to `.mutation/<service>/survivors.diff`, and the functions that no test reaches to
`untested`; the exit status is 1 when there are any.
"""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from stack import ROLES, ROOT

WORK = ROOT / ".mutation"
PACKAGE = "protocol"
# The tests that call protocol/ directly, without an application and without Redis: files below services/<service>.
PURE_TESTS = {
    "op": ("tests/protocol/test_*.py", "tests/test_op_dispatch.py"),
    "rs": ("tests/protocol/test_*.py",),
    "rp": ("tests/protocol/test_*.py",),
}
# What is pure beyond protocol/: files below services/<service>/src/<service>.
PURE_MODULES: dict[str, tuple[str, ...]] = {"op": ("authorization/dispatch.py",), "rs": (), "rp": ()}
# Tests that read the source files see the mutated copy, which holds every mutant at once.
LEFT_OUT = "not test_only_its_check_makes_a_verified_type"
# The text of an error is not a rule of a protocol; that it is raised, and its class, are checked.
NOT_MUTATED = (r"^\s*raise ",)
SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = {mutated}
do_not_mutate_patterns = {patterns}
pytest_add_cli_args = ["-k", "{left_out}"]
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false

[tool.pytest.ini_options]
addopts = "--import-mode=importlib --strict-markers -p no:cacheprovider"
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
disable_test_id_escaping_and_forfeit_all_rights_to_community_support = true
pythonpath = {paths}
markers = ["slow", "docker", "e2e"]
filterwarnings = ["error", "ignore::DeprecationWarning:jose"]
"""


KILLED = {"killed", "timeout", "caught by type check", "skipped"}
_NOT_KILLED = (0, 33)  # the exit codes by which mutmut remembers what survived, and what no test reaches
_DIFFERENCES = """
import sys
from mutmut.mutation.diff_apply import find_mutant, get_diff_for_mutant
for name in sys.stdin.read().split():
    print(f"# {name}", get_diff_for_mutant(name, path=find_mutant(name).path), sep="\\n")
"""


class MutationError(RuntimeError):
    """Mutation testing cannot run; the message is for a person."""


def pure_tests(role: str) -> list[str]:
    """The files of PURE_TESTS that exist; raises MutationError when none does."""
    service = ROOT / "services" / role
    files = [file for pattern in PURE_TESTS[role] for file in sorted(service.glob(pattern))]
    if not files:
        raise MutationError(f"none of {', '.join(PURE_TESTS[role])} exists in services/{role}")
    return [str(file.relative_to(service)) for file in files]


def prepare(role: str) -> Path:
    """The folder in which mutmut works: the service as the work tree has it, and what mutmut knows of it already."""
    folder = WORK / role
    tests = pure_tests(role)
    for part in ("src", "tests"):
        shutil.rmtree(folder / part, ignore_errors=True)
        shutil.copytree(ROOT / "services" / role / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    settings = SETTINGS.format(
        role=role,
        mutated=json.dumps([f"src/{role}/{part}" for part in (f"{PACKAGE}/*", *PURE_MODULES[role])]),
        left_out=LEFT_OUT,
        patterns=json.dumps(NOT_MUTATED),
        tests=json.dumps(tests),
        paths=json.dumps([str(ROOT / "dev"), "tests"]),
    )
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    forget_survivors(folder)
    return folder


def forget_survivors(folder: Path) -> None:
    """Have what was not killed tried again: a test may do so now, and mutmut itself looks for changes of the code."""
    (folder / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    for file in (folder / "mutants" / "src").rglob("*.meta"):
        known = json.loads(file.read_text(encoding="utf-8"))
        codes = known["exit_code_by_key"]
        known["exit_code_by_key"] = {name: None if code in _NOT_KILLED else code for name, code in codes.items()}
        file.write_text(json.dumps(known, indent=4), encoding="utf-8")


def outcomes(listing: str) -> dict[str, str]:
    """The mutants that `mutmut results --all true` lists, and what became of each."""
    lines = [line.strip() for line in listing.splitlines()]
    return dict(line.rsplit(": ", 1) for line in lines if ": " in line)


def mutate(role: str) -> bool:
    """Whether every mutant of a service was killed; a line says how many. Raises MutationError."""
    folder = prepare(role)
    print(f"{role}: mutating {role}/{PACKAGE}", flush=True)
    done = subprocess.run(_mutmut("run"), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MutationError("\n".join([f"{role}: mutmut failed", *_last_lines(done.stdout + done.stderr)]))
    found = outcomes(_output(folder, "results", "--all", "true"))
    counts = Counter(found.values())
    survivors = [name for name, outcome in found.items() if outcome == "survived"]
    untested = sorted({name.rpartition("__mutmut_")[0] for name, outcome in found.items() if outcome == "no tests"})
    (folder / "survivors.diff").write_text(differences(folder, survivors), encoding="utf-8")
    (folder / "untested").write_text("".join(f"{name}\n" for name in untested), encoding="utf-8")
    print(f"{role}: {', '.join(f'{number} {outcome}' for outcome, number in counts.most_common())}")
    alive = set(counts) - KILLED
    if alive:
        print(f"{role}: see survivors.diff and untested in {folder.relative_to(ROOT)}", flush=True)
    return not alive


def differences(folder: Path, mutants: Sequence[str]) -> str:
    """What each mutant changed. `mutmut show` would start a process for each."""
    command = [sys.executable, "-c", _DIFFERENCES]
    done = subprocess.run(command, cwd=folder, input="\n".join(mutants), capture_output=True, text=True, check=True)
    return done.stdout


def _mutmut(*words: str) -> list[str]:
    return [str(Path(sys.executable).with_name("mutmut")), *words]


def _output(folder: Path, *words: str) -> str:
    return subprocess.run(_mutmut(*words), cwd=folder, capture_output=True, text=True, check=True).stdout


def _last_lines(text: str) -> list[str]:
    return [line for line in text.replace("\r", "\n").splitlines() if line.strip()][-20:]


def main(roles: Sequence[str]) -> int:
    """Mutate the services that are named, or all of them."""
    unknown = set(roles) - set(ROLES)
    if unknown:
        print(f"mutate: there is no service {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    try:
        killed = [mutate(role) for role in roles or ROLES]
    except MutationError as fault:
        print(f"mutate: {fault}", file=sys.stderr)
        return 2
    return 0 if all(killed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
