-- The visit log for analysts: local days, new and returning visitors, regulars; fast at tens of millions of sightings.

-- What a report counts is kept with each visit, so that no report has to look beyond the days it is about: the local
-- day, and the visit before.  From the latter follows whether a visit is the first ever, or the first of its day.

alter table visitord.visit
    add column day           date,
    add column previous_day  date,
    add column previous_end  timestamptz;

update visitord.visit v
set day = c.day, previous_day = c.previous_day, previous_end = c.previous_end
from (
    select d.visit_id, d.day,
           lag(d.day) over person as previous_day,
           lag(d.ended_at) over person as previous_end
    from (
        select visit_id, identity_id, site, started_at, ended_at, (started_at at time zone timezone)::date as day
        from visitord.visit join visitord.site using (site)
    ) d
    window person as (partition by d.identity_id, d.site order by d.started_at)
) c
where c.visit_id = v.visit_id;

alter table visitord.visit
    alter column day set not null,
    add constraint visit_previous check ((previous_day is null) = (previous_end is null));
comment on column visitord.visit.day is 'The day it began, in the time zone of the site; the whole visit counts for it, also past midnight.';
comment on column visitord.visit.previous_day is 'The day on which the visit of this person at this site before this one began; null for the first.';
comment on column visitord.visit.previous_end is 'The end of the visit of this person at this site before this one; null for the first.';

-- With all that footfall needs, in its order; and with what is added up for a person.
create index visit_day on visitord.visit (day, site) include (previous_day, identity_id, started_at, ended_at);
drop index visitord.visit_ended;
create index visit_ended on visitord.visit (ended_at);
drop index visitord.visit_identity;
create index visit_identity on visitord.visit (identity_id, site, started_at) include (ended_at, sightings);

-- The few that are left out of reports, and the few sightings that belong to no visit.
create index identity_ignored on visitord.identity (identity_id) where status = 'ignored';
create index sighting_static on visitord.sighting (identity_id) where static;
create index sighting_settled on visitord.sighting (pack) where decision = 'settled';  -- for the merge job

-- A template outlives the sighting it was learnt from: dropping old sightings makes nobody a stranger.
alter table visitord.template
    alter column sighting_id drop not null,
    drop constraint template_sighting_id_fkey,
    add constraint template_sighting_id_fkey foreign key (sighting_id) references visitord.sighting on delete set null;
comment on column visitord.template.sighting_id is 'The sighting it was learnt from; null once that was dropped for its age.';

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

create function visitord.rebuild_visits(place text) returns bigint language plpgsql as $$
declare
    gap    interval := (select s.visit_gap from visitord.site s where s.site = place);
    person uuid;
begin
    -- No merge may come in between; recorders wait person by person.
    lock table visitord.identity in row exclusive mode;
    for person in
        select i.root_id from visitord.sighting g join visitord.identity i using (identity_id) where g.site = place
        union
        select v.identity_id from visitord.visit v where v.site = place
        order by 1
    loop
        perform from visitord.identity i where i.identity_id = person for no key update;
        perform visitord.refresh_visits(person, place, gap, '-infinity', 'infinity');
    end loop;
    return (select count(*) from visitord.visit v where v.site = place);
end
$$;
comment on function visitord.rebuild_visits is
    'Rebuilds all visits at a site from its sightings, with the gap and the time zone of the site; changes only rows that differ. Returns how many visits there are.';

create function visitord.drop_before(before timestamptz, most integer default 10000)
returns integer language plpgsql as $$
declare
    old     uuid[] := array(select v.visit_id from visitord.visit v where v.ended_at < before order by v.ended_at limit most);
    dropped integer;
begin
    -- No merge may come in between, and whoever records these people waits.
    lock table visitord.identity in row exclusive mode;
    perform from visitord.identity i
    where i.identity_id in (select v.identity_id from visitord.visit v where v.visit_id = any(old))
    order by i.identity_id for no key update;
    old := array(select v.visit_id from visitord.visit v where v.visit_id = any(old) and v.ended_at < before);
    -- Last of all what belongs to no visit.
    if old = '{}' then
        delete from visitord.sighting where sighting_id in (
            select g.sighting_id from visitord.sighting g
            where g.started_at < before and g.ended_at < before and (g.identity_id is null or g.static)
            order by g.started_at limit most
        );
        get diagnostics dropped = row_count;
        return dropped;
    end if;
    delete from visitord.sighting g using visitord.visit v, visitord.identity i
    where v.visit_id = any(old) and i.root_id = v.identity_id and g.identity_id = i.identity_id and g.site = v.site
    and g.started_at between v.started_at and v.ended_at and not g.static;
    get diagnostics dropped = row_count;
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
    return dropped;
end
$$;
comment on function visitord.drop_before is
    'Deletes the oldest visits that ended before a time, at most so many, with their sightings; then sightings before it that belong to no visit. Returns how many sightings went; call it again until that is 0. People, their names and what they are recognised by stay.';

-- Views.  Those that were there keep their columns, and gain some at the end.

