with purchase_days as (
    select distinct customer_id, ordered_date from {{ ref('int_customer_own_orders') }}
),

previous as (
    select
        customer_id,
        ordered_date,
        lag(ordered_date) over (partition by customer_id order by ordered_date) as previous_date
    from purchase_days
),

gaps as (
    select
        customer_id,
        {{ dbt.datediff('previous_date', 'ordered_date', 'day') }} as gap_days
    from previous
),

with_shop as (
    select
        customer_id,
        gap_days,
        {{ percentile_over_all('gap_days', 0.8) }} as shop_gap_p80
    from gaps
)

select
    customer_id,
    count(*) as purchase_day_count,
    max(gap_days) as longest_gap_days,
    round(max(shop_gap_p80), 6) as shop_gap_p80
from with_shop
group by customer_id
