/**
 * One query per kind of object in schemas `quotel` and `public`. Each returns rows of one column, `ddl`, in an order that
 * depends on names only. Partitions are left out: they come and go with the calendar. Written for Postgres 18.
 */
export interface Section {
  readonly title: string;
  readonly sql: string;
}

const schemas = `
select format('create schema %I authorization %I;', nspname, pg_get_userbyid(nspowner)) as ddl
from pg_namespace where nspname in ('quotel', 'public') order by nspname`;

const types = `
select format(E'create type %I.%I as enum (\\n  %s\\n);', n.nspname, t.typname,
  string_agg(quote_literal(e.enumlabel), E',\\n  ' order by e.enumsortorder)) as ddl
from pg_type t
join pg_namespace n on n.oid = t.typnamespace
join pg_enum e on e.enumtypid = t.oid
where n.nspname in ('quotel', 'public')
group by n.nspname, t.typname
union all
select format('create domain %I.%I as %s%s %s;', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod),
  case when t.typnotnull then ' not null' else '' end,
  (select string_agg(pg_get_constraintdef(c.oid), ' ' order by c.conname)
   from pg_constraint c where c.contypid = t.oid and c.contype = 'c'))
from pg_type t
join pg_namespace n on n.oid = t.typnamespace
where n.nspname in ('quotel', 'public') and t.typtype = 'd'
order by 1`;

// Not-null constraints (contype n) are shown with their columns, index-backed ones by their definition.
const tables = `
select format(E'create %stable %s (\\n  %s\\n)%s;',
  case c.relpersistence when 'u' then 'unlogged ' else '' end,
  c.oid::regclass,
  concat_ws(E',\\n  ', columns.text, constraints.text),
  case when c.relkind = 'p' then ' partition by ' || pg_get_partkeydef(c.oid) else '' end
    || case when c.reloptions is null then '' else format(' with (%s)', array_to_string(c.reloptions, ', ')) end) as ddl
from pg_class c
cross join lateral (
  select string_agg(
    format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
      || case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation else '' end
      || case
           when a.attidentity <> '' then
             ' generated ' || case a.attidentity when 'a' then 'always' else 'by default' end || ' as identity'
           when a.attgenerated <> '' then ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ')'
             || case a.attgenerated when 's' then ' stored' else '' end
           when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid)
           else ''
         end
      || case when a.attnotnull then ' not null' else '' end,
    E',\\n  ' order by a.attnum) as text
  from pg_attribute a
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
) columns
cross join lateral (
  select string_agg(format('constraint %I %s', k.conname, pg_get_constraintdef(k.oid)), E',\\n  '
    order by array_position('{p,u,f,c,x}'::"char"[], k.contype), k.conname) as text
  from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u', 'f', 'c', 'x')
) constraints
where c.relnamespace::regnamespace::text in ('quotel', 'public') and c.relkind in ('r', 'p') and not c.relispartition
order by c.oid::regclass::text collate "C"`;

const indexes = `
select pg_get_indexdef(i.indexrelid) || ';' as ddl
from pg_index i
join pg_class c on c.oid = i.indrelid
where c.relnamespace::regnamespace::text in ('quotel', 'public') and not c.relispartition
  and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
order by c.oid::regclass::text collate "C", i.indexrelid::regclass::text collate "C"`;

const sequences = `
select format('create sequence %I.%I as %s start %s increment %s%s;', schemaname, sequencename, data_type, start_value,
  increment_by, case when cycle then ' cycle' else '' end) as ddl
from pg_sequences where schemaname in ('quotel', 'public') order by schemaname, sequencename`;

const functions = `
select case p.prokind
  when 'a' then (
    select format('create aggregate %s (sfunc = %s, stype = %s%s%s);', p.oid::regprocedure, a.aggtransfn::regproc,
      format_type(a.aggtranstype, null),
      case when a.aggfinalfn::oid = 0 then '' else ', finalfunc = ' || a.aggfinalfn::regproc end,
      case when a.agginitval is null then '' else ', initcond = ' || quote_literal(a.agginitval) end)
    from pg_aggregate a where a.aggfnoid = p.oid)
  else rtrim(pg_get_functiondef(p.oid), E'\\n') || ';'
end as ddl
from pg_proc p
where p.pronamespace::regnamespace::text in ('quotel', 'public')
order by p.oid::regprocedure::text collate "C"`;

const triggers = `
select pg_get_triggerdef(t.oid) || ';' as ddl
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
where c.relnamespace::regnamespace::text in ('quotel', 'public') and not t.tgisinternal and not c.relispartition
order by c.oid::regclass::text collate "C", t.tgname`;

