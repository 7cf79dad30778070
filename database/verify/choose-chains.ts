import type { ClientBase } from "pg";
import { textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import { KINDS_OF_CHAINS } from "./finding.ts";

/**
 * Bounds of one pass: chains, and links in them. A link takes some 40 us of the database's time. One chain is taken however
 * long it is.
 */
const CHAINS_MAX = 200;
const LINKS_MAX = 5_000;

/**
 * Tenants whose audit trail one pass looks at: the next ones of the round over all of them, and those in which something
 * was found. A trail changes unseen where somebody goes past the services, so it is looked at whether it has grown or not.
 * Moves the round on; after the last one a pass has none, and the next begins anew.
 */
export async function chooseChains(client: ClientBase): Promise<string[]> {
  const { rows } = await query<{ tenant_id: string }>(client, {
    name: "choose-chains",
    text: `
      with next as (
        select tenant_id, last_seq - base_seq as links from quotel.audit_chains
        where tenant_id > (select chains_after from quotel.verification)
        order by tenant_id limit $1
      ), counted as (
        select tenant_id, sum(links) over (order by tenant_id) - links as links_before from next
      ), taken as materialized (
        select tenant_id from counted where links_before < $2
      ), moved as (
        update quotel.verification set chains_after = coalesce((select max(tenant_id) from taken), '')
      )
      select tenant_id from taken
      union
      select tenant_id from quotel.invariant_findings where cleared_at is null and kind = any ($3::text[])`,
    values: [CHAINS_MAX, LINKS_MAX, textArray(KINDS_OF_CHAINS)],
  });
  return rows.map((row) => row.tenant_id);
}
