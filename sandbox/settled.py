"""What the settings make of the banks and their clients, and what of it makes no sense together."""

from dataclasses import replace
from pathlib import Path

from sandbox.domain.persona import ReadyClient
from sandbox.settings import SettingInvalid, Settings
from sandbox.web.profile import Profile
from sandbox.web.profiles import PROFILES


def profiles_for(settings: Settings) -> tuple[Profile, ...]:
    """Return the banks as the settings make them.

    Raises:
        SettingInvalid: settings that make no sense together.
    """
    found = tuple(
        replace(profile, policy=settings.policy(profile.name, profile.policy))
        for profile in PROFILES
    )
    for profile in found:
        policy, prefix = profile.policy, f"SANDBOX_{profile.name.upper()}"
        if policy.dynamic_registration == "token" and not policy.registration_token:
            raise SettingInvalid(
                f"{prefix}_DYNAMIC_REGISTRATION=token needs {prefix}_REGISTRATION_TOKEN"
            )
    return found


def clients_of_file(
    settings: Settings, profiles: tuple[Profile, ...]
) -> dict[str, tuple[ReadyClient, ...]]:
    """Return by bank the clients that ``--clients`` names; none without it.

    Raises:
        SettingInvalid: a file that makes no sense.
    """
    file: Path | None = settings["clients"]
    if file is None:
        return {}
    from sandbox.services.client_files import ClientsFileRefused, read_clients

    try:
        return read_clients(file, {profile.name: profile.scopes for profile in profiles})
    except ClientsFileRefused as error:
        raise SettingInvalid(f"--clients {file}: {error}") from error
