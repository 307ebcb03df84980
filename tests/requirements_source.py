"""The page of requirements (docs/requirements.md), made from the source of the tests.

What ``tests/requirements_plugin.py`` collects from running tests is read here without importing
any: the markers of functions, of classes, and of whole files (``pytestmark``).
"""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.requirements_plugin import LAST_NUMBER, sort_key

HEAD = """\
# 要件とテスト / Requirements and their tests

規定とOAuthの要件ごとに、内容と、それを示すテストを挙げます。
What the sandbox has to do, and the tests that show that it does. `make requirements` asks the tests
themselves; `scripts/requirements-page --write` makes this page.
"""
TITLES = {
    "T": "T: 接続事業者経由 / the service through providers (`tomato`)",
    "W": "W: 法人直結 / the direct connection (`web21`)",
    "O": "O: OAuth, OpenID",
}
Citations = Mapping[str, Mapping[str, list[str]]]


def texts(root: Path) -> dict[str, str]:
    """Return requirement id → what it asks for."""
    listed = tomllib.loads((root / "tests" / "requirements.toml").read_text(encoding="utf-8"))
    return {f"{letter}-{n}": text for letter, own in listed.items() for n, text in own.items()}


def citations(root: Path) -> Citations:
    """Return id → file → its tests, in the order in which they are written."""
    cited: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted((root / "tests").rglob("test_*.py")):
        name = path.relative_to(root).as_posix()
        for test, ids in cited_in(ast.parse(path.read_text(encoding="utf-8"))):
            for requirement_id in ids:
                cited[requirement_id][name].append(test)
    return cited


def cited_in(module: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """Yield each test of a file with the ids that it names, its class's and file's included."""
    yield from _tests_of(module.body, frozenset())


def _tests_of(body: Iterable[ast.stmt], above: frozenset[str]) -> Iterator[tuple[str, set[str]]]:
    statements = list(body)
    for each in statements:
        if isinstance(each, ast.Assign) and _names(each.targets) == {"pytestmark"}:
            above |= _ids(each.value)
    for each in statements:
        if isinstance(each, ast.ClassDef):
            yield from _tests_of(each.body, above | _decorated(each))
        elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            ids = above | _decorated(each)
            if each.name.startswith("test") and ids:
                yield each.name, set(ids)


def _decorated(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    return frozenset().union(*map(_ids, node.decorator_list))


def _ids(node: ast.expr) -> frozenset[str]:
    """Return the ids in the markers anywhere in an expression: parameters carry some too."""
    return frozenset(
        argument.value
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "requirement"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    )


def _names(targets: Iterable[ast.expr]) -> set[str]:
    return {target.id for target in targets if isinstance(target, ast.Name)}


def page(root: Path) -> str:
    """Return the whole document."""
    listed, cited = texts(root), citations(root)
    parts = [HEAD]
    for letter in LAST_NUMBER:
        ids = sorted((each for each in listed if each.startswith(letter)), key=sort_key)
        shown = sum(each in cited for each in ids)
        parts.append(f"\n## {TITLES[letter]}\n\n{shown} of {len(ids)} are shown by a test.\n")
        parts += [_entry(each, listed[each], cited.get(each, {})) for each in ids]
    return "".join(parts)


def _entry(requirement_id: str, text: str, files: Mapping[str, list[str]]) -> str:
    lines = [f"\n### {requirement_id}\n\n{text}\n\n"]
    for name, tests in files.items():
        lines.append(f"- [{name}](../{name}): {', '.join(f'`{test}`' for test in tests)}\n")
    return "".join(lines) if files else f"{lines[0]}- no test yet\n"
