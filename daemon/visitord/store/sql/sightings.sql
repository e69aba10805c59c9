-- known: whether a sighting is stored, or was erased, or whoever was enrolled from it
select exists (select from sighting where sighting_id = %(id)s)
    or exists (select from erased where erased_id in (%(id)s, %(identity)s))

-- companions: who stands for those seen in the same frames, as far as they are decided
select distinct i.root_id
from sighting g join identity i using (identity_id)
where not g.static
and g.sighting_id = any(
    %(together)s::uuid[] || array(select sighting_id from together where other_id = %(id)s)
)

-- beside: who stands for those seen in the same frames, what they looked like, and whether that camera mirrors them
select i.root_id, g.embedding::text, exists (
    select
    from identity merged
    join sighting a on a.identity_id = merged.identity_id
    join together t on t.sighting_id = a.sighting_id
    join sighting b on b.sighting_id = t.other_id
    join identity other on other.identity_id = b.identity_id
    where merged.root_id = i.root_id and merged.identity_id <> i.root_id
    and other.root_id = i.root_id and other.identity_id <> merged.identity_id
    and a.site = g.site and a.camera = g.camera
) as mirrored
from sighting g join identity i using (identity_id)
where not g.static and g.pack = %(pack)s and g.embedding is not null
and g.sighting_id = any(
    %(together)s::uuid[] || array(select sighting_id from together where other_id = %(id)s)
)

-- recent: who stands for those whose sightings began within a span of time
select distinct i.root_id
from sighting g join identity i using (identity_id)
where not g.static and g.started_at > %(since)s and g.started_at <= %(until)s

-- write: unless it is there
insert into sighting
    (sighting_id, identity_id, site, camera, started_at, ended_at, decision, reason, score, second_score,
     candidate_id, second_id, agreement, quality, good_samples, face_px, pack, embedding, crop, box)
values
    (%(sighting_id)s, %(identity_id)s, %(site)s, %(camera)s, %(started_at)s, %(ended_at)s, %(decision)s, %(reason)s,
     %(score)s, %(second_score)s, %(candidate_id)s, %(second_id)s, %(agreement)s, %(quality)s, %(good_samples)s,
     %(face_px)s, %(pack)s, %(embedding)s, %(crop)s, %(box)s)
on conflict (sighting_id) do nothing

-- extend: a later end, and whether it is static, alive and blocked by then
update sighting
set ended_at = greatest(ended_at, %(ended_at)s),
    static = case when %(ended_at)s >= ended_at then %(static)s else static end,
    live = case when %(ended_at)s >= ended_at then coalesce(%(live)s, live) else live end,
    blocked = case when %(ended_at)s >= ended_at and %(live)s is not null then %(blocked)s else blocked end,
    live_score = case when %(ended_at)s >= ended_at then coalesce(%(live_score)s, live_score) else live_score end
where sighting_id = %(sighting_id)s
returning identity_id, ended_at

-- together: a sighting was in one frame with others, but those that were erased, and pictures of faces
insert into together (sighting_id, other_id)
select %(id)s, other_id
from unnest(%(others)s::uuid[]) other_id
where not exists (select from erased where erased_id = other_id)
and not exists (select from sighting where sighting_id = other_id and static)
order by other_id
on conflict do nothing

-- arriving: what a person is called, unless they are ignored, and how many visits they have made
select coalesce(name, 'visitor ' || number) as name,
       (select count(*) from visit v where v.identity_id = i.identity_id) as visits
from identity i
where identity_id = %(id)s and status <> 'ignored'
