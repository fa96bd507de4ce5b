-- What goes into the basket beside a product: per thousand purchases of it, most of them one and the same favourite, the rest a
-- second one. This is what product_affinity is there to find.
create or replace table companions as
with listed(leaf, position, companion_leaf, chance) as (values
    ('Guitars > Electric', 0, 'Cables > Instrument > Straight', 420), ('Guitars > Electric', 1, 'Straps > Woven', 330),
    ('Guitars > Electric', 2, 'Strings > Electric', 360), ('Guitars > Electric', 3, 'Picks > Standard', 240),
    ('Guitars > Acoustic', 0, 'Strings > Acoustic', 420), ('Guitars > Acoustic', 1, 'Straps > Leather', 280),
    ('Guitars > Acoustic', 2, 'Picks > Standard', 260), ('Guitars > Acoustic', 3, 'Pedals > Tuners', 180),
    ('Guitars > Bass', 0, 'Strings > Bass', 340), ('Guitars > Bass', 1, 'Cables > Instrument > Straight', 360),
    ('Guitars > Bass', 2, 'Straps > Leather', 320),
    ('Guitars > Ukulele', 0, 'Strings > Ukulele', 420), ('Guitars > Ukulele', 1, 'Pedals > Tuners', 260),
    ('Guitars > Ukulele', 2, 'Picks > Thumb', 240),
    ('Amps > Combo', 0, 'Cables > Instrument > Straight', 520), ('Amps > Combo', 1, 'Pedals > Echo', 160),
    ('Amps > Practice', 0, 'Cables > Instrument > Coiled', 480),
    ('Pedals > Drive', 0, 'Cables > Patch', 460), ('Pedals > Echo', 0, 'Cables > Patch', 440),
    ('Pedals > Tuners', 0, 'Picks > Standard', 150),
    ('Strings > Electric', 0, 'Picks > Standard', 280), ('Strings > Electric', 1, 'Cosmetics > Hand Care > Creams', 90),
    ('Strings > Acoustic', 0, 'Picks > Standard', 260), ('Strings > Acoustic', 1, 'Cosmetics > Nail Care', 110),
    ('Strings > Bass', 0, 'Cosmetics > Hand Care > Creams', 120), ('Strings > Ukulele', 0, 'Picks > Thumb', 240),
    ('Picks > Standard', 0, 'Straps > Woven', 90), ('Lessons > Online', 0, 'Picks > Standard', 220),
    ('Cosmetics > Hand Care > Creams', 0, 'Cosmetics > Nail Care', 330), ('Cosmetics > Nail Care', 0, 'Cosmetics > Hand Care > Creams', 300)
),

drawn as (
    select
        products.product_number, listed.*,
        pick(dice(concat('favourite', products.product_group, listed.companion_leaf)), 0, 1000) as favourite_ticket
    from products
    inner join listed on listed.leaf = products.leaf
)

select
    drawn.product_number, drawn.position, drawn.chance,
    first.product_number as first_favourite,
    second.product_number as second_favourite
from drawn
inner join tickets as first on first.leaf = drawn.companion_leaf and first.ticket = drawn.favourite_ticket
inner join tickets as second on second.leaf = drawn.companion_leaf and second.ticket = (drawn.favourite_ticket + 430) % 1000;

-- The id of a browser; people have one or two of them.
create or replace macro visitor_name(number, is_second_device) as
    concat('v', md5(concat(getvariable('seed'), 'device', number, case when is_second_device then 'b' end))[:20]);

-- What happens in a visit, step by step. `offset` draws another product of the same leaf; `chance` per thousand visits that get this
-- far; `seconds` after the start, `stay` how long the page was looked at.
create or replace table visit_steps(kind, step, event_type, ticket_offset, chance, seconds, stay) as
from (values
    ('bounce', 1, 'view_product', 0, 1000, 0, 8),
    ('search', 1, 'search', 0, 1000, 0, 12), ('search', 2, 'view_product', 0, 800, 20, 40), ('search', 3, 'view_product', 270, 500, 80, 35),
    ('browse', 1, 'view_category', 0, 1000, 0, 30), ('browse', 2, 'view_product', 0, 1000, 40, 45),
    ('browse', 3, 'view_product', 270, 1000, 95, 50), ('browse', 4, 'view_product', 540, 900, 160, 40),
    ('look_again', 1, 'view_product', 0, 1000, 0, 70), ('look_again', 2, 'view_product', 0, 600, 400, 50),
    ('cart', 1, 'view_product', 0, 1000, 0, 55), ('cart', 2, 'add_to_cart', 0, 1000, 60, 0),
    ('cart_emptied', 1, 'view_product', 0, 1000, 0, 55), ('cart_emptied', 2, 'add_to_cart', 0, 1000, 60, 0),
    ('cart_emptied', 3, 'remove_from_cart', 0, 1000, 300, 0),
    ('cart_checkout', 1, 'view_product', 0, 1000, 0, 40), ('cart_checkout', 2, 'add_to_cart', 0, 1000, 50, 0),
    ('cart_checkout', 3, 'begin_checkout', 0, 1000, 180, 0),
    ('cart_failed', 1, 'view_product', 0, 1000, 0, 40), ('cart_failed', 2, 'add_to_cart', 0, 1000, 50, 0),
    ('cart_failed', 3, 'begin_checkout', 0, 1000, 180, 0), ('cart_failed', 4, 'payment_failed', 0, 1000, 300, 0),
    ('wish', 1, 'view_category', 0, 500, -140, 20), ('wish', 2, 'view_product', 0, 1000, -60, 55), ('wish', 3, 'add_to_wishlist', 0, 1000, 0, 0),
    ('unwish', 1, 'remove_from_wishlist', 0, 1000, 0, 0),
    ('purchase', 1, 'view_product', 0, 900, -600, 60), ('purchase', 2, 'add_to_cart', 0, 1000, -400, 0),
    ('purchase', 3, 'begin_checkout', 0, 1000, -200, 0), ('purchase', 4, 'purchase', 0, 1000, 0, 0),
    ('sign_up', 1, 'sign_up', 0, 1000, 0, 0), ('subscribe', 1, 'subscribe', 0, 1000, 0, 0),
    ('mail', 1, 'email_open', 0, 1000, 0, 0), ('mail', 2, 'email_click', 0, 180, 25, 0)
);
