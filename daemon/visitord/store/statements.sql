-- The longer statements of the store.  A line such as "-- name: what it is for" begins each; no empty line stands inside one.

-- visitors: those seen within the window by its camera, those seen last first; all where there is no window
select *
from visitor
where (
    coalesce(%(since)s, %(until)s) is null and %(camera)s is null
    or visitor_id in (
        select visitor_id
        from sighting_log
        where ended_at >= coalesce(%(since)s, '-infinity'::timestamptz)
        and started_at <= coalesce(%(until)s, 'infinity'::timestamptz)
        and camera = coalesce(%(camera)s, camera)
    )
)
and status = coalesce(%(status)s, status)
and (not %(unnamed)s or name = label)
order by last_seen desc nulls last, label

-- frequent: those of 30 days who came more than once, the most frequent first
select v.visitor_id, v.name, v.label, v.status, f.visits_30d, f.days_30d, f.median_gap, f.last_seen
from frequent_visitor f join visitor v using (visitor_id)
where f.visits_30d > 1
and v.status = coalesce(%(status)s, v.status)
and (not %(unnamed)s or v.name = v.label)
order by visits_30d desc, last_seen desc, label

-- wall: people with a text in their name or label, by the day seen last, the most frequent first; apart from one of them
select v.*, count(*) over () as total, exists (
    select from rejection join identity i on i.identity_id = one_id join identity j on j.identity_id = other_id
    where (visitor_id, %(visitor)s) in ((i.root_id, j.root_id), (j.root_id, i.root_id))) as apart
from visitor v where status = any(%(statuses)s)
and (position(lower(%(text)s) in lower(name)) > 0 or position(lower(%(text)s) in label) > 0)
order by last_seen::date desc nulls last, visits desc, last_seen desc, label
limit %(limit)s offset %(offset)s

-- visits: with the keys of the JSON contract, in order of time
select visit_id, visitor_id as identity, name, status, cameras[1] as camera, cameras, started_at, ended_at,
       extract(epoch from duration)::float as duration_s, sightings
from visit_log
where ended_at >= coalesce(%(since)s, '-infinity'::timestamptz)
and started_at <= coalesce(%(until)s, 'infinity'::timestamptz)
and coalesce(%(camera)s, cameras[1]) = any(cameras)
and visitor_id = coalesce(%(visitor)s, visitor_id)
order by started_at, visit_id

-- exported_sightings: rows of sighting_log, in order of time
select *
from sighting_log
where ended_at >= coalesce(%(since)s, '-infinity'::timestamptz)
and started_at <= coalesce(%(until)s, 'infinity'::timestamptz)
and camera = coalesce(%(camera)s, camera)
order by started_at, sighting_id

-- stats: visits and visitors by the local day or the local hour of arrival, with bars of at most 40 blocks
select arrived, visits, visitors, repeat('█', ceil(40.0 * visits / max(visits) over ())::integer) as bar
from (
    select case %(by)s when 'day' then day::text else to_char(started_at at time zone timezone, 'HH24":00"') end as arrived,
           count(*) as visits, count(distinct visitor_id) as visitors
    from visit_log join site using (site)
    where status <> 'ignored'
    and started_at >= %(since)s
    and started_at <= coalesce(%(until)s, 'infinity'::timestamptz)
    and coalesce(%(camera)s, cameras[1]) = any(cameras)
    group by 1
) s
order by arrived

-- person: a visitor, with the labels merged into it and how many templates it is matched against
select v.*,
       array(select 'visitor ' || number from identity
             where root_id = visitor_id and identity_id <> root_id order by number) as also,
       (select coalesce(max(n), 0) from (
            select count(*) as n from template join identity using (identity_id) where root_id = visitor_id group by pack
        ) by_pack) as templates
from visitor v
where visitor_id = %(id)s

-- sightings: a person's latest, with the reason for each decision, newest first
select l.sighting_id, l.camera, l.started_at, l.ended_at, l.decision, l.score, g.second_score, l.quality, g.reason
from sighting_log l join sighting g using (sighting_id)
where l.visitor_id = %(id)s
order by l.started_at desc, l.sighting_id
limit %(limit)s

