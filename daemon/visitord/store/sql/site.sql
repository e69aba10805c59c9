-- declare: a row if anything about the site is new
insert into site (site, timezone, visit_gap)
values (%(site)s, %(timezone)s, %(visit_gap)s)
on conflict (site) do update set timezone = excluded.timezone, visit_gap = excluded.visit_gap
where (site.timezone, site.visit_gap) is distinct from (excluded.timezone, excluded.visit_gap)
returning 1

-- declare_footfall: whom its counts leave out, if that is new
update site
set exclude_groups = new.names
from (select array(select lower(name) from unnest(%(groups)s::text[]) name order by 1) as names) new
where site = %(site)s and exclude_groups <> new.names

-- rebuild_visits: all of a site, from its sightings; how many there are then
select rebuild_visits(%(site)s)
