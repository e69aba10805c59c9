-- find: who stands for those that an id, an id's beginning, a number or a name may mean
select distinct r.identity_id as visitor_id, called(r.identity_id) as name,
                'visitor ' || r.number as label
from identity i join identity r on r.identity_id = i.root_id
where lower(i.name) in (lower(%(text)s), lower(%(typed)s)) or i.number::text = %(number)s or i.identity_id::text = lower(%(text)s)
or (length(%(text)s) >= 8 and starts_with(i.identity_id::text, lower(%(text)s)))
order by 3

-- called: who stands for those of a name
select distinct r.identity_id as visitor_id, called(r.identity_id) as name,
                'visitor ' || r.number as label
from identity i join identity r on r.identity_id = i.root_id
where lower(i.name) = lower(%(name)s)

-- known_names: the names and labels of those enrolled last
select name, 'visitor ' || number as label
from identity
where merged_into is null
order by number desc
limit 10000

-- name_of: what a person is called now, whom nobody else names meanwhile
select name
from identity
where identity_id = %(id)s
for no key update

-- rename: unless they were merged into somebody else meanwhile
update identity
set name = %(name)s, status = case when status = 'ignored' then status else 'named' end
where identity_id = %(id)s and merged_into is null

-- clear_name: unless they were merged into somebody else meanwhile; ignored people stay ignored
update identity
set name = null, status = case when status = 'ignored' then status else 'provisional' end
where identity_id = %(id)s and merged_into is null and name is not null

-- ignore: unless they were merged into somebody else meanwhile
update identity
set status = 'ignored'
where identity_id = %(id)s and merged_into is null

-- unignore: what they were before follows from whether they have a name
update identity
set status = case when name is null then 'provisional' else 'named' end
where identity_id = %(id)s and status = 'ignored' and merged_into is null
