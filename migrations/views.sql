-- What analysts use.  Every migration puts these views in place again: see visitord.store.migrate.  They may lose,
-- gain and reorder columns here.  The migration of the version that no longer has one drops it.

create or replace view visitord.group_log as
select m.root_id as visitor_id,
       coalesce(r.name, 'visitor ' || r.number) as name,
       g.name as group_name,
       b.added_by as by,
       b.added_at,
       b.removed_by,
       b.removed_at
from visitord.membership b
join visitord.person_group g on g.group_id = b.group_id
join visitord.identity m on m.identity_id = b.identity_id
left join visitord.identity r on r.identity_id = m.root_id;
comment on view visitord.group_log is 'A row is a person who is, or was, in a group; of people merged into one, a row for each who was put into it.';
comment on column visitord.group_log.visitor_id is 'Who (uuid), merges followed; see visitor.';
comment on column visitord.group_log.name is 'The given name, or the label while there is none.';
comment on column visitord.group_log.group_name is 'The group.';
comment on column visitord.group_log.by is 'The account that put them into it.';
comment on column visitord.group_log.added_at is 'When (timestamp with time zone).';
comment on column visitord.group_log.removed_by is 'The account that took them out of it; null while they are in it.';
comment on column visitord.group_log.removed_at is 'When they were taken out of it (timestamp with time zone); null while they are in it.';

create or replace view visitord.uncounted as
select i.identity_id as visitor_id,
       s.site
from visitord.identity i cross join visitord.site s
where i.status = 'ignored' and i.merged_into is null
union
select l.visitor_id,
       s.site
from visitord.group_log l
join visitord.site s on lower(l.group_name) = any(s.exclude_groups)
where l.removed_at is null;
comment on view visitord.uncounted is 'A row is a person whom the counts of a site leave out: ignored, or in a group that footfall.exclude_groups of that site names.';
comment on column visitord.uncounted.visitor_id is 'Who (uuid); see visitor.';
comment on column visitord.uncounted.site is 'Where: the name of the site.';

create or replace view visitord.visitor as
select i.identity_id as visitor_id,
       coalesce(i.name, 'visitor ' || i.number) as name,
       'visitor ' || i.number as label,
       i.status,
       least(v.first_seen, s.first_seen) as first_seen,
       greatest(v.last_seen, s.last_seen) as last_seen,
       coalesce(v.visits, 0) as visits,
       coalesce(v.sightings, 0) + coalesce(s.sightings, 0) as sightings,
       (
           select l.site from visitord.visit l
           where l.identity_id = i.identity_id
           order by l.ended_at desc, l.started_at desc limit 1
       ) as last_site,
       (
           select l.last_camera from visitord.visit l
           where l.identity_id = i.identity_id
           order by l.ended_at desc, l.started_at desc limit 1
       ) as last_camera,
       array(
           select distinct l.group_name from visitord.group_log l
           where l.visitor_id = i.identity_id and l.removed_at is null order by 1
       ) as groups
from visitord.identity i
-- Every sighting of a person is in a visit, but for those of a face that never moves.
left join lateral (
    select count(*) as visits, sum(v.sightings) as sightings,
           min(v.started_at) as first_seen, max(v.ended_at) as last_seen
    from visitord.visit v
    where v.identity_id = i.identity_id
) v on true
left join lateral (
    select count(*) as sightings, min(g.started_at) as first_seen, max(g.ended_at) as last_seen
    from visitord.identity m join visitord.sighting g on g.identity_id = m.identity_id
    where m.root_id = i.identity_id and g.static
) s on true
where i.merged_into is null;
comment on view visitord.visitor is 'A row is a person, ignored people included.';
comment on column visitord.visitor.visitor_id is 'The person (uuid); stays the same for ever.';
comment on column visitord.visitor.name is 'The given name, or the label while there is none.';
comment on column visitord.visitor.label is 'The word visitor and a number, given at enrolment; stays after naming.';
comment on column visitord.visitor.status is 'provisional (enrolled by itself), named (by a person) or ignored (left out of reports).';
comment on column visitord.visitor.first_seen is 'Start of the first sighting (timestamp with time zone); null when all were dropped for their age.';
comment on column visitord.visitor.last_seen is 'End of the last sighting so far (timestamp with time zone); null when all were dropped for their age.';
comment on column visitord.visitor.visits is 'Number of visits, at all sites.';
comment on column visitord.visitor.sightings is 'Number of sightings, by all cameras.';
comment on column visitord.visitor.last_site is 'The site of the last visit; null when there is none.';
comment on column visitord.visitor.last_camera is 'The camera that saw the person last on the last visit; null when there is none.';
comment on column visitord.visitor.groups is 'The groups the person is in, by name.';

