-- sites: all there are
select site from site order by site

-- cameras: those that were reported, and those of the latest visits
select camera from camera where site = coalesce(%(site)s, site)
union
select unnest(cameras) from (
    select cameras from visit where site = coalesce(%(site)s, site) order by started_at desc limit %(latest)s
) latest
order by 1

-- seen: whether a camera ever saw anybody
select exists (select from sighting where camera = %(camera)s and site = coalesce(%(site)s, site))
