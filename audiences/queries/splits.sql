-- The values of a split, before they become names of lists.

-- name: set_apart
-- those held out have no reason to be out but that one, so they keep their place
update placed set split_value = null
where out_reason is null and (split_value = $held_out or trim(split_value) = '');
