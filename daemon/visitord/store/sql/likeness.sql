-- packs: that know a person
select distinct pack
from template
where identity_id = any(%(whole)s::uuid[]) and set_aside_at is null

-- undecided: sightings without an identity as a pack sees them, but those that were in one picture with a person
select g.sighting_id, g.embedding::text
from (
    select sighting_id, embedding
    from sighting
    where identity_id is null and pack = %(pack)s
    union all
    select sighting_id, c.embedding
    from reembedding c join sighting using (sighting_id)
    where identity_id is null and c.pack = %(pack)s
) g
where not exists (
    select
    from together t join sighting s on s.sighting_id = t.other_id
    where t.sighting_id = g.sighting_id and s.identity_id = any(%(whole)s::uuid[])
)
and not exists (
    select
    from together t join sighting s on s.sighting_id = t.sighting_id
    where t.other_id = g.sighting_id and s.identity_id = any(%(whole)s::uuid[])
)

-- looks_of_person: what a person is matched by, with the recogniser of each
select pack, embedding::text
from template join identity using (identity_id)
where root_id = %(person)s and set_aside_at is null

-- looks_of_sightings: what sightings look like, with the recogniser of each
select pack, embedding::text
from sighting
where sighting_id = any(%(sightings)s) and embedding is not null
union all
select c.pack, c.embedding::text
from reembedding c
where c.sighting_id = any(%(sightings)s)
