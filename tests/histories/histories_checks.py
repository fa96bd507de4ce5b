"""What must be true after every run, whatever happened: lists, ledger and wanted members agree, or say why not.

A finding names customers, lists and numbers, never a hash.
"""

from __future__ import annotations

import datetime as dt

from histories_experiments import HELD_OUT, TREATED, has_experiment
from histories_oracle import Oracle, Records, identifying
from histories_shop import KEEP_DAYS, short
from histories_tally import met

COMPLETE = ("applied", "held", "unchanged")
NOBODY = "somebody whom the world does not know"
AN_HOUR = dt.timedelta(hours=1)
A_RENEWAL_BEFORE = dt.timedelta(days=max(KEEP_DAYS / 10, 1))
"""So long before the platform forgets somebody they are sent again at the latest."""


class Check:
    """One look at a shop after a run. `findings` is empty when all is well."""

    def __init__(self, shop):
        self.shop, self.world = shop, shop.world
        self.findings: list[str] = []
        self.names = shop.names_of_keys()
        self.entries = self._entries()
        records = Records(
            shop.platform, shop.as_of, shop.experiments, shop.places, self.entries, shop.stays, shop.key_of
        )
        self.oracle = Oracle(self.world, shop.definitions, records)
        self.wanted = self.oracle.wanted()
        self.owners = self.world.owner_of_hash()
        self.lists = dict(shop.rows("select list_id, external_id from sync.lists"))
        self.held = self._held_changes()
        self.refused = self._refused()
        rows = shop.rows("select list_id, member_key, recipe from sync.memberships")
        self.recipes = {(list_id, self._name(key)): recipe for list_id, key, recipe in rows}

    def after_a_run(self, *, explained=True):
        """Every list of the run; without `explained` nothing may be left over."""
        states = {one.list: one.state for one in self.shop.result.lists}
        met["runs"] += 1
        met.update(f"list {state}" for state in states.values())
        for list_id, external_id in self.lists.items():
            sandbox = self.shop.held_by_sandbox(external_id) if external_id else []
            ledger, uncertain = self._ledger(list_id)
            is_complete = states.get(list_id) in COMPLETE
            if is_complete and not self._is_frozen(list_id):
                uncertain &= {name for of_list, name in self.held.keys() | self.refused if of_list == list_id}
                self._renewed(list_id)
            self._equal(list_id, sandbox, ledger, uncertain)
            if is_complete:
                self._members(list_id, ledger, explained=explained)
                self._nobody_barred(list_id, sandbox)
            elif list_id in states:
                self._left_over(list_id, ledger)
        for missing in self.wanted.lists.keys() - self.lists.keys():
            if states.get(missing) in COMPLETE:
                self._members(missing, {}, explained=explained)
        self._plan_adds_up()
        self._nobody_twice()
        self._arms(states)
        return self.findings

    def after_a_question(self):
        """The platforms were asked: what is certain in the ledger is on the lists, and nobody else is."""
        for list_id, external_id in self.lists.items():
            sandbox = self.shop.held_by_sandbox(external_id) if external_id else []
            ledger, uncertain = self._ledger(list_id)
            self._equal(list_id, sandbox, ledger, uncertain)
        self._log_grew()
        return self.findings

    def after_an_erasure(self):
        """By no identifier of theirs is the person on any list, also of audiences that are paused or gone."""
        for list_id, external_id in self.lists.items():
            if external_id:
                self._nobody_barred(list_id, self.shop.held_by_sandbox(external_id), self.oracle.forgotten())
        return self.after_a_question()

    def after_a_death(self):
        """A run was killed: nobody is on a platform of whom the ledger has not even an intent."""
        for list_id, external_id in self.lists.items():
            if external_id:
                ledger, _ = self._ledger(list_id)
                self._known(list_id, self.shop.held_by_sandbox(external_id), {**ledger, "open": self._open(list_id)})
        self._log_grew()
        return self.findings

    # what there is ------------------------------------------------------------------------------------------------

    def _name(self, key):
        return self.names.get(short(key), NOBODY)

    def _entries(self):
        rows = self.shop.rows(
            "select experiment, member_key, arm from sync.experiment_entries order by entered_at, member_key"
        )
        return {(experiment, self._name(key)): arm for experiment, key, arm in rows}

    def _held_changes(self):
        """By list and customer, the operations that the run's plan holds; a row that changes hands waits with them."""
        rows = self.shop.rows(
            "select list_id, member_key, operation from sync.plan_changes"
            " where plan_id = ? and (is_held or phase = 3) and phase > 0",
            self.shop.planned.plan_id if self.shop.planned else None,
        )
        found: dict[tuple[str, str], set[str]] = {}
        for list_id, key, operation in rows:
            found.setdefault((list_id, self._name(key)), set()).add(operation)
        return found

    def _refused(self):
        """By list, the customers whose identifiers the platform does not take: in quarantine, or refused in this run."""
        rows = self.shop.rows(
            "select list_id, member_key from sync.quarantine union"
            " select list_id, member_key from sync.plan_changes where plan_id = ? and refusal is not null",
            self.shop.planned.plan_id if self.shop.planned else None,
        )
        return {(list_id, self._name(key)) for list_id, key in rows}

    def _ledger(self, list_id):
        """By customer, the rows that the ledger believes to be on a list; and of whom the answer is unknown."""
        rows = self.shop.rows(
            "select member_key, identifiers, level from sync.memberships where list_id = ? and leaving_at is null",
            list_id,
        )
        found: dict[str, frozenset[str]] = {}
        for key, identifiers, _ in rows:
            found[self._name(key)] = found.get(self._name(key), frozenset()) | frozenset(identifiers)
        return found, {self._name(key) for key, _, level in rows if level == "sent"}

    def _forgotten_there(self, list_id):
        """Of whom the platform may have forgotten the membership by now: their days are over."""
        rows = self.shop.rows(
            "select member_key from sync.memberships where list_id = ? and expires_at <= ?",
            list_id, self.shop.now + AN_HOUR,
        )  # fmt: skip
        return {self._name(key) for (key,) in rows}

    def _renewed(self, list_id):
        """After a whole run nobody is about to be forgotten by the platform."""
        rows = self.shop.rows(
            "select member_key from sync.memberships where list_id = ? and leaving_at is null and expires_at <= ?",
            list_id, self.shop.now + A_RENEWAL_BEFORE,
        )  # fmt: skip
        late = {self._name(key) for (key,) in rows} & self.wanted.lists.get(list_id, {}).keys()
        late = {one for one in late if (list_id, one) not in self.refused}
        if late:
            self._find(list_id, "not renewed, though soon forgotten, are", sorted(late))

    def _open(self, list_id):
        """The rows of requests that were begun, whatever became of them."""
        rows = self.shop.rows(
            "select distinct unnest(change.identifiers) from sync.batches as batch inner join sync.plan_changes as change"
            " using (plan_id, list_id, phase, batch_number) where list_id = ? and phase = 2 and not is_folded",
            list_id,
        )
        return frozenset(row for (row,) in rows)

    # lists and ledger ---------------------------------------------------------------------------------------------

    def _equal(self, list_id, sandbox, ledger, uncertain):
        """The platform has exactly the people of the ledger; those of whom the answer is unknown may be missing."""
        self._known(list_id, sandbox, ledger)
        held, away = set().union(*sandbox), self.shop.turned_away
        uncertain = uncertain | self._forgotten_there(list_id)
        certain = identifying(
            row
            for name, rows in ledger.items()
            if name not in uncertain
            for row in rows
            if not identifying([row]) & away
        )
        if certain - held:
            self._find(list_id, "only in the ledger are", self._who(certain - held))
        if away:
            return
        least = sum(self._has_their_own(name, rows) for name, rows in ledger.items() if name not in uncertain)
        most = len({self.owners[one] for one in certain})
        if len(sandbox) < least or (not uncertain and len(sandbox) > most):
            self._find(list_id, f"{len(sandbox)} people are on it, and {least} to {most} in the ledger", [])

    def _has_their_own(self, name, rows):
        """Whether a contact of a member is theirs: who is found by borrowed ones only is, there, whom they are of."""
        return any(f"c{self.owners[one]:03}" == name for one in identifying(rows))

    def _known(self, list_id, sandbox, ledger):
        """Nobody is on the platform whom the ledger does not know."""
        held, known = set().union(*sandbox), identifying(row for rows in ledger.values() for row in rows)
        if held - known:
            self._find(list_id, "unknown to the ledger are", self._who(held - known))

    def _members(self, list_id, ledger, *, explained):
        """Each member as wanted, or a reason why not. A refusal is a reason at the very end too."""
        wanted = self.wanted.lists.get(list_id, {})
        for name in sorted(wanted.keys() | ledger.keys()):
            want, have = wanted.get(name), ledger.get(name)
            if want == have:
                met["as wanted"] += 1
                continue
            missing = "update" if want and have else "add" if want else "remove"
            reason = self._reason(list_id, name, missing, explained=explained)
            met[reason or "without a reason"] += 1
            if reason is None:
                self._find(list_id, f"no reason why {missing} was not done of", [name])

    def _left_over(self, list_id, ledger):
        """A run that broke off says so, and why, as long as anybody is left; of whom the platform keeps, their rows say it."""
        wanted = self.wanted.lists.get(list_id, {})
        left = [name for name in wanted.keys() | ledger.keys() if wanted.get(name) != ledger.get(name)]
        ((is_complete, why),) = self.shop.rows(
            "select is_complete, remainder from sync.lists where list_id = ?", list_id
        )
        met["left by quota" if "quota" in (why or "") else "left by a run that broke off"] += len(left)
        ((kept,),) = self.shop.rows(
            "select count(*) from sync.quarantine where list_id = ? and starts_with(reason, 'not removed')", list_id
        )
        if (is_complete or not why) and not kept:
            self._find(list_id, "the ledger does not say why it is incomplete", [])

    def _reason(self, list_id, name, missing, *, explained):
        """Why something was not done of a member; None where it should have been."""
        if (list_id, name) in self.refused:
            return "refused by the platform"
        if self._is_frozen(list_id) and missing != "add" and not self._must_go(name):
            return "paused"
        if "absorb" in self.held.get((list_id, name), ()) and any(of_list == list_id for of_list, _ in self.refused):
            return "waits for somebody refused, who is the same person"
        if explained and missing == "update" and self._waits_for_recipe(list_id, name):
            return "waits for the recipe's day"
        as_planned = {missing, "absorb", *(["renew"] if missing == "update" else [])}  # a renewal may bring other rows
        if explained and self.held.get((list_id, name), set()) & as_planned:
            return "held by a guard"
        return None

    def _waits_for_recipe(self, list_id, name):
        """Somebody whose hashes are of an older recipe, on a list on which some wait for a later day."""
        waiting = sum(one.waiting.get("recipe", 0) for one in self.shop.planned.lists if one.list == list_id)
        recipe = self.recipes.get((list_id, name)) or ""
        return waiting > 0 and recipe.split(".")[0] != str(self.world.recipe)

    def _is_frozen(self, list_id):
        """A paused audience's lists stay as they are, but for people who must go."""
        return bool(self.shop.definitions.get(list_id.split("@")[0], {}).get("paused"))

    def _must_go(self, name):
        customer = self.oracle.customers.get(name)
        return customer is not None and (customer.consent == "denied" or self.oracle.is_erased(name))

    def _nobody_barred(self, list_id, sandbox, barred=None):
        """No identifier of somebody erased or denied, if the platform took the removal."""
        barred = (self.oracle.barred() if barred is None else barred) & set().union(*sandbox)
        for list_of_it, name in self.refused:
            if list_of_it == list_id and name in self.oracle.customers:
                barred -= self.oracle.hashes(name)
        if barred:
            self._find(list_id, "on it are, though erased or denied,", self._who(barred))

    # the plan and the experiments ---------------------------------------------------------------------------------

    def _plan_adds_up(self):
        """Members and who fell out are the segment's customers; each list has as many members as wanted."""
        for name, definition in self.shop.definitions.items():
            lists = [one for one in self.shop.planned.lists if one.audience == name]
            if not lists or definition.get("paused"):
                continue
            sent = [one for one in lists if one.split != HELD_OUT and one.state == "active"]
            counted = sum(one.members for one in sent) + sum(lists[0].dropped.values())
            expected = len(self.world.members_of(definition["segment"]))
            if counted != expected:
                self._find(name, f"members and dropped are {counted}, the segment has {expected}", [])
            for one in lists:
                if one.members != len(self.wanted.lists.get(one.list, {})):
                    self._find(one.list, f"the plan says {one.members} members", [])

    def _nobody_twice(self):
        """Who stays on a list because a guard holds their removal is not added to another list of the audience meanwhile."""
        rows = self.shop.rows(
            "select list_id, member_key from sync.plan_changes"
            " where plan_id = ? and phase = 2 and operation = 'add' and not is_held",
            self.shop.planned.plan_id,
        )
        added = {(list_id.split("@")[0], self._name(key)) for list_id, key in rows}
        for (list_id, name), operations in self.held.items():
            if "remove" in operations and (list_id.split("@")[0], name) in added:
                self._find(list_id, "a guard holds the removal, and added to another list is", [name])

    def _log_grew(self):
        """The log was only appended to, and who is new in it had come as far as the draw; by experiment, the new ones."""
        before = self.shop.seen_entries
        self.shop.seen_entries = dict(self.entries)
        if any(self.entries.get(key) != arm for key, arm in before.items()):
            self._find("the log", "an entry was changed or lost", [])
        reached: dict[str, set[str]] = {}
        for name, definition in self._tested():
            reached.setdefault(self.shop.experiments.id_of(name, definition), set()).update(self.wanted.reached[name])
        for experiment, customer in self.entries.keys() - before.keys():
            if customer not in reached.get(experiment, ()):
                self._find(experiment, "in the log, but out before the draw, is", [customer])

    def _tested(self):
        return [
            (name, definition)
            for name, definition in self.shop.definitions.items()
            if has_experiment(definition) and not definition.get("paused")
        ]

    def _arms(self, states):
        """Who came to the draw is in the log, on both sides alike; who is on a list has that list's arm."""
        self._log_grew()
        self._stays(states)
        for name, definition in self._tested():
            lists = [one for one in self.shop.planned.lists if one.audience == name]
            is_complete = lists and all(states[one.list] in COMPLETE and "add" not in one.guard.held for one in lists)
            if is_complete:
                self._lists_have_their_arm(name, definition)
            if is_complete and not self._holds_removals() and self.wanted.unassigned[name]:
                self._find(name, "not in the log, but came to the draw, are", sorted(self.wanted.unassigned[name]))

    def _holds_removals(self):
        """Whether somebody who is held out may wait, like those who are not, because they are still on another list."""
        return any("remove" in one.guard.held for one in self.shop.planned.lists)

    def _stays(self, states):
        """After a whole run of which nothing was held, who is on a list or held out is in the history, and nobody else."""
        parts = {root.own_id: one.id for one in self.oracle.customers.values() for root in one.roots}
        for name in self.wanted.present:
            lists = [one for one in self.shop.planned.lists if one.audience == name and one.state == "active"]
            if not lists or any(states[one.list] not in COMPLETE or one.guard.held for one in lists):
                continue
            if self._holds_removals():
                continue
            rows = self.shop.rows(
                "select member_key from sync.audience_history where audience = ? and left_at is null", name
            )
            inside = {parts.get(self._name(key), self._name(key)) for (key,) in rows}
            present, on_a_list = self.wanted.present[name], self._on_a_list(name)
            begun = {one for one in present if one in on_a_list or self._is_held_out(name, one)}
            if not begun <= inside <= present:
                differ = (begun - inside) | (inside - present)
                self._find(name, "its history and who is in it differ by", sorted(differ))

    def _on_a_list(self, name):
        return {one for list_id in self.lists if list_id.split("@")[0] == name for one in self._ledger(list_id)[0]}

    def _is_held_out(self, name, customer):
        return self.oracle.arm(name, self.shop.definitions[name], customer) == HELD_OUT

    def _lists_have_their_arm(self, name, definition):
        for list_id in self.lists:
            if not list_id.startswith(f"{name}@"):
                continue
            arm = list_id.split("/")[1] if "/" in list_id else TREATED
            for member in self._ledger(list_id)[0]:
                found = self.oracle.arm(name, definition, member)
                if found != arm and (list_id, member) not in self.held and (list_id, member) not in self.refused:
                    self._find(list_id, f"on it, though in the log as {found}, is", [member])

    # words --------------------------------------------------------------------------------------------------------

    def _who(self, hashes):
        return sorted({f"c{self.owners[one]:03}" if one in self.owners else NOBODY for one in hashes})

    def _find(self, place, what, names):
        self.findings.append(f"{place}: {what} {', '.join(names)}".strip())