create or replace view visitord.visitor as
select i.identity_id as visitor_id,
       coalesce(i.name, 'visitor ' || i.number) as name,
       'visitor ' || i.number as label,
       i.status,
       least(v.first_seen, s.first_seen) as first_seen,
       greatest(v.last_seen, s.last_seen) as last_seen,
       coalesce(v.visits, 0) as visits,
       coalesce(v.sightings, 0) + coalesce(s.sightings, 0) as sightings
from visitord.identity i
-- Every sighting is in a visit, but for those of a face that never moves.
left join lateral (
    select count(*) as visits, sum(v.sightings) as sightings,
           min(v.started_at) as first_seen, max(v.ended_at) as last_seen
    from visitord.visit v where v.identity_id = i.identity_id
) v on true
left join lateral (
    select count(*) as sightings, min(g.started_at) as first_seen, max(g.ended_at) as last_seen
    from visitord.identity m join visitord.sighting g on g.identity_id = m.identity_id
    where m.root_id = i.identity_id and g.static
) s on true
where i.merged_into is null;
comment on view visitord.visitor is 'A row is a person, ignored people included.';
comment on column visitord.visitor.visitor_id is 'The person (uuid); stays the same for ever.';
comment on column visitord.visitor.label is 'The word visitor and a number, given at enrolment; stays after naming.';
comment on column visitord.visitor.status is 'provisional (enrolled by itself), named (by a person) or ignored (left out of reports).';
comment on column visitord.visitor.first_seen is 'Start of the first sighting (timestamp with time zone); null when all were dropped for their age.';
comment on column visitord.visitor.last_seen is 'End of the last sighting so far (timestamp with time zone); null when all were dropped for their age.';
comment on column visitord.visitor.visits is 'Number of visits, at all sites.';
comment on column visitord.visitor.sightings is 'Number of sightings, by all cameras.';

create or replace view visitord.visit_log as
select v.visit_id,
       v.identity_id as visitor_id,
       coalesce(i.name, 'visitor ' || i.number) as name,
       i.status,
       v.site,
       v.cameras,
       v.started_at,
       v.ended_at,
       v.ended_at - v.started_at as duration,
       v.sightings,
       v.day,
       v.previous_end is null as first_visit,
       v.started_at - v.previous_end as away
from visitord.visit v join visitord.identity i on i.identity_id = v.identity_id;
comment on view visitord.visit_log is 'A row is a visit: someone came, stayed, and was gone for longer than the visit gap. On two cameras at once it is one visit; at two sites it is two. Ignored people are included, with that status.';
comment on column visitord.visit_log.visit_id is 'The visit (uuid).';
comment on column visitord.visit_log.visitor_id is 'Who came (uuid); see visitor.';
comment on column visitord.visit_log.site is 'Where: the name of the site.';
comment on column visitord.visit_log.started_at is 'First picture of the visit (timestamp with time zone).';
comment on column visitord.visit_log.ended_at is 'Last picture of the visit so far (timestamp with time zone).';
comment on column visitord.visit_log.duration is 'How long the person was seen to stay (interval): ended_at minus started_at.';
comment on column visitord.visit_log.sightings is 'How many sightings make it up.';
comment on column visitord.visit_log.day is 'The local day at the site on which it began (date); a visit past midnight belongs to that day as a whole.';
comment on column visitord.visit_log.first_visit is 'True for the first visit of this person at this site.';
comment on column visitord.visit_log.away is 'How long the person had not been at this site (interval): from the end of the visit before; null for the first.';

create view visitord.daily_footfall as
select f.day, f.site, f.visits, f.visitors, f.new_visitors, f.visitors - f.new_visitors as returning_visitors, f.median_dwell
from (
    select v.day,
           v.site,
           count(*) as visits,
           count(*) filter (where v.previous_day is distinct from v.day) as visitors,
           count(*) filter (where v.previous_day is null) as new_visitors,
           percentile_cont(0.5) within group (order by v.ended_at - v.started_at) as median_dwell
    from visitord.visit v
    where v.identity_id not in (select i.identity_id from visitord.identity i where i.status = 'ignored')
    group by v.day, v.site
) f;
comment on view visitord.daily_footfall is 'A row is a local day at a site on which someone came; ignored people are left out. A visit that spans midnight belongs to the day it began.';
comment on column visitord.daily_footfall.day is 'The day (date) in the time zone of the site, from midnight to midnight: 23 or 25 hours where the clock changes.';
comment on column visitord.daily_footfall.site is 'Where: the name of the site.';
comment on column visitord.daily_footfall.visits is 'Number of visits that began on that day.';
comment on column visitord.daily_footfall.visitors is 'Number of people these visits were of: each counts once a day.';
comment on column visitord.daily_footfall.new_visitors is 'How many of the visitors were at this site for the first time.';
comment on column visitord.daily_footfall.returning_visitors is 'How many of the visitors had been at this site on an earlier day.';
comment on column visitord.daily_footfall.median_dwell is 'Median duration of the visits (interval): half of them were shorter.';

