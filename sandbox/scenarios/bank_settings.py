"""The settings of the banks that a scenario was written for (``settings:``)."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.domain.meant import meant
from sandbox.scenarios.mistakes import Mistake
from sandbox.scenarios.yaml_text import Document
from sandbox.settings import SETTINGS

# Those of the server itself, its ports above all, are for whoever starts it.
OF_BANKS = {setting.name: setting for setting in SETTINGS if setting.policy is not None}
OF_SERVER = frozenset(setting.name for setting in SETTINGS) - OF_BANKS.keys()
SECRETS = frozenset(name for name in OF_BANKS if name.endswith("_token"))


def schema_of_settings() -> dict[str, Any]:
    """Return the part of a scenario's schema that editors complete settings by.

    Which there are says ``mistakes_of_settings``: in better words.
    """
    return {
        "type": "object",
        "description": "Settings of the banks, by their names in docs/configuration.md",
        "properties": {
            name: {
                "type": ["string", "integer", "boolean"],
                "description": f"{setting.help}. Default: {setting.default or 'none'}",
            }
            for name, setting in OF_BANKS.items()
        },
        "additionalProperties": {"type": ["string", "integer", "boolean"]},
    }


def mistakes_of_settings(document: Document) -> Iterator[Mistake]:
    """Name the settings that no bank has, and values that make no sense."""
    for name, value in document.value.get("settings", {}).items():
        path = ("settings", name)
        line, place = document.line_of(path), ".".join(path)
        if name not in OF_BANKS:
            problem, remedy = _unknown(name)
            yield Mistake(line, place, problem, remedy)
            continue
        text = text_of(value)
        try:
            if not text:
                raise ValueError("is empty")
            OF_BANKS[name].read(text)
        except ValueError as error:
            default = OF_BANKS[name].default
            remedy = f"{OF_BANKS[name].help}; {default} by default." if default else "Write one."
            yield Mistake(line, place, f"{value!r} {error}", remedy)


def _unknown(name: str) -> tuple[str, str]:
    """Return what is wrong with a name, and what to write instead."""
    bare = name.removeprefix("SANDBOX_").lower()
    if bare in OF_BANKS:
        return f"{name} is the variable", f"Write `{bare}:`."
    if bare in OF_SERVER:
        return f"`{name}` is the server's own", "Set it where the server is started."
    return f"no bank has a setting `{name}`", meant(name, list(OF_BANKS))


def text_of(value: object) -> str:
    """Return a value as the environment has it: 1 and 0 for true and false."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def texts_of(settings: Mapping[str, object]) -> dict[str, str]:
    return {name: text_of(value) for name, value in settings.items()}


def differences(wanted: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Return where the settings of a server are not those of a scenario, in words.

    ``there``: by name, as the control API tells them; it tells no secrets.
    """
    found = []
    for name, text in wanted.items():
        read = OF_BANKS[name].read
        if name not in there:
            found.append(f"nobody can tell whether {name} is as in the scenario")
        elif read(text) != read(there[name]):
            found.append(f"{name} is {there[name]}, and {text} in the scenario")
    return found
