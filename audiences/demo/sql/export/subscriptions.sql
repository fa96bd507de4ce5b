copy (
    select
        typed_email(email, pick(leave_bits, 3, 100)) as email,
        moment(days_ago, daytime(mail_bits, 3)) as subscribed_at,
        case when left_days_ago < days_ago then moment(left_days_ago, daytime(leave_bits, 1)) end as unsubscribed_at,
        case when bounced_days_ago < days_ago then moment(bounced_days_ago, daytime(leave_bits, 2)) end as bounced_at
    from newsletter
    order by number
) to (getvariable('target')) (format parquet, compression zstd);
