-- names: of all groups
select name
from person_group
order by lower(name)

-- find: by its name, whatever case
select group_id, name
from person_group
where lower(name) = lower(%(name)s)
