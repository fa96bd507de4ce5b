with rules as (
    select *
    from {{ ref('complements') }}
    where (starts_on is null or starts_on <= {{ shop_date(as_of()) }})
        and (ends_on is null or ends_on >= {{ shop_date(as_of()) }})
),

products as (
    select * from {{ ref('dim_products') }}
),

matched as (
    select
        anchors.product_id as product_a_id,
        recommended.product_id as product_b_id,
        coalesce(rules.priority, 100) as priority,
        coalesce(rules.is_block, false) as is_block,
        rules.anchor_product_id is not null as is_exact
    from rules
    inner join products as anchors
        on rules.anchor_product_id = anchors.product_id
        or (
            rules.anchor_product_id is null
            and rules.anchor_category in (anchors.category, anchors.leaf_category, anchors.category_path)
        )
    inner join products as recommended on rules.recommended_product_id = recommended.product_id
    where anchors.product_id <> recommended.product_id
)

select product_a_id, product_b_id, {{ integer('priority') }} as priority, is_block
from matched
qualify row_number() over (
    partition by product_a_id, product_b_id
    order by case when is_exact then 0 else 1 end, case when is_block then 0 else 1 end, priority
) = 1
