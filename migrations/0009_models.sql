-- Whether a sighting is of a face or of a picture of one.

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
select visitord.grant_roles();
