"""Whether strangers may write to a bucket, or read it, by what it says of itself. Pure.

Never by trying: a write without credentials that succeeds would be a stranger's page on the site.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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

_BLOCK = re.compile(
    rb"<PublicAccessBlockConfiguration[\s>].*</PublicAccessBlockConfiguration>\s*\Z", re.DOTALL
)
_ON = re.compile(rb"<(\w+)>\s*true\s*</\1>", re.IGNORECASE)

#: What a bucket tells about one of its settings: {} = nothing is set, None = we may not ask.
Told = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Who may write to a bucket, and read it, beside us."""

    #: Why strangers may write, ready to print; "" = they may not, as far as we were told.
    writable: str = ""
    #: Why strangers may read it: right for a site, and never for what is private.
    readable: str = ""
    #: What we could not find out, ready to print.
    unknown: tuple[str, ...] = ()


def closed_to_all(block: Told) -> bool:
    """Tell whether the public access block alone keeps strangers out."""
    return bool(block and block.get("IgnorePublicAcls") and block.get("RestrictPublicBuckets"))


def read_block(said: bytes) -> Told:
    """Read the answer of GetPublicAccessBlock; None = it is another one, or not understood.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html
    """
    if b"<Code>NoSuchPublicAccessBlockConfiguration</Code>" in said:
        return {}
    found = _BLOCK.search(said)
    return {name.decode(): True for name in _ON.findall(found[0])} if found else None


def judge(block: Told, *, acl: Told, status: Told, policy: Told) -> Exposure:
    """Judge a bucket by its public access block, its ACL, its policy's status and its policy."""
    blocked = block or {}
    reasons: list[str] = []
    reading: list[str] = []
    unknown: list[str] = []
    if not blocked.get("IgnorePublicAcls"):
        if acl is None:
            unknown.append("its ACL (s3:GetBucketAcl)")
        reasons += _granted(acl or {}, _WRITING)
        reading += _granted(acl or {}, _READING)
    if not blocked.get("RestrictPublicBuckets") and (status or {}).get("IsPublic") is not False:
        if policy is None:
            unknown.append("its policy (s3:GetBucketPolicyStatus, s3:GetBucketPolicy)")
        for sure, reason in _allowed(policy or {}, _ACTIONS):
            (reasons if sure else unknown).append(reason)
        # What a condition may keep out is not asked for: a private bucket has no such statement.
        reading += [reason for _, reason in _allowed(policy or {}, _READS)]
    return Exposure(
        writable="; ".join(reasons), readable="; ".join(reading), unknown=tuple(unknown)
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
