-- The tables and views of visitord.  Ids are made by the box, so that writing a row twice is harmless.

create table visitord.site (
    site       text primary key check (length(site) between 1 and 64),
    timezone   text not null,
    visit_gap  interval not null check (visit_gap > interval '0')
);
comment on table visitord.site is 'A place whose cameras share one visit log.';
comment on column visitord.site.site is 'Name of the place, from site.name.';
comment on column visitord.site.timezone is 'IANA time zone in which its days begin, from site.timezone.';
comment on column visitord.site.visit_gap is 'Absence longer than this ends a visit, from visit.gap.';

create table visitord.camera (
    site           text not null references visitord.site,
    camera         text not null check (length(camera) between 1 and 64),
    state          text not null check (state in ('connecting', 'live', 'stale', 'refused', 'gone', 'ended')),
    reason         text not null default '' check (length(reason) <= 1000),
    last_frame_at  timestamptz,
    fps            real not null default 0 check (fps >= 0),
    dropped        bigint not null default 0 check (dropped >= 0),
    reconnects     bigint not null default 0 check (reconnects >= 0),
    reported_at    timestamptz not null,
    primary key (site, camera)
);
comment on table visitord.camera is 'The last report on each camera by the daemon that reads it.';
comment on column visitord.camera.site is 'The place it belongs to.';
comment on column visitord.camera.camera is 'Its name in the configuration.';
comment on column visitord.camera.state is 'connecting, live, stale (connected, but no new picture), refused (it said no), gone (no answer), ended (file played).';
comment on column visitord.camera.reason is 'Why it is in that state; empty when live.';
comment on column visitord.camera.last_frame_at is 'When the last picture arrived.';
comment on column visitord.camera.fps is 'Pictures per second offered for analysis, over the last seconds.';
comment on column visitord.camera.dropped is 'Pictures replaced by newer ones before they could be analysed, since the daemon started.';
comment on column visitord.camera.reconnects is 'Times it was opened again since the daemon started.';
comment on column visitord.camera.reported_at is 'When this report was written; old when no daemon runs.';

create sequence visitord.visitor_number as bigint;

create table visitord.identity (
    identity_id  uuid primary key,
    number       bigint not null unique default nextval('visitord.visitor_number'),
    status       text not null check (status in ('provisional', 'named', 'ignored')),
    name         text check (length(name) between 1 and 200),
    merged_into  uuid references visitord.identity,
    root_id      uuid not null references visitord.identity,
    created_at   timestamptz not null,
    check (status <> 'named' or name is not null),
    check (merged_into <> identity_id),
    check ((merged_into is null) = (root_id = identity_id))
);
alter sequence visitord.visitor_number owned by visitord.identity.number;
create index identity_root on visitord.identity (root_id);
comment on table visitord.identity is 'A person as the system knows them.';
comment on column visitord.identity.identity_id is 'Made by the box that first saw the person.';
comment on column visitord.identity.number is 'The number in the label "visitor 7"; never reused.';
comment on column visitord.identity.status is 'provisional (enrolled by itself), named (by a person) or ignored.';
comment on column visitord.identity.name is 'The name a person gave, if any.';
comment on column visitord.identity.merged_into is 'The identity this one was merged into; null while it stands for itself.';
comment on column visitord.identity.root_id is 'The identity that stands for this one: itself, or the end of its merged_into pointers.';
comment on column visitord.identity.created_at is 'When the sighting that enrolled it began.';

