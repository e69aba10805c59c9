-- find_merge: by its id or enough of its beginning; two rows where that is ambiguous
select merge_id, kept_id, merged_id, settled, merged_at, undone_at
from merge
where length(%(id)s) >= %(least)s and starts_with(merge_id::text, lower(%(id)s))
limit 2

-- root_of: who stands for an identity
select root_id
from identity
where identity_id = %(id)s

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
from jsonb_each_text(%(reasons)s) before
where g.sighting_id = before.key::uuid and g.decision = 'settled'
and g.identity_id in (select identity_id from identity where root_id = %(root)s)

-- undo_merge: note that it was taken back
update merge
set undone_at = %(now)s, undone_by = %(by)s, undone_reason = %(reason)s
where merge_id = %(merge)s

-- sightings_of: all of a person, oldest first
select sighting_id, started_at
from sighting join identity using (identity_id)
where root_id = %(person)s
order by started_at

-- move_sightings: to another identity
update sighting
set identity_id = %(to)s
where sighting_id = any(%(sightings)s)

-- move_templates: what was learnt from sightings, to another identity
update template
set identity_id = %(to)s
where sighting_id = any(%(sightings)s)

-- note_split: which sightings went from whom to whom
insert into split (split_id, from_id, to_id, sightings, split_by, reason, split_at)
values (%(split_id)s, %(from)s, %(to)s, %(sightings)s, %(by)s, %(reason)s, %(now)s)

-- reject: two identities are two people
insert into rejection (one_id, other_id, rejected_by, reason, rejected_at)
values (%(one)s, %(other)s, %(by)s, %(reason)s, %(now)s)
on conflict do nothing

-- best_sighting: of a person without any template, the one to learn from
select sighting_id, root_id
from sighting join identity using (identity_id)
where root_id = %(person)s and embedding is not null
and not exists (select 1 from template join identity using (identity_id) where root_id = %(person)s)
order by good_samples > 0 desc, quality desc
limit 1

-- rejections_between: what a person said of two people being two
select rejected_by as "by", reason, rejected_at
from rejection r
join identity i on i.identity_id = r.one_id
join identity j on j.identity_id = r.other_id
where (i.root_id, j.root_id) in ((%(one)s, %(other)s), (%(other)s, %(one)s))
order by rejected_at

-- in_one_picture: how often two people were, and when and where last
select count(*)::integer as times, max(started_at) as last, (array_agg(camera order by started_at desc))[1] as camera
from seen_together
where (visitor_id, other_visitor_id) in ((%(one)s, %(other)s), (%(other)s, %(one)s))

-- withdraw: that two people are two
delete from rejection r
using identity i, identity j
where i.identity_id = r.one_id and j.identity_id = r.other_id
and (i.root_id, j.root_id) in ((%(one)s, %(other)s), (%(other)s, %(one)s))

-- rejections: the newest first
select visitor_id, name, other_visitor_id, other_name, "by", reason, rejected_at
from rejection_log
order by rejected_at desc, visitor_id, other_visitor_id
limit %(limit)s
