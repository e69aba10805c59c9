-- arrival: that a visit begins, unless a replay of recorded footage brought it; and that its end is to be told
with told as (
    insert into event
        (event_id, kind, at, late, site, box, camera, identity_id, name, label, status, visit_id, first_time, score)
    select %(event_id)s, 'arrival', v.started_at, now() - v.ended_at > greatest(s.visit_gap, interval '1 minute'), v.site,
           g.box, g.camera, i.identity_id, coalesce(i.name, 'visitor ' || i.number), 'visitor ' || i.number, i.status,
           v.visit_id, v.previous_end is null, case when g.decision <> 'enrolled' then g.score end
    from visit v
    join site s on s.site = v.site
    join identity i on i.identity_id = v.identity_id
    join sighting g on g.sighting_id = v.visit_id
    where v.visit_id = %(visit)s and not exists (select from replayed r where r.sighting_id = v.visit_id)
    on conflict (event_id) do nothing
    returning visit_id, identity_id, site, at
)
insert into arrived (visit_id, identity_id, site, arrived_at)
select visit_id, identity_id, site, at
from told
on conflict (visit_id) do nothing

-- await_visit: a sighting without an identity may begin a visit, unless a replay of recorded footage brings it
insert into event_due (visit_id)
select %(sighting)s
where not exists (select from replayed where sighting_id = %(sighting)s)
on conflict (visit_id) do nothing

-- leaving: who was told to have arrived and has left since, or whose visit is none any more; others may see to some of them
select a.visit_id, i.root_id as visitor_id, called(i.root_id) as name, a.site, r.status = 'ignored' as ignored,
       v.visit_id as part_of, v.started_at, v.ended_at
from arrived a
join site s on s.site = a.site
join identity i on i.identity_id = a.identity_id
join identity r on r.identity_id = i.root_id
left join visit own on own.visit_id = a.visit_id and own.identity_id = i.root_id and own.site = a.site
left join lateral (
    select c.visit_id, c.ended_at
    from visit c
    where own.visit_id is null and c.identity_id = i.root_id and c.site = a.site and c.started_at <= a.arrived_at
    order by c.started_at desc
    limit 1
) other on other.ended_at >= a.arrived_at
left join visit v on v.visit_id = coalesce(own.visit_id, other.visit_id)
where v.visit_id is null or v.ended_at < %(now)s - s.visit_gap - %(settles)s::interval
order by v.ended_at, a.arrived_at, a.visit_id
limit %(most)s
for update of a skip locked
for key share of i, r skip locked

-- departure: that a visit is over; where it turned out to be none, without a duration
insert into event
    (event_id, kind, at, late, site, box, camera, identity_id, name, label, status, visit_id, first_time, duration)
select %(event_id)s, 'departure', coalesce(v.ended_at, %(now)s),
       coalesce(
           %(now)s - v.ended_at > s.visit_gap + %(settles)s::interval + greatest(s.visit_gap, interval '1 minute'), false
       ),
       s.site, g.box, v.last_camera, i.identity_id, coalesce(i.name, 'visitor ' || i.number), 'visitor ' || i.number, i.status,
       %(visit)s, v.previous_end is null and v.visit_id is not null, v.ended_at - v.started_at
from site s
join identity i on i.identity_id = %(visitor)s
left join visit v on v.visit_id = %(part_of)s
left join sighting g on g.sighting_id = v.visit_id
where s.site = %(site)s
on conflict (event_id) do nothing
returning late

-- left: those whose departure is told
delete from arrived
where visit_id = any(%(visits)s)

-- due: sightings without an identity of which it is certain by now whether they begin a visit
select d.visit_id
from event_due d left join sighting g on g.sighting_id = d.visit_id
where g.sighting_id is null or g.started_at <= %(now)s - %(settles)s::interval
order by g.started_at, d.visit_id
limit %(most)s
for update of d skip locked

-- unidentified: that somebody came who could not be identified, if that is still so
insert into event (event_id, kind, at, late, site, box, camera, visit_id, score)
select %(event_id)s, 'unidentified', v.started_at,
       %(now)s - v.ended_at > %(settles)s::interval + greatest(s.visit_gap, interval '1 minute'), v.site, g.box,
       v.last_camera, v.visit_id, g.score
from visit v
join site s on s.site = v.site
join sighting g on g.sighting_id = v.visit_id
where v.visit_id = %(visit)s and v.identity_id is null
on conflict (event_id) do nothing
returning late

-- not_due: those that were looked at
delete from event_due
where visit_id = any(%(visits)s)

-- renamed: what somebody is called from now on, unless they are ignored or were called so before
insert into event (event_id, kind, at, identity_id, name, label, status, other_name)
select %(event_id)s, 'renamed', now(), i.identity_id, c.name, c.label, i.status, %(before)s
from identity i
cross join lateral (select coalesce(i.name, c.label) as name, c.label from (select 'visitor ' || i.number as label) c) c
where i.identity_id = %(visitor)s and i.status <> 'ignored' and c.name <> %(before)s
on conflict (event_id) do nothing

-- merged: that two are one, or are two again, unless they are ignored
insert into event (event_id, kind, at, identity_id, name, label, status, other_id, other_name, undone)
select %(event_id)s, 'merged', now(), k.identity_id, coalesce(k.name, 'visitor ' || k.number), 'visitor ' || k.number,
       k.status, m.identity_id, coalesce(m.name, 'visitor ' || m.number), %(undone)s
from identity k join identity m on m.identity_id = %(merged)s
where k.identity_id = %(kept)s and k.status <> 'ignored'
on conflict (event_id) do nothing

-- camera: that a camera is in another state
insert into event (event_id, kind, at, site, box, camera, state, reason)
values (%(event_id)s, 'camera', %(at)s, %(site)s, %(box)s, %(camera)s, %(state)s, %(reason)s)
on conflict (event_id) do nothing

-- give_up: the oldest events, and how many of them receivers did not have
with old as (
    select event_id
    from event
    where told_at < %(before)s
    order by told_at
    limit %(most)s
    for update skip locked
),
gone as (
    delete from event e
    using old
    where e.event_id = old.event_id
    returning e.sequence
),
missed as (
    select r.name, count(*) as events
    from event_receiver r join gone on gone.sequence > r.sequence
    group by r.name
),
noted as (
    update event_receiver r
    set lost = r.lost + m.events
    from missed m
    where r.name = m.name
)
select (select count(*) from gone) as events, coalesce((select sum(events) from missed), 0)::bigint as undelivered