create table visitord.sighting (
    sighting_id   uuid primary key,
    identity_id   uuid references visitord.identity,
    site          text not null references visitord.site,
    camera        text not null check (length(camera) between 1 and 64),
    started_at    timestamptz not null,
    ended_at      timestamptz not null,
    decision      text not null check (decision in ('matched', 'enrolled', 'pending', 'settled')),
    reason        text not null,
    score         real check (score between -1.001 and 1.001),
    second_score  real check (second_score between -1.001 and 1.001),
    quality       real not null check (quality between 0 and 1),
    good_samples    integer not null check (good_samples >= 0),
    face_px       real not null check (face_px >= 0),
    live          real check (live between 0 and 1),
    pack          text,
    embedding     real[] check (array_ndims(embedding) = 1 and cardinality(embedding) between 32 and 4096
                                and array_position(embedding, null) is null),
    check (ended_at >= started_at),
    check ((identity_id is null) = (decision = 'pending')),
    check ((embedding is null) = (pack is null))
);
create index sighting_identity on visitord.sighting (identity_id, started_at);
create index sighting_started on visitord.sighting (started_at);
create index sighting_pending on visitord.sighting (pack) where identity_id is null;
comment on table visitord.sighting is 'One face followed over consecutive pictures of one camera, decided once.';
comment on column visitord.sighting.sighting_id is 'Made from site, camera, first instant and first position: the same footage gives the same id.';
comment on column visitord.sighting.identity_id is 'Whom it was filed under when decided; merges do not rewrite it. Null while pending.';
comment on column visitord.sighting.site is 'Where.';
comment on column visitord.sighting.camera is 'By which camera.';
comment on column visitord.sighting.started_at is 'First picture with this face.';
comment on column visitord.sighting.ended_at is 'Last picture with this face so far.';
comment on column visitord.sighting.decision is 'matched (like a known person), enrolled (a new one), pending (nobody yet), settled (pending until the merge job found them).';
comment on column visitord.sighting.reason is 'What the decision rests on, in words.';
comment on column visitord.sighting.score is 'Cosine similarity to the best known person; null when nobody was known.';
comment on column visitord.sighting.second_score is 'Cosine similarity to the best other person; null when there was none.';
comment on column visitord.sighting.quality is 'Mean quality of the samples it was decided from, 0 to 1.';
comment on column visitord.sighting.good_samples is 'How many of its kept samples have no flaw (at most 8).';
comment on column visitord.sighting.face_px is 'Widest face among the samples it was decided from, in pixels.';
comment on column visitord.sighting.live is 'Liveness, 0 (a picture of a face) to 1 (a face); null when not judged.';
comment on column visitord.sighting.pack is 'Fingerprint of the recogniser that made the embedding.';
comment on column visitord.sighting.embedding is 'Pooled embedding of its best samples, unit length.';

create table visitord.together (
    sighting_id  uuid not null references visitord.sighting on delete cascade,
    other_id     uuid not null,
    primary key (sighting_id, other_id),
    check (sighting_id <> other_id)
);
create index together_other on visitord.together (other_id);
comment on table visitord.together is 'Pairs of sightings seen in the same pictures: two people, for certain.';
comment on column visitord.together.sighting_id is 'One of the two.';
comment on column visitord.together.other_id is 'The other; its row may be written later.';

create table visitord.template (
    template_id  uuid primary key,
    identity_id  uuid not null references visitord.identity,
    sighting_id  uuid not null references visitord.sighting,
    pack         text not null,
    embedding    real[] not null check (array_ndims(embedding) = 1 and cardinality(embedding) between 32 and 4096
                                        and array_position(embedding, null) is null),
    quality      real not null check (quality between 0 and 1),
    created_at   timestamptz not null
);
create index template_identity on visitord.template (identity_id);
create index template_sighting on visitord.template (sighting_id);
comment on table visitord.template is 'Embeddings that people are matched against; an identity has a few.';
comment on column visitord.template.template_id is 'Made from the sighting it was learnt from.';
comment on column visitord.template.identity_id is 'Whose it is; merges do not rewrite it.';
comment on column visitord.template.sighting_id is 'The sighting it was learnt from.';
comment on column visitord.template.pack is 'Fingerprint of the recogniser that made it; only equal ones are compared.';
comment on column visitord.template.embedding is 'Unit length.';
comment on column visitord.template.quality is 'Quality of the samples it was made from, 0 to 1.';
comment on column visitord.template.created_at is 'When the sighting it was learnt from began.';

create table visitord.visit (
    visit_id     uuid primary key,
    identity_id  uuid not null references visitord.identity,
    site         text not null references visitord.site,
    started_at   timestamptz not null,
    ended_at     timestamptz not null,
    sightings    integer not null check (sightings > 0),
    cameras      text[] not null check (cardinality(cameras) > 0),
    last_camera  text not null,
    closed       boolean not null default false,
    check (ended_at >= started_at)
);
create index visit_identity on visitord.visit (identity_id, site, started_at);
create index visit_started on visitord.visit (started_at);
create index visit_open on visitord.visit (site, ended_at) where not closed;
comment on table visitord.visit is 'Sightings of one identity at one site with no gap longer than visit_gap; derived from sightings.';
comment on column visitord.visit.visit_id is 'The id of its first sighting.';
comment on column visitord.visit.identity_id is 'Who: always a root identity.';
comment on column visitord.visit.site is 'Where.';
comment on column visitord.visit.started_at is 'Start of the first sighting.';
comment on column visitord.visit.ended_at is 'End of the last sighting so far.';
comment on column visitord.visit.sightings is 'How many sightings it holds.';
comment on column visitord.visit.cameras is 'The cameras that saw the person, in order of first sighting.';
comment on column visitord.visit.last_camera is 'The camera that saw the person last.';
comment on column visitord.visit.closed is 'True once the gap has passed and the person counts as gone.';

