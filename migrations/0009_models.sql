-- Whether a sighting is of a face or of a picture of one; and what a second model pack sees in it.

-- A view's column cannot change its type, so the view goes and comes back: with the columns and comments it has at this
-- point, whichever migrations added them.
do $$
declare
    definition text := pg_get_viewdef('visitord.sighting_log'::regclass);
    whole      text := obj_description('visitord.sighting_log'::regclass);
    remarks    jsonb := (
        select jsonb_object_agg(a.attname, col_description(a.attrelid, a.attnum))
        from pg_attribute a where a.attrelid = 'visitord.sighting_log'::regclass and a.attnum > 0
    );
    remark     record;
begin
    drop view visitord.sighting_log;
    alter table visitord.sighting rename column live to live_score;
    alter table visitord.sighting
        add column live boolean,
        add constraint sighting_live check (live is null or live_score is not null);
    execute 'create view visitord.sighting_log as ' || regexp_replace(definition, '\s+FROM ', ', g.live_score FROM ');
    execute format('comment on view visitord.sighting_log is %L', whole);
    for remark in select key, value from jsonb_each_text(remarks) loop
        execute format('comment on column visitord.sighting_log.%I is %L', remark.key, remark.value);
    end loop;
end
$$;
comment on column visitord.sighting.live is 'False where it looks like a picture of a face (a photograph, a screen), true where it does not; null where the camera does not ask, or nothing can be said.';
comment on column visitord.sighting.live_score is 'Liveness, the median of a few looks: 0 (a picture of a face) to 1 (a face); null when not judged.';
comment on column visitord.sighting_log.live is 'False where it looks like a picture of a face (a photograph, a screen), true where it does not; null where the camera does not ask (camera.liveness), or nothing can be said.';
comment on column visitord.sighting_log.live_score is 'What live rests on, the median of a few looks: 0 (a picture of a face) to 1 (a face); null when not judged.';

create table visitord.carried (
    sighting_id  uuid not null references visitord.sighting on delete cascade,
    pack         text not null,
    template_id  uuid not null unique,
    embedding    real[] not null check (array_ndims(embedding) = 1 and cardinality(embedding) between 32 and 4096
                                        and array_position(embedding, null) is null),
    primary key (sighting_id, pack)
);
create index carried_pack on visitord.carried (pack);
comment on table visitord.carried is 'What another pack than the one that decided a sighting sees in its kept picture; written by visitord models switch.';
comment on column visitord.carried.sighting_id is 'The sighting.';
comment on column visitord.carried.pack is 'Fingerprint of the recogniser; only equal ones are compared.';
comment on column visitord.carried.template_id is 'The id of a template learnt from it, made from the sighting and the pack.';
comment on column visitord.carried.embedding is 'Unit length, of the one picture that was kept.';

create table visitord.switch (
    from_pack    text not null,
    from_name    text not null,
    to_pack      text not null,
    to_name      text not null,
    switched_by  text not null check (length(switched_by) between 1 and 200),
    switched_at  timestamptz not null,
    primary key (switched_at, to_pack)
);
comment on table visitord.switch is 'Every time people were carried over from one model pack to another.';
comment on column visitord.switch.from_pack is 'Fingerprint of the recogniser in use until then.';
comment on column visitord.switch.from_name is 'Its pack, as models.pack calls it.';
comment on column visitord.switch.to_pack is 'Fingerprint of the recogniser they were carried over to.';
comment on column visitord.switch.to_name is 'Its pack, as models.pack calls it.';
comment on column visitord.switch.switched_by is 'The account that did it.';
comment on column visitord.switch.switched_at is 'When it was done (timestamp with time zone).';

do $$
begin
    perform visitord.grant_roles();
end
$$;
