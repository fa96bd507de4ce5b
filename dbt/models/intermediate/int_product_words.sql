with words as (
    {{ name_words(ref('dim_products'), 'product_id', 'name') }}
),

variant_words as (
    select word from {{ ref('variant_words') }}
)

select distinct words.product_id, words.word
from words
left join variant_words on words.word = variant_words.word
where variant_words.word is null