create table visitord.merge (
    merge_id   uuid primary key,
    kept_id    uuid not null references visitord.identity,
    merged_id  uuid not null references visitord.identity,
    merged_by  text not null check (length(merged_by) between 1 and 200),
    reason     text not null,
    evidence   jsonb not null default '{}',
    merged_at  timestamptz not null,
    undone_at  timestamptz,
    check (kept_id <> merged_id)
);
create unique index merge_in_force on visitord.merge (merged_id) where undone_at is null;
create index merge_kept on visitord.merge (kept_id);
comment on table visitord.merge is 'Every time two identities were declared one.';
comment on column visitord.merge.merge_id is 'The merge.';
comment on column visitord.merge.kept_id is 'The identity that stands for both.';
comment on column visitord.merge.merged_id is 'The identity that points to it.';
comment on column visitord.merge.merged_by is 'The merge job, or the account that ran the command.';
comment on column visitord.merge.reason is 'Why, in words.';
comment on column visitord.merge.evidence is 'The similarities it rests on.';
comment on column visitord.merge.merged_at is 'When.';
comment on column visitord.merge.undone_at is 'When it was taken back; null while in force.';

create table visitord.gallery_version (
    only_row  boolean primary key default true check (only_row),
    version   bigint not null default 0
);
insert into visitord.gallery_version default values;
comment on table visitord.gallery_version is 'Counts changes to who is who, so that running daemons know when to reload.';
comment on column visitord.gallery_version.only_row is 'There is one row.';
comment on column visitord.gallery_version.version is 'Grows by one with every merge, rename or other change made outside a daemon.';

create view visitord.visitor as
select i.identity_id as visitor_id,
       coalesce(i.name, 'visitor ' || i.number) as name,
       'visitor ' || i.number as label,
       i.status,
       s.first_seen,
       s.last_seen,
       coalesce(v.visits, 0) as visits,
       coalesce(s.sightings, 0) as sightings
from visitord.identity i
left join lateral (
    select min(g.started_at) as first_seen, max(g.ended_at) as last_seen, count(*) as sightings
    from visitord.sighting g join visitord.identity m on m.identity_id = g.identity_id
    where m.root_id = i.identity_id
) s on true
left join lateral (
    select count(*) as visits from visitord.visit v where v.identity_id = i.identity_id
) v on true
where i.merged_into is null;
comment on view visitord.visitor is 'A row is a person.';
comment on column visitord.visitor.visitor_id is 'Stays the same for ever.';
comment on column visitord.visitor.name is 'The given name, or the label while there is none.';
comment on column visitord.visitor.label is 'visitor and a number, given at enrolment; stays after naming.';
comment on column visitord.visitor.status is 'provisional, named or ignored.';
comment on column visitord.visitor.first_seen is 'Start of the first sighting.';
comment on column visitord.visitor.last_seen is 'End of the last sighting.';
comment on column visitord.visitor.visits is 'Number of visits, at all sites.';
comment on column visitord.visitor.sightings is 'Number of sightings, by all cameras.';

create view visitord.visit_log as
select v.visit_id,
       v.identity_id as visitor_id,
       coalesce(i.name, 'visitor ' || i.number) as name,
       i.status,
       v.site,
       v.cameras,
       v.started_at,
       v.ended_at,
       v.ended_at - v.started_at as duration,
       v.sightings
from visitord.visit v join visitord.identity i on i.identity_id = v.identity_id;
comment on view visitord.visit_log is 'A row is a visit: someone came, stayed, and was gone for longer than the visit gap.';
comment on column visitord.visit_log.visit_id is 'The visit.';
comment on column visitord.visit_log.visitor_id is 'Who came; see visitor.';
comment on column visitord.visit_log.name is 'The given name, or the label while there is none.';
comment on column visitord.visit_log.status is 'provisional, named or ignored.';
comment on column visitord.visit_log.site is 'Where.';
comment on column visitord.visit_log.cameras is 'The cameras that saw the person, in order of first sighting.';
comment on column visitord.visit_log.started_at is 'First picture of the visit.';
comment on column visitord.visit_log.ended_at is 'Last picture of the visit so far.';
comment on column visitord.visit_log.duration is 'ended_at minus started_at.';
comment on column visitord.visit_log.sightings is 'How many sightings make it up.';

