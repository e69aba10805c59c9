-- Two roles, and what they may do.  They belong to the whole server, so they may be there already, or only its
-- administrator may create them.  Every migration puts these rights in place again: see visitord.store.migrate.

create or replace function visitord.grant_roles() returns void language plpgsql as $$
declare
    relation record;
begin
    for relation in
        select c.relname as name, c.relkind as kind from pg_catalog.pg_class c
        where c.relnamespace = 'visitord'::regnamespace and c.relkind in ('r', 'v', 'S')
    loop
        if relation.kind = 'v' and to_regrole('visitord_reader') is not null then
            execute format('grant select on visitord.%I to visitord_reader', relation.name);
        end if;
        if to_regrole('visitord_daemon') is not null then
            execute format(
                'grant %s on visitord.%I to visitord_daemon',
                case when relation.kind = 'S' then 'usage'
                     when relation.kind = 'v' or relation.name ~ 'yoyo|^schema_file$' then 'select'
                     else 'select, insert, update, delete' end,
                relation.name
            );
        end if;
    end loop;
    if to_regrole('visitord_reader') is not null then
        grant usage on schema visitord to visitord_reader;
    end if;
    if to_regrole('visitord_daemon') is not null then
        grant usage on schema visitord to visitord_daemon;
    end if;
end
$$;
comment on function visitord.grant_roles is
    'Grants visitord_reader the views and visitord_daemon what a daemon and visitorctl need, as far as these roles exist; for the owner of the schema.';

do $$
declare
    role text;
begin
    foreach role in array array['visitord_reader', 'visitord_daemon'] loop
        if to_regrole(role) is null then
            begin
                execute format('create role %I nologin', role);
            exception
                when insufficient_privilege or duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;
    -- So that visitorctl sql can ask as the reader.
    begin
        grant visitord_reader to visitord_daemon;
        if not (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user) then
            grant visitord_reader to current_user;
        end if;
    exception
        when insufficient_privilege or undefined_object then null;
    end;
    perform visitord.grant_roles();
end
$$;
