{#- Each round carries the smallest ref_number one reference further: from references to the keys they hold, and back. -#}
{% set rounds = var('identity_rounds') %}

with refs as (
    select * from {{ ref('int_identity_refs') }}
),

edges as (
    select refs.ref_number, keys.identity_key
    from {{ ref('int_identity_keys') }} as keys
    inner join refs
        on keys.source = refs.source
        and keys.ref_kind = refs.ref_kind
        and keys.ref = refs.ref
    where not keys.is_shared and keys.ref_count > 1
),

round_0 as (
    select ref_number, ref_number as label from refs
),

{% for number in range(1, rounds + 1) -%}
keys_{{ number }} as (
    select edges.identity_key, min(labels.label) as label
    from edges
    inner join round_{{ number - 1 }} as labels on edges.ref_number = labels.ref_number
    group by edges.identity_key
),

round_{{ number }} as (
    select edges.ref_number, min(labels.label) as label
    from edges
    inner join keys_{{ number }} as labels on edges.identity_key = labels.identity_key
    group by edges.ref_number
),

{% endfor -%}
labelled as (
    select
        refs.ref_number,
        coalesce(labels.label, refs.ref_number) as first_ref_number
    from refs
    left join round_{{ rounds }} as labels on refs.ref_number = labels.ref_number
)

select * from labelled
