-- A plan changes nothing but itself: how long each value of a split was small is in force once the plan is applied.

alter table sync.plans add column split_values json;  -- family, and by value the builds in a row that it was small; null without a split

-- Nobody is on two lists of a family, under no key of theirs.

alter table sync.plan_changes add column current_key uuid;  -- of a removal: the key that the person has by now; null for the same

-- Both arms of a list are logged when its additions go. The strata of an experiment are the values of a split.

alter table sync.plan_changes add column stratum varchar;  -- of an entry: the value whose list they are on, or would be on
