-- In the EEA, the UK and Switzerland people are asked and most agree; elsewhere most have said nothing.
copy (
    with stances as (
        select
            number, customer_ref, email, region, joined_days_ago, mail_owner, has_own_mail,
            pick(stance_bits, 0, 1000) as stance,
            dice(concat('consent', number)) as consent_bits
        from people
        where customer_ref is not null or has_own_mail
    ),

    first_words as (
        select
            *,
            case
                when region = 'asks' and stance < 800 then 'granted'
                when region = 'asks' and stance < 880 then 'denied'
                when region = 'asks' and stance < 930 then 'unknown'
                when region = 'elsewhere' and stance < 80 then 'denied'
                when region = 'elsewhere' and stance between 100 and 289 then 'granted'
                when region = 'elsewhere' and stance between 290 and 319 then 'unknown'
            end as status,
            joined_days_ago as days_ago,
            case when number % 4 = 0 then 'sign-up' else 'checkout' end as given_at
        from stances
    ),

    -- six in a hundred think again later, one in ten of them after `until`
    second_words as (
        select * replace (
            case status when 'granted' then 'denied' else 'granted' end as status,
            case
                when pick(consent_bits, 1, 10) = 0 then -1 - pick(consent_bits, 2, 3)
                else pick(consent_bits, 2, 1000) * least(joined_days_ago, 400) // 1000
            end as days_ago,
            'preferences' as given_at
        )
        from first_words
        where status in ('granted', 'denied')
          and pick(consent_bits, 0, 100) < 6
          and joined_days_ago > 0
    ),

    words as (
        select *, 0 as saying from first_words where status is not null
        union all
        select *, 1 from second_words
    )

    select
        customer_ref,
        case when customer_ref is null then email end as email,
        purpose,
        case
            when purpose = 'ad_personalization' and status = 'granted' and pick(consent_bits, 3, 100) < 6 then 'denied'
            else status
        end as status,
        given_at,
        moment(days_ago, 30000 + saying * 40000 + pick(consent_bits, 3, 1000)) as occurred_at
    from (select *, unnest(['ad_user_data', 'ad_personalization', 'email']) as purpose from words)
    where purpose <> 'email' or number % 2 = 0
    order by number, saying, purpose
) to (getvariable('target')) (format parquet, compression zstd);
