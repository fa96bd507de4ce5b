"""A shop of a history: its settings, definitions, published builds and ledger, and the engine that works on them."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
import uuid
from contextlib import contextmanager
from functools import cache
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import yaml
from histories_experiments import Experiments
from histories_oracle import COUNTRY
from histories_places import Places
from histories_platform import BOARD, META, STAND_INS
from histories_world import SEGMENTS

from audiences.as_of import end_of_day
from audiences.errors import gravest
from audiences.ledger import open_ledger
from audiences.settings import load_settings
from audiences.sync.apply import ApplyResult, apply_plan
from audiences.sync.confirm import confirm_lists
from audiences.sync.forget import forget
from audiences.sync.plan import make_plan
from audiences.sync.rebuild import plan_rebuild, rebuild_lists
from audiences.sync.release import release

TIMEZONE = "America/New_York"
FIRST = dt.date(2026, 9, 1)
PURPOSES = ("ad_user_data", "ad_personalization", "email")
LONG_AGO = dt.datetime(2026, 1, 1)
ROWS_PER_REQUEST = 14
GUARDS = {"from_members": 8, "max_build_age": "48h"}
KEEP_DAYS = 20
PROCESSING = dt.timedelta(minutes=15)
"""How long the noticeboard works on a request at most."""

TEXT, NUMBER, INSTANT, TRUTH = pa.string(), pa.int64(), pa.timestamp("us"), pa.bool_()
SEGMENT = {"customer_id": TEXT, "qualified_at": INSTANT, "reason": TEXT, "category": TEXT, "town": TEXT}
CUSTOMER = {"customer_id": TEXT, "country": TEXT}
HASHES = (
    "email_plain", "email_gmail", "email_stripped", "email_canonical", "phone_digits", "phone_plus", "meta_first_name",
    "meta_last_name", "meta_city", "meta_state", "meta_postcode", "meta_country", "google_given_name", "google_family_name",
    "google_region", "google_postcode",
)  # fmt: skip
IDENTIFIER = {"customer_id": TEXT, "position": NUMBER, "recipe_version": NUMBER, **dict.fromkeys(HASHES, TEXT)}
GATE = {"customer_id": TEXT, "purpose": TEXT, "is_addressable": TRUTH, "why_not": TEXT}
REFERENCE = {
    "customer_id": TEXT, "source": TEXT, "ref_kind": TEXT, "ref": TEXT, "own_id": TEXT, "linked_at": INSTANT,
}  # fmt: skip


class HistoryShop:
    """The shop of one world. Its clock moves by a minute with every step, and to the next night with every build."""

    def __init__(self, folder, world, sandbox, platform=META):
        self.folder, self.world, self.sandbox, self.platform = folder, world, sandbox, platform
        self.stand_in = STAND_INS[platform]
        self.account = f"{'board_' if platform == BOARD else 'act_'}{uuid.uuid4().hex[:12]}"
        self.definitions: dict[str, dict] = {}
        self.day, self.now = FIRST, LONG_AGO
        self.seen_entries: dict[tuple[str, str], str] = {}
        self.planned = None
        self.last_erasure = []
        self.turned_away: set[str] = set()
        self.stays: list[tuple] = []
        self.places = Places()
        (folder / "definitions").mkdir(parents=True)
        _write_contracts(folder / "dbt" / "models")
        self._write_key()
        self.experiments = Experiments(self.key)
        self.file = folder / "boomerang.yaml"
        self.configure()

    def _write_key(self):
        """A key that follows from the world's salt: the same people are held out whenever this history runs."""
        home = self.folder / "home"
        home.mkdir()
        self.key = hashlib.sha256(self.world.salt.encode()).hexdigest()
        (home / "ledger.key").write_text(self.key + "\n", encoding="ascii")

    def configure(self, **guards):
        account = {
            "id": self.account, "token" if self.platform == BOARD else "access_token": "sandbox-token", "tries": 1,
            "max_wait_seconds": 0, "rows_per_request": ROWS_PER_REQUEST,
        }  # fmt: skip
        content = {
            "shop": {"name": "Test guitars", "timezone": TIMEZONE},
            "home": "home",
            "environment": "test",
            "definitions": "definitions",
            "dbt_project": "dbt",
            "guards": {**GUARDS, **guards},
            "platforms": {
                self.platform: {"endpoint": self.sandbox.endpoint(self.stand_in), "accounts": {"main": account}}
            },
        }
        self.file.write_text(yaml.safe_dump(content), encoding="utf-8")
        self.settings = load_settings(self.file)

    def define(self, name, **keys):
        """Write a definition; None takes a key out."""
        content = {"label": f"Label of {name}", "owner": "growth@example.com", "segment": "lapsed"}
        content |= {"keep_days": KEEP_DAYS} if self.platform == BOARD else {}
        content |= {"platforms": {self.platform: {"account": "main"}}, **keys}
        self.definitions[name] = {key: value for key, value in content.items() if value is not None}
        text = yaml.safe_dump(self.definitions[name], sort_keys=False)
        (self.folder / "definitions" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def undefine(self, name):
        """Delete a definition."""
        del self.definitions[name]
        (self.folder / "definitions" / f"{name}.yaml").unlink()

    def tick(self):
        self.now += dt.timedelta(minutes=1)
        return self.now

    # builds -------------------------------------------------------------------------------------------------------

    def publish(self, nights=1):
        """A finished build of so many days later; the platform learns of new contacts at the same time."""
        self.day += dt.timedelta(days=nights)
        self.as_of = as_of = end_of_day(self.day, ZoneInfo(TIMEZONE))
        self.now = max(self.now, as_of + dt.timedelta(hours=4))
        build_id = f"{self.tick():%Y%m%d-%H%M%S}-0000"
        self.settings.published.mkdir(parents=True, exist_ok=True)
        write_build(self.settings.published / f"{build_id}.duckdb", self.world)
        self.rows(
            "insert into sync.builds (build_id, as_of, started_at, finished_at, state, node_count, failed_nodes) "
            "values (?, ?, ?, ?, 'finished', 1, [])",
            build_id,
            as_of,
            self.now,
            self.now,
        )
        self.sandbox.register(self.world.personas())
        self.set_clock()

    def set_clock(self):
        """The noticeboard's clock goes with the shop's; Meta forgets nobody, and its clock does not matter."""
        if self.platform == BOARD:
            offset = self.now.replace(tzinfo=dt.UTC).timestamp() - time.time()
            self.sandbox.control(platform=self.stand_in, clock_offset_seconds=offset)

    def processed(self):
        """So much time passes that the platform has done what it accepted."""
        if self.platform == BOARD:
            self.now += PROCESSING
            self.set_clock()

    # the engine ---------------------------------------------------------------------------------------------------

    def going(self):
        """The names of the audiences that are not paused."""
        return sorted(name for name, definition in self.definitions.items() if not definition.get("paused"))

    def plan(self, *names):
        made = make_plan(self.settings, names, now=self.tick())
        self.stays = self._stays()  # a plan writes down what a run that was killed had done
        return made

    def sync(self, *names):
        """Plan and apply; the exit code that `boomerang sync` would end with."""
        self.set_clock()
        self.planned = self.plan(*names)
        if not self.planned.lists:  # everything is paused, and there has never been a list
            self.result = ApplyResult(self.planned.plan_id, (), 0.0)
            return 0
        self.result = apply_plan(self.settings, self.planned.plan_id, clock=self.tick)
        self._note_experiments()
        self.processed()
        return gravest([one.exit_code for one in self.result.lists])

    def _note_experiments(self):
        """Who enters is logged unless all additions of the audience are held."""
        for name in self.definitions:
            lists = [one for one in self.planned.lists if one.audience == name and one.state == "active"]
            if any("add" not in one.guard.held or one.guard.is_waiting for one in lists):
                self.experiments.log(name, self.definitions)

    def _stays(self):
        """Audience, id, and when somebody came and left, or None."""
        names = self.names_of_keys()
        rows = self.rows("select audience, member_key, entered_at, left_at from sync.audience_history")
        return [(audience, names.get(short(key)), came, left) for audience, key, came, left in rows]

    def rebuild(self, name):
        """Repair the lists of an audience, as `boomerang rebuild --yes` does."""
        self.set_clock()
        prepared = plan_rebuild(self.settings, name, clock=self.tick)
        rebuilt = rebuild_lists(self.settings, prepared, clock=self.tick)
        self.planned, self.result = prepared.plan, rebuilt.results[-1]
        self._note_experiments()
        self.processed()

    def confirm(self):
        """Ask the platforms, an hour after the last request; the ledger is given back meanwhile as other processes want."""
        self.now += dt.timedelta(hours=1)
        self.set_clock()
        self.confirmed = confirm_lists(self.settings, clock=self.tick)

    def forget(self, customer):
        """Erase a customer of the newest build; whether something of them is left open."""
        self.world.forget(customer)
        self.set_clock()
        is_open = forget(self.settings, customer.id, clock=self.tick).is_open
        self.processed()
        return is_open

    def release_all(self):
        """Let go whatever the newest plan holds."""
        for one in self.planned.lists:
            if one.guard.guards:
                release(self.settings, one.list, reason="looked at it", now=self.tick(), at_most=1_000)

    # what became of it --------------------------------------------------------------------------------------------

    @contextmanager
    def looking(self):
        """Hold the ledger open in this process, so that each step and each question is quick; nobody else gets at it."""
        with open_ledger(self.settings) as self._ledger:
            self._ledger.connection.execute("set threads = 1")
            yield
        self._ledger = None

    def rows(self, sql, *parameters):
        """The answer of the ledger; only within `looking`."""
        return self._ledger.connection.execute(sql, list(parameters)).fetchall()

    def key_of(self, customer_id):
        """The beginning of a member key, as far as every version of the ledger keeps it."""
        inner = hashlib.sha256((self.key + customer_id).encode()).hexdigest()
        return hashlib.sha256((self.key + inner).encode()).hexdigest()[:32]

    def names_of_keys(self):
        return {self.key_of(root.own_id): root.own_id for root in self.world.roots}

    def held_by_sandbox(self, external_id):
        """The hashes of everybody on a list, one set a person."""
        try:
            found = self.sandbox.inspect(self.stand_in).list(external_id)
        except LookupError:  # somebody deleted it
            return []
        return [set(person) for person in found["people"]]


def short(key):
    """A member key as `HistoryShop.key_of` gives it, from text or UUID."""
    return str(key).replace("-", "")[:32]


@cache
def _workshop():
    """One connection to make builds with: a new one for each would take longer than the build."""
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    return connection


def write_build(file, world):
    """The tables that the engine reads, and no others."""
    connection = _workshop()
    connection.execute(f"attach '{file}' as build")
    connection.begin()
    for schema in ("marts", "segments"):
        connection.execute(f"create schema build.{schema}")
    for name, columns, rows in _tables(world):
        fields = pa.schema(list(columns.items()))
        arrived = pa.Table.from_pylist([{key: row.get(key) for key in columns} for row in rows], schema=fields)
        connection.register("arrived", arrived)
        connection.execute(f"create table build.{name} as from arrived")
        connection.unregister("arrived")
    connection.commit()
    connection.execute("detach build")


def _tables(world):
    customers = world.customers()
    yield "marts.dim_customers", CUSTOMER, [{"customer_id": name, "country": "US"} for name in customers]
    yield "marts.dim_identifiers", IDENTIFIER, [row for one in customers.values() for row in _identifiers(world, one)]
    yield "marts.dim_addressable", GATE, [row for one in customers.values() for row in _gate(one)]
    yield "marts.customer_refs", REFERENCE, [row for one in customers.values() for row in _references(one)]
    for segment in SEGMENTS:
        members = world.members_of(segment).values()
        common = {"qualified_at": LONG_AGO, "reason": "quiet"}
        rows = [{"customer_id": one.id, "category": one.category, "town": one.town, **common} for one in members]
        yield f"segments.seg_{segment}", SEGMENT, rows


def _identifiers(world, customer):
    for position, (email, phone) in enumerate(world.pairs(customer), start=1):
        hashed = {"email": world.hashed(email), "phone": world.hashed(phone)}
        yield {
            "customer_id": customer.id, "position": position, "recipe_version": world.recipe,
            "email_plain": hashed["email"], "email_gmail": hashed["email"], "email_stripped": hashed["email"],
            "email_canonical": world.canonical(email), "phone_digits": hashed["phone"], "phone_plus": world.canonical(phone),
            "google_given_name": COUNTRY,
        }  # fmt: skip


def _gate(customer):
    for purpose in PURPOSES if customer.consent else ():
        is_granted = customer.consent == "granted"
        why_not = None if is_granted else f"consent_{customer.consent}"
        yield {"customer_id": customer.id, "purpose": purpose, "is_addressable": is_granted, "why_not": why_not}


def _references(customer):
    for root in customer.roots:
        yield {
            "customer_id": customer.id, "source": "files", "ref_kind": "customer", "ref": f"account {root.number}",
            "own_id": root.own_id, "linked_at": LONG_AGO,
        }  # fmt: skip


def _write_contracts(models):
    (models / "segments").mkdir(parents=True)
    for segment in SEGMENTS:
        text = _contract(f"seg_{segment}", SEGMENT)
        (models / "segments" / f"seg_{segment}.yml").write_text(text, encoding="utf-8")
    (models / "dim_customers.yml").write_text(_contract("dim_customers", CUSTOMER), encoding="utf-8")


def _contract(model, columns):
    types = {TEXT: "string", NUMBER: "int64", INSTANT: "timestamp", TRUTH: "bool"}
    described = [{"name": name, "data_type": types[kind]} for name, kind in columns.items()]
    return yaml.safe_dump({"version": 2, "models": [{"name": model, "columns": described}]})
