{% set shrink = 10 %}

with orders as (
    select customer_id, ordered_date from {{ ref('int_customer_own_orders') }}
),

history as (
    select {{ dbt.datediff('min(ordered_date)', shop_date(as_of()), 'day') }} as history_days from orders
),

look_backs as (
    select days_back, cast({{ dbt.dateadd('day', '-days_back', shop_date(as_of())) }} as date) as looked_on
    from (
        select 90 as days_back
        {%- for days_back in [120, 150, 180, 365] %}
        union all
        select {{ days_back }}
        {%- endfor %}
    ) as days
    cross join history
    where days_back < 365 or history_days >= 365 + days_back
),

customers as (
    select
        look_backs.days_back,
        orders.customer_id,
        min({{ dbt.datediff('orders.ordered_date', 'look_backs.looked_on', 'day') }}) as silent_days,
        sum(case when {{ dbt.datediff('orders.ordered_date', 'look_backs.looked_on', 'day') }} < 365 then 1 else 0 end)
            as order_count_365
    from look_backs
    inner join orders on orders.ordered_date <= look_backs.looked_on
    group by 1, 2
),

returned as (
    select distinct look_backs.days_back, orders.customer_id
    from look_backs
    inner join orders
        on orders.ordered_date > look_backs.looked_on
        and {{ dbt.datediff('look_backs.looked_on', 'orders.ordered_date', 'day') }} <= 90
),

counts as (
    select
        {{ cell_number('customers.silent_days', recency_cells()) }} as recency_cell,
        {{ cell_number('customers.order_count_365', frequency_cells()) }} as frequency_cell,
        count(*) as customer_count,
        count(returned.customer_id) as returned_count
    from customers
    left join returned
        on customers.days_back = returned.days_back
        and customers.customer_id = returned.customer_id
    group by 1, 2
),

frequency_rows as (
    select frequency_cell, sum(customer_count) as customer_count, sum(returned_count) as returned_count
    from counts
    group by frequency_cell
),

recencies as (
    {%- for cell in recency_cells() %}
    select
        {{ loop.index }} as recency_cell,
        {{ cell[0] }} as silent_days_from,
        {{ 'null' if cell[1] is none else cell[1] }} as silent_days_to
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    recencies.recency_cell,
    frequency_rows.frequency_cell,
    recencies.silent_days_from,
    recencies.silent_days_to,
    coalesce(counts.customer_count, 0) as customer_count,
    coalesce(counts.returned_count, 0) as returned_count,
    round(
        (
            coalesce(counts.returned_count, 0)
            + cast({{ shrink }} as {{ double_type() }}) * frequency_rows.returned_count / frequency_rows.customer_count
        ) / (coalesce(counts.customer_count, 0) + {{ shrink }}),
        6
    ) as p_return_90
from recencies
cross join frequency_rows
left join counts
    on recencies.recency_cell = counts.recency_cell
    and frequency_rows.frequency_cell = counts.frequency_cell
