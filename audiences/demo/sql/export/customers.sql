-- Accounts, second accounts of the same person, and profiles that the shop keeps without an account.
copy (
    with accounts as (
        select *, customer_ref as account_ref, false as is_second from people where not is_guest_only
        union all
        select *, second_ref, true from people where second_ref is not null
    ),

    written as (
        select *, dice(concat('account', account_ref)) as account_bits, dice(concat('more', number)) as more_bits from accounts
    )

    select
        account_ref as customer_ref,
        case
            when is_second and contact = 'second_account_by_mail' then upper(email) || ' '
            when is_second then concat('demo.other.', number, '@example.org')
            else typed_email(email, pick(account_bits, 0, 100))
        end as email,
        case
            when contact = 'broken_phone' then ['', 'n/a', '000', 'ask me', '555'][1 + number % 5]
            else typed_phone(dial, trunk, phone_number, pick(account_bits, 1, 100))
        end as phone,
        case pick(account_bits, 2, 40) when 0 then upper(first_name) when 1 then lower(first_name) || ' ' else first_name end as first_name,
        case pick(account_bits, 2, 40) when 0 then upper(last_name) when 2 then '  ' || last_name else last_name end as last_name,
        street, city, state, postcode,
        case when country is null then [null, '', 'unknown'][1 + number % 3]
            when pick(account_bits, 3, 50) = 0 then lower(country) || ' ' else country end as country,
        case pick(more_bits, 0, 10)
            when 0 then '' when 1 then null when 2 then 'diverse' when 3 then ['Female', 'Male'][1 + number % 2]
            else ['f', 'm'][1 + number % 2] end as gender,
        case when pick(more_bits, 1, 100) < 30 then interest end as interests,
        contact <> 'shop_profile' as has_account,
        contact = 'staff' and not is_second as is_staff,
        contact = 'business' as is_business,
        case
            when pick(more_bits, 2, 1000) < 440 then null
            when pick(more_bits, 2, 1000) < 460 then date '1900-01-01'
            when pick(more_bits, 2, 1000) < 476 then getvariable('until') - (14 * 365 + pick(more_bits, 3, 1000))::integer
            when pick(more_bits, 2, 1000) < 480 then make_date(1956 + 4 * pick(more_bits, 3, 11), 2, 29)
            else getvariable('until') - (19 * 365 + pick(more_bits, 3, 20000))::integer
        end as birth_date,
        moment(joined_days_ago + case when is_second then -least(30, joined_days_ago) else 0 end, daytime(bits, 3)) as created_at,
        moment(case when pick(stance_bits, 3, 100) < 20 then least(joined_days_ago, pick(more_bits, 3, 63) - 3)
            else least(joined_days_ago, greatest(joined_days_ago - 30, 0)) end, 82000) as updated_at
    from written
    order by customer_ref
) to (getvariable('target')) (format parquet, compression zstd);
