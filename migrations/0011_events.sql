-- What happened, told once to whoever asks: rows are written in the transaction of what they tell of.

create sequence visitord.event_sequence as bigint;

create table visitord.event (
    event_id     uuid primary key,
    sequence     bigint unique,
    kind         text not null check (kind in ('arrival', 'departure', 'unidentified', 'renamed', 'merged', 'camera')),
    at           timestamptz not null,
    told_at      timestamptz not null default now(),
    late         boolean not null default false,
    site         text references visitord.site,
    box          text check (length(box) between 1 and 64),
    camera       text check (length(camera) between 1 and 64),
    identity_id  uuid references visitord.identity,
    name         text,
    label        text,
    status       text check (status in ('provisional', 'named', 'ignored')),
    visit_id     uuid,
    first_time   boolean,
    score        real check (score between -1.001 and 1.001),
    duration     interval,
    other_id     uuid references visitord.identity,
    other_name   text,
    undone       boolean,
    state        text check (
        state in ('connecting', 'live', 'stale', 'refused', 'gone', 'ended', 'disabled')
    ),
    reason       text check (length(reason) <= 1000),
    constraint event_person check ((identity_id is null) = (label is null)),
    constraint event_camera check ((kind = 'camera') = (state is not null)),
    constraint event_merged check ((kind = 'merged') = (undone is not null))
);
alter sequence visitord.event_sequence owned by visitord.event.sequence;
create index event_at on visitord.event (at);
create index event_told on visitord.event (told_at);
create index event_identity on visitord.event (identity_id) where identity_id is not null;
create index event_other on visitord.event (other_id) where other_id is not null;
create index event_visit on visitord.event (visit_id) where visit_id is not null;
comment on table visitord.event is 'What happened, in the order in which it was committed; deleted after events.keep.';
comment on column visitord.event.event_id is 'Made from what happened, so that telling it twice is harmless.';
comment on column visitord.event.sequence is 'The order: given when the transaction commits, so that no lower one ever becomes visible later.';
comment on column visitord.event.kind is 'What happened.';
comment on column visitord.event.at is 'When: the beginning of the visit, its end for a departure, the change.';
comment on column visitord.event.told_at is 'When it was written, by the clock of the database.';
comment on column visitord.event.late is 'Whether it was over when it was written, as after an outage.';
comment on column visitord.event.site is 'Where; null where it is about no place.';
comment on column visitord.event.box is 'The box whose camera it is about.';
comment on column visitord.event.camera is 'The camera.';
comment on column visitord.event.identity_id is 'Who; of a merge, who was kept.';
comment on column visitord.event.name is 'What they were called then.';
comment on column visitord.event.label is 'Their label.';
comment on column visitord.event.status is 'Their status then.';
comment on column visitord.event.visit_id is 'The visit, by the id that it had then: that of its first sighting.';
comment on column visitord.event.first_time is 'Whether it was their first visit at the site.';
comment on column visitord.event.score is 'How like them the sighting was that the visit began with.';
comment on column visitord.event.duration is 'Of a visit that is over.';
comment on column visitord.event.other_id is 'Of a merge, who became part of the other.';
comment on column visitord.event.other_name is 'Of a merge, what they were called; of somebody renamed, what they were called before.';
comment on column visitord.event.undone is 'Of a merge, whether it was taken back.';
comment on column visitord.event.state is 'Of a camera, as in camera.state.';
comment on column visitord.event.reason is 'Of a camera, why.';

-- Who is said to be here, so that each is said to have left, whatever is started anew in between.
create table visitord.arrived (
    visit_id     uuid primary key,
    identity_id  uuid not null references visitord.identity,
    site         text not null references visitord.site,
    arrived_at   timestamptz not null
);
create index arrived_identity on visitord.arrived (identity_id);
comment on table visitord.arrived is 'Visits whose arrival was told and whose departure was not.';
comment on column visitord.arrived.visit_id is 'The visit, as in its arrival.';
comment on column visitord.arrived.identity_id is 'Who came.';
comment on column visitord.arrived.site is 'Where.';
comment on column visitord.arrived.arrived_at is 'When, as in its arrival.';

-- Whoever is here already leaves too.
insert into visitord.arrived (visit_id, identity_id, site, arrived_at)
select v.visit_id, v.identity_id, v.site, v.started_at
from visitord.visit v join visitord.site s using (site)
where v.identity_id is not null and v.ended_at > now() - s.visit_gap;

create table visitord.event_due (
    visit_id  uuid primary key
);
comment on table visitord.event_due is 'Sightings of people who could not be identified, until it is certain whether each begins a visit.';
comment on column visitord.event_due.visit_id is 'The sighting, which is the visit that it begins.';

create table visitord.event_receiver (
    name        text primary key check (length(name) between 1 and 200),
    sequence    bigint not null default 0 check (sequence >= 0),
    lost        bigint not null default 0 check (lost >= 0),
    changed_at  timestamptz not null default now()
);
comment on table visitord.event_receiver is 'How far each receiver of events is.';
comment on column visitord.event_receiver.name is 'The receiver.';
comment on column visitord.event_receiver.sequence is 'The last event that it has; it gets those after it.';
comment on column visitord.event_receiver.lost is 'How many events were deleted for their age before it had them.';
comment on column visitord.event_receiver.changed_at is 'When it got that one.';

-- The server keeps samples of columns for its planner: never of names.
alter table visitord.event alter column name set statistics 0, alter column other_name set statistics 0;

-- Numbers are given at the very end of a transaction, under a lock that lasts until it is committed: whoever has read
-- up to a number has missed none below it.  No other lock is asked for while this one is held.
create function visitord.number_event() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('visitord.event', 0));
    update visitord.event e set sequence = nextval('visitord.event_sequence') where e.event_id = new.event_id;
    -- Of somebody forgotten in the same transaction nothing is left to tell.
    if not found then
        return null;
    end if;
    -- Where nobody takes notice of them any more, they are not worth failing for.
    if pg_notification_queue_usage() < 0.5 then
        perform pg_notify('visitord', json_build_object('event_id', new.event_id, 'kind', new.kind)::text);
    end if;
    return null;
end
$$;
comment on function visitord.number_event is
    'Gives an event its place in the order, and says on channel visitord that it is there.';

create constraint trigger event_numbered after insert on visitord.event
    deferrable initially deferred for each row execute function visitord.number_event();
