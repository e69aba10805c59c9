-- People who are ignored, enrolled from photographs, or forgotten.

-- What was enrolled from a photograph has no sighting, and its picture is its own.
alter table visitord.template add column crop text check (crop ~ '^[0-9a-f]{64}$');
comment on table visitord.template is 'Embeddings that people are matched against; an identity has a few.';
comment on column visitord.template.template_id is 'Made from the sighting, or from the content of the photograph, it was learnt from.';
comment on column visitord.template.sighting_id is 'The sighting it was learnt from; null for a photograph, and once the sighting was dropped for its age.';
comment on column visitord.template.created_at is 'When the sighting it was learnt from began, or the photograph was enrolled.';
comment on column visitord.template.crop is 'Name of the picture of the face among the crops of the box that enrolled a photograph; null for what a sighting taught.';

-- Daemons may still hold reports of what is erased here, in memory or on disk, and each box has its own pictures.
create table visitord.erased (
    erased_id  uuid primary key,
    crop       text check (crop ~ '^[0-9a-f]{64}$'),
    erased_at  timestamptz not null
);
create index erased_at on visitord.erased (erased_at);
comment on table visitord.erased is 'What was erased, so that no report that is late writes it back and every box deletes its pictures; swept after a year. An id and a hash made of nothing that is left say nothing about anybody.';
comment on column visitord.erased.erased_id is 'Of a sighting, or of a template made from a photograph.';
comment on column visitord.erased.crop is 'Name of its picture, for the box that has it to delete; null where there was none.';
comment on column visitord.erased.erased_at is 'When.';

-- Each erasure asks who else refers to the person or the picture.
create index sighting_candidate on visitord.sighting (candidate_id) where candidate_id is not null;
create index sighting_second on visitord.sighting (second_id) where second_id is not null;
create index sighting_crop on visitord.sighting using hash (crop);
create index template_crop on visitord.template (crop) where crop is not null;
create index merge_merged on visitord.merge (merged_id);

create function visitord.forget(person uuid, out ids uuid[], out crops text[], out sightings integer, out identities integer)
language plpgsql as $$
declare
    whole uuid[];
begin
    -- No merge may come in between.  Whoever records these people is waited for: recorders lock whom they file a
    -- sighting under first, then who stands for them.
    lock table visitord.identity in share row exclusive mode;
    perform from visitord.identity i where i.root_id = person
    order by i.identity_id = person, i.identity_id for update;
    whole := array(select i.identity_id from visitord.identity i where i.root_id = person);
    identities := cardinality(whole);
    -- With what is undecided and most like them, else a merge job would make the same person of it: 0.3 is below the
    -- similarity from which any pack leaves it open; a site may have chosen a lower one.
    ids := array(
        select g.sighting_id from visitord.sighting g where g.identity_id = any(whole)
        union all
        select g.sighting_id from visitord.sighting g
        where g.candidate_id = any(whole) and g.identity_id is null and g.score >= least(0.3, (select min(c.new) from visitord.calibration c))
    );
    sightings := cardinality(ids);
    insert into visitord.erased (erased_id, crop, erased_at)
    select g.sighting_id, g.crop, now() from visitord.sighting g where g.sighting_id = any(ids)
    union all
    select t.template_id, t.crop, now() from visitord.template t where t.identity_id = any(whole) and t.crop is not null
    on conflict (erased_id) do update set crop = excluded.crop, erased_at = excluded.erased_at;
    crops := array(
        select g.crop from visitord.sighting g where g.sighting_id = any(ids) and g.crop is not null
        union
        select t.crop from visitord.template t where t.identity_id = any(whole) and t.crop is not null
    );
    delete from visitord.template t where t.identity_id = any(whole) or t.sighting_id = any(ids);
    delete from visitord.visit v where v.identity_id = any(whole);
    delete from visitord.suggestion s where s.one_id = any(whole) or s.other_id = any(whole);
    delete from visitord.rejection r where r.one_id = any(whole) or r.other_id = any(whole);
    delete from visitord.merge m where m.kept_id = any(whole) or m.merged_id = any(whole);
    update visitord.merge m set settled = m.settled - ids::text[] where m.settled ?| ids::text[];
    delete from visitord.split s where s.from_id = any(whole) or s.to_id = any(whole) or s.sightings <@ ids;
    update visitord.split s set sightings = array(select unnest(s.sightings) except select unnest(ids))
    where s.sightings && ids;
    delete from visitord.together t where t.sighting_id = any(ids) or t.other_id = any(ids);
    delete from visitord.sighting g where g.sighting_id = any(ids);
    update visitord.sighting g set candidate_id = null where g.candidate_id = any(whole);
    update visitord.sighting g set second_id = null where g.second_id = any(whole);
    delete from visitord.identity i where i.root_id = person;
    crops := array(
        select c from unnest(crops) c
        where not exists (select from visitord.sighting g where g.crop = c)
        and not exists (select from visitord.template t where t.crop = c)
    );
end
$$;
comment on function visitord.forget is
    'Erases a root identity, everyone merged into it, and all that was seen or learnt of them. Returns what was erased: ids of sightings, names of pictures that nobody needs any more, and how many sightings and identities.';

-- New tables are for the roles too.
do $$
begin
    perform visitord.grant_roles();
end
$$;
