"""Values are the standard library's dataclasses in all but what their making costs."""

import ast
import copy
import dataclasses
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, asdict, astuple, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import pytest

from sandbox.values import dataclass

SANDBOX = Path(__file__).parents[2] / "sandbox"
# These know the server by its control API alone, and so nothing of its modules.
APART = ("client", "pytest_plugin")
T = TypeVar("T")
WORDS = [{"kw_only": True}, {"kw_only": False}]


def pair(make):
    """Return what ``make`` makes with our decorator, and with the library's."""
    return make(dataclass), make(dataclasses.dataclass)


def person(decorate, *, kw_only=True):
    @decorate(frozen=True, slots=True, kw_only=kw_only)
    class Person:
        name: str
        age: int = 3
        tags: dict[str, int] = field(default_factory=dict)
        secret: str = field(default="x", repr=False)
        note: str = field(default="", compare=False)
        made: int = field(default=7, init=False)
        born: list[int] = field(default_factory=list, init=False)
        late: int = field(init=False)

        def __post_init__(self):
            if self.age < 0:
                raise ValueError("age")
            object.__setattr__(self, "late", self.age + 1)

        @property
        def shout(self):
            return self.name.upper()

    return Person


def says(act):
    """Return what ``act`` gives, or how it fails, as text."""
    try:
        return repr(act())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize(
    "act",
    [
        lambda cls: cls(name="a"),
        lambda cls: cls(name="a", age=4, tags={"x": 1}, secret="s", note="n").secret,
        lambda cls: cls("a"),
        lambda cls: cls("a", 4, {}, "s", "n", 7),
        lambda cls: cls(),
        lambda cls: cls(name="a", made=3),
        lambda cls: cls(name="a", unknown=3),
        lambda cls: cls(name="a", age=-1),
        lambda cls: replace(cls(name="a"), age=-1),
        lambda cls: replace(cls(name="a"), name="b", age=9),
        lambda cls: replace(cls(name="a"), made=1),
        lambda cls: asdict(cls(name="a", tags={"x": 1})),
        lambda cls: astuple(cls(name="a")),
        lambda cls: [(each.name, each.type, each.kw_only, each.init) for each in fields(cls)],
        lambda cls: setattr(cls(name="a"), "name", "b"),
        lambda cls: delattr(cls(name="a"), "name"),
        lambda cls: vars(cls(name="a")),
        lambda cls: cls(name="a").shout,
        lambda cls: cls(name="a") == cls(name="a", note="another"),
        lambda cls: cls(name="a") == cls(name="a", secret="another"),
        lambda cls: cls(name="a") == "a",
        lambda cls: cls(name="a") < cls(name="b"),
        lambda cls: hash(cls(name="a")),
        lambda cls: hash(cls(name="a", tags=())) == hash(cls(name="a", tags=(), note="b")),
        lambda cls: cls.__match_args__,
        lambda cls: cls.__slots__,
        lambda cls: is_dataclass(cls) and is_dataclass(cls(name="a")),
        lambda cls: copy.copy(cls(name="a", age=5)),
        lambda cls: copy.deepcopy(cls(name="a", tags={"x": 1})),
        lambda cls: cls.__init__.__name__,
    ],
)
def test_it_does_what_the_library_does(words, act):
    ours, theirs = pair(lambda decorate: person(decorate, **words))
    assert says(lambda: act(ours)) == says(lambda: act(theirs))
    assert says(lambda: act(ours)) == says(lambda: act(theirs))  # its real __init__ is there now


@pytest.mark.parametrize(
    "body",
    [
        "class A: pass",
        "class A:\n x: int",
        "class A:\n x: float = float('nan')",
        "class A:\n x: int = 1\n def __eq__(self, other): return True",
        "class A:\n x: int = 1\n def __hash__(self): return 5",
        "class A:\n x: int = 1\n def __repr__(self): return 'own'",
        "class A:\n 'Words.'\n x: list = 3",
        "class A:\n x: list = []",
        "class A(int):\n x: int",
    ],
)
def test_odd_classes_are_as_the_librarys(body):
    def outcome(decorate):
        names = {}
        exec(f"@decorate\n{body}", {"decorate": decorate(frozen=True, slots=True)}, names)
        one, other = names["A"](*[1] * ("x: int\n" in body + "\n")), names["A"](*[1] * 1 or [])
        return repr(one), one == other, hash(one) == hash(other), hash(one) == 5

    ours, theirs = pair(lambda decorate: says(lambda: outcome(decorate)))
    assert ours == theirs


