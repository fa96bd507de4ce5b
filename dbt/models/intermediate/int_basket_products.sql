{# In basket mode a basket is an order. In over_time mode it is an order and all that its customer bought within affinity_days from then on. #}
{% set is_over_time = var('affinity_mode') == 'over_time' %}

with orders as (
    select distinct order_id, customer_id, ordered_at, ordered_date, product_id
    from {{ ref('fct_order_lines') }}
    where is_valid
    {%- if not var('affinity_include_unknown') %} and customer_id is not null{% endif %}
)
{%- if is_over_time %},

anchors as (
    select distinct order_id, customer_id, ordered_at, ordered_date from orders
),

later as (
    select anchors.order_id, orders.product_id
    from anchors
    inner join orders
        on anchors.customer_id = orders.customer_id
        and anchors.ordered_at <= orders.ordered_at
        and anchors.order_id <> orders.order_id
    where {{ dbt.datediff('anchors.ordered_date', 'orders.ordered_date', 'day') }} < {{ var('affinity_days') }}
)

select order_id as basket_id, product_id, max(anchor) = 1 as is_anchor
from (
    select order_id, product_id, 1 as anchor from orders
    union all
    select order_id, product_id, 0 as anchor from later
) as bought
group by 1, 2
{%- else %}

select order_id as basket_id, product_id, true as is_anchor from orders
{%- endif %}
