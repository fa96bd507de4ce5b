-- Where customers live. `region` decides how they answer when asked for consent. Phone numbers have the right length and begin with
-- a block that the public numbering plan has given to nobody; so many `filler` digits follow, then those of one customer.
create or replace table countries as
with listed(country, share, region, language, dial, trunk, blocks, filler) as (values
    ('US', 618, 'elsewhere', 'en', '1', '', ['9'], 0),
    ('CA', 80, 'elsewhere', 'en', '1', '', ['9'], 0),
    ('GB', 80, 'asks', 'en', '44', '0', ['31'], 1),
    ('DE', 60, 'asks', 'de', '49', '0', ['12'], 2),
    ('FR', 40, 'asks', 'fr', '33', '0', ['70'], 0),
    ('IT', 25, 'asks', 'it', '39', '', ['30'], 1),
    ('NL', 20, 'asks', 'nl', '31', '0', ['60'], 0),
    ('CH', 16, 'asks', 'de', '41', '0', ['70'], 0),
    ('NO', 15, 'asks', 'no', '47', '', ['20', '25', '26', '27', '28', '29', '30', '34', '36', '39'], 0),
    ('BR', 20, 'elsewhere', 'pt', '55', '0', ['209'], 1),
    ('JP', 16, 'elsewhere', 'ja', '81', '0', ['28'], 1),
    (null, 10, 'elsewhere', 'en', '1', '', ['9'], 0)
),

placed as (
    select *, row_number() over () as position from listed
)

select * exclude (position), unnest(places(share, sum(share) over (order by position))) as place from placed;

