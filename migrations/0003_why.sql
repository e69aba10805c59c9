-- Why a sighting was decided so, faces that never move, and thresholds measured at a site.

alter table visitord.sighting
    add column candidate_id uuid references visitord.identity,
    add column second_id    uuid references visitord.identity,
    add column agreement    real check (agreement between -1.001 and 1.001),
    add column static       boolean not null default false;
comment on column visitord.sighting.candidate_id is 'The known person it was most like; null when nobody was known.';
comment on column visitord.sighting.second_id is 'The known person it was second most like; null when there was none.';
comment on column visitord.sighting.agreement is 'Cosine similarity between two halves of its own good samples: what the same person measures here; null with fewer than four.';
comment on column visitord.sighting.static is 'It never moved for many minutes: a poster, a photograph or a screen, and no visit.';

create or replace view visitord.sighting_log as
select g.sighting_id,
       i.root_id as visitor_id,
       case when i.identity_id is not null then coalesce(r.name, 'visitor ' || r.number) end as name,
       g.camera,
       g.started_at,
       g.ended_at,
       g.score,
       g.quality,
       g.live,
       g.decision,
       g.site,
       coalesce(c.name, 'visitor ' || c.number) as candidate,
       coalesce(s.name, 'visitor ' || s.number) as second_candidate,
       g.second_score,
       g.good_samples,
       g.face_px,
       g.static,
       g.reason
from visitord.sighting g
left join visitord.identity i on i.identity_id = g.identity_id
left join visitord.identity r on r.identity_id = i.root_id
left join visitord.identity ci on ci.identity_id = g.candidate_id
left join visitord.identity c on c.identity_id = ci.root_id
left join visitord.identity si on si.identity_id = g.second_id
left join visitord.identity s on s.identity_id = si.root_id;
comment on column visitord.sighting_log.site is 'Where.';
comment on column visitord.sighting_log.candidate is 'The known person it was most like when it was decided; null when nobody was known.';
comment on column visitord.sighting_log.second_candidate is 'The known person it was second most like; null when there was none.';
comment on column visitord.sighting_log.second_score is 'Cosine similarity to second_candidate; null when there was none.';
comment on column visitord.sighting_log.good_samples is 'How many of its kept samples have no flaw (at most 8).';
comment on column visitord.sighting_log.face_px is 'Widest face among the samples it was decided from, in pixels.';
comment on column visitord.sighting_log.static is 'It never moved for many minutes: a poster, a photograph or a screen, and no visit.';
comment on column visitord.sighting_log.reason is 'What the decision rests on, in words, with the thresholds.';

create table visitord.calibration (
    site        text not null references visitord.site,
    pack        text not null,
    match       real not null check (match between -1 and 1),
    new         real not null check (new <= match),
    applied_by  text not null,
    applied_at  timestamptz not null,
    primary key (site, pack)
);
comment on table visitord.calibration is 'Thresholds chosen for a site by visitorctl calibrate --apply; the configuration file goes before them.';
comment on column visitord.calibration.site is 'Where they hold.';
comment on column visitord.calibration.pack is 'Fingerprint of the recogniser they are for.';
comment on column visitord.calibration.match is 'At or above this cosine similarity, it is that person.';
comment on column visitord.calibration.new is 'Below this cosine similarity, it is nobody known.';
comment on column visitord.calibration.applied_by is 'The account that applied them.';
comment on column visitord.calibration.applied_at is 'When they were applied.';
