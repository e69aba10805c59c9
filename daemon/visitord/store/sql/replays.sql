-- begin: a replay, before anything of it is recorded
insert into replay (replay_id, site, cameras, files, filed_from, filed_to, ran_by, ran_at)
values (%(replay_id)s, %(site)s, %(cameras)s, %(files)s, %(filed_from)s, %(filed_to)s, %(ran_by)s, %(ran_at)s)

-- begin_file: a file of it
insert into replay_file (replay_id, camera, file, digest, begins_at, ends_at)
values (%(replay_id)s, %(camera)s, %(file)s, %(digest)s, %(begins_at)s, %(ends_at)s)

-- others: sightings of a file's camera and time that came of anything but that file, filed like this
select count(*)::integer as sightings, min(g.started_at) as first_at, max(g.ended_at) as last_at,
       coalesce(array_agg(distinct p.replay_id) filter (where p.replay_id is not null), '{}') as replays
from sighting g
left join replayed r using (sighting_id)
left join replay p using (replay_id)
where g.site = %(site)s and g.camera = %(camera)s
and (g.started_at, g.ended_at) overlaps (%(begins_at)s, %(ends_at)s)
and not exists (
    select from replay_file f
    where f.replay_id = p.replay_id and f.camera = g.camera
    and f.digest = %(digest)s and f.begins_at = %(begins_at)s
)
and (
    -- Of earlier versions' replays only the files' names are known.
    p.replay_id is null or %(file)s <> all(p.files)
    or exists (select from replay_file f where f.replay_id = p.replay_id)
)

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
