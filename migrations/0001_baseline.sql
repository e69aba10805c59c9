-- The tables of visitord.  Ids are made by the box, so that writing a row twice is harmless.
-- Views, functions and rights are in files of their own, which every migration puts in place again.

-- Where

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
    box            text check (length(box) between 1 and 64),
    state          text not null check (
        state in ('connecting', 'live', 'stale', 'refused', 'gone', 'ended', 'disabled')
    ),
    reason         text not null default '' check (length(reason) <= 1000),
    stream         text not null default '' check (length(stream) <= 1000),
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
comment on column visitord.camera.box is 'The box whose daemon reported it last, from box.';
comment on column visitord.camera.state is 'connecting, live, stale (there, but no picture to be used), refused (it said no), gone (no answer), ended (file played), disabled (by the configuration).';
comment on column visitord.camera.reason is 'Why it is in that state; empty when live.';
comment on column visitord.camera.stream is 'What it sends: codec or format, size, rate; and what it was asked for where that differs.';
comment on column visitord.camera.last_frame_at is 'When the last picture arrived.';
comment on column visitord.camera.fps is 'Pictures per second offered for analysis, over the last seconds.';
comment on column visitord.camera.dropped is 'Pictures replaced by newer ones before they could be analysed, since the daemon started.';
comment on column visitord.camera.reconnects is 'Times it was opened again since the daemon started.';
comment on column visitord.camera.reported_at is 'When this report was written; old when no daemon runs.';

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

-- Who

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
create index identity_ignored on visitord.identity (identity_id) where status = 'ignored';
comment on table visitord.identity is 'A person as the system knows them.';
comment on column visitord.identity.identity_id is 'Made by the box that first saw the person.';
comment on column visitord.identity.number is 'The number in the label "visitor 7"; never reused.';
comment on column visitord.identity.status is 'provisional (enrolled by itself), named (by a person) or ignored.';
comment on column visitord.identity.name is 'The name a person gave, if any.';
comment on column visitord.identity.merged_into is 'The identity this one was merged into; null while it stands for itself.';
comment on column visitord.identity.root_id is 'The identity that stands for this one: itself, or the end of its merged_into pointers.';
comment on column visitord.identity.created_at is 'When the sighting that enrolled it began.';

create table visitord.gallery_version (
    only_row  boolean primary key default true check (only_row),
    version   bigint not null default 0
);
insert into visitord.gallery_version default values;
comment on table visitord.gallery_version is 'Counts changes to who is who, so that running daemons know when to reload.';
comment on column visitord.gallery_version.only_row is 'There is one row.';
comment on column visitord.gallery_version.version is 'Grows by one with every change to whom faces are matched with, and what they are called.';

create table visitord.gallery_change (
    identity_id  uuid primary key,
    version      bigint not null,
    changed_at   timestamptz not null default now()
);
create index gallery_change_version on visitord.gallery_change (version);
comment on table visitord.gallery_change is 'When each identity last changed in a way that daemons match by; also those that were forgotten, for a day.';
comment on column visitord.gallery_change.identity_id is 'Whose templates, name or merge changed.';
comment on column visitord.gallery_change.version is 'The version of gallery_version that came of it.';
comment on column visitord.gallery_change.changed_at is 'When.';

-- What was seen