-- cameras: each as its daemon last reported it
select camera, site, box, state, stream, fps, dropped, reconnects, last_frame_at, reason
from camera_health
order by site, camera

-- totals: how much is stored, and who is here
select (select count(*) from identity where merged_into is null) as visitors,
       (select count(*) from visit) as visits,
       (select count(*) from sighting) as sightings,
       (select count(*) from sighting where identity_id is null) as pending,
       (select count(*) from present_now) as present

-- reporting_box: which one last reported a camera of a site
select box
from camera
where site = %s and camera = %s

-- report_camera: what a daemon says of a camera, in place of what it said before, unless another box reports it too
insert into camera as old
    (site, camera, box, state, reason, last_frame_at, fps, dropped, reconnects, stream, reported_at)
values (%(site)s, %(camera)s, %(box)s, %(state)s, left(%(reason)s, 1000), %(last_frame_at)s, %(fps)s, %(dropped)s,
        %(reconnects)s, left(%(stream)s, 1000), now())
on conflict (site, camera) do update set
    state = excluded.state, reason = excluded.reason, fps = excluded.fps, dropped = excluded.dropped,
    last_frame_at = coalesce(excluded.last_frame_at, old.last_frame_at), reconnects = excluded.reconnects,
    stream = excluded.stream, reported_at = excluded.reported_at, box = excluded.box
where old.box is null or old.box = excluded.box or old.state = 'gone' or old.reported_at < now() - interval '30 seconds'

-- refresh_visits: a person's visits at a site that began because of what changed within a stretch of time
select visit_id, started_at, ended_at, sightings, cameras, last_camera
from refresh_visits(%(person)s, %(site)s, %(gap)s, %(since)s, %(until)s)

-- rebuild_visits: all of these people, at every site
select refresh_visits(person, site, visit_gap, '-infinity', 'infinity')
from site, unnest(%s::uuid[]) person

-- left: whose gap has passed within a time, for they were seen before it and not since: name, site, duration; not of ignored people
select coalesce(i.name, 'visitor ' || i.number), v.site, v.ended_at - v.started_at
from site s
cross join lateral (
    select * from visit where site = s.site and ended_at > %s - s.visit_gap and ended_at <= %s - s.visit_gap offset 0
) v
join identity i using (identity_id)
where i.status <> 'ignored'
order by v.ended_at

-- calibration_sample: scores of two people and of one, how many pairs of people and how many people they come from
with own as not materialized (
    select g.*, i.root_id
    from sighting g left join identity i using (identity_id)
    where g.site = %(site)s and g.pack = %(pack)s and not g.static
), pair as (
    select distinct least(sighting_id, other_id) as a, greatest(sighting_id, other_id) as b
    from together
), met as materialized (
    select a.embedding as x, b.embedding as y,
           coalesce(a.root_id, a.sighting_id) as one, coalesce(b.root_id, b.sighting_id) as other
    from pair join own a on a.sighting_id = pair.a join own b on b.sighting_id = pair.b
    order by a.started_at desc
    limit 100000
)
select array(select (select sum(p.x::float8 * p.y) from unnest(x, y) p (x, y)) from met) as different,
       (select count(distinct (least(one, other), greatest(one, other))) from met) as couples,
       array(select agreement::float8 from own where agreement is not null order by started_at desc limit 100000) as same,
       (select count(distinct root_id) from own) as identities

-- chosen_thresholds: match and new as applied for a site and a recogniser
select match, new
from calibration
where site = %s and pack = %s

-- choose_thresholds: in place of any before
insert into calibration (site, pack, match, new, applied_by, applied_at)
values %(row)s
on conflict (site, pack) do update
set (site, pack, match, new, applied_by, applied_at) = row(excluded.*)

-- merges_in_force: newest first
select merge_id, coalesce(k.name, 'visitor ' || k.number) as kept, 'visitor ' || m.number as merged,
       merged_by as "by", reason, merged_at, kept_id, merged_id
from merge
join identity k on k.identity_id = kept_id
join identity m on m.identity_id = merged_id
where undone_at is null
order by merged_at desc, merge_id
limit %(limit)s

-- suggestions: open ones, most alike first
select s.number, coalesce(a.name, 'visitor ' || a.number) as one, coalesce(b.name, 'visitor ' || b.number) as other,
       agreement, reason, made_at, one_id, other_id
