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

-- sweep: the marks of what was erased before a moment
delete from erased
where erased_at < %(before)s
