-- What the shop sells: leaves of the category tree, designs in them, products (the variants of a design).
create or replace table leaves(leaf, code, is_consumable, is_durable, is_product, cycle_days) as
from (values
    ('Guitars > Electric', 'EG', false, true, true, null),
    ('Guitars > Acoustic', 'AG', false, true, true, null),
    ('Guitars > Bass', 'BG', false, true, true, null),
    ('Guitars > Ukulele', 'UK', false, true, true, null),
    ('Amps > Combo', 'AC', false, true, true, null),
    ('Amps > Practice', 'AP', false, true, true, null),
    ('Pedals > Drive', 'PD', false, true, true, null),
    ('Pedals > Echo', 'PE', false, true, true, null),
    ('Pedals > Tuners', 'PT', false, true, true, null),
    ('Strings > Electric', 'SE', true, false, true, 60),
    ('Strings > Acoustic', 'SA', true, false, true, 60),
    ('Strings > Bass', 'SB', true, false, true, 120),
    ('Strings > Ukulele', 'SU', true, false, true, 150),
    ('Picks > Standard', 'PS', true, false, true, 90),
    ('Picks > Thumb', 'PH', true, false, true, null),
    ('Straps > Woven', 'TW', false, false, true, null),
    ('Straps > Leather', 'TL', false, false, true, null),
    ('Cables > Instrument > Straight', 'CS', false, false, true, null),
    ('Cables > Instrument > Coiled', 'CC', false, false, true, null),
    ('Cables > Patch', 'CP', false, false, true, null),
    ('Cosmetics > Hand Care > Creams', 'KH', true, false, true, 45),
    ('Cosmetics > Nail Care', 'KN', true, false, true, 60),
    ('Lessons > Online', 'LO', false, false, true, null),
    ('Lessons > In Store', 'LS', false, false, true, null),
    ('Services > Shipping', 'XS', false, false, false, null),
    ('Services > Vouchers', 'XV', false, false, false, null)
);

create or replace table variant_sets(variants, names) as
from (values
    ('body', ['Sunburst', 'Black', 'Sea Green', 'Cherry Red']), ('wood', ['Natural', 'Sunburst', 'Black']), ('one', [null]),
    ('covering', ['Black', 'Cream']), ('casing', ['Red', 'Blue', 'White']),
    ('gauge', ['09-42', '10-46', '11-49']), ('steel', ['11-52', '12-53', '13-56']), ('long', ['40-95', '45-105']),
    ('size', ['Soprano', 'Concert', 'Tenor']), ('pick', ['0.60 mm', '0.73 mm', '0.88 mm', '1.00 mm']),
    ('strap', ['Black', 'Red', 'Blue', 'Brown']), ('metres', ['3 m', '6 m', '9 m']), ('patch', ['15 cm', '30 cm']),
    ('scent', ['Lavender', 'Lemon', 'Unscented']), ('volume', ['10 ml', '20 ml']), ('value', ['25', '50', '100'])
);