create table visitord.sighting (
    sighting_id   uuid primary key,
    identity_id   uuid references visitord.identity,
    site          text not null references visitord.site,
    camera        text not null check (length(camera) between 1 and 64),
    box           text check (length(box) between 1 and 64),
    started_at    timestamptz not null,
    ended_at      timestamptz not null,
    decision      text not null check (decision in ('matched', 'enrolled', 'pending', 'settled')),
    reason        text not null,
    candidate_id  uuid references visitord.identity,
    score         real check (score between -1.001 and 1.001),
    second_id     uuid references visitord.identity,
    second_score  real check (second_score between -1.001 and 1.001),
    agreement     real check (agreement between -1.001 and 1.001),
    quality       real not null check (quality between 0 and 1),
    good_samples  integer not null check (good_samples >= 0),
    face_px       real not null check (face_px >= 0),
    static        boolean not null default false,
    live          boolean,
    live_score    real check (live_score between 0 and 1),
    pack          text,
    embedding     real[] check (
        array_ndims(embedding) = 1 and cardinality(embedding) between 32 and 4096
        and array_position(embedding, null) is null
    ),
    crop          text check (crop ~ '^[0-9a-f]{64}$'),
    check (ended_at >= started_at),
    check ((identity_id is null) = (decision = 'pending')),
    check ((embedding is null) = (pack is null)),
    constraint sighting_live check (live is null or live_score is not null)
);
create index sighting_identity on visitord.sighting (identity_id, started_at);
create index sighting_started on visitord.sighting (started_at);
-- The few that a merge job is about, and the few that belong to no visit.
create index sighting_pending on visitord.sighting (pack) where identity_id is null;
create index sighting_settled on visitord.sighting (pack) where decision = 'settled';
create index sighting_static on visitord.sighting (identity_id) where static;
-- Each erasure asks who else refers to the person or the picture.
create index sighting_candidate on visitord.sighting (candidate_id) where candidate_id is not null;
create index sighting_second on visitord.sighting (second_id) where second_id is not null;
create index sighting_crop on visitord.sighting using hash (crop);
comment on table visitord.sighting is 'One face followed over consecutive pictures of one camera, decided once.';
comment on column visitord.sighting.sighting_id is 'Made from site, camera, first instant and first position: the same footage gives the same id.';
comment on column visitord.sighting.identity_id is 'Whom it was filed under when decided; merges do not rewrite it. Null while pending.';
comment on column visitord.sighting.site is 'Where.';
comment on column visitord.sighting.camera is 'By which camera.';
comment on column visitord.sighting.box is 'The box that wrote it, from box; null for those written before boxes had names.';
comment on column visitord.sighting.started_at is 'First picture with this face.';
comment on column visitord.sighting.ended_at is 'Last picture with this face so far.';
comment on column visitord.sighting.decision is 'matched (like a known person), enrolled (a new one), pending (nobody yet), settled (pending until the merge job found them).';
comment on column visitord.sighting.reason is 'What the decision rests on, in words.';
comment on column visitord.sighting.candidate_id is 'The known person it was most like; null when nobody was known.';
comment on column visitord.sighting.score is 'Cosine similarity to the best known person; null when nobody was known.';
comment on column visitord.sighting.second_id is 'The known person it was second most like; null when there was none.';
comment on column visitord.sighting.second_score is 'Cosine similarity to the best other person; null when there was none.';
comment on column visitord.sighting.agreement is 'Cosine similarity between two halves of its own good samples: what the same person measures here; null with fewer than four.';
comment on column visitord.sighting.quality is 'Mean quality of the samples it was decided from, 0 to 1.';
comment on column visitord.sighting.good_samples is 'How many of its kept samples have no flaw (at most 8).';
comment on column visitord.sighting.face_px is 'Widest face among the samples it was decided from, in pixels.';
comment on column visitord.sighting.static is 'It never moved for many minutes: a poster, a photograph or a screen, and no visit.';
comment on column visitord.sighting.live is 'False where it looks like a picture of a face (a photograph, a screen), true where it does not; null where the camera does not ask, or nothing can be said.';
comment on column visitord.sighting.live_score is 'Liveness, the median of a few looks: 0 (a picture of a face) to 1 (a face); null when not judged.';
comment on column visitord.sighting.pack is 'Fingerprint of the recogniser that made the embedding.';
comment on column visitord.sighting.embedding is 'Pooled embedding of its best samples, unit length.';
comment on column visitord.sighting.crop is 'Name of the picture of its best sample among the crops of the box that saw it; null where there is none.';

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

-- What a report counts is kept with each visit, so that no report has to look beyond the days it is about: the local
-- day, and the visit before.  From the latter follows whether a visit is the first ever, or the first of its day.
create table visitord.visit (
    visit_id      uuid primary key,
    identity_id   uuid not null references visitord.identity,
    site          text not null references visitord.site,
    started_at    timestamptz not null,
    ended_at      timestamptz not null,
    sightings     integer not null check (sightings > 0),
    cameras       text[] not null check (cardinality(cameras) > 0),
    last_camera   text not null,
    day           date not null,
    previous_day  date,
    previous_end  timestamptz,
    check (ended_at >= started_at),
    constraint visit_previous check ((previous_day is null) = (previous_end is null))
);
-- With what is added up for a person, and with all that footfall needs, in its order.
create index visit_identity on visitord.visit (identity_id, site, started_at) include (ended_at, sightings);
create index visit_day on visitord.visit (day, site) include (previous_day, identity_id, started_at, ended_at);
create index visit_started on visitord.visit (started_at);
create index visit_ended on visitord.visit (ended_at);
comment on table visitord.visit is 'Sightings of one identity at one site with no gap longer than visit_gap; derived from sightings.';
comment on column visitord.visit.visit_id is 'The id of its first sighting.';
comment on column visitord.visit.identity_id is 'Who: always a root identity.';
comment on column visitord.visit.site is 'Where.';
comment on column visitord.visit.started_at is 'Start of the first sighting.';
comment on column visitord.visit.ended_at is 'End of the last sighting so far.';
comment on column visitord.visit.sightings is 'How many sightings it holds.';
comment on column visitord.visit.cameras is 'The cameras that saw the person, in order of first sighting.';
comment on column visitord.visit.last_camera is 'The camera that saw the person last.';
comment on column visitord.visit.day is 'The day it began, in the time zone of the site; the whole visit counts for it, also past midnight.';
comment on column visitord.visit.previous_day is 'The day on which the visit of this person at this site before this one began; null for the first.';
comment on column visitord.visit.previous_end is 'The end of the visit of this person at this site before this one; null for the first.';

