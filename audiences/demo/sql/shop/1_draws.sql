-- Everything that looks like chance is read off md5 of the seed and a key: the same rows on every machine, engine version and
-- thread count. 64 bits per key make four draws, `place` 0 to 3. No floating point: nothing to round differently elsewhere.
create or replace macro dice(key) as md5_number_lower(concat(getvariable('seed')::varchar, ':', key));

-- A whole number from 0 to choices - 1 (choices up to 65536).
create or replace macro pick(bits, place, choices) as (((bits >> (16 * place)) & 65535)::bigint * choices) >> 16;

-- A place from 0 to 999 that every thousand consecutive customers fill exactly once each: so that a rare habit is there in the
-- smallest shop too. `stride` has no factor in common with 1000; the start of each thousand is drawn anew.
create or replace macro slot(number, name, stride) as
    (number * stride + pick(dice(concat(name, (number - 1) // 1000)), 0, 1000)) % 1000;

-- A moment on a shop day, as UTC. `seconds` count from midnight of standard time in New York (UTC-5) and stay between 1 h and
-- 23 h, so that the shop's day is the same in summer. Negative `days_ago` are days after `until`.
create or replace macro moment(days_ago, seconds) as
    getvariable('until')::timestamp + to_seconds((18000 + seconds - 86400 * days_ago)::bigint);

create or replace macro daytime(bits, place) as 25200 + pick(bits, place, 54000);

-- The shop's data end three days after `until`, so that the next builds have something new to read.
create or replace macro horizon() as moment(-4, 0);

create or replace macro until_horizon(happened_at) as case when happened_at < horizon() then happened_at end;

-- Turns a column of shares into the places that each row owns; `up_to` is the running total of the shares.
create or replace macro places(share, up_to) as range((up_to - share)::bigint, up_to::bigint);

-- How an order is called outside; inside it is the customer's number times 1000 plus the order's.
create or replace macro order_name(order_key) as format('o{:08d}-{:03d}', order_key // 1000, order_key % 1000);
