"""The house's rules, held on syntax trees, and each rule shown to catch a small house that breaks it."""

from __future__ import annotations

import ast
import re
import statistics
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

import git
import pytest

ROOT = Path(__file__).parents[1]
# A student's scripts are run and graded, not part of the house.
STUDENTS = ("fixtures/submissions/solution/", "student_template/")
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40

BELOW = {
    "": set[str](),
    "errors": set[str](),
    "evidence": {"errors"},
    "grading": {"errors"},
    "submission": {"errors"},
    "workspace": {"errors", "submission"},
    "labs": {"errors", "submission", "workspace", "evidence", "grading"},
    "reports": {"errors", "grading"},
    "classroom": {"errors", "grading"},
    "plugin": {"errors", "submission", "workspace", "evidence", "grading", "reports", "classroom", "labs"},
    "cli": {"errors", "submission", "workspace", "grading", "reports", "classroom", "labs", "plugin"},
}
PYTEST_ROOMS = {"plugin", "labs", "fixtures", "conftest", "tests"}
STARTS_PROCESSES = re.compile(r"os\.(system|popen|fork\w*|exec[lv]\w*|spawn\w+|posix_spawn\w*)$")
ABSENT_IN_THE_WHEEL = re.compile(r"(from|import) (fixtures|tests)\b")
PROCESS_MODULES = {"subprocess", "pty", "pexpect", "sh"}

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class House:
    """Source text by path (POSIX, from the checkout's root), and each lab's own words."""

    sources: Mapping[str, str]
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def trees(self) -> Mapping[str, ast.Module]:
        """The syntax tree of each Python file that is ours."""
        ours = (path for path in self.sources if path.endswith(".py") and not path.startswith(STUDENTS))
        return {path: ast.parse(self.sources[path], path) for path in sorted(ours)}

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """Each of our files by its module's dotted name."""
        return {dotted(path): path for path in self.trees}

    def functions(self) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        """Every function with the path of its file."""
        for path, tree in self.trees.items():
            yield from ((path, node) for node in ast.walk(tree) if isinstance(node, FUNCTIONS))


def dotted(path: str) -> str:
    """The module's name: `harness/evidence/__init__.py` is `harness.evidence`."""
    return ".".join(PurePosixPath(path).with_suffix("").parts).removesuffix(".__init__")


def room(module: str) -> str:
    """The room that a module belongs to: `harness.evidence.lock` to `evidence`, `tests.x` to `tests`."""
    top, _, rest = module.partition(".")
    return rest.partition(".")[0] if top == "harness" else top


