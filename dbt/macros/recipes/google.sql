{# Given or family name for Google: lower case, one blank between words, no punctuation, no title before and no suffix behind. #}
{% macro google_name(column) -%}
  {%- set spaced = regex_replace(lower_case(clean_text(column)), '[\\s\\p{Z}\\p{Cc}]+', ' ') -%}
  {%- set untitled = regex_replace(spaced, '^(?:(?:mr|mrs|ms|miss|dr|prof|sir)[.]? )+', '') -%}
  {%- set unsuffixed = regex_replace(untitled, '(?:,? (?:jr|sr|ii|iii|iv|phd|md|esq)[.]?)+$', '') -%}
  {{ with_a_letter('trim(' ~ regex_replace(unsuffixed, '[\\p{P}\\p{S}\\p{C}]+', '') ~ ')') }}
{%- endmacro %}

{# Two letters in upper case, not hashed: Google wants the region as it is. #}
{% macro google_region(column) -%}
  {{ regex_find(country_code(clean_text(column)), '^[A-Z]{2}$') }}
{%- endmacro %}

{# The postcode as it is written, not hashed, one blank between its parts; in the US five digits, and four more if they are there. #}
{% macro google_postcode(column, country) -%}
  {%- set spaced = regex_replace(clean_text(column), '[\\s\\p{Z}\\p{Cc}]+', ' ') -%}
  {%- set whole = regex_replace(spaced, '^([0-9]+)\\.0+$', '\\1') -%}
  {%- set short = regex_find('it.code', '^[0-9]{3,5}$') -%}
  {%- set body -%}
    case
      when it.country in ('US', 'PR', 'VI', 'GU', 'AS', 'MP')
        then coalesce(lpad({{ short }}, 5, '0'), {{ regex_find('it.code', '^[0-9]{5}-[0-9]{4}$') }})
      else {{ regex_find('it.code', '^[0-9A-Za-z][0-9A-Za-z -]{0,11}$') }}
    end
  {%- endset -%}
  {{ with_names('it', {'code': whole, 'country': country_code(country)}, body) }}
{%- endmacro %}
