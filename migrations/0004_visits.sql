-- Visits are put together where the sightings are, and whether one is over follows from its end.

create or replace view visitord.present_now as
select v.identity_id as visitor_id,
       coalesce(i.name, 'visitor ' || i.number) as name,
       v.site,
       v.last_camera as camera,
       v.started_at as since,
       v.ended_at as last_seen
from visitord.visit v
join visitord.identity i on i.identity_id = v.identity_id
join visitord.site s on s.site = v.site
where v.ended_at >= now() - s.visit_gap and v.started_at <= now() and i.status <> 'ignored';
alter table visitord.visit drop column closed;
create index visit_ended on visitord.visit (site, ended_at);

create function visitord.refresh_visits(person uuid, place text, gap interval, since timestamptz, until timestamptz)
returns setof visitord.visit language plpgsql as $$
begin
    perform from visitord.visit v
    where v.identity_id = person and v.site = place and v.started_at <= until + gap and v.ended_at >= since - gap
    for update;
    return query
    with old as (
        select * from visitord.visit v
        where v.identity_id = person and v.site = place and v.started_at <= until + gap and v.ended_at >= since - gap
    ), span as (
        select least(since, min(old.started_at)) as first, greatest(until, max(old.ended_at)) as last from old
    ), stay as (
        select g.*, max(g.ended_at) over (
            order by g.started_at, g.sighting_id rows between unbounded preceding and 1 preceding
        ) as present_until
        from visitord.sighting g join visitord.identity i on i.identity_id = g.identity_id, span
        where i.root_id = person and g.site = place and not g.static
        and g.started_at <= span.last and g.ended_at >= span.first
    ), run as (
        select s.*, count(*) filter (where s.started_at - s.present_until > gap)
            over (order by s.started_at, s.sighting_id) as pauses
        from stay s
    ), wanted as (
        select (array_agg(r.sighting_id order by r.started_at, r.sighting_id))[1] as visit_id,
               min(r.started_at) as started_at,
               max(r.ended_at) as ended_at,
               count(*) as sightings,
               array_agg(r.camera order by r.started_at, r.sighting_id) as cameras,
               (array_agg(r.camera order by r.ended_at desc, r.started_at desc, r.sighting_id desc))[1] as last_camera
        from run r group by r.pauses
    ), gone as (
        delete from visitord.visit v
        where v.visit_id in (select old.visit_id from old except select w.visit_id from wanted w)
        returning v.*
    ), written as (
        insert into visitord.visit as v
            (visit_id, identity_id, site, started_at, ended_at, sightings, cameras, last_camera)
        select w.visit_id, person, place, w.started_at, w.ended_at, w.sightings,
               array(select c.camera from unnest(w.cameras) with ordinality c (camera, place)
                     group by c.camera order by min(c.place)),
               w.last_camera
        from wanted w
        on conflict (visit_id) do update set
            identity_id = excluded.identity_id, started_at = excluded.started_at, ended_at = excluded.ended_at,
            sightings = excluded.sightings, cameras = excluded.cameras, last_camera = excluded.last_camera
        where (v.identity_id, v.started_at, v.ended_at, v.sightings, v.cameras, v.last_camera) is distinct from
            (excluded.identity_id, excluded.started_at, excluded.ended_at, excluded.sightings, excluded.cameras,
             excluded.last_camera)
        returning v.*
    )
    select w.* from written w
    where w.visit_id not in (select old.visit_id from old)
    and not exists (select from gone g where g.started_at <= w.ended_at and g.ended_at >= w.started_at)
    order by w.started_at;
end
$$;
comment on function visitord.refresh_visits is
    'Rebuilds the visits of a root identity at a site that lie within the gap of a stretch of time (-infinity to infinity for all): runs of sightings with no pause longer than the gap. Returns those that began: had no row before, and overlap none that went.';
