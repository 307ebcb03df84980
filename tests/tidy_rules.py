"""The house rules as functions: source text or a tree in, findings out.

Every rule returns one sentence for each place that breaks it, so an empty list is good news.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

FUNCTION_LINES = 50
FILE_LINES = 400

Rule = Callable[["Source"], list[str]]

# Made by tools, or somebody else's: no part of the project.
_OUTSIDE = {".git", ".venv", ".cache", "__pycache__", "build", "dist", "out", "node_modules"}
_OUTSIDE |= {".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache"}


def _pattern(*words: str) -> re.Pattern[str]:
    """Return what matches any of ``words``; their ``~`` keeps this file from matching itself."""
    return re.compile("|".join(words).replace("~", ""))


_CLOCK_READERS = {
    f"time.{name}"
    for base in ("time", "monotonic", "perf_counter")
    for name in (base, f"{base}_ns")
} | {
    "time.localtime",
    "time.gmtime",
    "time.ctime",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "datetime.date.today",
}
_SQL_CLOCK = re.compile(r"\bCURRENT_(?:TIMESTAMP|DATE|TIME)\b|'now'")
_CHANCE_MODULES = {"random", "secrets", "uuid"}
_LEFTOVER = _pattern(r"\bTO~DO\b", r"\bFIX~ME\b", r"\bX~XX\b", r"\bNotImplemented~Error\b")
_MACHINE = _pattern(
    r"(?<![\w.}/-])/(?:w~ork|r~oot|t~mp|h~ome|U~sers)(?=/|\b(?![\w-]))",
    r"\bpy~pi\.org\b",
    r"\bpython~hosted\.org\b",
    r"\bregistry\.npm~js\.org\b",
    r"\b(?:deb|security|snapshot)\.deb~ian\.org\b",
    r"\b(?:archive|security)\.ubun~tu\.com\b",
    r"\b[\w-]*[\d-][\w.-]*\.(?:inter~nal|l~an|co~rp)\b",
)
_REAL_BANK = _pattern(
    "トマ~ト銀行|三井~住友|三菱~UFJ|三菱~ＵＦＪ|あお~ぞら|みず~ほ銀行|りそ~な銀行|ゆう~ちょ|楽天~銀行",
    r"(?i:tom~ato[ -]?bank|sumi~tomo|mitsu~bishi|miz~uho|ao~zora|suna~bar|\bSM~BC|\bMU~FG)",
)
_SKIP_NAMES = {"skip", "skipif", "importorskip", "xfail"}


@dataclass(frozen=True)
class Source:
    """One text file, by its path within the project."""

    name: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text, self.name)))

    @property
    def filled_lines(self) -> int:
        return sum(1 for line in self.lines if line.strip())


def read_sources(root: Path) -> list[Source]:
    """Return every text file of the project below ``root``."""
    return [
        Source(path.relative_to(root).as_posix(), text)
        for path in sorted(_files(root))
        if (text := _text_of(path)) is not None
    ]


def _files(directory: Path) -> Iterator[Path]:
    for entry in directory.iterdir():
        if entry.is_dir():
            if entry.name not in _OUTSIDE and not entry.name.endswith(".egg-info"):
                yield from _files(entry)
        elif entry.name != ".git":  # a file in a linked working tree
            yield entry


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


# Sizes


def functions(source: Source) -> list[tuple[str, int]]:
    """Return name and length of each function, from ``def`` to its last line."""
    return [
        (f"{source.name}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for node in source.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def long_functions(source: Source) -> list[str]:
    return [
        f"{name}: {length} lines, {FUNCTION_LINES} allowed"
        for name, length in functions(source)
        if length > FUNCTION_LINES
    ]


def long_file(source: Source) -> list[str]:
    length = len(source.lines)
    return [f"{source.name}: {length} lines, {FILE_LINES} allowed"] if length > FILE_LINES else []


# Time and chance


def clock_readings(source: Source) -> list[str]:
    """Anything that asks the machine for the time, called or handed on, by whatever name."""
    nodes = source.nodes
    aliases = _aliases(nodes)
    return [
        f"{source.name}:{node.lineno} reads the clock: {ast.unparse(node)}"
        for node in nodes
        if isinstance(node, ast.Attribute | ast.Name)
        and (_resolved(node, aliases) in _CLOCK_READERS or _is_loop_time(node))
    ]


def sql_clock(source: Source) -> list[str]:
    return matches(source, _SQL_CLOCK, "reads the database's clock")


def _aliases(nodes: list[ast.AST]) -> dict[str, str]:
    """Return local name → dotted name for everything that the module imports."""
    aliases: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            aliases |= {a.asname or a.name: a.name for a in node.names}
            # `import a.b` binds a.
            aliases |= {top: top for a in node.names if (top := a.name.partition(".")[0])}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            aliases |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return aliases


def _resolved(node: ast.AST, aliases: Mapping[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_resolved(node.value, aliases)}.{node.attr}"
    return aliases.get(node.id, "") if isinstance(node, ast.Name) else ""


def _is_loop_time(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "time"
        and "loop" in ast.unparse(node.value)
    )


def chance_imports(source: Source) -> list[str]:
    nodes = source.nodes
    taken = {name.partition(".")[0]: name for name in _aliases(nodes).values()}
    found = [f"{source.name} imports {name}" for name in sorted(_CHANCE_MODULES & set(taken))]
    aliases = _aliases(nodes)
    return found + [
        f"{source.name}:{node.lineno} takes chance from the machine"
        for node in nodes
        if isinstance(node, ast.Attribute | ast.Name) and _resolved(node, aliases) == "os.urandom"
    ]


# Things that should not be there


def prints(source: Source) -> list[str]:
    return [
        f"{source.name}:{node.lineno} prints"
        for node in source.nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]


def stubs(source: Source) -> list[str]:
    """A ``pass`` anywhere, and ``...`` for a body outside a protocol or an overload."""
    nodes = source.nodes
    protocols = [n for n in nodes if isinstance(n, ast.ClassDef) and _is_protocol(n)]
    excused = {id(member) for protocol in protocols for member in protocol.body}
    return [
        f"{source.name}:{node.lineno} is a stub"
        for node in nodes
        if isinstance(node, ast.Pass)
        or (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and id(node) not in excused
            and _is_ellipsis(node.body[-1])
            and not any("overload" in ast.unparse(d) for d in node.decorator_list)
        )
    ]


def _is_protocol(node: ast.ClassDef) -> bool:
    return any("Protocol" in ast.unparse(base) for base in node.bases)


def _is_ellipsis(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and node.value.value is Ellipsis
    )


def skipped_tests(source: Source) -> list[str]:
    return [
        f"{source.name}:{node.lineno} skips: {ast.unparse(node)}"
        for node in source.nodes
        if isinstance(node, ast.Attribute)
        and node.attr in _SKIP_NAMES
        and ast.unparse(node.value) in {"pytest", "pytest.mark"}
    ]


def leftovers(source: Source) -> list[str]:
    return matches(source, _LEFTOVER, "leaves work open")


def machine_names(source: Source) -> list[str]:
    """Paths of one machine, package registries, hosts of a private network.

    A container's own temporary file system is no machine's.
    """
    lines = ["" if "tmpfs" in line else line for line in source.lines]
    return matches(Source(source.name, "\n".join(lines)), _MACHINE, "names a machine")


def real_banks(source: Source) -> list[str]:
    return matches(source, _REAL_BANK, "names a real bank")


def matches(source: Source, pattern: re.Pattern[str], complaint: str) -> list[str]:
    return [
        f"{source.name}:{number} {complaint}: {found.group()}"
        for number, line in enumerate(source.lines, start=1)
        for found in pattern.finditer(line)
    ]


# Imports


def import_cycle(sources: list[Source]) -> list[str]:
    """Return one cycle of modules, if there is any; imports inside functions count too."""
    modules = {module_name(source): source for source in sources}
    graph = {name: imported(source, modules) for name, source in modules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" <- ".join(error.args[1])]
    return []


def module_name(source: Source) -> str:
    return source.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(source: Source, modules: Mapping[str, Source]) -> set[str]:
    """Return which of ``modules`` the source imports. Relative imports are not in use here."""
    names = set()
    for dotted in _aliases(source.nodes).values():
        # `from a.b import c`: c is a module of its own, or a name within a.b.
        names.add(dotted if dotted in modules else dotted.rpartition(".")[0])
    return (names & set(modules)) - {module_name(source)}
