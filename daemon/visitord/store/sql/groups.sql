-- make: unless somebody else made one of this name just now
insert into person_group (group_id, name, made_by, made_at)
values (%(id)s, %(name)s, %(by)s, %(now)s)
on conflict do nothing

-- lock: a group, against being deleted or renamed before the transaction ends
select group_id, name
from person_group
where group_id = %(group)s
for share

-- is_member: whether a person, or somebody merged into them, is in a group
select exists (
    select
    from membership join identity using (identity_id)
    where root_id = %(person)s and group_id = %(group)s and removed_at is null
)

-- add: a person to a group, again where they were taken out of it before
insert into membership (identity_id, group_id, added_by, added_at)
values (%(person)s, %(group)s, %(by)s, %(now)s)
on conflict (identity_id, group_id) do update
set added_by = excluded.added_by, added_at = excluded.added_at, removed_by = null, removed_at = null

-- remove: a person, with everyone merged into them, from a group
update membership b
set removed_by = %(by)s, removed_at = %(now)s
from identity i
where i.identity_id = b.identity_id and i.root_id = %(person)s
and b.group_id = %(group)s and b.removed_at is null

-- give_back: what was taken from somebody while they counted as another one
update membership b
set removed_by = null, removed_at = null
from identity i
where i.identity_id = b.identity_id and i.root_id = %(root)s and b.removed_at >= %(since)s

-- rename: a group
update person_group
set name = %(name)s
where group_id = %(group)s

-- delete: a group, and who was in it
delete from person_group
where group_id = %(group)s

-- listed: all groups, with how many people are in each
select g.name, count(distinct i.root_id)::integer as members, g.made_by as "by", g.made_at
from person_group g
left join membership b on b.group_id = g.group_id and b.removed_at is null
left join identity i on i.identity_id = b.identity_id
group by g.group_id
order by lower(g.name)

-- members: of a group, those seen last first; said first of whoever is merged
select v.visitor_id, called(v.visitor_id) as name, v.label, v.status, v.last_seen, m."by", m.added_at,
       v.last_site as site, s.timezone
from (
    select distinct on (visitor_id) visitor_id, "by", added_at
    from group_log
    where group_name = %(name)s and removed_at is null
    order by visitor_id, added_at
) m
join visitor v using (visitor_id)
left join site s on s.site = v.last_site
order by v.last_seen desc nulls last, v.label
