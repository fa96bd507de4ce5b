{# What was dialled: digits, with a plus before them where the number is an international one. #}
{% macro phone_dialled(raw) -%}
  {%- set text = 'cast(' ~ raw ~ ' as ' ~ dbt.type_string() ~ ')' -%}
  {%- set ending = '^([+]?[0-9]+)[.]0*$|(?i:[ ,;/.]*(?:ext|extension|x|#|int)[.:= ]*[0-9]{1,7}\\s*$)' -%}
  {%- set whole = regex_replace(phone_unscientific(latin_digits(text)), ending, '\\1') -%}
  {{ regex_replace(regex_replace(whole, '[^0-9+]+', ''), '^[+]+0', '0') }}
{%- endmacro %}

{# Full-width, Arabic and Persian digits as 0 to 9. #}
{% macro latin_digits(expression) -%}
  {%- set foreign = '＋０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹' -%}
  case
    when {{ regex_matches(expression, '[' ~ foreign ~ ']') }}
      then translate({{ expression }}, '{{ foreign }}', '+012345678901234567890123456789')
    else {{ expression }}
  end
{%- endmacro %}

{# A number that a spreadsheet wrote as 1.5559876543E+10, if no digit was lost. #}
{% macro phone_unscientific(expression) -%}
  case
    when {{ regex_matches(expression, '^[+]?[0-9][.][0-9]{8,}[eE][+]?[0-9]{1,2}$') }}
      then cast({{ try_whole_number(expression) }} as {{ dbt.type_string() }})
    else {{ expression }}
  end
{%- endmacro %}

{% macro try_whole_number(expression) -%}
  {{ return(adapter.dispatch('try_whole_number', 'boomerang')(expression)) }}
{%- endmacro %}

{% macro default__try_whole_number(expression) -%}
  try_cast({{ expression }} as decimal(38, 0))
{%- endmacro %}

{% macro bigquery__try_whole_number(expression) -%}
  safe_cast({{ expression }} as numeric)
{%- endmacro %}
