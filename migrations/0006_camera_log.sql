-- How cameras were, so that an empty hour can be told from a camera that was dead.

create table visitord.camera_change (
    site        text not null references visitord.site,
    camera      text not null check (length(camera) between 1 and 64),
    changed_at  timestamptz not null,
    box         text check (length(box) between 1 and 64),
    state       text not null check (
        state in ('connecting', 'live', 'stale', 'refused', 'gone', 'ended', 'disabled')
    ),
    reason      text not null default '' check (length(reason) <= 1000),
    primary key (site, camera, changed_at)
);
create index camera_change_time on visitord.camera_change (changed_at);
comment on table visitord.camera_change is 'Each time a camera was reported to be in another state than before; swept after a year.';
comment on column visitord.camera_change.site is 'The place it belongs to.';
comment on column visitord.camera_change.camera is 'Its name in the configuration.';
comment on column visitord.camera_change.changed_at is 'Since when it was in this state, by the clock of the database.';
comment on column visitord.camera_change.box is 'The box whose daemon reported it.';
comment on column visitord.camera_change.state is 'As in camera.state; gone also for the time in which no daemon reported it.';
comment on column visitord.camera_change.reason is 'Why it was in that state; empty when live.';

-- What is known of the time before is the state each camera is in now.
insert into visitord.camera_change (site, camera, changed_at, box, state, reason)
select site, camera, reported_at, box, state, reason from visitord.camera;
