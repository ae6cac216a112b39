"""What readers paste into programs of their own to hear from this site, with its address filled in.

Names of programs and files only, so that there is nothing to translate; docs/connect.md has the
same lines for the example site, and a test holds the two together.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from msgspec import Struct

from firstword import urls
from firstword.model import Site

_RSS2EMAIL = """\
[DEFAULT]
from = status-mail@yours.example
to = you@yours.example
name-format = {author}
html-mail = True
email-protocol = smtp
smtp-server = smtp.yours.example
smtp-port = 465
smtp-ssl = True
smtp-auth = True
smtp-username = you
smtp-password = the password

[feed.@NAME@]
url = @ATOM@
"""
_CRONTAB = "*/5 * * * * r2e run\n"
_AUTOMATION = """\
automation:
  - alias: @NAME@ has signed something
    triggers:
      - trigger: event
        event_type: feedreader
        event_data:
          feed_url: @ATOM@
    actions:
      - action: notify.notify
        data:
          title: "{{ trigger.event.data.title }}"
          message: "{{ trigger.event.data.description }}"
"""
_REST = """\
rest:
  - resource: @STATUS@
    scan_interval: 60
    sensor:
      - name: @NAME@
        unique_id: @NAME@
        value_template: "{{ value_json.indicator }}"
        json_attributes: [sentence, incidents]
"""
_PROMETHEUS = """\
scrape_configs:
  - job_name: @NAME@
    scheme: @SCHEME@
    metrics_path: @METRICS@
    scrape_interval: 1m
    static_configs:
      - targets: ["@HOST@"]
rule_files: [@NAME@.rules.yml]
"""
_RULES = """\
groups:
  - name: @NAME@
    rules:
      - alert: StatusPageIncident
        expr: sum by (job, impact) (firstword_open_incidents{job="@NAME@", impact=~"major|critical"}) > 0
        labels:
          severity: "{{ $labels.impact }}"
        annotations:
          summary: "{{ $labels.job }}: {{ $value }} open with impact {{ $labels.impact }}"
          link: @HOME@
      - alert: StatusPageComponentDown
        expr: firstword_component_status{job="@NAME@", status=~"partial_outage|major_outage"} == 1
        labels:
          severity: major
        annotations:
          summary: "{{ $labels.job }}: {{ $labels.name }}: {{ $labels.status }}"
          link: @HOME@
      - alert: StatusPageNextWordLate
        expr: time() - firstword_incident_next_update_timestamp_seconds{job="@NAME@"} > 300
        labels:
          severity: minor
        annotations:
          summary: "{{ $labels.job }}: a word was promised by now: {{ $labels.title }}"
          link: @HOME@
"""  # noqa: E501 - a line of somebody else's format
_ALERTMANAGER = """\
route:
  receiver: mail
  group_by: [alertname, job]
  routes:
    - receiver: pagerduty
      matchers: ['severity =~ "major|critical"']
receivers:
  - name: mail
    email_configs:
      - to: you@yours.example
        from: alertmanager@yours.example
        smarthost: smtp.yours.example:587
        auth_username: you
        auth_password: the password
        send_resolved: true
  - name: pagerduty
    pagerduty_configs:
      - routing_key: the integration key of the service
        description: "{{ .CommonAnnotations.summary }}"
        client_url: "{{ .CommonAnnotations.link }}"
"""


class Piece(Struct, frozen=True):
    """Lines, and the file they go into."""

    file: str
    text: str


class Way(Struct, frozen=True):
    """A program that tells people, and what to give it. `id` is its place on the page."""

    id: str
    name: str
    pieces: tuple[Piece, ...]


def ways(site: Site) -> tuple[Way, ...]:
    """Return what to paste where, with the addresses of this site."""
    parts = urlsplit(site.url)
    filled = {
        # Of the host: readers may follow several such pages, and it is safe in every format.
        "NAME": re.sub("[^a-z0-9]+", "-", parts.netloc.lower()).strip("-"),
        "SCHEME": parts.scheme,
        "HOST": parts.netloc,
        "METRICS": f"{parts.path}/{urls.METRICS}",
        "HOME": urls.absolute(site, urls.HOME),
        "ATOM": urls.absolute(site, urls.UPDATES_ATOM),
        "STATUS": urls.absolute(site, urls.STATUS_JSON),
    }

    def piece(file: str, text: str) -> Piece:
        return Piece(_filled(file, filled), _filled(text, filled))

    return (
        Way(
            "rss2email",
            "rss2email",
            (piece("~/.config/rss2email.cfg", _RSS2EMAIL), piece("crontab", _CRONTAB)),
        ),
        Way(
            "home-assistant",
            "Home Assistant",
            (piece("configuration.yaml", _AUTOMATION), piece("configuration.yaml", _REST)),
        ),
        Way(
            "prometheus",
            "Prometheus",
            (piece("prometheus.yml", _PROMETHEUS), piece("@NAME@.rules.yml", _RULES)),
        ),
        Way(
            "alertmanager",
            "Alertmanager, PagerDuty",
            (piece("alertmanager.yml", _ALERTMANAGER),),
        ),
    )


def _filled(text: str, values: dict[str, str]) -> str:
    return re.sub("@([A-Z]+)@", lambda found: values[found[1]], text)
