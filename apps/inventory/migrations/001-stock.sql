create table stock (
  sku              text primary key,
  quantity         integer not null check (quantity >= 0),
  unit_price_cents integer not null check (unit_price_cents > 0)
);

insert into stock (sku, quantity, unit_price_cents) values
  ('coffee',  10000, 1290),
  ('tea',     10000,  790),
  ('mug',     10000, 1450),
  ('unicorn',     0, 9900);
