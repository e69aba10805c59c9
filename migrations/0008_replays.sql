-- Which sightings came of which replay, so that one can be taken back whole.

create table visitord.replay (
    replay_id   uuid primary key,
    site        text not null references visitord.site,
    cameras     text[] not null check (cardinality(cameras) > 0),
    files       text[] not null check (cardinality(files) > 0),
    filed_from  timestamptz not null,
    filed_to    timestamptz not null,
    ran_by      text not null check (length(ran_by) between 1 and 200),
    ran_at      timestamptz not null,
    check (filed_to >= filed_from)
);
comment on table visitord.replay is 'Every time recorded footage was replayed and something was seen in it that was not there before.';
comment on column visitord.replay.replay_id is 'The replay.';
comment on column visitord.replay.site is 'Where it counts.';
comment on column visitord.replay.cameras is 'As which cameras the files count.';
comment on column visitord.replay.files is 'Names of the files, without their folders.';
comment on column visitord.replay.filed_from is 'When the first of them begins, as they were filed.';
comment on column visitord.replay.filed_to is 'When the last of them ends.';
comment on column visitord.replay.ran_by is 'The account that did it.';
comment on column visitord.replay.ran_at is 'When.';

create table visitord.replayed (
    sighting_id  uuid primary key,
    replay_id    uuid not null references visitord.replay on delete cascade
);
create index replayed_replay on visitord.replayed (replay_id);
comment on table visitord.replayed is 'The sightings that a replay brought; those that were there before are not here.';
comment on column visitord.replayed.sighting_id is 'The sighting; it may be erased since.';
comment on column visitord.replayed.replay_id is 'The replay.';
