-- version: of the gallery, and a text that changes with the schema
select version,
       concat_ws(' ', (select count(*) from _yoyo_migration), (select max(applied_at) from schema_file)) as schema
from gallery_version

-- changed: these identities, and those who are one with them, at a new version
with next as (
    update gallery_version set version = version + 1 returning version
), given as (
    select unnest(%(ids)s::uuid[]) as id
), concerned as (
    select id from given
    union
    select other.identity_id
    from given join identity i on i.identity_id = id join identity other on other.root_id = i.root_id
), noted as (
    insert into gallery_change (identity_id, version)
    select id, version from concerned, next
    on conflict (identity_id) do update set version = excluded.version, changed_at = excluded.changed_at
)
select version from next

-- since: whose change has a later version
select identity_id
from gallery_change
where version > %(version)s

-- sweep: of those who are no more, told before a moment
delete from gallery_change c
where changed_at < %(before)s
and not exists (select from identity i where i.identity_id = c.identity_id)
