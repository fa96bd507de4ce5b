{# First or last name for Meta: lower case, no punctuation, no blanks; any script stays. #}
{% macro meta_name(column) -%}
  {{ with_a_letter(regex_replace(lower_case(clean_text(column)), '[\\p{P}\\p{S}\\p{Z}\\p{C}\\s]+', '')) }}
{%- endmacro %}

{% macro meta_city(column) -%}
  nullif({{ latin_letters(column) }}, '')
{%- endmacro %}

{# Two letters in the United States, whether code or name was given; elsewhere the name in letters. #}
{% macro meta_state(column, country) -%}
  {%- set names -%}
    case it.letters
      {%- for code, state_names in us_states().items() %}
      {%- for name in [code, 'us' ~ code] + state_names %}
      when '{{ name }}' then '{{ code }}'
      {%- endfor %}
      {%- endfor %}
    end
  {%- endset -%}
  {%- set body = "case when it.country = 'US' then " ~ names ~ " else nullif(it.letters, '') end" -%}
  {{ with_names('it', {'letters': latin_letters(column), 'country': country_code(country)}, body) }}
{%- endmacro %}

{# Lower case, no blanks. United States: five digits, zeros that a spreadsheet lost put back. #}
{% macro meta_postcode(column, country) -%}
  {%- set spaceless = regex_replace(lower_case(clean_text(column)), '[\\s\\p{Z}\\p{Cc}]+', '') -%}
  {%- set whole = regex_replace(spaceless, '^([0-9]+)\\.0+$', '\\1') -%}
  {%- set zip = regex_find(regex_replace('it.code', '-[0-9]{0,4}$', ''), '^[0-9]{3,9}$') -%}
  {%- set body -%}
    case
      when it.country in ('US', 'PR', 'VI', 'GU', 'AS', 'MP') then
        case
          when length({{ zip }}) <= 5 then lpad({{ zip }}, 5, '0')
          when length({{ zip }}) >= 8 then substr(lpad({{ zip }}, 9, '0'), 1, 5)
        end
      else nullif(it.code, '')
    end
  {%- endset -%}
  {{ with_names('it', {'code': whole, 'country': country_code(country)}, body) }}
{%- endmacro %}

{% macro meta_country(column) -%}
  {{ regex_find('lower(' ~ country_code(clean_text(column)) ~ ')', '^[a-z]{2}$') }}
{%- endmacro %}

{% macro meta_gender(column) -%}
  case {{ regex_replace(lower_case(clean_text(column)), '[^a-z]+', '') }}
    when 'm' then 'm' when 'male' then 'm' when 'man' then 'm'
    when 'f' then 'f' when 'female' then 'f' when 'woman' then 'f'
  end
{%- endmacro %}

{# YYYYMMDD, from 1900 on. Takes a date or text as year-month-day, day.month.year or month/day/year. #}
{% macro meta_birth_date(column) -%}
  {%- set day = regex_find(clean_text(column), '^[0-9]{1,4}[-./]?[0-9]{1,2}[-./]?[0-9]{1,4}') -%}
  {%- set us = regex_replace(day, '^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$', '\\3-\\1-\\2') -%}
  {%- set eu = regex_replace(us, '^([0-9]{1,2})\\.([0-9]{1,2})\\.([0-9]{4})$', '\\3-\\2-\\1') -%}
  {%- set iso = regex_replace(eu, '^([0-9]{4})[-/.]?([0-9]{1,2})[-/.]?([0-9]{1,2})$', '\\1-\\2-\\3') -%}
  {%- set checked = 'cast(' ~ try_date(iso) ~ ' as ' ~ dbt.type_string() ~ ')' -%}
  {{ regex_find(regex_replace(checked, '-', ''), '^(?:19|20)[0-9]{6}$') }}
{%- endmacro %}

{% macro try_date(expression) -%}
  {{ return(adapter.dispatch('try_date', 'boomerang')(expression)) }}
{%- endmacro %}

{% macro default__try_date(expression) -%}
  try_cast({{ expression }} as date)
{%- endmacro %}

{% macro bigquery__try_date(expression) -%}
  safe_cast({{ expression }} as date)
{%- endmacro %}
