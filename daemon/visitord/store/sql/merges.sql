-- try_lock: whether the merge job may run; the lock ends with the transaction
select pg_try_advisory_xact_lock(%(key)s)

-- merge: one identity, with all that point to it, stands under another
update identity
set root_id = %(kept)s, merged_into = case when identity_id = %(merged)s then %(kept)s else merged_into end
where root_id = %(merged)s

-- note: that two were merged, with the reasons that the sightings settled by it had
insert into merge (merge_id, kept_id, merged_id, merged_by, reason, evidence, settled, merged_at)
values (%(merge_id)s, %(kept)s, %(merged)s, %(by)s, %(reason)s, %(evidence)s, %(settled)s, %(now)s)

-- reasons: why these sightings are filed as they are
select sighting_id::text, reason
from sighting
where sighting_id = any(%(sightings)s)

-- settle: pending sightings get an identity
update sighting
set identity_id = %(identity)s, decision = 'settled', reason = %(reason)s
where sighting_id = any(%(sightings)s) and identity_id is null

-- started_at: when a sighting began
select started_at
from sighting
where sighting_id = %(sighting)s

-- withdraw_rejections: of pairs that are one person now
delete from rejection
using identity i, identity j
where i.identity_id = one_id and j.identity_id = other_id and i.root_id = j.root_id

-- in_force: newest first
select merge_id, called(k.identity_id) as kept, 'visitor ' || m.number as merged,
       merged_by as "by", reason, merged_at, kept_id, merged_id
from merge
join identity k on k.identity_id = kept_id
join identity m on m.identity_id = merged_id
where undone_at is null
order by merged_at desc, merge_id
limit %(limit)s
