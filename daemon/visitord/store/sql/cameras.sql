-- states: each camera as its daemon last reported it
select camera, site, box, state, stream, fps, dropped, reconnects, last_frame_at, reason
from camera_health
order by site, camera

-- report: what a daemon says of a camera, in place of what it said before, unless another box reports it too
insert into camera as old
    (site, camera, box, state, reason, last_frame_at, fps, dropped, reconnects, stream, reported_at)
values (%(site)s, %(camera)s, %(box)s, %(state)s, left(%(reason)s, 1000), %(last_frame_at)s, %(fps)s, %(dropped)s,
        %(reconnects)s, left(%(stream)s, 1000), now())
on conflict (site, camera) do update set
    state = excluded.state, reason = excluded.reason, fps = excluded.fps, dropped = excluded.dropped,
    last_frame_at = coalesce(excluded.last_frame_at, old.last_frame_at), reconnects = excluded.reconnects,
    stream = excluded.stream, reported_at = excluded.reported_at, box = excluded.box
where old.box is null or old.box = excluded.box or old.state = 'gone' or old.reported_at < now() - interval '30 seconds'

-- reporting_box: which one last reported a camera of a site
select box
from camera
where site = %(site)s and camera = %(camera)s
