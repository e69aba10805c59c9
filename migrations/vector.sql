-- Optional, for database.vector = true: the server finds whom a face is like.  It needs the extension "vector" there.

create extension if not exists vector;

do $$
declare
    place  text := (select nspname from pg_extension join pg_namespace n on n.oid = extnamespace where extname = 'vector');
    path   text := current_setting('search_path');
    memory text := current_setting('maintenance_work_mem');
    size   integer;
begin
    perform set_config('search_path', format('visitord, %I, pg_temp', place), true);
    perform set_config('maintenance_work_mem', '1GB', true);  -- an index that does not fit takes many times as long to build
    foreach size in array array[128, 512] loop  -- the default recogniser's embeddings, and ArcFace's
        execute format(
            'create index if not exists template_near_%s on visitord.template '
            'using hnsw ((embedding::vector(%1$s)) vector_cosine_ops) where cardinality(embedding) = %1$s', size
        );
    end loop;
    execute format($function$
        create or replace function visitord.nearest(pack text, embedding real[], most integer, effort integer)
        returns setof uuid language plpgsql stable set search_path = visitord, %I, pg_temp as $body$
        begin
            perform set_config('hnsw.ef_search', effort::text, true);
            return query execute format(
                'select identity_id from template where cardinality(embedding) = %%1$s and pack = $1 and set_aside_at is null '
                'order by embedding::vector(%%1$s) <=> $2::vector(%%1$s) limit $3', cardinality(embedding)
            ) using pack, embedding, most;
        end
        $body$ $function$, place);
    perform set_config('search_path', path, true);
    perform set_config('maintenance_work_mem', memory, true);
end
$$;
comment on function visitord.nearest is
    'Owners of the templates most like an embedding, found by an index that looks at about `effort` of them.';
