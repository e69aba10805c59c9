-- applied: the numbered files that were
select migration_id
from visitord._yoyo_migration

-- hashes: of all files, as they were applied
select file, hash
from visitord.schema_file

-- note: the content of a file, where it is new
insert into visitord.schema_file as known (file, hash, applied_at)
values (%(file)s, %(hash)s, now())
on conflict (file) do update set hash = excluded.hash, applied_at = excluded.applied_at
where known.hash <> excluded.hash

-- missing_roles: of those that rights are for, the ones nobody has created
select role
from unnest(array['visitord_reader', 'visitord_daemon']) role
where to_regrole(role) is null
order by role desc

-- grants: what the owner granted on these views, as statements
select 'grant ' || a.privilege_type || ' on visitord.' || quote_ident(c.relname) || ' to '
       || case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end
       || case when a.is_grantable then ' with grant option' else '' end
from pg_class c cross join lateral aclexplode(c.relacl) a
where c.relnamespace = 'visitord'::regnamespace and c.relname = any(%(views)s) and a.grantee <> c.relowner
