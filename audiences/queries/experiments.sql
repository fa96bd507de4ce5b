-- Which experiments are open, and what they were opened with.

-- name: newest
select generation, holdout, arms, closed_at is null
from sync.experiments
where experiment = $scope
order by generation desc
limit 1;

-- name: open_ones
select experiment, generation
from sync.experiments
where closed_at is null and list_contains($scopes, experiment)
order by experiment;

-- name: close
update sync.experiments set closed_at = $now where experiment = $scope and closed_at is null;

-- name: open
insert into sync.experiments values ($scope, $generation, $holdout, $arms, $now, null);

-- name: widen
update sync.experiments set holdout = $holdout, arms = $arms
where experiment = $scope and generation = $generation and (holdout <> $holdout or arms <> $arms);

-- name: known_scopes
select audience, scope from sync.audience_scopes;

-- name: begun
select distinct experiment from sync.experiments where list_contains($scopes, experiment);

-- name: forget_scope
delete from sync.audience_scopes where audience = $audience or scope = $scope;

-- name: remember_scope
insert into sync.audience_scopes values ($audience, $scope);