create or replace view visitord.visit_log as
select v.visit_id,
       v.identity_id as visitor_id,
       coalesce(i.name, 'visitor ' || i.number) as name,
       coalesce(i.status, 'unidentified') as status,
       v.site,
       v.cameras,
       v.started_at,
       v.ended_at,
       v.ended_at - v.started_at as duration,
       v.sightings,
       v.day,
       case when v.identity_id is not null then v.previous_end is null end as first_visit,
       v.started_at - v.previous_end as away,
       s.timezone,
       array(
           select distinct l.group_name from visitord.group_log l
           where l.visitor_id = v.identity_id and l.removed_at is null order by 1
       ) as groups
from visitord.visit v
left join visitord.identity i on i.identity_id = v.identity_id
left join visitord.site s on s.site = v.site;
comment on view visitord.visit_log is 'A row is a visit: someone came, stayed, and was gone for longer than the visit gap. On two cameras at once it is one visit; at two sites it is two. Ignored people are included, with that status. So are people who could not be identified, once for each camera that saw them.';
comment on column visitord.visit_log.visit_id is 'The visit (uuid).';
comment on column visitord.visit_log.visitor_id is 'Who came (uuid); see visitor. Null for somebody who could not be identified.';
comment on column visitord.visit_log.name is 'The given name, or the label while there is none; null for somebody who could not be identified.';
comment on column visitord.visit_log.status is 'provisional, named or ignored; unidentified for somebody who could not be identified.';
comment on column visitord.visit_log.site is 'Where: the name of the site.';
comment on column visitord.visit_log.cameras is 'The cameras that saw the person, in order of first sighting.';
comment on column visitord.visit_log.started_at is 'First picture of the visit (timestamp with time zone).';
comment on column visitord.visit_log.ended_at is 'Last picture of the visit so far (timestamp with time zone).';
comment on column visitord.visit_log.duration is 'How long the person was seen to stay (interval): ended_at minus started_at.';
comment on column visitord.visit_log.sightings is 'How many sightings make it up.';
comment on column visitord.visit_log.day is 'The local day at the site on which it began (date); a visit past midnight belongs to that day as a whole.';
comment on column visitord.visit_log.first_visit is 'True for the first visit of this person at this site; null for somebody who could not be identified.';
comment on column visitord.visit_log.away is 'How long the person had not been at this site (interval): from the end of the visit before; null for the first, and for somebody who could not be identified.';
comment on column visitord.visit_log.timezone is 'The time zone of the site (IANA name): started_at at time zone timezone is the local time there.';
comment on column visitord.visit_log.groups is 'The groups the person is in now, by name; none for somebody who could not be identified.';

create or replace view visitord.sighting_log as
select g.sighting_id,
       i.root_id as visitor_id,
       case when i.identity_id is not null then coalesce(r.name, 'visitor ' || r.number) end as name,
       g.camera,
       g.started_at,
       g.ended_at,
       g.score,
       g.quality,
       g.live,
       g.decision,
       g.site,
       coalesce(c.name, 'visitor ' || c.number) as candidate,
       coalesce(s.name, 'visitor ' || s.number) as second_candidate,
       g.second_score,
       g.good_samples,
       g.face_px,
       g.static,
       g.reason,
       g.live_score,
       g.box,
       t.timezone,
       array(
           select distinct l.group_name from visitord.group_log l
           where l.visitor_id = i.root_id and l.removed_at is null order by 1
       ) as groups
