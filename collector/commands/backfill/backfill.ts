import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import type { Pool } from "pg";
import { endBackfill } from "#database/backfill/end-backfill";
import { openBackfill } from "#database/backfill/open-backfill";
import type { UsageEvent } from "#database/record/usage-event";
import type { TenantAttributes } from "../../normalise/tenant/tenant-attributes.ts";
import type { ProducerConfig } from "../../normalise/usage/producer.ts";
import type { Price } from "../../price/price.ts";
import { Reasons } from "../../reasons.ts";
import { Attribution } from "../../record/attribution.ts";
import { recordChunk } from "./chunk.ts";
import { createLineReader } from "./spans-of-line.ts";

export interface BackfillOptions {
  readonly pool: Pool;
  readonly file: string;
  /** Whose spans they are, and what that key may do. */
  readonly producer: ProducerConfig & { readonly keyId: string };
  readonly price: Price;
  readonly tenantAttributes: TenantAttributes;
  /** Plan of tenants first seen in the file; null = their spans go to `unattributed`. */
  readonly defaultPlan: string | null;
  readonly dryRun: boolean;
  /** Told how many of how many bytes are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface BackfillReport {
  /** Null in a dry run. */
  readonly backfillId: string | null;
  /** Usage events in the file. */
  readonly events: number;
  readonly accepted: number;
  readonly duplicate: number;
  /** What was not recorded, by reason: of lines, spans and events. */
  readonly leftOut: Reasons;
  /** The first line that is not OTLP JSON, and why; null = all are. */
  readonly badLine: { readonly line: number; readonly message: string } | null;
  /** Whether somebody reverted the run while it was going on. */
  readonly isEnded: boolean;
}

/** Events a transaction holds, about. */
const CHUNK_EVENTS = 1_000;

/**
 * Records the usage in a file of OTLP JSON lines, however old it is. What the ledger has already is not counted again;
 * broken off, it may be run again: the second run adds what the first did not.
 */
export async function backfill(options: BackfillOptions): Promise<BackfillReport> {
  const { pool, file, producer, dryRun, onProgress = () => {} } = options;
  const { size } = await stat(file);
  const sha256 = await digest(file);
  const backfillId = dryRun ? null : await openBackfill(pool, { name: basename(file), sha256 });
  const attribution = new Attribution(pool, options.defaultPlan);
  const report = new Tally(backfillId);
  const readLine = createLineReader(producer, options.price, options.tenantAttributes);
  let waiting: UsageEvent[] = [];
  const record = async (): Promise<void> => {
    if (waiting.length === 0) return;
    report.events += waiting.length;
    report.chunks += 1;
    if (backfillId !== null) {
      const run = { pool, backfillId, producerId: producer.keyId, attribution };
      report.add(await recordChunk(run, waiting, report.chunks));
    }
    waiting = [];
  };
  for await (const { line, number, bytes } of linesOf(file)) {
    const outcome = readLine(line, Date.now() * 1000);
    if (outcome.kind === "undecodable") report.bad(number, outcome.message);
    else {
      report.leftOut.addAll(outcome.rejected);
      waiting.push(...outcome.events);
    }
    if (waiting.length >= CHUNK_EVENTS) await record();
    if (report.isEnded) break;
    onProgress(bytes, size);
  }
  await record();
  if (backfillId !== null) await endBackfill(pool, backfillId, "finished");
  return report;
}

/** A report while it is being made. */
class Tally implements BackfillReport {
  readonly backfillId: string | null;
  readonly leftOut = new Reasons();
  events = 0;
  accepted = 0;
  duplicate = 0;
  chunks = 0;
  badLine: BackfillReport["badLine"] = null;
  isEnded = false;

  constructor(backfillId: string | null) {
    this.backfillId = backfillId;
  }

  add(counts: Awaited<ReturnType<typeof recordChunk>>): void {
    if (counts === null) {
      this.isEnded = true;
      return;
    }
    this.accepted += counts.accepted;
    this.duplicate += counts.duplicate;
    this.leftOut.add("conflict", counts.conflicting);
    this.leftOut.add("in_future", counts.inFuture);
    this.leftOut.add("sealed_day", counts.sealedDay);
    this.leftOut.add("unstorable", counts.unstorable);
  }

  bad(line: number, message: string): void {
    this.leftOut.add("undecodable_line");
    this.badLine ??= { line, message };
  }
}

async function* linesOf(file: string): AsyncGenerator<{ line: string; number: number; bytes: number }> {
  const stream = createReadStream(file, "utf8");
  let number = 0;
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    number += 1;
    if (line.trim() !== "") yield { line, number, bytes: stream.bytesRead };
  }
}

async function digest(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