def imports(path: str, tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every module, or name taken from one, that a file imports anywhere in it, with the line."""
    package = dotted(path).split(".") if path.endswith("__init__.py") else dotted(path).split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((f"{source}.{alias.name}", node.lineno) for alias in node.names)


def looks_up(house: House) -> Iterator[str]:
    """A room imports only the rooms below it."""
    for path, tree in house.trees.items():
        here = room(dotted(path))
        for name, line in imports(path, tree):
            ours = path.startswith("harness/") and name.startswith("harness.")
            if ours and room(name) not in BELOW.get(here, set[str]()) | {here}:
                yield f"{path}:{line} imports {name}: {here or 'harness'} does not stand on {room(name)}"


def looks_outside(house: House) -> Iterator[str]:
    """What travels in the wheel imports neither the tests nor `fixtures` by a name that it lacks there."""
    for path, tree in house.trees.items():
        if not path.startswith(("tests/", "fixtures/submissions/", "conftest.py")):
            found = (node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
            named = (node for node in found if ABSENT_IN_THE_WHEEL.match(ast.unparse(node)))
            yield from (f"{path}:{node.lineno} says {ast.unparse(node)!r}" for node in named)


def pytest_elsewhere(house: House) -> Iterator[str]:
    """Only the plugin, labs, fixtures and tests know pytest."""
    for path, tree in house.trees.items():
        for name, line in imports(path, tree):
            if name.split(".")[0] in {"pytest", "_pytest"} and room(dotted(path)) not in PYTEST_ROOMS:
                yield f"{path}:{line} imports {name}"


def processes_elsewhere(house: House) -> Iterator[str]:
    """Only the workspace starts processes."""
    for path, tree in house.trees.items():
        if room(dotted(path)) == "workspace":
            continue
        named = [(name, line) for name, line in imports(path, tree)]
        called = [(ast.unparse(n), n.lineno) for n in ast.walk(tree) if isinstance(n, ast.Attribute)]
        for name, line in named + called:
            if (name.split(".")[0] in PROCESS_MODULES and (name, line) in named) or STARTS_PROCESSES.match(
                name
            ):
                yield f"{path}:{line} uses {name}"


def long_files(house: House) -> Iterator[str]:
    """No file is too long to be read in one go."""
    for path in house.trees:
        if (lines := len(house.sources[path].splitlines())) > MAX_FILE_LINES:
            yield f"{path} has {lines} lines, more than {MAX_FILE_LINES}"


def long_functions(house: House) -> Iterator[str]:
    """No function is longer than a screen."""
    for path, node in house.functions():
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES:
            yield f"{path}:{node.lineno} {node.name} has {lines} lines, more than {MAX_FUNCTION_LINES}"


def graph(house: House) -> dict[str, set[str]]:
    """Which of our modules imports which, for types too."""
    edges: dict[str, set[str]] = {module: set() for module in house.modules}
    for module, path in house.modules.items():
        for name, _ in imports(path, house.trees[path]):
            targets = (name, name.rpartition(".")[0])
            edges[module].update([t for t in targets if t in edges and t != module][:1])
    return edges


def cycles(house: House) -> Iterator[str]:
    """No module imports itself by way of others, not even for its types."""
    edges = graph(house)
    for start in edges:
        seen, todo = set[str](), sorted(edges[start])
        while todo:
            if (module := todo.pop()) not in seen:
                seen.add(module)
                todo.extend(edges[module])
        if start in seen:
            yield f"{start} imports itself by way of {', '.join(sorted(seen - {start}))}"


def public(
    scope: ast.Module | ast.ClassDef,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Public functions and classes of a module, and the public methods of those classes."""
    for node in scope.body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


def undocumented(house: House) -> Iterator[str]:
    """What others may call says what it gives; what is tested says what must hold."""
    for path, tree in house.trees.items():
        for node in public(tree):
            counts = node.name.startswith("test_") or not path.startswith("tests/")
            if counts and not ast.get_docstring(node):
                yield f"{path}:{node.lineno} {node.name} has no docstring"


def lab_words(house: House) -> Iterator[str]:
    """Nothing outside a lab's folder knows that lab's names; its submissions' builders and the tests may."""
    for lab, words in house.words.items():
        pattern = re.compile(r"(?<![\w.])(" + "|".join(map(re.escape, sorted(words))) + r")(?!\w)")
        for path in house.trees:
            if path.startswith(("tests/", "fixtures/submissions/", f"harness/labs/{lab}/")):
                continue
            for number, line in enumerate(house.sources[path].splitlines(), start=1):
                if found := pattern.search(line):
                    yield f"{path}:{number} knows {found[1]!r}, a word of the lab {lab}"


def hosts_and_machine_paths(house: House) -> Iterator[str]:
    """No file of whatever kind names a package registry's host or a path of one machine."""
    hosts = ["py" + "pi.org", "python" + "hosted.org", "registry." + "npmjs", "conda." + "anaconda.org"]
    places = ["/work" + "/main", "/work" + "/shared", "/opt" + "/wheels", "/opt" + "/pypi", "/root" + "/."]
    places += [f"{ROOT}/"] if len(ROOT.parts) > 2 else []
    for path, text in house.sources.items():
        for number, line in enumerate(text.splitlines(), start=1):
            yield from (f"{path}:{number} names {name}" for name in hosts + places if name in line)


Rule = Callable[[House], Iterator[str]]
RULES: dict[Rule, tuple[dict[str, str], str]] = {
    looks_up: (
        {"harness/grading/score.py": "from harness.reports import page", "harness/reports/page.py": ""},
        "harness/grading/score.py:1 imports harness.reports.page: grading does not stand on reports",
    ),
    looks_outside: (
        {"fixtures/git.py": "from . import seed\nfrom fixtures import seed"},
        "fixtures/git.py:2 says 'from fixtures import seed'",
    ),
    pytest_elsewhere: (
        {"harness/cli.py": "def main():\n    import pytest", "fixtures/seed.py": "import pytest"},
        "harness/cli.py:2 imports pytest",
    ),
    processes_elsewhere: (
        {"fixtures/git.py": "import os\nos.system('x')", "harness/workspace/run.py": "import subprocess"},
        "fixtures/git.py:2 uses os.system",
    ),
    long_files: ({"harness/cli.py": "x = 1\n" * 301}, "harness/cli.py has 301 lines, more than 300"),
    long_functions: (
        {"tests/test_x.py": "async def test_x():\n    def step():\n" + "        ...\n" * 39},
        "tests/test_x.py:1 test_x has 41 lines, more than 40",
    ),
    cycles: (
        {
            "harness/evidence/a.py": "if TYPE_CHECKING:\n    from .b import B",
            "harness/evidence/b.py": "from harness.evidence import a",
        },
        "harness.evidence.a imports itself by way of harness.evidence.b",
    ),
    undocumented: (
        {"harness/errors.py": 'class Lost:\n    """."""\n    def why(self): ...\n    def _how(self): ...'},
        "harness/errors.py:3 why has no docstring",
    ),
    lab_words: (
        {"harness/plugin.py": "\ny = 'data/dough.csv'", "harness/labs/bread/test_1.py": "dough = 1"},
        "harness/plugin.py:2 knows 'data/dough.csv', a word of the lab bread",
    ),
    hosts_and_machine_paths: (
        {"requirements/dev.txt": "x==1\n--index-url h://py" + "pi.org/simple"},
        "requirements/dev.txt:2 names py" + "pi.org",
    ),
}


@pytest.fixture(scope="module")
def house() -> House:
    """This checkout's tracked files."""
    with git.Repo(ROOT) as repository:
        listed = repository.git.ls_files("-z").split("\0")
    texts = (path for path in listed if path and (ROOT / path).is_file() and not path.endswith(".csv"))
    sources = {path: (ROOT / path).read_bytes().decode("utf-8", "replace") for path in texts}
    rubrics = {
        PurePosixPath(p).parent: tomllib.loads(sources[p]) for p in sources if p.endswith("/rubric.toml")
    }
    labs = {p.name: found for p, found in rubrics.items() if p.parent == PurePosixPath("harness/labs")}
    words = {lab: frozenset(found.get("vocabulary", {}).get("words", ())) for lab, found in labs.items()}
    return House(sources, {lab: found for lab, found in words.items() if found})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule: Rule, house: House) -> None:
    """Each rule holds for every file of this checkout."""
    assert list(rule(house)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_broken_house_is_caught_by(rule: Rule) -> None:
    """Each rule finds the breach in a small house that was built to break it."""
    sources, breach = RULES[rule]
    assert next(rule(House(sources, {"bread": frozenset({"dough", "data/dough.csv"})}))) == breach


def test_lengths_of_functions_are_recorded(
    house: House, record_property: Callable[[str, object], None]
) -> None:
    """How long the functions are is shown by `-s` and kept in the JUnit file, for a reader to judge."""
    ours = (node for path, node in house.functions() if path.startswith("harness/"))
    lengths = sorted((node.end_lineno or node.lineno) - node.lineno + 1 for node in ours)
    deciles = statistics.quantiles(lengths, n=10)
    found = {"functions": len(lengths), "median": deciles[4], "90th percentile": deciles[8]}
    for name, value in found.items():
        record_property(name, value)
    print(found)  # noqa: T201  a figure to read, not to hold
    assert lengths
