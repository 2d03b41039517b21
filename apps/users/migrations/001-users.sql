create table users (
  id    text primary key,
  name  text not null,
  email text not null
);

insert into users (id, name, email) values
  ('ada',     'Ada Lovelace',      'ada@example.com'),
  ('grace',   'Grace Hopper',      'grace@example.com'),
  ('hedy',    'Hedy Lamarr',       'hedy@example.com'),
  ('barbara', 'Barbara Liskov',    'barbara@example.com');