from visitord.sighting g
left join visitord.site t on t.site = g.site
left join visitord.identity i on i.identity_id = g.identity_id
left join visitord.identity r on r.identity_id = i.root_id
left join visitord.identity ci on ci.identity_id = g.candidate_id
left join visitord.identity c on c.identity_id = ci.root_id
left join visitord.identity si on si.identity_id = g.second_id
left join visitord.identity s on s.identity_id = si.root_id;
comment on view visitord.sighting_log is 'A row is a sighting: one face followed over consecutive pictures of one camera.';
comment on column visitord.sighting_log.sighting_id is 'The sighting.';
comment on column visitord.sighting_log.visitor_id is 'Who it is, merges followed; null while nobody can say.';
comment on column visitord.sighting_log.name is 'The given name or the label; null while nobody can say.';
comment on column visitord.sighting_log.camera is 'By which camera.';
comment on column visitord.sighting_log.started_at is 'First picture with this face (timestamp with time zone).';
comment on column visitord.sighting_log.ended_at is 'Last picture with this face so far (timestamp with time zone).';
comment on column visitord.sighting_log.score is 'Cosine similarity to the best known person, -1 to 1; null when nobody was known.';
comment on column visitord.sighting_log.quality is 'Mean quality of the samples it was decided from, 0 to 1.';
comment on column visitord.sighting_log.live is 'False where it looks like a picture of a face (a photograph, a screen), true where it does not; null where the camera does not ask (camera.liveness), or nothing can be said.';
comment on column visitord.sighting_log.decision is 'matched (like a known person), enrolled (a new one), pending (nobody yet), settled (pending until the merge job found them).';
comment on column visitord.sighting_log.site is 'Where: the name of the site.';
comment on column visitord.sighting_log.candidate is 'The known person it was most like when it was decided; null when nobody was known.';
comment on column visitord.sighting_log.second_candidate is 'The known person it was second most like; null when there was none.';
comment on column visitord.sighting_log.second_score is 'Cosine similarity to second_candidate, -1 to 1; null when there was none.';
comment on column visitord.sighting_log.good_samples is 'How many of its kept samples have no flaw (at most 8).';
comment on column visitord.sighting_log.face_px is 'Widest face among the samples it was decided from, in pixels.';
comment on column visitord.sighting_log.static is 'It never moved for many minutes: a poster, a photograph or a screen, and no visit.';
comment on column visitord.sighting_log.reason is 'What the decision rests on, in words, with the thresholds.';
comment on column visitord.sighting_log.live_score is 'What live rests on, the median of a few looks: 0 (a picture of a face) to 1 (a face); null when not judged.';
comment on column visitord.sighting_log.box is 'The box whose camera saw it; null where none was named.';
comment on column visitord.sighting_log.timezone is 'The time zone of the site (IANA name): started_at at time zone timezone is the local time there.';
comment on column visitord.sighting_log.groups is 'The groups the person is in now, by name; none while nobody can say who it is.';

-- Few are present, which the planner cannot know: it is made to look up visits by their end, site by site, and then who
-- they are of.
create or replace view visitord.present_now as
select v.identity_id as visitor_id,
       coalesce(i.name, 'visitor ' || i.number) as name,
       v.site,
       v.last_camera as camera,
       v.started_at as since,
       v.ended_at as last_seen,
       s.timezone,
       array(
           select distinct l.group_name from visitord.group_log l
           where l.visitor_id = v.identity_id and l.removed_at is null order by 1
       ) as groups
