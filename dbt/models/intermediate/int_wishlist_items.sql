with items as (
    {{ union_sources('wishlist_items') }}
),

refs as (
    select * from {{ ref('int_customer_refs') }}
),

table_items as (
    select
        coalesce(accounts.customer_id, visitors.customer_id) as customer_id,
        items.visitor_ref,
        items.product_ref as product_id,
        items.added_at,
        items.removed_at,
        items.price_at_add
    from items
    left join refs as accounts
        on accounts.ref_kind = 'customer' and items.source = accounts.source and items.customer_ref = accounts.ref
    left join refs as visitors
        on visitors.ref_kind = 'visitor' and items.source = visitors.source and items.visitor_ref = visitors.ref
),

moves as (
    select customer_id, visitor_ref, product_id, added_at as moved_at, price_at_add, true as is_add from table_items
    union all
    select customer_id, visitor_ref, product_id, removed_at, null, false from table_items
    union all
    select customer_id, visitor_ref, product_id, occurred_at, value, event_type = 'add_to_wishlist'
    from {{ ref('fct_events') }}
    where event_type = 'remove_from_wishlist' or (event_type = 'add_to_wishlist' and consent_targeting)
),

known as (
    select *, coalesce(customer_id, 'visitor:' || visitor_ref) as owner_key
    from moves
    where moved_at <= {{ as_of() }}
      and product_id is not null
      and (customer_id is not null or visitor_ref is not null)
),

newest_adds as (
    select owner_key, customer_id, product_id, moved_at as added_at, price_at_add
    from known
    where is_add
    {{ keep_newest(['owner_key', 'product_id'], ['moved_at', 'price_at_add']) }}
),

removals as (
    select newest_adds.owner_key, newest_adds.product_id, min(known.moved_at) as removed_at
    from newest_adds
    inner join known
        on newest_adds.owner_key = known.owner_key
        and newest_adds.product_id = known.product_id
        and newest_adds.added_at <= known.moved_at
    where not known.is_add
    group by newest_adds.owner_key, newest_adds.product_id
)

select newest_adds.*, removals.removed_at
from newest_adds
left join removals
    on newest_adds.owner_key = removals.owner_key
    and newest_adds.product_id = removals.product_id
