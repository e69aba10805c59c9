-- Taking back what was merged, and saying who is not whom.

alter table visitord.merge
    add column settled        jsonb not null default '{}',
    add column undone_by      text check (length(undone_by) between 1 and 200),
    add column undone_reason  text,
    add constraint merge_undone check ((undone_at is null) = (undone_by is null));
comment on column visitord.merge.settled is 'The pending sightings the merge job settled because of it, with the reason each had before; undoing makes them pending again.';
comment on column visitord.merge.undone_by is 'The account that took it back; null while in force.';
comment on column visitord.merge.undone_reason is 'Why it was taken back, in words; null while in force.';

create or replace view visitord.merge_log as
select merge_id, kept_id, merged_id, merged_by as by, reason, evidence, merged_at, undone_at, undone_by, undone_reason
from visitord.merge;
comment on column visitord.merge_log.undone_by is 'The account that took it back; null while in force.';
comment on column visitord.merge_log.undone_reason is 'Why it was taken back, in words; null while in force.';

create table visitord.rejection (
    one_id       uuid not null references visitord.identity,
    other_id     uuid not null references visitord.identity,
    rejected_by  text not null check (length(rejected_by) between 1 and 200),
    reason       text not null,
    rejected_at  timestamptz not null,
    primary key (one_id, other_id),
    check (one_id < other_id)
);
create index rejection_other on visitord.rejection (other_id);
comment on table visitord.rejection is 'Two identities that a person said are two people: no job merges them.';
comment on column visitord.rejection.one_id is 'One of them, the lesser id.';
comment on column visitord.rejection.other_id is 'The other, the greater id.';
comment on column visitord.rejection.rejected_by is 'The account that said so.';
comment on column visitord.rejection.reason is 'Why, in words.';
comment on column visitord.rejection.rejected_at is 'When.';

create table visitord.split (
    split_id   uuid primary key,
    from_id    uuid not null references visitord.identity,
    to_id      uuid not null references visitord.identity,
    sightings  uuid[] not null check (cardinality(sightings) > 0),
    split_by   text not null check (length(split_by) between 1 and 200),
    reason     text not null,
    split_at   timestamptz not null
);
comment on table visitord.split is 'Every time a person moved sightings out of an identity.';
comment on column visitord.split.split_id is 'The split.';
comment on column visitord.split.from_id is 'The identity they were filed under.';
comment on column visitord.split.to_id is 'The identity made of them.';
comment on column visitord.split.sightings is 'The sightings.';
comment on column visitord.split.split_by is 'The account that said so.';
comment on column visitord.split.reason is 'Why, in words.';
comment on column visitord.split.split_at is 'When.';

create table visitord.suggestion (
    number     bigint generated always as identity unique,
    one_id     uuid not null references visitord.identity,
    other_id   uuid not null references visitord.identity,
    agreement  real not null check (agreement between -1.001 and 1.001),
    reason     text not null,
    made_at    timestamptz not null,
    primary key (one_id, other_id),
    check (one_id < other_id)
);
create index suggestion_other on visitord.suggestion (other_id);
comment on table visitord.suggestion is 'Pairs that may be one person, which the merge job leaves to a person to decide; as of its last run.';
comment on column visitord.suggestion.number is 'By which commands name it.';
comment on column visitord.suggestion.one_id is 'One of them, the lesser id.';
comment on column visitord.suggestion.other_id is 'The other, the greater id.';
comment on column visitord.suggestion.agreement is 'How alike they are: mean cosine similarity of best partners.';
comment on column visitord.suggestion.reason is 'Why the job does not decide, in words.';
comment on column visitord.suggestion.made_at is 'When the job first said so.';

alter table visitord.sighting add column crop text check (crop ~ '^[0-9a-f]{64}$');
comment on column visitord.sighting.crop is 'Name of the picture of its best sample among the crops of the box that saw it; null where there is none.';
