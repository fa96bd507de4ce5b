{# A short key of a text: the first 32 hex digits of its SHA-256. Give it a prefix per kind, so that it never equals a platform's hash. #}
{% macro hash_key(expression) -%}
  {{ return(adapter.dispatch('hash_key', 'boomerang')(expression)) }}
{%- endmacro %}

{% macro default__hash_key(expression) -%}
  substr(sha256({{ expression }}), 1, 32)
{%- endmacro %}

{% macro bigquery__hash_key(expression) -%}
  substr(to_hex(sha256({{ expression }})), 1, 32)
{%- endmacro %}

{# A reference is unique within its source only; these are unique over all sources. #}
{% macro order_id(source='source', order_ref='order_ref') -%}
  {{ source }} || ':' || {{ order_ref }}
{%- endmacro %}

{% macro order_line_id(source='source', order_ref='order_ref', line_number='line_number') -%}
  {{ source }} || ':' || {{ order_ref }} || ':' || cast({{ line_number }} as {{ dbt.type_string() }})
{%- endmacro %}

{# The key of a normalised e-mail or E.164 phone in models that must not hold the contact itself. #}
{% macro email_key(email) -%}
  {{ hash_key("'email:' || " ~ email) }}
{%- endmacro %}

{% macro phone_key(phone) -%}
  {{ hash_key("'phone:' || " ~ phone) }}
{%- endmacro %}

{# The hash of a reference that names a customer. The reference of a newsletter reader is made from an e-mail, so a secret is
   mixed in: `boomerang build` gives it as BOOMERANG_ID_SALT; without it whoever has the address can work the id out. #}
{% macro ref_hash(source='source', ref_kind='ref_kind', ref='ref') -%}
  {%- set salt = env_var('BOOMERANG_ID_SALT', '') if execute else '' -%}
  {%- set secret = "case when " ~ ref_kind ~ " = 'subscriber' then '" ~ salt ~ "' else '' end" -%}
  {{ hash_key(secret ~ " || " ~ source ~ " || '|' || " ~ ref_kind ~ " || '|' || " ~ ref) }}
{%- endmacro %}
