-- events: with the pictures of their visits' first sightings, in the order in which they were told
select e.event_id, e.sequence, e.kind, e.at, e.told_at, e.late, e.site, e.box, e.camera, e.visitor_id, e.name, e.label,
       e.status, e.visit_id, e.first_time, e.score, extract(epoch from e.duration)::float as duration_s, g.crop as picture,
       e.other_visitor_id, e.other_name, e.undone, e.state, e.reason, e.timezone
from event_log e left join sighting g on g.sighting_id = e.visit_id
where e.sequence > %(after)s
and e.at >= coalesce(%(since)s, '-infinity'::timestamptz)
and e.at <= coalesce(%(until)s, 'infinity'::timestamptz)
and (%(camera)s::text is null or e.camera = %(camera)s)
and (%(site)s::text is null or e.site is null or e.site = %(site)s)
and (%(kinds)s::text[] = '{}' or e.kind = any(%(kinds)s::text[]))
order by e.sequence
limit %(most)s

-- last: the number of the event that was told last
select coalesce(max(sequence), 0)
from event

-- totals: how many wait to be given up for their age, and how many each receiver lacks or has lost
select (select count(*) from event) as kept,
       coalesce((
           select jsonb_agg(
               jsonb_build_object(
                   'receiver', r.name,
                   'waiting', (select count(*) from event e where e.sequence > r.sequence),
                   'lost', r.lost
               )
               order by r.name
           )
           from event_receiver r
       ), '[]') as receivers
