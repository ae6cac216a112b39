"""hosting/cloudformation.yaml: what it promises of the bucket, of CloudFront and of the role."""

from __future__ import annotations

import getpass
import http.server
import json
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Error
from running import running
from sites import SmallSite

from firstword.headers import headers_for
from firstword.model import Target

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "hosting" / "cloudformation.yaml"
DOCS = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")


class Loader(yaml.SafeLoader):
    """Reads `!Sub x` and the like as {"Sub": x}."""


def function(loader: Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    assert isinstance(node, yaml.SequenceNode)
    return {name: loader.construct_sequence(node, deep=True)}


Loader.add_multi_constructor("!", function)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader)  # noqa: S506
    return loaded


def properties(template: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def distribution(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = properties(template, "Distribution")["DistributionConfig"]
    return found


def headers(template: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = properties(template, "Headers")["ResponseHeadersPolicyConfig"]
    return found


def csp(template: dict[str, Any]) -> str:
    policy = headers(template)["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    return str(policy["ContentSecurityPolicy"])


def test_cfn_lint_finds_nothing() -> None:
    ran = subprocess.run(
        [Path(sys.prefix) / "bin" / "cfn-lint", "--include-checks", "I", "--", TEMPLATE],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (0, ""), ran.stdout


# ── the bucket ───────────────────────────────────────────────────────────────────────────────────


def test_the_bucket_is_private_and_keeps_old_versions_for_a_while(template: dict[str, Any]) -> None:
    bucket = properties(template, "Bucket")

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert rules[0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert template["Resources"]["Bucket"]["DeletionPolicy"] == "Retain"


def test_readers_come_through_this_cloudfront_and_never_reach_the_state(
    template: dict[str, Any],
) -> None:
    statements = properties(template, "BucketPolicy")["PolicyDocument"]["Statement"]
    allowed = [one for one in statements if one["Effect"] == "Allow"]
    denied = {one["Sid"]: one for one in statements if one["Effect"] == "Deny"}

    [readers] = allowed
    assert (readers["Principal"], readers["Action"]) == (
        {"Service": "cloudfront.amazonaws.com"},
        "s3:GetObject",
    )
    assert "AWS:SourceArn" in readers["Condition"]["StringEquals"]
    state = denied["NobodyReadsTheState"]
    assert (state["Principal"], state["Action"]) == (readers["Principal"], readers["Action"])
    assert state["Resource"] == {"Sub": "${Bucket.Arn}/.firstword/*"}
    assert "Condition" not in state
    origin = distribution(template)["Origins"][0]
    assert origin["OriginAccessControlId"] == {"GetAtt": "AccessControl.Id"}


# ── who publishes ────────────────────────────────────────────────────────────────────────────────


def test_the_publisher_may_do_what_publishing_takes_and_no_more(template: dict[str, Any]) -> None:
    statements = properties(template, "Publisher")["Policies"][0]["PolicyDocument"]["Statement"]
    rights = {
        action: one["Resource"]
        for one in statements
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }

    bucket, objects = {"GetAtt": "Bucket.Arn"}, {"Sub": "${Bucket.Arn}/*"}
    assert rights.pop("cloudfront:CreateInvalidation")["Sub"].endswith("/${Distribution}")
    assert rights == {
        "s3:GetObject": objects,
        "s3:PutObject": objects,
        "s3:DeleteObject": objects,
        "s3:ListBucket": bucket,
        "s3:GetBucketAcl": bucket,
        "s3:GetBucketPolicy": bucket,
        "s3:GetBucketPolicyStatus": bucket,
        "s3:GetBucketPublicAccessBlock": bucket,
    }


def test_only_the_main_branch_of_one_repository_becomes_the_publisher(
    template: dict[str, Any],
) -> None:
    [trust] = properties(template, "Publisher")["AssumeRolePolicyDocument"]["Statement"]

    token = "token.actions.githubusercontent.com"
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Condition"] == {
        "StringEquals": {
            f"{token}:aud": "sts.amazonaws.com",
            f"{token}:sub": {"Sub": "repo:${GitHubRepository}:ref:refs/heads/main"},
        }
    }


# ── CloudFront ───────────────────────────────────────────────────────────────────────────────────


def test_what_is_missing_is_a_404_for_ten_seconds(template: dict[str, Any]) -> None:
    responses = {one["ErrorCode"]: one for one in distribution(template)["CustomErrorResponses"]}

    for code in (403, 404):
        assert responses.pop(code) == {
            "ErrorCode": code,
            "ResponseCode": 404,
            "ResponsePagePath": "/404.html",
            "ErrorCachingMinTTL": 10,
        }
    # What the server fails at is asked again, and never answered with a page of ours.
    assert {code: sorted(one) for code, one in responses.items()} == {
        code: ["ErrorCachingMinTTL", "ErrorCode"] for code in (500, 502, 503, 504)
    }


def test_the_objects_say_how_long_they_live(template: dict[str, Any]) -> None:
    caching = properties(template, "Caching")["CachePolicyConfig"]

    assert caching["MinTTL"] == 0
    key = caching["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    assert distribution(template)["DefaultCacheBehavior"]["CachePolicyId"] == {"Ref": "Caching"}


def test_headers_that_protect_readers(template: dict[str, Any]) -> None:
    security = headers(template)["SecurityHeadersConfig"]
    policy = dict(part.strip().partition(" ")[::2] for part in csp(template).split(";"))

    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 31536000
    assert security["ContentTypeOptions"] == {"Override": True}
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    # Inline is what pages are made of; which, they say themselves, by digest.
    assert policy["style-src"] == policy["script-src"] == "'self' 'unsafe-inline'"
    assert not any(":" in sources for sources in policy.values() if sources != "'self' data:")
    assert headers(template)["CorsConfig"]["AccessControlAllowOrigins"] == {"Items": ["*"]}
    behaviour = distribution(template)["DefaultCacheBehavior"]
    assert behaviour["ResponseHeadersPolicyId"] == {"Ref": "Headers"}


class Strict(http.server.SimpleHTTPRequestHandler):
    """Serves a folder with the template's policy."""

    policy = ""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", self.policy)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def strict_site(
    tmp_path: Path, template: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    site = SmallSite.make(tmp_path / "site")
    assert site.publish().code == 0
    monkeypatch.setattr(Strict, "policy", csp(template))
    handler = partial(Strict, directory=str(site.root / "public"))
    with running(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)) as at:
        yield f"http://{at}"


def test_a_browser_shows_the_pages_under_that_policy(strict_site: str, browser: Browser) -> None:
    complaints: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in ("/", "/incidents/2026-11-21-card-payments/", "/history/"):
        page.goto(strict_site + path)
        # A style that a policy refuses has no rules.
        assert page.evaluate("document.styleSheets[0].cssRules.length") > 20
        assert page.locator("#news").is_visible()
    shown = [*complaints]
    with pytest.raises(Error, match="violates the following Content Security Policy"):
        page.add_script_tag(content="document.title = 'taken over'")
    page.close()

    assert shown == []


# ── addresses ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node on this machine: apt-get install nodejs")
    return found


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("/", "/index.html"),
        ("/index.html", "/index.html"),
        ("/incidents/2026-11-21-card-payments/", "/incidents/2026-11-21-card-payments/index.html"),
        ("/notices/%C3%A4/", "/notices/%C3%A4/index.html"),
        ("/history/2026-11", "301 /history/2026-11/"),
        ("/feeds/updates.atom", "/feeds/updates.atom"),
        ("/api/v2/summary.json", "/api/v2/summary.json"),
        ("/metrics", "/metrics"),
        ("/.well-known/security.txt", "/.well-known/security.txt"),
        ("/.firstword/root.json", "404"),
        ("/%2efirstword/root.json", "404"),
        ("/%2Efirstword%2froot.json", "404"),
        ("//.firstword/root.json", "404"),
        ("/incidents/../.firstword/root.json", "404"),
        ("/.env", "404"),
        ("/%zz", "400"),
        ("//elsewhere", "301 /elsewhere/"),
        ("/\\elsewhere", "301 /elsewhere/"),
    ],
)
def test_addresses(node: str, template: dict[str, Any], asked: str, answer: str) -> None:
    code = properties(template, "Addresses")["FunctionCode"]
    program = (
        f"{code}\nconst r = handler({{ request: {{ uri: {json.dumps(asked)}, headers: {{}} }} }});"
        "console.log(r.uri || [r.statusCode, r.headers && r.headers.location.value]"
        ".filter(Boolean).join(' '));"
    )

    ran = subprocess.run([node, "-e", program], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == answer


def test_the_function_is_small_enough(template: dict[str, Any]) -> None:
    assert len(properties(template, "Addresses")["FunctionCode"].encode()) < 10_000


# ── the documents ────────────────────────────────────────────────────────────────────────────────


def test_the_documents_name_what_the_template_asks_for_and_gives(template: dict[str, Any]) -> None:
    for name in (*template["Parameters"], *template["Outputs"]):
        assert re.search(rf"\b{name}\b", DOCS), name


def test_the_documents_give_nginx_the_same_headers(template: dict[str, Any]) -> None:
    assert f'Content-Security-Policy "{csp(template)}" always' in DOCS
    assert f'Cache-Control "{headers_for("index.html")[1]}" always' in DOCS


def test_the_documents_name_every_key_of_a_target() -> None:
    known = set(Target.__struct_fields__) - {"name"} | {"target"}

    rows = re.findall(r"^\| `(\w+)` \|", DOCS, re.MULTILINE)
    assert set(rows) == known


@pytest.fixture
def nginx_site(tmp_path: Path) -> Iterator[str]:
    """The configuration of the documents, with this machine's folders and without its TLS."""
    nginx = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if nginx is None:
        pytest.skip("no nginx on this machine: apt-get install nginx-light")
    site = SmallSite.make(tmp_path / "site")
    assert site.publish().code == 0
    [server] = re.findall(r"```nginx\n(server .*?)```", DOCS, re.DOTALL)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for there, here in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port};"),
        ("root /srv/status;", f"root {site.root / 'public'};"),
    ):
        assert there in server
        server = server.replace(there, here)
    bodies = [
        f"{kind}_temp_path {tmp_path / kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    ]
    conf = tmp_path / "nginx.conf"
    conf.write_text(
        f"user {getpass.getuser()}; pid {tmp_path / 'pid'}; error_log {tmp_path / 'error.log'};"
        f"events {{}} http {{ access_log off; {' '.join(bodies)} {server} }}",
        encoding="utf-8",
    )
    command = [nginx, "-p", str(tmp_path), "-c", str(conf)]
    # It comes back once it listens.
    subprocess.run(command, check=True, capture_output=True)
    yield f"http://127.0.0.1:{port}"
    subprocess.run([*command, "-s", "stop"], check=True, capture_output=True)


def test_nginx_as_in_the_documents(nginx_site: str) -> None:
    def get(path: str) -> tuple[int, dict[str, str], str]:
        try:
            with urllib.request.urlopen(nginx_site + path) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read().decode()

    home = get("/")
    assert (home[0], home[1]["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert home[1]["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert home[1]["Cache-Control"] == headers_for("index.html")[1]
    assert "Card payments fail in the EU" in get("/incidents/2026-11-21-card-payments/")[2]
    assert get("/feeds/updates.atom")[1]["Content-Type"] == "application/atom+xml"
    assert get("/status.json")[1]["Access-Control-Allow-Origin"] == "*"
    assert get("/metrics")[1]["Content-Type"].startswith("text/plain")
    for hidden in ("/.firstword/root.json", "/%2efirstword/root.json", "/.firstword/"):
        assert get(hidden)[0] == 404
    missing = get("/incidents/nowhere/")
    assert missing[0] == 404
    assert "<h1" in missing[2]
