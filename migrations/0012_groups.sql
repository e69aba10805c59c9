-- Groups of people, such as the staff, and whom a site's footfall leaves out.

create table visitord.person_group (
    group_id  uuid primary key,
    name      text not null check (length(name) between 1 and 64),
    made_by   text not null,
    made_at   timestamptz not null
);
create unique index person_group_name on visitord.person_group (lower(name));
comment on table visitord.person_group is 'A group of people, of the whole database, as people are.';
comment on column visitord.person_group.group_id is 'The group.';
comment on column visitord.person_group.name is 'What it is called; no two differ by upper and lower case alone.';
comment on column visitord.person_group.made_by is 'The account that first put somebody into it.';
comment on column visitord.person_group.made_at is 'When.';

create table visitord.membership (
    identity_id  uuid not null references visitord.identity,
    group_id     uuid not null references visitord.person_group on delete cascade,
    added_by     text not null,
    added_at     timestamptz not null,
    removed_by   text,
    removed_at   timestamptz,
    primary key (identity_id, group_id),
    check ((removed_by is null) = (removed_at is null))
);
create index membership_group on visitord.membership (group_id);
comment on table visitord.membership is 'Who was put into which group. A person is in those of all identities merged into theirs, so that undoing a merge gives each what it had.';
comment on column visitord.membership.identity_id is 'The identity that stood for the person when that was said.';
comment on column visitord.membership.group_id is 'The group.';
comment on column visitord.membership.added_by is 'The account that said so.';
comment on column visitord.membership.added_at is 'When it was said.';
comment on column visitord.membership.removed_by is 'The account that took it back; null while in force.';
comment on column visitord.membership.removed_at is 'When it was taken back; null while in force.';

alter table visitord.site add column exclude_groups text[] not null default '{}';
comment on column visitord.site.exclude_groups is 'Groups whose members footfall leaves out, from footfall.exclude_groups, in small letters.';
