-- whole: everyone who is one with a person
select identity_id
from identity
where root_id = %(person)s

-- forget: a person; the function says what it erases
select ids, crops, sightings, identities
from forget(%(person)s)

-- since: ids of what was erased, and names of pictures that nobody needs
select array(select erased_id from erased where erased_at >= coalesce(%(since)s, '-infinity'::timestamptz)) as ids,
       array(
           select crop
           from erased e
           where erased_at >= coalesce(%(since)s, '-infinity'::timestamptz) and crop is not null
           and not exists (select from sighting g where g.crop = e.crop)
           and not exists (select from template t where t.crop = e.crop)
       ) as crops

-- expire: what the oldest sightings of nobody yet look like, and their pictures' names
with old as (
    select sighting_id, crop
    from sighting
    where identity_id is null and (embedding is not null or crop is not null) and ended_at < %(before)s
    order by ended_at
    limit %(most)s
    for no key update skip locked
), marked as (
    insert into erased (erased_id, crop, erased_at)
    select gen_random_uuid(), crop, now()
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
