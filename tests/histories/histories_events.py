"""What can happen between two runs: each event is a function of the world and two numbers that choose the people."""

from __future__ import annotations

from histories_world import CATEGORIES

EVENTS = {}


def event(function):
    EVENTS[function.__name__] = function
    return function


@event
def leaves(world, first, _second):
    world.root(first).segments.discard("lapsed")


@event
def comes_back(world, first, _second):
    world.root(first).segments.add("lapsed")


@event
def arrives(world, first, _second):
    world.arrives()


@event
def buys(world, first, _second):
    """Bought: in the segment that audiences exclude."""
    world.root(first).segments.add("recent")


@event
def bought_long_ago(world, first, _second):
    world.root(first).segments.discard("recent")


@event
def changes_taste(world, first, second):
    """From one split to another."""
    world.root(first).category = (*CATEGORIES, None)[second % 4]


@event
def changes_email(world, first, _second):
    root = world.root(first)
    root.emails = [world.new_contact(root.number), *root.emails[1:]]


@event
def adds_email(world, first, _second):
    root = world.root(first)
    if len(root.emails) < 3:
        root.emails.append(world.new_contact(root.number))


@event
def adds_phone(world, first, _second):
    root = world.root(first)
    if len(root.phones) < 2:
        root.phones.append(world.new_contact(root.number))


@event
def loses_phone(world, first, _second):
    world.root(first).phones.clear()


@event
def loses_everything(world, first, _second):
    """Nothing is left by which this person could be found."""
    world.root(first).phones.clear()
    world.root(first).emails.clear()


@event
def shares(world, first, second):
    """One phone for two: the second root gets the first one's."""
    giver, taker = world.root(first), world.root(second)
    if giver is taker or len(taker.phones) > 1:
        return
    if not giver.phones:
        giver.phones.append(world.new_contact(giver.number))
    if giver.phones[0] not in taker.phones:
        taker.phones.append(giver.phones[0])


@event
def shares_the_other_phone(world, first, second):
    """Another phone than the one that the first root shares already, where there are two."""
    giver, taker = world.root(first), world.root(second)
    if giver is not taker and len(giver.phones) > 1 and len(taker.phones) < 2 and giver.phones[-1] not in taker.phones:
        taker.phones.append(giver.phones[-1])


def _sharing(world, first):
    """A contact that several customers on the way to a list have, chosen by a number, and the roots that have it."""
    held = {}
    for root in world.roots:
        if root.is_there and "lapsed" in root.segments and root.consent == "granted":
            for contact in (*root.emails, *root.phones):
                held.setdefault(contact, []).append(root)
    common = [(one, roots) for one, roots in held.items() if len({world.head[root.number] for root in roots}) > 1]
    return common[first % len(common)] if common else (None, [])


def _borrower(world, first, second):
    """Somebody who has a contact that belongs to somebody else's persona; the other one stays as they are."""
    contact, roots = _sharing(world, first)
    others = [root for root in roots if root.number != world.owners[contact]]
    if others:
        return others[second % len(others)]
    shares(world, first, second)  # another day
    return None


@event
def borrower_leaves(world, first, second):
    """Removing them takes somebody off the list who stays: by the shared phone, which is that one's."""
    root = _borrower(world, first, second)
    for one in world.family(root) if root else ():
        one.segments.discard("lapsed")


@event
def borrower_denies(world, first, second):
    root = _borrower(world, first, second)
    for one in world.family(root) if root else ():
        one.consent = "denied"


@event
def borrower_changes_email(world, first, second):
    root = _borrower(world, first, second)
    if root:
        root.emails = [world.new_contact(root.number), *root.emails[1:]]


@event
def borrower_gives_it_back(world, first, second):
    """The shared contact is only the other one's from now on."""
    contact, _ = _sharing(world, first)
    root = _borrower(world, first, second)
    if root:
        root.emails = [one for one in root.emails if one != contact]
        root.phones = [one for one in root.phones if one != contact]


@event
def merges(world, first, second):
    """Two customers turn out to be one person; the later id disappears."""
    heads = sorted({world.head[world.root(first).number], world.head[world.root(second).number]})
    world.head.update({number: heads[0] for number, head in world.head.items() if head in heads})


@event
def comes_apart(world, first, _second):
    for root in world.family(world.root(first)):
        world.head[root.number] = root.number


@event
def denies(world, first, _second):
    for root in world.family(world.root(first)):
        root.consent = "denied"


@event
def becomes_unknown(world, first, _second):
    for root in world.family(world.root(first)):
        root.consent = "unknown"


@event
def is_not_asked(world, first, _second):
    """The gate has no word of this person."""
    for root in world.family(world.root(first)):
        root.consent = None


@event
def grants(world, first, _second):
    for root in world.family(world.root(first)):
        root.consent = "granted"


@event
def disappears(world, first, _second):
    """The shop does not know this account any more."""
    world.root(first).is_there = False


@event
def returns(world, first, _second):
    world.root(first).is_there = True


@event
def table_is_empty(world, first, _second):
    """The segment has no rows today."""
    world.is_empty_day = True


def happen(world, events):
    """A day's events, one after the other."""
    world.is_empty_day = False
    for name, first, second in events:
        EVENTS[name](world, first, second)
    world.settle_owners()