from visitord.site s
cross join lateral (
    select *
    from visitord.visit v
    where v.site = s.site and v.ended_at between now() - s.visit_gap and 'infinity' and v.started_at <= now()
    offset 0
) v
left join lateral (select * from visitord.identity i where i.identity_id = v.identity_id offset 0) i on true
where i.status is distinct from 'ignored';
comment on view visitord.present_now is 'A row is a person at a site: seen there within its visit gap; ignored people are left out, people who could not be identified are not.';
comment on column visitord.present_now.visitor_id is 'Who (uuid); see visitor. Null for somebody who could not be identified.';
comment on column visitord.present_now.name is 'The given name, or the label while there is none; null for somebody who could not be identified.';
comment on column visitord.present_now.site is 'Where: the name of the site.';
comment on column visitord.present_now.camera is 'The camera that saw them last.';
comment on column visitord.present_now.since is 'When the visit began (timestamp with time zone).';
comment on column visitord.present_now.last_seen is 'When they were seen last (timestamp with time zone).';
comment on column visitord.present_now.timezone is 'The time zone of the site (IANA name): since at time zone timezone is the local time there.';
comment on column visitord.present_now.groups is 'The groups the person is in, by name; none for somebody who could not be identified.';

create or replace view visitord.daily_footfall as
select f.day, f.site, f.visits, f.visitors, f.new_visitors, f.visitors - f.new_visitors as returning_visitors, f.median_dwell,
       f.identified, f.visits - f.identified as unidentified, f.identified::double precision / f.visits as share_identified,
       s.timezone
from (
    select v.day,
           v.site,
           count(*) as visits,
           count(v.identity_id) as identified,
           count(v.identity_id) filter (where v.previous_day is distinct from v.day) as visitors,
           count(v.identity_id) filter (where v.previous_day is null) as new_visitors,
           percentile_cont(0.5) within group (order by v.ended_at - v.started_at)
               filter (where v.identity_id is not null) as median_dwell
    from visitord.visit v
    where v.identity_id is null
    or (v.identity_id, v.site) not in (select u.visitor_id, u.site from visitord.uncounted u)
    group by v.day, v.site
) f
left join visitord.site s on s.site = f.site;
comment on view visitord.daily_footfall is 'A row is a local day at a site on which someone came; ignored people, and those of the groups that footfall.exclude_groups names, are left out. A visit that spans midnight belongs to the day it began.';
comment on column visitord.daily_footfall.day is 'The day (date) in the time zone of the site, from midnight to midnight: 23 or 25 hours where the clock changes.';
comment on column visitord.daily_footfall.site is 'Where: the name of the site.';
comment on column visitord.daily_footfall.visits is 'Number of visits that began on that day: identified plus unidentified.';
comment on column visitord.daily_footfall.visitors is 'Number of people the identified visits were of: each counts once a day.';
comment on column visitord.daily_footfall.new_visitors is 'How many of the visitors were at this site for the first time.';
comment on column visitord.daily_footfall.returning_visitors is 'How many of the visitors had been at this site on an earlier day.';
comment on column visitord.daily_footfall.median_dwell is 'Median duration of the identified visits (interval): half of them were shorter. Null when there was none.';
comment on column visitord.daily_footfall.identified is 'How many of the visits were of people with an identity.';
comment on column visitord.daily_footfall.unidentified is 'How many of the visits were of people who could not be identified.';
comment on column visitord.daily_footfall.share_identified is 'identified divided by visits, 0 to 1.';
comment on column visitord.daily_footfall.timezone is 'The time zone of the site (IANA name), in which the day is one.';

-- A slot is looked at by itself, so that whoever asks for a day waits for a day: how many are there grows by one with
-- whoever comes and falls by one after whoever leaves, and the highest it comes to is what the slot shows.
create or replace view visitord.occupancy as
select s.site,
       slot.started_at,
       (slot.started_at at time zone s.timezone)::date as day,
       to_char(slot.started_at at time zone s.timezone, 'HH24:MI') as local_time,
       coalesce(inside.people, 0) as people,
       coalesce(inside.arrivals, 0) as arrivals,
       s.timezone