create view visitord.sighting_log as
select g.sighting_id,
       i.root_id as visitor_id,
       case when i.identity_id is not null then coalesce(r.name, 'visitor ' || r.number) end as name,
       g.camera,
       g.started_at,
       g.ended_at,
       g.score,
       g.quality,
       g.live,
       g.decision
from visitord.sighting g
left join visitord.identity i on i.identity_id = g.identity_id
left join visitord.identity r on r.identity_id = i.root_id;
comment on view visitord.sighting_log is 'A row is a sighting: one face followed over consecutive pictures of one camera.';
comment on column visitord.sighting_log.sighting_id is 'The sighting.';
comment on column visitord.sighting_log.visitor_id is 'Who it is, merges followed; null while nobody can say.';
comment on column visitord.sighting_log.name is 'The given name or the label; null while nobody can say.';
comment on column visitord.sighting_log.camera is 'By which camera.';
comment on column visitord.sighting_log.started_at is 'First picture with this face.';
comment on column visitord.sighting_log.ended_at is 'Last picture with this face.';
comment on column visitord.sighting_log.score is 'Cosine similarity to the best known person; null when nobody was known.';
comment on column visitord.sighting_log.quality is 'Mean quality of the samples it was decided from, 0 to 1.';
comment on column visitord.sighting_log.live is 'Liveness, 0 (a picture of a face) to 1 (a face); null when not judged.';
comment on column visitord.sighting_log.decision is 'matched, enrolled, pending or settled.';

create view visitord.present_now as
select v.identity_id as visitor_id,
       coalesce(i.name, 'visitor ' || i.number) as name,
       v.site,
       v.last_camera as camera,
       v.started_at as since,
       v.ended_at as last_seen
from visitord.visit v
join visitord.identity i on i.identity_id = v.identity_id
join visitord.site s on s.site = v.site
where not v.closed and v.ended_at >= now() - s.visit_gap and v.started_at <= now() and i.status <> 'ignored';
comment on view visitord.present_now is 'A row is a person on site: seen within the visit gap; ignored people left out.';
comment on column visitord.present_now.visitor_id is 'Who.';
comment on column visitord.present_now.name is 'The given name, or the label while there is none.';
comment on column visitord.present_now.site is 'Where.';
comment on column visitord.present_now.camera is 'The camera that saw them last.';
comment on column visitord.present_now.since is 'When the visit began.';
comment on column visitord.present_now.last_seen is 'When they were seen last.';

create view visitord.merge_log as
select merge_id, kept_id, merged_id, merged_by as by, reason, evidence, merged_at, undone_at from visitord.merge;
comment on view visitord.merge_log is 'A row is a merge of two identities.';
comment on column visitord.merge_log.merge_id is 'The merge.';
comment on column visitord.merge_log.kept_id is 'The identity that stands for both.';
comment on column visitord.merge_log.merged_id is 'The identity that points to it.';
comment on column visitord.merge_log.by is 'The merge job, or the account that ran the command.';
comment on column visitord.merge_log.reason is 'Why, in words.';
comment on column visitord.merge_log.evidence is 'The similarities it rests on.';
comment on column visitord.merge_log.merged_at is 'When.';
comment on column visitord.merge_log.undone_at is 'When it was taken back; null while in force.';

create view visitord.camera_health as
select camera, site, state, reason, last_frame_at, fps, dropped, reconnects, reported_at from visitord.camera;
comment on view visitord.camera_health is 'A row is a camera as its daemon last reported it.';
comment on column visitord.camera_health.camera is 'Its name in the configuration.';
comment on column visitord.camera_health.site is 'The place it belongs to.';
comment on column visitord.camera_health.state is 'connecting, live, stale, refused, gone or ended.';
comment on column visitord.camera_health.reason is 'Why it is in that state; empty when live.';
comment on column visitord.camera_health.last_frame_at is 'When the last picture arrived.';
comment on column visitord.camera_health.fps is 'Pictures per second offered for analysis, over the last seconds.';
comment on column visitord.camera_health.dropped is 'Pictures replaced by newer ones before they could be analysed.';
comment on column visitord.camera_health.reconnects is 'Times it was opened again since the daemon started.';
comment on column visitord.camera_health.reported_at is 'When this report was written; old when no daemon runs.';
