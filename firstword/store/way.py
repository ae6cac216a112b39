"""The way to a bucket where it shows without botocore: plain keys, a plain address, nothing else.

To import botocore and make a client takes longer than all requests of an everyday publish. What
botocore would make of the simplest and most usual settings is known, and the tests hold the two
beside each other. Whatever is not known here (roles, single sign-on, proxies, other partitions,
any setting of which we never heard) is the client's.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from firstword.model import Target
from firstword.patterns import later
from firstword.store.signing import Keys

#: File → its text; None = it is not there. OSError, UnicodeDecodeError: it cannot be read.
Read = Callable[[str], str | None]

#: What of the environment we know, or know to be of no account for plain requests to S3.
_KNOWN = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_ACCOUNT_ID",
        "AWS_CONFIG_FILE",
        "AWS_DEFAULT_OUTPUT",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_CLOUDFRONT",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL_SESV2",
        "AWS_ENDPOINT_URL_SQS",
        "AWS_EXECUTION_ENV",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_MAX_ATTEMPTS",
        "AWS_PAGER",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_REQUEST_CHECKSUM_CALCULATION",
        "AWS_RESPONSE_CHECKSUM_VALIDATION",
        "AWS_RETRY_MODE",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECURITY_TOKEN",
        "AWS_SESSION_TOKEN",
        "AWS_SHARED_CREDENTIALS_FILE",
    }
)
#: What of a profile in the configuration says nothing of how to ask S3, but for the region.
_HARMLESS = frozenset(
    {"region", "output", "cli_pager", "cli_auto_prompt", "retry_mode", "max_attempts"}
)
#: What of its `s3 =` is for copying programs.
_COPYING = frozenset(
    {
        "max_concurrent_requests",
        "max_queue_size",
        "multipart_threshold",
        "multipart_chunksize",
        "max_bandwidth",
    }
)
_KEY_NAMES = frozenset({"aws_access_key_id", "aws_secret_access_key", "aws_session_token"})
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
#: Regions of Amazon's own whose servers are named alike.
_AMAZON = later(r"(af|ap|ca|eu|il|me|mx|sa|us)-(north|south|east|west|central)?(east|west)?-\d")


class Way:
    """Where the objects of a bucket are, and what requests for them are signed with."""

    __slots__ = ("base", "keys", "region")

    def __init__(self, base: str, region: str, keys: Keys) -> None:
        #: "https://status-example.s3.eu-central-1.amazonaws.com/": a key comes right after it
        self.base = base
        self.region = region
        self.keys = keys


def find_way(bucket: str, options: Target, environ: Mapping[str, str], read: Read) -> Way | None:
    """Return the way to a bucket; None = only botocore knows it.

    `options` with the endpoint and the region that the environment says, where they say none.
    """
    # Dots do not go with TLS; "--" and "-s3alias" are for buckets of other kinds.
    plain = _BUCKET.fullmatch(bucket) and "--" not in bucket and not bucket.endswith("-s3alias")
    # What a server wants beyond the signature, botocore knows how to make.
    if options.checksums != "when_required":
        return None
    if not plain or any(_is_strange(name) for name, value in environ.items() if value):
        return None
    try:
        found = _profile(options.profile, environ, read)
    except (OSError, ValueError):
        return None
    if found is None:
        return None
    told, keys = found
    region = options.region or told or "us-east-1"
    base = _base(bucket, options, region)
    return None if base is None else Way(base, region, keys)


def _is_strange(variable: str) -> bool:
    """Tell whether a variable may say of requests to S3 what is not known here."""
    if variable.startswith("AWS_"):
        return variable not in _KNOWN
    return variable.lower().endswith("_proxy") and variable.lower() != "no_proxy"


def _base(bucket: str, options: Target, region: str) -> str | None:
    """Return the address that keys come after; None where there is more to it."""
    if not _REGION.fullmatch(region) or region == "aws-global":
        return None
    if options.endpoint:
        server = options.endpoint.removesuffix("/")
        known = _is_plain(server) and options.addressing in {"", "path"}
        return f"{server}/{bucket}/" if known else None
    if options.addressing not in {"", "virtual"} or not _AMAZON.fullmatch(region):
        return None
    place = "s3" if region == "us-east-1" else f"s3.{region}"
    return f"https://{bucket}.{place}.amazonaws.com/"


def _is_plain(server: str) -> bool:
    """Tell whether an address is scheme, name and port, and not Amazon's own by another name."""
    try:
        parts = urlsplit(server)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return False
    host = parts.hostname or ""
    told = parts.scheme in {"http", "https"} and _HOST.fullmatch(host) and "amazonaws" not in host
    return bool(told) and server == f"{parts.scheme}://{host}{port}"


def _profile(named: str, environ: Mapping[str, str], read: Read) -> tuple[str, Keys] | None:
    """Return the region that a profile says ("" = none) and the keys; None = botocore's."""
    asked = named or environ.get("AWS_PROFILE", "")
    home = environ.get("HOME", "")
    config = environ.get("AWS_CONFIG_FILE", "") or f"{home}/.aws/config"
    shared = environ.get("AWS_SHARED_CREDENTIALS_FILE", "") or f"{home}/.aws/credentials"
    # What stands for another path is botocore's to spell out.
    if not home or {"~", "$"} & {*config, *shared}:
        return None
    profile = asked or "default"
    settings = _section(read(config), lambda name: _is_profile(name, profile))
    stored = _section(read(shared), lambda name: name == profile)
    if settings is None or stored is None or (asked and not settings and not stored):
        return None
    if not stored.keys() <= _KEY_NAMES or not settings.keys() <= _HARMLESS | {"s3"}:
        return None
    if not _is_for_copying(settings.get("s3", "")):
        return None
    # A profile of the settings comes before the environment, one of the environment after it.
    keys = (None if named else _keys(environ, str.upper)) or _keys(stored, str)
    return None if keys is None else (settings.get("region", ""), keys)


def _section(text: str | None, is_it: Callable[[str], bool]) -> dict[str, str] | None:
    """Return what the section says that it is, {} where there is none; None where there are two.

    Raises ValueError.
    """
    if not text:
        return {}
    # Here, since who publishes from a pipeline has no such file.
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ValueError(str(error)) from error
    names = [name for name in parser.sections() if is_it(name)]
    if len(names) > 1:
        return None
    return dict(parser[names[0]]) if names else {}


def _is_profile(section: str, profile: str) -> bool:
    """Tell whether a section of the configuration is a profile's, as botocore reads its name."""
    kind, *names = shlex.split(section)
    return names == [profile] if kind.startswith("profile") else section == profile == "default"


def _is_for_copying(text: str) -> bool:
    return all(line.partition("=")[0].strip() in _COPYING for line in text.split("\n") if line)


def _keys(told: Mapping[str, str], spelled: Callable[[str], str]) -> Keys | None:
    """Return the keys that are told; None where some are missing, or are nothing to be sent."""
    access, secret, *tokens = (
        told.get(spelled(f"aws_{name}"), "")
        for name in ("access_key_id", "secret_access_key", "security_token", "session_token")
    )
    token = next(filter(None, tokens), "")
    plain = all(re.fullmatch(r"[!-~]*", one) for one in (access, secret, token))
    return Keys(access, secret, token) if access and secret and plain else None


def read_text(path: str) -> str | None:
    """Read a file; None = it is not there. Raises OSError, UnicodeDecodeError."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
