-- Buying habits. Of every thousand customers `share` have one. `silent` is the days since the last order, `gap` the days between
-- orders, `visits` how often they come to look in the last half year. What is 180, 181, 365 or 366 stands on an edge on purpose.
create or replace table habits as
with listed(habit, share, min_orders, max_orders, min_silent, max_silent, min_gap, max_gap, min_visits, max_visits) as (values
    ('prospect', 118, 0, 0, 0, 0, 1, 1, 0, 5),
    ('new', 40, 1, 1, 0, 29, 1, 1, 1, 4),
    ('one_timer', 250, 1, 1, 30, 1080, 1, 1, 0, 2),
    ('second_order', 120, 2, 2, 5, 700, 20, 240, 0, 4),
    ('regular', 217, 3, 8, 0, 150, 50, 160, 1, 6),
    ('loyal', 60, 8, 18, 0, 45, 30, 75, 2, 7),
    ('string_changer', 50, 6, 16, 3, 100, 54, 66, 0, 3),
    ('hand_cream', 20, 4, 12, 3, 80, 40, 50, 0, 3),
    ('strings_club', 15, 6, 20, 1, 29, 30, 30, 0, 2),
    ('lapsed', 90, 1, 6, 181, 365, 30, 160, 0, 3),
    ('silent_180', 1, 2, 2, 180, 180, 30, 90, 0, 1),
    ('silent_181', 1, 2, 2, 181, 181, 30, 90, 0, 1),
    ('silent_365', 1, 2, 2, 365, 365, 30, 90, 0, 1),
    ('silent_366', 1, 2, 2, 366, 366, 30, 90, 0, 1),
    ('recent_13', 1, 2, 2, 13, 13, 30, 90, 0, 1),
    ('recent_14', 1, 2, 2, 14, 14, 30, 90, 0, 1),
    ('lost', 14, 1, 4, 366, 1000, 20, 120, 0, 1)
)

select *, unnest(places(share, sum(share) over (order by habit))) as place from listed;

-- What somebody is in the middle of at `until`, drawn apart from the habit. `kind` is the visit that
-- shows it, `visits` how many of them there are beside the wishes.
create or replace table situations as
with listed(situation, share, kind, min_days, max_days, visits) as (values
    ('wishes', 60, 'wish', -3, 33, 0),
    ('wished_29_days_ago', 2, 'wish', 29, 29, 0),
    ('wished_30_days_ago', 2, 'wish', 30, 30, 0),
    ('wish_removed', 12, 'wish', 6, 28, 0),
    ('wish_bought', 12, 'wish', 6, 28, 0),
    ('wished_long_ago', 50, 'wish', 31, 180, 0),
    ('wishes_as_visitor', 8, 'wish', 2, 28, 1),
    ('cart_left', 30, 'cart', -2, 15, 1),
    ('checkout_left', 14, 'cart_checkout', 0, 13, 1),
    ('payment_failed', 8, 'cart_failed', 0, 13, 1),
    ('cart_emptied', 8, 'cart_emptied', 1, 12, 1),
    ('cart_bought_later', 10, 'cart', 3, 12, 1),
    ('browses_category', 50, 'browse', -2, 13, 2),
    ('views_product', 45, 'look_again', -2, 12, 2),
    ('cancels_tomorrow', 3, null, null, null, 0),
    ('returns_soon', 5, null, null, null, 0),
    ('only_voucher', 3, null, null, null, 0),
    ('nothing', 678, null, null, null, 0)
)

select *, unnest(places(share, sum(share) over (order by situation))) as place from listed;

-- How customers share, hide or misspell e-mail and phone, in every thousand of them.
create or replace table contacts as
with listed(contact, share) as (values
    ('guest_only', 85), ('second_account_by_mail', 35), ('second_account_by_phone', 20), ('family', 40), ('band', 5),
    ('rehearsal_room', 5), ('no_mail', 14), ('empty_mail', 6), ('mail_not_given', 4), ('broken_mail', 8), ('broken_phone', 8),
    ('shop_profile', 20), ('staff', 5), ('business', 30), ('plain', 715)
)

select *, unnest(places(share, sum(share) over (order by contact))) as place from listed;

-- What people care about; per leaf how many of a hundred ordinary purchases.
create or replace table interests as
with listed(interest, share, guitar_leaf, amp_leaf, strings_leaf) as (values
    ('electric', 42, 'Guitars > Electric', 'Amps > Combo', 'Strings > Electric'),
    ('acoustic', 26, 'Guitars > Acoustic', 'Amps > Practice', 'Strings > Acoustic'),
    ('bass', 12, 'Guitars > Bass', 'Amps > Combo', 'Strings > Bass'),
    ('ukulele', 8, 'Guitars > Ukulele', 'Amps > Practice', 'Strings > Ukulele'),
    ('care', 12, 'Guitars > Ukulele', 'Amps > Practice', 'Strings > Acoustic')
)

select *, unnest(places(share, sum(share) over (order by interest))) as place from listed;

create or replace table tastes as
with listed(interest, leaf, share) as (values
    ('electric', 'Strings > Electric', 40), ('electric', 'Picks > Standard', 14), ('electric', 'Pedals > Drive', 10),
    ('electric', 'Pedals > Echo', 8), ('electric', 'Cables > Instrument > Straight', 8), ('electric', 'Straps > Woven', 5),
    ('electric', 'Cables > Instrument > Coiled', 4), ('electric', 'Cables > Patch', 3), ('electric', 'Lessons > Online', 4),
    ('electric', 'Cosmetics > Hand Care > Creams', 4),
    ('acoustic', 'Strings > Acoustic', 46), ('acoustic', 'Picks > Standard', 12), ('acoustic', 'Straps > Leather', 8),
    ('acoustic', 'Pedals > Tuners', 8), ('acoustic', 'Lessons > Online', 8), ('acoustic', 'Lessons > In Store', 4),
    ('acoustic', 'Picks > Thumb', 4), ('acoustic', 'Cosmetics > Nail Care', 10),
    ('bass', 'Strings > Bass', 44), ('bass', 'Straps > Leather', 12), ('bass', 'Cables > Instrument > Straight', 16),
    ('bass', 'Pedals > Drive', 10), ('bass', 'Pedals > Tuners', 8), ('bass', 'Lessons > In Store', 10),
    ('ukulele', 'Strings > Ukulele', 50), ('ukulele', 'Picks > Thumb', 14), ('ukulele', 'Pedals > Tuners', 14),
    ('ukulele', 'Lessons > Online', 16), ('ukulele', 'Straps > Woven', 6),
    ('care', 'Cosmetics > Hand Care > Creams', 58), ('care', 'Cosmetics > Nail Care', 38), ('care', 'Picks > Thumb', 4)
)

select interest, leaf, unnest(places(share, sum(share) over (partition by interest order by share desc, leaf))) as place from listed;