-- '#' stands for one digit.
create or replace table cities as
with listed(country, city, state, postcode) as (values
    ('US', 'New York', 'NY', '100##'), ('US', 'Brooklyn', 'New York', '112##'), ('US', 'Austin', 'TX', '787##'),
    ('US', 'Nashville', 'TN', '372##'), ('US', 'Portland', 'OR', '972##'), ('US', 'St. Louis', 'MO', '631##'),
    ('US', 'Winston-Salem', 'NC', '271##-12##'), ('US', 'Chicago', 'il', '606##'), ('US', 'Los Angeles', 'California', '900##'),
    ('US', 'Seattle', 'WA', '981##'), ('US', 'Coeur d''Alene', 'ID', '838##'), ('US', 'Memphis', 'TN', '381##'),
    ('CA', 'Toronto', 'ON', 'M5V #K#'), ('CA', 'Montréal', 'QC', 'H2X #Y#'), ('CA', 'Vancouver', 'BC', 'v6b #a#'),
    ('GB', 'London', null, 'SW1A #AA'), ('GB', 'Stoke-on-Trent', 'Staffordshire', 'ST# 4AB'), ('GB', 'Glasgow', null, 'g# 1xq'),
    ('DE', 'Berlin', null, '101##'), ('DE', 'München', 'Bayern', '803##'), ('DE', 'Frankfurt am Main', null, '603##'),
    ('DE', 'Köln', 'NRW', '506##'),
    ('FR', 'Paris', null, '750##'), ('FR', 'Saint-Étienne', null, '420##'), ('FR', 'Besançon', null, '250##'),
    ('IT', 'Milano', 'MI', '201##'), ('IT', 'L''Aquila', 'AQ', '671##'), ('IT', 'Forlì', 'FC', '471##'),
    ('NL', 'Amsterdam', null, '10## AB'), ('NL', '''s-Hertogenbosch', null, '52##cd'),
    ('CH', 'Zürich', 'ZH', '80##'), ('CH', 'Genève', 'GE', '12##'),
    ('NO', 'Tromsø', null, '90##'), ('NO', 'Ålesund', null, '60##'), ('NO', 'Oslo', null, '01##'),
    ('BR', 'São Paulo', 'SP', '01310-1##'), ('BR', 'Florianópolis', 'SC', '88010-0##'),
    ('JP', 'Tokyo', null, '100-00##'), ('JP', '大阪市', '大阪府', '530-00##')
),

numbered as (
    select *, row_number() over () as position from listed
)

select
    country, city, state, postcode,
    row_number() over (partition by country order by position) - 1 as city_number,
    count(*) over (partition by country) as city_count
from numbered;

create or replace macro with_digits(pattern, bits) as replace(replace(
    pattern, '##', lpad(pick(bits, 2, 100)::varchar, 2, '0')), '#', pick(bits, 3, 10)::varchar);

create or replace table people_names(language, female, male, family, street) as
from (values
    ('en',
     ['Ada', 'Ruby', 'Grace', 'Nora', 'Hazel', 'Zoë', 'Mary Ann', 'Imani', 'Chloe', 'Beatriz', 'Anne-Marie', 'Priya'],
     ['Theo', 'Miles', 'Owen', 'Jesse', 'Malik', 'José', 'Ravi', 'Dean', 'Leroy', 'Ian', 'Billy Joe', 'Kofi'],
     ['Ashdown', 'Brook', 'O''Neill', 'Castellan', 'Dunmore', 'Everhart', 'Fairweather', 'Garcia-Lopez', 'Hollis', 'Ives', 'Kestrel',
      'Larkin', 'McAllister', 'Nightingale', 'Ortega', 'Penhallow', 'Quill', 'St. Claire', 'Underhill', 'Van Dorn', 'Whitlock', 'Yeo', 'Nguyen'],
     'Maple Street'),
    ('de', ['Jörgine', 'Heike', 'Änne', 'Sabine', 'Mia', 'Käthe'], ['Jürgen', 'Bjørn', 'Max', 'Karl-Heinz', 'Uwe', 'Lukas'],
     ['Müller-Lüdenscheid', 'Weiß', 'Öztürk', 'Schönfeld', 'Grünwald', 'von der Heide', 'Vogt', 'Kühn', 'Baumgärtner'], 'Lindenstraße'),
    ('fr', ['Chloé', 'Zélie', 'Françoise', 'Maëlle', 'Inès'], ['Rémi', 'Loïc', 'Jean-Luc', 'Théo', 'Gaël'],
     ['Lefèvre', 'D''Arcy', 'Beauséjour', 'Garçon', 'Noël', 'Saint-Just', 'Dubois'], 'rue des Lilas'),
    ('it', ['Lucia', 'Niccolina', 'Giorgia', 'Bice'], ['Nicolò', 'Dario', 'Pietro', 'Ugo'],
     ['D''Angelo', 'Cantù', 'Bellini', 'Della Valle', 'Moretti', 'Corsò'], 'via Verdi'),
    ('nl', ['Fenna', 'Noor', 'Saskia', 'Loïs'], ['Daan', 'Joost', 'Siebe', 'Tijn'],
     ['van den Berg', 'de Wit', '''t Hart', 'Dijkstra', 'Brouwer', 'ter Horst'], 'Keizersgracht'),
    ('no', ['Åse', 'Sølvi', 'Ingrid', 'Marit'], ['Håkon', 'Bjørnar', 'Sverre', 'Øystein'],
     ['Åsen', 'Sæther', 'Nygård', 'Bø', 'Fjeld', 'Ødegård'], 'Storgata'),
    ('pt', ['Conceição', 'Luíza', 'Inês', 'Ana Clara'], ['João', 'Antônio', 'Caetano', 'Tomé'],
     ['da Silva', 'Gonçalves', 'Araújo', 'dos Santos', 'Brandão', 'Peçanha'], 'Rua das Flores'),
    ('ja', ['Yuki', '花子', 'Aiko', 'Rin'], ['Haruto', '太郎', 'Kenji', 'Sora'],
     ['Tanaka', '山田', 'Suzuki', 'Ōno', 'Kobayashi', '佐藤'], 'Sakura-dori')
);
