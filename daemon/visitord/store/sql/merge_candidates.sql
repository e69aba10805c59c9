-- members: identities that stand for themselves, with the key of each embedding put together in them, part by part
select r.identity_id, r.number, r.status <> 'provisional' as named, p.part, p.key
from (
    select identity_id, identity_id as part, template_id as key
    from template
    where pack = %(pack)s and set_aside_at is null
    union all
    select identity_id, sighting_id, sighting_id
    from sighting
    where decision = 'settled' and pack = %(pack)s
    union all
    select g.identity_id, g.sighting_id, g.sighting_id
    from reembedding c join sighting g using (sighting_id)
    where decision = 'settled' and c.pack = %(pack)s
) p
join identity i using (identity_id)
join identity r on r.identity_id = i.root_id
order by r.number, p.part, p.key

-- pending: sightings of nobody yet, with enough flawless samples, oldest first
select sighting_id
from (
    select sighting_id, started_at
    from sighting
    where identity_id is null and pack = %(pack)s and good_samples >= %(good_samples)s
    union all
    select g.sighting_id, g.started_at
    from reembedding c join sighting g using (sighting_id)
    where identity_id is null and c.pack = %(pack)s and good_samples >= %(good_samples)s
) p
order by started_at, sighting_id

-- embeddings: of templates and of sightings, by one pack
select template_id, embedding::text
from template
where template_id = any(%(keys)s) and pack = %(pack)s
union all
select sighting_id, embedding::text
from sighting
where sighting_id = any(%(keys)s) and pack = %(pack)s
union all
select sighting_id, embedding::text
from reembedding
where sighting_id = any(%(keys)s) and pack = %(pack)s

-- cannot_link: identities or pending sightings once seen together, and those that a person rejected
select distinct coalesce(i.root_id, a.sighting_id), coalesce(j.root_id, b.sighting_id)
from together t
join sighting a on a.sighting_id = t.sighting_id
left join identity i on i.identity_id = a.identity_id
join sighting b on b.sighting_id = t.other_id
left join identity j on j.identity_id = b.identity_id
where not a.static and not b.static
union
select i.root_id, j.root_id
from rejection
join identity i on i.identity_id = one_id
join identity j on j.identity_id = other_id
