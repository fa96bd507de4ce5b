with pairs as (
    select product_a_id, product_b_id from {{ ref('int_product_pairs') }}
),

words as (
    select * from {{ ref('int_product_words') }}
),

word_counts as (
    select product_id, count(*) as word_count from words group by product_id
),

shared as (
    select pairs.product_a_id, pairs.product_b_id, count(*) as shared_count
    from pairs
    inner join words as a on pairs.product_a_id = a.product_id
    inner join words as b
        on pairs.product_b_id = b.product_id
        and a.word = b.word
    group by 1, 2
)

select
    shared.product_a_id,
    shared.product_b_id,
    round(shared_count / (a.word_count + b.word_count - shared_count), 6) as name_overlap
from shared
inner join word_counts as a on shared.product_a_id = a.product_id
inner join word_counts as b on shared.product_b_id = b.product_id
