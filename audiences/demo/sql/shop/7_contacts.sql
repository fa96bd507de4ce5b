-- E-mail addresses and phone numbers. Nothing here can reach anybody: local parts begin with 'demo.' and end with the customer's
-- number, domains other than gmail.com are reserved for examples, phone numbers begin with a block that no plan has given out.
-- Each belongs to one customer, unless a contact says that it is shared: strangers are never joined by accident.
create or replace macro mailbox(owner, bits) as concat(
    'demo.',
    ['amber', 'brisk', 'calm', 'dusty', 'early', 'fair', 'gentle', 'hazy', 'inky', 'jolly', 'kind', 'lucky', 'merry', 'noble', 'odd',
     'plain'][1 + pick(bits, 0, 16)],
    '.',
    ['fox', 'heron', 'lynx', 'mole', 'newt', 'otter', 'plover', 'quail', 'raven', 'seal', 'toad', 'vole', 'wren', 'yak', 'finch',
     'hare'][1 + pick(bits, 1, 16)],
    '.', owner, '@',
    case
        when pick(bits, 2, 100) < 36 then 'gmail.com'
        else ['example.com', 'example.org', 'example.net', 'mail.example', 'post.example', 'strings.example'][1 + pick(bits, 3, 6)]
    end
);

-- One national number per owner up to ten million. North America: area codes with 9 in the middle are kept free for the day when the
-- plan gets longer. Elsewhere seven digits behind one block, or six behind ten blocks where numbers are short.
create or replace macro unassigned_phone(dial, blocks, filler, owner) as case
    when dial = '1' then concat(2 + owner * 48271 % 64000000 // 8000000, blocks[1], owner % 10, 2000000 + owner * 48271 % 8000000)
    when len(blocks) = 1 then concat(blocks[1], left('47', filler), lpad((owner * 7654321 % 10000000)::varchar, 7, '0'))
    else concat(blocks[1 + owner * 7654321 % 10000000 // 1000000], lpad((owner * 7654321 % 1000000)::varchar, 6, '0'))
end;

-- The forms that one gmail box is known under: dots anywhere, anything behind a plus, the older domain.
create or replace macro gmail_alias(email, choice) as case
    when email not like '%@gmail.com' or choice >= 30 then email
    when choice < 12 then replace(email, 'demo.', 'de.mo.')
    when choice < 24 then replace(email, '@', '+shop@')
    else replace(email, '@gmail.com', '@googlemail.com')
end;

-- The same address as people and machines write it.
create or replace macro typed_email(email, choice) as case
    when choice < 72 then email
    when choice < 80 then upper(email)
    when choice < 87 then upper(email[1]) || email[2:]
    when choice < 91 then ' ' || email
    when choice < 95 then email || '  '
    when choice < 97 then email || chr(9)
    when choice < 98 then chr(65279) || email
    when choice < 99 then email || chr(8203)
    else upper(email) || ' '
end;

-- A phone number in the form its owner's country writes it, or as it comes out of other systems.
create or replace macro typed_phone(dial, trunk, number, choice) as case
    when dial = '1' then case
        when choice < 28 then format('({}) {}-{}', number[1:3], number[4:6], number[7:])
        when choice < 46 then format('{}-{}-{}', number[1:3], number[4:6], number[7:])
        when choice < 60 then number
        when choice < 74 then '+1' || number
        when choice < 82 then format('+1 {} {} {}', number[1:3], number[4:6], number[7:])
        when choice < 90 then format('1-{}-{}-{}', number[1:3], number[4:6], number[7:])
        when choice < 95 then '1' || number || '.0'
        else format(' +1 ({}) {}.{}', number[1:3], number[4:6], number[7:])
    end
    when choice < 35 then '+' || dial || number
    when choice < 50 then format('+{} {} {}', dial, number[1:3], number[4:])
    when choice < 60 then '00' || dial || number
    when choice < 64 and trunk = '0' then format('+{} (0){}', dial, number)
    when choice < 82 then trunk || number
    when choice < 92 then format('{}{} {} {}', trunk, number[1:3], number[4:6], number[7:])
    else format('{}{}-{}', trunk, number[1:2], number[3:])
end;