from suggestion s
join identity a on a.identity_id = one_id
join identity b on b.identity_id = other_id
where a.merged_into is null and b.merged_into is null
and not exists (select 1 from rejection r where (r.one_id, r.other_id) = (s.one_id, s.other_id))
order by agreement desc, s.number

-- suggested_people: the two of a suggestion, the named or ignored one first, else the one known longer
select identity_id, coalesce(name, 'visitor ' || i.number), 'visitor ' || i.number, status
from identity i join suggestion s on identity_id in (one_id, other_id)
where s.number = %s
order by status <> 'provisional' desc, i.number

-- find_merge: by its id or enough of its beginning; two rows where that is ambiguous
select merge_id, kept_id, merged_id, settled, undone_at
from merge
where length(%(id)s) >= %(least)s and starts_with(merge_id::text, lower(%(id)s))
limit 2

-- stand_alone: a merged identity stands for itself again, with everyone merged into it before
with recursive under as (
    select %(merged)s::uuid as id
    union all
    select identity_id from identity join under on merged_into = id
)
update identity
set root_id = %(merged)s, merged_into = case when identity_id <> %(merged)s then merged_into end
from under
where identity_id = id

-- unsettle: a person's sightings are pending again, for the reasons they had before
update sighting g
set identity_id = null, decision = 'pending', reason = before.value
from jsonb_each_text(%s) before
where g.sighting_id = before.key::uuid and g.decision = 'settled'
and g.identity_id in (select identity_id from identity where root_id = %s)

-- undo_merge: note that it was taken back
update merge
set undone_at = %s, undone_by = %s, undone_reason = %s
where merge_id = %s

-- sightings_of: all of a person, oldest first
select sighting_id, started_at
from sighting join identity using (identity_id)
where root_id = %s
order by started_at

-- note_split: which sightings went from whom to whom
insert into split (split_id, from_id, to_id, sightings, split_by, reason, split_at)
values %s

-- reject: two identities are two people
insert into rejection (one_id, other_id, rejected_by, reason, rejected_at)
values %s
on conflict do nothing

-- best_template_update: of a person without any template, the sighting to learn from
select sighting_id, root_id
from sighting join identity using (identity_id)
where root_id = %(id)s and embedding is not null
and not exists (select 1 from template join identity using (identity_id) where root_id = %(id)s)
order by good_samples > 0 desc, quality desc
limit 1

-- photographed: who stands for those whose templates these are, as far as there are templates of these ids
select template_id, root_id
from template join identity using (identity_id)
where template_id = any(%(ids)s)

-- photographs: how many templates of a person come from photographs
select count(*) as count
from template join identity using (identity_id)
where (root_id, pack) = (%(person)s, %(pack)s) and crop is not null

-- learn: from a sighting, for each pack that looked at it
insert into template (template_id, identity_id, sighting_id, pack, embedding, quality, created_at)
select l.template_id, %(identity)s, g.sighting_id, l.pack, l.embedding, g.quality, g.started_at
from sighting g
cross join lateral (
    select %(own)s::uuid as template_id, g.pack, g.embedding
    union all
    select c.template_id, c.pack, c.embedding from carried c where c.sighting_id = g.sighting_id
) l
where g.sighting_id = %(sighting)s
on conflict (template_id) do nothing

-- to_carry: sightings that a pack has not looked at and whose picture was kept, those that taught something or the others
select sighting_id, crop
from sighting g
where crop is not null and pack <> %(pack)s and sighting_id > %(after)s
and not exists (select from carried c where (c.sighting_id, c.pack) = (g.sighting_id, %(pack)s))
and ((select true from template t where t.sighting_id = g.sighting_id limit 1) is not null) = %(learnt)s
order by sighting_id
limit %(limit)s

-- carrying: how many sightings another pack looked at, how many of them this one too, and how many could be
select count(*) as sightings, count(c) as carried, count(*) filter (where c is null and crop is not null) as left
from sighting g left join carried c on (c.sighting_id, c.pack) = (g.sighting_id, %(pack)s)
where g.pack <> %(pack)s

