"""Typed settings, read once from the environment into a frozen object.

A service declares a frozen dataclass whose fields are created by `setting`; `read` fills it and reports all faults
together, each with the variable's name. A secret `NAME` may be read from the file that `NAME_FILE` names.
"""

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

_REQUIRED: Any = object()
_MEANING = "setting"
_HIGHEST_PORT = 65535

REDIS_SCHEMES = (
    "redis",
    "rediss",
    "unix",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "rediss+cluster",
)

Network = IPv4Network | IPv6Network
Address = tuple[str, int]


class SettingsError(Exception):
    """The environment is not a valid configuration; `faults` has one line for each fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Setting:
    """An environment variable: its parser, its default, and whether it is a secret."""

    parse: Callable[[str], Any]
    default: Any
    secret: bool
    description: str

    @property
    def required(self) -> bool:
        return self.default is _REQUIRED


def setting(parse: Callable[[str], Any], description: str, *, default: Any = _REQUIRED, secret: bool = False) -> Any:
    """Declare a field that is read from the variable of the same name in upper case."""
    metadata = {_MEANING: Setting(parse, default, secret, description)}
    if default is _REQUIRED:
        return dataclasses.field(repr=not secret, metadata=metadata)
    return dataclasses.field(repr=not secret, metadata=metadata, default_factory=lambda: default)


def declared(settings_class: type) -> dict[str, Setting]:
    """The settings of a class by the names of their variables."""
    return {
        field.name.upper(): field.metadata[_MEANING]
        for field in dataclasses.fields(settings_class)
        if _MEANING in field.metadata
    }


def read(settings_class: type[T], environment: Mapping[str, str]) -> T:
    """Read every declared setting; an empty variable counts as absent.

    Raises SettingsError with all faults, so that one start shows everything that must be fixed.
    """
    values: dict[str, Any] = {}
    faults: list[str] = []
    for name, meaning in declared(settings_class).items():
        try:
            text = _text_of(name, meaning, environment)
            if text is not None:
                values[name.lower()] = meaning.parse(text)
            elif meaning.required:
                faults.append(f"{name}: is required: {meaning.description}")
            else:
                values[name.lower()] = meaning.default
        except ValueError as fault:
            faults.append(f"{name}: {fault}")
    if faults:
        raise SettingsError(faults)
    return settings_class(**values)


def _text_of(name: str, meaning: Setting, environment: Mapping[str, str]) -> str | None:
    text = environment.get(name) or None
    path = (environment.get(f"{name}_FILE") or None) if meaning.secret else None
    if path is None:
        return text
    if text is not None:
        raise ValueError(f"set either {name} or {name}_FILE, not both")
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as fault:
        raise ValueError(f"cannot read the file that {name}_FILE names: {fault}") from None


def text(value: str) -> str:
    return value


def boolean(value: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    try:
        return known[value.strip().lower()]
    except KeyError:
        raise ValueError(f"must be true or false, not {value!r}") from None


def whole_number(least: int, unit: str = "") -> Callable[[str], int]:
    """A parser of whole numbers that are at least `least`."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", value.strip()) or int(value) < least:
            counted = f" of {unit}" if unit else ""
            raise ValueError(f"must be a whole number{counted}, {least} or more, not {value!r}")
        return int(value)

    return parse


def seconds(least: int = 1) -> Callable[[str], int]:
    return whole_number(least, "seconds")


def decimal_seconds(value: str) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", value.strip()) or float(value) <= 0:
        raise ValueError(f"must be a number of seconds above 0, not {value!r}")
    return float(value)


def drain_delay(value: str) -> int:
    """Whole seconds that leave some of the ten seconds before exit for open requests."""
    if not re.fullmatch(r"[0-6]", value.strip()):
        raise ValueError(f"must be a whole number of seconds, 0 to 6, not {value!r}")
    return int(value)


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}, not {value!r}")
        return value

    return parse


def secret_of(least_length: int) -> Callable[[str], str]:
    """A parser of secrets whose error does not repeat the value."""

    def parse(value: str) -> str:
        if len(value) < least_length:
            raise ValueError(f"must have at least {least_length} characters")
        return value

    return parse


