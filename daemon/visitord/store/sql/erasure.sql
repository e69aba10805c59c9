-- whole: everyone who is one with a person, that person first
select identity_id, 'visitor ' || number as label, name
from identity
where root_id = %(person)s
order by identity_id <> root_id, number

-- hold: lock everyone who is one with a person against whoever records them
select
from identity
where root_id = %(person)s
order by identity_id = root_id, identity_id
for update

-- stands_for_itself: whether a text names a person, and not only somebody merged into them
select exists (
    select
    from identity
    where identity_id = %(person)s and (
        lower(name) = lower(%(text)s) or number::text = %(number)s or identity_id::text = lower(%(text)s)
        or (length(%(text)s) >= 8 and starts_with(identity_id::text, lower(%(text)s)))
    )
)

-- forget: a person; the function says what it erases
select ids, crops, sightings, identities
from forget(%(person)s, %(alike)s::uuid[], %(compared)s::uuid[])

-- forget_sightings: these and what goes with them; the function says what it erases
select ids, crops, sightings, identities
from forget_sightings(%(ids)s::uuid[])

-- people_of: who stands for those that sightings are filed under
select distinct r.identity_id as visitor_id, coalesce(r.name, 'visitor ' || r.number) as name,
                'visitor ' || r.number as label
from sighting g
join identity i using (identity_id)
join identity r on r.identity_id = i.root_id
where g.sighting_id = any(%(ids)s::uuid[])
order by 3

-- gone: which of these identities are no more
select id
from unnest(%(ids)s::uuid[]) id
where not exists (select from identity where identity_id = id)

-- named: sightings whose id begins so; several where that is ambiguous
select sighting_id
from sighting
where length(%(text)s) >= %(least)s and starts_with(sighting_id::text, lower(%(text)s))
limit 2

-- seen: sightings that a camera of a site was busy with within a time
select sighting_id
from sighting
where site = %(site)s and camera = %(camera)s
and ended_at >= coalesce(%(since)s, '-infinity'::timestamptz) and started_at < coalesce(%(until)s, 'infinity'::timestamptz)
order by started_at

-- undecided: sightings of a site that nobody was found for, as far as anything is left of what they look like
select sighting_id
from sighting
where site = %(site)s and identity_id is null and (embedding is not null or crop is not null)
order by started_at

-- since: which of these ids are of what was erased, names of pictures nobody needs, and the marks of those a box has
with mark as (
    select *
    from erased
    where erased_at >= coalesce(%(since)s, '-infinity'::timestamptz) and (cause <> 'dropped' or gone_at is null)
)
select array(select erased_id from erased where erased_id = any(%(waiting)s::uuid[])) as ids,
       array(
           select distinct crop
           from mark m
           where crop is not null
           and not exists (select from sighting g where g.crop = m.crop)
           and not exists (select from template t where t.crop = m.crop)
       ) as crops,
       array(
           select erased_id
           from mark
           where crop is not null and gone_at is null and (box is null or box = coalesce(%(box)s::text, box))
       ) as marks

-- confirm: a box deleted these pictures
update erased
set gone_at = now()
where erased_id = any(%(marks)s::uuid[])

-- forgotten_since: whether anybody was forgotten at a moment or later
select exists (select from erased where cause = 'forgotten' and erased_at >= %(moment)s)

-- unnamed: those of these pictures that no row names
select crop
from unnest(%(crops)s::text[]) crop
where not exists (select from sighting g where g.crop = crop.crop)
and not exists (select from template t where t.crop = crop.crop)

-- expire: what the oldest sightings of nobody yet look like, and their pictures' names
with old as (
    select sighting_id, crop, box
    from sighting
    where identity_id is null and (embedding is not null or crop is not null) and ended_at < %(before)s
    order by ended_at
    limit %(most)s
    for no key update skip locked
), marked as (
    insert into erased (erased_id, crop, box, cause, erased_at)
    select gen_random_uuid(), crop, box, 'expired', now()
    from old
    where crop is not null
)
update sighting g
set embedding = null, pack = null, crop = null
from old
where g.sighting_id = old.sighting_id
returning g.sighting_id

-- expire_reembeddings: what other packs see in these sightings
delete from reembedding
where sighting_id = any(%(sightings)s)

-- sweep: the marks of what was erased before a moment
delete from erased
where erased_at < %(before)s
