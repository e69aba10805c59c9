-- of_person: a person's latest, with the reason for each decision, newest first
select l.sighting_id, l.site, l.camera, l.started_at, l.ended_at, l.decision, l.score, g.second_score, l.quality, g.reason, l.timezone
from sighting_log l join sighting g using (sighting_id)
where l.visitor_id = %(person)s
order by l.started_at desc, l.sighting_id
limit %(limit)s

-- logged: rows of sighting_log, in order of time
select sighting_id, visitor_id, name, camera, started_at, ended_at, score, quality, live, decision, site, candidate,
       second_candidate, second_score, good_samples, face_px, static, reason, live_score, box, timezone,
       groups
from sighting_log
where ended_at >= coalesce(%(since)s, '-infinity'::timestamptz)
and started_at <= coalesce(%(until)s, 'infinity'::timestamptz)
and camera = coalesce(%(camera)s, camera)
and site = coalesce(%(site)s, site)
and (cardinality(%(groups)s::text[]) = 0 or groups && %(groups)s::text[])
and not groups && %(not_groups)s::text[]
order by started_at, sighting_id
