"""The house rules: imports run downhill, names are the field's, nothing public is without a word of explanation."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest

import koepel

ROOT = Path(koepel.__file__).parent
FLOORS = {
    1: ("errors", "units", "_kernel"),
    2: ("geo", "tables", "nouns", "solver"),
    3: ("catalogue", "countries", "wta", "covering", "sddp", "projection"),
    4: ("raid", "defence", "supply", "records", "sketch"),
    5: ("scenario",),
    6: ("arrays", "replay"),
    7: ("picture", "engagement", "outcome", "twin"),
    8: ("comparison", "simulate", "stage"),
    9: ("campaign", "study", "backtest", "rehearsal"),
    10: ("plan",),
    11: ("report", "exchange"),
    12: ("cli", "app"),
    13: ("__main__",),
}
FLOOR_OF = {name: floor for floor, names in FLOORS.items() for name in names}
# these never know each other
SIDE_BY_SIDE = {7}
NEVER = re.compile(r"(^|_)(managers?|helpers?|utils?|engines?)(_|$)")
MOST_LINES, MOST_FUNCTION_LINES = 450, 60

FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def dotted(path):
    """The name of a module, as ``scenario.check``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in FILES}


def imports(path):
    """Modules of koepel that a file imports, wherever in the file."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("koepel."):
                    yield alias.name.removeprefix("koepel.")
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "koepel":
            module = (node.module or "").removeprefix("koepel").removeprefix(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}".lstrip(".")
                if inner in MODULES or module:
                    yield inner if inner in MODULES else module
        elif isinstance(node, ast.ImportFrom) and node.level:
            raise AssertionError(f"{path}: a relative import")


def functions(path):
    """Every function of a file, with whether it is public: no private name on the way to it."""

    def walk(node, public):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                shown = public and not child.name.startswith("_")
                if not isinstance(child, ast.ClassDef):
                    yield child, shown
                    shown = False  # what stands inside a function is its own affair
                yield from walk(child, shown)

    yield from walk(TREES[path], not any(part.startswith("_") for part in dotted(path).split(".")))


def lines_without_docstring(function):
    """Lines of a function, from ``def`` on."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        first = function.body[0]
        lines -= first.end_lineno - first.lineno + 1
    return lines


def test_every_module_has_a_floor():
    """A new module is put on a floor before it is used."""
    assert {name.split(".")[0] for name in MODULES} <= set(FLOOR_OF)


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_imports_run_downhill(path):
    """A module imports from its own folder and from lower floors only."""
    own = dotted(path).split(".")[0]
    for module in imports(path):
        other = module.split(".")[0]
        if other == own:
            continue
        above, below = FLOOR_OF[own], FLOOR_OF[other]
        level = above == below and above not in SIDE_BY_SIDE
        assert below < above or level, f"{dotted(path)} (floor {above}) imports {module} (floor {below})"


def test_kernels_import_nothing_of_ours():
    """Arrays in, arrays out."""
    for name, path in MODULES.items():
        if name.split(".")[0] == "_kernel":
            assert all(module.split(".")[0] == "_kernel" for module in imports(path)), name


def test_python_calls_only_what_has_a_way_in():
    """A compiled function without a wrapper for Python ends the process when called; nobody may import one."""
    for name, path in MODULES.items():
        if name.split(".")[0] == "_kernel":
            continue
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("koepel._kernel."):
                for alias in node.names:
                    options = getattr(getattr(import_module(node.module), alias.name), "targetoptions", {})
                    assert not options.get("no_cpython_wrapper"), f"{name} imports {alias.name}"


def test_no_import_circle():
    """No module can be reached from itself; imports inside functions count too."""
    below = {name: set(imports(path)) & set(MODULES) - {name} for name, path in MODULES.items()}
    while leaves := {name for name, modules in below.items() if not modules}:
        below = {name: modules - leaves for name, modules in below.items() if name not in leaves}
    assert not below, f"in or above a circle: {sorted(below)}"


def test_what_is_public_is_visible():
    """``__all__``, ``dir()`` and what can be got are the same; every name comes from its module."""
    assert sorted(koepel.__all__) == dir(koepel)
    assert len(set(koepel.__all__)) == len(koepel.__all__) <= 50
    for name in koepel.__all__:
        thing = getattr(koepel, name)
        assert thing.__doc__, name
        assert name == "__version__" or thing.__name__ == name
    with pytest.raises(AttributeError):
        koepel.manoeuvre  # noqa: B018


def test_all_of_a_module_is_there():
    """A module that lists its names has them all."""
    for name, path in MODULES.items():
        if any(
            isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
            for node in TREES[path].body
        ):
            module = import_module(f"koepel.{name}")
            assert [word for word in module.__all__ if not hasattr(module, word)] == [], name


def test_functions_go_before_modules_of_the_same_name():
    """``koepel.simulate`` is the function, whoever imported the module and when."""
    for name in ("simulate", "replay"):
        module = import_module(f"koepel.{name}")
        assert getattr(koepel, name) is getattr(module, name)


def test_the_package_tells_its_story():
    """The docstring of the package names every module that a user meets."""
    told = set(re.findall(r"^    (\w+)  ", koepel.__doc__, re.M)) | set(re.findall(r"`(\w+)`", koepel.__doc__))
    unknown = told - set(FLOOR_OF)
    assert not unknown, f"told, but not there: {unknown}"
    there = {name.split(".")[0] for name in MODULES} - {"__main__"}
    assert there <= told, f"not told: {there - told}"


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_sizes(path):
    """At most 450 lines a module and 60 a function, its docstring left out."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    long = [(f.name, lines_without_docstring(f)) for f, _ in functions(path)]
    assert [entry for entry in long if entry[1] > MOST_FUNCTION_LINES] == []


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_every_module_and_public_function_has_a_docstring(path):
    """What is public says what comes back or happens."""
    assert ast.get_docstring(TREES[path]), "the module has no docstring"
    bare = [function.name for function, public in functions(path) if public and not ast.get_docstring(function)]
    assert bare == []


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_names_are_words_of_the_field(path):
    """Nothing is called a manager, helper, util or engine."""
    names = list(dotted(path).split("."))
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            arguments = (
                [] if isinstance(node, ast.ClassDef) else [a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)]
            )
            names += [node.name, *arguments]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
    snake = [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in names]
    assert [name for name in snake if NEVER.search(name)] == []


def test_nothing_prints_but_the_commands():
    """A library returns and logs; only the commands print."""
    for name, path in MODULES.items():
        if name.split(".")[0] in ("cli", "__main__"):
            continue
        calls = (node for node in ast.walk(TREES[path]) if isinstance(node, ast.Call))
        assert not [call.lineno for call in calls if getattr(call.func, "id", "") == "print"], name


def test_no_hidden_luck():
    """No global random state: every draw is by seed, run and name."""
    words = chain.from_iterable(
        ((name, node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name | ast.alias))
        for name, tree in ((dotted(path), tree) for path, tree in TREES.items())
    )
    for name, node in words:
        word = getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "name", "")
        assert word not in ("RandomState", "random"), f"{name}: {word}"
