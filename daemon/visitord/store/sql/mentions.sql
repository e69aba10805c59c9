-- texts: what people wrote, and where it is kept
select 'merge' as kind, merge_id::text as id, reason as text
from merge
union all
select 'undo', merge_id::text, undone_reason
from merge
where undone_reason is not null
union all
select 'split', split_id::text, reason
from split
union all
select 'rejection', one_id || ' ' || other_id, reason
from rejection
union all
select 'name', 'visitor ' || number, name
from identity
where name is not null
order by 1, 2

-- clean_merge: why two were merged
update merge
set reason = %(text)s
where merge_id::text = any(%(ids)s)

-- clean_undo: why a merge was taken back
update merge
set undone_reason = %(text)s
where merge_id::text = any(%(ids)s)

-- clean_split: why sightings were split off
update split
set reason = %(text)s
where split_id::text = any(%(ids)s)

-- clean_rejection: why two are two
update rejection
set reason = %(text)s
where one_id || ' ' || other_id = any(%(ids)s)
