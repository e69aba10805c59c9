-- enrol: a provisional identity; a number is only taken for a new one, a transaction of ours may still commit unheard
insert into identity (identity_id, status, root_id, created_at)
select %(id)s, %(status)s, %(id)s, %(created_at)s
where not exists (select 1 from identity where identity_id = %(id)s)
on conflict (identity_id) do nothing

-- freeze: against everyone who would change more than what a person looks like
lock table identity in share row exclusive mode

-- hold: how many of these still stand for themselves; they are locked
select count(*)
from (
    select 1
    from identity
    where identity_id = any(%(ids)s) and merged_into is null
    order by identity_id
    for no key update
) held

-- highest_number: given to anyone: no fewer than there are people
select coalesce(max(number), 0)
from identity

-- root_of: who stands for an identity
select root_id
from identity
where identity_id = %(id)s

-- lock: one identity
select
from identity
where identity_id = %(id)s
for no key update
