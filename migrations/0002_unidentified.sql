-- Visits of people who could not be identified.

alter table visitord.sighting add column blocked boolean not null default false;
comment on column visitord.sighting.blocked is 'Its camera blocks pictures of faces, and it looks like one: it is nobody, and no visit.';
update visitord.sighting set blocked = true where identity_id is null and live is false and embedding is null;

-- Who is near in time, among the few that have no identity.
create index sighting_unidentified on visitord.sighting (site, camera, started_at, sighting_id) where identity_id is null;
create index sighting_unidentified_time on visitord.sighting using gist (tstzrange(started_at, ended_at, '[]'))
    where identity_id is null;
-- What still has to be dropped of them once they are old.
create index sighting_expiring on visitord.sighting (ended_at)
    where identity_id is null and (embedding is not null or crop is not null);

alter table visitord.visit alter column identity_id drop not null;
alter table visitord.visit add constraint visit_unidentified check (identity_id is not null or previous_end is null);
create index visit_time on visitord.visit using gist (tstzrange(started_at, ended_at, '[]'));
comment on table visitord.visit is 'Sightings of one identity at one site with no gap longer than visit_gap, or those at one camera that pass for one person who could not be identified; derived from sightings.';
comment on column visitord.visit.identity_id is 'Who: always a root identity; null for a person who could not be identified.';

-- A table of its own, so that to count anew nobody has to lock a sighting that a recorder is writing.
create table visitord.unidentified (
    sighting_id  uuid primary key,
    visit_id     uuid not null
);
create index unidentified_visit on visitord.unidentified (visit_id);
comment on table visitord.unidentified is 'Which sightings without an identity make up which visit; those that are no visit of their own are not here. Derived from sightings.';
comment on column visitord.unidentified.sighting_id is 'The sighting.';
comment on column visitord.unidentified.visit_id is 'The visit: the id of its first sighting.';

comment on column visitord.erased.erased_id is 'Of a sighting, or of a template made from a photograph; made up where a picture is erased and its sighting stays.';

-- Each site's gap looks new to the next daemon that declares it, which then puts the visits together anew: those
-- of people who were not identified are not there yet.
update visitord.site set visit_gap = visit_gap + interval '1 microsecond';