-- In each leaf the first ones sell best. Brands are invented; names carry no brand, so that names alone tell substitutes.
create or replace table designs as
with listed(code, name, brand, price, variants) as (values
    ('EG', 'Meadow Solidbody Six', 'Larkfield', 649.00, 'body'), ('EG', 'Harbour Offset Twinpickup', 'Larkfield', 829.00, 'body'),
    ('EG', 'Ember Singlecut Humbucker', 'Castor & Pike', 1149.00, 'body'), ('EG', 'Starter Halfscale Student', 'Tinbird', 219.00, 'body'),
    ('EG', 'Rook Semihollow Archtop', 'Castor & Pike', 1390.00, 'body'), ('EG', 'Vesper Baritone Longneck', 'Northlake', 990.00, 'body'),
    ('EG', 'Quarry Headless Travel', 'Northlake', 1180.00, 'body'), ('EG', 'Comet Doublecut Tremolo', 'Tinbird', 479.00, 'body'),
    ('AG', 'Juniper Dreadnought Sitka', 'Willow & Wren', 559.00, 'wood'), ('AG', 'Orchard Parlour Mahogany', 'Willow & Wren', 449.00, 'wood'),
    ('AG', 'Cedarbank Grand Auditorium', 'Larkfield', 899.00, 'wood'), ('AG', 'Firstsong Threequarter Beginner', 'Tinbird', 169.00, 'wood'),
    ('AG', 'Nocturne Nylon Classical', 'Alba Rosa', 389.00, 'wood'), ('AG', 'Prairie Twelvestring Jumbo', 'Larkfield', 779.00, 'wood'),
    ('BG', 'Anchor Longscale Fourstring', 'Northlake', 699.00, 'body'), ('BG', 'Barge Shortscale Retro', 'Tinbird', 399.00, 'body'),
    ('BG', 'Keel Fivestring Active', 'Northlake', 1099.00, 'body'), ('BG', 'Lantern Fretless Jazz', 'Castor & Pike', 1249.00, 'body'),
    ('UK', 'Pebble Koa Fourcourse', 'Alba Rosa', 119.00, 'size'), ('UK', 'Lagoon Acacia Cutaway', 'Alba Rosa', 189.00, 'size'),
    ('UK', 'Driftwood Laminate Mini', 'Tinbird', 59.00, 'size'), ('UK', 'Coral Solidtop Deluxe', 'Willow & Wren', 279.00, 'size'),
    ('AC', 'Foundry Twenty Valve Stage', 'Hollowtone', 799.00, 'covering'), ('AC', 'Mill Forty Twin Speaker', 'Hollowtone', 1099.00, 'covering'),
    ('AC', 'Signal Modelling Hundred', 'Brightwire', 599.00, 'covering'), ('AC', 'Copperline Class A Vintage', 'Hollowtone', 1450.00, 'covering'),
    ('AP', 'Nightshift Ten Headphone', 'Brightwire', 129.00, 'covering'), ('AP', 'Kitchen Five Battery', 'Brightwire', 89.00, 'covering'),
    ('AP', 'Desk Fifteen Stereo', 'Brightwire', 199.00, 'covering'), ('AP', 'Busker Street Rechargeable', 'Tinbird', 249.00, 'covering'),
    ('PD', 'Sandstorm Overdrive', 'Odd Weather', 119.00, 'casing'), ('PD', 'Hailstone Fuzz', 'Odd Weather', 139.00, 'casing'),
    ('PD', 'Squall Distortion', 'Odd Weather', 99.00, 'casing'), ('PD', 'Thaw Transparent Boost', 'Brightwire', 89.00, 'casing'),
    ('PE', 'Canyon Delay', 'Odd Weather', 169.00, 'casing'), ('PE', 'Cathedral Reverb', 'Odd Weather', 189.00, 'casing'),
    ('PE', 'Ripple Chorus', 'Brightwire', 129.00, 'casing'), ('PE', 'Halyard Looper', 'Brightwire', 159.00, 'casing'),
    ('PT', 'Clipon Chromatic Compass', 'Truepitch', 19.00, 'casing'), ('PT', 'Floor Strobe Beacon', 'Truepitch', 109.00, 'casing'),
    ('SE', 'Nickel Roundwound Bright', 'Silverlark', 8.90, 'gauge'), ('SE', 'Coated Everlast Smooth', 'Silverlark', 14.50, 'gauge'),
    ('SE', 'Pure Nickel Mellow', 'Iron Hare', 9.90, 'gauge'), ('SE', 'Flatwound Jazzbox', 'Iron Hare', 21.00, 'gauge'),
    ('SA', 'Phosphor Bronze Warm', 'Silverlark', 13.90, 'steel'), ('SA', 'Eighty Twenty Crisp', 'Silverlark', 12.50, 'steel'),
    ('SA', 'Treated Bronze Lasting', 'Iron Hare', 17.90, 'steel'), ('SA', 'Silk Steel Gentle', 'Iron Hare', 15.20, 'steel'),
    ('SB', 'Steel Rounds Growl', 'Iron Hare', 24.00, 'long'), ('SB', 'Nickel Longscale Thump', 'Silverlark', 22.00, 'long'),
    ('SB', 'Tapewound Upright Feel', 'Iron Hare', 39.00, 'long'),
    ('SU', 'Fluorocarbon Clear', 'Alba Rosa', 6.90, 'size'), ('SU', 'Nylgut Traditional', 'Alba Rosa', 7.90, 'size'),
    ('PS', 'Celluloid Classic Dozen', 'Tinbird', 5.90, 'pick'), ('PS', 'Grip Nylon Dozen', 'Iron Hare', 6.50, 'pick'),
    ('PS', 'Sharp Jazz Trio', 'Castor & Pike', 9.90, 'pick'), ('PS', 'Recycled Vinyl Handful', 'Willow & Wren', 7.20, 'pick'),
    ('PH', 'Brass Thumbring', 'Iron Hare', 4.50, 'one'), ('PH', 'Felt Softtouch', 'Alba Rosa', 3.90, 'one'),
    ('TW', 'Jacquard Festival', 'Willow & Wren', 24.00, 'strap'), ('TW', 'Plain Cotton Webbing', 'Tinbird', 12.00, 'strap'),
    ('TW', 'Hemp Meadowline', 'Willow & Wren', 29.00, 'strap'), ('TL', 'Padded Saddlehide', 'Castor & Pike', 59.00, 'strap'),
    ('TL', 'Suede Narrow', 'Castor & Pike', 45.00, 'strap'), ('TL', 'Vegan Corkskin', 'Willow & Wren', 49.00, 'strap'),
    ('CS', 'Studio Lowcapacity Lead', 'Brightwire', 29.00, 'metres'), ('CS', 'Rugged Gig Lead', 'Hollowtone', 22.00, 'metres'),
    ('CS', 'Budget Rehearsal Lead', 'Tinbird', 11.00, 'metres'), ('CC', 'Curly Seventies Lead', 'Hollowtone', 34.00, 'metres'),
    ('CC', 'Springy Miniature Lead', 'Brightwire', 27.00, 'metres'), ('CP', 'Flat Pancake Jumper', 'Brightwire', 7.50, 'patch'),
    ('CP', 'Angled Moulded Jumper', 'Hollowtone', 5.90, 'patch'), ('CP', 'Solderless Bundle', 'Brightwire', 49.00, 'one'),
    ('KH', 'Players Hand Cream', 'Callus & Co', 9.50, 'scent'), ('KH', 'Overnight Fingertip Balm', 'Callus & Co', 14.00, 'scent'),
    ('KH', 'Dry Grip Lotion', 'Callus & Co', 11.00, 'scent'), ('KN', 'Nail Hardener Fingerstyle', 'Callus & Co', 12.50, 'volume'),
    ('KN', 'Glass Nail File', 'Callus & Co', 8.00, 'one'), ('KN', 'Acrylic Nail Kit', 'Callus & Co', 19.00, 'one'),
    ('LO', 'Video Course Firstchords', 'Demo Guitars', 39.00, 'one'), ('LO', 'Video Course Fingerstyle', 'Demo Guitars', 49.00, 'one'),
    ('LO', 'Monthly Coaching', 'Demo Guitars', 79.00, 'one'), ('LS', 'Single Hour', 'Demo Guitars', 45.00, 'one'),
    ('LS', 'Weekend Workshop', 'Demo Guitars', 120.00, 'one'),
    ('XS', 'Shipping Express', 'Demo Guitars', 12.00, 'one'), ('XS', 'Shipping Oversize', 'Demo Guitars', 35.00, 'one'),
    ('XV', 'Gift Voucher', 'Demo Guitars', 1.00, 'value')
)

