-- visits: with the keys of the JSON contract, in order of time
select visit_id, visitor_id as identity, name, status, cameras[1] as camera, cameras, started_at, ended_at,
       extract(epoch from duration)::float as duration_s, sightings
from visit_log
where ended_at >= coalesce(%(since)s, '-infinity'::timestamptz)
and started_at <= coalesce(%(until)s, 'infinity'::timestamptz)
and coalesce(%(camera)s, cameras[1]) = any(cameras)
and (visitor_id = %(visitor)s or %(visitor)s is null)
order by started_at, visit_id

-- footfall: visits and visitors by the local day or the local hour of arrival, with bars of at most 40 blocks
select arrived, visits, visitors, identified, visits - identified as unidentified,
       round(identified::numeric / visits, 3)::float as share_identified,
       repeat('█', ceil(40.0 * visits / max(visits) over ())::integer) as bar
from (
    select case %(by)s when 'day' then day::text else to_char(started_at at time zone timezone, 'HH24":00"') end as arrived,
           count(*) as visits, count(visitor_id) as identified, count(distinct visitor_id) as visitors
    from visit_log join site using (site)
    where status <> 'ignored'
    and started_at >= coalesce(%(since)s, '-infinity'::timestamptz)
    and started_at <= coalesce(%(until)s, 'infinity'::timestamptz)
    and coalesce(%(camera)s, cameras[1]) = any(cameras)
    group by 1
) s
order by arrived
