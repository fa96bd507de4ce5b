-- One row per person of this chunk, with everything that stays the same over the years. Everything hangs on the person's number.
create or replace table people as
with numbers as (
    select
        number,
        dice(concat('person', number)) as bits,
        dice(concat('trait', number)) as trait_bits,
        dice(concat('habit', number)) as habit_bits,
        dice(concat('stance', number)) as stance_bits,
        slot(number, 'habit', 617) as habit_place,
        slot(number, 'situation', 389) as situation_place,
        slot(number, 'contact', 271) as contact_place
    from range(getvariable('first_customer'), getvariable('last_customer') + 1) as numbers(number)
),

characters as (
    select
        numbers.* exclude (habit_place, situation_place, contact_place),
        habits.habit, contacts.contact,
        situations.situation, situations.kind as situation_kind, situations.visits as situation_visits,
        situations.min_days, situations.max_days,
        interests.interest, interests.guitar_leaf, interests.amp_leaf, interests.strings_leaf,
        countries.country, countries.region, countries.language,
        countries.dial, countries.trunk, countries.blocks, countries.filler,
        pick(numbers.bits, 2, 1000) as favourite_ticket,
        habits.min_orders + pick(habit_bits, 0, habits.max_orders - habits.min_orders + 1) as order_count,
        habits.min_silent + pick(habit_bits, 1, habits.max_silent - habits.min_silent + 1) as silent_days,
        habits.min_gap + pick(habit_bits, 2, habits.max_gap - habits.min_gap + 1) as gap_days,
        habits.min_visits + pick(habit_bits, 3, habits.max_visits - habits.min_visits + 1) as visit_count
    from numbers
    inner join habits on habits.place = numbers.habit_place
    inner join situations on situations.place = numbers.situation_place
    inner join contacts on contacts.place = numbers.contact_place
    inner join interests on interests.place = pick(numbers.bits, 0, 100)
    inner join countries
        on countries.place = case contacts.contact when 'rehearsal_room' then 0 else pick(numbers.bits, 1, 1000) end
),

-- Whose mailbox and phone somebody uses. A negative number is a shared thing of a whole thousand of customers.
owners as (
    select
        *,
        contact = 'guest_only' as is_guest_only,
        case contact
            when 'family' then greatest(number - 1, 1)
            when 'band' then -(number - 1) // 1000 - 1
            else number
        end as mail_owner,
        case contact when 'rehearsal_room' then 20000000 + (number - 1) // 1000 else number end as phone_owner,
        case when order_count = 0 then 1 + pick(trait_bits, 0, 1000)
            else silent_days + (order_count - 1) * gap_days + gap_days // 3 + 1 + pick(trait_bits, 0, 40) end as joined_days_ago
    from characters
),

reached as (
    select
        *,
        case
            when mail_owner = -1 then 'info@band.example'
            when mail_owner < 0 then concat('info.', -mail_owner, '@band.example')
            else gmail_alias(
                mailbox(mail_owner, dice(concat('mailbox', mail_owner))), pick(dice(concat('alias', mail_owner)), 0, 100))
        end as mail,
        case when contact = 'rehearsal_room' or pick(trait_bits, 1, 100) < 74 or contact = 'second_account_by_phone' then
            unassigned_phone(dial, blocks, filler, phone_owner)
        end as phone_number
    from owners
)

select
    reached.* exclude (mail),
    case contact
        when 'no_mail' then null
        when 'empty_mail' then ''
        when 'mail_not_given' then 'n/a'
        when 'broken_mail'
            then ['demo.broken@', 'demo.broken.example.com', '@example.com', 'demo@broken@example.com'][1 + number % 4]
        else mail
    end as email,
    contact not in ('no_mail', 'empty_mail', 'mail_not_given', 'broken_mail', 'band', 'family') as has_own_mail,
    case when not is_guest_only then format('c{:08d}', number) end as customer_ref,
    case when contact like 'second_account%' then format('c{:08d}-2', number) end as second_ref,
    case
        when pick(stance_bits, 3, 20) = 0 then null
        when number % 2 = 0 then female[1 + pick(trait_bits, 3, len(female))]
        else male[1 + pick(trait_bits, 3, len(male))]
    end as first_name,
    family[1 + pick(habit_bits, 3, len(family))] as last_name,
    concat(1 + number % 197, ' ', street) as street,
    cities.city, cities.state, with_digits(cities.postcode, bits) as postcode
from reached
inner join people_names on people_names.language = reached.language
left join cities on cities.country = reached.country and cities.city_number = number % cities.city_count;
