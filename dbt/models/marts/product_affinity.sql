with pairs as (
    select
        *,
        {{ pair_support('n', 'basket_count') }} as support,
        {{ pair_confidence('n', 'n_a') }} as confidence,
        {{ pair_lift('n', 'n_a', 'n_b', 'basket_count') }} as lift
    from {{ ref('int_product_pairs') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

substitutes as (
    select * from {{ ref('int_product_substitutes') }}
),

margins as (
    select * from {{ ref('int_product_margins') }}
),

judged as (
    select
        pairs.*,
        substitutes.substitute_reason,
        round(pairs.confidence * cast(coalesce(margins.margin, 1) as {{ double_type() }}), 6) as score,
        coalesce(
            not pairs.is_block,
            pairs.lift >= {{ var('affinity_min_lift') }}
            and substitutes.substitute_reason is null
            and (not a.is_durable or coalesce(b.price <= {{ var('accessory_price_share') }} * a.price, false))
        ) as is_complement
    from pairs
    inner join products as a on pairs.product_a_id = a.product_id
    inner join products as b on pairs.product_b_id = b.product_id
    left join substitutes
        on pairs.product_a_id = substitutes.product_a_id
        and pairs.product_b_id = substitutes.product_b_id
    left join margins on pairs.product_b_id = margins.product_id
)

select
    product_a_id,
    product_b_id,
    n,
    n_a,
    n_b,
    basket_count,
    support,
    confidence,
    lift,
    score,
    substitute_reason is not null as is_substitute,
    substitute_reason,
    is_block is not null as is_manual,
    is_complement,
    case when is_complement then row_number() over (
        partition by is_complement
        order by
            case when is_block is null then 1 else 0 end,
            priority,
            score desc nulls last,
            n desc nulls last,
            product_a_id,
            product_b_id
    ) end as complement_rank
from judged
