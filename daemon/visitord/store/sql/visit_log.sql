-- visits: with the keys of the JSON contract, in order of time
select visit_id, visitor_id as identity, name, status, cameras[1] as camera, cameras, started_at, ended_at,
       extract(epoch from duration)::float as duration_s, sightings, visitor_id, site, timezone, called(visitor_id) as called,
       groups
from visit_log
where ended_at >= coalesce(%(since)s, '-infinity'::timestamptz)
and started_at <= coalesce(%(until)s, 'infinity'::timestamptz)
and coalesce(%(camera)s, cameras[1]) = any(cameras)
and site = coalesce(%(site)s, site)
and (visitor_id = %(visitor)s or %(visitor)s is null)
and (cardinality(%(groups)s::text[]) = 0 or groups && %(groups)s::text[])
and not groups && %(not_groups)s::text[]
order by started_at, visit_id

-- footfall: visits of each site by local day or hour of arrival, also of nobody, from the first visit until now; bars of at most 40 blocks
with arrival as (
    select site, started_at at time zone timezone as local_time, visitor_id
    from visit_log
    where status <> 'ignored'
    and started_at >= coalesce(%(since)s, '-infinity'::timestamptz)
    and started_at <= coalesce(%(until)s, 'infinity'::timestamptz)
    and coalesce(%(camera)s, cameras[1]) = any(cameras)
    and site = coalesce(%(site)s, site)
    -- Whoever asks for a group counts it, also where the site leaves it out.
    and case
        when cardinality(%(groups)s::text[]) > 0 then groups && %(groups)s::text[]
        else visitor_id is null or (visitor_id, site) not in (select visitor_id, site from uncounted)
    end
    and not groups && %(not_groups)s::text[]
),
span as (
    select site, greatest(min(started_at), %(since)s) at time zone timezone as first,
           least(greatest(max(started_at), now()), %(until)s) at time zone timezone as last
    from visit_log
    where site = coalesce(%(site)s, site)
    group by site, timezone
),
slot as (
    select site, day::date::text as arrived
    from span cross join generate_series(date_trunc('day', first), last, interval '1 day') day
    where %(by)s = 'day'
    union all
    select site, to_char(make_time(hour, 0, 0), 'HH24":00"')
    from span cross join generate_series(0, 23) hour
    where %(by)s = 'hour' and exists (select from arrival)
)
select site, arrived, visits, visitors, identified, visits - identified as unidentified,
       round(identified::numeric / nullif(visits, 0), 3)::float as share_identified,
       repeat('█', ceil(40.0 * visits / greatest(max(visits) over (), 1))::integer) as bar
from (
    select slot.site, slot.arrived, count(a.site) as visits, count(a.visitor_id) as identified,
           count(distinct a.visitor_id) as visitors
    from slot
    left join arrival a on a.site = slot.site
    and slot.arrived = case %(by)s when 'day' then a.local_time::date::text else to_char(a.local_time, 'HH24":00"') end
    group by slot.site, slot.arrived
) s
order by site, arrived
