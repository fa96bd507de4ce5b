{# One address, lower case, without blanks; null for what is no address (hashes, placeholders, several at signs). #}
{% macro normalise_email(column) -%}
  {%- set spaceless = regex_replace(lower_case(clean_text(column)), '[\\s\\p{Z}\\p{Cc}]+', '') -%}
  {%- set bare = regex_replace(spaceless, '^.*<([^<>]*)>.*$|^(?:mailto:|[\\x22\\x27])+|[\\x22\\x27.,;:>]+$', '\\1') -%}
  {%- set word = '[^@<>()\\[\\],;:\\x22\\\\' -%}
  {{ regex_find(bare, '^' ~ word ~ ']+@(?:' ~ word ~ '.]+[.])+' ~ word ~ '.]+$') }}
{%- endmacro %}

{# The address as it is: Meta, Pinterest, Snapchat, Microsoft, Criteo, X. #}
{% macro email_plain(email) -%}
  nullif({{ email }}, '')
{%- endmacro %}

{# Google: in gmail.com and googlemail.com dots and the plus part do not count; null where nothing is left of the name. #}
{% macro email_gmail(email) -%}
  case
    when {{ email }} like '%@gmail.com' or {{ email }} like '%@googlemail.com' then {{ email_stripped(email) }}
    else {{ email_plain(email) }}
  end
{%- endmacro %}

{# Dots and plus part dropped whatever the domain: Reddit, TikTok's older rule. #}
{% macro email_stripped(email) -%}
  nullif({{ regex_replace(email, '[+@].*$|[.]', '') }}, '') || {{ regex_replace(email, '^[^@]*', '') }}
{%- endmacro %}

{# One spelling per mailbox, for erasure: as Google's, and googlemail.com is gmail.com. Never null for an address. #}
{% macro email_canonical(email) -%}
  {{ regex_replace('coalesce(' ~ email_gmail(email) ~ ', ' ~ email_plain(email) ~ ')', '@googlemail[.]com$', '@gmail.com') }}
{%- endmacro %}