from visitord.site s
cross join lateral (
    select min(v.started_at) as first, max(v.ended_at) as last
    from visitord.visit v where v.site = s.site
) span
cross join lateral generate_series(
    date_bin('15 minutes', span.first, timestamptz '2000-01-01 00:00+00'), span.last, interval '15 minutes'
) slot(started_at)
cross join lateral (
    select max(counted.people)::integer as people, (sum(counted.came))::integer as arrivals
    from (
        select sum(step.change) over (order by step.at, step.change desc rows unbounded preceding) as people, step.came
        from (
            select v.started_at, v.ended_at
            from visitord.visit v
            where v.site = s.site
            and (v.identity_id is null
                 or (v.identity_id, v.site) not in (select u.visitor_id, u.site from visitord.uncounted u))
            and tstzrange(v.started_at, v.ended_at, '[]')
                && tstzrange(slot.started_at, slot.started_at + interval '15 minutes', '[)')
        ) v
        cross join lateral (
            values (greatest(v.started_at, slot.started_at), 1, (v.started_at >= slot.started_at)::integer),
                   (v.ended_at, -1, 0)
        ) step(at, change, came)
    ) counted
) inside;
comment on view visitord.occupancy is 'A row is a quarter of an hour at a site, from the first visit to the last: how many were there at once. Ignored people, and those of the groups that footfall.exclude_groups names, are left out; people who could not be identified count, once for each camera that saw them.';
comment on column visitord.occupancy.site is 'Where: the name of the site.';
comment on column visitord.occupancy.started_at is 'When the quarter of an hour began (timestamp with time zone).';
comment on column visitord.occupancy.day is 'The local day at the site (date).';
comment on column visitord.occupancy.local_time is 'The local time at the site at which it began, as 09:15; twice in the hour that is repeated where the clock changes.';
comment on column visitord.occupancy.people is 'The highest number of people who were there at one moment of it; 0 when nobody was.';
comment on column visitord.occupancy.arrivals is 'Number of visits that began in it.';
comment on column visitord.occupancy.timezone is 'The time zone of the site (IANA name).';

-- Names are looked up row by row, so that whoever asks for the first fifty waits for fifty.
create or replace view visitord.frequent_visitor as
select r.identity_id as visitor_id,
       (select coalesce(i.name, 'visitor ' || i.number) from visitord.identity i where i.identity_id = r.identity_id) as name,
       r.visits as visits_30d,
       bit_count(r.days::bit(64)) as days_30d,
       r.median_gap,
       r.last_seen,
       array(
           select distinct l.group_name from visitord.group_log l
           where l.visitor_id = r.identity_id and l.removed_at is null order by 1
       ) as groups
from (
    select v.identity_id,
           count(*) as visits,
           -- A bit for each local day: 30 days touch at most 32 of them, so that 64 are enough to tell them apart.
           bit_or(1::bigint << ((v.day - date '2000-01-01') & 63)) as days,
           percentile_cont(0.5) within group (order by v.started_at - v.previous_end) as median_gap,
           max(v.ended_at) as last_seen
    from visitord.visit v
    where v.started_at > now() - interval '30 days' and v.started_at <= now()
    and v.identity_id is not null and v.identity_id not in (select i.identity_id from visitord.identity i where i.status = 'ignored')
    group by v.identity_id
) r;
comment on view visitord.frequent_visitor is 'A row is a person who came within the last 30 days (30 times 24 hours back from now), at any site; ignored people are left out.';
comment on column visitord.frequent_visitor.visitor_id is 'Who (uuid); see visitor.';
comment on column visitord.frequent_visitor.name is 'The given name, or the label while there is none.';
comment on column visitord.frequent_visitor.visits_30d is 'Number of visits that began within the 30 days, at all sites.';
comment on column visitord.frequent_visitor.days_30d is 'Number of different local days on which these visits began.';
comment on column visitord.frequent_visitor.median_gap is 'Median absence before these visits (interval): from the end of the visit before at the same site, which may be older than 30 days; null for someone who came once.';
comment on column visitord.frequent_visitor.last_seen is 'End of the last visit so far (timestamp with time zone).';
comment on column visitord.frequent_visitor.groups is 'The groups the person is in, by name.';

