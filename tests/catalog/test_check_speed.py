"""Two hundred definitions are checked in under a second."""

import time

from audiences.catalog import check, load_catalog

RICH = """\
label: Lapsed buyers {number}
description: Bought before, nothing for six months.       # with a comment
owner: growth@example.com
segment: lapsed_buyers
where:
  all:
    - order_count: {{gte: 2}}
    - country: {{in: [US, CA, NO]}}
    - any: [{{value_tier: top}}, {{first_seen_at: {{within_last_days: 400}}}}]
exclude: [segment:recent_buyers, audience:a{excluded}]
exclusive_group: winback
priority: {number}
holdout: 10%
active: {{from: 2026-11-20, to: 2026-11-30, warm_up_days: 3}}
campaign: {{goal: winback, offer: {{kind: percent, depth: 10%, code: COMEBACK10, ends: 2026-11-30}}, message: hello}}
split_by: {{column: value_tier, max_lists: 20, min_members: 500, rest: other}}
platforms:
  meta: {{account: main}}
  google: {{account: main}}
keep_days: 180
guards: {{max_shrink: 50%, max_growth: 300%, min_members: 100}}
"""


def test_two_hundred_definitions_take_less_than_a_second(write, folder, schema, platforms):
    for number in range(1, 201):
        write(f"a{number}.yaml", RICH.format(number=number, excluded=number - 1).replace(", audience:a0", ""))
    began = time.process_time()

    catalog = load_catalog(folder)
    problems = check(catalog, schema, platforms)
    order = catalog.ordered()

    assert time.process_time() - began < 1
    assert problems == []
    assert [audience.name for audience in order] == [f"a{number}" for number in range(1, 201)]
