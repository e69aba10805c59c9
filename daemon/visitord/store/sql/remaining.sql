-- remaining: how many pictures of what was erased still lie where
select coalesce(box, '') as box, count(distinct crop) as pictures
from erased e
where crop is not null and gone_at is null
and (%(crops)s::text[] is null or crop = any(%(crops)s::text[]))
and not exists (select from sighting g where g.crop = e.crop)
and not exists (select from template t where t.crop = e.crop)
group by 1
order by 1