create or replace view visitord.merge_log as
select merge_id, kept_id, merged_id, merged_by as by, reason, evidence, merged_at, undone_at, undone_by, undone_reason
from visitord.merge;
comment on view visitord.merge_log is 'A row is a merge of two identities.';
comment on column visitord.merge_log.merge_id is 'The merge.';
comment on column visitord.merge_log.kept_id is 'The identity that stands for both.';
comment on column visitord.merge_log.merged_id is 'The identity that points to it.';
comment on column visitord.merge_log.by is 'The merge job, or the account that ran the command.';
comment on column visitord.merge_log.reason is 'Why, in words.';
comment on column visitord.merge_log.evidence is 'The similarities it rests on.';
comment on column visitord.merge_log.merged_at is 'When (timestamp with time zone).';
comment on column visitord.merge_log.undone_at is 'When it was taken back (timestamp with time zone); null while in force.';
comment on column visitord.merge_log.undone_by is 'The account that took it back; null while in force.';
comment on column visitord.merge_log.undone_reason is 'Why it was taken back, in words; null while in force.';

create or replace view visitord.split_log as
select split_id, from_id, to_id, cardinality(sightings) as sightings, split_by as by, reason, split_at
from visitord.split;
comment on view visitord.split_log is 'A row is a split: sightings that a person moved out of an identity into one of their own.';
comment on column visitord.split_log.split_id is 'The split.';
comment on column visitord.split_log.from_id is 'The identity they were filed under.';
comment on column visitord.split_log.to_id is 'The identity that was made of them.';
comment on column visitord.split_log.sightings is 'How many sightings were moved.';
comment on column visitord.split_log.by is 'The account that said so.';
comment on column visitord.split_log.reason is 'Why, in words.';
comment on column visitord.split_log.split_at is 'When (timestamp with time zone).';

create or replace view visitord.rejection_log as
select one.root_id as visitor_id,
       coalesce(one_root.name, 'visitor ' || one_root.number) as name,
       other.root_id as other_visitor_id,
       coalesce(other_root.name, 'visitor ' || other_root.number) as other_name,
       r.rejected_by as by,
       r.reason,
       r.rejected_at
from visitord.rejection r
join visitord.identity one on one.identity_id = r.one_id
join visitord.identity one_root on one_root.identity_id = one.root_id
join visitord.identity other on other.identity_id = r.other_id
join visitord.identity other_root on other_root.identity_id = other.root_id;
comment on view visitord.rejection_log is 'A row is a pair of whom a person said that they are two people: no job merges them.';
comment on column visitord.rejection_log.visitor_id is 'One of the two (uuid), merges followed; see visitor.';
comment on column visitord.rejection_log.name is 'The given name, or the label while there is none.';
comment on column visitord.rejection_log.other_visitor_id is 'The other (uuid), merges followed.';
comment on column visitord.rejection_log.other_name is 'The given name of the other, or the label.';
comment on column visitord.rejection_log.by is 'The account that said so.';
comment on column visitord.rejection_log.reason is 'Why, in words.';
comment on column visitord.rejection_log.rejected_at is 'When (timestamp with time zone).';

create or replace view visitord.seen_together as
select a.sighting_id,
       a.visitor_id,
       a.name,
       b.sighting_id as other_sighting_id,
       b.visitor_id as other_visitor_id,
       b.name as other_name,
       a.site,
       a.camera,
       greatest(a.started_at, b.started_at) as started_at,
       a.timezone
