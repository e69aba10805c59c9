-- What is erased goes from every box and from what the server knows of its tables, and that is followed up.

-- Which box has a picture, and whether it has deleted it.
alter table visitord.erased
    add column cause text not null default 'forgotten' check (cause in ('forgotten', 'dropped', 'expired')),
    add column box text check (length(box) between 1 and 64),
    add column gone_at timestamptz;
alter table visitord.erased alter column cause drop default;
-- Nobody noted which box had what was erased before; each box deletes that when it starts.
update visitord.erased set gone_at = erased_at;
create index erased_remaining on visitord.erased (erased_at) where crop is not null and gone_at is null;
-- Whether anybody was forgotten since something was seen.
create index erased_forgotten on visitord.erased (erased_at) where cause = 'forgotten';
comment on table visitord.erased is 'What was erased, so that nothing that is late writes it back and every box deletes its pictures; swept after a year. An id and a hash made of nothing that is left say nothing about anybody.';
comment on column visitord.erased.erased_id is 'Of a sighting, a person, or a template made from a photograph; made up where a picture is erased and its sighting stays.';
comment on column visitord.erased.cause is 'forgotten (by a command or the page), dropped (for its age), expired (what somebody looked like who was not identified in time).';
comment on column visitord.erased.box is 'The box that has the picture; null where that is not known.';
comment on column visitord.erased.gone_at is 'When the box that has the picture deleted it; null while it may lie there.';

alter table visitord.template add column box text check (length(box) between 1 and 64);
comment on column visitord.template.box is 'The box that enrolled the photograph and has its picture, from box; null for what a sighting taught, and for photographs enrolled before that was noted.';

-- The server keeps samples of columns for its planner: never of these, which say who somebody is.
alter table visitord.identity alter column name set statistics 0;
alter table visitord.sighting alter column embedding set statistics 0;
alter table visitord.template alter column embedding set statistics 0;
alter table visitord.reembedding alter column embedding set statistics 0;
alter table visitord.merge alter column reason set statistics 0, alter column undone_reason set statistics 0;
alter table visitord.split alter column reason set statistics 0;
alter table visitord.rejection alter column reason set statistics 0;