select *, 100 + row_number() over () as design_number from listed;

create or replace table products as
with variants as (
    select
        designs.* exclude (variants), leaves.* exclude (code),
        unnest(variant_sets.names) as variant,
        generate_subscripts(variant_sets.names, 1) as variant_number
    from designs
    inner join leaves on leaves.code = designs.code
    inner join variant_sets on variant_sets.variants = designs.variants
),

ranked as (
    select
        *,
        concat(code, design_number) as product_group,
        format('{}{}-{:02d}', code, design_number, variant_number) as product_ref,
        dice(concat('product', design_number, '-', variant_number)) as bits,
        dice(concat('stock', design_number, '-', variant_number)) as stock_bits,
        row_number() over (partition by leaf order by variant_number, design_number) - 1 as popularity,
        row_number() over (order by design_number, variant_number) as product_number
    from variants
)

-- The best sellers of a leaf are always there and sold since before the data begin; some of the others are gone, empty or new.
select
    * exclude (bits, stock_bits, price),
    case when code = 'XV' then variant::decimal(18, 4) else price::decimal(18, 4) end as price,
    case when pick(bits, 0, 100) >= 12 and is_product
        then round(price * (45 + pick(bits, 1, 20))::decimal(4, 0) * 0.01, 2)::decimal(18, 4) end as cost,
    case
        when not is_product or code in ('LO', 'LS') then null
        when popularity >= 3 and pick(stock_bits, 0, 100) < 14 then 0
        when is_consumable then 40 + pick(stock_bits, 1, 400)
        else 2 + pick(stock_bits, 1, 50)
    end as stock,
    not (popularity >= 4 and pick(stock_bits, 2, 100) < 7) as is_active,
    case
        when popularity < 4 or not is_product then 1300 + pick(bits, 2, 900)
        when pick(bits, 3, 100) < 8 then 2 + pick(bits, 2, 27)
        when pick(bits, 3, 100) < 18 then 40 + pick(bits, 2, 900)
        else 1300 + pick(bits, 2, 900)
    end as launched_days_ago
from ranked;

-- Popularity as a thousand tickets per leaf: whoever draws one gets the product it belongs to.
create or replace table tickets as
with weighed as (
    select *, sum(1000 // (popularity + 1)) over (partition by leaf order by popularity) as up_to,
        sum(1000 // (popularity + 1)) over (partition by leaf) as total,
        1000 // (popularity + 1) as weight
    from products
),

bounds as (
    select *, ((up_to - weight) * 1000 // total)::bigint as first_ticket, (up_to * 1000 // total)::bigint as past_ticket from weighed
)

select
    leaf,
    unnest(range(first_ticket, past_ticket)) as ticket,
    product_number,
    launched_days_ago,
    first_value(product_number) over (partition by leaf order by popularity) as best_seller
from bounds;

-- Before a product was launched, its tickets give the best seller of the leaf.
create or replace macro sold_then(ticket, days_ago) as
    case when ticket.launched_days_ago >= days_ago then ticket.product_number else ticket.best_seller end;