from (
    -- A pair is told by either sighting, or by both.
    select least(sighting_id, other_id) as one_id, greatest(sighting_id, other_id) as other_id from visitord.together
    group by 1, 2
) t
join visitord.sighting_log a on a.sighting_id = t.one_id
join visitord.sighting_log b on b.sighting_id = t.other_id;
comment on view visitord.seen_together is 'A row is a pair of sightings that were in one picture: two people, for certain, who were there at the same time. Each pair is told once.';
comment on column visitord.seen_together.sighting_id is 'One of the two; see sighting_log.';
comment on column visitord.seen_together.visitor_id is 'Who it is, merges followed; null while nobody can say.';
comment on column visitord.seen_together.name is 'The given name or the label; null while nobody can say.';
comment on column visitord.seen_together.other_sighting_id is 'The other.';
comment on column visitord.seen_together.other_visitor_id is 'Who the other is; null while nobody can say.';
comment on column visitord.seen_together.other_name is 'The given name or the label of the other; null while nobody can say.';
comment on column visitord.seen_together.site is 'Where: the name of the site.';
comment on column visitord.seen_together.camera is 'By which camera.';
comment on column visitord.seen_together.started_at is 'When both were there: the later of the two beginnings (timestamp with time zone).';
comment on column visitord.seen_together.timezone is 'The time zone of the site (IANA name).';

create or replace view visitord.camera_health as
select camera,
       site,
       case when reported.missing then 'gone' else state end as state,
       case
           when reported.missing then
               'no daemon has reported it since ' || to_char(reported_at, 'YYYY-MM-DD HH24:MI:SS TZ') || '; last known: ' || state
           else reason
       end as reason,
       last_frame_at,
       case when reported.missing then 0 else fps end as fps,
       dropped,
       reconnects,
       reported_at,
       stream,
       box,
       timezone
from visitord.camera
left join visitord.site using (site)
cross join lateral (
    select reported_at < now() - interval '30 seconds' and state not in ('ended', 'disabled') as missing
) reported;
comment on view visitord.camera_health is 'A row is a camera as its daemon last reported it.';
comment on column visitord.camera_health.camera is 'Its name in the configuration.';
comment on column visitord.camera_health.site is 'The place it belongs to.';
comment on column visitord.camera_health.state is 'connecting, live, stale (there, but no picture to be used for camera.stale_after), refused (it said no), gone (no answer, or no daemon reports it), ended or disabled.';
comment on column visitord.camera_health.reason is 'Why it is in that state; empty when live.';
comment on column visitord.camera_health.last_frame_at is 'When the last picture arrived (timestamp with time zone); null when none did yet.';
comment on column visitord.camera_health.fps is 'Pictures per second offered for analysis, over the last seconds.';
comment on column visitord.camera_health.dropped is 'Number of pictures replaced by newer ones before they could be analysed, since the daemon started.';
comment on column visitord.camera_health.reconnects is 'Times it was opened again since the daemon started.';
comment on column visitord.camera_health.reported_at is 'When this report was written (timestamp with time zone); old when no daemon runs.';
comment on column visitord.camera_health.stream is 'What it sends: codec or format, size, rate; and what it was asked for where that differs.';
comment on column visitord.camera_health.box is 'The box whose daemon reported it last.';
comment on column visitord.camera_health.timezone is 'The time zone of the site (IANA name): last_frame_at at time zone timezone is the local time there.';

create or replace view visitord.camera_log as
select c.camera,
       c.site,
       c.state,
       c.reason,
       c.changed_at as started_at,
       lead(c.changed_at) over next as ended_at,
       coalesce(lead(c.changed_at) over next, now()) - c.changed_at as duration,
       c.box,
       s.timezone
