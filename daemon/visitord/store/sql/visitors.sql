-- visitors: those seen within the window by its camera, those seen last first; all of a site, with those seen nowhere, where there is no window
select visitor_id, name, label, status, first_seen, last_seen, visits, sightings, last_site as site,
       (select timezone from site where site = last_site) as timezone, groups
from visitor
where (
    coalesce(%(since)s, %(until)s) is null and %(camera)s is null
    or visitor_id in (
        select visitor_id
        from sighting_log
        where ended_at >= coalesce(%(since)s, '-infinity'::timestamptz)
        and started_at <= coalesce(%(until)s, 'infinity'::timestamptz)
        and camera = coalesce(%(camera)s, camera)
        and site = coalesce(%(site)s, site)
    )
)
and (
    %(site)s is null or last_seen is null
    or exists (select from visit_log v where v.visitor_id = visitor.visitor_id and v.site = %(site)s)
    or exists (select from sighting_log g where g.visitor_id = visitor.visitor_id and g.site = %(site)s)
)
and status = coalesce(%(status)s, status)
and (not %(unnamed)s or name = label)
and (cardinality(%(groups)s::text[]) = 0 or groups && %(groups)s::text[])
and not groups && %(not_groups)s::text[]
order by last_seen desc nulls last, label

-- frequent: those of 30 days who came more than once, the most frequent first
select v.visitor_id, v.name, v.label, v.status, f.visits_30d, f.days_30d, f.median_gap, f.last_seen, v.last_site as site,
       s.timezone, v.groups
from frequent_visitor f
join visitor v using (visitor_id)
left join site s on s.site = v.last_site
where f.visits_30d > 1
and (%(site)s is null or exists (select from visit_log l where l.visitor_id = v.visitor_id and l.site = %(site)s))
and v.status = coalesce(%(status)s, v.status)
and (not %(unnamed)s or v.name = v.label)
and (cardinality(%(groups)s::text[]) = 0 or v.groups && %(groups)s::text[])
and not v.groups && %(not_groups)s::text[]
order by visits_30d desc, last_seen desc, label

-- wall: people with a text in their name or label: those most like somebody first; then by the day seen last, the most frequent first
select visitor_id, name, label, status, first_seen, last_seen, visits, sightings, last_site as site,
       (select timezone from site where site = last_site) as timezone, groups,
       count(*) over () as total,
       exists (
           select
           from rejection
           join identity i on i.identity_id = one_id
           join identity j on j.identity_id = other_id
           where (visitor_id, %(other)s) in ((i.root_id, j.root_id), (j.root_id, i.root_id))
       ) as apart,
       alike.score as likeness
from visitor
left join unnest(%(alike)s::uuid[], %(scores)s::real[]) as alike (visitor_id, score) using (visitor_id)
where status = any(%(statuses)s)
and (position(lower(%(text)s) in lower(name)) > 0 or position(lower(%(text)s) in label) > 0)
and visitor_id is distinct from %(other)s
order by apart, likeness desc nulls last, last_seen::date desc nulls last, visits desc, last_seen desc, label
limit %(limit)s offset %(offset)s

-- detail: a visitor, with the labels merged into it, how many templates it is matched against, and how many were set aside
select visitor_id, name, label, status, first_seen, last_seen, visits, sightings, last_site as site,
       (select timezone from site where site = last_site) as timezone, groups,
       array(
           select 'visitor ' || number
           from identity
           where root_id = visitor_id and identity_id <> root_id
           order by number
       ) as also,
       (
           select coalesce(max(n), 0)
           from (
               select count(*) as n
               from template join identity using (identity_id)
               where root_id = visitor_id and set_aside_at is null
               group by pack
           ) by_pack
       ) as templates,
       (
           select count(*)
           from template join identity using (identity_id)
           where root_id = visitor_id and set_aside_at is not null
       ) as set_aside
from visitor
where visitor_id = %(id)s

-- faces: what people, merged or not, and sightings are called, the crop that shows them best, and one kept for good; and which box has them
select i.identity_id as id, coalesce(i.name, 'visitor ' || i.number) as name, b.crop as best, k.crop as kept,
       coalesce(b.box, k.box) as box
from identity i
left join lateral (
    select crop, box
    from sighting g join identity m using (identity_id)
    where i.identity_id in (m.identity_id, m.root_id) and crop is not null
    order by m.identity_id = i.identity_id desc, good_samples > 0 desc, quality desc
    limit 1
) b on true
left join lateral (
    select coalesce(t.crop, g.crop) as crop, coalesce(t.box, g.box) as box
    from template t
    left join sighting g using (sighting_id)
    join identity m on m.identity_id = t.identity_id
    where i.identity_id in (m.identity_id, m.root_id)
    order by coalesce(t.crop, g.crop) is null, t.set_aside_at is not null, t.quality desc
    limit 1
) k on true
where i.identity_id = any(%(ids)s)
union all
select sighting_id, camera || to_char(started_at, ' MM-DD HH24:MI'), crop, null, box
from sighting
where sighting_id = any(%(ids)s)
