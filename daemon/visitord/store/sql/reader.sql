-- standing: whether this account is a superuser, and whether the reader may log in
select r.rolsuper as superuser, coalesce((
    select o.rolcanlogin from pg_catalog.pg_roles o where o.rolname = 'visitord_reader'
), false) as reader_logs_in
from pg_catalog.pg_roles r where r.rolname = current_user

-- admit: let the reader log in
alter role visitord_reader login

-- become: go on with the rights of the reader only
set local role visitord_reader
