import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { UsageEvent } from "#database/record/usage-event";
import type { ProducerConfig } from "../../../collector/normalise/usage/producer.ts";

/** What one span of a fixture has to come to; an event's fields that are left out are those of `plainEvent`. */
export type Expected =
  | { readonly event: Partial<UsageEvent> }
  | { readonly ignored: string }
  | { readonly rejected: string; readonly claimedTenant?: string };

/** One file of the corpus: spans as some instrumentation sends them, and what they come to, one by one. */
export interface Fixture {
  /** Folder and file, without the extension: `<vendor>-<version>/<case>`. */
  readonly name: string;
  /** Where the shape comes from: project, version, file. */
  readonly from: string;
  readonly producer: ProducerConfig;
  /** An OTLP/JSON `ExportTraceServiceRequest` of one `resourceSpans`. */
  readonly request: object;
  readonly expected: readonly Expected[];
}

const ANY_PRODUCER: ProducerConfig = { tenants: null, countScopes: null };

/** Every fixture, in the order of their names. */
export function readCorpus(): Fixture[] {
  return globSync("*/*.json", { cwd: import.meta.dirname })
    .toSorted()
    .map((file) => {
      const content = JSON.parse(readFileSync(join(import.meta.dirname, file), "utf8")) as Omit<Fixture, "name">;
      return { ...content, name: file.replace(/\.json$/, ""), producer: content.producer ?? ANY_PRODUCER };
    });
}

/** The vendor of a fixture: its folder without the version. */
export function vendorOf({ name }: Fixture): string {
  return dirname(name).replace(/-\d[^-]*$/, "");
}
