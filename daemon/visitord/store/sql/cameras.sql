-- states: each camera as its daemon last reported it
select camera, site, box, state, stream, fps, dropped, reconnects, last_frame_at, reason, timezone
from camera_health
order by site, camera

-- report: a camera as it is, unless another box reports it too; notes another state, and the time in which nobody reported it
with before as (
    select state, reported_at, reported_at < now() - interval '30 seconds' and state not in ('gone', 'ended', 'disabled') as missed
    from camera
    where site = %(site)s and camera = %(camera)s
),
written as (
    insert into camera as old
        (site, camera, box, state, reason, last_frame_at, fps, dropped, reconnects, stream, reported_at)
    values (%(site)s, %(camera)s, %(box)s, %(state)s, left(%(reason)s, 1000), %(last_frame_at)s, %(fps)s, %(dropped)s,
            %(reconnects)s, left(%(stream)s, 1000), now())
    on conflict (site, camera) do update set
        state = excluded.state, reason = excluded.reason, fps = excluded.fps, dropped = excluded.dropped,
        last_frame_at = coalesce(excluded.last_frame_at, old.last_frame_at), reconnects = excluded.reconnects,
        stream = excluded.stream, reported_at = excluded.reported_at, box = excluded.box
    where old.box is null or old.box = excluded.box or old.state = 'gone' or old.reported_at < now() - interval '30 seconds'
    returning site, camera, box, state, reason, reported_at
),
noted as (
    insert into camera_change (site, camera, changed_at, box, state, reason)
    select w.site, w.camera, b.reported_at, w.box, 'gone', 'no daemon reported it'
    from written w cross join before b
    where b.missed
    union all
    select w.site, w.camera, w.reported_at, w.box, w.state, w.reason
    from written w left join before b on true
    where b.missed is not false or b.state <> w.state
    on conflict (site, camera, changed_at) do update set state = excluded.state, reason = excluded.reason
    returning changed_at, state, reason
)
select n.changed_at, n.state, n.reason
from written left join noted n on true
order by n.changed_at

-- reporting_box: which one last reported a camera of a site
select box
from camera
where site = %(site)s and camera = %(camera)s

-- sweep: states that ended before a moment; each camera keeps the one it is in
delete from camera_change c
where changed_at < %(before)s
and exists (
    select from camera_change later
    where later.site = c.site and later.camera = c.camera and later.changed_at > c.changed_at and later.changed_at < %(before)s
)
