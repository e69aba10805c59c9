-- limit: how long the next statement may take
select set_config('statement_timeout', %(left)s, false)

-- clear_statistics: samples of columns that are left out of statistics now, which only an administrator may delete
delete from pg_catalog.pg_statistic s
using pg_catalog.pg_attribute a
where a.attrelid = s.starelid and a.attnum = s.staattnum and a.attstattarget = 0
and s.starelid in (select oid from pg_catalog.pg_class where relnamespace = 'visitord'::regnamespace)

-- clear_own_statistics: the same, which owners may from version 18 on
select pg_clear_attribute_stats('visitord', c.relname, a.attname, false)
from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
where c.relnamespace = 'visitord'::regnamespace and c.relkind = 'r' and a.attnum > 0 and a.attstattarget = 0

-- sampled: whether there are samples of such columns
select exists (
    select
    from pg_catalog.pg_stats s
    join pg_catalog.pg_attribute a
    on a.attrelid = (quote_ident(s.schemaname) || '.' || quote_ident(s.tablename))::regclass and a.attname = s.attname
    where s.schemaname = 'visitord' and a.attstattarget = 0
)

-- recycle_no_wal: old segments are deleted instead of renamed
alter system set wal_recycle = off

-- reload: let the server read its settings
select pg_reload_conf()

-- switch_wal: what comes next is written to a new segment
select pg_switch_wal()
