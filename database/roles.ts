import { createHmac } from "node:crypto";
import { escapeIdentifier, escapeLiteral } from "pg";
import type { ClientBase, Pool } from "pg";

/** Who may do what (I13). Roles belong to the cluster, so databases on one server share them. */
export const ROLES = ["quotel_owner", "quotel_writer", "quotel_tenant", "quotel_reader"] as const;
export type Role = (typeof ROLES)[number];

/**
 * Creates the roles that are missing, without a login, and makes the owner able to own: it may create in this database
 * and in schema `public`, and the connected user may become it. Safe when several databases of one cluster do it at once.
 * Needs a superuser, or the right to create roles and to grant on this database; where all is in place it changes nothing.
 */
export async function createRoles(client: ClientBase): Promise<void> {
  for (const role of ROLES) await client.query(createRole(role));
  await client.query(becomeOwner);
  await client.query(letOwnerCreate);
}

// A role made by another session between the test and the create is the one we wanted.
const createRole = (role: Role): string => `
do $$
begin
  if not exists (select from pg_roles where rolname = ${escapeLiteral(role)}) then
    create role ${escapeIdentifier(role)} nologin;
  end if;
exception when duplicate_object or unique_violation then
  null;
end
$$`;

// From Postgres 16 on, who creates a role may administer it but not become it; before, membership says both.
// XX000 is "tuple concurrently updated": another session of the same user is granting the same.
const becomeOwner = `
do $$
declare
  privilege text := case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end;
begin
  if not pg_has_role(current_user, 'quotel_owner', privilege) then
    grant quotel_owner to current_user;
  end if;
exception when unique_violation or internal_error then
  null;
end
$$`;

const letOwnerCreate = `
do $$
begin
  if not has_database_privilege('quotel_owner', current_database(), 'CREATE') then
    execute format('grant create on database %I to quotel_owner', current_database());
  end if;
  if not has_schema_privilege('quotel_owner', 'public', 'CREATE') then
    grant usage, create on schema public to quotel_owner;
  end if;
end
$$`;

/** Lets a role log in with this password; repeated with the same one it changes nothing that matters. */
export async function ensureLogin(admin: Pool | ClientBase, role: Role, password: string): Promise<void> {
  // A utility statement takes no parameters, hence the literal.
  await admin.query(`alter role ${escapeIdentifier(role)} with login password ${escapeLiteral(password)}`);
}

/** Gives every role the login that `roleUrl` names for the same admin URL. */
export async function ensureLogins(admin: Pool | ClientBase, adminUrl: string): Promise<void> {
  for (const role of ROLES)
    await ensureLogin(admin, role, decodeURIComponent(new URL(roleUrl(adminUrl, role)).password));
}

/**
 * The URL by which a role reaches the admin URL's database. Its password is derived from the admin's, so every process
 * that knows the one knows the other and nothing more has to be stored.
 */
export function roleUrl(adminUrl: string, role: Role): string {
  const url = new URL(adminUrl);
  const password = createHmac("sha256", decodeURIComponent(url.password)).update(role).digest("base64url");
  url.username = role;
  url.password = password;
  return url.href;
}

/** Whether the connected user is a superuser or may act as the owner: no running service may (I13). */
export async function isPrivileged(pool: Pool | ClientBase): Promise<boolean> {
  const { rows } = await pool.query<{ privileged: boolean }>(`
    select u.rolsuper or coalesce(pg_has_role(u.oid, o.oid, 'MEMBER'), false) as privileged
    from pg_roles u left join pg_roles o on o.rolname = 'quotel_owner'
    where u.rolname = current_user`);
  return rows[0]?.privileged ?? true;
}
