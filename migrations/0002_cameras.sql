-- Cameras can be disabled, say what they send, and are not called live when nobody reports them any more.

alter table visitord.camera drop constraint camera_state_check;
alter table visitord.camera add constraint camera_state_check
    check (state in ('connecting', 'live', 'stale', 'refused', 'gone', 'ended', 'disabled'));
alter table visitord.camera add column stream text not null default '' check (length(stream) <= 1000);
comment on column visitord.camera.state is 'connecting, live, stale (there, but no picture to be used), refused (it said no), gone (no answer), ended (file played), disabled (by the configuration).';
comment on column visitord.camera.stream is 'What it sends: codec or format, size, rate; and what it was asked for where that differs.';

create or replace view visitord.camera_health as
select camera, site,
       case when reported.missing then 'gone' else state end as state,
       case when reported.missing
            then 'no daemon has reported it since ' || to_char(reported_at, 'YYYY-MM-DD HH24:MI:SS TZ') || '; last known: ' || state
            else reason end as reason,
       last_frame_at,
       case when reported.missing then 0 else fps end as fps,
       dropped, reconnects, reported_at, stream
from visitord.camera,
     lateral (select reported_at < now() - interval '30 seconds' and state not in ('ended', 'disabled') as missing) reported;
comment on column visitord.camera_health.state is 'connecting, live, stale (there, but no picture to be used for camera.stale_after), refused (it said no), gone (no answer, or no daemon reports it), ended or disabled.';
comment on column visitord.camera_health.reason is 'Why it is in that state; empty when live.';
comment on column visitord.camera_health.stream is 'What it sends: codec or format, size, rate; and what it was asked for where that differs.';
