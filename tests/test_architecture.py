"""The layering of the package, read from its imports: they point strictly down, and each heavy library has its place.

What is written here is what `gym_diamond/__init__.py` says in prose. A new module of the top level must be placed in
`LAYERS` before this suite passes.
"""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = (  # from below; modules of one layer do not see each other
    ("errors",),
    ("schema", "frames", "games", "choices"),
    ("files", "hardware", "replay"),
    ("nn", "data", "noise"),
    ("world_models",),
    ("banks",),
    ("checkpoint",),
    ("hub",),
    ("envs", "fitting"),
    ("collection",),
    ("evaluation", "play"),
    ("benchmarking",),
    ("cli",),
    ("__main__",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
BACKENDS = ("diamond",)
PLACES = {  # what of the package may import a library: a file, or all files in a folder
    "ale_py": ("envs/atari.py",),
    "huggingface_hub": tuple(f"hub/{name}.py" for name in ("connection", "download", "model_card", "push")),
    "filelock": ("files.py",),
    "stable_baselines3": ("envs/sb3.py", "collection/policies.py"),
    "sb3_contrib": ("envs/sb3.py", "collection/policies.py"),
    "pygame": ("play/",),
    "minari": ("data/dataset.py", "hub/datasets.py"),
    "av": ("collection/frame_files.py",),
    "matplotlib": ("evaluation/",),
    "tensorboard": ("fitting/reporters.py",),
    "torch.utils.tensorboard": ("fitting/reporters.py",),
    "wandb": ("fitting/reporters.py",),
}
SHAPELESS = {"utils", "util", "helpers", "misc", "common", "base", "core", "types"}
INFERENCE = ("world_models.diamond.model", "envs", "checkpoint", "hub")


class Import(NamedTuple):
    """One import, however deep inside a function it stands."""

    importer: str  # dotted, for example gym_diamond.envs.dream
    imported: str  # dotted; a module of ours in full, of others as written
    where: str  # for people: file:line


@cache
def files(*folders: str) -> tuple[Path, ...]:
    return tuple(sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")))


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports() -> tuple[Import, ...]:
    """All imports of the package and of the agents."""
    modules = {dotted(path) for path in files("gym_diamond", "agents")}
    return tuple(found for path in files("gym_diamond", "agents") for found in imports_of(path, modules))


def imports_of(path: Path, modules: set[str]) -> Iterator[Import]:
    for node in ast.walk(tree(path)):
        where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            yield from (Import(dotted(path), alias.name, where) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{where}: imports are absolute here"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield Import(dotted(path), inner if inner in modules else str(node.module), where)


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def part(module: str) -> str:
    """The name of the top level that a module of ours belongs to: gym_diamond.envs.dream -> envs; of the root: ''."""
    return module.removeprefix("gym_diamond").removeprefix(".").split(".")[0]


def of_ours() -> list[Import]:
    """The imports within the package, the root left out: it stands above all."""
    return [i for i in imports() if part(i.importer) and is_in(i.importer, "gym_diamond") and part(i.imported)]


def test_every_module_of_the_top_level_has_its_layer():
    found = {part(dotted(path)) for path in files("gym_diamond")} - {"", "worlds", "contexts"}  # data, and no code
    assert found <= LEVEL.keys(), "place it in LAYERS"


def test_imports_point_strictly_down():
    wrong = [
        f"{i.where} imports {i.imported}"
        for i in of_ours()
        if is_in(i.imported, "gym_diamond")
        and part(i.imported) != part(i.importer)
        and LEVEL[part(i.imported)] >= LEVEL[part(i.importer)]
    ]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle():
    graph: dict[str, set[str]] = {}
    for found in imports():
        graph.setdefault(found.importer, set()).add(found.imported)
    TopologicalSorter({name: below - {"gym_diamond"} for name, below in graph.items()}).prepare()


def test_the_root_registers_the_ids_and_everyone_below_asks_it_for_the_version_only():
    assert {i.imported for i in imports() if i.importer == "gym_diamond"} == {"gym_diamond.envs.registration"}
    for path in files("gym_diamond"):
        used = {
            node.attr
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "gym_diamond"
        }
        assert used <= {"__version__"}, path


def test_the_registration_needs_nothing_but_the_table_of_games():
    found = {i.imported for i in imports() if i.importer == "gym_diamond.envs.registration"}
    assert found == {"pathlib", "gymnasium", "gym_diamond.errors", "gym_diamond.games"}


def test_backends_are_siblings_and_see_of_their_folder_only_what_is_common_to_all():
    package = "gym_diamond.world_models"
    names = {path.parent.name for path in files(package.replace(".", "/")) if path.parent.name != "world_models"}
    assert names == set(BACKENDS), "name it in BACKENDS"
    for found in imports():
        if is_in(found.importer, package) and is_in(found.imported, package):
            owner = next((name for name in BACKENDS if is_in(found.importer, f"{package}.{name}")), None)
            allowed = [f"{package}.{name}" for name in ("protocol", "rows", "objective", owner)]
            assert any(is_in(found.imported, name) for name in allowed), found.where


def test_inference_never_sees_a_loss():
    """Followed from module to module; what a package's `__init__` gathers for its users is not followed."""
    graph: dict[str, set[str]] = {}
    for found in imports():
        graph.setdefault(found.importer, set()).add(found.imported)
    waiting = [name for name in graph if any(is_in(name, f"gym_diamond.{start}") for start in INFERENCE)]
    assert "gym_diamond.envs.dream" in waiting
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph.get(name, ())
    assert "gym_diamond.world_models.diamond.denoiser" in seen
    losses = ("objectives", "objective", "gym_diamond.fitting")
    assert [name for name in seen if name.endswith(losses[:2]) or is_in(name, losses[2])] == []


def test_the_loop_of_a_fit_knows_no_network():
    for name in ("loop", "learner", "optim"):
        found = [i.imported for i in imports() if i.importer == f"gym_diamond.fitting.{name}"]
        assert found
        allowed = "gym_diamond.world_models.objective"
        assert {i for i in found if is_in(i, "gym_diamond.world_models") or is_in(i, "gym_diamond.nn")} <= {allowed}


@pytest.mark.parametrize("library", PLACES)
def test_a_heavy_library_stays_in_its_place(library: str):
    strays = [
        found.where
        for found in imports()
        if is_in(found.imported, library)
        and not found.where.startswith(tuple(f"gym_diamond/{place}" for place in PLACES[library]))
    ]
    assert strays == []


def test_figures_need_no_screen_and_keep_no_global_list():
    drawn = {found.imported for found in imports() if is_in(found.imported, "matplotlib")}
    assert "matplotlib.figure" in drawn
    assert not any(is_in(name, "matplotlib.pyplot") for name in drawn)


def test_the_package_does_not_know_the_agents():
    assert [i.where for i in imports() if is_in(i.imported, "agents") and is_in(i.importer, "gym_diamond")] == []


def test_agents_use_only_what_is_public():
    for path in files("agents"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and is_in(str(node.module), "gym_diamond"):
                names = [*str(node.module).split("."), *(alias.name for alias in node.names)]
                assert [name for name in names if name.startswith("_")] == [], f"{path}:{node.lineno}"


def test_no_file_is_longer_than_300_lines():
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files("gym_diamond", "agents", "tests", "examples")
    }
    assert lengths["gym_diamond/envs/dream.py"] > 100, "nothing was counted"
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_every_module_is_named_for_what_it_holds():
    parts = {part for path in files("gym_diamond", "agents") for part in dotted(path).split(".")}
    assert parts & SHAPELESS == set()


@pytest.mark.parametrize(("name", "instead"), [("hasattr", "a type that says so"), ("print", "cli.say")])
def test_the_package_never_calls(name: str, instead: str):
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files("gym_diamond")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]
    assert found == [], f"use {instead}"


def test_every_module_says_why_it_exists():
    with_code = [path for path in files("gym_diamond", "agents") if tree(path).body]
    assert [dotted(path) for path in with_code if not ast.get_docstring(tree(path))] == []