-- By what people are recognised

create table visitord.template (
    template_id  uuid primary key,
    identity_id  uuid not null references visitord.identity,
    -- A template outlives the sighting it was learnt from: dropping old sightings makes nobody a stranger.
    sighting_id  uuid references visitord.sighting on delete set null,
    pack         text not null,
    embedding    real[] not null check (
        array_ndims(embedding) = 1 and cardinality(embedding) between 32 and 4096
        and array_position(embedding, null) is null
    ),
    quality      real not null check (quality between 0 and 1),
    created_at   timestamptz not null,
    crop         text check (crop ~ '^[0-9a-f]{64}$')
);
create index template_identity on visitord.template (identity_id);
create index template_sighting on visitord.template (sighting_id);
create index template_crop on visitord.template (crop) where crop is not null;
comment on table visitord.template is 'Embeddings that people are matched against; an identity has a few.';
comment on column visitord.template.template_id is 'Made from the sighting, or from the content of the photograph, it was learnt from.';
comment on column visitord.template.identity_id is 'Whose it is; merges do not rewrite it.';
comment on column visitord.template.sighting_id is 'The sighting it was learnt from; null for a photograph, and once the sighting was dropped for its age.';
comment on column visitord.template.pack is 'Fingerprint of the recogniser that made it; only equal ones are compared.';
comment on column visitord.template.embedding is 'Unit length.';
comment on column visitord.template.quality is 'Quality of the samples it was made from, 0 to 1.';
comment on column visitord.template.created_at is 'When the sighting it was learnt from began, or the photograph was enrolled.';
comment on column visitord.template.crop is 'Name of the picture of the face among the crops of the box that enrolled a photograph; null for what a sighting taught.';

create table visitord.reembedding (
    sighting_id  uuid not null references visitord.sighting on delete cascade,
    pack         text not null,
    template_id  uuid not null unique,
    embedding    real[] not null check (
        array_ndims(embedding) = 1 and cardinality(embedding) between 32 and 4096
        and array_position(embedding, null) is null
    ),
    primary key (sighting_id, pack)
);
create index reembedding_pack on visitord.reembedding (pack);
comment on table visitord.reembedding is 'What another pack than the one that decided a sighting sees in its kept picture; written by visitord models switch.';
comment on column visitord.reembedding.sighting_id is 'The sighting.';
comment on column visitord.reembedding.pack is 'Fingerprint of the recogniser; only equal ones are compared.';
comment on column visitord.reembedding.template_id is 'The id of a template learnt from it, made from the sighting and the pack.';
comment on column visitord.reembedding.embedding is 'Unit length, of the one picture that was kept.';

create table visitord.switch (
    from_pack    text not null,
    from_name    text not null,
    to_pack      text not null,
    to_name      text not null,
    switched_by  text not null check (length(switched_by) between 1 and 200),
    switched_at  timestamptz not null,
    primary key (switched_at, to_pack)
);
comment on table visitord.switch is 'Every time people were re-embedded for another model pack.';
comment on column visitord.switch.from_pack is 'Fingerprint of the recogniser in use until then.';
comment on column visitord.switch.from_name is 'Its pack, as models.pack calls it.';
comment on column visitord.switch.to_pack is 'Fingerprint of the recogniser they were re-embedded for.';
comment on column visitord.switch.to_name is 'Its pack, as models.pack calls it.';
comment on column visitord.switch.switched_by is 'The account that did it.';
comment on column visitord.switch.switched_at is 'When it was done (timestamp with time zone).';

-- Who is who, and who is not

create table visitord.merge (
    merge_id       uuid primary key,
    kept_id        uuid not null references visitord.identity,
    merged_id      uuid not null references visitord.identity,
    merged_by      text not null check (length(merged_by) between 1 and 200),
    reason         text not null,
    evidence       jsonb not null default '{}',
    settled        jsonb not null default '{}',
    merged_at      timestamptz not null,
    undone_at      timestamptz,
    undone_by      text check (length(undone_by) between 1 and 200),
    undone_reason  text,
    check (kept_id <> merged_id),
    constraint merge_undone check ((undone_at is null) = (undone_by is null))
);
create unique index merge_in_force on visitord.merge (merged_id) where undone_at is null;
create index merge_kept on visitord.merge (kept_id);
create index merge_merged on visitord.merge (merged_id);
comment on table visitord.merge is 'Every time two identities were declared one.';
comment on column visitord.merge.merge_id is 'The merge.';
comment on column visitord.merge.kept_id is 'The identity that stands for both.';
comment on column visitord.merge.merged_id is 'The identity that points to it.';
comment on column visitord.merge.merged_by is 'The merge job, or the account that ran the command.';
comment on column visitord.merge.reason is 'Why, in words.';
comment on column visitord.merge.evidence is 'The similarities it rests on.';
comment on column visitord.merge.settled is 'The pending sightings the merge job settled because of it, with the reason each had before; undoing makes them pending again.';
comment on column visitord.merge.merged_at is 'When.';
comment on column visitord.merge.undone_at is 'When it was taken back; null while in force.';
comment on column visitord.merge.undone_by is 'The account that took it back; null while in force.';
comment on column visitord.merge.undone_reason is 'Why it was taken back, in words; null while in force.';

