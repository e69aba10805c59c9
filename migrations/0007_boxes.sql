-- Several boxes on one database: who wrote what, and whose looks changed, so that a box catches up with only that.

alter table visitord.sighting add column box text check (length(box) between 1 and 64);
comment on column visitord.sighting.box is 'The box that wrote it, from box; null for those written before boxes had names.';

alter table visitord.camera add column box text check (length(box) between 1 and 64);
comment on column visitord.camera.box is 'The box whose daemon reported it last, from box.';

create or replace view visitord.camera_health as
select camera, site,
       case when reported.missing then 'gone' else state end as state,
       case when reported.missing
            then 'no daemon has reported it since ' || to_char(reported_at, 'YYYY-MM-DD HH24:MI:SS TZ') || '; last known: ' || state
            else reason end as reason,
       last_frame_at,
       case when reported.missing then 0 else fps end as fps,
       dropped, reconnects, reported_at, stream, box
from visitord.camera,
     lateral (select reported_at < now() - interval '30 seconds' and state not in ('ended', 'disabled') as missing) reported;
comment on column visitord.camera_health.box is 'The box whose daemon reported it last.';

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
comment on column visitord.gallery_version.version is 'Grows by one with every change to whom faces are matched with, and what they are called.';

do $$ begin perform visitord.grant_roles(); end $$;
