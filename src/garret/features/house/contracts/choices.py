"""What a person decides: settings, secrets, the profile and its PIN, approvals."""

from __future__ import annotations

from typing import Any

from garret.protocol.contract import Command, Contract, Nothing, command


class SettingInfo(Contract, frozen=True):
    """A setting as a person sees it: values as they are typed, and what its definition allows.

    `room` is who declares it, empty for the control plane; `limits` are the smallest and largest number, or
    length of a text or list, where there are such.
    """

    key: str
    value: str
    source: str
    sentence: str
    default: str
    problem: str = ""
    type: str = "text"
    choices: tuple[str, ...] = ()
    limits: tuple[float | None, float | None] = (None, None)
    own: bool = False
    room: str = ""


class SettingInfos(Contract, frozen=True):
    settings: tuple[SettingInfo, ...]


@command("house.settings", result=SettingInfos, capability="settings.read")
class ListSettings(Command[SettingInfos], frozen=True):
    """All settings with their values; with `key` only that one."""

    key: str = ""


@command("house.setting_set", result=SettingInfo, capability="settings.change")
class SetSetting(Command[SettingInfo], frozen=True):
    """Change a setting; `value` as a person types it. None puts the default back.

    Answered once the workers that were told the old value are replaced, or some seconds later.
    """

    key: str
    value: str | None


class SecretNames(Contract, frozen=True):
    names: tuple[str, ...]
    kept_in: str
    health: str


@command("house.secrets", result=SecretNames, capability="secrets.administer")
class ListSecrets(Command[SecretNames], frozen=True):
    """The names of the secrets, never their values, and where they are kept."""


@command("house.secret_set", result=Nothing, capability="secrets.administer")
class SetSecret(Command[Nothing], frozen=True):
    """Keep a secret under a name; None deletes it."""

    name: str
    value: str | None


@command("house.secrets_seal", result=Nothing, capability="secrets.administer", timeout=60.0)
class SealSecrets(Command[Nothing], frozen=True):
    """Seal the key file with a passphrase that will be asked for at every start."""

    passphrase: str


class Profiles(Contract, frozen=True):
    current: str
    profiles: tuple[str, ...]
    pin_set: bool


@command("house.profiles", result=Profiles, capability="profiles.use")
class ListProfiles(Command[Profiles], frozen=True):
    """The profiles and the one in force."""


@command("house.profile_use", result=Profiles, capability="profiles.use")
class UseProfile(Command[Profiles], frozen=True):
    """Switch the profile. Leaving guest or child asks for the PIN."""

    profile: str
    pin: str = ""


@command("house.pin_set", result=Nothing, capability="profiles.administer")
class SetPin(Command[Nothing], frozen=True):
    """Set the PIN that leaving the guest and child profiles asks for (4 to 32 characters)."""

    pin: str


class ApprovalToken(Contract, frozen=True):
    token: str
    expires: float


@command("house.approve", result=ApprovalToken, capability="approvals.grant")
class Approve(Command[ApprovalToken], frozen=True):
    """Approve one command, exactly as given, once, within 120 seconds."""

    command: str
    payload: bytes


class ApprovalRequest(Contract, frozen=True):
    """A command that waits for a consent. `payload` is what is consented to, byte for byte, `arguments` what
    it says; `summary` tells what such a command does. `job` is the job it is, if it is one."""

    id: str
    command: str
    summary: str
    arguments: dict[str, Any]
    payload: bytes
    role: str
    name: str
    profile: str
    workspace: str
    job: str
    asked: float
    until: float


class ApprovalRequests(Contract, frozen=True):
    requests: tuple[ApprovalRequest, ...]


@command("house.approvals", result=ApprovalRequests, capability="approvals.grant")
class ListApprovals(Command[ApprovalRequests], frozen=True):
    """The commands that wait for a consent, oldest first."""


@command("house.approval_grant", result=ApprovalRequest, capability="approvals.grant")
class GrantApproval(Command[ApprovalRequest], frozen=True):
    """Consent to one waiting command, exactly as it was asked for: it goes on."""

    request: str


@command("house.approval_deny", result=ApprovalRequest, capability="approvals.grant")
class DenyApproval(Command[ApprovalRequest], frozen=True):
    """Refuse one waiting command; its requester is told."""

    request: str
