-- The whole schema, to be read.  It is made of the other files: make schema.

CREATE SCHEMA visitord;

CREATE FUNCTION visitord.called(person uuid) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select case
        when i.name is null then 'visitor ' || i.number
        when exists (
            select from visitord.identity o
            where lower(o.name) = lower(i.name) and o.merged_into is null and o.identity_id <> i.identity_id
        ) then i.name || ' (visitor ' || i.number || ')'
        else i.name
    end
    from visitord.identity i
    where i.identity_id = person
$$;

COMMENT ON FUNCTION visitord.called(person uuid) IS 'What to call an identity so that nobody else is meant: the label where there is no name, and beside a name that several have.';

CREATE FUNCTION visitord.drop_before(before timestamp with time zone, most integer DEFAULT 10000) RETURNS integer
    LANGUAGE plpgsql
    AS $$
declare
    old     uuid[] := array(select v.visit_id from visitord.visit v where v.ended_at < before order by v.ended_at limit most);
    going   uuid[];
    near    uuid[];
begin
    -- No merge may come in between, and whoever records these people waits.
    lock table visitord.identity in row exclusive mode;
    perform from visitord.identity i
    where i.identity_id in (select v.identity_id from visitord.visit v where v.visit_id = any(old))
    order by i.identity_id for no key update;
    old := array(select v.visit_id from visitord.visit v where v.visit_id = any(old) and v.ended_at < before);
    -- Last of all what belongs to no visit.
    if old = '{}' then
        going := array(
            select g.sighting_id from visitord.sighting g
            where g.started_at < before and g.ended_at < before and (g.identity_id is null or g.static)
            and not exists (select from visitord.unidentified u where u.sighting_id = g.sighting_id)
            order by g.started_at limit most
        );
        perform visitord.mark_erased(going, 'dropped');
        delete from visitord.sighting g where g.sighting_id = any(going);
        return cardinality(going);
    end if;
    -- Who stays and was in one picture with those that go.
    near := array(
        select g.sighting_id
        from (
            select t.other_id as gone_id, t.sighting_id from visitord.together t
            union all
            select t.sighting_id, t.other_id from visitord.together t
        ) t
        join visitord.sighting g on g.sighting_id = t.sighting_id and g.identity_id is null
        join visitord.sighting s on s.sighting_id = t.gone_id
        join visitord.identity i on i.identity_id = s.identity_id
        join visitord.visit v on v.identity_id = i.root_id and v.site = s.site
        and s.started_at between v.started_at and v.ended_at and v.visit_id = any(old)
    );
    perform visitord.lock_unidentified(c.site, c.camera)
    from (
        select v.site, v.last_camera as camera from visitord.visit v where v.visit_id = any(old) and v.identity_id is null
        union
        select g.site, g.camera from visitord.sighting g where g.sighting_id = any(near)
        order by 1, 2
    ) c;

    -- With what passed for pieces of their tracks, which without them would be somebody else's visit.
    going := array(
        select g.sighting_id from visitord.sighting g join visitord.visit v on v.site = g.site
        where v.visit_id = any(old) and v.identity_id is not null
        and g.identity_id is null and g.camera = any(v.cameras) and not g.static and not g.blocked
        and tstzrange(g.started_at, g.ended_at, '[]')
            && tstzrange(v.started_at - interval '2 seconds', v.ended_at + interval '2 seconds', '[]')
        and not exists (select from visitord.unidentified u where u.sighting_id = g.sighting_id)
        union
        select g.sighting_id
        from visitord.visit v
        join visitord.identity i on i.root_id = v.identity_id
        join visitord.sighting g on g.identity_id = i.identity_id and g.site = v.site
        where v.visit_id = any(old) and g.started_at between v.started_at and v.ended_at and not g.static
        union
        select u.sighting_id from visitord.unidentified u where u.visit_id = any(old)
    );
    perform visitord.mark_erased(going, 'dropped');
    perform visitord.untell(going);
    delete from visitord.unidentified u where u.visit_id = any(old);
    delete from visitord.sighting g where g.sighting_id = any(going);
    -- The oldest went first, so that the first visit left of a person has none before it.
    with gone as (
        delete from visitord.visit v where v.visit_id = any(old) returning v.identity_id, v.site, v.started_at
    ), person as (
        select g.identity_id, g.site, max(g.started_at) as last from gone g group by g.identity_id, g.site
    )
    update visitord.visit v set previous_day = null, previous_end = null
    from person p cross join lateral (
        select n.visit_id from visitord.visit n
        where n.identity_id = p.identity_id and n.site = p.site and n.started_at > p.last
        order by n.started_at limit 1
    ) n
    where v.visit_id = n.visit_id;
    perform visitord.refresh_unidentified(g.site, g.camera, g.started_at, g.ended_at)
    from visitord.sighting g where g.sighting_id = any(near);
    return cardinality(going);
end
$$;

COMMENT ON FUNCTION visitord.drop_before(before timestamp with time zone, most integer) IS 'Deletes the oldest visits that ended before a time, at most so many, with their sightings; then sightings before it that belong to no visit. Returns how many sightings went; call it again until that is 0. What was dropped is not recorded again, and each box deletes its pictures. People, their names and what they are recognised by stay.';

CREATE FUNCTION visitord.erase_identities(whole uuid[], OUT crops text[]) RETURNS text[]
    LANGUAGE plpgsql
    AS $$
begin
    insert into visitord.erased (erased_id, crop, box, cause, erased_at)
    select t.template_id, t.crop, t.box, 'forgotten', now()
    from visitord.template t where t.identity_id = any(whole) and t.crop is not null
    union all
    select i.identity_id, null, null, 'forgotten', now() from visitord.identity i where i.identity_id = any(whole)
    on conflict (erased_id) do update
    set crop = excluded.crop, box = excluded.box, cause = excluded.cause, erased_at = excluded.erased_at, gone_at = null;
    crops := array(
        select distinct t.crop from visitord.template t where t.identity_id = any(whole) and t.crop is not null
    );
    delete from visitord.template t where t.identity_id = any(whole);
    delete from visitord.visit v where v.identity_id = any(whole);
    delete from visitord.arrived a where a.identity_id = any(whole);
    delete from visitord.event e where e.identity_id = any(whole) or e.other_id = any(whole);
    delete from visitord.suggestion s where s.one_id = any(whole) or s.other_id = any(whole);
    delete from visitord.rejection r where r.one_id = any(whole) or r.other_id = any(whole);
    delete from visitord.merge m where m.kept_id = any(whole) or m.merged_id = any(whole);
    delete from visitord.split s where s.from_id = any(whole) or s.to_id = any(whole);
    delete from visitord.membership b where b.identity_id = any(whole);
    update visitord.sighting g set candidate_id = null where g.candidate_id = any(whole);
    update visitord.sighting g set second_id = null where g.second_id = any(whole);
    delete from visitord.identity i where i.identity_id = any(whole);
end
$$;

COMMENT ON FUNCTION visitord.erase_identities(whole uuid[], OUT crops text[]) IS 'Erases identities that no sighting is filed under any more, with all that was learnt and said of them. For forget and forget_sightings, which lock them. Returns names of the pictures they were enrolled from.';

CREATE FUNCTION visitord.erase_sightings(ids uuid[], people uuid[], OUT crops text[]) RETURNS text[]
    LANGUAGE plpgsql
    AS $$
declare
    near uuid[];
    gone visitord.sighting[];
begin
    perform from visitord.sighting g
    where g.sighting_id = any(ids) and g.identity_id is null order by g.sighting_id for update;
    -- What is counted anew: what goes, and whoever was in one picture with it.
    near := array(
        select t.other_id from visitord.together t where t.sighting_id = any(ids)
        union
        select t.sighting_id from visitord.together t where t.other_id = any(ids)
    );
    gone := array(
        select g from visitord.sighting g
        where g.sighting_id = any(near) and g.identity_id is null
        or g.sighting_id = any(ids) and exists (select from visitord.unidentified u where u.sighting_id = g.sighting_id)
        order by g.site, g.camera, g.started_at
    );
    perform visitord.lock_unidentified(c.site, c.camera)
    from (select distinct g.site, g.camera from unnest(gone) g order by g.site, g.camera) c;
    perform visitord.mark_erased(ids, 'forgotten');
    crops := array(
        select distinct g.crop from visitord.sighting g where g.sighting_id = any(ids) and g.crop is not null
    );
    delete from visitord.template t where t.sighting_id = any(ids);
    update visitord.merge m set settled = m.settled - ids::text[] where m.settled ?| ids::text[];
    delete from visitord.split s where s.sightings <@ ids;
    update visitord.split s set sightings = array(select unnest(s.sightings) except select unnest(ids))
    where s.sightings && ids;
    delete from visitord.together t where t.sighting_id = any(ids) or t.other_id = any(ids);
    perform visitord.untell(ids);
    delete from visitord.sighting g where g.sighting_id = any(ids);
    perform visitord.refresh_visits(p.person, s.site, s.visit_gap, '-infinity', 'infinity')
    from visitord.site s, unnest(people) p (person);
    perform visitord.refresh_unidentified(g.site, g.camera, g.started_at, g.ended_at) from unnest(gone) g;
end
$$;

COMMENT ON FUNCTION visitord.erase_sightings(ids uuid[], people uuid[], OUT crops text[]) IS 'Erases sightings with what was learnt of them, and puts the visits of these root identities together anew. For forget and forget_sightings, which lock who is concerned. Returns names of their pictures.';

CREATE FUNCTION visitord.forget(person uuid, alike uuid[] DEFAULT '{}'::uuid[], compared uuid[] DEFAULT '{}'::uuid[], OUT ids uuid[], OUT crops text[], OUT sightings integer, OUT identities integer) RETURNS record
    LANGUAGE plpgsql
    AS $$
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
    -- similarity from which any pack takes two for one.  And with what passes for pieces of their tracks.
    ids := array(
        select g.sighting_id from visitord.sighting g where g.identity_id = any(whole)
        union
        select g.sighting_id from visitord.sighting g where g.sighting_id = any(alike) and g.identity_id is null
        union
        select g.sighting_id from visitord.sighting g
        where g.candidate_id = any(whole) and g.identity_id is null and g.score >= 0.3
        and g.sighting_id <> all(compared)
    );
    ids := array(select unnest(ids) union select unnest(visitord.pieces_of(ids)));
    sightings := cardinality(ids);
    crops := visitord.erase_sightings(ids, array[person]);
    crops := crops || visitord.erase_identities(whole);
    crops := visitord.unneeded(crops);
end
$$;

COMMENT ON FUNCTION visitord.forget(person uuid, alike uuid[], compared uuid[], OUT ids uuid[], OUT crops text[], OUT sightings integer, OUT identities integer) IS 'Erases a root identity, everyone merged into it, and all that was seen or learnt of them. alike: undecided sightings that are of them too; compared: those of which that was looked into, for the others it follows from when they were decided. Returns what was erased: ids of sightings, names of pictures that nobody needs any more, and how many sightings and identities.';

CREATE FUNCTION visitord.forget_sightings(chosen uuid[], OUT ids uuid[], OUT crops text[], OUT sightings integer, OUT identities integer) RETURNS record
    LANGUAGE plpgsql
    AS $$
declare
    people uuid[];
    whole  uuid[];
begin
    -- As above.
    lock table visitord.identity in share row exclusive mode;
    ids := array(select g.sighting_id from visitord.sighting g where g.sighting_id = any(chosen));
    people := array(
        select distinct i.root_id from visitord.sighting g join visitord.identity i on i.identity_id = g.identity_id
        where g.sighting_id = any(ids)
    );
    perform from visitord.identity i where i.root_id = any(people)
    order by i.identity_id = i.root_id, i.identity_id for update;
    ids := array(select unnest(ids) union select unnest(visitord.pieces_of(ids)));
    sightings := cardinality(ids);
    crops := visitord.erase_sightings(ids, people);
    -- With the people of whom nothing is left: neither a sighting, nor anything to know them by.
    whole := array(
        select i.identity_id from visitord.identity i
        where i.root_id = any(people) and not exists (
            select from visitord.identity m
            where m.root_id = i.root_id and (
                exists (select from visitord.sighting g where g.identity_id = m.identity_id)
                or exists (select from visitord.template t where t.identity_id = m.identity_id)
            )
        )
    );
    identities := cardinality(whole);
    crops := crops || visitord.erase_identities(whole);
    crops := visitord.unneeded(crops);
end
$$;

COMMENT ON FUNCTION visitord.forget_sightings(chosen uuid[], OUT ids uuid[], OUT crops text[], OUT sightings integer, OUT identities integer) IS 'Erases sightings with their pictures and what was learnt of them, what passes for pieces of their tracks, and the people of whom nothing is left then. Returns what was erased, as forget does.';

CREATE FUNCTION visitord.grant_roles() RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
    relation record;
begin
    for relation in
        select c.relname as name, c.relkind as kind from pg_catalog.pg_class c
        where c.relnamespace = 'visitord'::regnamespace and c.relkind in ('r', 'v', 'S')
    loop
        if relation.kind = 'v' and to_regrole('visitord_reader') is not null then
            execute format('grant select on visitord.%I to visitord_reader', relation.name);
        end if;
        if to_regrole('visitord_daemon') is not null then
            execute format(
                'grant %s on visitord.%I to visitord_daemon',
                case when relation.kind = 'S' then 'usage'
                     when relation.kind = 'v' or relation.name ~ 'yoyo|^schema_file$' then 'select'
                     else 'select, insert, update, delete' end,
                relation.name
            );
        end if;
    end loop;
    if to_regrole('visitord_reader') is not null then
        grant usage on schema visitord to visitord_reader;
    end if;
    if to_regrole('visitord_daemon') is not null then
        grant usage on schema visitord to visitord_daemon;
    end if;
end
$_$;

COMMENT ON FUNCTION visitord.grant_roles() IS 'Grants visitord_reader the views and visitord_daemon what a daemon and visitorctl need, as far as these roles exist; for the owner of the schema.';

CREATE FUNCTION visitord.is_piece(place text, cam text, since timestamp with time zone, until timestamp with time zone, others uuid[]) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    select exists (
        select from visitord.visit v
        where v.identity_id is not null and v.site = place
        and tstzrange(v.started_at, v.ended_at, '[]') && tstzrange(since, until, '[]')
        and exists (
            select from visitord.identity i join visitord.sighting g on g.identity_id = i.identity_id
            where i.root_id = v.identity_id and g.site = place and g.camera = cam and not g.static
            and g.started_at between v.started_at and least(v.ended_at, until) and g.ended_at >= since
        )
        and not exists (
            select from visitord.sighting g join visitord.identity i on i.identity_id = g.identity_id
            where g.sighting_id = any(others) and i.root_id = v.identity_id and not g.static
        )
    )
$$;

COMMENT ON FUNCTION visitord.is_piece(place text, cam text, since timestamp with time zone, until timestamp with time zone, others uuid[]) IS 'Whether somebody is identified at a camera within a stretch of time who is none of those that these sightings, seen in the same pictures, are of.';

CREATE FUNCTION visitord.lock_unidentified(place text, cam text) RETURNS void
    LANGUAGE sql
    AS $$
    select pg_advisory_xact_lock(hashtextextended('unidentified ' || place || '/' || cam, 0))
$$;

COMMENT ON FUNCTION visitord.lock_unidentified(place text, cam text) IS 'Waits for whoever puts together the visits without an identity at a camera, and keeps others from it until the transaction ends. Locks are taken in this order: sightings, identities, cameras by their names, visits.';

