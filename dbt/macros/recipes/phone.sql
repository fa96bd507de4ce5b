{# A phone number as plus, calling code and national number. phone.yml says what is tried, and in which order.
   All readings stand in one text, the likeliest first; one search finds the first that can be a number. #}
{% macro phone_e164(raw, country, shop_country) -%}
  {%- set readings = with_names('given', {
    'dialled': phone_dialled(raw),
    'home': 'coalesce(' ~ country_code(country) ~ ', ' ~ country_code(shop_country) ~ ')',
    'own': phone_region_facts(country_code(country)),
    'shop': phone_region_facts(country_code(shop_country)),
  }, phone_readings()) -%}
  {%- set spelled = regex_replace(regex_replace(readings, phone_exit_pattern(), '+'), phone_local_pattern(), ' +\\1 ') -%}
  {%- set chosen = regex_find(spelled, ' [+](?:' ~ phone_number_pattern(with_trunk=true) ~ ') ') -%}
  {{ 'trim(' ~ regex_find(phone_without_trunk(chosen), ' [+](?:' ~ phone_number_pattern() ~ ') ') ~ ')' }}
{%- endmacro %}

{# E.164 without the plus, as Meta and Snapchat want it. #}
{% macro phone_digits(e164) -%}
  nullif(replace({{ e164 }}, '+', ''), '')
{%- endmacro %}

{# Everything that a number may be meant as, each between two blanks; needs the names that phone_e164 gives. #}
{% macro phone_readings() -%}
  case
    when given.dialled like '+%' then ' ' || given.dialled || ' '
    else {{ joined(phone_exit_readings() + phone_home_readings('given.own') + phone_home_readings('given.shop')) }}
  end
{%- endmacro %}

{# Dialled from abroad: with the region's own international prefix (which becomes a plus later), or with 00. #}
{% macro phone_exit_readings() -%}
  {%- do return([
    "' ' || given.home || '~' || given.dialled || ' '",
    "case when given.dialled like '00%' then ' +' || substr(given.dialled, 3) || ' ' end",
  ]) -%}
{%- endmacro %}

{# Dialled at home: longer than any mobile number, so the calling code is there already; national; calling code without plus; local. #}
{% macro phone_home_readings(region) -%}
  {%- set has_code = "starts_with(given.dialled, " ~ region ~ ".code)" -%}
  {%- do return([
    "case when " ~ has_code ~ " and length(given.dialled) > " ~ region ~ ".longest then ' +' || given.dialled || ' ' end",
    "' +' || " ~ region ~ ".code || given.dialled || ' '",
    "case when " ~ has_code ~ " then ' +' || given.dialled || ' ' end",
    "' =' || " ~ region ~ ".code || " ~ region ~ ".area || given.dialled || ' '",
  ]) -%}
{%- endmacro %}

{# The number twice, the first time without what only inside the country is dialled; Argentina's 15 becomes a 9 before the area code. #}
{% macro phone_without_trunk(number) -%}
  {%- set trunk = phone_trunk_pattern() -%}
  {%- set groups = range(1, trunk.count('(') - trunk.count('(?') + 1) -%}
  {%- set bare = regex_replace('repeat(' ~ number ~ ', 2)', trunk, ' +\\' ~ groups | join('\\')) -%}
  {{ regex_replace(bare, '^ [+]54(' ~ phone_argentine_areas() ~ ')15', ' +549\\1') }}
{%- endmacro %}
