{#
  Directed pairs item_a, item_b of one item column, with the counts behind support, confidence and lift.

  `items` holds one row per basket and item with `is_anchor`: where it is true the basket counts as one of A; every row counts
  as one of B. In basket mode all rows are anchors, so the counts are the same in both directions. `baskets` is where N is counted.
  Items below the minimum leave before they are paired, so the cost follows the pairs that can qualify.
#}
{% macro counted_pairs(items, item, baskets) -%}
with basket_total as (
    select count(distinct basket_id) as basket_count from {{ baskets }}
),

item_counts as (
    select
        {{ item }} as item,
        count(*) as basket_count,
        sum(case when is_anchor then 1 else 0 end) as anchor_count
    from {{ items }}
    group by 1
),

frequent as (
    select items.basket_id, item_counts.item, items.is_anchor, item_counts.anchor_count
    from {{ items }} as items
    inner join item_counts on items.{{ item }} = item_counts.item
    where item_counts.basket_count >= {{ var('affinity_min_count') }}
),

pairs as (
    select a.item as item_a, b.item as item_b, count(*) as n
    from frequent as a
    inner join frequent as b
        on a.basket_id = b.basket_id
        and a.item <> b.item
    where a.is_anchor and a.anchor_count >= {{ var('affinity_min_count') }}
    group by 1, 2
    having count(*) >= {{ var('affinity_min_count') }}
)

select
    pairs.item_a,
    pairs.item_b,
    pairs.n,
    {{ integer('a.anchor_count') }} as n_a,
    b.basket_count as n_b,
    basket_total.basket_count
from pairs
inner join item_counts as a on pairs.item_a = a.item
inner join item_counts as b on pairs.item_b = b.item
cross join basket_total
where {{ pair_support('pairs.n', 'basket_total.basket_count') }} >= {{ var('affinity_min_support') }}
{%- endmacro %}

{# Ratios of a pair: doubles, one order of operations, six decimals. Everything that compares or ranks uses these. #}
{% macro pair_support(n, basket_count) -%}
  round({{ n }} / {{ basket_count }}, 6)
{%- endmacro %}

{% macro pair_confidence(n, n_a) -%}
  round({{ n }} / {{ n_a }}, 6)
{%- endmacro %}

{% macro pair_lift(n, n_a, n_b, basket_count) -%}
  round({{ n }} * {{ basket_count }} / ({{ n_a }} * {{ n_b }}), 6)
{%- endmacro %}
