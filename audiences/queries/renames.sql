-- Lists that get the name that their audience has by now.

-- name: has_lists
select 1 from sync.lists where audience = $audience limit 1;

-- name: active
-- audiences with a list that somebody looks after
select distinct audience from sync.lists where state = 'active';

-- name: heirs
-- names that were given away, each with the name that the audience has by now
select substr(scope, len('audience:') + 1), audience from sync.audience_scopes;

-- name: move
-- what a plan reads of the lists of an audience, by another name
update sync.audience_history set audience = $audience where audience = $former;
update sync.split_values set family = $audience || substr(family, len($former) + 1) where starts_with(family, $former || '@');
update sync.memberships set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.quarantine set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.lists set list_id = $audience || substr(list_id, len($former) + 1), audience = $audience where audience = $former;

-- name: move_plans
-- the rows of the plan that is being made, or carried out, have their name already. Entries and exits have that of the audience
update sync.plan_changes set list_id = $audience || substr(list_id, len($former) + 1)
where (starts_with(list_id, $former || '@') or list_id = $former) and plan_id <> $plan_id;
update sync.plans set list_id = $audience || substr(list_id, len($former) + 1)
where starts_with(list_id, $former || '@') and plan_id <> $plan_id;

-- name: move_rest
update sync.batches set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.permits set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.erasure_lists set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.list_status set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
update sync.erasure_requests set list_id = $audience || substr(list_id, len($former) + 1) where starts_with(list_id, $former || '@');
