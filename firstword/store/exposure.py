"""Whether strangers may write to a bucket, or read it, by what it says of itself. Pure.

Never by trying: a write without credentials that succeeds would be a stranger's page on the site.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from firstword.patterns import later

_EVERYBODY = frozenset(
    {
        "http://acs.amazonaws.com/groups/global/AllUsers",
        "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",  # of any AWS account at all
    }
)
_WRITING = frozenset({"WRITE", "WRITE_ACP", "FULL_CONTROL"})
_ACTIONS = (
    *("s3:putobject", "s3:deleteobject", "s3:deleteobjectversion", "s3:putobjectacl"),
    *("s3:putbucketpolicy", "s3:putbucketacl", "s3:putlifecycleconfiguration"),
)

_READING = frozenset({"READ", "FULL_CONTROL"})
_READS = ("s3:getobject", "s3:getobjectversion", "s3:listbucket", "s3:listbucketversions")

#: "s3.eu-west-1.amazonaws.com", "s3-fips.dualstack.us-gov-west-1...", "b.vpce-1a2b.s3....vpce....":
#: of S3 itself, and of no machine or load balancer that somebody runs there.
_AMAZONS = later(
    r"(.+\.)?s3([.-](fips|dualstack|accelerate))*([.-][a-z]{2,4}(-[a-z]+)+-\d)?(\.vpce)?"
    r"\.(amazonaws\.com(\.cn)?|amazonaws\.eu|api\.aws)"
)

#: What a bucket tells about one of its settings: {} = nothing is set, None = we may not ask.
Told = Mapping[str, Any] | None


class Exposure(Struct, frozen=True, kw_only=True):
    """Who may write to a bucket, and read it, beside us."""

    #: Why strangers may write, ready to print; "" = they may not, as far as we were told.
    writable: str = ""
    #: Why strangers may read it: right for a site, and never for what is private.
    readable: str = ""
    #: What we could not find out, ready to print.
    unknown: tuple[str, ...] = ()
    #: Whether a public access block would keep strangers out.
    blockable: bool = True


def acts_on_blocks(endpoint: str) -> bool:
    """Tell whether all of a public access block holds on the server of an address; "" = Amazon's.

    Ceph kept the block for years, and let in whoever a policy let in; what MinIO and Ceph say of
    whether a policy is public is not what Amazon means by it. So only Amazon is believed.
    Source: https://github.com/ceph/ceph/pull/57206
    """
    return not endpoint or _AMAZONS.fullmatch(urlsplit(endpoint).hostname or "") is not None


def read_block(told: bytes) -> Told:
    """Read the answer of GetPublicAccessBlock; None = it is another one.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html
    """
    from xml.etree import ElementTree as ET

    if not told:
        return {}
    try:
        root = ET.fromstring(told)  # noqa: S314 - it is who holds our pages that says it
    except ET.ParseError:
        return None
    if _plain(root.tag) != "PublicAccessBlockConfiguration":
        return None
    return {_plain(child.tag): child.text == "true" for child in root}


def _plain(tag: str) -> str:
    """Return a tag without its namespace."""
    return tag.rpartition("}")[2]


def judge(ask: Callable[[str], Told], *, amazons: bool) -> Exposure:
    """Judge a bucket by its "block", "acl", "policy" and "status", each asked for where it counts.

    `amazons` = whether the server means by these what Amazon does.
    """
    blocked = ask("block") or {}
    reasons: list[str] = []
    reading: list[str] = []
    unknown: list[str] = []
    if not blocked.get("IgnorePublicAcls"):
        acl = ask("acl")
        if acl is None:
            unknown.append("its ACL (s3:GetBucketAcl)")
        reasons += _granted(acl or {}, _WRITING)
        reading += _granted(acl or {}, _READING)
    policy = {} if amazons and blocked.get("RestrictPublicBuckets") else ask("policy")
    if policy != {} and not (amazons and (ask("status") or {}).get("IsPublic") is False):
        if policy is None:
            unknown.append("its policy (s3:GetBucketPolicyStatus, s3:GetBucketPolicy)")
        for sure, reason in _allowed(policy or {}, _ACTIONS):
            (reasons if sure else unknown).append(reason)
        # What a condition may keep out is not asked for: a private bucket has no such statement.
        reading += [reason for _, reason in _allowed(policy or {}, _READS)]
    return Exposure(
        writable="; ".join(reasons),
        readable="; ".join(reading),
        unknown=tuple(unknown),
        blockable=amazons,
    )


def _granted(acl: Mapping[str, Any], permissions: frozenset[str]) -> Iterator[str]:
    """Yield what an ACL lets everybody do."""
    for grant in acl.get("Grants", ()):
        group = grant.get("Grantee", {}).get("URI", "")
        if group in _EVERYBODY and grant.get("Permission") in permissions:
            yield f"its ACL gives {grant['Permission']} to {group.rpartition('/')[2]}"


def _allowed(policy: Mapping[str, Any], actions: Sequence[str]) -> Iterator[tuple[bool, str]]:
    """Yield what a policy lets everybody do, and whether it surely does: conditions are not read.

    A statement that denies does not count: what it takes back would have to be proven.
    """
    for number, statement in enumerate(_listed(policy.get("Statement", ())), 1):
        if statement.get("Effect") != "Allow" or not _is_for_everybody(statement):
            continue
        if action := _first_action(statement, actions):
            name = statement.get("Sid") or f"statement {number}"
            if statement.get("Condition"):
                yield False, f"whether the condition of its policy's {name!r} keeps strangers out"
            else:
                yield True, f"its policy's {name!r} allows {action} to everybody"


def _is_for_everybody(statement: Mapping[str, Any]) -> bool:
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        return any("*" in _listed(who) for who in principal.values())
    return principal == "*"


def _first_action(statement: Mapping[str, Any], actions: Sequence[str]) -> str:
    """Return the first of some actions that a statement is about; "" = it is about none."""
    chosen = [str(one).lower() for one in _listed(statement.get("Action", ()))]
    left_out = [str(one).lower() for one in _listed(statement.get("NotAction", ()))]
    for action in actions:
        if any(fnmatch.fnmatchcase(action, pattern) for pattern in chosen):
            return action
        if left_out and not any(fnmatch.fnmatchcase(action, pattern) for pattern in left_out):
            return action
    return ""


def _listed(value: Any) -> list[Any]:
    """Return what may be written as one thing or as a list of things."""
    return list(value) if isinstance(value, (list, tuple)) else [value]
