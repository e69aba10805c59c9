-- waiting: those nobody was found for within a window, the newest first; what never moves and what a camera blocks is nobody
select g.sighting_id, l.site, l.camera, l.started_at, l.ended_at, l.candidate, l.score, l.good_samples, l.quality, l.face_px,
       l.reason, g.embedding is not null as comparable, l.timezone
from sighting g join sighting_log l using (sighting_id)
where g.identity_id is null and not g.static and not g.blocked
and g.ended_at >= coalesce(%(since)s, '-infinity'::timestamptz)
and g.started_at <= coalesce(%(until)s, 'infinity'::timestamptz)
and g.camera = coalesce(%(camera)s, g.camera)
and g.site = coalesce(%(site)s, g.site)
order by g.started_at desc, g.sighting_id
limit %(limit)s

-- meant: of those nobody was found for, the ones an id or its beginning names
select sighting_id
from sighting
where identity_id is null and starts_with(sighting_id::text, lower(%(id)s))
limit 2

-- in_picture_with: those of a person that were in one picture with any of these
select count(*)::integer
from seen_together
where (sighting_id = any(%(sightings)s) and other_visitor_id = %(person)s)
or (other_sighting_id = any(%(sightings)s) and visitor_id = %(person)s)

-- best: of these, the one to learn from
select sighting_id, started_at
from sighting
where sighting_id = any(%(sightings)s) and embedding is not null
order by good_samples desc, quality desc, sighting_id
limit 1

-- file: under a person, as far as nobody was found for them meanwhile
update sighting
set identity_id = %(person)s, decision = 'settled', reason = %(reason)s
where sighting_id = any(%(sightings)s) and identity_id is null