CREATE FUNCTION visitord.mark_erased(ids uuid[], why text) RETURNS void
    LANGUAGE sql
    AS $$
    insert into visitord.erased as e (erased_id, crop, box, cause, erased_at)
    select g.sighting_id, g.crop, g.box, why, now() from visitord.sighting g where g.sighting_id = any(ids)
    on conflict (erased_id) do update
    set crop = excluded.crop, box = excluded.box, cause = excluded.cause, erased_at = excluded.erased_at, gone_at = null
$$;

COMMENT ON FUNCTION visitord.mark_erased(ids uuid[], why text) IS 'Notes that sightings are about to be erased, so that nothing brings them back and every box deletes their pictures.';

CREATE FUNCTION visitord.number_event() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

COMMENT ON FUNCTION visitord.number_event() IS 'Gives an event its place in the order, and says on channel visitord that it is there.';

CREATE FUNCTION visitord.pieces_of(ids uuid[]) RETURNS uuid[]
    LANGUAGE sql STABLE
    AS $$
    select array(
        select distinct g.sighting_id
        from visitord.sighting s join visitord.sighting g
        on g.identity_id is null and g.site = s.site and g.camera = s.camera and not g.static and not g.blocked
        and tstzrange(g.started_at, g.ended_at, '[]')
            && tstzrange(s.started_at - interval '2 seconds', s.ended_at + interval '2 seconds', '[]')
        where s.sighting_id = any(ids) and s.identity_id is not null and not s.static
        and not exists (select from visitord.unidentified u where u.sighting_id = g.sighting_id)
    )
$$;

COMMENT ON FUNCTION visitord.pieces_of(ids uuid[]) IS 'Sightings that pass for pieces of the tracks of these, which are no visit as long as those are there.';

