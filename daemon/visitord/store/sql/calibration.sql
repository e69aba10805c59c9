-- sample: scores of two people and of one, how many pairs of people and how many people they come from
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
select array(
           select (
               select coalesce(sum((p.x - p.c) * (p.y - p.c)) / nullif(sqrt(sum((p.x - p.c) ^ 2) * sum((p.y - p.c) ^ 2)), 0), 0)
               from unnest(x::float8[], y::float8[], %(centre)s::float8[]) p (x, y, c)
           )
           from met
       ) as different,
       (select count(distinct (least(one, other), greatest(one, other))) from met) as couples,
       array(select agreement::float8 from own where agreement is not null order by started_at desc limit 100000) as same,
       (select count(distinct root_id) from own) as identities

-- applied: the dimensions that hold for a site and a recogniser
select dims
from calibration
where site = %(site)s and pack = %(pack)s

-- apply: in place of any before
insert into calibration (site, pack, dims, applied_by, applied_at)
values (%(site)s, %(pack)s, %(dims)s, %(by)s, %(now)s)
on conflict (site, pack) do update
set (dims, applied_by, applied_at) = (excluded.dims, excluded.applied_by, excluded.applied_at)
