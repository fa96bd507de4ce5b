{% snapshot product_states %}

{{ config(
    unique_key='product_id',
    strategy='check',
    check_cols=['price', 'stock', 'is_active'],
    updated_at='observed_at',
    snapshot_meta_column_names={
        'dbt_scd_id': 'product_state_id', 'dbt_updated_at': 'updated_at', 'dbt_valid_from': 'valid_from', 'dbt_valid_to': 'valid_to'
    },
) }}

{# A build for a time that the history already covers adds nothing to it. #}
select
    product_ref as product_id,
    price,
    stock,
    is_active,
    {{ as_of() }} as observed_at
from {{ ref('int_catalogue') }}
{% if execute and flags.WHICH in ['build', 'snapshot'] and load_relation(this) is not none %}
where {{ as_of() }} > (select coalesce(max(observed_at), timestamp '1970-01-01 00:00:00') from {{ this }})
{% endif %}

{% endsnapshot %}
