{# Text in one spelling: composed (NFC), without invisible characters, blanks trimmed; null for nothing and for words that mean nothing. #}
{% macro clean_text(column) -%}
  {%- set visible = regex_replace('cast(' ~ column ~ ' as ' ~ dbt.type_string() ~ ')', '\\p{Cf}+', '') -%}
  {%- set trimmed = regex_replace(visible, '^[\\s\\p{Z}\\p{Cc}]+|[\\s\\p{Z}\\p{Cc}]+$', '') -%}
  {{ regex_replace(compose(trimmed), '(?i)^(?:|-+|#?n/a|n\\.a\\.|none|null|nil|nan|undefined|unknown|not provided|[0-9a-f]{64})$', '') }}
{%- endmacro %}

{% macro compose(expression) -%}
  {{ return(adapter.dispatch('compose', 'boomerang')(expression)) }}
{%- endmacro %}

{% macro default__compose(expression) -%}
  nfc_normalize({{ expression }})
{%- endmacro %}

{% macro bigquery__compose(expression) -%}
  normalize({{ expression }}, NFC)
{%- endmacro %}

{# Lower case, the same on every engine: the Turkish dotted capital I becomes a plain i. #}
{% macro lower_case(expression) -%}
  lower(replace({{ expression }}, 'İ', 'i'))
{%- endmacro %}

{% macro strip_accents(expression) -%}
  {{ return(adapter.dispatch('strip_accents', 'boomerang')(expression)) }}
{%- endmacro %}

{% macro default__strip_accents(expression) -%}
  strip_accents({{ expression }})
{%- endmacro %}

{% macro bigquery__strip_accents(expression) -%}
  regexp_replace(normalize({{ expression }}, NFD), r'\p{M}', '')
{%- endmacro %}

{# The letters a to z of a text, accents dropped, everything else gone. #}
{% macro latin_letters(column) -%}
  {%- set plain = strip_accents(lower_case(clean_text(column))) -%}
  {%- set spelled = "translate(replace(replace(replace(" ~ plain ~ ", 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'øłđı', 'oldi')" -%}
  {{ regex_replace(spelled, '[^a-z]+', '') }}
{%- endmacro %}

{# A text with a letter of any script in it; null for others. #}
{% macro with_a_letter(expression) -%}
  {{ regex_find(expression, '^.*\\p{L}.*$') }}
{%- endmacro %}
