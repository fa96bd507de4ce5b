with orders as (
    select customer_id, ordered_date from {{ ref('int_customer_own_orders') }}
),

last_days as (
    select customer_id, max(ordered_date) as last_ordered_date from orders group by customer_id
),

counts as (
    select
        orders.customer_id,
        {{ days_since_date('last_days.last_ordered_date') }} as silent_days,
        sum(case when {{ days_since_date('orders.ordered_date') }} < 365 then 1 else 0 end) as count_now,
        sum(case when {{ dbt.datediff('orders.ordered_date', 'last_days.last_ordered_date', 'day') }} < 365 then 1 else 0 end)
            as count_then
    from orders
    inner join last_days on orders.customer_id = last_days.customer_id
    group by 1, 2
),

cells as (
    select
        customer_id,
        {{ cell_number('silent_days', recency_cells()) }} as recency_now,
        {{ cell_number('count_now', frequency_cells()) }} as frequency_now,
        {{ cell_number('count_then', frequency_cells()) }} as frequency_then
    from counts
),

curve as (
    select * from {{ ref('int_return_curve') }}
)

select
    cells.customer_id,
    curve_now.p_return_90,
    curve_then.p_return_90 as p_at_last_order
from cells
left join curve as curve_now
    on cells.recency_now = curve_now.recency_cell
    and cells.frequency_now = curve_now.frequency_cell
left join curve as curve_then
    on curve_then.recency_cell = 1
    and cells.frequency_then = curve_then.frequency_cell
