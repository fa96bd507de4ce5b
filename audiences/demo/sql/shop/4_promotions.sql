-- Promotions relative to `until`: some over, one running, two about to begin. Never two on one day. `leaf_prefix` null: the whole shop.
create or replace table promotions(promo_ref, name, kind, code, depth_percent, leaf_prefix, from_days_ago, to_days_ago) as
from (values
    ('P01', 'Summer clear-out, two years ago', 'sale', null, 20, null, 868, 855),
    ('P02', 'Cyber week, two years ago', 'sale', null, 20, null, 727, 721),
    ('P03', 'Strings fortnight', 'category', null, 15, 'Strings', 640, 627),
    ('P04', 'Spring pedals', 'category', 'STOMP15', 15, 'Pedals', 600, 590),
    ('P05', 'Summer clear-out, last year', 'sale', null, 20, null, 503, 490),
    ('P06', 'Cyber week, last year', 'sale', null, 20, null, 362, 356),
    ('P07', 'Care for your hands', 'category', 'HANDS10', 10, 'Cosmetics', 300, 280),
    ('P08', 'Strings fortnight, spring', 'category', null, 15, 'Strings', 240, 227),
    ('P09', 'Summer clear-out', 'sale', null, 20, null, 138, 125),
    ('P10', 'Back to lessons', 'category', 'CLASS15', 15, 'Lessons', 85, 70),
    ('P11', 'Strings fortnight, autumn', 'category', 'FRESH10', 10, 'Strings', 9, -4),
    ('P12', 'Cyber week', 'sale', 'CYBER20', 20, null, -5, -9),
    ('P13', 'Straps before the holidays', 'products', 'STRAP10', 10, 'Straps > Woven', -12, -20)
);

create or replace table promotion_days as
select
    unnest(range(to_days_ago, from_days_ago + 1)) as days_ago,
    promo_ref, code, depth_percent, leaf_prefix
from promotions;

create or replace table stores(store_ref, name, city, region, country, postcode, latitude, longitude) as
from (values
    ('S1', 'Demo guitars Brooklyn', 'Brooklyn', 'NY', 'US', '11211', 40.7128, -73.9536),
    ('S2', 'Demo guitars Nashville', 'Nashville', 'TN', 'US', '37203', 36.1502, -86.7870),
    ('S3', 'Demo guitars Austin', 'Austin', 'TX', 'US', '78704', 30.2430, -97.7650),
    ('S4', 'Demo guitars Toronto', 'Toronto', 'ON', 'CA', 'M5V 2K1', 43.6441, -79.3993),
    ('S5', 'Demo guitars London', 'London', null, 'GB', 'SW1A 1AA', 51.5014, -0.1419)
);
