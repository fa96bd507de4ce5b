-- Who takes the newsletter, by e-mail address and not by account; guests and people who never bought among them.
create or replace table newsletter as
with asked as (
    select
        number, customer_ref, email, joined_days_ago, stance_bits,
        dice(concat('newsletter', number)) as mail_bits,
        dice(concat('leaves', number)) as leave_bits
    from people
    where has_own_mail
)

select
    * exclude (joined_days_ago, stance_bits),
    case
        when pick(mail_bits, 1, 3) = 0 then pick(mail_bits, 2, 180) - 3
        else greatest(joined_days_ago - pick(mail_bits, 2, 10), -3)
    end as days_ago,
    case when pick(leave_bits, 0, 100) < 14 then pick(leave_bits, 1, 200) - 3 end as left_days_ago,
    case when pick(leave_bits, 2, 100) < 4 then pick(leave_bits, 3, 200) - 3 end as bounced_days_ago,
    -- per thousand letters: a third never opens one
    [0, 150, 550][1 + pick(mail_bits, 3, 3)] as opens
from asked
where pick(mail_bits, 0, 1000) < 450;