create table visitord.split (
    split_id   uuid primary key,
    from_id    uuid not null references visitord.identity,
    to_id      uuid not null references visitord.identity,
    sightings  uuid[] not null check (cardinality(sightings) > 0),
    split_by   text not null check (length(split_by) between 1 and 200),
    reason     text not null,
    split_at   timestamptz not null
);
comment on table visitord.split is 'Every time a person moved sightings out of an identity.';
comment on column visitord.split.split_id is 'The split.';
comment on column visitord.split.from_id is 'The identity they were filed under.';
comment on column visitord.split.to_id is 'The identity made of them.';
comment on column visitord.split.sightings is 'The sightings.';
comment on column visitord.split.split_by is 'The account that said so.';
comment on column visitord.split.reason is 'Why, in words.';
comment on column visitord.split.split_at is 'When.';

create table visitord.rejection (
    one_id       uuid not null references visitord.identity,
    other_id     uuid not null references visitord.identity,
    rejected_by  text not null check (length(rejected_by) between 1 and 200),
    reason       text not null,
    rejected_at  timestamptz not null,
    primary key (one_id, other_id),
    check (one_id < other_id)
);
create index rejection_other on visitord.rejection (other_id);
comment on table visitord.rejection is 'Two identities that a person said are two people: no job merges them.';
comment on column visitord.rejection.one_id is 'One of them, the lesser id.';
comment on column visitord.rejection.other_id is 'The other, the greater id.';
comment on column visitord.rejection.rejected_by is 'The account that said so.';
comment on column visitord.rejection.reason is 'Why, in words.';
comment on column visitord.rejection.rejected_at is 'When.';

create table visitord.suggestion (
    number     bigint generated always as identity unique,
    one_id     uuid not null references visitord.identity,
    other_id   uuid not null references visitord.identity,
    agreement  real not null check (agreement between -1.001 and 1.001),
    reason     text not null,
    made_at    timestamptz not null,
    primary key (one_id, other_id),
    check (one_id < other_id)
);
create index suggestion_other on visitord.suggestion (other_id);
comment on table visitord.suggestion is 'Pairs that may be one person, which the merge job leaves to a person to decide; as of its last run.';
comment on column visitord.suggestion.number is 'By which commands name it.';
comment on column visitord.suggestion.one_id is 'One of them, the lesser id.';
comment on column visitord.suggestion.other_id is 'The other, the greater id.';
comment on column visitord.suggestion.agreement is 'How alike they are: mean cosine similarity of best partners.';
comment on column visitord.suggestion.reason is 'Why the job does not decide, in words.';
comment on column visitord.suggestion.made_at is 'When the job first said so.';

-- Daemons may still hold reports of what is erased, in memory or on disk, and each box has its own pictures.
create table visitord.erased (
    erased_id  uuid primary key,
    crop       text check (crop ~ '^[0-9a-f]{64}$'),
    erased_at  timestamptz not null
);
create index erased_at on visitord.erased (erased_at);
comment on table visitord.erased is 'What was erased, so that no report that is late writes it back and every box deletes its pictures; swept after a year. An id and a hash made of nothing that is left say nothing about anybody.';
comment on column visitord.erased.erased_id is 'Of a sighting, or of a template made from a photograph.';
comment on column visitord.erased.crop is 'Name of its picture, for the box that has it to delete; null where there was none.';
comment on column visitord.erased.erased_at is 'When.';

-- The schema itself

create table visitord.schema_file (
    file        text primary key,
    hash        text not null check (hash ~ '^[0-9a-f]{64}$'),
    applied_at  timestamptz not null
);
comment on table visitord.schema_file is 'The files of migrations/ as they were applied to this database; by it programs notice that it is of another version.';
comment on column visitord.schema_file.file is 'Name of the file, without its ending.';
comment on column visitord.schema_file.hash is 'SHA-256 of its content.';
comment on column visitord.schema_file.applied_at is 'When this content was applied first.';
