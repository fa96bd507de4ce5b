with events as (
    {{ union_sources('events') }}
),

wishlist_items as (
    {{ union_sources('wishlist_items') }}
),

loyalty as (
    {{ union_sources('loyalty') }}
),

seen as (
    select source, customer_ref, visitor_ref, occurred_at as seen_at from events
    union all
    select source, customer_ref, visitor_ref, added_at from wishlist_items
    union all
    select source, customer_ref, null, enrolled_at from loyalty
)

select
    source,
    customer_ref,
    visitor_ref,
    min(seen_at) as first_seen_at
from seen
where customer_ref is not null and (seen_at is null or seen_at <= {{ as_of() }})
group by source, customer_ref, visitor_ref
