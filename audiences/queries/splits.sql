-- The values of a split, before they become names of lists.

-- name: set_apart
-- those held out have no reason to be out but that one, so they keep their place
update placed set split_value = null
where out_reason is null and (split_value = $held_out or trim(split_value) = '');

-- name: kept
select split_value, small_builds from kept_values order by split_value;

-- name: forget_values
delete from sync.split_values where starts_with(family, $list_id || ' by ');

-- name: remember_values
insert into sync.split_values select $family, unnest($split_values::varchar[]), unnest($small_builds::bigint[]), $build_id;