-- carry: what a pack sees in a sighting, unless that was erased meanwhile
insert into carried (sighting_id, pack, template_id, embedding)
select sighting_id, %(pack)s, %(template_id)s, %(embedding)s
from sighting
where sighting_id = %(id)s
for key share
on conflict do nothing
returning sighting_id

-- carry_templates: from what was learnt by other packs
insert into template (template_id, identity_id, sighting_id, pack, embedding, quality, created_at)
select c.template_id, t.identity_id, t.sighting_id, c.pack, c.embedding, t.quality, t.created_at
from template t join carried c using (sighting_id)
where c.pack = %(pack)s and t.pack <> c.pack
on conflict (template_id) do nothing
returning identity_id

-- photographs_to_carry: templates of other packs that come from photographs this one has not seen
select distinct on (t.identity_id, t.crop) t.template_id, t.crop
from template t
where t.crop is not null and t.pack <> %(pack)s
and not exists (
    select from template o where (o.identity_id, o.crop, o.pack) = (t.identity_id, t.crop, %(pack)s)
)
order by t.identity_id, t.crop, t.created_at, t.template_id

-- carry_photograph: what a pack sees in one, unless that was erased meanwhile
insert into template (template_id, identity_id, pack, embedding, quality, created_at, crop)
select %(template_id)s, identity_id, %(pack)s, %(embedding)s, quality, created_at, crop
from template
where template_id = %(id)s
on conflict (template_id) do nothing
returning identity_id

-- known_to: how many people a pack knows, from how many templates
select count(distinct root_id) as people, count(*) as templates
from template join identity using (identity_id)
where pack = %(pack)s

-- left_behind: whom other packs know and this one does not, and whether a picture that could help was kept by any box
select coalesce(r.name, 'visitor ' || r.number) as name, bool_or(coalesce(t.crop, g.crop) is not null) as kept
from template t
join identity i using (identity_id)
join identity r on r.identity_id = i.root_id
left join sighting g on g.sighting_id = t.sighting_id
where not exists (
    select from template o join identity j using (identity_id) where j.root_id = r.identity_id and o.pack = %(pack)s
)
group by r.identity_id
order by r.number

-- note_switch: from one pack to another
insert into switch (from_pack, from_name, to_pack, to_name, switched_by, switched_at)
values (%(from_pack)s, %(from_name)s, %(to_pack)s, %(to_name)s, %(by)s, now())

-- last_switch: the pack that was left
select from_name
from switch
where to_pack = %(pack)s
order by switched_at desc
limit 1

-- unhurried: for this transaction
select set_config('statement_timeout', '0', true)

-- drop_templates: of all other packs
delete from template
where pack <> %(pack)s
returning identity_id

-- drop_embeddings: of all other packs; what this one sees takes their place
update sighting g
set pack = c.pack, embedding = c.embedding, agreement = null
from sighting o left join carried c on (c.sighting_id, c.pack) = (o.sighting_id, %(pack)s)
where o.pack <> %(pack)s and g.sighting_id = o.sighting_id

-- drop_carried: of all packs; needed no more after drop_embeddings
delete from carried

-- suggest: that pairs are one person; what was suggested before keeps its number, and uses up no other
with said (one_id, other_id, agreement, reason, made_at) as (
    values %s
), changed as (
    update suggestion s set agreement = said.agreement, reason = said.reason from said
    where (s.one_id, s.other_id) = (said.one_id, said.other_id)
    and (s.agreement, s.reason) is distinct from (said.agreement::real, said.reason)
)
insert into suggestion (one_id, other_id, agreement, reason, made_at)
select * from said
where not exists (select from suggestion s where (s.one_id, s.other_id) = (said.one_id, said.other_id))

-- withdraw_suggestions: all but these pairs
delete from suggestion
where (one_id, other_id) not in (select * from unnest(%s::uuid[], %s::uuid[]))

-- faces: what people, merged or not, and sightings are called, the crop that shows them best, and one kept for good
select i.identity_id as id, coalesce(i.name, 'visitor ' || i.number),
       (select crop from sighting g join identity m using (identity_id)
        where i.identity_id in (m.identity_id, m.root_id) and crop is not null
        order by m.identity_id = i.identity_id desc, good_samples > 0 desc, quality desc limit 1) as best,
       (select coalesce(t.crop, g.crop) from template t left join sighting g using (sighting_id)
        join identity m on m.identity_id = t.identity_id where i.identity_id in (m.identity_id, m.root_id)
        order by coalesce(t.crop, g.crop) is null, t.quality desc limit 1) as kept