-- Names are looked up row by row, so that whoever asks for the first fifty waits for fifty.
create view visitord.frequent_visitor as
select r.identity_id as visitor_id,
       (select coalesce(i.name, 'visitor ' || i.number) from visitord.identity i where i.identity_id = r.identity_id) as name,
       r.visits as visits_30d,
       bit_count(r.days::bit(64)) as days_30d,
       r.median_gap,
       r.last_seen
from (
    select v.identity_id,
           count(*) as visits,
           -- A bit for each local day: 30 days touch at most 32 of them, so that 64 are enough to tell them apart.
           bit_or(1::bigint << ((v.day - date '2000-01-01') & 63)) as days,
           percentile_cont(0.5) within group (order by v.started_at - v.previous_end) as median_gap,
           max(v.ended_at) as last_seen
    from visitord.visit v
    where v.started_at > now() - interval '30 days' and v.started_at <= now()
    and v.identity_id not in (select i.identity_id from visitord.identity i where i.status = 'ignored')
    group by v.identity_id
) r;
comment on view visitord.frequent_visitor is 'A row is a person who came within the last 30 days (30 times 24 hours back from now), at any site; ignored people are left out.';
comment on column visitord.frequent_visitor.visitor_id is 'Who (uuid); see visitor.';
comment on column visitord.frequent_visitor.name is 'The given name, or the label while there is none.';
comment on column visitord.frequent_visitor.visits_30d is 'Number of visits that began within the 30 days, at all sites.';
comment on column visitord.frequent_visitor.days_30d is 'Number of different local days on which these visits began.';
comment on column visitord.frequent_visitor.median_gap is 'Median absence before these visits (interval): from the end of the visit before at the same site, which may be older than 30 days; null for someone who came once.';
comment on column visitord.frequent_visitor.last_seen is 'End of the last visit so far (timestamp with time zone).';

-- Few are present, which the planner cannot know: it is made to look up visits by their end, site by site, and then who
-- they are of.
create or replace view visitord.present_now as
select v.identity_id as visitor_id,
       coalesce(i.name, 'visitor ' || i.number) as name,
       v.site,
       v.last_camera as camera,
       v.started_at as since,
       v.ended_at as last_seen
from visitord.site s
cross join lateral (
    select * from visitord.visit v
    where v.site = s.site and v.ended_at between now() - s.visit_gap and 'infinity' and v.started_at <= now()
    offset 0
) v
cross join lateral (select * from visitord.identity i where i.identity_id = v.identity_id offset 0) i
where i.status <> 'ignored';
comment on view visitord.present_now is 'A row is a person at a site: seen there within its visit gap; ignored people are left out.';
comment on column visitord.present_now.visitor_id is 'Who (uuid); see visitor.';
comment on column visitord.present_now.site is 'Where: the name of the site.';
comment on column visitord.present_now.since is 'When the visit began (timestamp with time zone).';
comment on column visitord.present_now.last_seen is 'When they were seen last (timestamp with time zone).';
comment on column visitord.sighting_log.started_at is 'First picture with this face (timestamp with time zone).';
comment on column visitord.sighting_log.ended_at is 'Last picture with this face so far (timestamp with time zone).';
comment on column visitord.sighting_log.site is 'Where: the name of the site.';
comment on column visitord.sighting_log.score is 'Cosine similarity to the best known person, -1 to 1; null when nobody was known.';
comment on column visitord.sighting_log.second_score is 'Cosine similarity to second_candidate, -1 to 1; null when there was none.';
comment on column visitord.sighting_log.decision is 'matched (like a known person), enrolled (a new one), pending (nobody yet), settled (pending until the merge job found them).';
comment on column visitord.merge_log.merged_at is 'When (timestamp with time zone).';
comment on column visitord.merge_log.undone_at is 'When it was taken back (timestamp with time zone); null while in force.';
comment on column visitord.camera_health.last_frame_at is 'When the last picture arrived (timestamp with time zone); null when none did yet.';
comment on column visitord.camera_health.dropped is 'Number of pictures replaced by newer ones before they could be analysed, since the daemon started.';
comment on column visitord.camera_health.reported_at is 'When this report was written (timestamp with time zone); old when no daemon runs.';

-- Two roles.  They belong to the whole server, so they may be there already, or only its administrator may create them.

create function visitord.grant_roles() returns void language plpgsql as $$
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
                     when relation.kind = 'v' or relation.name ~ 'yoyo' then 'select'
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
$$;
comment on function visitord.grant_roles is
    'Grants visitord_reader the views and visitord_daemon what a daemon and visitorctl need, as far as these roles exist; for the owner of the schema.';

do $$
declare
    role text;
begin
    foreach role in array array['visitord_reader', 'visitord_daemon'] loop
        if to_regrole(role) is null then
            begin
                execute format('create role %I nologin', role);
            exception
                when insufficient_privilege or duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;
    perform visitord.grant_roles();
end
$$;
