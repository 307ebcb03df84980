"""``dataclass`` as in the standard library, made so that a start of the program is cheap.

The library writes six functions for each class and compiles every one: half a millisecond, so that
250 values were a quarter of a start. A frozen class with slots made here shares what needs no code
of its own, and has its ``__init__`` written when its first instance is made; that is twice as fast
besides. Any other class is the library's work altogether.
"""

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, field, fields
from dataclasses import dataclass as _dataclass
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(field_specifiers=(field,))
def dataclass(
    *, frozen: bool = False, slots: bool = False, kw_only: bool = False
) -> Callable[[type[_T]], type[_T]]:
    """Return a decorator that does what ``dataclasses.dataclass`` does with these words.

    A class of one kind is no base for a class of the other: ``TypeError``, as the library has it
    for frozen and other classes.
    """
    if frozen and slots:
        return lambda cls: _value(cls, kw_only=kw_only)
    return _dataclass(frozen=frozen, slots=slots, kw_only=kw_only)


def _value(cls: type[_T], *, kw_only: bool) -> type[_T]:
    """Return ``cls`` as a frozen dataclass with slots."""
    own = {name for name, member in vars(cls).items() if member is not None}
    cls.__doc__ = cls.__doc__ or cls.__name__  # or the library looks for a signature: 0.1 ms
    # Not frozen: that would be two compiled functions, which `_frozen` and `_undeletable` replace.
    made = _dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    _check_order(made)
    key = _key([each.name for each in fields(made) if each.compare])  # type: ignore[arg-type]
    shared: dict[str, Any] = {
        "__init__": _first_init(made),
        "__repr__": _repr,
        "__eq__": _equality(key),
        "__hash__": lambda self: hash(key(self)),
        "__setattr__": _frozen(made),
        "__delattr__": _undeletable(made),
        "__getstate__": _state,
        "__setstate__": _set_state,
    }
    for name, function in shared.items():
        if name not in own:
            setattr(made, name, function)
    return made


def _check_order(made: type[Any]) -> None:
    has_default = False
    for each in fields(made):
        if each.init and not each.kw_only:
            if each.default is not MISSING or each.default_factory is not MISSING:
                has_default = True
            elif has_default:
                raise TypeError(f"non-default argument {each.name!r} follows default argument")


def _first_init(made: type[Any]) -> Callable[..., None]:
    """Return an ``__init__`` that has the real one written, puts it in its place, and calls it."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        real = _init_of(made)
        made.__init__ = real
        real(self, *args, **kwargs)

    return __init__


def _init_of(made: type[Any]) -> Callable[..., None]:
    """Write the function that sets the fields, past ``__setattr__`` as it has to."""
    known: dict[str, Any] = {"_left_out": object()}
    by_place, by_name, lines = ["self"], list[str](), list[str]()
    for each in fields(made):
        name, parameter, value = each.name, each.name, each.name
        known[f"_set_{name}"] = getattr(made, name).__set__
        if each.default_factory is not MISSING:
            known[f"_make_{name}"] = each.default_factory
            parameter = f"{name}=_left_out"
            value = f"_make_{name}() if {name} is _left_out else {name}"
        elif each.default is not MISSING:
            known[f"_default_{name}"] = each.default
            parameter = f"{name}=_default_{name}"
        if each.init:
            (by_name if each.kw_only else by_place).append(parameter)
        elif parameter != name:
            value = f"_make_{name}()" if value != name else f"_default_{name}"
        else:
            continue  # somebody else sets it, in __post_init__
        lines.append(f"_set_{name}(self, {value})")
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = [*by_place, *(["*", *by_name] if by_name else [])]
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["return"]), known)
    real: Callable[..., None] = known["__init__"]
    real.__qualname__ = f"{made.__qualname__}.__init__"
    return real


def _key(names: list[str]) -> Callable[[Any], Any]:
    """Return what gives an instance's compared fields, alike in alike instances."""
    return attrgetter(*names) if names else lambda _: ()


def _equality(key: Callable[[Any], Any]) -> Callable[[Any, object], bool]:
    def __eq__(self: Any, other: object) -> bool:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _frozen(made: type[Any]) -> Callable[[Any, str, Any], None]:
    names = {each.name for each in fields(made)}

    def __setattr__(self: Any, name: str, value: Any) -> None:
        if type(self) is made or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(made, self).__setattr__(name, value)

    return __setattr__


def _undeletable(made: type[Any]) -> Callable[[Any, str], None]:
    names = {each.name for each in fields(made)}

    def __delattr__(self: Any, name: str) -> None:
        if type(self) is made or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(made, self).__delattr__(name)

    return __delattr__


def _state(self: Any) -> list[Any]:
    """Return what a copy, or a pickle, is made of; as the library has it for such classes."""
    return [getattr(self, each.name) for each in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
