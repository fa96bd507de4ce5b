{# The facts of phone_facts.sql as patterns, and as a lookup by region. #}

{# Digits of an E.164 number, without groups; with_trunk also lets a trunk prefix (or Argentina's 15) stand in it. #}
{% macro phone_number_pattern(with_trunk=false) -%}
  {%- set trunks = {} -%}
  {%- for trunk, codes in phone_trunks().items() if with_trunk -%}
    {%- for code in codes.split('|') -%}
      {%- do trunks.update({code: '(?:' ~ trunk | replace('(?:', '(') | replace('(', '(?:') ~ ')?'}) -%}
    {%- endfor -%}
  {%- endfor -%}
  {%- set numbers = ['540?(?:' ~ phone_argentine_areas() ~ ')15[0-9]{6,8}'] if with_trunk else [] -%}
  {%- for code, shape in phone_shapes().items() -%}
    {%- do numbers.append(code ~ trunks.get(code, '') ~ '(?:' ~ shape ~ ')') -%}
  {%- endfor -%}
  {%- do return(numbers | join('|')) -%}
{%- endmacro %}

{# Plus, calling code and trunk prefix at the start; the code is in one of nine groups. #}
{% macro phone_trunk_pattern() -%}
  {%- set trunks = [] -%}
  {%- for trunk, codes in phone_trunks().items() -%}
    {%- do trunks.append('(' ~ codes ~ ')(?:' ~ trunk ~ ')') -%}
  {%- endfor -%}
  {%- do return('^ [+](?:' ~ trunks | join('|') ~ ')') -%}
{%- endmacro %}

{# Region, tilde, its international prefix. #}
{% macro phone_exit_pattern() -%}
  {%- set prefixes = [] -%}
  {%- for prefix, regions in phone_exits().items() -%}
    {%- do prefixes.append('(?:' ~ regions ~ ')~(?:' ~ prefix ~ ')') -%}
  {%- endfor -%}
  {%- do return(prefixes | join('|')) -%}
{%- endmacro %}

{# An equals sign, then a number to which its area code was added. #}
{% macro phone_local_pattern() -%}
  {%- set numbers = [] -%}
  {%- for area, shape in phone_local_shapes().items() -%}
    {%- do numbers.append(area ~ shape) -%}
  {%- endfor -%}
  {%- do return(' =(' ~ numbers | join('|') ~ ') ') -%}
{%- endmacro %}

{# Of a region: `code`, its calling code; `longest`, the digits of its longest mobile number; `area`, an area code that may be left out. #}
{% macro phone_region_facts(region) -%}
  {{ return(adapter.dispatch('phone_region_facts', 'boomerang')(region)) }}
{%- endmacro %}

{% macro default__phone_region_facts(region) -%}
  map {
    {%- for name, (code, longest, area) in phone_regions().items() %}
    '{{ name }}': {code: '{{ code }}', longest: {{ longest }}, area: {{ "'" ~ area ~ "'" if area else 'null' }}}{{ ',' if not loop.last }}
    {%- endfor %}
  }[{{ region }}]
{%- endmacro %}

{% macro bigquery__phone_region_facts(region) -%}
  (
    select as struct code, longest, area
    from unnest([
      {%- for name, (code, longest, area) in phone_regions().items() %}
      struct('{{ name }}' as region, '{{ code }}' as code, {{ longest }} as longest, {{ "'" ~ area ~ "'" if area else 'cast(null as string)' }} as area)
      {{- ',' if not loop.last }}
      {%- endfor %}
    ])
    where region = {{ region }}
  )
{%- endmacro %}
