"""Every setting, in one table: its name, its flag, its environment variable, its default.

The command line, the environment and the table in the docs are all made from ``SETTINGS``.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.bank_settings import BANK_SETTINGS, BANKS, BankSetting
from sandbox.domain.duration import parse_duration
from sandbox.domain.policy import BankPolicy
from sandbox.setting_texts import base_url, boolean, clock, count, directory, port, seed


class SettingInvalid(ValueError):
    """A setting's text makes no sense; the message names the setting and says what would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """``flag`` None: by environment only. ``policy`` names the field of a bank's policy it sets."""

    name: str
    read: Callable[[str], Any]
    default: str
    help: str
    flag: str | None = None
    policy: str | None = None

    @property
    def env(self) -> str:
        return f"SANDBOX_{self.name.upper()}"

    @property
    def is_secret(self) -> bool:
        return self.name.endswith("_token")

    @property
    def is_switch(self) -> bool:
        return self.read is boolean


def _of_bank(row: BankSetting, bank: str) -> Setting:
    return Setting(
        name=f"{bank}_{row.field.removesuffix('_ms')}",
        read=row.read,
        default=row.defaults[bank],
        help=row.help,
        policy=row.field,
    )


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="host", flag="--host", read=str, default="127.0.0.1", help="Address of the bank door"
    ),
    Setting(
        name="port",
        flag="--port",
        read=port,
        default="8080",
        help="Port of the bank door; 0 takes a free one",
    ),
    Setting(
        name="control_host",
        flag="--control-host",
        read=str,
        default="127.0.0.1",
        help="Address of the control door",
    ),
    Setting(
        name="control_port",
        flag="--control-port",
        read=port,
        default="8081",
        help="Port of the control door; 0 takes a free one",
    ),
    Setting(
        name="control_token",
        read=str,
        default="",
        help="Bearer token that the control door asks for; needed where it listens beyond loopback",
    ),
    Setting(
        name="control_open",
        read=boolean,
        default="0",
        help="1: a control door beyond loopback may do without a token",
    ),
    Setting(
        name="base_url",
        flag="--base-url",
        read=base_url,
        default="",
        help="Public address of the bank door: issuers and links are built from it",
    ),
    Setting(
        name="tls",
        flag="--tls",
        read=boolean,
        default="0",
        help="Serve the bank door over HTTPS too, with certificates made at the start",
    ),
    Setting(
        name="tls_port",
        flag="--tls-port",
        read=port,
        default="8443",
        help="Port of the bank door over HTTPS; 0 takes a free one",
    ),
    Setting(
        name="tls_client_ca",
        flag="--tls-client-ca",
        read=directory,
        default="",
        help="PEM file of CAs whose client certificates are let in, besides the sandbox's own",
    ),
    Setting(
        name="data",
        flag="--data",
        read=directory,
        default="",
        help="Directory that keeps the worlds; without it a temporary one is removed at the end",
    ),
    Setting(
        name="seed",
        flag="--seed",
        read=seed,
        default="1",
        help="Seed of the default world: the same seed and clock give the same rows",
    ),
    Setting(
        name="clock",
        flag="--clock",
        read=clock,
        default="real",
        help="Clock of the default world: real, frozen:2026-12-01T09:00, offset:91d, scaled:60",
    ),
    Setting(
        name="world_file",
        flag="--world-file",
        read=directory,
        default="",
        help="A downloaded snapshot: the default world begins as its copy, where there is none yet",
    ),
    Setting(
        name="clients",
        flag="--clients",
        read=directory,
        default="",
        help="JSON file of clients (RFC 7591 metadata) that every new world knows",
    ),
    Setting(
        name="cache",
        read=directory,
        default="",
        help="Directory of template worlds; by default bank-sandbox in the user's cache",
    ),
    Setting(
        name="most_worlds", read=count, default="500", help="How many worlds there may be at once"
    ),
    Setting(
        name="world_idle",
        read=parse_duration,
        default="0s",
        help="Worlds that nobody has called for so long are deleted, but never the default one; "
        "0s: none is",
    ),
    Setting(
        name="most_snapshots",
        read=count,
        default="100",
        help="How many snapshots a world may have, besides the automatic ones",
    ),
    Setting(
        name="most_open_worlds",
        read=count,
        default="32",
        help="How many worlds are held open; the others open again with their next call",
    ),
    Setting(
        name="journal_rows",
        read=count,
        default="10000",
        help="How many calls a world's journal holds before the oldest go; 0: no journal",
    ),
    Setting(
        name="journal_body_bytes",
        read=count,
        default="4096",
        help="How much of each request and response body the journal keeps",
    ),
    Setting(
        name="print_json",
        flag="--print-json",
        read=boolean,
        default="0",
        help="Print one line of JSON once ready, and nothing else",
    ),
    Setting(
        name="ready_file",
        flag="--ready-file",
        read=directory,
        default="",
        help="File that says where the server listens, as --print-json does; it is there while "
        "the server is ready, and `health` and `wait` go by it",
    ),
    Setting(
        name="access_log",
        flag="--access-log",
        read=boolean,
        default="0",
        help="Log every request (halves the throughput)",
    ),
    Setting(
        name="strict",
        flag="--strict",
        read=boolean,
        default="0",
        help="Check the bank's own answers against their schemas",
    ),
    *(_of_bank(row, bank) for bank in BANKS for row in BANK_SETTINGS if bank in row.defaults),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the server was told, read and checked. No text, no default: None."""

    values: Mapping[str, Any]
    unknown: tuple[str, ...] = ()  # SANDBOX_ variables that no setting reads: typing errors, mostly
    of_banks: Mapping[str, str] = field(default_factory=dict)  # their texts, but for secrets

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def policy(self, bank: str, default: BankPolicy) -> BankPolicy:
        """Return a bank's policy with the settings that were given for it."""
        changes = {
            setting.policy: self.values[setting.name]
            for setting in SETTINGS
            if setting.policy is not None and setting.name.startswith(f"{bank}_")
        }
        return replace(default, **changes)


def read_settings(
    flags: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings: flags before environment before defaults.

    Raises:
        SettingInvalid: a value that makes no sense.
    """
    environ = os.environ if environ is None else environ
    flags = flags or {}
    known = {setting.env for setting in SETTINGS} | {"SANDBOX_CONTROL"}
    unknown = sorted(name for name in environ if name.startswith("SANDBOX_") and name not in known)
    texts = {setting.name: _text(setting, flags, environ) for setting in SETTINGS}
    shown = [s.name for s in SETTINGS if s.policy is not None and not s.is_secret]
    return Settings(
        values={s.name: _value(s, texts[s.name], s.name in flags) for s in SETTINGS},
        unknown=tuple(unknown),
        of_banks={name: texts[name] for name in shown},
    )


def _text(setting: Setting, flags: Mapping[str, str], environ: Mapping[str, str]) -> str:
    from_flag = flags.get(setting.name)
    # Empty is not set: compose files write SANDBOX_PORT=${PORT:-} and mean the default.
    return (environ.get(setting.env, "") if from_flag is None else from_flag) or setting.default


def _value(setting: Setting, text: str, is_flag: bool) -> Any:
    if text == "":
        return None
    try:
        return setting.read(text)
    except ValueError as error:
        where = setting.flag or setting.name if is_flag else setting.env
        raise SettingInvalid(f"{where}={text!r}: {error}") from error
