-- What the database does by itself.  Every migration puts these functions in place again: see visitord.store.migrate.

create or replace function visitord.refresh_visits(person uuid, place text, gap interval, since timestamptz, until timestamptz)
returns setof visitord.visit language plpgsql as $$
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
comment on function visitord.refresh_visits is
    'Rebuilds the visits of a root identity at a site that lie within the gap of a stretch of time (-infinity to infinity for all): runs of sightings with no pause longer than the gap. Returns those that began: had no row before, and overlap none that went.';

create or replace function visitord.refresh_unidentified(place text, cam text, since timestamptz, until timestamptz)
returns void language plpgsql as $$
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
comment on function visitord.refresh_unidentified is
    'Puts the visits without an identity at a camera right after something there changed within a stretch of time (-infinity to infinity for all). A sighting joins the visit seen last there no more than a minute (or the visit gap, if that is shorter) before it, unless both were in one picture, else it begins one; one that lies beside the track of a person it never was in one picture with is a piece of that track, and no visit.';

create or replace function visitord.is_piece(place text, cam text, since timestamptz, until timestamptz, others uuid[])
returns boolean language sql stable as $$
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
comment on function visitord.is_piece is
    'Whether somebody is identified at a camera within a stretch of time who is none of those that these sightings, seen in the same pictures, are of.';

create or replace function visitord.lock_unidentified(place text, cam text) returns void language sql as $$
    select pg_advisory_xact_lock(hashtextextended('unidentified ' || place || '/' || cam, 0))
$$;
comment on function visitord.lock_unidentified is
    'Waits for whoever puts together the visits without an identity at a camera, and keeps others from it until the transaction ends. Locks are taken in this order: sightings, identities, cameras by their names, visits.';

create or replace function visitord.rebuild_people(people uuid[], settled uuid[]) returns void language plpgsql as $$
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
comment on function visitord.rebuild_people is
    'Rebuilds all visits of these root identities, at every site, after it changed who they are, and those without an identity that follow from it. settled: the sightings that have an identity since, or have none any more.';

create or replace function visitord.rebuild_visits(place text) returns bigint language plpgsql as $$
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
comment on function visitord.rebuild_visits is
    'Rebuilds all visits at a site from its sightings, with the gap and the time zone of the site; changes only rows that differ. Returns how many visits there are.';

create or replace function visitord.mark_erased(ids uuid[], why text) returns void language sql as $$
    insert into visitord.erased as e (erased_id, crop, box, cause, erased_at)
    select g.sighting_id, g.crop, g.box, why, now() from visitord.sighting g where g.sighting_id = any(ids)
    on conflict (erased_id) do update
    set crop = excluded.crop, box = excluded.box, cause = excluded.cause, erased_at = excluded.erased_at, gone_at = null
$$;
comment on function visitord.mark_erased is
    'Notes that sightings are about to be erased, so that nothing brings them back and every box deletes their pictures.';

create or replace function visitord.untell(ids uuid[]) returns void language sql as $$
    delete from visitord.event_due d where d.visit_id = any(ids);
    delete from visitord.arrived a where a.visit_id = any(ids);
    delete from visitord.event e where e.visit_id = any(ids);
$$;
comment on function visitord.untell is 'Deletes what was told of visits, or would be, that began with these sightings.';

create or replace function visitord.drop_before(before timestamptz, most integer default 10000)
returns integer language plpgsql as $$
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
comment on function visitord.drop_before is
    'Deletes the oldest visits that ended before a time, at most so many, with their sightings; then sightings before it that belong to no visit. Returns how many sightings went; call it again until that is 0. What was dropped is not recorded again, and each box deletes its pictures. People, their names and what they are recognised by stay.';

create or replace function visitord.pieces_of(ids uuid[]) returns uuid[] language sql stable as $$
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
comment on function visitord.pieces_of is
    'Sightings that pass for pieces of the tracks of these, which are no visit as long as those are there.';

create or replace function visitord.erase_sightings(ids uuid[], people uuid[], out crops text[]) language plpgsql as $$
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
comment on function visitord.erase_sightings is
    'Erases sightings with what was learnt of them, and puts the visits of these root identities together anew. For forget and forget_sightings, which lock who is concerned. Returns names of their pictures.';

create or replace function visitord.erase_identities(whole uuid[], out crops text[]) language plpgsql as $$
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
comment on function visitord.erase_identities is
    'Erases identities that no sighting is filed under any more, with all that was learnt and said of them. For forget and forget_sightings, which lock them. Returns names of the pictures they were enrolled from.';

create or replace function visitord.unneeded(crops text[]) returns text[] language sql stable as $$
    select array(
        select distinct c from unnest(crops) c
        where not exists (select from visitord.sighting g where g.crop = c)
        and not exists (select from visitord.template t where t.crop = c)
    )
$$;
comment on function visitord.unneeded is 'Those of these pictures, by name, that no sighting and no template has.';

create or replace function visitord.forget(
    person uuid, alike uuid[] default '{}', compared uuid[] default '{}',
    out ids uuid[], out crops text[], out sightings integer, out identities integer)
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
comment on function visitord.forget is
    'Erases a root identity, everyone merged into it, and all that was seen or learnt of them. alike: undecided sightings that are of them too; compared: those of which that was looked into, for the others it follows from when they were decided. Returns what was erased: ids of sightings, names of pictures that nobody needs any more, and how many sightings and identities.';

create or replace function visitord.forget_sightings(
    chosen uuid[], out ids uuid[], out crops text[], out sightings integer, out identities integer)
language plpgsql as $$
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
comment on function visitord.forget_sightings is
    'Erases sightings with their pictures and what was learnt of them, what passes for pieces of their tracks, and the people of whom nothing is left then. Returns what was erased, as forget does.';

create or replace function visitord.called(person uuid) returns text language sql stable as $$
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
comment on function visitord.called is
    'What to call an identity so that nobody else is meant: the label where there is no name, and beside a name that several have.';