CREATE FUNCTION visitord.rebuild_people(people uuid[], settled uuid[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    -- Whoever was in one picture with these people may be a piece of another one's track now.
    near   uuid[] := settled || array(
        select g.sighting_id
        from (
            select t.other_id as sighting_id
            from visitord.identity i
            join visitord.sighting s on s.identity_id = i.identity_id
            join visitord.together t on t.sighting_id = s.sighting_id
            where i.root_id = any(people)
            union
            select t.sighting_id
            from visitord.identity i
            join visitord.sighting s on s.identity_id = i.identity_id
            join visitord.together t on t.other_id = s.sighting_id
            where i.root_id = any(people)
        ) c
        join visitord.sighting g on g.sighting_id = c.sighting_id
        where g.identity_id is null
    );
begin
    perform visitord.lock_unidentified(c.site, c.camera)
    from (
        select distinct g.site, g.camera from visitord.sighting g where g.sighting_id = any(near) order by g.site, g.camera
    ) c;
    perform visitord.refresh_visits(p.person, s.site, s.visit_gap, '-infinity', 'infinity')
    from visitord.site s, unnest(people) p (person);
    perform visitord.refresh_unidentified(g.site, g.camera, g.started_at, g.ended_at)
    from (
        select * from visitord.sighting g where g.sighting_id = any(near) order by g.site, g.camera, g.started_at
    ) g;
end
$$;

COMMENT ON FUNCTION visitord.rebuild_people(people uuid[], settled uuid[]) IS 'Rebuilds all visits of these root identities, at every site, after it changed who they are, and those without an identity that follow from it. settled: the sightings that have an identity since, or have none any more.';

CREATE FUNCTION visitord.rebuild_visits(place text) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
declare
    gap    interval := (select s.visit_gap from visitord.site s where s.site = place);
    person uuid;
    cam    text;
begin
    -- No merge may come in between; recorders wait person by person.
    lock table visitord.identity in row exclusive mode;
    for person in
        select i.root_id from visitord.sighting g join visitord.identity i using (identity_id) where g.site = place
        union
        select v.identity_id from visitord.visit v where v.site = place and v.identity_id is not null
        order by 1
    loop
        perform from visitord.identity i where i.identity_id = person for no key update;
        perform visitord.refresh_visits(person, place, gap, '-infinity', 'infinity');
    end loop;
    for cam in
        select g.camera from visitord.sighting g where g.identity_id is null and g.site = place
        union
        select v.last_camera from visitord.visit v where v.identity_id is null and v.site = place
        order by 1
    loop
        perform visitord.refresh_unidentified(place, cam, '-infinity', 'infinity');
    end loop;
    return (select count(*) from visitord.visit v where v.site = place);
end
$$;

COMMENT ON FUNCTION visitord.rebuild_visits(place text) IS 'Rebuilds all visits at a site from its sightings, with the gap and the time zone of the site; changes only rows that differ. Returns how many visits there are.';

CREATE FUNCTION visitord.refresh_unidentified(place text, cam text, since timestamp with time zone, until timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    zone      text := (select s.timezone from visitord.site s where s.site = place);
    -- A track breaks for seconds: who comes more than a minute later is as likely somebody else.
    pause     interval := (select least(s.visit_gap, interval '1 minute') from visitord.site s where s.site = place);
    flicker   interval := least(pause, interval '2 seconds');
    first     timestamptz;
    changed   timestamptz := until; -- Nothing that ends later is another visit's than it was, so far.
    touched   uuid[];
    seen      record;
    others    uuid[];
    found     uuid;
begin
    perform visitord.lock_unidentified(place, cam);
    -- Also of whoever was identified meanwhile.
    touched := array(
        select v.visit_id from visitord.visit v
        where v.site = place and cam = any(v.cameras)
        and tstzrange(v.started_at, v.ended_at, '[]') && tstzrange(since, until, '[]')
        and (v.identity_id is null or exists (select from visitord.unidentified u where u.visit_id = v.visit_id))
    );
    delete from visitord.unidentified u
    where u.visit_id = any(touched)
    and not exists (select from visitord.sighting g where g.sighting_id = u.sighting_id and g.identity_id is null);

    -- Which visit a sighting belongs to follows from those that began before it.
    first := least(since, (
        select min(g.started_at) from visitord.sighting g
        where g.identity_id is null and g.site = place and g.camera = cam
        and tstzrange(g.started_at, g.ended_at, '[]') && tstzrange(since - flicker, until + flicker, '[]')
    ));
    for seen in
        select g.sighting_id, g.started_at, g.ended_at, not (g.static or g.blocked) as counts, u.visit_id
        from visitord.sighting g left join visitord.unidentified u on u.sighting_id = g.sighting_id
        where g.identity_id is null and g.site = place and g.camera = cam and g.started_at >= first
        order by g.started_at, g.sighting_id
    loop
        exit when seen.started_at > changed + pause;
        found := null;
        if seen.counts then
            others := array(
                select t.other_id from visitord.together t where t.sighting_id = seen.sighting_id
                union
                select t.sighting_id from visitord.together t where t.other_id = seen.sighting_id
            );
            if not visitord.is_piece(place, cam, seen.started_at - flicker, seen.ended_at + flicker, others) then
                found := coalesce((
                    select u.visit_id
                    from visitord.sighting g join visitord.unidentified u on u.sighting_id = g.sighting_id
                    where g.identity_id is null and g.site = place and g.camera = cam
                    and tstzrange(g.started_at, g.ended_at, '[]')
                        && tstzrange(seen.started_at - pause, seen.started_at, '[]')
                    and (g.started_at, g.sighting_id) < (seen.started_at, seen.sighting_id)
                    group by u.visit_id
                    having not bool_or(g.sighting_id = any(others))
                    order by max(g.ended_at) desc, u.visit_id
                    limit 1
                ), seen.sighting_id);
            end if;
        end if;
        continue when found is not distinct from seen.visit_id;

        if found is null then
            delete from visitord.unidentified u where u.sighting_id = seen.sighting_id;
        else
            insert into visitord.unidentified (sighting_id, visit_id) values (seen.sighting_id, found)
            on conflict (sighting_id) do update set visit_id = excluded.visit_id;
        end if;
        touched := touched || array_remove(array[found, seen.visit_id], null);
        changed := greatest(changed, seen.ended_at);
    end loop;

    -- Only what differs is written.
    delete from visitord.visit v
    where v.visit_id = any(touched) and v.identity_id is null
    and not exists (select from visitord.unidentified u where u.visit_id = v.visit_id);
    insert into visitord.visit as v
        (visit_id, site, started_at, ended_at, sightings, cameras, last_camera, day)
    select u.visit_id, place, min(g.started_at), max(g.ended_at), count(*), array[cam], cam,
           (min(g.started_at) at time zone zone)::date
    from visitord.unidentified u join visitord.sighting g on g.sighting_id = u.sighting_id
    where u.visit_id = any(touched)
    group by u.visit_id
    on conflict (visit_id) do update set
        started_at = excluded.started_at, ended_at = excluded.ended_at, sightings = excluded.sightings, day = excluded.day
    where (v.started_at, v.ended_at, v.sightings, v.day) is distinct from
        (excluded.started_at, excluded.ended_at, excluded.sightings, excluded.day);
end
$$;

COMMENT ON FUNCTION visitord.refresh_unidentified(place text, cam text, since timestamp with time zone, until timestamp with time zone) IS 'Puts the visits without an identity at a camera right after something there changed within a stretch of time (-infinity to infinity for all). A sighting joins the visit seen last there no more than a minute (or the visit gap, if that is shorter) before it, unless both were in one picture, else it begins one; one that lies beside the track of a person it never was in one picture with is a piece of that track, and no visit.';

CREATE TABLE visitord.visit (
    visit_id uuid NOT NULL,
    identity_id uuid,
    site text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    sightings integer NOT NULL,
    cameras text[] NOT NULL,
    last_camera text NOT NULL,
    day date NOT NULL,
    previous_day date,
    previous_end timestamp with time zone,
    CONSTRAINT visit_cameras_check CHECK ((cardinality(cameras) > 0)),
    CONSTRAINT visit_check CHECK ((ended_at >= started_at)),
    CONSTRAINT visit_previous CHECK (((previous_day IS NULL) = (previous_end IS NULL))),
    CONSTRAINT visit_sightings_check CHECK ((sightings > 0)),
    CONSTRAINT visit_unidentified CHECK (((identity_id IS NOT NULL) OR (previous_end IS NULL)))
);

COMMENT ON TABLE visitord.visit IS 'Sightings of one identity at one site with no gap longer than visit_gap, or those at one camera that pass for one person who could not be identified; derived from sightings.';

COMMENT ON COLUMN visitord.visit.visit_id IS 'The id of its first sighting.';

COMMENT ON COLUMN visitord.visit.identity_id IS 'Who: always a root identity; null for a person who could not be identified.';

COMMENT ON COLUMN visitord.visit.site IS 'Where.';

COMMENT ON COLUMN visitord.visit.started_at IS 'Start of the first sighting.';

COMMENT ON COLUMN visitord.visit.ended_at IS 'End of the last sighting so far.';

COMMENT ON COLUMN visitord.visit.sightings IS 'How many sightings it holds.';

COMMENT ON COLUMN visitord.visit.cameras IS 'The cameras that saw the person, in order of first sighting.';

COMMENT ON COLUMN visitord.visit.last_camera IS 'The camera that saw the person last.';

COMMENT ON COLUMN visitord.visit.day IS 'The day it began, in the time zone of the site; the whole visit counts for it, also past midnight.';

COMMENT ON COLUMN visitord.visit.previous_day IS 'The day on which the visit of this person at this site before this one began; null for the first.';

COMMENT ON COLUMN visitord.visit.previous_end IS 'The end of the visit of this person at this site before this one; null for the first.';

CREATE FUNCTION visitord.refresh_visits(person uuid, place text, gap interval, since timestamp with time zone, until timestamp with time zone) RETURNS SETOF visitord.visit
    LANGUAGE plpgsql
    AS $$
declare
    zone text := (select s.timezone from visitord.site s where s.site = place);
    -- Visits lie apart, so that of those that begin before the time in question only the last may reach into it.
    earliest timestamptz := coalesce((
        select v.started_at from visitord.visit v
        where v.identity_id = person and v.site = place and v.started_at <= since - gap
        order by v.started_at desc limit 1
    ), '-infinity');
begin
    perform from visitord.visit v
    where v.identity_id = person and v.site = place and v.started_at between earliest and until + gap
    and v.ended_at >= since - gap
    for update;
    return query
    -- The visits that may change, and the stretch of time they and the change take up: no other visit reaches into it.
    with old as (
        select * from visitord.visit v
        where v.identity_id = person and v.site = place and v.started_at between earliest and until + gap
        and v.ended_at >= since - gap
    ), span as (
        select least(since, min(old.started_at)) as first, greatest(until, max(old.ended_at)) as last from old
    ),
    -- What visits there should be: runs of sightings without a pause longer than the gap.
    stay as (
        select g.*, max(g.ended_at) over (
            order by g.started_at, g.sighting_id rows between unbounded preceding and 1 preceding
        ) as present_until
        from span, visitord.sighting g join visitord.identity i on i.identity_id = g.identity_id
        where i.root_id = person and g.site = place and not g.static
        and g.started_at between span.first and span.last
    ), run as (
        select s.*, count(*) filter (where s.started_at - s.present_until > gap)
            over (order by s.started_at, s.sighting_id) as pauses
        from stay s
    ), wanted as (
        select (array_agg(r.sighting_id order by r.started_at, r.sighting_id))[1] as visit_id,
               min(r.started_at) as started_at,
               max(r.ended_at) as ended_at,
               count(*) as sightings,
               array_agg(r.camera order by r.started_at, r.sighting_id) as cameras,
               (array_agg(r.camera order by r.ended_at desc, r.started_at desc, r.sighting_id desc))[1] as last_camera,
               (min(r.started_at) at time zone zone)::date as day
        from run r group by r.pauses
    ),
    -- Each follows another one: the first of them the last visit before the stretch, the next visit after it the last.
    before as (
        select v.day, v.ended_at from span, visitord.visit v
        where v.identity_id = person and v.site = place and v.started_at < span.first
        order by v.started_at desc limit 1
    ), after as (
        select v.visit_id from span, visitord.visit v
        where v.identity_id = person and v.site = place and v.started_at > span.last
        order by v.started_at limit 1
    ), linked as (
        select w.*,
               coalesce(lag(w.day) over (order by w.started_at), b.day) as previous_day,
               coalesce(lag(w.ended_at) over (order by w.started_at), b.ended_at) as previous_end
        from wanted w left join before b on true
    ), relinked as (
        update visitord.visit v set previous_day = l.day, previous_end = l.ended_at
        from after a left join lateral (
            select c.day, c.ended_at
            from (select w.day, w.ended_at from wanted w union all select b.day, b.ended_at from before b) c
            order by c.ended_at desc limit 1
        ) l on true
        where v.visit_id = a.visit_id and (v.previous_day, v.previous_end) is distinct from (l.day, l.ended_at)
    ),
    -- Only what differs is written.
    gone as (
        delete from visitord.visit v
        where v.visit_id in (select old.visit_id from old except select w.visit_id from wanted w)
        returning v.*
    ), written as (
        insert into visitord.visit as v
            (visit_id, identity_id, site, started_at, ended_at, sightings, cameras, last_camera,
             day, previous_day, previous_end)
        select l.visit_id, person, place, l.started_at, l.ended_at, l.sightings,
               array(select c.camera from unnest(l.cameras) with ordinality c (camera, place)
                     group by c.camera order by min(c.place)),
               l.last_camera, l.day, l.previous_day, l.previous_end
        from linked l
        on conflict (visit_id) do update set
            identity_id = excluded.identity_id, started_at = excluded.started_at, ended_at = excluded.ended_at,
            sightings = excluded.sightings, cameras = excluded.cameras, last_camera = excluded.last_camera,
            day = excluded.day, previous_day = excluded.previous_day, previous_end = excluded.previous_end
        where (v.identity_id, v.started_at, v.ended_at, v.sightings, v.cameras, v.last_camera,
               v.day, v.previous_day, v.previous_end) is distinct from
            (excluded.identity_id, excluded.started_at, excluded.ended_at, excluded.sightings, excluded.cameras,
             excluded.last_camera, excluded.day, excluded.previous_day, excluded.previous_end)
        returning v.*
    )
    select w.* from written w
    where w.visit_id not in (select old.visit_id from old)
    and not exists (select from gone g where g.started_at <= w.ended_at and g.ended_at >= w.started_at)
    order by w.started_at;
end
$$;

COMMENT ON FUNCTION visitord.refresh_visits(person uuid, place text, gap interval, since timestamp with time zone, until timestamp with time zone) IS 'Rebuilds the visits of a root identity at a site that lie within the gap of a stretch of time (-infinity to infinity for all): runs of sightings with no pause longer than the gap. Returns those that began: had no row before, and overlap none that went.';

CREATE FUNCTION visitord.unneeded(crops text[]) RETURNS text[]
    LANGUAGE sql STABLE
    AS $$
    select array(
        select distinct c from unnest(crops) c
        where not exists (select from visitord.sighting g where g.crop = c)
        and not exists (select from visitord.template t where t.crop = c)
    )
$$;

COMMENT ON FUNCTION visitord.unneeded(crops text[]) IS 'Those of these pictures, by name, that no sighting and no template has.';

CREATE FUNCTION visitord.untell(ids uuid[]) RETURNS void
    LANGUAGE sql
    AS $$
    delete from visitord.event_due d where d.visit_id = any(ids);
    delete from visitord.arrived a where a.visit_id = any(ids);
    delete from visitord.event e where e.visit_id = any(ids);
$$;

COMMENT ON FUNCTION visitord.untell(ids uuid[]) IS 'Deletes what was told of visits, or would be, that began with these sightings.';

CREATE TABLE visitord.arrived (
    visit_id uuid NOT NULL,
    identity_id uuid NOT NULL,
    site text NOT NULL,
    arrived_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE visitord.arrived IS 'Visits whose arrival was told and whose departure was not.';

COMMENT ON COLUMN visitord.arrived.visit_id IS 'The visit, as in its arrival.';

COMMENT ON COLUMN visitord.arrived.identity_id IS 'Who came.';

COMMENT ON COLUMN visitord.arrived.site IS 'Where.';

COMMENT ON COLUMN visitord.arrived.arrived_at IS 'When, as in its arrival.';

CREATE TABLE visitord.calibration (
    site text NOT NULL,
    pack text NOT NULL,
    applied_by text NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    dims double precision NOT NULL,
    CONSTRAINT calibration_dims_check CHECK (((dims >= (2)::double precision) AND (dims <= (4096)::double precision)))
);

COMMENT ON TABLE visitord.calibration IS 'How well people are told apart at a site, as visitorctl calibrate --apply measured it; a match in the configuration file goes before what follows from it.';

COMMENT ON COLUMN visitord.calibration.site IS 'Where it holds.';

COMMENT ON COLUMN visitord.calibration.pack IS 'Fingerprint of the recogniser it is for.';

COMMENT ON COLUMN visitord.calibration.applied_by IS 'The account that applied it.';

COMMENT ON COLUMN visitord.calibration.applied_at IS 'When it was applied.';

COMMENT ON COLUMN visitord.calibration.dims IS 'Cosine similarities of two people are spread as those of random directions in so many dimensions; thresholds follow from it.';

CREATE TABLE visitord.camera (
    site text NOT NULL,
    camera text NOT NULL,
    box text,
    state text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    stream text DEFAULT ''::text NOT NULL,
    last_frame_at timestamp with time zone,
    fps real DEFAULT 0 NOT NULL,
    dropped bigint DEFAULT 0 NOT NULL,
    reconnects bigint DEFAULT 0 NOT NULL,
    reported_at timestamp with time zone NOT NULL,
    CONSTRAINT camera_box_check CHECK (((length(box) >= 1) AND (length(box) <= 64))),
    CONSTRAINT camera_camera_check CHECK (((length(camera) >= 1) AND (length(camera) <= 64))),
    CONSTRAINT camera_dropped_check CHECK ((dropped >= 0)),
    CONSTRAINT camera_fps_check CHECK ((fps >= (0)::double precision)),
    CONSTRAINT camera_reason_check CHECK ((length(reason) <= 1000)),
    CONSTRAINT camera_reconnects_check CHECK ((reconnects >= 0)),
    CONSTRAINT camera_state_check CHECK ((state = ANY (ARRAY['connecting'::text, 'live'::text, 'stale'::text, 'refused'::text, 'gone'::text, 'ended'::text, 'disabled'::text]))),
    CONSTRAINT camera_stream_check CHECK ((length(stream) <= 1000))
);

COMMENT ON TABLE visitord.camera IS 'The last report on each camera by the daemon that reads it.';

COMMENT ON COLUMN visitord.camera.site IS 'The place it belongs to.';

COMMENT ON COLUMN visitord.camera.camera IS 'Its name in the configuration.';

COMMENT ON COLUMN visitord.camera.box IS 'The box whose daemon reported it last, from box.';

COMMENT ON COLUMN visitord.camera.state IS 'connecting, live, stale (there, but no picture to be used), refused (it said no), gone (no answer), ended (file played), disabled (by the configuration).';

COMMENT ON COLUMN visitord.camera.reason IS 'Why it is in that state; empty when live.';

COMMENT ON COLUMN visitord.camera.stream IS 'What it sends: codec or format, size, rate; and what it was asked for where that differs.';

COMMENT ON COLUMN visitord.camera.last_frame_at IS 'When the last picture arrived.';

COMMENT ON COLUMN visitord.camera.fps IS 'Pictures per second offered for analysis, over the last seconds.';

COMMENT ON COLUMN visitord.camera.dropped IS 'Pictures replaced by newer ones before they could be analysed, since the daemon started.';

COMMENT ON COLUMN visitord.camera.reconnects IS 'Times it was opened again since the daemon started.';

COMMENT ON COLUMN visitord.camera.reported_at IS 'When this report was written; old when no daemon runs.';

CREATE TABLE visitord.camera_change (
    site text NOT NULL,
    camera text NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    box text,
    state text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT camera_change_box_check CHECK (((length(box) >= 1) AND (length(box) <= 64))),
    CONSTRAINT camera_change_camera_check CHECK (((length(camera) >= 1) AND (length(camera) <= 64))),
    CONSTRAINT camera_change_reason_check CHECK ((length(reason) <= 1000)),
    CONSTRAINT camera_change_state_check CHECK ((state = ANY (ARRAY['connecting'::text, 'live'::text, 'stale'::text, 'refused'::text, 'gone'::text, 'ended'::text, 'disabled'::text])))
);

COMMENT ON TABLE visitord.camera_change IS 'Each time a camera was reported to be in another state than before; swept after a year.';

COMMENT ON COLUMN visitord.camera_change.site IS 'The place it belongs to.';

COMMENT ON COLUMN visitord.camera_change.camera IS 'Its name in the configuration.';

COMMENT ON COLUMN visitord.camera_change.changed_at IS 'Since when it was in this state, by the clock of the database.';

COMMENT ON COLUMN visitord.camera_change.box IS 'The box whose daemon reported it.';

COMMENT ON COLUMN visitord.camera_change.state IS 'As in camera.state; gone also for the time in which no daemon reported it.';

COMMENT ON COLUMN visitord.camera_change.reason IS 'Why it was in that state; empty when live.';

CREATE TABLE visitord.site (
    site text NOT NULL,
    timezone text NOT NULL,
    visit_gap interval NOT NULL,
    exclude_groups text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT site_site_check CHECK (((length(site) >= 1) AND (length(site) <= 64))),
    CONSTRAINT site_visit_gap_check CHECK ((visit_gap > '00:00:00'::interval))
);

COMMENT ON TABLE visitord.site IS 'A place whose cameras share one visit log.';

COMMENT ON COLUMN visitord.site.site IS 'Name of the place, from site.name.';

COMMENT ON COLUMN visitord.site.timezone IS 'IANA time zone in which its days begin, from site.timezone.';

COMMENT ON COLUMN visitord.site.visit_gap IS 'Absence longer than this ends a visit, from visit.gap.';

COMMENT ON COLUMN visitord.site.exclude_groups IS 'Groups whose members footfall leaves out, from footfall.exclude_groups, in small letters.';

CREATE VIEW visitord.camera_health AS
 SELECT camera.camera,
    camera.site,
        CASE
            WHEN reported.missing THEN 'gone'::text
            ELSE camera.state
        END AS state,
        CASE
            WHEN reported.missing THEN ((('no daemon has reported it since '::text || to_char(camera.reported_at, 'YYYY-MM-DD HH24:MI:SS TZ'::text)) || '; last known: '::text) || camera.state)
            ELSE camera.reason
        END AS reason,
    camera.last_frame_at,
        CASE
            WHEN reported.missing THEN (0)::real
            ELSE camera.fps
        END AS fps,
    camera.dropped,
    camera.reconnects,
    camera.reported_at,
    camera.stream,
    camera.box,
    site.timezone
   FROM ((visitord.camera
     LEFT JOIN visitord.site USING (site))
     CROSS JOIN LATERAL ( SELECT ((camera.reported_at < (now() - '00:00:30'::interval)) AND (camera.state <> ALL (ARRAY['ended'::text, 'disabled'::text]))) AS missing) reported);

COMMENT ON VIEW visitord.camera_health IS 'A row is a camera as its daemon last reported it.';

COMMENT ON COLUMN visitord.camera_health.camera IS 'Its name in the configuration.';

COMMENT ON COLUMN visitord.camera_health.site IS 'The place it belongs to.';

COMMENT ON COLUMN visitord.camera_health.state IS 'connecting, live, stale (there, but no picture to be used for camera.stale_after), refused (it said no), gone (no answer, or no daemon reports it), ended or disabled.';

COMMENT ON COLUMN visitord.camera_health.reason IS 'Why it is in that state; empty when live.';

COMMENT ON COLUMN visitord.camera_health.last_frame_at IS 'When the last picture arrived (timestamp with time zone); null when none did yet.';

COMMENT ON COLUMN visitord.camera_health.fps IS 'Pictures per second offered for analysis, over the last seconds.';

COMMENT ON COLUMN visitord.camera_health.dropped IS 'Number of pictures replaced by newer ones before they could be analysed, since the daemon started.';

COMMENT ON COLUMN visitord.camera_health.reconnects IS 'Times it was opened again since the daemon started.';

COMMENT ON COLUMN visitord.camera_health.reported_at IS 'When this report was written (timestamp with time zone); old when no daemon runs.';

COMMENT ON COLUMN visitord.camera_health.stream IS 'What it sends: codec or format, size, rate; and what it was asked for where that differs.';

COMMENT ON COLUMN visitord.camera_health.box IS 'The box whose daemon reported it last.';

COMMENT ON COLUMN visitord.camera_health.timezone IS 'The time zone of the site (IANA name): last_frame_at at time zone timezone is the local time there.';

CREATE VIEW visitord.camera_log AS
 SELECT c.camera,
    c.site,
    c.state,
    c.reason,
    c.changed_at AS started_at,
    lead(c.changed_at) OVER next AS ended_at,
    (COALESCE(lead(c.changed_at) OVER next, now()) - c.changed_at) AS duration,
    c.box,
    s.timezone
   FROM (( SELECT camera_change.site,
            camera_change.camera,
            camera_change.changed_at,
            camera_change.box,
            camera_change.state,
            camera_change.reason
           FROM visitord.camera_change
        UNION ALL
         SELECT h.site,
            h.camera,
            h.reported_at,
            h.box,
            h.state,
            'no daemon reports it'::text
           FROM (visitord.camera_health h
             JOIN visitord.camera r USING (site, camera))
          WHERE ((h.state = 'gone'::text) AND (r.state <> 'gone'::text))) c
     LEFT JOIN visitord.site s ON ((s.site = c.site)))
  WINDOW next AS (PARTITION BY c.site, c.camera ORDER BY c.changed_at, (c.state = 'gone'::text));

COMMENT ON VIEW visitord.camera_log IS 'A row is a stretch of time in which a camera was in one state: what an hour without visits was due to.';

COMMENT ON COLUMN visitord.camera_log.camera IS 'Its name in the configuration.';

COMMENT ON COLUMN visitord.camera_log.site IS 'The place it belongs to.';

COMMENT ON COLUMN visitord.camera_log.state IS 'As in camera_health; gone also while no daemon reported it.';

COMMENT ON COLUMN visitord.camera_log.reason IS 'Why it was in that state; empty when live.';

COMMENT ON COLUMN visitord.camera_log.started_at IS 'Since when (timestamp with time zone).';

COMMENT ON COLUMN visitord.camera_log.ended_at IS 'Until when (timestamp with time zone); null while it lasts.';

COMMENT ON COLUMN visitord.camera_log.duration IS 'How long it lasted, or has lasted so far (interval).';

COMMENT ON COLUMN visitord.camera_log.box IS 'The box whose daemon reported it; null where none was named.';

COMMENT ON COLUMN visitord.camera_log.timezone IS 'The time zone of the site (IANA name).';

CREATE TABLE visitord.identity (
    identity_id uuid NOT NULL,
    number bigint NOT NULL,
    status text NOT NULL,
    name text,
    merged_into uuid,
    root_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT identity_check CHECK (((status <> 'named'::text) OR (name IS NOT NULL))),
    CONSTRAINT identity_check1 CHECK ((merged_into <> identity_id)),
    CONSTRAINT identity_check2 CHECK (((merged_into IS NULL) = (root_id = identity_id))),
    CONSTRAINT identity_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT identity_status_check CHECK ((status = ANY (ARRAY['provisional'::text, 'named'::text, 'ignored'::text])))
);
ALTER TABLE ONLY visitord.identity ALTER COLUMN name SET STATISTICS 0;

COMMENT ON TABLE visitord.identity IS 'A person as the system knows them.';

COMMENT ON COLUMN visitord.identity.identity_id IS 'Made by the box that first saw the person.';

COMMENT ON COLUMN visitord.identity.number IS 'The number in the label "visitor 7"; never reused.';

COMMENT ON COLUMN visitord.identity.status IS 'provisional (enrolled by itself), named (by a person) or ignored.';

COMMENT ON COLUMN visitord.identity.name IS 'The name a person gave, if any.';

COMMENT ON COLUMN visitord.identity.merged_into IS 'The identity this one was merged into; null while it stands for itself.';

COMMENT ON COLUMN visitord.identity.root_id IS 'The identity that stands for this one: itself, or the end of its merged_into pointers.';

COMMENT ON COLUMN visitord.identity.created_at IS 'When the sighting that enrolled it began.';

CREATE TABLE visitord.membership (
    identity_id uuid NOT NULL,
    group_id uuid NOT NULL,
    added_by text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    removed_by text,
    removed_at timestamp with time zone,
    CONSTRAINT membership_check CHECK (((removed_by IS NULL) = (removed_at IS NULL)))
);

COMMENT ON TABLE visitord.membership IS 'Who was put into which group. A person is in those of all identities merged into theirs, so that undoing a merge gives each what it had.';

COMMENT ON COLUMN visitord.membership.identity_id IS 'The identity that stood for the person when that was said.';

COMMENT ON COLUMN visitord.membership.group_id IS 'The group.';

COMMENT ON COLUMN visitord.membership.added_by IS 'The account that said so.';

COMMENT ON COLUMN visitord.membership.added_at IS 'When it was said.';

COMMENT ON COLUMN visitord.membership.removed_by IS 'The account that took it back; null while in force.';

COMMENT ON COLUMN visitord.membership.removed_at IS 'When it was taken back; null while in force.';

CREATE TABLE visitord.person_group (
    group_id uuid NOT NULL,
    name text NOT NULL,
    made_by text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT person_group_name_check CHECK (((length(name) >= 1) AND (length(name) <= 64)))
);

COMMENT ON TABLE visitord.person_group IS 'A group of people, of the whole database, as people are.';

COMMENT ON COLUMN visitord.person_group.group_id IS 'The group.';

COMMENT ON COLUMN visitord.person_group.name IS 'What it is called; no two differ by upper and lower case alone.';

COMMENT ON COLUMN visitord.person_group.made_by IS 'The account that first put somebody into it.';

COMMENT ON COLUMN visitord.person_group.made_at IS 'When.';

CREATE VIEW visitord.group_log AS
 SELECT m.root_id AS visitor_id,
    COALESCE(r.name, ('visitor '::text || r.number)) AS name,
    g.name AS group_name,
    b.added_by AS by,
    b.added_at,
    b.removed_by,
    b.removed_at
   FROM (((visitord.membership b
     JOIN visitord.person_group g ON ((g.group_id = b.group_id)))
     JOIN visitord.identity m ON ((m.identity_id = b.identity_id)))
     LEFT JOIN visitord.identity r ON ((r.identity_id = m.root_id)));

COMMENT ON VIEW visitord.group_log IS 'A row is a person who is, or was, in a group; of people merged into one, a row for each who was put into it.';

COMMENT ON COLUMN visitord.group_log.visitor_id IS 'Who (uuid), merges followed; see visitor.';

COMMENT ON COLUMN visitord.group_log.name IS 'The given name, or the label while there is none.';

COMMENT ON COLUMN visitord.group_log.group_name IS 'The group.';

COMMENT ON COLUMN visitord.group_log.by IS 'The account that put them into it.';

COMMENT ON COLUMN visitord.group_log.added_at IS 'When (timestamp with time zone).';

COMMENT ON COLUMN visitord.group_log.removed_by IS 'The account that took them out of it; null while they are in it.';

COMMENT ON COLUMN visitord.group_log.removed_at IS 'When they were taken out of it (timestamp with time zone); null while they are in it.';

CREATE VIEW visitord.uncounted AS
 SELECT i.identity_id AS visitor_id,
    s.site
   FROM (visitord.identity i
     CROSS JOIN visitord.site s)
  WHERE ((i.status = 'ignored'::text) AND (i.merged_into IS NULL))
UNION
 SELECT l.visitor_id,
    s.site
   FROM (visitord.group_log l
     JOIN visitord.site s ON ((lower(l.group_name) = ANY (s.exclude_groups))))
  WHERE (l.removed_at IS NULL);

COMMENT ON VIEW visitord.uncounted IS 'A row is a person whom the counts of a site leave out: ignored, or in a group that footfall.exclude_groups of that site names.';

COMMENT ON COLUMN visitord.uncounted.visitor_id IS 'Who (uuid); see visitor.';

COMMENT ON COLUMN visitord.uncounted.site IS 'Where: the name of the site.';

CREATE VIEW visitord.daily_footfall AS
 SELECT f.day,
    f.site,
    f.visits,
    f.visitors,
    f.new_visitors,
    (f.visitors - f.new_visitors) AS returning_visitors,
    f.median_dwell,
    f.identified,
    (f.visits - f.identified) AS unidentified,
    ((f.identified)::double precision / (f.visits)::double precision) AS share_identified,
    s.timezone
   FROM (( SELECT v.day,
            v.site,
            count(*) AS visits,
            count(v.identity_id) AS identified,
            count(v.identity_id) FILTER (WHERE (v.previous_day IS DISTINCT FROM v.day)) AS visitors,
            count(v.identity_id) FILTER (WHERE (v.previous_day IS NULL)) AS new_visitors,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY (v.ended_at - v.started_at)) FILTER (WHERE (v.identity_id IS NOT NULL)) AS median_dwell
           FROM visitord.visit v
          WHERE ((v.identity_id IS NULL) OR (NOT ((v.identity_id, v.site) IN ( SELECT u.visitor_id,
                    u.site
                   FROM visitord.uncounted u))))
          GROUP BY v.day, v.site) f
     LEFT JOIN visitord.site s ON ((s.site = f.site)));

COMMENT ON VIEW visitord.daily_footfall IS 'A row is a local day at a site on which someone came; ignored people, and those of the groups that footfall.exclude_groups names, are left out. A visit that spans midnight belongs to the day it began.';

COMMENT ON COLUMN visitord.daily_footfall.day IS 'The day (date) in the time zone of the site, from midnight to midnight: 23 or 25 hours where the clock changes.';

COMMENT ON COLUMN visitord.daily_footfall.site IS 'Where: the name of the site.';

COMMENT ON COLUMN visitord.daily_footfall.visits IS 'Number of visits that began on that day: identified plus unidentified.';

COMMENT ON COLUMN visitord.daily_footfall.visitors IS 'Number of people the identified visits were of: each counts once a day.';

COMMENT ON COLUMN visitord.daily_footfall.new_visitors IS 'How many of the visitors were at this site for the first time.';

COMMENT ON COLUMN visitord.daily_footfall.returning_visitors IS 'How many of the visitors had been at this site on an earlier day.';

COMMENT ON COLUMN visitord.daily_footfall.median_dwell IS 'Median duration of the identified visits (interval): half of them were shorter. Null when there was none.';

COMMENT ON COLUMN visitord.daily_footfall.identified IS 'How many of the visits were of people with an identity.';

COMMENT ON COLUMN visitord.daily_footfall.unidentified IS 'How many of the visits were of people who could not be identified.';

COMMENT ON COLUMN visitord.daily_footfall.share_identified IS 'identified divided by visits, 0 to 1.';

COMMENT ON COLUMN visitord.daily_footfall.timezone IS 'The time zone of the site (IANA name), in which the day is one.';

CREATE TABLE visitord.erased (
    erased_id uuid NOT NULL,
    crop text,
    erased_at timestamp with time zone NOT NULL,
    cause text NOT NULL,
    box text,
    gone_at timestamp with time zone,
    CONSTRAINT erased_box_check CHECK (((length(box) >= 1) AND (length(box) <= 64))),
    CONSTRAINT erased_cause_check CHECK ((cause = ANY (ARRAY['forgotten'::text, 'dropped'::text, 'expired'::text]))),
    CONSTRAINT erased_crop_check CHECK ((crop ~ '^[0-9a-f]{64}$'::text))
);

COMMENT ON TABLE visitord.erased IS 'What was erased, so that nothing that is late writes it back and every box deletes its pictures; swept after a year. An id and a hash made of nothing that is left say nothing about anybody.';

COMMENT ON COLUMN visitord.erased.erased_id IS 'Of a sighting, a person, or a template made from a photograph; made up where a picture is erased and its sighting stays.';

COMMENT ON COLUMN visitord.erased.crop IS 'Name of its picture, for the box that has it to delete; null where there was none.';

COMMENT ON COLUMN visitord.erased.erased_at IS 'When.';

COMMENT ON COLUMN visitord.erased.cause IS 'forgotten (by a command or the page), dropped (for its age), expired (what somebody looked like who was not identified in time).';

COMMENT ON COLUMN visitord.erased.box IS 'The box that has the picture; null where that is not known.';

COMMENT ON COLUMN visitord.erased.gone_at IS 'When the box that has the picture deleted it; null while it may lie there.';

CREATE TABLE visitord.event (
    event_id uuid NOT NULL,
    sequence bigint,
    kind text NOT NULL,
    at timestamp with time zone NOT NULL,
    told_at timestamp with time zone DEFAULT now() NOT NULL,
    late boolean DEFAULT false NOT NULL,
    site text,
    box text,
    camera text,
    identity_id uuid,
    name text,
    label text,
    status text,
    visit_id uuid,
    first_time boolean,
    score real,
    duration interval,
    other_id uuid,
    other_name text,
    undone boolean,
    state text,
    reason text,
    CONSTRAINT event_box_check CHECK (((length(box) >= 1) AND (length(box) <= 64))),
    CONSTRAINT event_camera CHECK (((kind = 'camera'::text) = (state IS NOT NULL))),
    CONSTRAINT event_camera_check CHECK (((length(camera) >= 1) AND (length(camera) <= 64))),
    CONSTRAINT event_kind_check CHECK ((kind = ANY (ARRAY['arrival'::text, 'departure'::text, 'unidentified'::text, 'renamed'::text, 'merged'::text, 'camera'::text]))),
    CONSTRAINT event_merged CHECK (((kind = 'merged'::text) = (undone IS NOT NULL))),
    CONSTRAINT event_person CHECK (((identity_id IS NULL) = (label IS NULL))),
    CONSTRAINT event_reason_check CHECK ((length(reason) <= 1000)),
    CONSTRAINT event_score_check CHECK (((score >= ('-1.001'::numeric)::double precision) AND (score <= (1.001)::double precision))),
    CONSTRAINT event_state_check CHECK ((state = ANY (ARRAY['connecting'::text, 'live'::text, 'stale'::text, 'refused'::text, 'gone'::text, 'ended'::text, 'disabled'::text]))),
    CONSTRAINT event_status_check CHECK ((status = ANY (ARRAY['provisional'::text, 'named'::text, 'ignored'::text])))
);
ALTER TABLE ONLY visitord.event ALTER COLUMN name SET STATISTICS 0;
ALTER TABLE ONLY visitord.event ALTER COLUMN other_name SET STATISTICS 0;

COMMENT ON TABLE visitord.event IS 'What happened, in the order in which it was committed; deleted after events.keep.';

COMMENT ON COLUMN visitord.event.event_id IS 'Made from what happened, so that telling it twice is harmless.';

COMMENT ON COLUMN visitord.event.sequence IS 'The order: given when the transaction commits, so that no lower one ever becomes visible later.';

COMMENT ON COLUMN visitord.event.kind IS 'What happened.';

COMMENT ON COLUMN visitord.event.at IS 'When: the beginning of the visit, its end for a departure, the change.';

COMMENT ON COLUMN visitord.event.told_at IS 'When it was written, by the clock of the database.';

COMMENT ON COLUMN visitord.event.late IS 'Whether it was over when it was written, as after an outage.';

COMMENT ON COLUMN visitord.event.site IS 'Where; null where it is about no place.';

COMMENT ON COLUMN visitord.event.box IS 'The box whose camera it is about.';

COMMENT ON COLUMN visitord.event.camera IS 'The camera.';

COMMENT ON COLUMN visitord.event.identity_id IS 'Who; of a merge, who was kept.';

COMMENT ON COLUMN visitord.event.name IS 'What they were called then.';

COMMENT ON COLUMN visitord.event.label IS 'Their label.';

COMMENT ON COLUMN visitord.event.status IS 'Their status then.';

COMMENT ON COLUMN visitord.event.visit_id IS 'The visit, by the id that it had then: that of its first sighting.';

COMMENT ON COLUMN visitord.event.first_time IS 'Whether it was their first visit at the site.';

COMMENT ON COLUMN visitord.event.score IS 'How like them the sighting was that the visit began with.';

COMMENT ON COLUMN visitord.event.duration IS 'Of a visit that is over.';

COMMENT ON COLUMN visitord.event.other_id IS 'Of a merge, who became part of the other.';

COMMENT ON COLUMN visitord.event.other_name IS 'Of a merge, what they were called; of somebody renamed, what they were called before.';

COMMENT ON COLUMN visitord.event.undone IS 'Of a merge, whether it was taken back.';

COMMENT ON COLUMN visitord.event.state IS 'Of a camera, as in camera.state.';

COMMENT ON COLUMN visitord.event.reason IS 'Of a camera, why.';

CREATE TABLE visitord.event_due (
    visit_id uuid NOT NULL
);

COMMENT ON TABLE visitord.event_due IS 'Sightings of people who could not be identified, until it is certain whether each begins a visit.';

COMMENT ON COLUMN visitord.event_due.visit_id IS 'The sighting, which is the visit that it begins.';

CREATE VIEW visitord.event_log AS
 SELECT e.event_id,
    e.sequence,
    e.kind,
    e.at,
    e.told_at,
    e.late,
    e.site,
    e.box,
    e.camera,
    e.identity_id AS visitor_id,
    e.name,
    e.label,
    e.status,
    e.visit_id,
    e.first_time,
    e.score,
    e.duration,
    e.other_id AS other_visitor_id,
    e.other_name,
    e.undone,
    e.state,
    e.reason,
    s.timezone
   FROM (visitord.event e
     LEFT JOIN visitord.site s ON ((s.site = e.site)));

COMMENT ON VIEW visitord.event_log IS 'A row is an event: something happened, told once, as it was then; docs/events.md says when each kind is told. Old ones are deleted (events.keep), and so are those of people who were forgotten. Ignored people make none.';

COMMENT ON COLUMN visitord.event_log.event_id IS 'The event (uuid); stays the same however often it is delivered.';

COMMENT ON COLUMN visitord.event_log.sequence IS 'The order in which events were told; whoever has read up to one has missed none below it. Numbers may be left out.';

COMMENT ON COLUMN visitord.event_log.kind IS 'arrival (a visit begins), departure (it is over), unidentified (a visit by somebody who could not be identified), renamed, merged (or taken back), camera (it is in another state).';

COMMENT ON COLUMN visitord.event_log.at IS 'When it happened (timestamp with time zone): the beginning of the visit, for a departure its last picture.';

COMMENT ON COLUMN visitord.event_log.told_at IS 'When it was told (timestamp with time zone), by the clock of the database.';

COMMENT ON COLUMN visitord.event_log.late IS 'True where the visit was long over when it could be told, as after an outage of the database.';

COMMENT ON COLUMN visitord.event_log.site IS 'Where; null for renamed and merged.';

COMMENT ON COLUMN visitord.event_log.box IS 'The box whose camera it is about; null where none was named.';

COMMENT ON COLUMN visitord.event_log.camera IS 'The camera: of an arrival the first, of a departure the last one.';

COMMENT ON COLUMN visitord.event_log.visitor_id IS 'Who (uuid), of a merge who was kept; as it was then, and null for unidentified and camera.';

COMMENT ON COLUMN visitord.event_log.name IS 'The given name, or the label while there was none; as it was then.';

COMMENT ON COLUMN visitord.event_log.label IS 'The word visitor and a number.';

COMMENT ON COLUMN visitord.event_log.status IS 'provisional or named, as it was then.';

COMMENT ON COLUMN visitord.event_log.visit_id IS 'The visit (uuid) as it was then: arrival and departure of a visit have the same one.';

COMMENT ON COLUMN visitord.event_log.first_time IS 'True for the first visit of this person at this site, as far as was known then.';

COMMENT ON COLUMN visitord.event_log.score IS 'Cosine similarity of the first sighting to the person, -1 to 1; for unidentified to the most similar one. Null for whoever was enrolled by it.';

COMMENT ON COLUMN visitord.event_log.duration IS 'For departure, how long the visit was (interval); null where it turned out to be none.';

COMMENT ON COLUMN visitord.event_log.other_visitor_id IS 'For merged, who became part of the other (uuid).';

COMMENT ON COLUMN visitord.event_log.other_name IS 'For merged, what the other was called; for renamed, what the person was called before.';

COMMENT ON COLUMN visitord.event_log.undone IS 'For merged, true where a merge was taken back.';

COMMENT ON COLUMN visitord.event_log.state IS 'For camera, as in camera_health.';

COMMENT ON COLUMN visitord.event_log.reason IS 'For camera, why it is in that state; empty when live.';

COMMENT ON COLUMN visitord.event_log.timezone IS 'The time zone of the site (IANA name); null where there is no site.';

CREATE TABLE visitord.event_receiver (
    name text NOT NULL,
    sequence bigint DEFAULT 0 NOT NULL,
    lost bigint DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT event_receiver_lost_check CHECK ((lost >= 0)),
    CONSTRAINT event_receiver_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT event_receiver_sequence_check CHECK ((sequence >= 0))
);

COMMENT ON TABLE visitord.event_receiver IS 'How far each receiver of events is.';

COMMENT ON COLUMN visitord.event_receiver.name IS 'The receiver.';

COMMENT ON COLUMN visitord.event_receiver.sequence IS 'The last event that it has; it gets those after it.';

COMMENT ON COLUMN visitord.event_receiver.lost IS 'How many events were deleted for their age before it had them.';

COMMENT ON COLUMN visitord.event_receiver.changed_at IS 'When it got that one.';

CREATE SEQUENCE visitord.event_sequence
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE visitord.event_sequence OWNED BY visitord.event.sequence;

CREATE VIEW visitord.frequent_visitor AS
 SELECT identity_id AS visitor_id,
    ( SELECT COALESCE(i.name, ('visitor '::text || i.number)) AS "coalesce"
           FROM visitord.identity i
          WHERE (i.identity_id = r.identity_id)) AS name,
    visits AS visits_30d,
    bit_count((days)::bit(64)) AS days_30d,
    median_gap,
    last_seen,
    ARRAY( SELECT DISTINCT l.group_name
           FROM visitord.group_log l
          WHERE ((l.visitor_id = r.identity_id) AND (l.removed_at IS NULL))
          ORDER BY l.group_name) AS groups
   FROM ( SELECT v.identity_id,
            count(*) AS visits,
            bit_or(((1)::bigint << ((v.day - '2000-01-01'::date) & 63))) AS days,
            percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY (v.started_at - v.previous_end)) AS median_gap,
            max(v.ended_at) AS last_seen
           FROM visitord.visit v
          WHERE ((v.started_at > (now() - '30 days'::interval)) AND (v.started_at <= now()) AND (v.identity_id IS NOT NULL) AND (NOT (v.identity_id IN ( SELECT i.identity_id
                   FROM visitord.identity i
                  WHERE (i.status = 'ignored'::text)))))
          GROUP BY v.identity_id) r;

COMMENT ON VIEW visitord.frequent_visitor IS 'A row is a person who came within the last 30 days (30 times 24 hours back from now), at any site; ignored people are left out.';

COMMENT ON COLUMN visitord.frequent_visitor.visitor_id IS 'Who (uuid); see visitor.';

COMMENT ON COLUMN visitord.frequent_visitor.name IS 'The given name, or the label while there is none.';

COMMENT ON COLUMN visitord.frequent_visitor.visits_30d IS 'Number of visits that began within the 30 days, at all sites.';

COMMENT ON COLUMN visitord.frequent_visitor.days_30d IS 'Number of different local days on which these visits began.';

COMMENT ON COLUMN visitord.frequent_visitor.median_gap IS 'Median absence before these visits (interval): from the end of the visit before at the same site, which may be older than 30 days; null for someone who came once.';

COMMENT ON COLUMN visitord.frequent_visitor.last_seen IS 'End of the last visit so far (timestamp with time zone).';

COMMENT ON COLUMN visitord.frequent_visitor.groups IS 'The groups the person is in, by name.';

CREATE TABLE visitord.gallery_change (
    identity_id uuid NOT NULL,
    version bigint NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE visitord.gallery_change IS 'When each identity last changed in a way that daemons match by; also those that were forgotten, for a day.';

COMMENT ON COLUMN visitord.gallery_change.identity_id IS 'Whose templates, name or merge changed.';

COMMENT ON COLUMN visitord.gallery_change.version IS 'The version of gallery_version that came of it.';

COMMENT ON COLUMN visitord.gallery_change.changed_at IS 'When.';

CREATE TABLE visitord.gallery_version (
    only_row boolean DEFAULT true NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    CONSTRAINT gallery_version_only_row_check CHECK (only_row)
);

COMMENT ON TABLE visitord.gallery_version IS 'Counts changes to who is who, so that running daemons know when to reload.';

COMMENT ON COLUMN visitord.gallery_version.only_row IS 'There is one row.';

COMMENT ON COLUMN visitord.gallery_version.version IS 'Grows by one with every change to whom faces are matched with, and what they are called.';

CREATE TABLE visitord.merge (
    merge_id uuid NOT NULL,
    kept_id uuid NOT NULL,
    merged_id uuid NOT NULL,
    merged_by text NOT NULL,
    reason text NOT NULL,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    settled jsonb DEFAULT '{}'::jsonb NOT NULL,
    merged_at timestamp with time zone NOT NULL,
    undone_at timestamp with time zone,
    undone_by text,
    undone_reason text,
    CONSTRAINT merge_check CHECK ((kept_id <> merged_id)),
    CONSTRAINT merge_merged_by_check CHECK (((length(merged_by) >= 1) AND (length(merged_by) <= 200))),
    CONSTRAINT merge_undone CHECK (((undone_at IS NULL) = (undone_by IS NULL))),
    CONSTRAINT merge_undone_by_check CHECK (((length(undone_by) >= 1) AND (length(undone_by) <= 200)))
);
ALTER TABLE ONLY visitord.merge ALTER COLUMN reason SET STATISTICS 0;
ALTER TABLE ONLY visitord.merge ALTER COLUMN undone_reason SET STATISTICS 0;

COMMENT ON TABLE visitord.merge IS 'Every time two identities were declared one.';

COMMENT ON COLUMN visitord.merge.merge_id IS 'The merge.';

COMMENT ON COLUMN visitord.merge.kept_id IS 'The identity that stands for both.';

COMMENT ON COLUMN visitord.merge.merged_id IS 'The identity that points to it.';

COMMENT ON COLUMN visitord.merge.merged_by IS 'The merge job, or the account that ran the command.';

COMMENT ON COLUMN visitord.merge.reason IS 'Why, in words.';

COMMENT ON COLUMN visitord.merge.evidence IS 'The similarities it rests on.';

COMMENT ON COLUMN visitord.merge.settled IS 'The pending sightings the merge job settled because of it, with the reason each had before; undoing makes them pending again.';

COMMENT ON COLUMN visitord.merge.merged_at IS 'When.';

COMMENT ON COLUMN visitord.merge.undone_at IS 'When it was taken back; null while in force.';

COMMENT ON COLUMN visitord.merge.undone_by IS 'The account that took it back; null while in force.';

COMMENT ON COLUMN visitord.merge.undone_reason IS 'Why it was taken back, in words; null while in force.';

CREATE VIEW visitord.merge_log AS
 SELECT merge_id,
    kept_id,
    merged_id,
    merged_by AS by,
    reason,
    evidence,
    merged_at,
    undone_at,
    undone_by,
    undone_reason
   FROM visitord.merge;

COMMENT ON VIEW visitord.merge_log IS 'A row is a merge of two identities.';

COMMENT ON COLUMN visitord.merge_log.merge_id IS 'The merge.';

COMMENT ON COLUMN visitord.merge_log.kept_id IS 'The identity that stands for both.';

COMMENT ON COLUMN visitord.merge_log.merged_id IS 'The identity that points to it.';

COMMENT ON COLUMN visitord.merge_log.by IS 'The merge job, or the account that ran the command.';

COMMENT ON COLUMN visitord.merge_log.reason IS 'Why, in words.';

COMMENT ON COLUMN visitord.merge_log.evidence IS 'The similarities it rests on.';

COMMENT ON COLUMN visitord.merge_log.merged_at IS 'When (timestamp with time zone).';

COMMENT ON COLUMN visitord.merge_log.undone_at IS 'When it was taken back (timestamp with time zone); null while in force.';

COMMENT ON COLUMN visitord.merge_log.undone_by IS 'The account that took it back; null while in force.';

COMMENT ON COLUMN visitord.merge_log.undone_reason IS 'Why it was taken back, in words; null while in force.';

CREATE VIEW visitord.occupancy AS
 SELECT s.site,
    slot.started_at,
    ((slot.started_at AT TIME ZONE s.timezone))::date AS day,
    to_char((slot.started_at AT TIME ZONE s.timezone), 'HH24:MI'::text) AS local_time,
    COALESCE(inside.people, 0) AS people,
    COALESCE(inside.arrivals, 0) AS arrivals,
    s.timezone
   FROM (((visitord.site s
     CROSS JOIN LATERAL ( SELECT min(v.started_at) AS first,
            max(v.ended_at) AS last
           FROM visitord.visit v
          WHERE (v.site = s.site)) span)
     CROSS JOIN LATERAL generate_series(date_bin('00:15:00'::interval, span.first, '2000-01-01 00:00:00+00'::timestamp with time zone), span.last, '00:15:00'::interval) slot(started_at))
     CROSS JOIN LATERAL ( SELECT (max(counted.people))::integer AS people,
            (sum(counted.came))::integer AS arrivals
           FROM ( SELECT sum(step.change) OVER (ORDER BY step.at, step.change DESC ROWS UNBOUNDED PRECEDING) AS people,
                    step.came
                   FROM (( SELECT v_1.started_at,
                            v_1.ended_at
                           FROM visitord.visit v_1
                          WHERE ((v_1.site = s.site) AND ((v_1.identity_id IS NULL) OR (NOT ((v_1.identity_id, v_1.site) IN ( SELECT u.visitor_id,
                                    u.site
                                   FROM visitord.uncounted u)))) AND (tstzrange(v_1.started_at, v_1.ended_at, '[]'::text) && tstzrange(slot.started_at, (slot.started_at + '00:15:00'::interval), '[)'::text)))) v
                     CROSS JOIN LATERAL ( VALUES (GREATEST(v.started_at, slot.started_at),1,((v.started_at >= slot.started_at))::integer), (v.ended_at,'-1'::integer,0)) step(at, change, came))) counted) inside);

COMMENT ON VIEW visitord.occupancy IS 'A row is a quarter of an hour at a site, from the first visit to the last: how many were there at once. Ignored people, and those of the groups that footfall.exclude_groups names, are left out; people who could not be identified count, once for each camera that saw them.';

COMMENT ON COLUMN visitord.occupancy.site IS 'Where: the name of the site.';

COMMENT ON COLUMN visitord.occupancy.started_at IS 'When the quarter of an hour began (timestamp with time zone).';

COMMENT ON COLUMN visitord.occupancy.day IS 'The local day at the site (date).';

COMMENT ON COLUMN visitord.occupancy.local_time IS 'The local time at the site at which it began, as 09:15; twice in the hour that is repeated where the clock changes.';

COMMENT ON COLUMN visitord.occupancy.people IS 'The highest number of people who were there at one moment of it; 0 when nobody was.';

COMMENT ON COLUMN visitord.occupancy.arrivals IS 'Number of visits that began in it.';

COMMENT ON COLUMN visitord.occupancy.timezone IS 'The time zone of the site (IANA name).';

CREATE VIEW visitord.present_now AS
 SELECT v.identity_id AS visitor_id,
    COALESCE(i.name, ('visitor '::text || i.number)) AS name,
    v.site,
    v.last_camera AS camera,
    v.started_at AS since,
    v.ended_at AS last_seen,
    s.timezone,
    ARRAY( SELECT DISTINCT l.group_name
           FROM visitord.group_log l
          WHERE ((l.visitor_id = v.identity_id) AND (l.removed_at IS NULL))
          ORDER BY l.group_name) AS groups
   FROM ((visitord.site s
     CROSS JOIN LATERAL ( SELECT v_1.visit_id,
            v_1.identity_id,
            v_1.site,
            v_1.started_at,
            v_1.ended_at,
            v_1.sightings,
            v_1.cameras,
            v_1.last_camera,
            v_1.day,
            v_1.previous_day,
            v_1.previous_end
           FROM visitord.visit v_1
          WHERE ((v_1.site = s.site) AND ((v_1.ended_at >= (now() - s.visit_gap)) AND (v_1.ended_at <= 'infinity'::timestamp with time zone)) AND (v_1.started_at <= now()))
         OFFSET 0) v)
     LEFT JOIN LATERAL ( SELECT i_1.identity_id,
            i_1.number,
            i_1.status,
            i_1.name,
            i_1.merged_into,
            i_1.root_id,
            i_1.created_at
           FROM visitord.identity i_1
          WHERE (i_1.identity_id = v.identity_id)
         OFFSET 0) i ON (true))
  WHERE (i.status IS DISTINCT FROM 'ignored'::text);

COMMENT ON VIEW visitord.present_now IS 'A row is a person at a site: seen there within its visit gap; ignored people are left out, people who could not be identified are not.';

COMMENT ON COLUMN visitord.present_now.visitor_id IS 'Who (uuid); see visitor. Null for somebody who could not be identified.';

COMMENT ON COLUMN visitord.present_now.name IS 'The given name, or the label while there is none; null for somebody who could not be identified.';

COMMENT ON COLUMN visitord.present_now.site IS 'Where: the name of the site.';

COMMENT ON COLUMN visitord.present_now.camera IS 'The camera that saw them last.';

COMMENT ON COLUMN visitord.present_now.since IS 'When the visit began (timestamp with time zone).';

COMMENT ON COLUMN visitord.present_now.last_seen IS 'When they were seen last (timestamp with time zone).';

COMMENT ON COLUMN visitord.present_now.timezone IS 'The time zone of the site (IANA name): since at time zone timezone is the local time there.';

COMMENT ON COLUMN visitord.present_now.groups IS 'The groups the person is in, by name; none for somebody who could not be identified.';

CREATE TABLE visitord.reembedding (
    sighting_id uuid NOT NULL,
    pack text NOT NULL,
    template_id uuid NOT NULL,
    embedding real[] NOT NULL,
    CONSTRAINT reembedding_embedding_check CHECK (((array_ndims(embedding) = 1) AND ((cardinality(embedding) >= 32) AND (cardinality(embedding) <= 4096)) AND (array_position(embedding, NULL::real) IS NULL)))
);
ALTER TABLE ONLY visitord.reembedding ALTER COLUMN embedding SET STATISTICS 0;

COMMENT ON TABLE visitord.reembedding IS 'What another pack than the one that decided a sighting sees in its kept picture; written by visitord models switch.';

COMMENT ON COLUMN visitord.reembedding.sighting_id IS 'The sighting.';

COMMENT ON COLUMN visitord.reembedding.pack IS 'Fingerprint of the recogniser; only equal ones are compared.';

COMMENT ON COLUMN visitord.reembedding.template_id IS 'The id of a template learnt from it, made from the sighting and the pack.';

COMMENT ON COLUMN visitord.reembedding.embedding IS 'Unit length, of the one picture that was kept.';

CREATE TABLE visitord.rejection (
    one_id uuid NOT NULL,
    other_id uuid NOT NULL,
    rejected_by text NOT NULL,
    reason text NOT NULL,
    rejected_at timestamp with time zone NOT NULL,
    CONSTRAINT rejection_check CHECK ((one_id < other_id)),
    CONSTRAINT rejection_rejected_by_check CHECK (((length(rejected_by) >= 1) AND (length(rejected_by) <= 200)))
);
ALTER TABLE ONLY visitord.rejection ALTER COLUMN reason SET STATISTICS 0;

COMMENT ON TABLE visitord.rejection IS 'Two identities that a person said are two people: no job merges them.';

COMMENT ON COLUMN visitord.rejection.one_id IS 'One of them, the lesser id.';

COMMENT ON COLUMN visitord.rejection.other_id IS 'The other, the greater id.';

COMMENT ON COLUMN visitord.rejection.rejected_by IS 'The account that said so.';

COMMENT ON COLUMN visitord.rejection.reason IS 'Why, in words.';

COMMENT ON COLUMN visitord.rejection.rejected_at IS 'When.';

CREATE VIEW visitord.rejection_log AS
 SELECT one.root_id AS visitor_id,
    COALESCE(one_root.name, ('visitor '::text || one_root.number)) AS name,
    other.root_id AS other_visitor_id,
    COALESCE(other_root.name, ('visitor '::text || other_root.number)) AS other_name,
    r.rejected_by AS by,
    r.reason,
    r.rejected_at
   FROM ((((visitord.rejection r
     JOIN visitord.identity one ON ((one.identity_id = r.one_id)))
     JOIN visitord.identity one_root ON ((one_root.identity_id = one.root_id)))
     JOIN visitord.identity other ON ((other.identity_id = r.other_id)))
     JOIN visitord.identity other_root ON ((other_root.identity_id = other.root_id)));

COMMENT ON VIEW visitord.rejection_log IS 'A row is a pair of whom a person said that they are two people: no job merges them.';

COMMENT ON COLUMN visitord.rejection_log.visitor_id IS 'One of the two (uuid), merges followed; see visitor.';

COMMENT ON COLUMN visitord.rejection_log.name IS 'The given name, or the label while there is none.';

COMMENT ON COLUMN visitord.rejection_log.other_visitor_id IS 'The other (uuid), merges followed.';

COMMENT ON COLUMN visitord.rejection_log.other_name IS 'The given name of the other, or the label.';

COMMENT ON COLUMN visitord.rejection_log.by IS 'The account that said so.';

COMMENT ON COLUMN visitord.rejection_log.reason IS 'Why, in words.';

COMMENT ON COLUMN visitord.rejection_log.rejected_at IS 'When (timestamp with time zone).';

CREATE TABLE visitord.replay (
    replay_id uuid NOT NULL,
    site text NOT NULL,
    cameras text[] NOT NULL,
    files text[] NOT NULL,
    filed_from timestamp with time zone NOT NULL,
    filed_to timestamp with time zone NOT NULL,
    ran_by text NOT NULL,
    ran_at timestamp with time zone NOT NULL,
    CONSTRAINT replay_cameras_check CHECK ((cardinality(cameras) > 0)),
    CONSTRAINT replay_check CHECK ((filed_to >= filed_from)),
    CONSTRAINT replay_files_check CHECK ((cardinality(files) > 0)),
    CONSTRAINT replay_ran_by_check CHECK (((length(ran_by) >= 1) AND (length(ran_by) <= 200)))
);

COMMENT ON TABLE visitord.replay IS 'Every time recorded footage was replayed and something was seen in it that was not there before.';

COMMENT ON COLUMN visitord.replay.replay_id IS 'The replay.';

COMMENT ON COLUMN visitord.replay.site IS 'Where it counts.';

COMMENT ON COLUMN visitord.replay.cameras IS 'As which cameras the files count.';

COMMENT ON COLUMN visitord.replay.files IS 'Names of the files, without their folders.';

COMMENT ON COLUMN visitord.replay.filed_from IS 'When the first of them begins, as they were filed.';

COMMENT ON COLUMN visitord.replay.filed_to IS 'When the last of them ends.';

COMMENT ON COLUMN visitord.replay.ran_by IS 'The account that did it.';

COMMENT ON COLUMN visitord.replay.ran_at IS 'When.';

CREATE TABLE visitord.replay_file (
    replay_id uuid NOT NULL,
    camera text NOT NULL,
    file text NOT NULL,
    digest bytea NOT NULL,
    begins_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    CONSTRAINT replay_file_check CHECK ((ends_at >= begins_at)),
    CONSTRAINT replay_file_digest_check CHECK ((length(digest) = 32))
);

COMMENT ON TABLE visitord.replay_file IS 'The files of each replay, from this version on.';

COMMENT ON COLUMN visitord.replay_file.replay_id IS 'The replay.';

COMMENT ON COLUMN visitord.replay_file.camera IS 'As which camera the file counts.';

COMMENT ON COLUMN visitord.replay_file.file IS 'Its name, without its folders.';

COMMENT ON COLUMN visitord.replay_file.digest IS 'SHA-256 of its content: the same footage under whatever name.';

COMMENT ON COLUMN visitord.replay_file.begins_at IS 'When it begins, as it was filed.';

COMMENT ON COLUMN visitord.replay_file.ends_at IS 'When it ends.';

CREATE TABLE visitord.replayed (
    sighting_id uuid NOT NULL,
    replay_id uuid NOT NULL
);

COMMENT ON TABLE visitord.replayed IS 'The sightings that a replay brought; those that were there before are not here.';

COMMENT ON COLUMN visitord.replayed.sighting_id IS 'The sighting; it may be erased since.';

COMMENT ON COLUMN visitord.replayed.replay_id IS 'The replay.';

CREATE TABLE visitord.schema_file (
    file text NOT NULL,
    hash text NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    CONSTRAINT schema_file_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text))
);

COMMENT ON TABLE visitord.schema_file IS 'The files of migrations/ as they were applied to this database; by it programs notice that it is of another version.';

COMMENT ON COLUMN visitord.schema_file.file IS 'Name of the file, without its ending.';

COMMENT ON COLUMN visitord.schema_file.hash IS 'SHA-256 of its content.';

COMMENT ON COLUMN visitord.schema_file.applied_at IS 'When this content was applied first.';

CREATE TABLE visitord.sighting (
    sighting_id uuid NOT NULL,
    identity_id uuid,
    site text NOT NULL,
    camera text NOT NULL,
    box text,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    decision text NOT NULL,
    reason text NOT NULL,
    candidate_id uuid,
    score real,
    second_id uuid,
    second_score real,
    agreement real,
    quality real NOT NULL,
    good_samples integer NOT NULL,
    face_px real NOT NULL,
    static boolean DEFAULT false NOT NULL,
    live boolean,
    live_score real,
    pack text,
    embedding real[],
    crop text,
    blocked boolean DEFAULT false NOT NULL,
    CONSTRAINT sighting_agreement_check CHECK (((agreement >= ('-1.001'::numeric)::double precision) AND (agreement <= (1.001)::double precision))),
    CONSTRAINT sighting_box_check CHECK (((length(box) >= 1) AND (length(box) <= 64))),
    CONSTRAINT sighting_camera_check CHECK (((length(camera) >= 1) AND (length(camera) <= 64))),
    CONSTRAINT sighting_check CHECK ((ended_at >= started_at)),
    CONSTRAINT sighting_check1 CHECK (((identity_id IS NULL) = (decision = 'pending'::text))),
    CONSTRAINT sighting_check2 CHECK (((embedding IS NULL) = (pack IS NULL))),
    CONSTRAINT sighting_crop_check CHECK ((crop ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT sighting_decision_check CHECK ((decision = ANY (ARRAY['matched'::text, 'enrolled'::text, 'pending'::text, 'settled'::text]))),
    CONSTRAINT sighting_embedding_check CHECK (((array_ndims(embedding) = 1) AND ((cardinality(embedding) >= 32) AND (cardinality(embedding) <= 4096)) AND (array_position(embedding, NULL::real) IS NULL))),
    CONSTRAINT sighting_face_px_check CHECK ((face_px >= (0)::double precision)),
    CONSTRAINT sighting_good_samples_check CHECK ((good_samples >= 0)),
    CONSTRAINT sighting_live CHECK (((live IS NULL) OR (live_score IS NOT NULL))),
    CONSTRAINT sighting_live_score_check CHECK (((live_score >= (0)::double precision) AND (live_score <= (1)::double precision))),
    CONSTRAINT sighting_quality_check CHECK (((quality >= (0)::double precision) AND (quality <= (1)::double precision))),
    CONSTRAINT sighting_score_check CHECK (((score >= ('-1.001'::numeric)::double precision) AND (score <= (1.001)::double precision))),
    CONSTRAINT sighting_second_score_check CHECK (((second_score >= ('-1.001'::numeric)::double precision) AND (second_score <= (1.001)::double precision)))
);
ALTER TABLE ONLY visitord.sighting ALTER COLUMN embedding SET STATISTICS 0;

COMMENT ON TABLE visitord.sighting IS 'One face followed over consecutive pictures of one camera, decided once.';

COMMENT ON COLUMN visitord.sighting.sighting_id IS 'Made from site, camera, first instant and first position: the same footage gives the same id.';

COMMENT ON COLUMN visitord.sighting.identity_id IS 'Whom it was filed under when decided; merges do not rewrite it. Null while pending.';

COMMENT ON COLUMN visitord.sighting.site IS 'Where.';

COMMENT ON COLUMN visitord.sighting.camera IS 'By which camera.';

COMMENT ON COLUMN visitord.sighting.box IS 'The box that wrote it, from box; null for those written before boxes had names.';

COMMENT ON COLUMN visitord.sighting.started_at IS 'First picture with this face.';

COMMENT ON COLUMN visitord.sighting.ended_at IS 'Last picture with this face so far.';

COMMENT ON COLUMN visitord.sighting.decision IS 'matched (like a known person), enrolled (a new one), pending (nobody yet), settled (pending until the merge job found them).';

COMMENT ON COLUMN visitord.sighting.reason IS 'What the decision rests on, in words.';

COMMENT ON COLUMN visitord.sighting.candidate_id IS 'The known person it was most like; null when nobody was known.';

COMMENT ON COLUMN visitord.sighting.score IS 'Cosine similarity to the best known person; null when nobody was known.';

COMMENT ON COLUMN visitord.sighting.second_id IS 'The known person it was second most like; null when there was none.';

COMMENT ON COLUMN visitord.sighting.second_score IS 'Cosine similarity to the best other person; null when there was none.';

COMMENT ON COLUMN visitord.sighting.agreement IS 'Cosine similarity between two halves of its own good samples: what the same person measures here; null with fewer than four.';

COMMENT ON COLUMN visitord.sighting.quality IS 'Mean quality of the samples it was decided from, 0 to 1.';

COMMENT ON COLUMN visitord.sighting.good_samples IS 'How many of its kept samples have no flaw (at most 8).';

COMMENT ON COLUMN visitord.sighting.face_px IS 'Widest face among the samples it was decided from, in pixels.';

COMMENT ON COLUMN visitord.sighting.static IS 'It never moved for many minutes: a poster, a photograph or a screen, and no visit.';

COMMENT ON COLUMN visitord.sighting.live IS 'False where it looks like a picture of a face (a photograph, a screen), true where it does not; null where the camera does not ask, or nothing can be said.';

COMMENT ON COLUMN visitord.sighting.live_score IS 'Liveness, the median of a few looks: 0 (a picture of a face) to 1 (a face); null when not judged.';

COMMENT ON COLUMN visitord.sighting.pack IS 'Fingerprint of the recogniser that made the embedding.';

COMMENT ON COLUMN visitord.sighting.embedding IS 'Pooled embedding of its best samples, unit length.';

COMMENT ON COLUMN visitord.sighting.crop IS 'Name of the picture of its best sample among the crops of the box that saw it; null where there is none.';

COMMENT ON COLUMN visitord.sighting.blocked IS 'Its camera blocks pictures of faces, and it looks like one: it is nobody, and no visit.';

CREATE VIEW visitord.sighting_log AS
 SELECT g.sighting_id,
    i.root_id AS visitor_id,
        CASE
            WHEN (i.identity_id IS NOT NULL) THEN COALESCE(r.name, ('visitor '::text || r.number))
            ELSE NULL::text
        END AS name,
    g.camera,
    g.started_at,
    g.ended_at,
    g.score,
    g.quality,
    g.live,
    g.decision,
    g.site,
    COALESCE(c.name, ('visitor '::text || c.number)) AS candidate,
    COALESCE(s.name, ('visitor '::text || s.number)) AS second_candidate,
    g.second_score,
    g.good_samples,
    g.face_px,
    g.static,
    g.reason,
    g.live_score,
    g.box,
    t.timezone,
    ARRAY( SELECT DISTINCT l.group_name
           FROM visitord.group_log l
          WHERE ((l.visitor_id = i.root_id) AND (l.removed_at IS NULL))
          ORDER BY l.group_name) AS groups
   FROM (((((((visitord.sighting g
     LEFT JOIN visitord.site t ON ((t.site = g.site)))
     LEFT JOIN visitord.identity i ON ((i.identity_id = g.identity_id)))
     LEFT JOIN visitord.identity r ON ((r.identity_id = i.root_id)))
     LEFT JOIN visitord.identity ci ON ((ci.identity_id = g.candidate_id)))
     LEFT JOIN visitord.identity c ON ((c.identity_id = ci.root_id)))
     LEFT JOIN visitord.identity si ON ((si.identity_id = g.second_id)))
     LEFT JOIN visitord.identity s ON ((s.identity_id = si.root_id)));

COMMENT ON VIEW visitord.sighting_log IS 'A row is a sighting: one face followed over consecutive pictures of one camera.';

COMMENT ON COLUMN visitord.sighting_log.sighting_id IS 'The sighting.';

COMMENT ON COLUMN visitord.sighting_log.visitor_id IS 'Who it is, merges followed; null while nobody can say.';

COMMENT ON COLUMN visitord.sighting_log.name IS 'The given name or the label; null while nobody can say.';

COMMENT ON COLUMN visitord.sighting_log.camera IS 'By which camera.';

COMMENT ON COLUMN visitord.sighting_log.started_at IS 'First picture with this face (timestamp with time zone).';

COMMENT ON COLUMN visitord.sighting_log.ended_at IS 'Last picture with this face so far (timestamp with time zone).';

COMMENT ON COLUMN visitord.sighting_log.score IS 'Cosine similarity to the best known person, -1 to 1; null when nobody was known.';

COMMENT ON COLUMN visitord.sighting_log.quality IS 'Mean quality of the samples it was decided from, 0 to 1.';

COMMENT ON COLUMN visitord.sighting_log.live IS 'False where it looks like a picture of a face (a photograph, a screen), true where it does not; null where the camera does not ask (camera.liveness), or nothing can be said.';

COMMENT ON COLUMN visitord.sighting_log.decision IS 'matched (like a known person), enrolled (a new one), pending (nobody yet), settled (pending until the merge job found them).';

COMMENT ON COLUMN visitord.sighting_log.site IS 'Where: the name of the site.';

COMMENT ON COLUMN visitord.sighting_log.candidate IS 'The known person it was most like when it was decided; null when nobody was known.';

COMMENT ON COLUMN visitord.sighting_log.second_candidate IS 'The known person it was second most like; null when there was none.';

COMMENT ON COLUMN visitord.sighting_log.second_score IS 'Cosine similarity to second_candidate, -1 to 1; null when there was none.';

COMMENT ON COLUMN visitord.sighting_log.good_samples IS 'How many of its kept samples have no flaw (at most 8).';

COMMENT ON COLUMN visitord.sighting_log.face_px IS 'Widest face among the samples it was decided from, in pixels.';

COMMENT ON COLUMN visitord.sighting_log.static IS 'It never moved for many minutes: a poster, a photograph or a screen, and no visit.';

COMMENT ON COLUMN visitord.sighting_log.reason IS 'What the decision rests on, in words, with the thresholds.';

COMMENT ON COLUMN visitord.sighting_log.live_score IS 'What live rests on, the median of a few looks: 0 (a picture of a face) to 1 (a face); null when not judged.';

COMMENT ON COLUMN visitord.sighting_log.box IS 'The box whose camera saw it; null where none was named.';

COMMENT ON COLUMN visitord.sighting_log.timezone IS 'The time zone of the site (IANA name): started_at at time zone timezone is the local time there.';

COMMENT ON COLUMN visitord.sighting_log.groups IS 'The groups the person is in now, by name; none while nobody can say who it is.';

CREATE TABLE visitord.together (
    sighting_id uuid NOT NULL,
    other_id uuid NOT NULL,
    CONSTRAINT together_check CHECK ((sighting_id <> other_id))
);

COMMENT ON TABLE visitord.together IS 'Pairs of sightings seen in the same pictures: two people, for certain.';

COMMENT ON COLUMN visitord.together.sighting_id IS 'One of the two.';

COMMENT ON COLUMN visitord.together.other_id IS 'The other; its row may be written later.';

CREATE VIEW visitord.seen_together AS
 SELECT a.sighting_id,
    a.visitor_id,
    a.name,
    b.sighting_id AS other_sighting_id,
    b.visitor_id AS other_visitor_id,
    b.name AS other_name,
    a.site,
    a.camera,
    GREATEST(a.started_at, b.started_at) AS started_at,
    a.timezone
   FROM ((( SELECT LEAST(together.sighting_id, together.other_id) AS one_id,
            GREATEST(together.sighting_id, together.other_id) AS other_id
           FROM visitord.together
          GROUP BY LEAST(together.sighting_id, together.other_id), GREATEST(together.sighting_id, together.other_id)) t
     JOIN visitord.sighting_log a ON ((a.sighting_id = t.one_id)))
     JOIN visitord.sighting_log b ON ((b.sighting_id = t.other_id)));

COMMENT ON VIEW visitord.seen_together IS 'A row is a pair of sightings that were in one picture: two people, for certain, who were there at the same time. Each pair is told once.';

COMMENT ON COLUMN visitord.seen_together.sighting_id IS 'One of the two; see sighting_log.';

COMMENT ON COLUMN visitord.seen_together.visitor_id IS 'Who it is, merges followed; null while nobody can say.';

COMMENT ON COLUMN visitord.seen_together.name IS 'The given name or the label; null while nobody can say.';

COMMENT ON COLUMN visitord.seen_together.other_sighting_id IS 'The other.';

COMMENT ON COLUMN visitord.seen_together.other_visitor_id IS 'Who the other is; null while nobody can say.';

COMMENT ON COLUMN visitord.seen_together.other_name IS 'The given name or the label of the other; null while nobody can say.';

COMMENT ON COLUMN visitord.seen_together.site IS 'Where: the name of the site.';

COMMENT ON COLUMN visitord.seen_together.camera IS 'By which camera.';

COMMENT ON COLUMN visitord.seen_together.started_at IS 'When both were there: the later of the two beginnings (timestamp with time zone).';

COMMENT ON COLUMN visitord.seen_together.timezone IS 'The time zone of the site (IANA name).';

CREATE TABLE visitord.split (
    split_id uuid NOT NULL,
    from_id uuid NOT NULL,
    to_id uuid NOT NULL,
    sightings uuid[] NOT NULL,
    split_by text NOT NULL,
    reason text NOT NULL,
    split_at timestamp with time zone NOT NULL,
    CONSTRAINT split_sightings_check CHECK ((cardinality(sightings) > 0)),
    CONSTRAINT split_split_by_check CHECK (((length(split_by) >= 1) AND (length(split_by) <= 200)))
);
ALTER TABLE ONLY visitord.split ALTER COLUMN reason SET STATISTICS 0;

COMMENT ON TABLE visitord.split IS 'Every time a person moved sightings out of an identity.';

COMMENT ON COLUMN visitord.split.split_id IS 'The split.';

COMMENT ON COLUMN visitord.split.from_id IS 'The identity they were filed under.';

COMMENT ON COLUMN visitord.split.to_id IS 'The identity made of them.';

COMMENT ON COLUMN visitord.split.sightings IS 'The sightings.';

COMMENT ON COLUMN visitord.split.split_by IS 'The account that said so.';

COMMENT ON COLUMN visitord.split.reason IS 'Why, in words.';

COMMENT ON COLUMN visitord.split.split_at IS 'When.';

CREATE VIEW visitord.split_log AS
 SELECT split_id,
    from_id,
    to_id,
    cardinality(sightings) AS sightings,
    split_by AS by,
    reason,
    split_at
   FROM visitord.split;

COMMENT ON VIEW visitord.split_log IS 'A row is a split: sightings that a person moved out of an identity into one of their own.';

COMMENT ON COLUMN visitord.split_log.split_id IS 'The split.';

COMMENT ON COLUMN visitord.split_log.from_id IS 'The identity they were filed under.';

COMMENT ON COLUMN visitord.split_log.to_id IS 'The identity that was made of them.';

COMMENT ON COLUMN visitord.split_log.sightings IS 'How many sightings were moved.';

COMMENT ON COLUMN visitord.split_log.by IS 'The account that said so.';

COMMENT ON COLUMN visitord.split_log.reason IS 'Why, in words.';

COMMENT ON COLUMN visitord.split_log.split_at IS 'When (timestamp with time zone).';

CREATE TABLE visitord.suggestion (
    number bigint NOT NULL,
    one_id uuid NOT NULL,
    other_id uuid NOT NULL,
    agreement real NOT NULL,
    reason text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT suggestion_agreement_check CHECK (((agreement >= ('-1.001'::numeric)::double precision) AND (agreement <= (1.001)::double precision))),
    CONSTRAINT suggestion_check CHECK ((one_id < other_id))
);

COMMENT ON TABLE visitord.suggestion IS 'Pairs that may be one person, which is left to a person to decide: as of the last merge job, and whoever was enrolled though nearly like another since.';

COMMENT ON COLUMN visitord.suggestion.number IS 'By which commands name it.';

COMMENT ON COLUMN visitord.suggestion.one_id IS 'One of them, the lesser id.';

COMMENT ON COLUMN visitord.suggestion.other_id IS 'The other, the greater id.';

COMMENT ON COLUMN visitord.suggestion.agreement IS 'How alike they are: mean cosine similarity of best partners.';

COMMENT ON COLUMN visitord.suggestion.reason IS 'Why it is not decided, in words.';

COMMENT ON COLUMN visitord.suggestion.made_at IS 'When that was first said.';

ALTER TABLE visitord.suggestion ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME visitord.suggestion_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE visitord.switch (
    from_pack text NOT NULL,
    from_name text NOT NULL,
    to_pack text NOT NULL,
    to_name text NOT NULL,
    switched_by text NOT NULL,
    switched_at timestamp with time zone NOT NULL,
    CONSTRAINT switch_switched_by_check CHECK (((length(switched_by) >= 1) AND (length(switched_by) <= 200)))
);

COMMENT ON TABLE visitord.switch IS 'Every time people were re-embedded for another model pack.';

COMMENT ON COLUMN visitord.switch.from_pack IS 'Fingerprint of the recogniser in use until then.';

COMMENT ON COLUMN visitord.switch.from_name IS 'Its pack, as models.pack calls it.';

COMMENT ON COLUMN visitord.switch.to_pack IS 'Fingerprint of the recogniser they were re-embedded for.';

COMMENT ON COLUMN visitord.switch.to_name IS 'Its pack, as models.pack calls it.';

COMMENT ON COLUMN visitord.switch.switched_by IS 'The account that did it.';

COMMENT ON COLUMN visitord.switch.switched_at IS 'When it was done (timestamp with time zone).';

CREATE TABLE visitord.template (
    template_id uuid NOT NULL,
    identity_id uuid NOT NULL,
    sighting_id uuid,
    pack text NOT NULL,
    embedding real[] NOT NULL,
    quality real NOT NULL,
    created_at timestamp with time zone NOT NULL,
    crop text,
    set_aside_at timestamp with time zone,
    set_aside_reason text,
    restored_at timestamp with time zone,
    box text,
    CONSTRAINT template_box_check CHECK (((length(box) >= 1) AND (length(box) <= 64))),
    CONSTRAINT template_crop_check CHECK ((crop ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT template_embedding_check CHECK (((array_ndims(embedding) = 1) AND ((cardinality(embedding) >= 32) AND (cardinality(embedding) <= 4096)) AND (array_position(embedding, NULL::real) IS NULL))),
    CONSTRAINT template_quality_check CHECK (((quality >= (0)::double precision) AND (quality <= (1)::double precision))),
    CONSTRAINT template_set_aside CHECK (((set_aside_at IS NULL) = (set_aside_reason IS NULL))),
    CONSTRAINT template_set_aside_reason_check CHECK (((length(set_aside_reason) >= 1) AND (length(set_aside_reason) <= 200)))
);
ALTER TABLE ONLY visitord.template ALTER COLUMN embedding SET STATISTICS 0;

COMMENT ON TABLE visitord.template IS 'Embeddings that people are matched against; an identity has a few.';

COMMENT ON COLUMN visitord.template.template_id IS 'Made from the sighting, or from the content of the photograph, it was learnt from.';

COMMENT ON COLUMN visitord.template.identity_id IS 'Whose it is; merges do not rewrite it.';

COMMENT ON COLUMN visitord.template.sighting_id IS 'The sighting it was learnt from; null for a photograph, and once the sighting was dropped for its age.';

COMMENT ON COLUMN visitord.template.pack IS 'Fingerprint of the recogniser that made it; only equal ones are compared.';

COMMENT ON COLUMN visitord.template.embedding IS 'Unit length.';

COMMENT ON COLUMN visitord.template.quality IS 'Quality of the samples it was made from, 0 to 1.';

COMMENT ON COLUMN visitord.template.created_at IS 'When the sighting it was learnt from began, or the photograph was enrolled.';

COMMENT ON COLUMN visitord.template.crop IS 'Name of the picture of the face among the crops of the box that enrolled a photograph; null for what a sighting taught.';

COMMENT ON COLUMN visitord.template.set_aside_at IS 'Since when people are no longer matched against it; null while they are.';

COMMENT ON COLUMN visitord.template.set_aside_reason IS 'Why it was set aside, in words; null while it is matched against.';

COMMENT ON COLUMN visitord.template.restored_at IS 'When a person said that it is right: no job sets it aside again. Null where none did.';

COMMENT ON COLUMN visitord.template.box IS 'The box that enrolled the photograph and has its picture, from box; null for what a sighting taught, and for photographs enrolled before that was noted.';

CREATE TABLE visitord.unidentified (
    sighting_id uuid NOT NULL,
    visit_id uuid NOT NULL
);

COMMENT ON TABLE visitord.unidentified IS 'Which sightings without an identity make up which visit; those that are no visit of their own are not here. Derived from sightings.';

COMMENT ON COLUMN visitord.unidentified.sighting_id IS 'The sighting.';

COMMENT ON COLUMN visitord.unidentified.visit_id IS 'The visit: the id of its first sighting.';

CREATE VIEW visitord.visit_log AS
 SELECT v.visit_id,
    v.identity_id AS visitor_id,
    COALESCE(i.name, ('visitor '::text || i.number)) AS name,
    COALESCE(i.status, 'unidentified'::text) AS status,
    v.site,
    v.cameras,
    v.started_at,
    v.ended_at,
    (v.ended_at - v.started_at) AS duration,
    v.sightings,
    v.day,
        CASE
            WHEN (v.identity_id IS NOT NULL) THEN (v.previous_end IS NULL)
            ELSE NULL::boolean
        END AS first_visit,
    (v.started_at - v.previous_end) AS away,
    s.timezone,
    ARRAY( SELECT DISTINCT l.group_name
           FROM visitord.group_log l
          WHERE ((l.visitor_id = v.identity_id) AND (l.removed_at IS NULL))
          ORDER BY l.group_name) AS groups
   FROM ((visitord.visit v
     LEFT JOIN visitord.identity i ON ((i.identity_id = v.identity_id)))
     LEFT JOIN visitord.site s ON ((s.site = v.site)));

COMMENT ON VIEW visitord.visit_log IS 'A row is a visit: someone came, stayed, and was gone for longer than the visit gap. On two cameras at once it is one visit; at two sites it is two. Ignored people are included, with that status. So are people who could not be identified, once for each camera that saw them.';

COMMENT ON COLUMN visitord.visit_log.visit_id IS 'The visit (uuid).';

COMMENT ON COLUMN visitord.visit_log.visitor_id IS 'Who came (uuid); see visitor. Null for somebody who could not be identified.';

COMMENT ON COLUMN visitord.visit_log.name IS 'The given name, or the label while there is none; null for somebody who could not be identified.';

COMMENT ON COLUMN visitord.visit_log.status IS 'provisional, named or ignored; unidentified for somebody who could not be identified.';

COMMENT ON COLUMN visitord.visit_log.site IS 'Where: the name of the site.';

COMMENT ON COLUMN visitord.visit_log.cameras IS 'The cameras that saw the person, in order of first sighting.';

COMMENT ON COLUMN visitord.visit_log.started_at IS 'First picture of the visit (timestamp with time zone).';

COMMENT ON COLUMN visitord.visit_log.ended_at IS 'Last picture of the visit so far (timestamp with time zone).';

COMMENT ON COLUMN visitord.visit_log.duration IS 'How long the person was seen to stay (interval): ended_at minus started_at.';

COMMENT ON COLUMN visitord.visit_log.sightings IS 'How many sightings make it up.';

COMMENT ON COLUMN visitord.visit_log.day IS 'The local day at the site on which it began (date); a visit past midnight belongs to that day as a whole.';

COMMENT ON COLUMN visitord.visit_log.first_visit IS 'True for the first visit of this person at this site; null for somebody who could not be identified.';

COMMENT ON COLUMN visitord.visit_log.away IS 'How long the person had not been at this site (interval): from the end of the visit before; null for the first, and for somebody who could not be identified.';

COMMENT ON COLUMN visitord.visit_log.timezone IS 'The time zone of the site (IANA name): started_at at time zone timezone is the local time there.';

COMMENT ON COLUMN visitord.visit_log.groups IS 'The groups the person is in now, by name; none for somebody who could not be identified.';

CREATE VIEW visitord.visitor AS
 SELECT i.identity_id AS visitor_id,
    COALESCE(i.name, ('visitor '::text || i.number)) AS name,
    ('visitor '::text || i.number) AS label,
    i.status,
    LEAST(v.first_seen, s.first_seen) AS first_seen,
    GREATEST(v.last_seen, s.last_seen) AS last_seen,
    COALESCE(v.visits, (0)::bigint) AS visits,
    (COALESCE(v.sightings, (0)::bigint) + COALESCE(s.sightings, (0)::bigint)) AS sightings,
    ( SELECT l.site
           FROM visitord.visit l
          WHERE (l.identity_id = i.identity_id)
          ORDER BY l.ended_at DESC, l.started_at DESC
         LIMIT 1) AS last_site,
    ( SELECT l.last_camera
           FROM visitord.visit l
          WHERE (l.identity_id = i.identity_id)
          ORDER BY l.ended_at DESC, l.started_at DESC
         LIMIT 1) AS last_camera,
    ARRAY( SELECT DISTINCT l.group_name
           FROM visitord.group_log l
          WHERE ((l.visitor_id = i.identity_id) AND (l.removed_at IS NULL))
          ORDER BY l.group_name) AS groups
   FROM ((visitord.identity i
     LEFT JOIN LATERAL ( SELECT count(*) AS visits,
            sum(v_1.sightings) AS sightings,
            min(v_1.started_at) AS first_seen,
            max(v_1.ended_at) AS last_seen
           FROM visitord.visit v_1
          WHERE (v_1.identity_id = i.identity_id)) v ON (true))
     LEFT JOIN LATERAL ( SELECT count(*) AS sightings,
            min(g.started_at) AS first_seen,
            max(g.ended_at) AS last_seen
           FROM (visitord.identity m
             JOIN visitord.sighting g ON ((g.identity_id = m.identity_id)))
          WHERE ((m.root_id = i.identity_id) AND g.static)) s ON (true))
  WHERE (i.merged_into IS NULL);

COMMENT ON VIEW visitord.visitor IS 'A row is a person, ignored people included.';

COMMENT ON COLUMN visitord.visitor.visitor_id IS 'The person (uuid); stays the same for ever.';

COMMENT ON COLUMN visitord.visitor.name IS 'The given name, or the label while there is none.';

COMMENT ON COLUMN visitord.visitor.label IS 'The word visitor and a number, given at enrolment; stays after naming.';

COMMENT ON COLUMN visitord.visitor.status IS 'provisional (enrolled by itself), named (by a person) or ignored (left out of reports).';

COMMENT ON COLUMN visitord.visitor.first_seen IS 'Start of the first sighting (timestamp with time zone); null when all were dropped for their age.';

COMMENT ON COLUMN visitord.visitor.last_seen IS 'End of the last sighting so far (timestamp with time zone); null when all were dropped for their age.';

COMMENT ON COLUMN visitord.visitor.visits IS 'Number of visits, at all sites.';

COMMENT ON COLUMN visitord.visitor.sightings IS 'Number of sightings, by all cameras.';

COMMENT ON COLUMN visitord.visitor.last_site IS 'The site of the last visit; null when there is none.';

COMMENT ON COLUMN visitord.visitor.last_camera IS 'The camera that saw the person last on the last visit; null when there is none.';

COMMENT ON COLUMN visitord.visitor.groups IS 'The groups the person is in, by name.';

CREATE SEQUENCE visitord.visitor_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE visitord.visitor_number OWNED BY visitord.identity.number;

ALTER TABLE ONLY visitord.identity ALTER COLUMN number SET DEFAULT nextval('visitord.visitor_number'::regclass);

ALTER TABLE ONLY visitord.arrived
    ADD CONSTRAINT arrived_pkey PRIMARY KEY (visit_id);

ALTER TABLE ONLY visitord.calibration
    ADD CONSTRAINT calibration_pkey PRIMARY KEY (site, pack);

ALTER TABLE ONLY visitord.camera_change
    ADD CONSTRAINT camera_change_pkey PRIMARY KEY (site, camera, changed_at);

ALTER TABLE ONLY visitord.camera
    ADD CONSTRAINT camera_pkey PRIMARY KEY (site, camera);

ALTER TABLE ONLY visitord.erased
    ADD CONSTRAINT erased_pkey PRIMARY KEY (erased_id);

ALTER TABLE ONLY visitord.event_due
    ADD CONSTRAINT event_due_pkey PRIMARY KEY (visit_id);

ALTER TABLE ONLY visitord.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY visitord.event_receiver
    ADD CONSTRAINT event_receiver_pkey PRIMARY KEY (name);

ALTER TABLE ONLY visitord.event
    ADD CONSTRAINT event_sequence_key UNIQUE (sequence);

ALTER TABLE ONLY visitord.gallery_change
    ADD CONSTRAINT gallery_change_pkey PRIMARY KEY (identity_id);

ALTER TABLE ONLY visitord.gallery_version
    ADD CONSTRAINT gallery_version_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY visitord.identity
    ADD CONSTRAINT identity_number_key UNIQUE (number);

ALTER TABLE ONLY visitord.identity
    ADD CONSTRAINT identity_pkey PRIMARY KEY (identity_id);

ALTER TABLE ONLY visitord.membership
    ADD CONSTRAINT membership_pkey PRIMARY KEY (identity_id, group_id);

ALTER TABLE ONLY visitord.merge
    ADD CONSTRAINT merge_pkey PRIMARY KEY (merge_id);

ALTER TABLE ONLY visitord.person_group
    ADD CONSTRAINT person_group_pkey PRIMARY KEY (group_id);

ALTER TABLE ONLY visitord.reembedding
    ADD CONSTRAINT reembedding_pkey PRIMARY KEY (sighting_id, pack);

ALTER TABLE ONLY visitord.reembedding
    ADD CONSTRAINT reembedding_template_id_key UNIQUE (template_id);

ALTER TABLE ONLY visitord.rejection
    ADD CONSTRAINT rejection_pkey PRIMARY KEY (one_id, other_id);

ALTER TABLE ONLY visitord.replay
    ADD CONSTRAINT replay_pkey PRIMARY KEY (replay_id);

ALTER TABLE ONLY visitord.replayed
    ADD CONSTRAINT replayed_pkey PRIMARY KEY (sighting_id);

ALTER TABLE ONLY visitord.schema_file
    ADD CONSTRAINT schema_file_pkey PRIMARY KEY (file);

ALTER TABLE ONLY visitord.sighting
    ADD CONSTRAINT sighting_pkey PRIMARY KEY (sighting_id);

ALTER TABLE ONLY visitord.site
    ADD CONSTRAINT site_pkey PRIMARY KEY (site);

ALTER TABLE ONLY visitord.split
    ADD CONSTRAINT split_pkey PRIMARY KEY (split_id);

ALTER TABLE ONLY visitord.suggestion
    ADD CONSTRAINT suggestion_number_key UNIQUE (number);

ALTER TABLE ONLY visitord.suggestion
    ADD CONSTRAINT suggestion_pkey PRIMARY KEY (one_id, other_id);

ALTER TABLE ONLY visitord.switch
    ADD CONSTRAINT switch_pkey PRIMARY KEY (switched_at, to_pack);

ALTER TABLE ONLY visitord.template
    ADD CONSTRAINT template_pkey PRIMARY KEY (template_id);

ALTER TABLE ONLY visitord.together
    ADD CONSTRAINT together_pkey PRIMARY KEY (sighting_id, other_id);

ALTER TABLE ONLY visitord.unidentified
    ADD CONSTRAINT unidentified_pkey PRIMARY KEY (sighting_id);

ALTER TABLE ONLY visitord.visit
    ADD CONSTRAINT visit_pkey PRIMARY KEY (visit_id);

CREATE INDEX arrived_identity ON visitord.arrived USING btree (identity_id);

CREATE INDEX camera_change_time ON visitord.camera_change USING btree (changed_at);

CREATE INDEX erased_at ON visitord.erased USING btree (erased_at);

CREATE INDEX erased_forgotten ON visitord.erased USING btree (erased_at) WHERE (cause = 'forgotten'::text);

CREATE INDEX erased_remaining ON visitord.erased USING btree (erased_at) WHERE ((crop IS NOT NULL) AND (gone_at IS NULL));

CREATE INDEX event_at ON visitord.event USING btree (at);

CREATE INDEX event_identity ON visitord.event USING btree (identity_id) WHERE (identity_id IS NOT NULL);

CREATE INDEX event_other ON visitord.event USING btree (other_id) WHERE (other_id IS NOT NULL);

CREATE INDEX event_told ON visitord.event USING btree (told_at);

CREATE INDEX event_visit ON visitord.event USING btree (visit_id) WHERE (visit_id IS NOT NULL);

CREATE INDEX gallery_change_version ON visitord.gallery_change USING btree (version);

CREATE INDEX identity_ignored ON visitord.identity USING btree (identity_id) WHERE (status = 'ignored'::text);

CREATE INDEX identity_name ON visitord.identity USING btree (lower(name)) WHERE (name IS NOT NULL);

CREATE INDEX identity_root ON visitord.identity USING btree (root_id);

CREATE INDEX membership_group ON visitord.membership USING btree (group_id);

CREATE UNIQUE INDEX merge_in_force ON visitord.merge USING btree (merged_id) WHERE (undone_at IS NULL);

CREATE INDEX merge_kept ON visitord.merge USING btree (kept_id);

CREATE INDEX merge_merged ON visitord.merge USING btree (merged_id);

CREATE UNIQUE INDEX person_group_name ON visitord.person_group USING btree (lower(name));

CREATE INDEX reembedding_pack ON visitord.reembedding USING btree (pack);

CREATE INDEX rejection_other ON visitord.rejection USING btree (other_id);

CREATE INDEX replay_file_replay ON visitord.replay_file USING btree (replay_id);

CREATE INDEX replayed_replay ON visitord.replayed USING btree (replay_id);

CREATE INDEX sighting_candidate ON visitord.sighting USING btree (candidate_id) WHERE (candidate_id IS NOT NULL);

CREATE INDEX sighting_crop ON visitord.sighting USING hash (crop);

CREATE INDEX sighting_expiring ON visitord.sighting USING btree (ended_at) WHERE ((identity_id IS NULL) AND ((embedding IS NOT NULL) OR (crop IS NOT NULL)));

CREATE INDEX sighting_identity ON visitord.sighting USING btree (identity_id, started_at);

CREATE INDEX sighting_pending ON visitord.sighting USING btree (pack) WHERE (identity_id IS NULL);

CREATE INDEX sighting_second ON visitord.sighting USING btree (second_id) WHERE (second_id IS NOT NULL);

CREATE INDEX sighting_settled ON visitord.sighting USING btree (pack) WHERE (decision = 'settled'::text);

CREATE INDEX sighting_started ON visitord.sighting USING btree (started_at);

CREATE INDEX sighting_static ON visitord.sighting USING btree (identity_id) WHERE static;

CREATE INDEX sighting_unidentified ON visitord.sighting USING btree (site, camera, started_at, sighting_id) WHERE (identity_id IS NULL);

CREATE INDEX sighting_unidentified_time ON visitord.sighting USING gist (tstzrange(started_at, ended_at, '[]'::text)) WHERE (identity_id IS NULL);

CREATE INDEX suggestion_other ON visitord.suggestion USING btree (other_id);

CREATE INDEX template_crop ON visitord.template USING btree (crop) WHERE (crop IS NOT NULL);

CREATE INDEX template_identity ON visitord.template USING btree (identity_id);

CREATE INDEX template_set_aside ON visitord.template USING btree (pack) WHERE ((set_aside_at IS NOT NULL) OR (restored_at IS NOT NULL));

CREATE INDEX template_sighting ON visitord.template USING btree (sighting_id);

CREATE INDEX together_other ON visitord.together USING btree (other_id);

CREATE INDEX unidentified_visit ON visitord.unidentified USING btree (visit_id);

CREATE INDEX visit_day ON visitord.visit USING btree (day, site) INCLUDE (previous_day, identity_id, started_at, ended_at);

CREATE INDEX visit_ended ON visitord.visit USING btree (ended_at);

CREATE INDEX visit_identity ON visitord.visit USING btree (identity_id, site, started_at) INCLUDE (ended_at, sightings);

CREATE INDEX visit_started ON visitord.visit USING btree (started_at);

CREATE INDEX visit_time ON visitord.visit USING gist (tstzrange(started_at, ended_at, '[]'::text));

CREATE CONSTRAINT TRIGGER event_numbered AFTER INSERT ON visitord.event DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION visitord.number_event();

ALTER TABLE ONLY visitord.arrived
    ADD CONSTRAINT arrived_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.arrived
    ADD CONSTRAINT arrived_site_fkey FOREIGN KEY (site) REFERENCES visitord.site(site);

ALTER TABLE ONLY visitord.calibration
    ADD CONSTRAINT calibration_site_fkey FOREIGN KEY (site) REFERENCES visitord.site(site);

ALTER TABLE ONLY visitord.camera_change
    ADD CONSTRAINT camera_change_site_fkey FOREIGN KEY (site) REFERENCES visitord.site(site);

ALTER TABLE ONLY visitord.camera
    ADD CONSTRAINT camera_site_fkey FOREIGN KEY (site) REFERENCES visitord.site(site);

ALTER TABLE ONLY visitord.event
    ADD CONSTRAINT event_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.event
    ADD CONSTRAINT event_other_id_fkey FOREIGN KEY (other_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.event
    ADD CONSTRAINT event_site_fkey FOREIGN KEY (site) REFERENCES visitord.site(site);

ALTER TABLE ONLY visitord.identity
    ADD CONSTRAINT identity_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.identity
    ADD CONSTRAINT identity_root_id_fkey FOREIGN KEY (root_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.membership
    ADD CONSTRAINT membership_group_id_fkey FOREIGN KEY (group_id) REFERENCES visitord.person_group(group_id) ON DELETE CASCADE;

ALTER TABLE ONLY visitord.membership
    ADD CONSTRAINT membership_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.merge
    ADD CONSTRAINT merge_kept_id_fkey FOREIGN KEY (kept_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.merge
    ADD CONSTRAINT merge_merged_id_fkey FOREIGN KEY (merged_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.reembedding
    ADD CONSTRAINT reembedding_sighting_id_fkey FOREIGN KEY (sighting_id) REFERENCES visitord.sighting(sighting_id) ON DELETE CASCADE;

ALTER TABLE ONLY visitord.rejection
    ADD CONSTRAINT rejection_one_id_fkey FOREIGN KEY (one_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.rejection
    ADD CONSTRAINT rejection_other_id_fkey FOREIGN KEY (other_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.replay_file
    ADD CONSTRAINT replay_file_replay_id_fkey FOREIGN KEY (replay_id) REFERENCES visitord.replay(replay_id) ON DELETE CASCADE;

ALTER TABLE ONLY visitord.replay
    ADD CONSTRAINT replay_site_fkey FOREIGN KEY (site) REFERENCES visitord.site(site);

ALTER TABLE ONLY visitord.replayed
    ADD CONSTRAINT replayed_replay_id_fkey FOREIGN KEY (replay_id) REFERENCES visitord.replay(replay_id) ON DELETE CASCADE;

ALTER TABLE ONLY visitord.sighting
    ADD CONSTRAINT sighting_candidate_id_fkey FOREIGN KEY (candidate_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.sighting
    ADD CONSTRAINT sighting_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.sighting
    ADD CONSTRAINT sighting_second_id_fkey FOREIGN KEY (second_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.sighting
    ADD CONSTRAINT sighting_site_fkey FOREIGN KEY (site) REFERENCES visitord.site(site);

ALTER TABLE ONLY visitord.split
    ADD CONSTRAINT split_from_id_fkey FOREIGN KEY (from_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.split
    ADD CONSTRAINT split_to_id_fkey FOREIGN KEY (to_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.suggestion
    ADD CONSTRAINT suggestion_one_id_fkey FOREIGN KEY (one_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.suggestion
    ADD CONSTRAINT suggestion_other_id_fkey FOREIGN KEY (other_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.template
    ADD CONSTRAINT template_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.template
    ADD CONSTRAINT template_sighting_id_fkey FOREIGN KEY (sighting_id) REFERENCES visitord.sighting(sighting_id) ON DELETE SET NULL;

ALTER TABLE ONLY visitord.together
    ADD CONSTRAINT together_sighting_id_fkey FOREIGN KEY (sighting_id) REFERENCES visitord.sighting(sighting_id) ON DELETE CASCADE;

ALTER TABLE ONLY visitord.visit
    ADD CONSTRAINT visit_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES visitord.identity(identity_id);

ALTER TABLE ONLY visitord.visit
    ADD CONSTRAINT visit_site_fkey FOREIGN KEY (site) REFERENCES visitord.site(site);
