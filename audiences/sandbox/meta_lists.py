"""Meta's custom audiences in the sandbox: create, find, read, change, upload. Runs inside a store's transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from audiences.sandbox import meta_errors as refusals
from audiences.sandbox.faults import Fault
from audiences.sandbox.meta_errors import invalid
from audiences.sandbox.meta_request import Rows, read_fields, read_labels, read_rows, read_session
from audiences.sandbox.meta_sessions import DEFAULT_PAGE, MAX_PAGE, MetaSessions, cursor, encoded, number
from audiences.sandbox.stand_in import Context
from audiences.sandbox.store import Session, StoredList

if TYPE_CHECKING:
    from audiences.sandbox.meta import MetaControl

FIRST_ID = 120_210_000_000_000_000
FILE_SOURCES = ("USER_PROVIDED_ONLY", "PARTNER_PROVIDED_ONLY", "BOTH_USER_AND_PARTNER_PROVIDED")
MIN_PEOPLE = 100
NORMAL, FLAGGED, TOO_SMALL = 200, 471, 300

Field = Callable[[StoredList, int], Any]
LIST_FIELDS: dict[str, Field] = {
    "id": lambda kept, _: str(kept.id),
    "account_id": lambda kept, _: kept.account.removeprefix("act_"),
    "name": lambda kept, _: kept.name,
    "description": lambda kept, _: kept.description,
    "subtype": lambda kept, _: kept.options["subtype"],
    "customer_file_source": lambda kept, _: kept.options["customer_file_source"],
    "audience_labels": lambda kept, _: kept.options.get("labels", []),
    "time_created": lambda kept, _: int(kept.created_at),
    "time_updated": lambda kept, _: int(kept.changed_at),
    "approximate_count_lower_bound": lambda _, people: _bounds(people)[0],
    "approximate_count_upper_bound": lambda _, people: _bounds(people)[1],
    "operation_status": lambda kept, _: _operation(kept),
    "delivery_status": lambda _, people: _delivery(people),
}


def _bounds(people: int) -> tuple[int, int]:
    """Lower and upper bound in two digits, as Meta rounds: the exact number is never told."""
    step = 10 ** max(len(str(people)) - 2, 1)
    lower = people // step * step
    return lower, lower + step


def _operation(kept: StoredList) -> dict[str, Any]:
    if kept.options.get("flagged"):
        return {"code": FLAGGED, "description": "The audience does not follow the rules"}
    return {"code": NORMAL, "description": "Normal"}


def _delivery(people: int) -> dict[str, Any]:
    if people < MIN_PEOPLE:
        return {"code": TOO_SMALL, "description": "The audience is too small"}
    return {"code": NORMAL, "description": "Ready for use"}


class MetaLists:
    """The custom audiences. Every method takes and gives what stands in the Graph API's requests and answers."""

    def __init__(self, context: Context, control: Callable[[], MetaControl]) -> None:
        self._context, self._store, self._control = context, context.store, control
        self._sessions = MetaSessions(context)

    def find(self, account: str, params: Mapping[str, str]) -> dict[str, Any]:
        """One page of the account's lists, newest first."""
        names = read_fields(params, LIST_FIELDS)
        limit = number(params.get("limit"), DEFAULT_PAGE)
        if limit > MAX_PAGE:
            raise refusals.TOO_MUCH_DATA
        matches = _filter(params.get("filtering"))
        after = cursor(params.get("after"), 2**63)
        lists = [kept for kept in self._store.find_lists("meta", account) if matches(kept) and kept.id < after]
        page = lists[:limit]
        answer: dict[str, Any] = {"data": [self._shown(kept, names) for kept in page]}
        if page:
            cursors = {"before": encoded(page[0].id), "after": encoded(page[-1].id)}
            answer["paging"] = {"cursors": cursors}
            if len(lists) > limit:
                answer["paging"]["next"] = f"/{account}/customaudiences?after={cursors['after']}"
        return answer

    def create(self, account: str, params: Mapping[str, str]) -> dict[str, Any]:
        """Create a customer-file audience."""
        if not params.get("name"):
            raise invalid("The parameter name is required")
        if params.get("subtype", "CUSTOM") != "CUSTOM":
            raise invalid("The sandbox makes audiences of subtype CUSTOM only")
        if params.get("customer_file_source") not in FILE_SOURCES:
            raise invalid("The parameter customer_file_source is required")
        if not self._control().terms_accepted:
            raise refusals.TERMS
        if len(self._store.find_lists("meta", account)) >= self._control().max_lists:
            raise refusals.TOO_MANY_LISTS
        new = (self._store.last_id("meta") or FIRST_ID) + 1
        now = self._context.clock.now()
        options = {
            "subtype": "CUSTOM",
            "customer_file_source": params["customer_file_source"],
            "labels": read_labels(params),
        }
        created = StoredList(new, "meta", account, params["name"], params.get("description", ""), now, now, options)
        self._store.create(created)
        return {"id": str(new)}

    def read(self, name: str, params: Mapping[str, str]) -> dict[str, Any]:
        """The asked fields of one list."""
        return self._shown(self._list(name), read_fields(params, LIST_FIELDS))

    def edit(self, name: str, params: Mapping[str, str]) -> dict[str, Any]:
        """Change name, description or labels."""
        kept = self._list(name)
        if not params.get("name", kept.name).strip():
            raise invalid("The parameter name is required")
        new, description = params.get("name", kept.name), params.get("description", kept.description)
        labels = read_labels(params) if "audience_labels" in params else kept.options.get("labels", [])
        now, options = self._context.clock.now(), {**kept.options, "labels": labels}
        self._store.change(replace(kept, name=new, description=description, options=options, changed_at=now))
        return {"success": True}

    def delete(self, name: str) -> dict[str, Any]:
        """Delete a list and who is on it."""
        self._store.delete(self._list(name).id)
        return {"success": True}

    def sessions(self, name: str, params: Mapping[str, str]) -> dict[str, Any]:
        """One page of the upload sessions of a list, newest first."""
        return self._sessions.page(self._list(name), params)

    def upload(
        self, name: str, params: Mapping[str, str], fault: Fault | None = None, *, adding: bool
    ) -> dict[str, Any]:
        """Add or remove the people behind the rows, as far as the fault lets them."""
        declared_invalid = fault.rows if fault is not None and fault.do == "invalid_rows" else ()
        fails = fault is not None and fault.do == "processing_fails"
        kept = self._list(name)
        if not self._control().terms_accepted:
            raise refusals.TERMS
        if kept.options.get("flagged"):
            raise refusals.FLAGGED
        rows = read_rows(params, declared_invalid)
        if kept.options.setdefault("shape", rows.shape) != rows.shape:
            raise refusals.OTHER_SHAPE
        session = self._sessions.take(kept, read_session(params), rows, adding=adding, fails=fails)
        self._process(kept, rows, session)
        kept.options["schema"] = list(rows.schema)
        self._store.change(replace(kept, changed_at=self._context.clock.now()))
        samples: Any = list(rows.samples) if self._control().samples_as_list else rows.samples
        return {
            "audience_id": str(kept.id),
            "session_id": session.session,
            "num_received": session.received,
            "num_invalid_entries": session.invalid,
            "invalid_entry_samples": samples,
        }

    def meddle(self, name: str, new_name: str | None) -> None:
        """Delete a list behind everybody's back, or rename it; one that is not there stays as it is."""
        with self._store.transaction() as store:
            is_there = store.find_list("meta", int(name)) is not None
        if is_there:
            self.change({name: {"deleted": True} if new_name is None else {"name": new_name}})

    def change(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """What somebody does to lists in the ad manager: by id, `name`, `description`, `flagged`, `deleted`.

        Raises ValueError for a list that is not there.
        """
        if not changes:
            return
        with self._store.transaction() as store:
            for id_, values in changes.items():
                kept = store.find_list("meta", int(id_))
                if kept is None:
                    raise ValueError("no such list")
                if values.get("deleted"):
                    store.delete(kept.id)
                    continue
                kept.options["flagged"] = values.get("flagged", kept.options.get("flagged", False))
                name, description = values.get("name", kept.name), values.get("description", kept.description)
                store.change(replace(kept, name=name, description=description))

    def _process(self, kept: StoredList, rows: Rows, session: Session) -> None:
        if session.fails or session.due_at > self._context.clock.now():
            self._store.wait(
                kept.id,
                rows.valid,
                adding=session.adding,
                due_at=session.due_at,
                session=session.session,
                fails=session.fails,
            )
        elif session.adding:
            self._store.people.add(kept.id, rows.valid)
        else:
            self._store.people.remove(kept.id, rows.valid)

    def _list(self, name: str) -> StoredList:
        kept = self._store.find_list("meta", int(name)) if name.isdecimal() and len(name) < 19 else None
        accounts = self._control().accounts
        if kept is None or (accounts is not None and kept.account not in accounts):
            raise refusals.missing(name)
        return kept

    def _shown(self, kept: StoredList, names: Sequence[str]) -> dict[str, Any]:
        people = self._store.people.count(kept.id) if any("count" in n or "delivery" in n for n in names) else 0
        return {name: LIST_FIELDS[name](kept, people) for name in names}


def _filter(text: str | None) -> Callable[[StoredList], bool]:
    """What `filtering` asks for: a list of {field: name or id, operator: EQUAL, CONTAIN or IN, value}."""
    tests: dict[str, Callable[[str, Any], bool]] = {
        "EQUAL": lambda found, value: found == str(value),
        "CONTAIN": lambda found, value: str(value).lower() in found.lower(),
        "IN": lambda found, value: found in map(str, value),
    }
    try:
        rules = json.loads(text or "[]")
        chosen = [(rule["field"], tests[rule["operator"]], rule["value"]) for rule in rules]
        if any(field not in ("name", "id") for field, _, _ in chosen):
            raise KeyError
    except (ValueError, KeyError, TypeError):
        raise invalid("Param filtering is malformed") from None
    return lambda kept: all(test(str(getattr(kept, field)), value) for field, test, value in chosen)