from (
    select site, camera, changed_at, box, state, reason from visitord.camera_change
    union all
    select h.site, h.camera, h.reported_at, h.box, h.state, 'no daemon reports it'
    from visitord.camera_health h join visitord.camera r using (site, camera)
    where h.state = 'gone' and r.state <> 'gone'
) c
left join visitord.site s on s.site = c.site
window next as (partition by c.site, c.camera order by c.changed_at, c.state = 'gone');
comment on view visitord.camera_log is 'A row is a stretch of time in which a camera was in one state: what an hour without visits was due to.';
comment on column visitord.camera_log.camera is 'Its name in the configuration.';
comment on column visitord.camera_log.site is 'The place it belongs to.';
comment on column visitord.camera_log.state is 'As in camera_health; gone also while no daemon reported it.';
comment on column visitord.camera_log.reason is 'Why it was in that state; empty when live.';
comment on column visitord.camera_log.started_at is 'Since when (timestamp with time zone).';
comment on column visitord.camera_log.ended_at is 'Until when (timestamp with time zone); null while it lasts.';
comment on column visitord.camera_log.duration is 'How long it lasted, or has lasted so far (interval).';
comment on column visitord.camera_log.box is 'The box whose daemon reported it; null where none was named.';
comment on column visitord.camera_log.timezone is 'The time zone of the site (IANA name).';

create or replace view visitord.event_log as
select e.event_id,
       e.sequence,
       e.kind,
       e.at,
       e.told_at,
       e.late,
       e.site,
       e.box,
       e.camera,
       e.identity_id as visitor_id,
       e.name,
       e.label,
       e.status,
       e.visit_id,
       e.first_time,
       e.score,
       e.duration,
       e.other_id as other_visitor_id,
       e.other_name,
       e.undone,
       e.state,
       e.reason,
       s.timezone
from visitord.event e
left join visitord.site s on s.site = e.site;
comment on view visitord.event_log is 'A row is an event: something happened, told once, as it was then; docs/events.md says when each kind is told. Old ones are deleted (events.keep), and so are those of people who were forgotten. Ignored people make none.';
comment on column visitord.event_log.event_id is 'The event (uuid); stays the same however often it is delivered.';
comment on column visitord.event_log.sequence is 'The order in which events were told; whoever has read up to one has missed none below it. Numbers may be left out.';
comment on column visitord.event_log.kind is 'arrival (a visit begins), departure (it is over), unidentified (a visit by somebody who could not be identified), renamed, merged (or taken back), camera (it is in another state).';
comment on column visitord.event_log.at is 'When it happened (timestamp with time zone): the beginning of the visit, for a departure its last picture.';
comment on column visitord.event_log.told_at is 'When it was told (timestamp with time zone), by the clock of the database.';
comment on column visitord.event_log.late is 'True where the visit was long over when it could be told, as after an outage of the database.';
comment on column visitord.event_log.site is 'Where; null for renamed and merged.';
comment on column visitord.event_log.box is 'The box whose camera it is about; null where none was named.';
comment on column visitord.event_log.camera is 'The camera: of an arrival the first, of a departure the last one.';
comment on column visitord.event_log.visitor_id is 'Who (uuid), of a merge who was kept; as it was then, and null for unidentified and camera.';
comment on column visitord.event_log.name is 'The given name, or the label while there was none; as it was then.';
comment on column visitord.event_log.label is 'The word visitor and a number.';
comment on column visitord.event_log.status is 'provisional or named, as it was then.';
comment on column visitord.event_log.visit_id is 'The visit (uuid) as it was then: arrival and departure of a visit have the same one.';
comment on column visitord.event_log.first_time is 'True for the first visit of this person at this site, as far as was known then.';
comment on column visitord.event_log.score is 'Cosine similarity of the first sighting to the person, -1 to 1; for unidentified to the most similar one. Null for whoever was enrolled by it.';
comment on column visitord.event_log.duration is 'For departure, how long the visit was (interval); null where it turned out to be none.';
comment on column visitord.event_log.other_visitor_id is 'For merged, who became part of the other (uuid).';
comment on column visitord.event_log.other_name is 'For merged, what the other was called; for renamed, what the person was called before.';
comment on column visitord.event_log.undone is 'For merged, true where a merge was taken back.';
comment on column visitord.event_log.state is 'For camera, as in camera_health.';
comment on column visitord.event_log.reason is 'For camera, why it is in that state; empty when live.';
comment on column visitord.event_log.timezone is 'The time zone of the site (IANA name); null where there is no site.';