const views = `
select format(E'create %sview %s%s as\\n%s', case c.relkind when 'm' then 'materialized ' else '' end, c.oid::regclass,
  case when c.reloptions is null then '' else format(' with (%s)', array_to_string(c.reloptions, ', ')) end,
  pg_get_viewdef(c.oid, true)) as ddl
from pg_class c
where c.relnamespace::regnamespace::text in ('quotel', 'public') and c.relkind in ('v', 'm')
order by c.oid::regclass::text collate "C"`;

const rowSecurity = `
select ddl from (
  select c.oid::regclass::text as relation, '' as policy,
    format('alter table %s enable row level security;', c.oid::regclass)
      || case when c.relforcerowsecurity then format(E'\\nalter table %s force row level security;', c.oid::regclass)
              else '' end as ddl
  from pg_class c
  where c.relnamespace::regnamespace::text in ('quotel', 'public') and c.relrowsecurity and not c.relispartition
  union all
  select p.polrelid::regclass::text, p.polname,
    format('create policy %I on %s as %s for %s to %s%s%s;', p.polname, p.polrelid::regclass,
      case when p.polpermissive then 'permissive' else 'restrictive' end,
      case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      (select string_agg(case r when 0 then 'public' else pg_get_userbyid(r) end, ', ' order by pg_get_userbyid(r))
       from unnest(p.polroles) r),
      ' using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
      ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
  from pg_policy p
  join pg_class c on c.oid = p.polrelid
  where c.relnamespace::regnamespace::text in ('quotel', 'public') and not c.relispartition
) shown
order by relation collate "C", policy collate "C"`;

// Defaults are made explicit (coalesce ... acldefault): what everybody may do is the part to see in a diff.
const grants = `
select format('grant %s on %s %s to %s;',
  lower(string_agg(privilege || case when grantable then ' with grant option' else '' end, ', ' order by privilege)),
  kind, object, grantee) as ddl
from (
  select o.kind, o.object, acl.privilege_type as privilege, acl.is_grantable as grantable,
    case acl.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(acl.grantee)) end as grantee
  from (
    select 'schema' as kind, quote_ident(nspname) as object, nspowner as owner,
      coalesce(nspacl, acldefault('n', nspowner)) as acl
    from pg_namespace where nspname in ('quotel', 'public')
    union all
    select case c.relkind when 'S' then 'sequence' else 'table' end, c.oid::regclass::text, c.relowner,
      coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))
    from pg_class c
    where c.relnamespace::regnamespace::text in ('quotel', 'public') and c.relkind in ('r', 'p', 'v', 'm', 'S')
      and not c.relispartition
    union all
    select 'column', format('%s.%I', c.oid::regclass, a.attname), c.relowner, a.attacl
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace::regnamespace::text in ('quotel', 'public') and not c.relispartition and a.attacl is not null
    union all
    select 'function', p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    from pg_proc p where p.pronamespace::regnamespace::text in ('quotel', 'public')
  ) o
  cross join lateral aclexplode(o.acl) acl
  where acl.grantee <> o.owner
) granted
group by kind, object, grantee
order by kind collate "C", object collate "C", grantee collate "C"`;

// All objects belong to quotel_owner; this section shows those that do not.
const strangers = `
select format('alter table %s owner to %I;', c.oid::regclass, pg_get_userbyid(c.relowner)) as ddl
from pg_class c
where c.relnamespace::regnamespace::text in ('quotel', 'public') and c.relkind in ('r', 'p', 'v', 'm', 'S')
  and not c.relispartition and pg_get_userbyid(c.relowner) <> 'quotel_owner'
union all
select format('alter function %s owner to %I;', p.oid::regprocedure, pg_get_userbyid(p.proowner))
from pg_proc p
where p.pronamespace::regnamespace::text in ('quotel', 'public') and pg_get_userbyid(p.proowner) <> 'quotel_owner'
order by 1`;

export const SECTIONS: readonly Section[] = [
  { title: "Schemas", sql: schemas },
  { title: "Types", sql: types },
  { title: "Sequences", sql: sequences },
  { title: "Tables", sql: tables },
  { title: "Indexes", sql: indexes },
  { title: "Functions", sql: functions },
  { title: "Triggers", sql: triggers },
  { title: "Views", sql: views },
  { title: "Row security", sql: rowSecurity },
  { title: "Grants", sql: grants },
  { title: "Objects not owned by quotel_owner", sql: strangers },
];
