-- audited: templates that are matched against; kept: a person said whose they are
with by_a_person as (
    select distinct k.root_id
    from merge m join identity k on k.identity_id = m.kept_id
    where m.undone_at is null and m.merged_by <> %(job)s
)
select t.template_id, r.identity_id as root_id,
       r.status <> 'provisional' or t.crop is not null or t.restored_at is not null or p.root_id is not null as kept,
       t.crop is not null as photograph
from template t
join identity i on i.identity_id = t.identity_id
join identity r on r.identity_id = i.root_id
left join by_a_person p on p.root_id = r.identity_id
where t.pack = %(pack)s and t.set_aside_at is null

-- looks: the latest sightings of some identities, of each at most so many, but not those that templates were made from
select r.root_id, l.embedding::text
from unnest(%(roots)s::uuid[]) r (root_id)
cross join lateral (
    select case when g.pack = %(pack)s then g.embedding else c.embedding end as embedding
    from identity i
    join sighting g on g.identity_id = i.identity_id
    left join reembedding c on (c.sighting_id, c.pack) = (g.sighting_id, %(pack)s)
    where i.root_id = r.root_id and not g.static and (g.pack = %(pack)s or c.pack is not null)
    and not exists (select from template t where t.sighting_id = g.sighting_id)
    order by g.started_at desc
    limit %(most)s
) l

-- set_aside: templates, unless a person said meanwhile that they are right; says whose they are
update template t
set set_aside_at = %(now)s, set_aside_reason = f.reason
from unnest(%(ids)s::uuid[], %(reasons)s::text[]) f (template_id, reason)
where t.template_id = f.template_id and t.set_aside_at is null and t.restored_at is null
returning t.identity_id

-- find: templates by their id or enough of its beginning; two rows where that is ambiguous
select template_id, identity_id, set_aside_at is not null as set_aside
from template
where length(%(id)s) >= %(least)s and starts_with(template_id::text, lower(%(id)s))
limit 2

-- restore: one is matched against again, for good
update template
set set_aside_at = null, set_aside_reason = null, restored_at = %(now)s
where template_id = %(id)s

-- revive: what was set aside of people who have nothing else by that pack to be matched against
update template t
set set_aside_at = null, set_aside_reason = null
from identity i
where i.identity_id = t.identity_id and i.root_id = any(%(roots)s) and t.set_aside_at is not null
and not exists (
    select from template o join identity j on j.identity_id = o.identity_id
    where j.root_id = i.root_id and o.pack = t.pack and o.set_aside_at is null
)

-- marked: those that were set aside or restored, the latest first
select t.template_id, i.root_id, t.embedding::text, t.set_aside_at, t.set_aside_reason as reason
from template t join identity i using (identity_id)
where t.pack = %(pack)s and (t.set_aside_at is not null or t.restored_at is not null)
order by coalesce(t.set_aside_at, t.restored_at) desc, t.template_id

-- sources: what some templates were made from, and whose they are
select t.template_id, coalesce(r.name, 'visitor ' || r.number) as person, t.created_at,
       case when t.crop is null then g.camera else 'photograph' end as camera
from template t
join identity i on i.identity_id = t.identity_id
join identity r on r.identity_id = i.root_id
left join sighting g on g.sighting_id = t.sighting_id
where t.template_id = any(%(ids)s)