def existing_file(value: str) -> Path:
    path = Path(value)
    if not path.is_file():
        raise ValueError(f"no such file: {value}")
    return path


def base_url(value: str) -> str:
    """An http(s) URL with a host and without query, fragment, credentials or a trailing slash.

    An issuer is such a URL (OpenID Connect Discovery 1.0 §3), which is compared as an exact string everywhere.
    """
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid or re.search(r"[?#@\s]", value):
        raise ValueError(f"must be an http or https URL without query, fragment and credentials, not {value!r}")
    if value.endswith("/"):
        raise ValueError(f"must not end with a slash: {value!r}")
    return value


def site_url(value: str) -> str:
    """A base URL without a path, for a service that occupies the whole origin (OpenID Connect Discovery §3)."""
    url = base_url(value)
    if urlsplit(url).path:
        raise ValueError(f"must not have a path: {value!r}")
    return url


def web_url(value: str) -> str:
    """An http or https URL of a page."""
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and parts.hostname and not re.search(r"\s", value)
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(f"must be an http or https URL, not {value!r}")
    return value


def host_and_port(value: str) -> Address:
    """`host:port`, with an IPv6 address in brackets."""
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\s:\[\]/@]+)):([0-9]{1,5})", value.strip())
    if not match or int(match[3]) > _HIGHEST_PORT:
        raise ValueError(f"must be host:port, not {value!r}")
    return match[1] or match[2], int(match[3])


def redis_address(value: str) -> str:
    """A Redis URL with a known scheme; the error does not repeat it, since it may contain a password."""
    if value.partition("://")[0] not in REDIS_SCHEMES:
        raise ValueError(f"must begin with one of {', '.join(f'{scheme}://' for scheme in REDIS_SCHEMES)}")
    return value


def listen_address(value: str) -> str:
    """An address for Hypercorn: `host:port`, `unix:path` or `fd://number`."""
    if not value.startswith(("unix:", "fd://")):
        host_and_port(value)
    return value


def connect_to(value: str) -> dict[Address, Address]:
    """`host:port=host:port`, separated by commas: the address of a URL, and the one to connect to instead."""
    routes = {}
    for entry in filter(None, (part.strip() for part in value.split(","))):
        public, separator, target = entry.partition("=")
        if not separator:
            raise ValueError(f"must be entries like localhost:25000=op:25000, not {entry!r}")
        routes[host_and_port(public.lower())] = host_and_port(target)
    return routes


def networks(value: str) -> tuple[Network, ...]:
    """Addresses or networks in CIDR notation, separated by commas."""
    return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """The settings that every service has."""

    redis_url: str = setting(
        redis_address,
        "the URL of Redis: redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://",
        secret=True,
    )
    redis_timeout: float = setting(
        decimal_seconds, "the timeout of a connection to Redis and of a command, in seconds", default=0.5
    )
    log_level: str = setting(
        one_of("DEBUG", "INFO", "WARNING", "ERROR"), "the lowest level that is logged", default="INFO"
    )
    log_format: str = setting(
        one_of("json", "console"), "the format of the log: JSON objects, or readable lines", default="json"
    )
    bind: str = setting(listen_address, "where the service listens: host:port, unix:path or fd://number")
    workers: int = setting(whole_number(1), "the number of processes that serve the same address", default=1)
    drain_delay: int = setting(
        drain_delay,
        "how long to serve after SIGTERM without being ready, so that traffic moves to other replicas, in seconds",
        default=0,
    )
    management_bind: str | None = setting(listen_address, "where /metrics is served; not at all if unset", default=None)
    tls_cert_file: Path | None = setting(
        existing_file, "a certificate chain (PEM), with which the service itself serves TLS", default=None
    )
    tls_key_file: Path | None = setting(existing_file, "the private key of the certificate (PEM)", default=None)
    trusted_proxies: tuple[Network, ...] = setting(
        networks, "the proxies whose X-Forwarded-For is trusted: addresses or networks, separated by commas", default=()
    )
