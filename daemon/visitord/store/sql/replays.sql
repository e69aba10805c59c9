-- begin: a replay, before anything of it is recorded
insert into replay (replay_id, site, cameras, files, filed_from, filed_to, ran_by, ran_at)
values (%(replay_id)s, %(site)s, %(cameras)s, %(files)s, %(filed_from)s, %(filed_to)s, %(ran_by)s, %(ran_at)s)

-- note: a sighting that a replay is about to bring, unless it is there
insert into replayed (sighting_id, replay_id)
select %(sighting)s, %(replay)s
where not exists (select from sighting where sighting_id = %(sighting)s)
on conflict (sighting_id) do update set replay_id = excluded.replay_id

-- listed: the latest first, with how many sightings of each are there
select p.replay_id, p.ran_at, p.files, p.cameras, p.filed_from, p.filed_to,
       (select count(*) from replayed r join sighting g using (sighting_id) where r.replay_id = p.replay_id)::integer as sightings,
       p.ran_by, p.site, s.timezone
from replay p join site s using (site)
order by p.ran_at desc, p.replay_id
limit %(limit)s

-- meant: the replays that an id or its beginning names
select replay_id
from replay
where length(%(id)s) >= %(least)s and starts_with(replay_id::text, lower(%(id)s))
limit 2

-- sightings: of a replay, as far as they are there
select sighting_id
from replayed join sighting using (sighting_id)
where replay_id = %(replay)s

-- unmark: what was erased may come again
delete from erased
where erased_id = any(%(ids)s)

-- drop: a replay that is taken back, or that brought nothing
delete from replay
where replay_id = %(replay)s
