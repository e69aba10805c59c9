-- templates: of one recogniser that are matched against, of all identities or some
select t.template_id, t.identity_id, i.root_id, t.embedding::text, t.quality,
       case when r.status <> 'ignored' then coalesce(r.name, 'visitor ' || r.number) end, t.crop is not null
from template t
join identity i on i.identity_id = t.identity_id
join identity r on r.identity_id = i.root_id
where t.pack = %(pack)s and t.set_aside_at is null and (%(of)s::uuid[] is null or t.identity_id = any(%(of)s::uuid[]))
order by t.created_at, t.template_id

-- nearest: the owners of those most like an embedding, with everyone who is one with them
select identity_id
from identity
where root_id in (
    select root_id
    from identity
    where identity_id in (select nearest(%(pack)s, %(embedding)s::real[], %(most)s, %(effort)s))
)

-- learn: from a sighting, for each pack that looked at it
insert into template (template_id, identity_id, sighting_id, pack, embedding, quality, created_at)
select l.template_id, %(identity)s, g.sighting_id, l.pack, l.embedding, g.quality, g.started_at
from sighting g
cross join lateral (
    select %(template_id)s::uuid as template_id, g.pack, g.embedding
    union all
    select c.template_id, c.pack, c.embedding from reembedding c where c.sighting_id = g.sighting_id
) l
where g.sighting_id = %(sighting)s
on conflict (template_id) do nothing

-- replace: one that a sighting taught is not matched against any more
update template
set set_aside_at = %(now)s, set_aside_reason = %(reason)s
where template_id = %(id)s and crop is null and set_aside_at is null

-- learn_photograph: unless it was learnt before
insert into template (template_id, identity_id, pack, embedding, quality, crop, box, created_at)
values (%(template_id)s, %(identity)s, %(pack)s, %(embedding)s, %(quality)s, %(crop)s, %(box)s, %(now)s)
on conflict (template_id) do nothing

-- owners: who stands for those whose templates these are, as far as there are templates of these ids
select template_id, root_id
from template join identity using (identity_id)
where template_id = any(%(ids)s)

-- photographs: how many templates of a person come from photographs
select count(*)
from template join identity using (identity_id)
where (root_id, pack) = (%(person)s, %(pack)s) and crop is not null

-- crops: names of the pictures that templates were made from
select distinct coalesce(t.crop, g.crop)
from template t left join sighting g using (sighting_id)
where coalesce(t.crop, g.crop) is not null

-- estimated_count: how many templates there are, by what the server last counted
select greatest(reltuples, 0)::bigint from pg_class where oid = 'visitord.template'::regclass
