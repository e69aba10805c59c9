-- refresh: a person's visits at a site that began because of what changed within a stretch of time
select visit_id, started_at, ended_at, sightings, cameras, last_camera
from refresh_visits(
    %(person)s, %(site)s, %(gap)s,
    coalesce(%(since)s::timestamptz, '-infinity'), coalesce(%(until)s::timestamptz, 'infinity')
)

-- refresh_unidentified: what there is without an identity at a camera, around what changed
select refresh_unidentified(%(site)s, %(camera)s, %(since)s, %(until)s)

-- rebuild: all visits of these people, at every site, and what follows for sightings without an identity
select rebuild_people(%(people)s::uuid[], %(settled)s::uuid[])
