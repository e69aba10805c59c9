-- What each replay was made from, so that other footage of the same camera and time is noticed.

create table visitord.replay_file (
    replay_id  uuid not null references visitord.replay on delete cascade,
    camera     text not null,
    file       text not null,
    digest     bytea not null check (length(digest) = 32),
    begins_at  timestamptz not null,
    ends_at    timestamptz not null,
    check (ends_at >= begins_at)
);
create index replay_file_replay on visitord.replay_file (replay_id);
comment on table visitord.replay_file is 'The files of each replay, from this version on.';
comment on column visitord.replay_file.replay_id is 'The replay.';
comment on column visitord.replay_file.camera is 'As which camera the file counts.';
comment on column visitord.replay_file.file is 'Its name, without its folders.';
comment on column visitord.replay_file.digest is 'SHA-256 of its content: the same footage under whatever name.';
comment on column visitord.replay_file.begins_at is 'When it begins, as it was filed.';
comment on column visitord.replay_file.ends_at is 'When it ends.';
