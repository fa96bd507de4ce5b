-- Who is meant by what somebody typed: one rule for whoever asks. `build` is the published build; nothing is written.

-- name: by_name
-- an id, or so much of it that it cannot be somebody else's; an id of before references were joined; a reference
select customer_id from build.marts.dim_customers
where customer_id = $text or (len($text) >= 12 and starts_with(customer_id, lower($text)))
union
select customer_id from build.marts.customer_refs where ref = $text or (own_id = $text and ref_kind <> 'visitor');

-- name: by_email
select distinct customer_id from build.marts.dim_identifiers where email_canonical = $hash;

-- name: by_phone
select distinct customer_id from build.marts.dim_identifiers where phone_plus = $hash;
