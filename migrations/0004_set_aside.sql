-- Templates that are not matched against any more, and can be again.

alter table visitord.template
    add column set_aside_at timestamptz,
    add column set_aside_reason text check (length(set_aside_reason) between 1 and 200),
    add column restored_at timestamptz,
    add constraint template_set_aside check ((set_aside_at is null) = (set_aside_reason is null));
create index template_set_aside on visitord.template (pack) where set_aside_at is not null or restored_at is not null;
comment on column visitord.template.set_aside_at is 'Since when people are no longer matched against it; null while they are.';
comment on column visitord.template.set_aside_reason is 'Why it was set aside, in words; null while it is matched against.';
comment on column visitord.template.restored_at is 'When a person said that it is right: no job sets it aside again. Null where none did.';
