"""The example site: Northwind, a shop that does not exist, run by people who do not either."""

from firstword.pelican_defaults import *  # noqa: F403

SITENAME = "Northwind status"
SITEURL = "https://status.northwind.example"
TIMEZONE = "Europe/Copenhagen"
CONTACT = "care@northwind.example"

# ── THE EXAMPLE'S CLOCK STANDS STILL ──────────────────────────────────────────────────────────────
# So that this tour reads the same in any year. Remove this line for a real site: `firstword check`
# warns about it, and publish.py refuses it for anything but a folder or a loopback endpoint.
PINNED_CLOCK = "2026-11-21 10:30"
# ──────────────────────────────────────────────────────────────────────────────────────────────────

PUBLISH_TO = "public"

PEOPLE = [
    {
        "name": "Dawn Okafor",
        "role": "Head of engineering",
        "address": "dawn.okafor@northwind.example",
    },
    {
        "name": "Ian Reyes",
        "role": "Network and payments engineer",
        "address": "ian.reyes@northwind.example",
    },
    {
        "name": "Priya Nair",
        "role": "Head of customer care",
        "address": "care@northwind.example",
    },
    {
        "name": "Marta Lindqvist",
        "role": "Workshop and orders",
        "address": "orders@northwind.example",
    },
    {
        "name": "Tomas Vrba",
        "role": "Suppliers",
        "address": "tomas.vrba@northwind.example",
    },
    {
        "name": "Yusuf Demir",
        "role": "Newsletter and community",
        "address": "newsletter@northwind.example",
    },
    {
        "name": "Ellen Brandt",
        "role": "Security",
        "address": "security@northwind.example",
    },
    {
        "name": "Kofi Mensah",
        "role": "Customer care",
        "address": "care@northwind.example",
        "until": "2026-06-30",
        "successor": "Priya Nair",
    },
]

COMPONENTS = [
    {"id": "shop", "name": "Online shop", "group": "Shop"},
    {"id": "checkout", "name": "Checkout and payments", "group": "Shop"},
    {"id": "accounts", "name": "Accounts and sign-in", "group": "Shop"},
    {"id": "orders", "name": "Orders and delivery", "group": "Shop"},
    {"id": "collection", "name": "Crate collection", "group": "Shop"},
    {"id": "newsletter", "name": "Newsletter", "group": "Shop"},
    {"id": "network", "name": "Website and network", "group": "Technology"},
    {"id": "api", "name": "Partner API", "group": "Technology"},
]
