create table orders (
  id          text primary key,
  user_id     text not null,
  sku         text not null,
  quantity    integer not null check (quantity > 0),
  total_cents integer not null check (total_cents >= 0),
  payment_id  text not null,
  created_at  timestamptz not null default now()
);

create index orders_newest on orders (created_at desc);
