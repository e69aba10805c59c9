-- sightings: that a pack has not looked at and whose picture was kept, those that taught something or the others
select sighting_id as id, crop
from sighting g
where crop is not null and pack <> %(pack)s and sighting_id > %(after)s
and not exists (select from reembedding c where (c.sighting_id, c.pack) = (g.sighting_id, %(pack)s))
and ((select true from template t where t.sighting_id = g.sighting_id limit 1) is not null) = %(learnt)s
order by sighting_id
limit %(limit)s

-- write: what a pack sees in a sighting, unless that was erased meanwhile
insert into reembedding (sighting_id, pack, template_id, embedding)
select sighting_id, %(pack)s, %(template_id)s, %(embedding)s
from sighting
where sighting_id = %(id)s
for key share
on conflict do nothing

-- progress: how many sightings another pack looked at, how many of them this one too, and how many could be
select count(*) as sightings, count(c) as reembedded, count(*) filter (where c is null and crop is not null) as left
from sighting g left join reembedding c on (c.sighting_id, c.pack) = (g.sighting_id, %(pack)s)
where g.pack <> %(pack)s

-- learn: from what was learnt by other packs; what they set aside stays so
insert into template (
    template_id, identity_id, sighting_id, pack, embedding, quality, created_at,
    set_aside_at, set_aside_reason, restored_at
)
select c.template_id, t.identity_id, t.sighting_id, c.pack, c.embedding, t.quality, t.created_at,
       t.set_aside_at, t.set_aside_reason, t.restored_at
from template t join reembedding c using (sighting_id)
where c.pack = %(pack)s and t.pack <> c.pack
on conflict (template_id) do nothing
returning identity_id

-- photographs: templates of other packs that come from photographs this one has not seen
select distinct on (t.identity_id, t.crop) t.template_id as id, t.crop
from template t
where t.crop is not null and t.pack <> %(pack)s
and not exists (
    select from template o where (o.identity_id, o.crop, o.pack) = (t.identity_id, t.crop, %(pack)s)
)
order by t.identity_id, t.crop, t.created_at, t.template_id

-- learn_photograph: what a pack sees in one, unless that was erased meanwhile
insert into template (template_id, identity_id, pack, embedding, quality, created_at, crop, box)
select %(template_id)s, identity_id, %(pack)s, %(embedding)s, quality, created_at, crop, box
from template
where template_id = %(id)s
on conflict (template_id) do nothing
returning identity_id

-- known_to: how many people a pack knows, from how many templates
select count(distinct root_id) as people, count(*) as templates
from template join identity using (identity_id)
where pack = %(pack)s and set_aside_at is null

-- left_behind: whom other packs know and this one does not, and whether a picture that could help was kept by any box
select coalesce(r.name, 'visitor ' || r.number) as name, bool_or(coalesce(t.crop, g.crop) is not null) as kept
from template t
join identity i using (identity_id)
join identity r on r.identity_id = i.root_id
left join sighting g on g.sighting_id = t.sighting_id
where t.set_aside_at is null
and not exists (
    select from template o join identity j using (identity_id)
    where j.root_id = r.identity_id and o.pack = %(pack)s and o.set_aside_at is null
)
group by r.identity_id
order by r.number

-- note_switch: from one pack to another
insert into switch (from_pack, from_name, to_pack, to_name, switched_by, switched_at)
values (%(from_pack)s, %(from_name)s, %(to_pack)s, %(to_name)s, %(by)s, now())

-- last_switch: the pack that was left
select from_name
from switch
where to_pack = %(pack)s
order by switched_at desc
limit 1

-- drop_templates: of all other packs
delete from template
where pack <> %(pack)s
returning identity_id

-- drop_embeddings: of all other packs; what this one sees takes their place
update sighting g
set pack = c.pack, embedding = c.embedding, agreement = null
from sighting o left join reembedding c on (c.sighting_id, c.pack) = (o.sighting_id, %(pack)s)
where o.pack <> %(pack)s and g.sighting_id = o.sighting_id

-- drop_reembeddings: of all packs; needed no more after drop_embeddings
delete from reembedding
