{# Given or family name for Google: lower case, one blank between words, no punctuation, no title before and no suffix behind. #}
{% macro google_name(column) -%}
  {%- set spaced = regex_replace(lower_case(clean_text(column)), '[\\s\\p{Z}\\p{Cc}]+', ' ') -%}
  {%- set untitled = regex_replace(spaced, '^(?:(?:mr|mrs|ms|miss|dr|prof|sir)[.]? )+', '') -%}
  {%- set unsuffixed = regex_replace(untitled, '(?:,? (?:jr|sr|ii|iii|iv|phd|md|esq)[.]?)+$', '') -%}
  {{ with_a_letter('trim(' ~ regex_replace(unsuffixed, '[\\p{P}\\p{S}\\p{C}]+', '') ~ ')') }}
{%- endmacro %}