def test_a_field_without_default_comes_first():
    with pytest.raises(TypeError, match="non-default argument 'y' follows default argument"):

        @dataclass(frozen=True, slots=True)
        class A:
            x: int = 1
            y: int


def test_a_child_has_its_parents_fields():
    def family(decorate):
        @decorate(frozen=True, slots=True, kw_only=True)
        class Parent:
            x: int = 1

        @decorate(frozen=True, slots=True, kw_only=True)
        class Child(Parent):
            y: int

        return repr(Child(y=2)), Child(y=2) == Child(y=2, x=1), repr(Parent()), Parent() == Child

    ours, theirs = pair(family)
    assert ours == theirs


def test_kinds_do_not_mix():
    Parent = person(dataclass)
    with pytest.raises(TypeError, match="frozen"):

        @dataclasses.dataclass(frozen=True)
        class Child(Parent):
            x: int = 1

    with pytest.raises(TypeError, match="frozen"):

        @dataclass(frozen=True, slots=True)
        class Other(dataclasses.make_dataclass("Base", ["x"], frozen=True)):
            y: int = 1


def test_a_class_that_is_no_dataclass_may_add_to_one():
    class Grown(person(dataclass)):
        def __init__(self, **given):
            super().__init__(**given)
            self.more = 1

    grown = Grown(name="a")
    grown.more = 2
    assert (grown.more, grown.name) == (2, "a")
    del grown.more
    with pytest.raises(FrozenInstanceError):
        grown.name = "b"
    with pytest.raises(FrozenInstanceError):
        del grown.name


def test_nothing_can_be_added_to_one():
    with pytest.raises(FrozenInstanceError, match="'more'"):
        person(dataclass)(name="a").more = 1


def test_a_generic_class_stays_one():
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Box(Generic[T]):
        content: T

    assert Box[int](content=1) == Box(content=1)


@dataclass(frozen=True, slots=True)
class Sent:
    number: int
    words: tuple[str, ...] = ()


def test_it_can_be_pickled():
    assert pickle.loads(pickle.dumps(Sent(1, ("a",)))) == Sent(1, ("a",))


@pytest.mark.parametrize("words", [{}, {"slots": True}, {"frozen": True}])
def test_any_other_class_is_the_librarys_work(words):
    @dataclass(**words)
    class Loose:
        x: int = 1

    assert Loose.__dataclass_params__.frozen is ("frozen" in words)
    assert Loose.__init__.__code__.co_varnames == ("self", "x")


def test_making_one_compiles_nothing():
    """Half a millisecond each would be a quarter of a start."""
    code = (
        "import sys, sandbox.values as values, types\n"
        "ran = []\n"
        "sys.addaudithook(lambda event, args: ran.append(args) if event == 'compile' else None)\n"
        "def make():\n"
        "    @values.dataclass(frozen=True, slots=True, kw_only=True)\n"
        "    class A:\n"
        "        x: int\n"
        "    return A\n"
        "A = make()\n"
        "print(len(ran)); A(x=1); print(len(ran) > 0); ran.clear(); A(x=2); print(len(ran))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    making, is_compiled, later = done.stdout.split()
    assert int(making) <= (sys.version_info >= (3, 13))  # the library: one function, and empty
    assert (is_compiled, later) == ("True", "0")


def test_every_class_of_the_server_is_made_so():
    """A dataclass of the library's costs each start 0.5 ms: ``from sandbox.values``, please."""
    for path in SANDBOX.rglob("*.py"):
        name = path.relative_to(SANDBOX)
        if name.parts[0] in (*APART, "values.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "dataclasses":
                assert "dataclass" not in [each.name for each in node.names], name
