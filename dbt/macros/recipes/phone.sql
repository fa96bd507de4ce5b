{# A phone number as +, calling code, national number. See phone.yml for what is tried, and in which order. #}
{% macro phone_e164(raw, country, shop_country) -%}
  {%- set inner -%}
    {{ with_names('facts', {
      'dialled': 'given.dialled',
      'region': 'given.region',
      'code': phone_calling_code('given.region'),
      'shop': 'given.shop',
      'shop_code': phone_calling_code('given.shop'),
    }, phone_reading()) }}
  {%- endset -%}
  {{ with_names('given', {
    'dialled': phone_dialled(raw),
    'region': country_code(country),
    'shop': country_code(shop_country),
  }, inner) }}
{%- endmacro %}

{# E.164 without the plus, as Meta and Snapchat want it. #}
{% macro phone_digits(e164) -%}
  nullif(replace({{ e164 }}, '+', ''), '')
{%- endmacro %}

{# What was dialled: digits, with a plus before them where the number is an international one. #}
{% macro phone_dialled(raw) -%}
  {%- set latin = "translate(" ~ clean_text(raw) ~ ", '＋０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹', '+012345678901234567890123456789')" -%}
  {%- set whole = regex_replace(phone_unscientific(latin), '^([+]?[0-9]+)\\.0*$', '\\1') -%}
  {%- set single = regex_replace(whole, '(?i)[ ,;/.]*(?:ext|extension|x|#|int)[.:= ]*[0-9]{1,7}$', '') -%}
  {%- set signed = regex_replace(single, '^[^0-9]*[+][^0-9]*', '+') -%}
  {{ regex_replace(regex_replace(signed, '[^0-9+]+|([0-9])[+]', '\\1'), '^[+]0', '0') }}
{%- endmacro %}

{# A number that a spreadsheet wrote as 1.5559876543E+10, if no digit was lost. #}
{% macro phone_unscientific(expression) -%}
  case
    when {{ regex_matches(expression, '^[+]?[0-9]\\.[0-9]{8,}[eE][+]?[0-9]{1,2}$') }}
      then cast({{ try_integer(expression) }} as {{ dbt.type_string() }})
    else {{ expression }}
  end
{%- endmacro %}

{% macro try_integer(expression) -%}
  {{ return(adapter.dispatch('try_integer', 'boomerang')(expression)) }}
{%- endmacro %}

{% macro default__try_integer(expression) -%}
  try_cast({{ expression }} as decimal(38, 0))
{%- endmacro %}

{% macro bigquery__try_integer(expression) -%}
  safe_cast({{ expression }} as numeric)
{%- endmacro %}

{% macro phone_calling_code(region) -%}
  case
    {%- for code, regions in phone_calling_codes().items() %}
    when {{ region }} in ('{{ regions | join("', '") }}') then '{{ code }}'
    {%- endfor %}
  end
{%- endmacro %}

{# The first reading that has the shape of a number of its calling code; needs the names that phone_e164 gives. #}
{% macro phone_reading() -%}
  {%- set readings = [
    "case when facts.dialled like '+%' then facts.dialled end",
    "'+' || " ~ regex_replace("coalesce(facts.region, facts.shop) || facts.dialled", phone_idd_pattern(), ''),
    "case when facts.dialled like '00%' then '+' || substr(facts.dialled, 3) end",
  ] + phone_home_readings('region', 'code') + phone_home_readings('shop', 'shop_code') -%}
  {%- set candidates = [] -%}
  {%- for reading in readings -%}
    {%- do candidates.extend([phone_without_trunk(reading), reading]) -%}
  {%- endfor -%}
  {{ first_match(candidates, phone_pattern()) }}
{%- endmacro %}

{# How a number may be meant in a region: national, with the calling code but no plus, without its area code. #}
{% macro phone_home_readings(region, code) -%}
  {%- do return([
    "'+' || facts." ~ code ~ " || facts.dialled",
    "case when starts_with(facts.dialled, facts." ~ code ~ ") then '+' || facts.dialled end",
    "case when " ~ regex_matches("facts." ~ region ~ " || facts.dialled", phone_local_pattern())
      ~ " then '+' || facts." ~ code ~ " || " ~ phone_local_area("facts." ~ region) ~ " || facts.dialled end",
  ]) -%}
{%- endmacro %}

{% macro phone_local_area(region) -%}
  case
    {%- for area, regions in phone_local_areas().items() %}
    when {{ region }} in ('{{ regions | join("', '") }}') then '{{ area }}'
    {%- endfor %}
  end
{%- endmacro %}

{# A trunk prefix behind the calling code is dropped; Argentina's 15 behind the area code becomes a 9 before it. #}
{% macro phone_without_trunk(expression) -%}
  {%- set bare = regex_replace(expression, phone_trunk_pattern(), phone_trunk_replacement()) -%}
  {{ regex_replace(bare, '^\\+54(' ~ phone_argentine_areas() ~ ')15', '+549\\1') }}
{%- endmacro %}