from identity i
where i.identity_id = any(%(ids)s)
union all
select sighting_id, camera || to_char(started_at, ' MM-DD HH24:MI'), crop, null
from sighting where sighting_id = any(%(ids)s)

-- find_person: who stands for those that an id, an id's beginning, a number or a name may mean
select distinct r.identity_id, coalesce(r.name, 'visitor ' || r.number), 'visitor ' || r.number
from identity i join identity r on r.identity_id = i.root_id
where lower(i.name) = lower(%(text)s) or i.number::text = %(number)s or i.identity_id::text = lower(%(text)s)
or (length(%(text)s) >= 8 and starts_with(i.identity_id::text, lower(%(text)s)))
order by 3

-- known_names: the names and labels of those enrolled last
select name, 'visitor ' || number
from identity
where merged_into is null
order by number desc
limit 10000

-- rename: unless they were merged into somebody else meanwhile
update identity
set name = %s, status = case when status = 'ignored' then status else 'named' end
where identity_id = %s and merged_into is null

-- learn_photograph: unless it was learnt before
insert into template (template_id, identity_id, pack, embedding, quality, crop, created_at)
values %s
on conflict (template_id) do nothing

-- unignore: what they were before follows from whether they have a name
update identity
set status = case when name is null then 'provisional' else 'named' end
where identity_id = %s and status = 'ignored' and merged_into is null

-- called: who stands for those of a name
select distinct r.identity_id, coalesce(r.name, 'visitor ' || r.number), 'visitor ' || r.number
from identity i join identity r on r.identity_id = i.root_id
where lower(i.name) = lower(%s)

-- erased_since: ids, and names of pictures that nobody needs
select array(select erased_id from erased where erased_at >= %(since)s),
       array(select crop from erased e where erased_at >= %(since)s and crop is not null
             and not exists (select from sighting g where g.crop = e.crop)
             and not exists (select from template t where t.crop = e.crop))

-- declare_site: a row if anything about it is new
insert into site (site, timezone, visit_gap)
values (%s, %s, %s)
on conflict (site) do update set timezone = excluded.timezone, visit_gap = excluded.visit_gap
where (site.timezone, site.visit_gap) is distinct from (excluded.timezone, excluded.visit_gap)
returning 1

-- companions: who stands for those seen in the same frames, as far as they are decided
select distinct i.root_id
from sighting g join identity i using (identity_id)
where not g.static
and g.sighting_id = any(%s::uuid[] || array(select sighting_id from together where other_id = %s))

-- gallery_changed: of these identities, and those who are one with them, at a new version
with next as (
    update gallery_version set version = version + 1 returning version
), given as (
    select unnest(%s::uuid[]) as id
), concerned as (
    select id from given
    union
    select other.identity_id
    from given join identity i on i.identity_id = id join identity other on other.root_id = i.root_id
), noted as (
    insert into gallery_change (identity_id, version)
    select id, version from concerned, next
    on conflict (identity_id) do update set version = excluded.version, changed_at = excluded.changed_at
)
select version from next

-- sweep_changes: of those who are no more, told before a moment
delete from gallery_change c
where changed_at < %s
and not exists (select from identity i where i.identity_id = c.identity_id)

-- templates: of one recogniser, of all identities or some
select t.template_id, t.identity_id, i.root_id, t.embedding::text, t.quality,
       case when r.status <> 'ignored' then coalesce(r.name, 'visitor ' || r.number) end
from template t
join identity i on i.identity_id = t.identity_id
join identity r on r.identity_id = i.root_id
where t.pack = %(pack)s and (%(of)s::uuid[] is null or t.identity_id = any(%(of)s::uuid[]))
order by t.created_at, t.template_id

-- nearest: the owners of those most like an embedding, with everyone who is one with them
select identity_id
from identity
where root_id in (select root_id from identity where identity_id in (select nearest(%s, %s::real[], %s, %s)))

-- write_sighting: unless it is there
insert into sighting
    (sighting_id, identity_id, site, camera, started_at, ended_at, decision, reason, score, second_score,
     candidate_id, second_id, agreement, quality, good_samples, face_px, pack, embedding, crop, box)
values %s
on conflict (sighting_id) do nothing

-- together: two sightings were in one frame, and neither was erased
insert into together (sighting_id, other_id)
select * from (values (%s::uuid, %s::uuid)) pair (sighting_id, other_id)
where not exists (select from erased where erased_id = other_id)
on conflict do nothing

-- extend_sighting: a later end, and whether it is static and alive by then
update sighting
set ended_at = greatest(ended_at, %(end)s), static = case when %(end)s >= ended_at then %(static)s else static end,
    live = case when %(end)s >= ended_at then coalesce(%(live)s, live) else live end,
    live_score = case when %(end)s >= ended_at then coalesce(%(score)s, live_score) else live_score end
where sighting_id = %(id)s
returning identity_id, ended_at

-- arrived: what a person is called, unless they are ignored, and how many visits they have made
select coalesce(name, 'visitor ' || number), (select count(*) from visit v where v.identity_id = i.identity_id)
from identity i
where identity_id = %s and status <> 'ignored'

-- members: identities that stand for themselves, with what was put together in them: id, number, named or ignored, part, key
select r.identity_id, r.number, r.status <> 'provisional', p.part, p.id
from (
    select identity_id, identity_id as part, template_id as id
    from template
    where pack = %(pack)s
    union all
    select identity_id, sighting_id, sighting_id
    from sighting
    where decision = 'settled' and pack = %(pack)s
    union all
    select g.identity_id, g.sighting_id, g.sighting_id
    from carried c join sighting g using (sighting_id)
    where decision = 'settled' and c.pack = %(pack)s
) p
join identity i using (identity_id)
join identity r on r.identity_id = i.root_id
order by r.number, p.part, p.id

-- pending: sightings of nobody yet, with enough flawless samples, oldest first
select sighting_id
from (
    select sighting_id, started_at
    from sighting
    where identity_id is null and pack = %(pack)s and good_samples >= %(good_samples)s
    union all
    select g.sighting_id, g.started_at
    from carried c join sighting g using (sighting_id)
    where identity_id is null and c.pack = %(pack)s and good_samples >= %(good_samples)s
) p
order by started_at, sighting_id

-- embeddings: of templates and of sightings, by one pack
select template_id, embedding::text
from template
where template_id = any(%(keys)s) and pack = %(pack)s
union all
select sighting_id, embedding::text
from sighting
where sighting_id = any(%(keys)s) and pack = %(pack)s
union all
select sighting_id, embedding::text
from carried
where sighting_id = any(%(keys)s) and pack = %(pack)s

-- apart: identities or pending sightings once seen together, and those that a person rejected
select distinct coalesce(i.root_id, a.sighting_id), coalesce(j.root_id, b.sighting_id)
from together t
join sighting a on a.sighting_id = t.sighting_id
left join identity i on i.identity_id = a.identity_id
join sighting b on b.sighting_id = t.other_id
left join identity j on j.identity_id = b.identity_id
where not a.static and not b.static
union
select i.root_id, j.root_id
from rejection
join identity i on i.identity_id = one_id
join identity j on j.identity_id = other_id

-- settle: pending sightings get an identity
update sighting
set identity_id = %s, decision = 'settled', reason = %s
where sighting_id = any(%s) and identity_id is null

-- unreject: pairs that are one person now
delete from rejection
using identity i, identity j
where i.identity_id = one_id and j.identity_id = other_id and i.root_id = j.root_id

-- hold: how many of these still stand for themselves; they are locked
select count(*)
from (
    select 1
    from identity
    where identity_id = any(%s) and merged_into is null
    order by identity_id
    for no key update
) held

-- merge: one identity, with all that point to it, stands under another
update identity
set root_id = %(kept)s, merged_into = case when identity_id = %(merged)s then %(kept)s else merged_into end
where root_id = %(merged)s

-- note_merge: with the reasons that the sightings settled by it had
insert into merge (merge_id, kept_id, merged_id, merged_by, reason, evidence, settled, merged_at)
values %s
